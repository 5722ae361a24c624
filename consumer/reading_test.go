package consumer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func TestReadsAndCommitsOnEveryRelease(t *testing.T) {
	forVersions(t, func(w *world) {
		w.count("t", 2, 3)
		c := w.consumer("c", Config{GroupID: "g", CommitMode: CommitManual})
		w.must(c.Assign(tps("t", 0, 1)...))
		w.want(w.poll(c, 6), "t/0@0=0", "t/0@1=1", "t/0@2=2", "t/1@0=0", "t/1@1=1", "t/1@2=2")
		if hw, ok := c.HighWater(tps("t", 1)[0]); hw != 3 || !ok {
			w.Errorf("high watermark %d, %v", hw, ok)
		}
		w.must(c.Assign(tps("t", 1)...))
		err := c.Commit(w.ctx)
		if !w.atLeast("0.8.1.1") {
			if !errors.Is(err, ErrNoOffsetStorage) {
				w.Errorf("Commit: %v", err)
			}
			return
		}
		w.must(err)
		w.must(c.CommitOffsets(w.ctx, map[TopicPartition]OffsetAndMetadata{tps("t", 1)[0]: {Offset: 2, Metadata: "note"}}))
		got, err := c.Committed(w.ctx, tps("t", 0, 1)...)
		note := "note"
		if !w.atLeast("0.8.2.2") {
			note = ""
		}
		if want := (OffsetAndMetadata{Offset: 2, Metadata: note}); err != nil || len(got) != 1 || got[tps("t", 1)[0]] != want {
			w.Errorf("committed %v, %v", got, err)
		}
		w.close(c)
		c = w.consumer("d", Config{GroupID: "g"})
		w.must(c.Assign(tps("t", 1)...))
		w.want(w.poll(c, 1), "t/1@2=2")
	}, kafkatest.Topic("t", 2))
}

func TestSubscribeOnEveryRelease(t *testing.T) {
	forVersions(t, func(w *world) {
		w.count("t", 2, 3)
		cfg := Config{GroupID: "g", Topics: []string{"t"}}
		c := w.consumer("c", cfg)
		w.want(w.poll(c, 6), "t/0@0=0", "t/0@1=1", "t/0@2=2", "t/1@0=0", "t/1@1=1", "t/1@2=2")
		if got := c.Assignment(); !slices.Equal(got, tps("t", 0, 1)) {
			w.Errorf("assigned %v", got)
		}
		w.none(c) // finishes what was read
		w.close(c)
		c = w.consumer("d", cfg)
		if w.atLeast("0.8.1.1") {
			w.write("t", 1, "new")
			w.want(w.poll(c, 1), "t/1@3=new")
			return
		}
		if w.want(w.poll(c, 6), "t/0@0=0", "t/0@1=1", "t/0@2=2", "t/1@0=0", "t/1@1=1", "t/1@2=2"); !w.log.has("nothing is committed automatically") {
			w.Error("nothing was said about automatic commits")
		}
	}, kafkatest.Topic("t", 2))
}

func TestOffsetsOfLogs(t *testing.T) {
	forVersions(t, func(w *world) {
		c := w.consumer("c", Config{})
		w.count("t", 1, 3)
		time.Sleep(time.Hour)
		then := time.Now()
		w.write("t", 0, "late")
		tp := tps("t", 0)[0]
		begin, err := c.BeginningOffsets(w.ctx, tp)
		w.must(err)
		end, err := c.EndOffsets(w.ctx, tp)
		w.must(err)
		if begin[tp] != 0 || end[tp] != 4 {
			w.Errorf("from %v to %v", begin, end)
		}
		found, err := c.OffsetsForTimes(w.ctx, map[TopicPartition]time.Time{tp: then})
		w.must(err)
		late, err := c.OffsetsForTimes(w.ctx, map[TopicPartition]time.Time{tp: then.Add(time.Hour)})
		w.must(err)
		for _, never := range []time.Time{time.UnixMilli(-1), time.UnixMilli(math.MaxInt64).Add(time.Millisecond), time.Unix(1<<61, 0)} {
			if found, err := c.OffsetsForTimes(w.ctx, map[TopicPartition]time.Time{tp: never}); err == nil {
				w.Errorf("at %v: %v", never, found)
			}
		}
		if !w.atLeast("0.10.2.2") {
			return // told by segment: anything up to the record is right
		}
		if got := found[tp]; got.Offset != 3 || !got.Timestamp.Equal(then) || len(late) != 0 {
			w.Errorf("at %v: %v; later: %v", then, found, late)
		}
	}, kafkatest.Topic("t", 1))
}

func TestSeek(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 5)
		tp := tps("t", 0)[0]
		c := w.consumer("c", Config{})
		if err := c.Seek(tp, 1); !errors.Is(err, ErrNotAssigned) {
			w.Errorf("Seek of what is not assigned: %v", err)
		}
		if err := c.SeekToEnd(); !errors.Is(err, ErrNotAssigned) {
			w.Errorf("SeekToEnd with nothing assigned: %v", err)
		}
		w.must(c.Assign(tp))
		if err := c.Seek(tp, -1); err == nil {
			w.Error("sought -1")
		}
		position := func(want int64) {
			w.Helper()
			if got, err := c.Position(w.ctx, tp); got != want || err != nil {
				w.Errorf("position %d, %v; want %d", got, err, want)
			}
		}
		position(0)
		w.must(c.SeekToEnd())
		position(5)
		w.none(c)
		w.must(c.Seek(tp, 3))
		position(3)
		w.want(w.poll(c, 2), "t/0@3=3", "t/0@4=4")
		position(5)
		w.must(c.SeekToBeginning(tp))
		var got []string
		for r, err := range c.Records(w.ctx) {
			w.must(err)
			got = append(got, name(&r))
			position(r.Offset + 1)
			if len(got) == 2 {
				w.must(c.Seek(tp, 4)) // what is in hand does not count any more
				position(4)
			}
			if len(got) == 3 {
				break
			}
		}
		w.want(got, "t/0@0=0", "t/0@1=1", "t/0@4=4")
		position(5)
	}, kafkatest.Topic("t", 1))
}

func TestPause(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 2, 2)
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0, 1)...))
		w.must(c.Pause(tps("t", 0)...))
		if got := c.Paused(); !slices.Equal(got, tps("t", 0)) {
			w.Errorf("paused %v", got)
		}
		w.want(w.poll(c, 2), "t/1@0=0", "t/1@1=1")
		w.none(c)
		w.must(c.Resume(tps("t", 0)...))
		w.want(w.poll(c, 2), "t/0@0=0", "t/0@1=1")
		// From inside the loop, with the rest of the partition fetched already (C087).
		w.must(c.SeekToBeginning())
		var got []string
		for r, err := range c.Records(w.ctx) {
			w.must(err)
			got = append(got, name(&r))
			if r.Offset == 0 && r.Partition == 0 {
				w.must(c.Pause(r.TopicPartition()))
			}
			if len(got) == 3 {
				break
			}
		}
		slices.Sort(got)
		w.want(got, "t/0@0=0", "t/1@0=0", "t/1@1=1")
		w.none(c)
		w.must(c.Resume(tps("t", 0)...))
		w.want(w.poll(c, 1), "t/0@1=1")
		if err := c.Pause(tps("u", 0)...); !errors.Is(err, ErrNotAssigned) {
			w.Errorf("paused what is not assigned: %v", err)
		}
	}, kafkatest.Topic("t", 2))
}

func TestResetPolicies(t *testing.T) {
	forVersions(t, func(w *world) {
		w.count("t", 1, 3)
		tp := tps("t", 0)[0]

		latest := w.exactly("latest", Config{})
		w.must(latest.Assign(tp))
		w.none(latest)
		w.write("t", 0, "3")
		w.want(w.poll(latest, 1), "t/0@3=3")
		w.must(latest.Seek(tp, 99)) // out of range
		w.none(latest)
		w.write("t", 0, "4")
		w.want(w.poll(latest, 1), "t/0@4=4")

		earliest := w.consumer("earliest", Config{})
		w.must(earliest.Assign(tp))
		w.must(earliest.Seek(tp, 99))
		w.want(w.poll(earliest, 5), "t/0@0=0", "t/0@1=1", "t/0@2=2", "t/0@3=3", "t/0@4=4")

		none := w.exactly("none", Config{AutoOffsetReset: ResetNone})
		w.must(none.Assign(tp))
		missing := func() {
			w.Helper()
			_, err := none.Poll(w.ctx, time.Minute)
			if e, ok := errors.AsType[*NoOffsetError](err); !ok || e.TopicPartition != tp {
				w.Errorf("Poll without an offset: %v", err)
			}
		}
		missing()
		missing() // and again
		w.must(none.Seek(tp, 99))
		outOfRange := func() {
			w.Helper()
			_, err := none.Poll(w.ctx, time.Minute)
			if e, ok := errors.AsType[*OffsetOutOfRangeError](err); !ok || e.TopicPartition != tp || e.Offset != 99 || !errors.Is(err, wire.ErrOffsetOutOfRange) {
				w.Errorf("Poll out of range: %v", err)
			}
		}
		outOfRange()
		outOfRange()
		w.must(none.Seek(tp, 4))
		w.want(w.poll(none, 1), "t/0@4=4")
	}, kafkatest.Topic("t", 1))
}

func TestTheLogIsCutUnderThePosition(t *testing.T) {
	inWorld(t, func(w *world) {
		for i := range 5 {
			w.write("t", 0, fmt.Sprint(i))
		}
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0)...))
		w.must(c.Seek(tps("t", 0)[0], 1))
		w.cluster.DeleteRecords("t", 0, 3)
		w.want(w.poll(c, 2), "t/0@3=3", "t/0@4=4")
	}, kafkatest.Topic("t", 1))
}

func TestLargeRecords(t *testing.T) {
	forVersions(t, func(w *world) {
		large := string(make([]byte, 5000))
		w.write("t", 0, "small")
		w.write("t", 0, large)
		c := w.consumer("c", Config{MaxPartitionFetchBytes: 1000})
		w.must(c.Assign(tps("t", 0)...))
		w.want(w.poll(c, 2), "t/0@0=small", "t/0@1="+large)
		if w.atLeast("0.10.2.2") {
			return
		}
		// Before 0.10.1 a fetch is cut at its limit. Where FetchMaxBytes does not allow more, Poll
		// says so, and again.
		c = w.consumer("d", Config{MaxPartitionFetchBytes: 1000, FetchMaxBytes: 2000})
		w.must(c.Assign(tps("t", 0)...))
		w.want(w.poll(c, 1), "t/0@0=small")
		for range 2 {
			_, err := c.Poll(w.ctx, time.Minute)
			if e, ok := errors.AsType[*RecordTooLargeError](err); !ok || e.TopicPartition != tps("t", 0)[0] || e.Offset != 1 || e.Size < 5000 {
				w.Errorf("Poll: %v", err)
			}
		}
		if p, err := c.Position(w.ctx, tps("t", 0)[0]); p != 1 || err != nil {
			w.Errorf("position %d, %v", p, err)
		}
	}, kafkatest.Topic("t", 1))
}

// answerRecords has fetches of t/0 at an offset answered with these bytes.
func (w *world) answerRecords(at int64, raw []byte) {
	w.cluster.Control(wire.KeyFetch, func(r kafkatest.Request) kafkatest.Action {
		req := r.Message.(*msg.FetchRequest)
		for _, t := range req.Topics {
			for _, p := range t.Partitions {
				if p.Partition != 0 || p.FetchOffset != at {
					continue
				}
				resp := msg.NewFetchResponse()
				var part msg.FetchResponseResponsePartition
				part.SetDefaults()
				part.HighWatermark, part.Records = 100, raw
				resp.Responses = []msg.FetchResponseResponse{{Topic: t.Topic, TopicID: t.TopicID, Partitions: []msg.FetchResponseResponsePartition{part}}}
				return kafkatest.Action{Response: resp}
			}
		}
		return kafkatest.Action{}
	})
}

func TestContractBadInput(t *testing.T) {
	for _, f := range []string{"0.9.0.1", "0.10.2.2", "4.4.0"} {
		for _, way := range []string{"poll", "records"} {
			t.Run(f+"/"+way, func(t *testing.T) {
				inWorld(t, func(w *world) { testDamage(w, way) }, kafkatest.Version(f), kafkatest.Topic("t", 2))
			})
		}
	}
}

// testDamage reads a partition whose third record is damaged beside one that is not.
func testDamage(w *world, way string) {
	w.count("t", 1, 5)
	tp := tps("t", 0)[0]
	conn, err := w.pool.Conn(w.ctx, 1)
	w.must(err)
	good, bad := w.batch(conn, []string{"0", "1"}), w.batch(conn, []string{"2"})
	place(good, 0)
	place(bad, 2)
	bad[len(bad)-2] ^= 1
	w.answerRecords(0, append(good, bad...))
	c := w.consumer("c", Config{GroupID: "g"})
	w.must(c.Assign(tps("t", 0, 1)...))
	var got []string
	var errs []error
	take := func() {
		if way == "poll" {
			recs, err := c.Poll(w.ctx, time.Second)
			for r := range recs.All() {
				got = append(got, name(&r))
			}
			if err != nil {
				errs = append(errs, err)
			}
			return
		}
		for r, err := range c.Records(w.ctx) {
			if err != nil {
				errs = append(errs, err)
			} else {
				got = append(got, name(&r))
			}
			break
		}
	}
	for len(errs) < 1 {
		take()
	}
	w.want(got, "t/0@0=0", "t/0@1=1")
	began := time.Now()
	for len(errs) < 3 {
		take()
	}
	if time.Since(began) < 200*time.Millisecond {
		w.Error("the error was repeated without a pause")
	}
	for _, err := range errs {
		if e, ok := errors.AsType[*CorruptRecordError](err); !ok || e.TopicPartition != tp || e.Offset != 2 {
			w.Errorf("damage gave %v", err)
		}
	}
	// The other partition goes on, and nothing beyond the damage is committed.
	w.write("t", 1, "other")
	for len(got) < 3 {
		take()
	}
	w.want(got, "t/0@0=0", "t/0@1=1", "t/1@0=other")
	w.must(c.Commit(w.ctx))
	w.committed("g", 2)
	w.must(c.Seek(tp, 3))
	for len(got) < 5 {
		take()
	}
	w.want(got, "t/0@0=0", "t/0@1=1", "t/1@0=other", "t/0@3=3", "t/0@4=4")
}

// What can't be decoded, though its checksum is right, shows only while Poll's records are iterated.
func TestContractUndecodable(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 5)
		conn, err := w.pool.Conn(w.ctx, 1)
		w.must(err)
		good, bad := w.batch(conn, []string{"0", "1"}), w.batch(conn, []string{"2"})
		place(good, 0)
		bad[22] |= 1 // says that it is compressed with gzip
		restamp(bad)
		place(bad, 2)
		w.answerRecords(0, append(good, bad...))
		c := w.consumer("c", Config{GroupID: "g"})
		w.must(c.Assign(tps("t", 0)...))
		recs, err := c.Poll(w.ctx, time.Minute)
		w.must(err)
		for range 2 { // it may be iterated again
			var got []string
			for r := range recs.All() {
				got = append(got, name(&r))
			}
			w.want(got, "t/0@0=0", "t/0@1=1")
		}
		if p, err := c.Position(w.ctx, tps("t", 0)[0]); p != 2 || err != nil {
			w.Errorf("position %d, %v", p, err)
		}
		for range 2 {
			_, err = c.Poll(w.ctx, time.Minute)
			if e, ok := errors.AsType[*CorruptRecordError](err); !ok || e.Offset != 2 {
				w.Errorf("Poll: %v", err)
			}
		}
		w.must(c.Commit(w.ctx))
		w.committed("g", 2)
	}, kafkatest.Topic("t", 1))
}

func TestLeaderMoves(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 2)
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0)...))
		w.want(w.poll(c, 2), "t/0@0=0", "t/0@1=1")
		for i := range int32(6) {
			w.cluster.MoveLeader("t", 0, 1+i%3)
			w.write("t", 0, fmt.Sprint(i))
			w.want(w.poll(c, 1), fmt.Sprintf("t/0@%d=%d", i+2, i))
		}
	}, kafkatest.Topic("t", 1), kafkatest.Brokers(3))
}

func TestBrokerRestarts(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 2)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}})
		w.want(w.poll(c, 2), "t/0@0=0", "t/0@1=1")
		w.cluster.StopBroker(1)
		w.none(c)
		if !w.log.has("partitions are not being read") {
			w.Error("nothing was said about the partition that stands still")
		}
		w.must(w.cluster.StartBroker(1))
		w.write("t", 0, "2")
		w.want(w.poll(c, 1), "t/0@2=2")
		w.close(c)
		w.committed("g", 2) // what the last Poll returned is not finished
	}, kafkatest.Topic("t", 1))
}

func TestTopicAppearsLater(t *testing.T) {
	for _, group := range []string{"", "g"} {
		inWorld(t, func(w *world) {
			c := w.consumer("c", Config{GroupID: group, Topics: []string{"late", "t"}})
			w.none(c)
			if !w.log.has("a topic can't be read") {
				w.Error("nothing was said about the topic that is missing")
			}
			w.must(w.cluster.CreateTopic("late", 1, 1))
			w.write("late", 0, "0")
			w.want(w.poll(c, 1), "late/0@0=0")
		}, kafkatest.NoAutoCreate(), kafkatest.Topic("t", 1))
	}
}

func TestAPartitionThatDoesNotExistIsNamed(t *testing.T) {
	inWorld(t, func(w *world) {
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 7)...))
		w.none(c)
		if !w.log.has("has 1 partitions, and no partition 7") {
			w.Error("the log does not say why nothing is read")
		}
		if _, err := c.Position(w.ctx, tps("t", 7)[0]); err == nil || !strings.Contains(err.Error(), "no partition 7") {
			w.Errorf("Position: %v", err)
		}
	}, kafkatest.Topic("t", 1))
}

// A broker that stands still, and does not even close its connections, stops nobody once another
// leader is known; and what it says when it comes back is not taken for news.
func TestLeaderFreezes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 1)
		leader, _ := w.cluster.Leader("t", 0)
		conn, err := w.pool.Conn(w.ctx, leader)
		w.must(err)
		late := w.batch(conn, []string{"1"})
		place(late, 1)
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0)...))
		w.want(w.poll(c, 1), "t/0@0=0")
		hold := make(chan struct{})
		w.cluster.Control(wire.KeyFetch, func(r kafkatest.Request) kafkatest.Action {
			req := r.Message.(*msg.FetchRequest)
			if r.Node != leader || req.Topics[0].Partitions[0].FetchOffset != 1 {
				return kafkatest.Action{}
			}
			var part msg.FetchResponseResponsePartition
			part.SetDefaults()
			part.Records = late
			resp := msg.NewFetchResponse()
			resp.Responses = []msg.FetchResponseResponse{{Topic: "t", TopicID: req.Topics[0].TopicID, Partitions: []msg.FetchResponseResponsePartition{part}}}
			return kafkatest.Action{Hold: hold, Response: resp}
		})
		w.none(c)
		w.cluster.MoveLeader("t", 0, leader%3+1)
		w.write("t", 0, "1")
		_, err = c.client.RefreshMetadata(w.ctx)
		w.must(err)
		began := time.Now()
		w.want(w.poll(c, 1), "t/0@1=1")
		if d := time.Since(began); d > time.Second {
			w.Errorf("the new leader was asked after %v", d)
		}
		close(hold)
		w.none(c)
	}, kafkatest.Topic("t", 1), kafkatest.Brokers(3))
}

// The leader may name a replica that is nearer (KIP-392). When that fails, the leader is asked again.
func TestNearestReplica(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 3)
		leader, _ := w.cluster.Leader("t", 0)
		near := leader%3 + 1
		conn, err := w.pool.Conn(w.ctx, leader)
		w.must(err)
		batch := w.batch(conn, []string{"near"})
		place(batch, 0)
		var mu sync.Mutex // guards asked
		var asked []int32
		w.cluster.Control(wire.KeyFetch, func(r kafkatest.Request) kafkatest.Action {
			req := r.Message.(*msg.FetchRequest)
			if req.RackID != "r" {
				w.Errorf("a fetch from rack %q", req.RackID)
			}
			mu.Lock()
			asked = append(asked, r.Node)
			mu.Unlock()
			var part msg.FetchResponseResponsePartition
			part.SetDefaults()
			switch at := req.Topics[0].Partitions[0].FetchOffset; {
			case r.Node == leader && at == 0:
				part.PreferredReadReplica = near
			case r.Node == near && at == 0:
				part.Records, part.HighWatermark = batch, 3
			case r.Node == near:
				part.ErrorCode = wire.ErrOffsetOutOfRange // it lags behind
			default:
				return kafkatest.Action{}
			}
			resp := msg.NewFetchResponse()
			resp.Responses = []msg.FetchResponseResponse{{Topic: "t", TopicID: req.Topics[0].TopicID, Partitions: []msg.FetchResponseResponsePartition{part}}}
			return kafkatest.Action{Response: resp}
		})
		c := w.consumer("c", Config{ClientRack: "r"})
		w.must(c.Assign(tps("t", 0)...))
		w.want(w.poll(c, 3), "t/0@0=near", "t/0@1=1", "t/0@2=2")
		mu.Lock()
		defer mu.Unlock()
		if want := []int32{leader, near, near, leader}; !slices.Equal(asked[:4], want) {
			w.Errorf("asked %v, want %v", asked, want)
		}
	}, kafkatest.Topic("t", 1), kafkatest.Brokers(3))
}

// Poll with timeout 0 never waits, and gets there all the same.
func TestPollWithoutWaiting(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 1)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}})
		n := 0
		w.until("something came", func() bool { return n > 0 }, func() {
			began := time.Now()
			recs, err := c.Poll(w.ctx, 0)
			w.must(err)
			if d := time.Since(began); d > 100*time.Millisecond { // callbacks and commits may take a moment
				w.Errorf("Poll took %v", d)
			}
			for range recs.All() {
				n++
			}
			time.Sleep(10 * time.Millisecond)
		})
	}, kafkatest.Topic("t", 1))
}

func TestMetrics(t *testing.T) {
	inWorld(t, func(w *world) {
		registry := metrics.New(metrics.Config{})
		client, err := netclient.New(netclient.Config{BootstrapServers: w.cluster.Addrs(), Dial: w.cluster.Dial, Metrics: registry})
		w.must(err)
		defer client.Close()
		w.count("t", 2, 10)
		cfg := Config{GroupID: "g", Topics: []string{"t"}, AutoOffsetReset: ResetEarliest, CommitMode: CommitManual}
		c, err := New(client, cfg)
		w.must(err)
		twin, err := New(client, Config{})
		w.must(err)
		w.poll(c, 20)
		w.must(c.Commit(w.ctx))
		w.none(c)
		value := func(group, name, id string) float64 {
			v, ok := registry.Value(metrics.Name{Name: name, Group: group, Tags: map[string]string{"client-id": id}}, time.Now())
			if !ok {
				w.Errorf("no metric %s of %s", name, id)
			}
			return v
		}
		for name, want := range map[string]float64{"records-consumed-total": 20, "records-lag-max": 10} {
			if got := value(fetchGroup, name, "barnabas"); got != want {
				w.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		for name := range registry.All(time.Now()) {
			if counts := name.Name == "fetch-total" || name.Name == "rebalance-total"; counts && name.Kind != metrics.Counter {
				w.Errorf("%v is a %v", name, name.Kind)
			}
			if name.Name == "assigned-partitions" && name.Kind != metrics.Gauge {
				w.Errorf("%v is a %v", name, name.Kind)
			}
		}
		for _, name := range []string{"bytes-consumed-total", "fetch-total", "fetch-latency-avg", "fetch-size-avg", "records-consumed-rate"} {
			if got := value(fetchGroup, name, "barnabas"); !(got > 0) {
				w.Errorf("%s is %v", name, got)
			}
		}
		if got := value(fetchGroup, "records-consumed-total", "barnabas-1"); got != 0 {
			w.Errorf("the twin consumed %v", got)
		}
		for name, want := range map[string]float64{"assigned-partitions": 2, "commit-total": 1, "rebalance-total": 1, "heartbeat-total": 1} {
			if got := value(coordinatorGroup, name, "barnabas"); got != want {
				w.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		w.close(c)
		w.close(twin)
		for name := range registry.All(time.Now()) {
			if name.Group == fetchGroup || name.Group == coordinatorGroup {
				w.Errorf("%v is left after Close", name)
			}
		}
	}, kafkatest.Topic("t", 2))
}

func TestUnauthorizedTopicIsNamedAndForgiven(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 1)
		remove := w.cluster.Control(wire.KeyFetch, func(kafkatest.Request) kafkatest.Action {
			return kafkatest.Action{Error: wire.ErrTopicAuthorizationFailed}
		})
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0)...))
		for range 2 {
			_, err := c.Poll(w.ctx, time.Minute)
			if e, ok := errors.AsType[*PartitionError](err); !ok || e.TopicPartition != tps("t", 0)[0] || !errors.Is(err, wire.ErrTopicAuthorizationFailed) {
				w.Errorf("Poll: %v", err)
			}
		}
		remove()
		time.Sleep(2 * time.Second)
		w.want(w.poll(c, 1), "t/0@0=0")
	}, kafkatest.Topic("t", 1))
}

// TestUnknownErrorsPass: brokers say that they failed for moments while leaders
// move; reading goes on.
func TestUnknownErrorsPass(t *testing.T) {
	for _, key := range []wire.APIKey{wire.KeyFetch, wire.KeyListOffsets} {
		inWorld(t, func(w *world) {
			w.count("t", 1, 1)
			var said atomic.Int32 // fetches go on while it is read
			w.cluster.Control(key, func(kafkatest.Request) kafkatest.Action {
				if said.Add(1) > 3 {
					return kafkatest.Action{}
				}
				return kafkatest.Action{Error: wire.ErrUnknownServerError}
			})
			c := w.consumer("c", Config{AutoOffsetReset: ResetEarliest})
			w.must(c.Assign(tps("t", 0)...))
			w.want(w.poll(c, 1), "t/0@0=0")
			if n := said.Load(); n <= 3 {
				w.Errorf("%v was asked %d times", key, n)
			}
		}, kafkatest.Topic("t", 1))
	}
}

func TestRefusedTopicIsNamed(t *testing.T) {
	for _, way := range []string{"subscribe", "assign"} {
		inWorld(t, func(w *world) {
			w.count("t", 1, 1)
			remove := w.cluster.Control(wire.KeyMetadata, func(r kafkatest.Request) kafkatest.Action {
				if r.ClientID != "c" || len(r.Message.(*msg.MetadataRequest).Topics) == 0 {
					return kafkatest.Action{}
				}
				return kafkatest.Action{Error: wire.ErrTopicAuthorizationFailed}
			})
			c := w.consumer("c", Config{})
			if way == "assign" {
				w.must(c.Assign(tps("t", 0)...))
			} else {
				w.must(c.Subscribe("t"))
			}
			for range 3 {
				_, err := c.Poll(w.ctx, time.Minute)
				if !errors.Is(err, wire.ErrTopicAuthorizationFailed) || !strings.Contains(err.Error(), `"t"`) {
					w.Errorf("Poll: %v", err)
				}
			}
			remove()
			time.Sleep(2 * time.Second)
			w.want(w.poll(c, 1), "t/0@0=0")
		}, kafkatest.Topic("t", 1), kafkatest.Version("2.8.2")) // from 3.3 on the whole answer would be refused
	}
}

func TestStaleAnswersAreDropped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 3)
		hold := make(chan struct{})
		w.cluster.Control(wire.KeyFetch, func(r kafkatest.Request) kafkatest.Action {
			if r.Message.(*msg.FetchRequest).Topics[0].Partitions[0].FetchOffset == 0 {
				return kafkatest.Action{Hold: hold}
			}
			return kafkatest.Action{}
		})
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0)...))
		w.none(c)
		w.must(c.Seek(tps("t", 0)[0], 2))
		close(hold) // the answer for offset 0 comes now
		w.want(w.poll(c, 1), "t/0@2=2")
	}, kafkatest.Topic("t", 1))
}

func TestBudgetBoundsWhatIsFetched(t *testing.T) {
	for _, v := range []string{"0.9.0.1", "4.4.0"} {
		t.Run(v, func(t *testing.T) {
			inWorld(t, func(w *world) {
				value := string(make([]byte, 1000))
				for p := range int32(8) {
					for range 50 {
						w.write("t", p, value)
					}
				}
				c := w.consumer("c", Config{MaxPartitionFetchBytes: 10_000, FetchMaxBytes: 30_000})
				w.must(c.Assign(tps("t", 0, 1, 2, 3, 4, 5, 6, 7)...))
				buffered := func() (bytes int) {
					c.mu.Lock()
					defer c.mu.Unlock()
					for _, p := range c.subs.order {
						bytes += p.buffered
					}
					return bytes
				}
				n := 0
				for r, err := range c.Records(w.ctx) {
					w.must(err)
					if n++; n == 400 {
						break
					}
					if n%10 == 0 {
						time.Sleep(time.Second)
						// A fetch may bring one batch more than it was asked for.
						if got := buffered(); got > 32_000 || got == 0 && n < 300 {
							w.Fatalf("after %d records (%s) %d bytes are waiting", n, r.TopicPartition(), got)
						}
					}
				}
				// Nothing waits for what nobody reads.
				w.must(c.SeekToBeginning())
				time.Sleep(10 * time.Second)
				w.must(c.Pause(tps("t", 0, 1, 2, 3, 4, 5, 6)...))
				for n = 0; n < 50; {
					recs, err := c.Poll(w.ctx, time.Second)
					w.must(err)
					if recs.Empty() {
						w.Fatal("a partition starves behind those that are paused")
					}
					for range recs.All() {
						n++
					}
				}
			}, kafkatest.Version(v), kafkatest.Topic("t", 8))
		})
	}
}

func TestContractOnePollAtATime(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 2)
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0)...))
		for _, err := range c.Records(w.ctx) {
			w.must(err)
			if _, err := c.Poll(w.ctx, 0); !errors.Is(err, ErrBusy) {
				w.Errorf("Poll inside Records: %v", err)
			}
			for _, err := range c.Records(w.ctx) {
				if !errors.Is(err, ErrBusy) {
					w.Errorf("Records inside Records: %v", err)
				}
			}
			break
		}
		w.want(w.poll(c, 1), "t/0@1=1") // Poll goes on where Records stopped
	}, kafkatest.Topic("t", 1))
}

func TestRecordsEndsWithItsContext(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 5)
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0)...))
		ctx, cancel := context.WithCancel(w.ctx)
		n := 0
		var last error
		for _, err := range c.Records(ctx) {
			if last = err; err == nil {
				n++
				cancel()
			}
		}
		if n != 1 || !errors.Is(last, context.Canceled) {
			w.Errorf("%d records, then %v", n, last)
		}
		ctx, cancel = context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		for _, err := range c.Records(ctx) {
			if last = err; err == nil {
				n++
			}
		}
		if n != 5 || !errors.Is(last, context.DeadlineExceeded) {
			w.Errorf("%d records, then %v", n, last)
		}
	}, kafkatest.Topic("t", 1))
}

func TestContractClose(t *testing.T) {
	inWorld(t, func(w *world) {
		c := w.consumer("c", Config{})
		w.must(c.Assign(tps("t", 0)...))
		woken := make(chan error)
		go func() {
			_, err := c.Poll(w.ctx, time.Hour)
			woken <- err
		}()
		time.Sleep(time.Second)
		began := time.Now()
		w.close(c)
		if err := <-woken; !errors.Is(err, ErrClosed) || time.Since(began) > time.Second {
			w.Errorf("Poll returned %v %v after Close", err, time.Since(began))
		}
		w.close(c) // again
		if _, err := c.Poll(w.ctx, 0); !errors.Is(err, ErrClosed) {
			w.Errorf("Poll: %v", err)
		}
		if err := errors.Join(c.Subscribe("t"), c.Assign(), c.Seek(tps("t", 0)[0], 1)); !errors.Is(err, ErrClosed) {
			w.Errorf("after Close: %v", err)
		}
		if _, err := c.EndOffsets(w.ctx, tps("t", 0)...); !errors.Is(err, ErrClosed) {
			w.Errorf("EndOffsets: %v", err)
		}

		// The brokers are gone: Close is bounded all the same, and says what it could not do.
		c = w.consumer("d", Config{GroupID: "g", RequestTimeout: 5 * time.Second})
		w.must(c.Assign(tps("t", 0)...))
		w.none(c)
		w.cluster.StopBroker(1)
		began = time.Now()
		err := c.Close()
		if _, ok := errors.AsType[*CommitError](err); !ok || time.Since(began) > 6*time.Second {
			w.Errorf("Close: %v after %v", err, time.Since(began))
		}

		// client.Close takes what stands on it along.
		client := w.client("e")
		c, err = New(client, Config{Topics: []string{"t"}})
		w.must(err)
		go func() {
			_, err := c.Poll(w.ctx, time.Hour)
			woken <- err
		}()
		time.Sleep(time.Second)
		client.Close()
		if err := <-woken; !errors.Is(err, ErrClosed) {
			w.Errorf("Poll after client.Close: %v", err)
		}
		c.Close()
	}, kafkatest.Topic("t", 1))
}

func TestTopicsAndPartitions(t *testing.T) {
	inWorld(t, func(w *world) {
		c := w.consumer("c", Config{})
		topics, err := c.Topics(w.ctx)
		if err != nil || !slices.Contains(topics, "t") || !slices.Contains(topics, "u") {
			w.Errorf("topics %v, %v", topics, err)
		}
		parts, err := c.PartitionsFor(w.ctx, "u")
		if err != nil || len(parts) != 3 || parts[2].ID != 2 {
			w.Errorf("partitions %v, %v", parts, err)
		}
		if _, err := c.EndOffsets(w.ctx, tps("u", 3)...); err == nil {
			w.Error("there is an end of a partition that does not exist")
		}
		if _, err := c.PartitionsFor(w.ctx, "not a topic"); err == nil {
			w.Error("there are partitions of a topic that can't exist")
		}
		if e, ok := errors.AsType[*netclient.TopicError](err); ok {
			w.Error(e)
		}
	}, kafkatest.Topic("t", 1), kafkatest.Topic("u", 3))
}

// A broker before 0.10.1 cuts what it sends: a piece that does not say how large the whole is makes the
// next fetch twice as large, one that does as large as that, and the one after it is as ever.
func TestLimitGrowsAndShrinks(t *testing.T) {
	inWorld(t, func(w *world) {
		w.write("t", 0, strings.Repeat("x", 500))
		var mu sync.Mutex
		var limits []int32
		remove := w.cluster.Control(wire.KeyFetch, func(r kafkatest.Request) kafkatest.Action {
			mu.Lock()
			defer mu.Unlock()
			p := r.Message.(*msg.FetchRequest).Topics[0].Partitions[0]
			if n := len(limits); n == 0 || limits[n-1] != p.PartitionMaxBytes {
				limits = append(limits, p.PartitionMaxBytes)
			}
			return kafkatest.Action{}
		})
		c := w.consumer("c", Config{MaxPartitionFetchBytes: 5})
		w.must(c.Assign(tps("t", 0)...))
		if got := w.take(c, 1, true); len(got[0].Value) != 500 {
			w.Errorf("a value of %d bytes", len(got[0].Value))
		}
		w.none(c)
		remove()
		mu.Lock()
		defer mu.Unlock()
		// 526 bytes: offset, size, CRC, magic, attributes, two lengths and the value.
		if want := []int32{5, 10, 20, 526, 5}; !slices.Equal(limits, want) {
			w.Errorf("fetches of %v bytes, want %v", limits, want)
		}
	}, kafkatest.Topic("t", 1), kafkatest.Version("0.9.0.1"))
}
