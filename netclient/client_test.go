package netclient

import (
	"context"
	"errors"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestBootstrapAdoptsItsConnection: where a broker advertises the address that
// was bootstrapped from, one connection and one detection are enough.
func TestBootstrapAdoptsItsConnection(t *testing.T) {
	f := startFake(t, "2.8")
	c := newTestClient(t, nil, f.addr())
	ctx := within(t, 5*time.Second)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	pool := c.NewPool(PoolConfig{Name: "own"})
	conn, err := pool.Conn(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := pool.Conn(ctx, 1); again != conn {
		t.Error("a pool made two connections to one broker")
	}
	var resp msg.MetadataResponse
	if err := conn.Do(ctx, msg.NewMetadataRequest(), &resp); err != nil {
		t.Fatal(err)
	}
	want := []string{"1:Metadata v1", "1:ApiVersions v5", "1:ApiVersions v3", "1:Metadata v11", "2:Metadata v11"}
	if got := f.requests(); !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
	if conn.Node() != 1 || conn.Release().String() != "2.8" {
		t.Errorf("broker %d is %s", conn.Node(), conn.Release())
	}
}

// TestBootstrapBehindAnotherAddress: what was learned at an address that no
// metadata names holds for that connection alone, which is closed.
func TestBootstrapBehindAnotherAddress(t *testing.T) {
	front, broker := startFake(t, "2.8"), startFake(t, "0.9")
	front.port = broker.port // the balancer's answer names the broker
	c := newTestClient(t, nil, front.addr())
	ctx := within(t, 5*time.Second)
	if got := c.Release(1).String(); got != "unknown" {
		t.Errorf("before anything was asked the broker is taken for %s", got)
	}
	if _, err := c.RefreshMetadata(ctx); err != nil {
		t.Fatal(err)
	}
	if got := c.Release(1).String(); got != "2.8" { // like the one that gave the metadata
		t.Errorf("before it was asked the broker is taken for %s", got)
	}
	conn, err := c.shared.Conn(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := conn.Release().String() + " " + c.Release(1).String(); got != "0.9 0.9" {
		t.Errorf("the broker is taken for %s", got)
	}
}

// TestVersionsAreAskedAgainAfterAnUpgrade: a broker that was gone may come back
// as another release.
func TestVersionsAreAskedAgainAfterAnUpgrade(t *testing.T) {
	f := startFake(t, "0.9")
	c := newTestClient(t, nil, f.addr())
	ctx := within(t, 5*time.Second)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	old, err := c.shared.Conn(ctx, 1)
	if err != nil || old.Release().String() != "0.9" {
		t.Fatal(err, old)
	}
	f.become("4.4")
	f.dropAll()
	<-old.Closed()
	conn, err := c.shared.Conn(ctx, 1)
	if err != nil || conn.Release().String() != "4.4" {
		t.Fatalf("after the upgrade it is %v, %v", conn.Release(), err)
	}
}

// TestBootstrapTriesEveryServer: one that answers is enough.
func TestBootstrapTriesEveryServer(t *testing.T) {
	f := startFake(t, "2.8")
	onlyOnce := func(cfg *Config) { cfg.RetryBackoff, cfg.RetryBackoffMax = time.Minute, time.Minute }
	for range 5 { // the order is shuffled
		c := newTestClient(t, onlyOnce, closedPort(t), f.addr(), closedPort(t))
		if err := c.Ping(within(t, 5*time.Second)); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}

// TestBootstrapAgain: when all known brokers are gone, the bootstrap servers are
// asked who is there now.
func TestBootstrapAgain(t *testing.T) {
	first, second := startFake(t, "2.8"), startFake(t, "2.8")
	front := startFake(t, "2.8")
	front.port = first.port
	c := newTestClient(t, nil, front.addr())
	ctx := within(t, 5*time.Second)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	front.mu.Lock()
	front.port = second.port
	front.mu.Unlock()
	first.ln.Close()
	first.dropAll()
	for {
		md, err := c.RefreshMetadata(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := md.Broker(1); b.Port == second.port {
			break
		}
	}
	if err := c.Ping(ctx); err != nil {
		t.Error(err)
	}
}

func TestTopicIsMadeByAsking(t *testing.T) {
	for _, line := range []string{"0.8.0", "0.8.1", "0.8.2", "0.9", "0.10.0", "2.8", "4.4"} {
		t.Run(line, func(t *testing.T) {
			f := startFake(t, line) // 0.8: an empty cluster names no brokers
			c := newTestClient(t, nil, f.addr())
			ctx := within(t, 5*time.Second)
			if err := c.Ping(ctx); err != nil {
				t.Fatal(err)
			}
			topic, err := c.EnsureTopic(ctx, "new")
			if err != nil || len(topic.Partitions) != 1 {
				t.Fatalf("%+v, %v", topic, err)
			}
			if node, _, ok := c.Metadata().Leader(wire.TopicPartition{Topic: "new"}); !ok || node != 1 {
				t.Errorf("its leader is %d, %v", node, ok)
			}
			f.requests()
			if again, err := c.EnsureTopic(ctx, "new"); again != topic || err != nil || len(f.requests()) > 0 {
				t.Errorf("a known topic was asked for again: %v", err)
			}
		})
	}
}

func TestTopicErrors(t *testing.T) {
	f := startFake(t, "2.8")
	f.topics["secret"], f.topics["missing"] = wire.ErrTopicAuthorizationFailed, wire.ErrUnknownTopicOrPartition
	c := newTestClient(t, nil, f.addr())
	_, err := c.Topic(within(t, 5*time.Second), "secret")
	if !errors.Is(err, wire.ErrTopicAuthorizationFailed) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("not authorized: %v", err)
	}
	_, err = c.Topic(within(t, 3*time.Second), "missing")
	topic, ok := errors.AsType[*TopicError](err)
	if !ok || topic.Topic != "missing" || !errors.Is(err, wire.ErrUnknownTopicOrPartition) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("unknown: %v", err)
	}
	if err != nil && !strings.Contains(err.Error(), "check the name, or create it") {
		t.Errorf("no advice in: %v", err)
	}
	f.requests()
	for _, name := range []string{"", ".", "..", "a b", "ä", strings.Repeat("x", 250)} {
		if _, err := c.Topic(within(t, 5*time.Second), name); !errors.Is(err, wire.ErrInvalidTopicException) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got := f.requests(); len(got) > 0 {
		t.Errorf("names that no topic can have were sent: %q", got)
	}
}

// TestOnlyTopicsInUseAreAskedFor: a client of one topic does not learn of all
// others, unless someone wants them.
func TestOnlyTopicsInUseAreAskedFor(t *testing.T) {
	f := startFake(t, "2.8")
	f.topics["mine"], f.topics["other"] = wire.ErrNone, wire.ErrNone
	c := newTestClient(t, nil, f.addr())
	ctx := within(t, 5*time.Second)
	md, err := c.RefreshMetadata(ctx, "mine")
	if err != nil || md.Topic("mine") == nil || md.Topic("other") != nil {
		t.Fatalf("%v, %v", slices.Collect(md.Topics()), err)
	}
	changed := c.MetadataChanged()
	all, err := c.RefreshAllTopics(ctx)
	if err != nil || all.Topic("other") == nil {
		t.Errorf("all topics: %v", err)
	}
	select {
	case <-changed:
	default:
		t.Error("MetadataChanged did not say so")
	}
	if md, err = c.RefreshMetadata(ctx); err != nil || md.Topic("other") != nil || md.Topic("mine") == nil {
		t.Errorf("afterwards: %v, %v", slices.Collect(md.Topics()), err)
	}
	if _, err := c.RefreshAllTopics(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Topic(ctx, "other"); err != nil { // in the snapshot, but not in use yet
		t.Fatal(err)
	}
	if md, err = c.RefreshMetadata(ctx); err != nil || md.Topic("other") == nil {
		t.Errorf("a topic that was asked for is not in use: %v", err)
	}
	c.ForgetTopics("other")
	if md, err = c.RefreshMetadata(ctx); err != nil || md.Topic("other") != nil {
		t.Errorf("a forgotten topic is still asked for: %v", err)
	}
}

// TestRefreshServesWaitersTogether: many callers at once make few requests.
func TestRefreshServesWaitersTogether(t *testing.T) {
	f := startFake(t, "2.8")
	c := newTestClient(t, nil, f.addr())
	ctx := within(t, 5*time.Second)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	f.requests()
	held := make(chan struct{})
	f.mu.Lock()
	f.special = func(wire.RequestHeader, []byte) (answer, bool) { <-held; return answer{}, false }
	f.mu.Unlock()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := c.RefreshMetadata(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	close(held)
	wg.Wait()
	if n := len(f.requests()); n > 3 {
		t.Errorf("50 callers made %d requests", n)
	}
}

func TestUpdateMetadataSoon(t *testing.T) {
	f := startFake(t, "2.8")
	c := newTestClient(t, func(cfg *Config) { cfg.RetryBackoff = 50 * time.Millisecond }, f.addr())
	if err := c.Ping(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	f.requests()
	changed := c.MetadataChanged()
	for range 1000 {
		c.UpdateMetadataSoon()
	}
	<-changed
	if n := len(f.requests()); n != 1 {
		t.Errorf("1000 hints made %d requests", n)
	}
}

func TestMetadataByAge(t *testing.T) {
	f := startFake(t, "2.8")
	c := newTestClient(t, func(cfg *Config) { cfg.MetadataMaxAge = 30 * time.Millisecond }, f.addr())
	if err := c.Ping(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		select {
		case <-c.MetadataChanged():
		case <-time.After(3 * time.Second):
			t.Fatal("the metadata is not refreshed when it is old")
		}
	}
}

func TestCoordinator(t *testing.T) {
	for line, version := range map[string]string{"0.8.2": "FindCoordinator v0", "0.9": "FindCoordinator v0", "2.3": "FindCoordinator v2", "4.4": "FindCoordinator v6"} {
		f := startFake(t, line)
		f.topics["t"] = wire.ErrNone
		tries := 0
		f.special = func(h wire.RequestHeader, _ []byte) (answer, bool) {
			if h.APIKey != wire.KeyFindCoordinator || h.APIVersion > 0 || tries > 1 {
				return answer{}, false
			}
			tries++ // the first answers, while the internal topic is made
			return answer{body: []byte{0, 15, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff}}, true
		}
		c := newTestClient(t, nil, f.addr())
		ctx := within(t, 5*time.Second)
		b, err := c.Coordinator(ctx, GroupCoordinator, "g")
		if err != nil || b.ID != 1 || b.Port != f.port {
			t.Errorf("%s: %v, %v", line, b, err)
		}
		if !slices.ContainsFunc(f.requests(), func(s string) bool { return strings.HasSuffix(s, version) }) {
			t.Errorf("%s was not asked %s", line, version)
		}
		if _, err := c.Coordinator(ctx, GroupCoordinator, "g"); err != nil || len(f.requests()) > 0 {
			t.Errorf("%s: a known coordinator was asked for again: %v", line, err)
		}
		c.ForgetCoordinator(GroupCoordinator, "g")
		if _, err := c.Coordinator(ctx, GroupCoordinator, "g"); err != nil || len(f.requests()) != 1 {
			t.Errorf("%s: a forgotten coordinator was not asked for again: %v", line, err)
		}
	}
}

func TestNoCoordinator(t *testing.T) {
	for _, line := range []string{"0.8.0", "0.8.1"} {
		f := startFake(t, line)
		f.topics["t"] = wire.ErrNone
		c := newTestClient(t, nil, f.addr())
		_, err := c.Coordinator(within(t, 5*time.Second), GroupCoordinator, "g")
		if !errors.Is(err, ErrNoCoordinator) || !strings.Contains(err.Error(), line) {
			t.Errorf("%s: %v", line, err)
		}
	}
	f := startFake(t, "0.9")
	c := newTestClient(t, nil, f.addr())
	_, err := c.Coordinator(within(t, 5*time.Second), TransactionCoordinator, "tx")
	if unsupported, ok := errors.AsType[*UnsupportedError](err); !ok || unsupported.Ours.Min != 1 {
		t.Errorf("transactions on 0.9: %v", err)
	}
}

func TestRequests(t *testing.T) {
	f := startFake(t, "2.8")
	c := newTestClient(t, nil, f.addr())
	ctx := within(t, 5*time.Second)
	for name, request := range map[string]func(req wire.Request, resp wire.Response) error{
		"any":        func(req wire.Request, resp wire.Response) error { return c.Request(ctx, req, resp) },
		"to":         func(req wire.Request, resp wire.Response) error { return c.RequestTo(ctx, 1, req, resp) },
		"controller": func(req wire.Request, resp wire.Response) error { return c.RequestController(ctx, req, resp) },
	} {
		if name == "to" { // knows the brokers only when they were asked for
			if _, err := c.RefreshMetadata(ctx); err != nil {
				t.Fatal(err)
			}
		}
		var resp msg.MetadataResponse
		if err := request(msg.NewMetadataRequest(), &resp); err != nil || resp.ControllerID != 1 {
			t.Errorf("%s: %v, %v", name, resp.ControllerID, err)
		}
	}
	err := c.RequestTo(ctx, 99, msg.NewMetadataRequest(), &msg.MetadataResponse{})
	if unknown, ok := errors.AsType[*UnknownBrokerError](err); !ok || unknown.Node != 99 || !SafeToRetry(err) {
		t.Errorf("an unknown broker: %v", err)
	}
}

// closedPort is an address at which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// TestCloseLeavesNothing: no goroutine, and nobody waiting.
func TestCloseLeavesNothing(t *testing.T) {
	f := startFake(t, "2.8")
	for _, server := range []string{f.addr(), closedPort(t)} {
		cfg := quickConfig(server)
		cfg.RequestTimeout = time.Minute // Close does not wait for it
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		pool := c.NewPool(PoolConfig{})
		var wg sync.WaitGroup
		ctx := within(t, 5*time.Minute)
		if server == f.addr() {
			if err := c.Ping(ctx); err != nil {
				t.Fatal(err)
			}
			conn, err := pool.Conn(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			f.mu.Lock()
			f.special = func(wire.RequestHeader, []byte) (answer, bool) { return answer{silent: true}, true }
			f.mu.Unlock()
			wg.Go(func() {
				if err := conn.Do(ctx, msg.NewMetadataRequest(), &msg.MetadataResponse{}); !errors.Is(err, ErrClosed) {
					t.Errorf("a waiting request: %v", err)
				}
			})
		}
		wg.Go(func() {
			if _, err := c.Topic(ctx, "t"); !errors.Is(err, ErrClosed) {
				t.Errorf("a waiting Topic: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := c.Coordinator(ctx, GroupCoordinator, "g"); !errors.Is(err, ErrClosed) {
				t.Errorf("a waiting Coordinator: %v", err)
			}
		})
		time.Sleep(20 * time.Millisecond)
		started := time.Now()
		c.Close()
		c.Close()
		wg.Wait()
		if took := time.Since(started); took > cfg.RequestTimeout/2 {
			t.Errorf("Close took %v", took)
		}
		<-c.Done()
		if _, err := pool.Conn(ctx, 1); !errors.Is(err, ErrClosed) {
			t.Errorf("a pool of a closed client: %v", err)
		}
		if err := c.Ping(ctx); !errors.Is(err, ErrClosed) {
			t.Errorf("Ping of a closed client: %v", err)
		}
		if err := c.Request(ctx, msg.NewMetadataRequest(), &msg.MetadataResponse{}); !errors.Is(err, ErrClosed) {
			t.Errorf("Request of a closed client: %v", err)
		}
	}
	wantNoGoroutines(t)
}

// TestClosingAPoolIsNoFailure: an attempt to connect that this program gave up
// does not count against the broker.
func TestClosingAPoolIsNoFailure(t *testing.T) {
	f := startFake(t, "2.8")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	f.port = int32(silent.Addr().(*net.TCPAddr).Port)
	c := newTestClient(t, nil, f.addr())
	ctx := within(t, 5*time.Second)
	if _, err := c.RefreshMetadata(ctx); err != nil {
		t.Fatal(err)
	}
	pool := c.NewPool(PoolConfig{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := pool.Conn(ctx, 1); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
	time.Sleep(50 * time.Millisecond)
	pool.Close()
	if left := goroutines("(*Pool).connect"); left != "" {
		t.Errorf("after Close there is still\n%s", left)
	}
	wg.Wait()
	if c.inBackoff(silent.Addr().String(), time.Now()) {
		t.Error("the broker is being left alone for it")
	}
}

// wantNoGoroutines fails when goroutines of the client are left a moment later.
func wantNoGoroutines(t *testing.T) {
	t.Helper()
	var left string
	for range 50 {
		if left = goroutines("netclient.(*Conn)", "netclient.(*Client)", "netclient.(*Pool)"); left == "" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", left)
}

// goroutines are the stacks that hold one of the names.
func goroutines(names ...string) string {
	buf := make([]byte, 1<<20)
	found := ""
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(g, name) }) {
			found += g + "\n\n"
		}
	}
	return found
}
