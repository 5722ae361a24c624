package netclient

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// traceLog writes down what a client's Trace is told.
type traceLog struct {
	mu     sync.Mutex
	events []string
}

func (l *traceLog) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, fmt.Sprintf(format, args...))
}

func (l *traceLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.events
	l.events = nil
	return events
}

func (l *traceLog) trace(t *testing.T) *Trace {
	state := func(err error) string {
		if err != nil {
			return "failed"
		}
		return "done"
	}
	started := map[string]bool{}
	request := func(info RequestInfo) string {
		return fmt.Sprintf("%s v%d", info.Key, info.Version)
	}
	id := func(info RequestInfo) string {
		return fmt.Sprintf("%s, #%x of %d bytes to %s", request(info), info.CorrelationID, info.Written, info.Addr)
	}
	return &Trace{
		DialDone: func(info DialInfo) { l.add("dial %s %v", state(info.Err), info.Remote) },
		HandshakeDone: func(info HandshakeInfo) {
			if tls := info.Mechanism == "" && info.Err == nil; tls != (info.TLS != nil) {
				t.Errorf("a handshake is traced as %+v", info)
			}
			l.add("%s handshake %s", cmp.Or(info.Mechanism, "TLS"), state(info.Err))
		},
		ConnectDone:  func(info ConnectInfo) { l.add("connect %s, release %v", state(info.Err), info.Release) },
		Disconnected: func(DisconnectInfo) { l.add("disconnect") },
		RequestStart: func(info RequestInfo) {
			l.add("%s", request(info))
			l.mu.Lock()
			started[id(info)] = true
			l.mu.Unlock()
		},
		RequestDone: func(info RequestInfo) {
			l.mu.Lock()
			if !started[id(info)] || info.Duration <= 0 || info.Written == 0 || (info.Read > 0) != (info.Err == nil) {
				t.Errorf("a request is traced as %+v", info)
			}
			l.mu.Unlock()
			l.add("%s %s", request(info), state(info.Err))
		},
		MetadataDone: func(_ *Metadata, err error) { l.add("metadata %s", state(err)) },
	}
}

// TestTrace follows a client from its first connection to its last.
func TestTrace(t *testing.T) {
	ca := newAuthority(t, "test CA")
	sasl := kafkatest.SASL(kafkatest.SASLConfig{Mechanisms: []string{"PLAIN"}, Users: map[string]string{"alice": password}})
	cluster := startTLS(t, ca.issue(nil, "127.0.0.1"), nil, sasl, kafkatest.Version("3.9.2"))
	var log traceLog
	c := newTestClient(t, func(cfg *Config) {
		cfg.TLS, cfg.SASL, cfg.Trace = &TLS{CAFile: ca.caFile()}, Plain("alice", password), log.trace(t)
	}, cluster.Addrs()...)
	ctx := within(t, 5*time.Second)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	login := []string{"SaslHandshake v1", "SaslHandshake v1 done", "SaslAuthenticate v2", "SaslAuthenticate v2 done", "PLAIN handshake done"}
	want := slices.Concat(
		[]string{"dial done " + cluster.Addr(1), "TLS handshake done", "ApiVersions v5", "ApiVersions v5 done", "ApiVersions v4", "ApiVersions v4 done"}, login,
		[]string{"connect done, release 3.9", "Metadata v12", "Metadata v12 done", "metadata done"})
	if got := log.take(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	conn, err := c.NewPool(PoolConfig{}).Conn(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	// Another connection does not ask again what the broker speaks.
	want = slices.Concat([]string{"dial done " + cluster.Addr(1), "TLS handshake done"}, login, []string{"connect done, release 3.9"})
	if got := log.take(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	defer cluster.Control(wire.KeyListGroups, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Close: true} })()
	if err := conn.DoVersion(ctx, 4, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{}); err == nil {
		t.Fatal("no error")
	}
	<-conn.done
	if got := log.take(); len(got) < 3 || !slices.Equal(got[:3], []string{"ListGroups v4", "ListGroups v4 failed", "disconnect"}) {
		t.Errorf("when the broker closes the connection: %q", got)
	}
}

// TestTraceOfFailures: what fails is told, at the step at which it does.
func TestTraceOfFailures(t *testing.T) {
	ca := newAuthority(t, "test CA")
	cluster := startTLS(t, ca.issue(nil, "127.0.0.1"), nil)
	for _, c := range []struct {
		addr string
		want []string
	}{
		{closedPort(t), []string{"dial failed <nil>", "connect failed, release unknown", "metadata failed"}},
		{cluster.Addr(1), []string{"dial done " + cluster.Addr(1), "TLS handshake failed", "connect failed, release unknown", "metadata failed"}},
	} {
		var log traceLog
		client := newTestClient(t, func(cfg *Config) { cfg.TLS, cfg.Trace = &TLS{}, log.trace(t) }, c.addr)
		if err := client.Ping(within(t, time.Second)); err == nil {
			t.Error("Ping succeeded")
		}
		client.Close()
		if got := log.take(); len(got) < len(c.want) || !slices.Equal(got[:len(c.want)], c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
