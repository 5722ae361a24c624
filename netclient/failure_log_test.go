package netclient

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(b))
	return len(b), nil
}

func (l *lines) with(text string) (some []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if strings.Contains(line, text) {
			some = append(some, line)
		}
	}
	return some
}

// TestOneLinePerBroker: a broker that is gone is worth a line of log, and one a minute
// with a count, however many connections are lost and tried.
func TestOneLinePerBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Brokers(2), kafkatest.Logger(quiet))
		var log lines
		c, err := New(Config{BootstrapServers: []string{cluster.Addr(1)}, Dial: cluster.Dial, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx := within(t, 5*time.Minute)
		if err := c.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		named := msg.NewMetadataResponse() // a cluster that goes on to name the broker
		for _, b := range c.Metadata().Brokers() {
			named.Brokers = append(named.Brokers, msg.MetadataResponseBroker{NodeID: b.ID, Host: b.Host, Port: b.Port})
		}
		cluster.Control(wire.KeyMetadata, func(r kafkatest.Request) kafkatest.Action { return kafkatest.Action{Response: named} })
		var wg sync.WaitGroup
		for range 20 {
			pool := c.NewPool(PoolConfig{})
			if _, err := pool.Conn(ctx, 2); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				for ctx.Err() == nil {
					if _, err := pool.Conn(ctx, 2); err == nil {
						time.Sleep(time.Second)
					}
				}
			})
		}
		cluster.StopBroker(2)
		wg.Wait()
		if lost := log.with("connection lost"); len(lost) < 1 || len(lost) > 2 {
			t.Errorf("20 lost connections are worth %d lines: %s", len(lost), lost)
		}
		tried := log.with("connecting failed")
		if len(tried) < 2 || len(tried) > 6 || !strings.Contains(tried[0], "times=1 ") && !strings.HasSuffix(tried[0], "times=1\n") {
			t.Errorf("5 minutes without the broker are worth %d lines: %s", len(tried), tried)
		}
		if len(tried) > 1 && strings.HasSuffix(tried[1], "times=1\n") {
			t.Errorf("the second line has no count: %s", tried[1])
		}
	})
}

// TestFailureLog: what differs is said, what is the same is counted.
func TestFailureLog(t *testing.T) {
	var l failureLog
	refused := func(port int) error {
		return &ConnError{Err: &net.OpError{Op: "read", Addr: &net.TCPAddr{Port: port}, Err: syscall.ECONNREFUSED}}
	}
	for i, step := range []struct {
		ms   int
		what string
		err  error
		want int
	}{
		{0, "a", refused(1), 1},
		{1, "a", refused(2), 0},
		{2, "b", refused(2), 1},
		{3, "a", io.EOF, 1},
		{4, "a", fmt.Errorf("x: %w", io.ErrUnexpectedEOF), 0},
		{5, "a", wire.ErrSaslAuthenticationFailed, 1},
		{6, "a", &TimeoutError{What: "no answer"}, 1},
		{7, "a", errors.New("another"), 1},
		{59_999, "a", refused(3), 0},
		{60_000, "a", refused(4), 3},
		{60_001, "a", refused(5), 0},
	} {
		if got := l.say(step.what, step.err, at(step.ms)); got != step.want {
			t.Errorf("step %d: %d, want %d", i, got, step.want)
		}
	}
}
