package netclient

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// These tests run against kafkatest over its in-memory network, in a bubble of
// testing/synctest: waits of minutes take no time, and a goroutine that is left
// over fails the test.

var quiet = slog.New(slog.DiscardHandler)

// clusterClient is a client with the default Config of a cluster, and counts the
// connections that it makes.
func clusterClient(t *testing.T, cluster *kafkatest.Cluster) (*Client, *atomic.Int32) {
	t.Helper()
	var dialed atomic.Int32
	c, err := New(Config{BootstrapServers: cluster.Addrs(), Logger: quiet, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialed.Add(1)
		return cluster.Dial(ctx, network, addr)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, &dialed
}

// TestEveryRelease: named right, and able to make a topic and find coordinators
// where there are any. (kafkatest lacks the APIs by which 3.3, 3.6 and 4.3 differ
// from the line before.)
func TestEveryRelease(t *testing.T) {
	for version, want := range map[string]string{
		"0.8.0": "0.8.0", "0.8.1.1": "0.8.1", "0.8.2.2": "0.8.2", "0.9.0.1": "0.9", "0.10.0.1": "0.10.0", "0.10.1.1": "0.10.1",
		"0.10.2.2": "0.10.2", "0.11.0.3": "0.11", "1.0.2": "1.0", "1.1.1": "1.1", "2.0.1": "2.0", "2.1.1": "2.1", "2.2.2": "2.2",
		"2.3.1": "2.3", "2.4.1": "2.4", "2.5.1": "2.5", "2.6.3": "2.6", "2.7.2": "2.7", "2.8.2": "2.8", "3.0.2": "3.0",
		"3.5.2": "3.5", "3.7.2": "3.7", "3.8.1": "3.8", "3.9.2": "3.9", "4.0.2": "4.0",
		"4.1.2": "4.1", "4.2.2": "4.2", "4.4.0": "4.4",
	} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := kafkatest.Start(t, kafkatest.Version(version), kafkatest.Brokers(2), kafkatest.Partitions(3), kafkatest.Logger(quiet))
				c, _ := clusterClient(t, cluster)
				ctx := within(t, time.Minute)
				if err := c.Ping(ctx); err != nil {
					t.Fatal(err)
				}
				topic, err := c.EnsureTopic(ctx, "new")
				if err != nil || len(topic.Partitions) != 3 {
					t.Fatalf("%+v, %v", topic, err)
				}
				pool := c.NewPool(PoolConfig{})
				for _, b := range c.Metadata().Brokers() {
					conn, err := pool.Conn(ctx, b.ID)
					if err != nil || conn.Release().String() != want {
						t.Errorf("broker %d is taken for %v, %v", b.ID, conn.Release(), err)
					}
				}
				_, err = c.Coordinator(ctx, GroupCoordinator, "g")
				old := want == "0.8.0" || want == "0.8.1"
				if old && !errors.Is(err, ErrNoCoordinator) || !old && err != nil {
					t.Errorf("the coordinator: %v", err)
				}
			})
		})
	}
}

// TestLeaderMoves: what moved is seen at the next refresh by age, and at once
// when someone says that it is stale.
func TestLeaderMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Brokers(3), kafkatest.Topic("t", 1), kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		ctx := t.Context()
		if _, err := c.Topic(ctx, "t"); err != nil {
			t.Fatal(err)
		}
		tp := wire.TopicPartition{Topic: "t"}
		first, epoch, _ := c.Metadata().Leader(tp)
		for i, move := range []struct {
			to   int32
			wait func()
		}{
			{first%3 + 1, func() { time.Sleep(6 * time.Minute) }},
			{(first+1)%3 + 1, func() { changed := c.MetadataChanged(); c.UpdateMetadataSoon(); <-changed }},
		} {
			started := time.Now()
			cluster.MoveLeader("t", 0, move.to)
			move.wait()
			leader, now, ok := c.Metadata().Leader(tp)
			if !ok || leader != move.to || now != epoch+1+int32(i) {
				t.Errorf("after %v the leader is %d in epoch %d, want %d in %d", time.Since(started), leader, now, move.to, epoch+1+int32(i))
			}
		}
	})
}

// TestCoordinatorGoes: a broker that is lost is not the coordinator any more.
func TestCoordinatorGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Brokers(3), kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		ctx := within(t, time.Minute)
		old, err := c.Coordinator(ctx, GroupCoordinator, "g")
		if err != nil {
			t.Fatal(err)
		}
		cluster.StopBroker(old.ID)
		if err := c.RequestTo(ctx, old.ID, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{}); err == nil {
			t.Fatal("a stopped broker answers")
		}
		now, err := c.Coordinator(ctx, GroupCoordinator, "g")
		if err != nil || now.ID == old.ID {
			t.Errorf("the coordinator is %v, %v; it was %v before", now, err, old)
		}
	})
}

// TestBrokerGoesAndComesBack: requests for any broker go on, the connection is
// made again, and its backoff keeps a broker that is down from being hammered.
func TestBrokerGoesAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Brokers(3), kafkatest.Logger(quiet))
		c, dialed := clusterClient(t, cluster)
		ctx := t.Context()
		pool := c.NewPool(PoolConfig{})
		if err := c.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		conn, err := pool.Conn(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		cluster.StopBroker(2)
		<-conn.Closed()
		if !closedByPeer(conn.Err()) {
			t.Errorf("the connection ended with %v", conn.Err())
		}
		before := dialed.Load()
		for end := time.Now().Add(time.Minute); time.Now().Before(end); {
			if _, err := pool.Conn(within(t, time.Second), 2); err == nil {
				t.Fatal("connected to a broker that is down")
			}
			if err := c.Request(ctx, msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
				t.Fatal(err)
			}
		}
		if n := dialed.Load() - before; n > 90 {
			t.Errorf("%d connections were tried in a minute", n)
		}
		if err := cluster.StartBroker(2); err != nil {
			t.Fatal(err)
		}
		if _, err := c.RefreshMetadata(ctx); err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		for {
			conn, err = pool.Conn(ctx, 2)
			if err == nil {
				break
			}
		}
		if took := time.Since(started); took > 2*time.Second {
			t.Errorf("it took %v to be connected again", took)
		}
		if err := conn.Do(ctx, msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
			t.Error(err)
		}
	})
}

// TestWholeClusterGoesAndComesBack: whoever waits is served when it is back.
func TestWholeClusterGoesAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Brokers(3), kafkatest.Topic("t", 1), kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		for node := range int32(3) {
			cluster.StopBroker(node + 1)
		}
		_, err := c.RefreshMetadata(within(t, 20*time.Second))
		if conn, ok := errors.AsType[*ConnError](err); !ok || !errors.Is(err, context.DeadlineExceeded) || conn.Attempts < 2 {
			t.Errorf("while it is down: %v", err)
		}
		time.AfterFunc(10*time.Minute, func() {
			for node := range int32(3) {
				cluster.StartBroker(node + 1)
			}
		})
		started := time.Now()
		if _, err := c.Topic(t.Context(), "t"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took > 10*time.Minute+5*time.Second {
			t.Errorf("it was noticed %v after it was back", took-10*time.Minute)
		}
	})
}

// TestFrozenBroker: one that accepts and never answers costs seconds, not the
// RequestTimeout, while another can answer.
func TestFrozenBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Brokers(3), kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, b := range c.Metadata().Brokers() { // freeze the one that it talks to
			if _, ok := c.shared.standing(b.ID); ok {
				cluster.Freeze(b.ID)
				defer cluster.Thaw(b.ID)
			}
		}
		started := time.Now()
		if _, err := c.RefreshMetadata(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Coordinator(t.Context(), GroupCoordinator, "g"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestRequestTimeoutEndsTheConnection: to the millisecond, and the next request
// has a new one.
func TestRequestTimeoutEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		remove := cluster.Control(wire.KeyListGroups, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Lose: true} })
		started := time.Now()
		err := c.RequestTo(t.Context(), 1, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{})
		if took := time.Since(started); !errors.Is(err, os.ErrDeadlineExceeded) || took != 30*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		remove()
		if err := c.RequestTo(t.Context(), 1, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{}); err != nil {
			t.Error(err)
		}
	})
}

// TestIdleConnections are closed, and made again when they are needed. What is
// used now and then is kept.
func TestIdleConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		pool := c.NewPool(PoolConfig{})
		conn, err := pool.Conn(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(9*time.Minute - time.Second)
		if conn.Err() != nil {
			t.Errorf("closed too early: %v", conn.Err())
		}
		time.Sleep(2 * time.Second)
		if !errors.Is(conn.Err(), errIdle) {
			t.Errorf("an idle connection: %v", conn.Err())
		}
		if shared, ok := c.shared.standing(1); !ok || shared.Err() != nil {
			t.Error("the connection over which the metadata is refreshed was closed")
		}
		again, err := pool.Conn(t.Context(), 1)
		if err != nil || again == conn {
			t.Errorf("asked again: %v", err)
		}
	})
}

// TestUnknownTopic: where brokers don't make topics, waiting for one ends with
// the context and says why.
func TestUnknownTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.NoAutoCreate(), kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		started := time.Now()
		_, err := c.Topic(within(t, 25*time.Second), "missing")
		if !errors.Is(err, wire.ErrUnknownTopicOrPartition) || time.Since(started) != 25*time.Second {
			t.Errorf("after %v: %v", time.Since(started), err)
		}
		if n := cluster.Requests(wire.KeyMetadata); n > 60 {
			t.Errorf("it was asked for %d times", n)
		}
		time.AfterFunc(time.Minute, func() { cluster.CreateTopic("late", 2, 1) })
		topic, err := c.Topic(t.Context(), "late")
		if err != nil || len(topic.Partitions) != 2 {
			t.Errorf("a topic that came late: %+v, %v", topic, err)
		}
	})
}
