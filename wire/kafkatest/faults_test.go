package kafkatest

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

func TestControl(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start(t, Topic("t", 1))
		id := c.topics["t"].id
		var mu sync.Mutex // guards the next two, which the test reads and writes too
		var action Action
		var seen []Request
		remove := c.Control(wire.KeyProduce, func(r Request) Action {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r)
			return action
		})
		act := func(a Action) {
			mu.Lock()
			defer mu.Unlock()
			action = a
		}
		end := func() int64 {
			return dial(t, c, 1).fetchOne(17, fetchRequest("t", id, 0, 0)).HighWatermark
		}
		produce := produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, "a"))
		closed := func(what string, written int64) {
			t.Helper()
			before := end()
			client := dial(t, c, 1)
			client.send(9, produce)
			client.wantClosed(what)
			if n := end() - before; n != written {
				t.Errorf("%s: %d records were written, want %d", what, n, written)
			}
		}
		unanswered := func(what string, written int64) {
			t.Helper()
			before := end()
			client := dial(t, c, 1)
			client.send(9, produce)
			client.conn.SetReadDeadline(time.Now().Add(time.Hour))
			if _, err := client.in.ReadByte(); err == io.EOF || err == nil {
				t.Errorf("%s: %v, want no answer", what, err)
			}
			if n := end() - before; n != written {
				t.Errorf("%s: %d records were written, want %d", what, n, written)
			}
		}
		act(Action{Lose: true, Close: true})
		closed("closed before", 0)
		act(Action{Close: true})
		closed("closed after", 1)
		act(Action{Lose: true})
		unanswered("lost", 0)
		act(Action{NoAnswer: true})
		unanswered("not answered", 1)

		client := dial(t, c, 1)
		act(Action{Error: wire.ErrNotEnoughReplicas})
		if p := client.produceOne(9, produce); p.ErrorCode != wire.ErrNotEnoughReplicas {
			t.Errorf("%v", p.ErrorCode)
		}
		act(Action{Response: &msg.ProduceResponse{ThrottleTimeMs: 77}})
		if resp := ask(client, 9, produce, new(msg.ProduceResponse)); resp.ThrottleTimeMs != 77 {
			t.Errorf("%+v", resp)
		}
		act(Action{Delay: time.Minute})
		start := time.Now()
		if p := client.produceOne(9, produce); p.ErrorCode != wire.ErrNone || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", p.ErrorCode, time.Since(start))
		}
		hold := make(chan struct{})
		act(Action{Hold: hold})
		time.AfterFunc(time.Hour, func() { close(hold) })
		start = time.Now()
		if p := client.produceOne(9, produce); p.ErrorCode != wire.ErrNone || time.Since(start) != time.Hour {
			t.Errorf("%v after %v", p.ErrorCode, time.Since(start))
		}
		remove()
		client.produceOne(9, produce)
		mu.Lock()
		defer mu.Unlock()
		if len(seen) != 8 || c.Requests(wire.KeyProduce) != 9 {
			t.Errorf("saw %d requests of %d", len(seen), c.Requests(wire.KeyProduce))
		}
		if r := seen[7]; r.Node != 1 || r.Key != wire.KeyProduce || r.Version != 9 || r.ClientID != "test" || r.Message.(*msg.ProduceRequest).Acks != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestStopAndStartBroker(t *testing.T) {
	for name, network := range map[string][]Option{"memory": nil, "TCP": {TCP()}} {
		t.Run(name, func(t *testing.T) {
			c := Start(t, append(network, Version("2.8.2"), Brokers(2), Topic("t", 1))...)
			c.CreateTopic("lonely", 1, 1)
			lonely, _ := c.Leader("lonely", 0)
			first, second := dial(t, c, 1), dial(t, c, 2)
			first.produceOne(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, "a")))
			c.StopBroker(1)
			first.wantClosed("a stopped broker")
			if _, err := c.Dial(context.Background(), "tcp", c.Addr(1)); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("Dial: %v", err)
			}
			resp := second.askMetadata(9, "t")
			p := resp.Topics[0].Partitions[0]
			if len(resp.Brokers) != 1 || resp.ControllerID != 2 || p.LeaderID != 2 || p.LeaderEpoch != 1 || !slices.Equal(p.IsrNodes, []int32{2}) || !slices.Equal(p.OfflineReplicas, []int32{1}) {
				t.Errorf("%+v", resp)
			}
			// v0 has an error for replicas that are down, and the leader is good all the same.
			if p := second.askMetadata(0, "t").Topics[0].Partitions[0]; p.ErrorCode != wire.ErrReplicaNotAvailable || p.LeaderID != 2 || len(p.ReplicaNodes) != 1 {
				t.Errorf("%+v", p)
			}
			if p := second.produceOne(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, "b"))); p.ErrorCode != wire.ErrNone || p.BaseOffset != 1 {
				t.Errorf("%+v", p)
			}
			// Each epoch's batches say so.
			data := second.fetchOne(12, fetchRequest("t", wire.UUID{}, 0, 0)).Records
			reader := record.NewReader(data)
			for epoch := range int32(2) {
				if b, err := reader.Next(); err != nil || b.PartitionLeaderEpoch != epoch {
					t.Errorf("batch of leader epoch %d: %+v, %v", epoch, b, err)
				}
			}

			c.StopBroker(2)
			if leader, _ := c.Leader("t", 0); leader != -1 {
				t.Errorf("leader %d without brokers", leader)
			}
			if err := c.StartBroker(1); err != nil {
				t.Fatal(err)
			}
			if p := dial(t, c, 1).fetchOne(12, fetchRequest("t", wire.UUID{}, 0, 0)); len(read(t, p.Records, nil)) != 2 {
				t.Errorf("after the restart: %+v", p)
			}
			if lonely == 2 {
				if p := dial(t, c, 1).askMetadata(9, "lonely").Topics[0].Partitions[0]; p.ErrorCode != wire.ErrLeaderNotAvailable || p.LeaderID != -1 {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start(t, Brokers(2))
		frozen, other := dial(t, c, 1), dial(t, c, 2)
		c.Freeze(1)
		frozen.send(9, msg.NewMetadataRequest())
		if resp := other.askMetadata(9); len(resp.Brokers) != 2 {
			t.Errorf("%+v", resp)
		}
		c.CreateTopic("t", 1, 1)
		c.MoveLeader("t", 0, 1)
		dial(t, c, 1).send(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, "a")))
		synctest.Wait()
		if end := c.topics["t"].partitions[0].log.end; end != 0 {
			t.Errorf("a frozen broker has written %d records", end)
		}
		start := time.Now()
		time.AfterFunc(time.Hour, func() { c.Thaw(1) })
		if err := frozen.receive(9, new(msg.MetadataResponse)); err != nil || time.Since(start) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestDialInMemory(t *testing.T) {
	c := Start(t)
	if _, err := c.Dial(context.Background(), "tcp", "example.com:9092"); func() bool {
		var dns *net.DNSError
		return !errors.As(err, &dns) || !dns.IsNotFound
	}() {
		t.Errorf("Dial elsewhere: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Dial(ctx, "tcp", c.Addr(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial with a cancelled context: %v", err)
	}
	if len(c.Addrs()) != 1 || c.Addrs()[0] != "broker-1.kafkatest:9092" {
		t.Errorf("addresses: %q", c.Addrs())
	}
}
