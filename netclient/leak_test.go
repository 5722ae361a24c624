package netclient

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// openConns counts the network connections of a client that are not closed.
type openConns struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	made atomic.Int64
	open atomic.Int64
}

func (o *openConns) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := o.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	o.made.Add(1)
	o.open.Add(1)
	return &countedConn{Conn: nc, closed: sync.OnceFunc(func() { o.open.Add(-1) })}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}

// clientStacks are the stacks of the goroutine profile with a frame of this
// package in them, without those of the tests.
func clientStacks(t *testing.T) []string {
	t.Helper()
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 2); err != nil {
		t.Fatal(err)
	}
	var found []string
	for stack := range strings.SplitSeq(profile.String(), "\n\n") {
		if stackOfClient(stack) {
			found = append(found, stack)
		}
	}
	return found
}

// stackOfClient reports whether a function is of this package and not of its
// tests. A stack has a line for each function, and its file in the next one.
func stackOfClient(stack string) bool {
	lines := strings.Split(stack, "\n")
	for i, line := range lines[:len(lines)-1] {
		function := strings.TrimPrefix(line, "created by ")
		if strings.HasPrefix(function, "github.com/barnabas-kafka/barnabas/netclient.") && !strings.Contains(lines[i+1], "_test.go:") {
			return true
		}
	}
	return false
}

// wantNothingLeft fails unless every goroutine and every socket of the clients is
// gone a moment later.
func wantNothingLeft(t *testing.T, conns *openConns) {
	t.Helper()
	var stacks []string
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if stacks = clientStacks(t); len(stacks) == 0 && conns.open.Load() == 0 {
			return
		}
		if time.Now().After(deadline) {
			break
		}
	}
	t.Errorf("long after Close %d of %d connections are open, and these goroutines are left:\n%s",
		conns.open.Load(), conns.made.Load(), strings.Join(stacks, "\n\n"))
}

// TestNothingIsLeftAfterClose closes clients in the middle of everything that
// they do, over TCP.
func TestNothingIsLeftAfterClose(t *testing.T) {
	frozen := func(_ *testing.T, c *kafkatest.Cluster) { c.Freeze(2) }
	for name, test := range map[string]struct {
		wreck func(*testing.T, *kafkatest.Cluster) // what happens to the cluster meanwhile
		use   func(ctx context.Context, t *testing.T, c *Client)
	}{
		"unused":    {use: func(context.Context, *testing.T, *Client) {}},
		"bootstrap": {use: func(ctx context.Context, _ *testing.T, c *Client) { c.UpdateMetadataSoon() }},
		"used":      {use: useAll},
		"frozen":    {wreck: frozen, use: useAll},
		"broker 2 down": {
			wreck: func(_ *testing.T, c *kafkatest.Cluster) { c.StopBroker(2) }, use: useAll,
		},
		"all down": {
			wreck: func(_ *testing.T, c *kafkatest.Cluster) {
				for node := range int32(3) {
					c.StopBroker(node + 1)
				}
			},
			use: useAll,
		},
		"answers held back": {
			wreck: func(t *testing.T, c *kafkatest.Cluster) {
				release := make(chan struct{})
				t.Cleanup(func() { close(release) })
				c.Control(wire.KeyMetadata, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Hold: release} })
			},
			use: useAll,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if left := clientStacks(t); len(left) > 0 {
				t.Fatalf("there are goroutines of a test before:\n%s", strings.Join(left, "\n\n"))
			}
			cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Brokers(3), kafkatest.TCP(), kafkatest.Logger(quiet))
			conns := &openConns{dial: new(net.Dialer).DialContext}
			cfg := quickConfig(cluster.Addrs()...)
			cfg.RequestTimeout, cfg.ConnectionSetupTimeout = time.Minute, time.Minute // Close does not wait for them
			cfg.Dial, cfg.Metrics, cfg.Logger = conns.Dial, metrics.New(metrics.Config{}), quiet
			c, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			ctx := within(t, 10*time.Second)
			if test.wreck == nil {
				test.use(ctx, t, c)
			} else {
				if err := c.Ping(ctx); err != nil {
					t.Fatal(err)
				}
				test.use(ctx, t, c)
				test.wreck(t, cluster)
				var users sync.WaitGroup
				for range 4 {
					users.Go(func() { useAll(ctx, nil, c) }) // fails, or is ended by Close
				}
				defer users.Wait()
				time.Sleep(30 * time.Millisecond)
			}
			started := time.Now()
			c.Close()
			if took := time.Since(started); took > cfg.RequestTimeout/2 {
				t.Errorf("Close took %v", took)
			}
			wantNothingLeft(t, conns)
		})
	}
}

// useAll has a client connect to every broker, on the shared connections and on
// a pool's. With a nil t it may fail.
func useAll(ctx context.Context, t *testing.T, c *Client) {
	check := func(err error) {
		if err != nil && t != nil {
			t.Errorf("before Close: %v", err)
		}
	}
	pool := c.NewPool(PoolConfig{Name: "own"})
	_, err := c.EnsureTopic(ctx, "topic")
	check(err)
	_, err = c.Coordinator(ctx, GroupCoordinator, "group")
	check(err)
	for node := range int32(3) {
		check(c.RequestTo(ctx, node+1, msg.NewMetadataRequest(), &msg.MetadataResponse{}))
		conn, err := pool.Conn(ctx, node+1)
		check(err)
		if err == nil {
			check(conn.Do(ctx, msg.NewMetadataRequest(), &msg.MetadataResponse{}))
		}
	}
}

// TestOpenAndCloseHoldsMemoryFlat opens and closes 10,000 clients, each with
// metrics in one registry, and 2,000 pools of one client.
func TestOpenAndCloseHoldsMemoryFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	clients := 10_000
	if underRace() {
		clients = 2_000 // each takes five times as long
	}
	cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Logger(quiet))
	conns := &openConns{dial: cluster.Dial}
	registry := metrics.New(metrics.Config{})
	cfg := quickConfig(cluster.Addrs()...)
	cfg.Dial, cfg.Metrics, cfg.Logger = conns.Dial, registry, quiet
	ctx := within(t, time.Minute)
	client := func() error {
		c, err := New(cfg)
		if err != nil {
			return err
		}
		defer c.Close()
		return c.Ping(ctx)
	}
	lasting, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer lasting.Close()
	pool := func() error {
		p := lasting.NewPool(PoolConfig{})
		defer p.Close()
		conn, err := p.Conn(ctx, 1)
		if err != nil {
			return err
		}
		return conn.Do(ctx, msg.NewMetadataRequest(), &msg.MetadataResponse{})
	}
	for _, kind := range []struct {
		name   string
		cycle  func() error
		cycles int
	}{{"clients", client, clients}, {"pools", pool, 2_000}} {
		if err := repeat(500, kind.cycle); err != nil { // what is kept once is there from now on
			t.Fatal(kind.name, err)
		}
		before := used()
		if err := repeat(kind.cycles, kind.cycle); err != nil {
			t.Fatal(kind.name, err)
		}
		after := used()
		t.Logf("%s: %v before, %v after %d cycles", kind.name, before, after, kind.cycles)
		if after.heap > before.heap+200*uint64(kind.cycles) || after.goroutines > before.goroutines+5 {
			t.Errorf("%d %s opened and closed: %v before, %v after", kind.cycles, kind.name, before, after)
		}
	}
	lasting.Close()
	wantNothingLeft(t, conns)
	for name := range registry.All(time.Now()) {
		t.Errorf("there is still a metric %v", name)
	}
}

// underRace reports whether the test was built with the race detector.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func repeat(times int, cycle func() error) error {
	for i := range times {
		if err := cycle(); err != nil {
			return fmt.Errorf("cycle %d: %w", i, err)
		}
	}
	return nil
}

// usage is what a process holds once its garbage is collected.
type usage struct {
	heap       uint64 // bytes
	goroutines int
}

func used() usage {
	time.Sleep(20 * time.Millisecond) // the brokers' goroutines end a moment later
	runtime.GC()
	runtime.GC() // what sync.Pools keep takes two
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{m.HeapAlloc, runtime.NumGoroutine()}
}
