package consumer

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// An answer belongs to the question of its own assignment: a partition that is given up and comes
// back does not get the position that was looked up for it before.
func TestStaleAnswerMovesNothing(t *testing.T) {
	late := map[string]wire.APIKey{"the end": wire.KeyListOffsets, "the committed offset": wire.KeyOffsetFetch, "records": wire.KeyFetch}
	for what, key := range late {
		for _, policy := range []ResetPolicy{ResetLatest, ResetEarliest} {
			t.Run(what+" "+policy.String(), func(t *testing.T) {
				inWorld(t, func(w *world) { staleAnswer(w, key, policy) }, kafkatest.Brokers(3), kafkatest.Topic("t", 1))
			})
		}
	}
}

// staleAnswer has the partition assigned by hand, given up, and assigned again, while the answer to
// the first assignment's question is on its way.
func staleAnswer(w *world, key wire.APIKey, policy ResetPolicy) {
	tp := tps("t", 0)[0]
	leader, _ := w.cluster.Leader("t", 0)
	w.cluster.MoveCoordinator("g", leader%3+1)
	c := w.exactly("c", Config{GroupID: "g", AutoOffsetReset: policy, CommitMode: CommitManual, FetchMaxWait: time.Minute, RequestTimeout: time.Hour})
	release := make(chan struct{})
	var asked atomic.Bool
	defer w.cluster.Control(key, func(kafkatest.Request) (a kafkatest.Action) {
		if asked.CompareAndSwap(false, true) {
			a.Hold = release
		}
		return a
	})()
	w.must(c.Assign(tp))
	w.until("the question is asked", asked.Load, w.second)
	w.must(c.Assign())
	w.count("t", 1, 10)
	w.must(c.Assign(tp))
	w.must(c.Seek(tp, 4))
	w.must(c.Pause(tp))
	close(release)
	w.second()
	ctx, stop := context.WithTimeout(w.ctx, time.Second)
	defer stop()
	if at, err := c.Position(ctx, tp); at != 4 || err != nil {
		w.Errorf("after the old answer the position is %d, %v; want 4", at, err)
	}
	w.must(c.Resume(tp))
	if got := w.poll(c, 6); !slices.Equal(got, []string{"t/0@4=4", "t/0@5=5", "t/0@6=6", "t/0@7=7", "t/0@8=8", "t/0@9=9"}) {
		w.Errorf("read %v", got)
	}
}

// A join that Unsubscribe cuts off is no trouble of the next subscription, nor of none.
func TestUnsubscribeEndsTrouble(t *testing.T) {
	inWorld(t, func(w *world) {
		defer w.cluster.Control(wire.KeyJoinGroup, func(kafkatest.Request) kafkatest.Action {
			return kafkatest.Action{Lose: true, NoAnswer: true}
		})()
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}})
		for range 3 {
			_, err := c.Poll(w.ctx, time.Second)
			w.must(err)
		}
		w.must(c.Unsubscribe(w.ctx))
		time.Sleep(10 * time.Minute)
		if w.log.has("the group does not get on") {
			w.Error("a group that this consumer has left is said to make no progress")
		}
	}, kafkatest.Topic("t", 1))
}
