package consumer

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// fell has the leader of t/0 come back as a follower that has the first 100 of its records: another
// broker leads, and has 50 more than the 120 that the group has committed.
func fell(w *world, old int32) {
	w.cluster.MoveLeader("t", 0, old%3+1)
	w.cluster.FallBehind("t", 0, old, 100)
}

// values lists records of t/0.
func values(from, to int) (want []string) {
	for i := from; i < to; i++ {
		want = append(want, fmt.Sprintf("t/0@%d=%d", i, i))
	}
	slices.Sort(want)
	return want
}

// Nothing is skipped because of what a former leader says, which has come back and lags behind: it
// does not have the committed offset, and its log ends before it.
func TestOldLeaderLagsBehind(t *testing.T) {
	ways := map[string]func(w *world, c *Consumer, old int32){
		"before the assignment": func(w *world, c *Consumer, old int32) {
			_, err := c.client.Topic(w.ctx, "t") // so the metadata has the old leader
			w.must(err)
			fell(w, old)
		},
		"after the assignment": func(w *world, c *Consumer, old int32) {
			once := false
			w.Cleanup(w.cluster.Control(wire.KeyOffsetFetch, func(kafkatest.Request) kafkatest.Action {
				if !once {
					once = true
					fell(w, old)
				}
				return kafkatest.Action{}
			}))
		},
		"and does not look at the epoch": func(w *world, c *Consumer, old int32) {
			once := false
			w.Cleanup(w.cluster.Control(wire.KeyFetch, func(r kafkatest.Request) (a kafkatest.Action) {
				if !once {
					fell(w, old)
				}
				once = true
				if r.Node == old {
					a.Error = wire.ErrOffsetOutOfRange
				}
				return a
			}))
		},
	}
	for what, way := range ways {
		for _, policy := range []ResetPolicy{ResetLatest, ResetEarliest, ResetNone} {
			t.Run(what+" "+policy.String(), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.count("t", 1, 170)
					first := w.consumer("first", Config{GroupID: "g", CommitMode: CommitManual})
					tp := tps("t", 0)[0]
					w.must(first.Assign(tp))
					w.must(first.CommitOffsets(w.ctx, map[TopicPartition]OffsetAndMetadata{tp: {Offset: 120}}))
					w.close(first)
					old, _ := w.cluster.Leader("t", 0)
					c := w.exactly("c", Config{GroupID: "g", AutoOffsetReset: policy})
					way(w, c, old)
					w.must(c.Subscribe("t"))
					w.want(w.poll(c, 50), values(120, 170)...)
					w.none(c)
					if w.log.has("reset") {
						w.Error("a position was reset")
					}
				}, kafkatest.Brokers(3), kafkatest.Topic("t", 1))
			})
		}
	}
}

// What a request asks of a leader says whom the consumer takes for it: where leaders have epochs, as
// its newest metadata has it.
func TestRequestsNameTheEpoch(t *testing.T) {
	for _, v := range []string{"2.0.1", "2.3.1", "2.8.2", "4.4.0"} {
		t.Run(v, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.count("t", 1, 3)
				for range 4 {
					leader, _ := w.cluster.Leader("t", 0)
					w.cluster.MoveLeader("t", 0, leader%3+1)
				}
				want := int32(-1)
				if v == "2.8.2" || v == "4.4.0" {
					want = 4
				}
				var mu sync.Mutex // guards seen
				seen := map[string]int32{}
				note := func(what string, epoch int32) {
					mu.Lock()
					defer mu.Unlock()
					seen[what] = epoch
				}
				named := func(what string) int32 { // fetches go on meanwhile
					mu.Lock()
					defer mu.Unlock()
					return seen[what]
				}
				w.cluster.Control(wire.KeyListOffsets, func(r kafkatest.Request) kafkatest.Action {
					note("ListOffsets", r.Message.(*msg.ListOffsetsRequest).Topics[0].Partitions[0].CurrentLeaderEpoch)
					return kafkatest.Action{}
				})
				w.cluster.Control(wire.KeyFetch, func(r kafkatest.Request) kafkatest.Action {
					note("Fetch", r.Message.(*msg.FetchRequest).Topics[0].Partitions[0].CurrentLeaderEpoch)
					return kafkatest.Action{}
				})
				c := w.consumer("c", Config{})
				w.must(c.Assign(tps("t", 0)...))
				w.want(w.poll(c, 3), values(0, 3)...)
				for _, what := range []string{"ListOffsets", "Fetch"} {
					if got := named(what); got != want {
						w.Errorf("%s names the epoch %d, want %d", what, got, want)
					}
				}
				note("ListOffsets", -7)
				if ends, err := c.EndOffsets(w.ctx, tps("t", 0)...); err != nil || ends[tps("t", 0)[0]] != 3 || named("ListOffsets") != want {
					w.Errorf("EndOffsets: %v, %v, naming the epoch %d", ends, err, named("ListOffsets"))
				}
			}, kafkatest.Brokers(3), kafkatest.Topic("t", 1), kafkatest.Version(v))
		})
	}
}

// A former leader does not say where the log ends, nor begins.
func TestOldLeaderKnowsNoEnds(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 170)
		c := w.consumer("c", Config{})
		old, _ := w.cluster.Leader("t", 0)
		_, err := c.client.Topic(w.ctx, "t")
		w.must(err)
		fell(w, old)
		tp := tps("t", 0)[0]
		for range 2 {
			if ends, err := c.EndOffsets(w.ctx, tp); err != nil || ends[tp] != 170 {
				w.Errorf("EndOffsets: %v, %v", ends, err)
			}
		}
	}, kafkatest.Brokers(3), kafkatest.Topic("t", 1))
}

// A position that its leader says is outside of its log is reset, and the log says what from, what to,
// and what there is, in one line for all partitions of a broker.
func TestResetIsLogged(t *testing.T) {
	forVersions(t, func(w *world) {
		w.count("t", 4, 10)
		for p := range int32(4) {
			w.cluster.DeleteRecords("t", p, 5)
		}
		for _, policy := range []ResetPolicy{ResetEarliest, ResetLatest, ResetNone} {
			before := w.log.count("they are reset")
			c := w.exactly("c", Config{AutoOffsetReset: policy})
			all := tps("t", 0, 1, 2, 3)
			w.must(c.Assign(all...))
			w.must(c.Pause(all...))
			for _, tp := range all {
				w.must(c.Seek(tp, 3))
			}
			w.must(c.Resume(all...))
			if policy == ResetNone {
				_, err := c.Poll(w.ctx, time.Minute)
				out, ok := errors.AsType[*OffsetOutOfRangeError](err)
				if !ok || out.Offset != 3 || out.Start != 5 || out.End != 10 {
					w.Errorf("Poll: %v", err)
				}
				w.close(c)
				continue
			}
			w.until("all are reset", func() bool { at, _ := c.Position(w.ctx, all[3]); return at != 3 }, func() {
				_, err := c.Poll(w.ctx, 0)
				w.must(err)
				w.second()
			})
			want := fmt.Sprintf("partitions=4 to=%s example.topic=t", policy)
			if n := w.log.count("they are reset") - before; n != 1 || !w.log.has(want) || !w.log.has("example.offset=3 example.start=5 example.end=10") {
				w.Errorf("%d lines of positions that are reset to the %s", n, policy)
			}
			w.close(c)
		}
	}, kafkatest.Topic("t", 4))
}

// The cluster is asked who leads a partition when it has been assigned, before anyone else is asked
// anything about it.
func TestMetadataIsFresh(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 3)
		c := w.consumer("c", Config{GroupID: "g"})
		_, err := c.client.Topic(w.ctx, "t")
		w.must(err)
		time.Sleep(time.Minute)
		var mu sync.Mutex // guards asked
		var asked []wire.APIKey
		for _, key := range []wire.APIKey{wire.KeyMetadata, wire.KeyOffsetFetch, wire.KeyListOffsets, wire.KeyFetch} {
			w.cluster.Control(key, func(r kafkatest.Request) kafkatest.Action {
				mu.Lock()
				defer mu.Unlock()
				if r.ClientID == "c" && !slices.Contains(asked, key) {
					asked = append(asked, key)
				}
				return kafkatest.Action{}
			})
		}
		w.must(c.Assign(tps("t", 0)...))
		w.want(w.poll(c, 3), values(0, 3)...)
		if want := []wire.APIKey{wire.KeyMetadata, wire.KeyOffsetFetch, wire.KeyListOffsets, wire.KeyFetch}; !slices.Equal(asked, want) {
			w.Errorf("asked %v, want %v", asked, want)
		}
	}, kafkatest.Topic("t", 1))
}
