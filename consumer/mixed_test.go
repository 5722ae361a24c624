package consumer

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// What other clients write and groups with other members say: docs/mixed-fleets.md.

// readAll has a consumer in that mode read what a broker sent of t/0, to its end, by Poll or by
// Records, and finish it.
func readAll(t *testing.T, mode CommitMode, poll bool, raw []byte) (recs []Record, committed int64) {
	t.Helper()
	c := newTestConsumer(t, nowhere(t), Config{CommitMode: mode})
	if err := c.Assign(tps("t", 0)...); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	p := c.subs.order[0]
	p.seek(0)
	p.push(newChunk(p, &fetchNode{}, raw, 0, scan(raw, 0, LeaderEpoch{}).end))
	c.mu.Unlock()
	if poll {
		polled, err := c.Poll(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		recs = slices.Collect(polled.All())
		if _, err := c.Poll(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	} else {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		for r, err := range c.Records(ctx) {
			if err == nil {
				recs = append(recs, r)
			}
		}
	}
	if mode == CommitFinished {
		for _, r := range recs {
			c.Finish(r)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return recs, p.commit().Offset
}

// What is null is not empty, headers keep their order and their repetitions, and a base sequence
// of 0 beside the producer id -1, as sarama, kafkajs and aiokafka write it, means nothing.
func TestNullIsNotEmpty(t *testing.T) {
	want := []Record{
		{},
		{Key: []byte{}, Value: []byte{}},
		{Key: []byte("k"), Headers: []Header{{Key: "b", Value: nil}, {Key: "a", Value: []byte{}}, {Key: "b", Value: []byte("2")}, {Key: "", Value: nil}}},
		{Value: []byte("v"), Headers: []Header{{Key: "a", Value: []byte("1")}}},
	}
	var b record.Builder
	b.Reset(record.V2, nil)
	for _, r := range want {
		if err := b.Append(1, r.Key, r.Value, r.Headers); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	record.Stamp(raw, -1, -1, 0)
	place(raw, 0)
	same := func(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }
	for _, poll := range []bool{false, true} {
		got, _ := readAll(t, CommitFollowed, poll, raw)
		if len(got) != len(want) {
			t.Fatalf("%d records, want %d", len(got), len(want))
		}
		for i, r := range got {
			if !same(r.Key, want[i].Key) || !same(r.Value, want[i].Value) ||
				!slices.EqualFunc(r.Headers, want[i].Headers, func(a, b Header) bool { return a.Key == b.Key && same(a.Value, b.Value) }) {
				t.Errorf("record %d is %#v, %#v, %v, want %#v, %#v, %v", i, r.Key, r.Value, r.Headers, want[i].Key, want[i].Value, want[i].Headers)
			}
		}
	}
}

// The marker at the end of a transaction is no record, and what is committed is behind it: a group
// that has read all has no lag.
func TestCommitIsBehindTheMarker(t *testing.T) {
	var b record.Builder
	b.Reset(record.V2, nil)
	if err := b.AppendMarker(1, record.ControlCommit, 0); err != nil {
		t.Fatal(err)
	}
	marker, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	record.Stamp(marker, 7, 0, -1)
	place(marker, 2)
	raw := slices.Concat(batchAt(t, record.V2, record.None, 0, 1), marker)
	for _, mode := range []CommitMode{CommitFollowed, CommitFinished} {
		for _, poll := range []bool{false, true} {
			recs, committed := readAll(t, mode, poll, raw)
			if len(recs) != 2 || committed != 3 {
				t.Errorf("mode %d, Poll %v: %d records, and %d is committed, want 2 and 3", mode, poll, len(recs), committed)
			}
		}
	}
}

// A coordinator that shares out the partitions by itself, as 4.x does in a group with members of
// the consumer protocol, answers JoinGroup without a leader and without members. So "" is nobody:
// a member that has no name yet either must not take itself for the leader.
func TestGroupWithoutLeader(t *testing.T) {
	inWorld(t, func(w *world) {
		assignment, err := encodeAssignment(tps("t", 1))
		w.must(err)
		w.Cleanup(w.cluster.Control(wire.KeyJoinGroup, func(kafkatest.Request) kafkatest.Action {
			joined := msg.NewJoinGroupResponse()
			joined.MemberID, joined.GenerationID = "m", 1
			joined.ProtocolType, joined.ProtocolName = new("consumer"), new("range")
			return kafkatest.Action{Response: joined}
		}))
		w.Cleanup(w.cluster.Control(wire.KeySyncGroup, func(kafkatest.Request) kafkatest.Action {
			synced := msg.NewSyncGroupResponse()
			synced.ProtocolType, synced.ProtocolName, synced.Assignment = new("consumer"), new("range"), assignment
			return kafkatest.Action{Response: synced}
		}))
		w.count("t", 2, 1)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}})
		w.want(w.poll(c, 1), "t/1@0=0")
		c.mu.Lock()
		defer c.mu.Unlock()
		if counts := c.due.protocol.(*classic).counts; counts != nil {
			w.Errorf("it leads, and has counted the partitions: %v", counts)
		}
	}, kafkatest.Topic("t", 2))
}

// Brokers store any offset, and scripts commit -1 or -2 when they mean the end or the beginning. To
// Java and kafka-python that is no commit, and so it is here.
func TestNegativeCommitIsNone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 2)
		broker, err := w.writer.Coordinator(w.ctx, netclient.GroupCoordinator, "g")
		if err != nil {
			w.Fatal(err)
		}
		conn, err := w.pool.Conn(w.ctx, broker.ID)
		if err != nil {
			w.Fatal(err)
		}
		for _, offset := range []int64{-1, -2, -5} {
			req := msg.NewOffsetCommitRequest()
			req.GroupID = "g"
			req.Topics = []msg.OffsetCommitRequestTopic{{Name: "t", Partitions: []msg.OffsetCommitRequestTopicPartition{{CommittedOffset: offset, CommittedLeaderEpoch: -1, CommitTimestamp: -1}}}}
			var resp msg.OffsetCommitResponse
			w.must(conn.DoVersion(w.ctx, 8, req, &resp))
			if got := w.cluster.Committed("g", "t", 0).Offset; got != offset {
				w.Fatalf("the broker has %d, want %d", got, offset)
			}
			w.committed("g", -1)
			c := w.consumer("c", Config{GroupID: "g", CommitMode: CommitManual})
			w.must(c.Assign(tps("t", 0)...))
			w.want(w.poll(c, 2), "t/0@0=0", "t/0@1=1")
			w.close(c)
		}
	}, kafkatest.Topic("t", 1))
}

// asKafkajs is round robin by the name that kafkajs has for it, which shares a group with nothing else.
type asKafkajs struct{ assignors.Assignor }

func (a asKafkajs) Protocol() assignors.Protocol {
	p := a.Assignor.Protocol()
	p.Name = "RoundRobinAssigner"
	return p
}

func TestGroupWithKafkajs(t *testing.T) {
	inWorld(t, func(w *world) {
		var offered []string
		w.Cleanup(w.cluster.Control(wire.KeyJoinGroup, func(r kafkatest.Request) (a kafkatest.Action) {
			for _, p := range r.Message.(*msg.JoinGroupRequest).Protocols {
				offered = append(offered, p.Name+" "+hex.EncodeToString(p.Metadata))
			}
			return a
		}))
		assignor := func(cfg *Config) { cfg.Assignors = []assignors.Assignor{asKafkajs{assignors.RoundRobin()}} }
		a, b := w.member("a", assignor), w.member("b", assignor)
		w.settle(map[*member]int{a: 2, b: 2})
		a.leave()
		b.leave()
		// What kafkajs 2.2.4 says of itself, to the byte.
		if want := []string{"RoundRobinAssigner 0000" + "00000001" + "000174" + "00000000"}; !slices.Equal(slices.Compact(offered), want) {
			w.Errorf("offered %q, want %q", offered, want)
		}
	}, kafkatest.Topic("t", 4))
}
