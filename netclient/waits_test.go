package netclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func listGroups(ctx context.Context, c *Client, node int32) error {
	return c.RequestTo(ctx, node, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{})
}

// TestFirstRequestTellsWhy: whoever asks a broker before anything is known of the
// cluster hears what keeps that from being known, and goes on when it is over.
func TestFirstRequestTellsWhy(t *testing.T) {
	c := newTestClient(t, nil, closedPort(t))
	if err := listGroups(within(t, 3*time.Second), c, 1); !errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	c = newTestClient(t, nil, answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n"))
	if err := listGroups(within(t, 10*time.Second), c, 1); !errors.Is(err, ErrNotKafka) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}

	f, page := startFake(t, "2.8-zk"), answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n")
	var good atomic.Bool
	c = newTestClient(t, func(cfg *Config) {
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if !good.Load() {
				addr = page
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	}, f.addr())
	ctx := within(t, 10*time.Second)
	if err := listGroups(ctx, c, 1); !errors.Is(err, ErrNotKafka) {
		t.Errorf("got %v", err)
	}
	good.Store(true)
	if _, err := c.NewPool(PoolConfig{}).Conn(ctx, 1); err != nil {
		t.Errorf("when the port is right: %v", err)
	}
}

// TestUnknownBrokerIsAskedForWithRestraint: asking for a broker that there is not, again
// and again, asks the cluster at the pace of RetryBackoff.
func TestUnknownBrokerIsAskedForWithRestraint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		ctx := within(t, 10*time.Second)
		for ctx.Err() == nil {
			listGroups(ctx, c, 77)
		}
		if n := cluster.Requests(wire.KeyMetadata); n < 50 || n > 150 {
			t.Errorf("%d requests for metadata in ten seconds", n)
		}
	})
}

// TestCloseEndsWaits: nobody sleeps on after Close, and all hear ErrClosed.
func TestCloseEndsWaits(t *testing.T) {
	for name, wait := range map[string]func(context.Context, *Client) error{
		"Topic": func(ctx context.Context, c *Client) error { _, err := c.Topic(ctx, "none"); return err },
		"Coordinator": func(ctx context.Context, c *Client) error {
			_, err := c.Coordinator(ctx, GroupCoordinator, "g")
			return err
		},
		"RequestTo": func(ctx context.Context, c *Client) error {
			listGroups(ctx, c, 77) // there is no such broker; the next one waits for newer metadata
			return listGroups(ctx, c, 77)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := kafkatest.Start(t, kafkatest.NoAutoCreate(), kafkatest.Version("2.8.2"), kafkatest.Logger(quiet))
				cluster.Control(wire.KeyFindCoordinator, func(kafkatest.Request) kafkatest.Action {
					return kafkatest.Action{Error: wire.ErrCoordinatorNotAvailable}
				})
				c, err := New(Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: quiet, RetryBackoff: time.Minute, RetryBackoffMax: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(time.Second, func() { c.Close() })
				began := time.Now()
				err = wait(context.Background(), c)
				if took := time.Since(began); !errors.Is(err, ErrClosed) || took != time.Second {
					t.Errorf("Close after a second; after %v: %v", took, err)
				}
			})
		})
	}
}

// TestCloseEndsBackoff: that of a broker that could not be reached, too.
func TestCloseEndsBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Brokers(2), kafkatest.Logger(quiet))
		c, err := New(Config{BootstrapServers: []string{cluster.Addr(1)}, Logger: quiet, ReconnectBackoff: time.Minute, ReconnectBackoffMax: time.Minute,
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				if addr == cluster.Addr(2) {
					return nil, syscall.ECONNREFUSED
				}
				return cluster.Dial(ctx, network, addr)
			}})
		if err != nil {
			t.Fatal(err)
		}
		if err := listGroups(t.Context(), c, 2); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { c.Close() })
		began := time.Now()
		if err := listGroups(context.Background(), c, 2); !errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// TestSecondCloseWaits: nothing is left when any Close has returned.
func TestSecondCloseWaits(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	f := startFake(t, "2.8")
	c := newTestClient(t, func(cfg *Config) {
		cfg.Trace = &Trace{Disconnected: func(DisconnectInfo) { close(entered); <-release }}
	}, f.addr())
	if err := c.Ping(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	go c.Close()
	<-entered
	done := make(chan struct{})
	go func() { c.Close(); close(done) }()
	select {
	case <-done:
		t.Error("the second Close returned while the first was closing")
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	<-done
}

// TestLoginWithoutDeadlines: a connection that knows none does not keep Close waiting.
func TestLoginWithoutDeadlines(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the system accepts, nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := newTestClient(t, func(cfg *Config) {
		cfg.ConnectionSetupTimeout, cfg.SASL = 200*time.Millisecond, Plain("a", "b")
		cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return noDeadlines{nc}, nil
		}
	}, ln.Addr().String())
	if err := c.Ping(within(t, 500*time.Millisecond)); err == nil || !strings.Contains(err.Error(), "no answer to ApiVersions") {
		t.Errorf("got %v", err)
	}
	closed := make(chan struct{})
	go func() { c.Close(); close(closed) }()
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Error("Close hangs")
	}
}

// TestBrokerMoves: what is on its way to the old address fails as what may be asked
// again, and an attempt to connect there keeps nobody from the new one.
func TestBrokerMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Brokers(2), kafkatest.Logger(quiet))
		hang := make(chan struct{})
		c, err := New(Config{BootstrapServers: []string{cluster.Addr(2)}, Logger: quiet, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			switch addr {
			case "old:1":
				<-hang
				return nil, syscall.ECONNREFUSED
			case "new:2":
				addr = cluster.Addr(1)
			}
			return cluster.Dial(ctx, network, addr)
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ctx := within(t, time.Minute)
		at := func(host string, port int32) {
			t.Helper()
			second, _, _ := net.SplitHostPort(cluster.Addr(2))
			defer cluster.Control(wire.KeyMetadata, func(kafkatest.Request) kafkatest.Action {
				resp := msg.NewMetadataResponse()
				resp.Brokers = []msg.MetadataResponseBroker{{NodeID: 1, Host: host, Port: port}, {NodeID: 2, Host: second, Port: 9092}}
				return kafkatest.Action{Response: resp}
			})()
			if _, err := c.RefreshMetadata(ctx); err != nil {
				t.Fatal(err)
			}
		}
		host, _, _ := net.SplitHostPort(cluster.Addr(1))
		at(host, 9092)
		pool := c.NewPool(PoolConfig{})
		conn, err := pool.Conn(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		defer cluster.Control(wire.KeyListGroups, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Hold: release} })()
		asked := make(chan error, 1)
		go func() { asked <- conn.Do(ctx, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{}) }()
		synctest.Wait()

		at("old", 1)
		trying := make(chan error, 1)
		go func() { _, err := pool.Conn(ctx, 1); trying <- err }()
		if err := <-asked; !IsRetriable(err) || errors.Is(err, ErrClosed) {
			t.Errorf("what was on its way: %v", err)
		}
		synctest.Wait()
		at("new", 2)
		began := time.Now()
		if conn, err := pool.Conn(ctx, 1); err != nil || conn.Addr() != "new:2" || time.Since(began) > 0 {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		close(hang)
		if err := <-trying; err == nil || !IsRetriable(err) {
			t.Errorf("who waited for the old address: %v", err)
		}
		close(release)
	})
}

// TestBootstrapKeepsItsBackoff: a server that refuses is not asked more often because
// refreshes may be.
func TestBootstrapKeepsItsBackoff(t *testing.T) {
	for _, retry := range []time.Duration{-1, 100 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			var dialed atomic.Int32
			c, err := New(Config{BootstrapServers: []string{"a:1", "b:1"}, RetryBackoff: retry, ReconnectBackoff: 10 * time.Second, ReconnectBackoffMax: 10 * time.Second, Logger: quiet,
				Dial: func(context.Context, string, string) (net.Conn, error) {
					dialed.Add(1)
					return nil, syscall.ECONNREFUSED
				}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			err = c.Ping(within(t, 25*time.Second))
			if n := dialed.Load(); n < 4 || n > 8 || !strings.Contains(fmt.Sprint(err), "a:1") || !strings.Contains(fmt.Sprint(err), "b:1") {
				t.Errorf("RetryBackoff %v: two servers were dialed %d times in 25 s: %v", retry, n, err)
			}
		})
	}
}

// TestNoControllerBefore010: no wait for what does not come.
func TestNoControllerBefore010(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Version("0.9.0.1"), kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		err := c.RequestController(within(t, time.Minute), msg.NewListGroupsRequest(), &msg.ListGroupsResponse{})
		if err == nil || !strings.Contains(err.Error(), "release 0.9 names no controller") || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestTopicAfterForgetTopics: naming a topic brings it back.
func TestTopicAfterForgetTopics(t *testing.T) {
	f := startFake(t, "2.8")
	f.topics["t"] = wire.ErrNone
	c := newTestClient(t, nil, f.addr())
	ctx := within(t, 5*time.Second)
	for range 2 {
		if _, err := c.Topic(ctx, "t"); err != nil {
			t.Fatal(err)
		}
		md, err := c.RefreshMetadata(ctx)
		if err != nil || md.Topic("t") == nil {
			t.Errorf("after Topic: %v, %v", md.Topic("t"), err)
		}
		c.ForgetTopics("t")
	}
}

// TestNamedTopicBesideAll: a topic that is named while a refresh of all topics is to
// come is named to the cluster, too.
func TestNamedTopicBesideAll(t *testing.T) {
	f := startFake(t, "2.8")
	f.topics["a"] = wire.ErrNone
	c := newTestClient(t, nil, f.addr())
	ctx := within(t, 5*time.Second)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	c.refresh.next.all = true // as RefreshAllTopics does at the same moment
	c.mu.Unlock()
	md, err := c.RefreshMetadata(ctx, "new")
	if err != nil || md.Topic("new") == nil {
		t.Errorf("the snapshot does not have it; %v", err)
	}
}

// TestMetadataDoneHasASnapshot: also when the refresh failed.
func TestMetadataDoneHasASnapshot(t *testing.T) {
	got := make(chan *Metadata, 10)
	c := newTestClient(t, func(cfg *Config) {
		cfg.Trace = &Trace{MetadataDone: func(md *Metadata, err error) {
			select {
			case got <- md:
			default:
			}
		}}
	}, closedPort(t))
	c.UpdateMetadataSoon()
	if md := <-got; md == nil || len(md.Brokers()) != 0 {
		t.Errorf("got %v", md)
	}
}
