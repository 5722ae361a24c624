package netclient

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// rerouted is a client of a cluster whose connections may be led elsewhere, or to no
// cluster.
func rerouted(t *testing.T, cluster *kafkatest.Cluster, change func(*Config)) (*Client, *atomic.Pointer[func(addr string) (*kafkatest.Cluster, string)]) {
	t.Helper()
	var route atomic.Pointer[func(addr string) (*kafkatest.Cluster, string)]
	cfg := Config{BootstrapServers: []string{cluster.Addr(1)}, Logger: quiet, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		to := cluster
		if f := route.Load(); f != nil {
			to, addr = (*f)(addr)
		}
		if to == nil {
			return nil, errors.New("no way")
		}
		return to.Dial(ctx, network, addr)
	}}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, &route
}

// TestMisroutedConnection: a connection that leads to another broker than was
// meant is not used.
func TestMisroutedConnection(t *testing.T) {
	for _, release := range []string{"4.2.2", "4.4.0"} {
		for _, skip := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				cluster := kafkatest.Start(t, kafkatest.Version(release), kafkatest.Brokers(3), kafkatest.Logger(quiet))
				c, route := rerouted(t, cluster, func(cfg *Config) { cfg.SkipClusterCheck = skip })
				ctx := within(t, time.Minute)
				if _, err := c.RefreshMetadata(ctx); err != nil {
					t.Fatal(err)
				}
				asked := cluster.Requests(wire.KeyMetadata)
				route.Store(new(func(addr string) (*kafkatest.Cluster, string) {
					if addr == cluster.Addr(2) {
						addr = cluster.Addr(3)
					}
					return cluster, addr
				}))
				pool := c.NewPool(PoolConfig{})
				_, err := pool.Conn(ctx, 2)
				if checked := release == "4.4.0" && !skip; checked != errors.Is(err, wire.ErrRebootstrapRequired) {
					t.Errorf("%s, SkipClusterCheck %v: %v", release, skip, err)
				} else if checked {
					time.Sleep(time.Second)
					if !IsRetriable(err) || cluster.Requests(wire.KeyMetadata) == asked {
						t.Errorf("the bootstrap server was not asked after %v", err)
					}
				}
				if _, err := pool.Conn(ctx, 3); err != nil {
					t.Error(err)
				}
				route.Store(nil)
				if _, err := pool.Conn(ctx, 2); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestMisroutedLater: a connection that stands says nothing of where the next one
// leads, and the bootstrap connection nothing of whose address it has.
func TestMisroutedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Version("4.4.0"), kafkatest.Brokers(3), kafkatest.Logger(quiet))
		c, route := rerouted(t, cluster, nil)
		ctx := within(t, time.Minute)
		if err := c.RequestTo(ctx, 2, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{}); err != nil {
			t.Fatal(err)
		}
		toThree := func(from int32) *func(string) (*kafkatest.Cluster, string) {
			return new(func(addr string) (*kafkatest.Cluster, string) {
				if addr == cluster.Addr(from) {
					addr = cluster.Addr(3)
				}
				return cluster, addr
			})
		}
		route.Store(toThree(2))
		if _, err := c.NewPool(PoolConfig{}).Conn(ctx, 2); !errors.Is(err, wire.ErrRebootstrapRequired) {
			t.Errorf("beside one that leads to broker 2: %v", err)
		}

		other, route := rerouted(t, cluster, nil)
		route.Store(toThree(1))
		err := other.RequestTo(ctx, 1, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{})
		if !errors.Is(err, wire.ErrRebootstrapRequired) {
			t.Errorf("where the bootstrap server's address leads to broker 3: %v", err)
		}
	})
}

// TestAnotherCluster: where the addresses lead to another cluster all of a sudden,
// nothing that was known of the old one is kept.
func TestAnotherCluster(t *testing.T) {
	for _, release := range []string{"0.10.2.2", "2.4.1", "4.4.0"} {
		synctest.Test(t, func(t *testing.T) {
			options := []kafkatest.Option{kafkatest.Version(release), kafkatest.Brokers(2), kafkatest.Topic("t", 1), kafkatest.Logger(quiet)}
			before, after := kafkatest.Start(t, options...), kafkatest.Start(t, options...)
			for range 5 { // old leader epochs are high
				node, _ := before.Leader("t", 0)
				before.MoveLeader("t", 0, 3-node)
			}
			for node, _ := after.Leader("t", 0); node != 2; node, _ = after.Leader("t", 0) {
				after.MoveLeader("t", 0, 2)
			}
			before.MoveLeader("t", 0, 1)
			c, route := rerouted(t, before, nil)
			ctx := within(t, time.Minute)
			if topic, err := c.EnsureTopic(ctx, "t"); err != nil || topic.Partitions[0].Leader != 1 {
				t.Fatalf("%+v, %v", topic, err)
			}
			old := c.Metadata().ClusterID()
			if _, err := c.Coordinator(ctx, GroupCoordinator, "g"); err != nil {
				t.Fatal(err)
			}
			if err := c.RequestTo(ctx, 2, msg.NewListOffsetsRequest(), &msg.ListOffsetsResponse{}); err != nil { // over a connection that stands
				t.Fatal(err)
			}
			route.Store(new(func(addr string) (*kafkatest.Cluster, string) { return after, addr }))
			defer before.Control(wire.KeyMetadata, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Close: true} })()
			md, err := c.RefreshMetadata(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if md.ClusterID() == old {
				t.Error("it is the same cluster still")
			}
			if _, err := c.Coordinator(ctx, GroupCoordinator, "g"); err != nil || after.Requests(wire.KeyFindCoordinator) == 0 {
				t.Errorf("the new cluster was asked %d times for a coordinator, %v", after.Requests(wire.KeyFindCoordinator), err)
			}
			if err := c.RequestTo(ctx, 2, msg.NewListOffsetsRequest(), &msg.ListOffsetsResponse{}); err != nil || after.Requests(wire.KeyListOffsets) != 1 {
				t.Errorf("the new cluster was asked %d times for offsets, %v", after.Requests(wire.KeyListOffsets), err)
			}
			if node, _, _ := md.Leader(wire.TopicPartition{Topic: "t"}); node != 2 {
				t.Errorf("%s: the leader is %d, which it was in the old cluster", release, node)
			}
		})
	}
}

// TestBrokerAsksForRebootstrap: the bootstrap servers are asked, not the other
// brokers; the brokers after all when there is no bootstrap server any more.
func TestBrokerAsksForRebootstrap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Version("4.4.0"), kafkatest.Brokers(3), kafkatest.Logger(quiet))
		c, route := rerouted(t, cluster, nil)
		ctx := within(t, time.Minute)
		if err := c.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		for node := range int32(3) {
			if err := c.RequestTo(ctx, node+1, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{}); err != nil {
				t.Fatal(err)
			}
		}
		var refused int
		remove := cluster.Control(wire.KeyMetadata, func(kafkatest.Request) kafkatest.Action {
			if refused++; refused > 1 {
				return kafkatest.Action{}
			}
			resp := msg.NewMetadataResponse()
			resp.ErrorCode = wire.ErrRebootstrapRequired
			return kafkatest.Action{Response: resp}
		})
		var dialed atomic.Int32
		route.Store(new(func(addr string) (*kafkatest.Cluster, string) {
			dialed.Add(1)
			return cluster, addr
		}))
		if _, err := c.RefreshMetadata(ctx); err != nil || refused != 2 || dialed.Load() != 1 { // a refusal and an answer
			t.Errorf("%d requests, %d connections made, %v", refused, dialed.Load(), err)
		}

		refused = 0
		route.Store(new(func(string) (*kafkatest.Cluster, string) { return nil, "" }))
		started := time.Now()
		if _, err := c.RefreshMetadata(ctx); err != nil || time.Since(started) > time.Second {
			t.Errorf("without a bootstrap server: %v after %v", err, time.Since(started))
		}
		remove()
	})
}
