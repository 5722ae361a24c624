package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func TestIncarnation(t *testing.T) {
	a, b := wire.UUID{1}, wire.UUID{2}
	type said struct {
		id    wire.UUID
		epoch int32
		err   wire.ErrorCode
		want  bool
	}
	for what, answers := range map[string][]said{
		"the same":                       {{a, 0, 0, false}, {a, 3, 0, false}, {a, 1, 0, false}},
		"made again":                     {{a, 5, 0, false}, {b, 0, 0, true}, {b, 0, 0, false}},
		"a broker that is behind":        {{a, 5, 0, false}, {b, 0, 0, true}, {a, 5, 0, false}, {b, 0, 0, false}},
		"gone in between":                {{a, 0, 0, false}, {a, 0, wire.ErrUnknownTopicOrPartition, false}, {b, 0, 0, true}},
		"back again":                     {{a, 0, 0, false}, {a, 0, wire.ErrUnknownTopicOrPartition, false}, {a, 0, 0, false}},
		"the cluster learns of ids":      {{wire.UUID{}, 3, 0, false}, {a, 3, 0, false}, {wire.UUID{}, 3, 0, false}, {a, 3, 0, false}, {b, 3, 0, true}},
		"no ids":                         {{wire.UUID{}, 3, 0, false}, {wire.UUID{}, 4, 0, false}, {wire.UUID{}, 0, 0, true}, {wire.UUID{}, 0, 0, false}},
		"no ids and no epochs":           {{wire.UUID{}, -1, 0, false}, {wire.UUID{}, -1, 0, false}},
		"epochs that come and go":        {{wire.UUID{}, 3, 0, false}, {wire.UUID{}, -1, 0, false}, {wire.UUID{}, 3, 0, false}},
		"made again, and again":          {{a, 0, 0, false}, {b, 0, 0, true}, {wire.UUID{3}, 0, 0, true}},
		"no ids, and gone in between":    {{wire.UUID{}, 3, 0, false}, {wire.UUID{}, 0, wire.ErrUnknownTopicOrPartition, false}, {wire.UUID{}, 0, 0, true}},
		"no ids, and no leader meantime": {{wire.UUID{}, 3, 0, false}, {wire.UUID{}, 0, wire.ErrLeaderNotAvailable, false}, {wire.UUID{}, 3, 0, false}},
	} {
		i := incarnation{fresh: true, leaderEpoch: -1}
		for n, s := range answers {
			topic := &netclient.Topic{Name: "t", ID: s.id, Err: s.err, Partitions: []netclient.Partition{{Leader: 1, LeaderEpoch: s.epoch}}}
			if got := i.follow(topic, 0, time.Unix(int64(n), 0)); got != s.want {
				t.Errorf("%s: after answer %d it is another: %v", what, n, got)
			}
			if s.err == 0 && i.is(topic) != (i.id == s.id || s.id == wire.UUID{}) {
				t.Errorf("%s: answer %d is about it: %v", what, n, i.is(topic))
			}
		}
	}
	i := incarnation{leaderEpoch: -1}
	i.follow(&netclient.Topic{ID: a}, 0, time.Time{})
	if i.id != (wire.UUID{}) || i.is(&netclient.Topic{ID: a}) {
		t.Error("it believes in what is not fresh")
	}
}

// idVersions are releases that differ in what is known about a topic: nothing; leader epochs; its id;
// its id in Fetch too; in commits too.
var idVersions = []string{"0.8.2.2", "0.11.0.3", "2.4.1", "2.8.2", "3.9.2", "4.4.0"}

// again deletes t and makes it again, with n records per partition.
func again(w *world, partitions, n int) {
	w.Helper()
	w.must(w.cluster.DeleteTopic("t"))
	w.must(w.cluster.CreateTopic("t", partitions, 1))
	for p := range int32(partitions) {
		for i := range n {
			w.cluster.Produce("t", p, kafkatest.Record{Value: fmt.Append(nil, "new", i)})
		}
	}
}

// news lists the records of t/0 as it was made again.
func news(n int) (want []string) {
	for i := range n {
		want = append(want, fmt.Sprintf("t/0@%d=new%d", i, i))
	}
	slices.Sort(want)
	return want
}

// noOldCommits fails when an offset of the old topic arrives in the new one.
func noOldCommits(w *world, most int64) {
	w.Helper()
	if o := w.cluster.Committed("g", "t", 0).Offset; o > most {
		w.Errorf("offset %d is committed in a topic with %d records", o, most)
	}
}

// A topic that is deleted and made again under a member of a group is read from its beginning, and no
// offset of the old one is committed in it: whether the member reads on, or is paused meanwhile, and
// however its offsets are committed.
func TestTopicMadeAgain(t *testing.T) {
	for _, v := range idVersions[3:] {
		for _, paused := range []bool{false, true} {
			for mode, finish := range map[CommitMode]bool{CommitFollowed: false, CommitFinished: true, CommitManual: false} {
				t.Run(fmt.Sprintf("%s/paused=%v/mode=%d", v, paused, mode), func(t *testing.T) {
					inWorld(t, func(w *world) { madeAgain(w, paused, mode, finish) }, kafkatest.Version(v), kafkatest.Topic("t", 1))
				})
			}
		}
	}
}

func madeAgain(w *world, paused bool, mode CommitMode, finish bool) {
	w.count("t", 1, 100)
	tp := tps("t", 0)[0]
	c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, CommitMode: mode, AutoCommitInterval: time.Second})
	poll := func(n int) (got []string) {
		for deadline := time.Now().Add(time.Minute); len(got) < n && time.Now().Before(deadline); {
			recs, err := c.Poll(w.ctx, 100*time.Millisecond)
			w.must(err)
			for r := range recs.All() {
				got = append(got, name(&r))
				if finish {
					c.Finish(r)
				}
			}
			noOldCommits(w, 30)
		}
		w.must(second(c.Poll(w.ctx, 0)))
		slices.Sort(got)
		return got
	}
	if got := w.pollAll(c, 100, finish); len(got) != 100 {
		w.Fatalf("read %d", len(got))
	}
	if mode == CommitManual {
		w.must(c.Commit(w.ctx))
	}
	if paused {
		w.must(c.Pause(tp))
	}
	time.Sleep(3 * time.Second)
	again(w, 1, 30)
	if paused {
		for range 5 {
			w.must(second(c.Poll(w.ctx, time.Second)))
			if mode == CommitManual {
				c.Commit(w.ctx)
			}
			noOldCommits(w, 30)
		}
		w.must(c.Resume(tp))
	}
	w.want(poll(30), news(30)...)
	if mode == CommitManual {
		w.must(c.Commit(w.ctx))
	}
	w.close(c)
	w.committed("g", 30)
	if n := w.log.count("a topic was deleted and made again"); n != 1 {
		w.Errorf("it was said %d times that the topic was made again", n)
	}
}

func second(_ any, err error) error { return err }

// pollAll is poll, and finishes every record by itself if that is wanted.
func (w *world) pollAll(c *Consumer, n int, finish bool) (got []string) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); len(got) < n && time.Now().Before(deadline); {
		recs, err := c.Poll(w.ctx, time.Second)
		w.must(err)
		for r := range recs.All() {
			got = append(got, name(&r))
			if finish {
				c.Finish(r)
			}
		}
	}
	c.Poll(w.ctx, 0)
	return got
}

// Where it starts in the new topic: at the group's offset of that one, else as AutoOffsetReset says.
func TestWhereToStartInTheNewTopic(t *testing.T) {
	for _, v := range idVersions[3:] {
		t.Run(v, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.count("t", 1, 100)
				tp := tps("t", 0)[0]
				var all []*Consumer
				for _, cfg := range []Config{
					{}, {AutoOffsetReset: ResetEarliest}, {AutoOffsetReset: ResetNone}, {AutoOffsetReset: ResetNone, GroupID: "g"}, {AutoOffsetReset: ResetNone, GroupID: "other"},
				} {
					c := w.exactly("c", cfg)
					w.must(c.Assign(tp))
					w.must(c.Seek(tp, 100))
					w.none(c)
					w.must(c.Pause(tp))
					all = append(all, c)
				}
				again(w, 1, 10)
				other := w.exactly("other", Config{GroupID: "g", CommitMode: CommitManual})
				w.must(other.Assign(tp))
				w.must(other.CommitOffsets(w.ctx, map[TopicPartition]OffsetAndMetadata{tp: {Offset: 7}}))
				w.close(other)
				time.Sleep(6 * time.Minute) // the metadata is refreshed
				for i, want := range []int64{10, 0, -1, 7, -1} {
					ctx, stop := context.WithTimeout(w.ctx, time.Minute)
					at, err := all[i].Position(ctx, tp)
					stop()
					if _, none := errors.AsType[*NoOffsetError](err); want < 0 && !none || want >= 0 && at != want {
						w.Errorf("consumer %d is at %d, %v; want %d", i, at, err, want)
					}
				}
			}, kafkatest.Version(v), kafkatest.Topic("t", 1))
		})
	}
}

// An offset of a topic that is gone is not committed, and the error and the log say so, the log once.
// What belongs to other topics is.
func TestCommitForDeletedTopic(t *testing.T) {
	for _, v := range idVersions {
		for _, made := range []bool{false, true} {
			t.Run(fmt.Sprint(v, " made again ", made), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.count("t", 2, 50)
					w.count("u", 1, 3)
					tp, up := tps("t", 0, 1), tps("u", 0)[0]
					c := w.consumer("c", Config{GroupID: "g", AutoCommitInterval: time.Second})
					w.must(c.Assign(append(tp, up)...))
					w.poll(c, 103)
					w.must(c.Pause(tp...))
					w.must(c.Commit(w.ctx))
					w.must(w.cluster.DeleteTopic("t"))
					err := c.Commit(w.ctx)
					part, ok := errors.AsType[*PartitionError](err)
					if !errors.Is(err, ErrTopicDeleted) || !ok || part.Topic != "t" {
						w.Errorf("Commit: %v", err)
					}
					if made {
						w.must(w.cluster.CreateTopic("t", 2, 1))
					}
					w.count("u", 1, 3)
					w.poll(c, 3)
					for range 30 {
						w.must(second(c.Poll(w.ctx, time.Second)))
						if made && w.atIDs(v) {
							noOldCommits(w, 0)
						}
					}
					w.committedOf("g", "u", 0, 6)
					if n := w.log.count("offsets of a topic that was deleted are not committed"); n != 1 {
						w.Errorf("%d lines about the deleted topic", n)
					}
					if w.log.has("commit failed") {
						w.Error("the log has a commit that failed")
					}
				}, kafkatest.Version(v), kafkatest.Topic("t", 2), kafkatest.Topic("u", 1), kafkatest.NoAutoCreate())
			})
		}
	}
}

// atIDs reports whether that release has topic ids.
func (w *world) atIDs(v string) bool { return slices.Index(idVersions, v) >= 3 }

// Commits and the look-ups of committed offsets go by id where the broker can.
func TestOffsetsGoByID(t *testing.T) {
	for _, v := range idVersions[2:] {
		t.Run(v, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.count("t", 1, 3)
				byID := v == "4.4.0"
				check := func(what, name string, id wire.UUID) {
					if byID != (name == "" && id != wire.UUID{}) {
						w.Errorf("%s names the topic %q, %v", what, name, id)
					}
				}
				w.cluster.Control(wire.KeyOffsetCommit, func(r kafkatest.Request) kafkatest.Action {
					t := r.Message.(*msg.OffsetCommitRequest).Topics[0]
					check("OffsetCommit", t.Name, t.TopicID)
					return kafkatest.Action{}
				})
				w.cluster.Control(wire.KeyOffsetFetch, func(r kafkatest.Request) kafkatest.Action {
					if req := r.Message.(*msg.OffsetFetchRequest); len(req.Groups) > 0 {
						check("OffsetFetch", req.Groups[0].Topics[0].Name, req.Groups[0].Topics[0].TopicID)
					}
					return kafkatest.Action{}
				})
				c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}})
				w.poll(c, 3)
				w.must(c.Commit(w.ctx))
				if o, err := c.Committed(w.ctx, tps("t", 0)...); err != nil || o[tps("t", 0)[0]].Offset != 3 {
					w.Errorf("Committed: %v, %v", o, err)
				}
			}, kafkatest.Version(v), kafkatest.Topic("t", 1))
		})
	}
}

// A broker that does not know a new topic yet is asked again, where the topic can be told from another
// of its name.
func TestCommitForNewTopic(t *testing.T) {
	for _, v := range idVersions[3:] {
		t.Run(v, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.count("t", 1, 3)
				c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, AutoCommitInterval: time.Hour})
				w.poll(c, 3)
				code := wire.ErrUnknownTopicOrPartition
				if v == "4.4.0" {
					code = wire.ErrUnknownTopicID
				}
				n := 0
				w.cluster.Control(wire.KeyOffsetCommit, func(kafkatest.Request) (a kafkatest.Action) {
					if n++; n <= 3 {
						a.Error = code
					}
					return a
				})
				w.must(c.Commit(w.ctx))
				w.committed("g", 3)
			}, kafkatest.Version(v), kafkatest.Topic("t", 1))
		})
	}
}

// A consumer creates no topic: not one that it waits for, and not one that was deleted under it.
func TestConsumerCreatesNoTopic(t *testing.T) {
	forVersions(t, func(w *world) {
		w.count("t", 1, 3)
		c := w.consumer("c", Config{Topics: []string{"t", "missing"}})
		w.poll(c, 3)
		w.must(w.cluster.DeleteTopic("t"))
		for range 60 {
			c.Poll(w.ctx, time.Second)
		}
		if topics, err := c.Topics(w.ctx); w.atLeast("0.9.0.1") && (err != nil || len(topics) != 0) { // where there is no topic, 0.8 answers nothing at all
			w.Errorf("topics: %v, %v", topics, err)
		}
		for _, err := range []error{w.cluster.CreateTopic("t", 1, 1), w.cluster.CreateTopic("missing", 1, 1)} {
			w.must(err)
		}
	}, kafkatest.Topic("t", 1))
}
