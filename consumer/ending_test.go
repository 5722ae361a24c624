package consumer

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// leaver is a member of a group that reads t, and what its application heard of its partitions.
type leaver struct {
	*world
	c     *Consumer
	heard []string
}

// refuseOnce answers one request with an error.
func (l *leaver) refuseOnce(key wire.APIKey, code wire.ErrorCode) {
	done := false
	l.Cleanup(l.cluster.Control(key, func(kafkatest.Request) (a kafkatest.Action) {
		if !done {
			done, a.Error = true, code
		}
		return a
	}))
}

// heartbeat is a way out: the next heartbeat is answered with an error.
func heartbeat(code wire.ErrorCode) func(*leaver) {
	return func(l *leaver) { l.refuseOnce(wire.KeyHeartbeat, code) }
}

// commit is a way out: a commit by the application is answered with an error.
func commit(code wire.ErrorCode) func(*leaver) {
	return func(l *leaver) {
		l.refuseOnce(wire.KeyOffsetCommit, code)
		l.c.Commit(l.ctx)
	}
}

// lastCommit is a way out: the commit before a rebalance is answered with an error.
func lastCommit(code wire.ErrorCode) func(*leaver) {
	return func(l *leaver) {
		l.refuseOnce(wire.KeyHeartbeat, wire.ErrRebalanceInProgress)
		l.refuseOnce(wire.KeyOffsetCommit, code)
	}
}

func (l *leaver) silence() {
	l.Cleanup(l.cluster.Control(wire.KeyHeartbeat, func(kafkatest.Request) kafkatest.Action {
		return kafkatest.Action{Lose: true, NoAnswer: true}
	}))
}

// Every way out of a generation, and which of the two callbacks it has.
func TestEndings(t *testing.T) {
	ways := map[string]struct {
		ending ending
		leave  func(*leaver)
	}{
		"heartbeat says rebalance":      {endRebalance, heartbeat(wire.ErrRebalanceInProgress)},
		"commit says rebalance":         {endRebalance, commit(wire.ErrRebalanceInProgress)},
		"other topics":                  {endSubscription, func(l *leaver) { l.must(l.c.Subscribe("t", "u")) }},
		"other partitions":              {endPartitions, func(l *leaver) { l.must(l.cluster.AddPartitions("t", 3)); l.c.client.UpdateMetadataSoon() }},
		"unsubscribe":                   {endLeft, func(l *leaver) { l.must(l.c.Unsubscribe(l.ctx)) }},
		"close":                         {endLeft, func(l *leaver) { l.close(l.c) }},
		"heartbeat says unknown":        {endUnknown, heartbeat(wire.ErrUnknownMemberID)},
		"commit says unknown":           {endUnknown, commit(wire.ErrUnknownMemberID)},
		"last commit says unknown":      {endUnknown, lastCommit(wire.ErrUnknownMemberID)},
		"heartbeat says generation":     {endGeneration, heartbeat(wire.ErrIllegalGeneration)},
		"commit says generation":        {endGeneration, commit(wire.ErrIllegalGeneration)},
		"last commit says generation":   {endGeneration, lastCommit(wire.ErrIllegalGeneration)},
		"heartbeat says fenced":         {endFenced, heartbeat(wire.ErrFencedInstanceID)},
		"commit says fenced":            {endFenced, commit(wire.ErrFencedInstanceID)},
		"last commit says fenced":       {endFenced, lastCommit(wire.ErrFencedInstanceID)},
		"heartbeat says not authorized": {endRefused, heartbeat(wire.ErrGroupAuthorizationFailed)},
		"coordinator not to be found": {endRefused, func(l *leaver) {
			l.refuseOnce(wire.KeyHeartbeat, wire.ErrNotCoordinator)
			l.refuseOnce(wire.KeyFindCoordinator, wire.ErrGroupAuthorizationFailed)
		}},
		"session":  {endSession, (*leaver).silence},
		"max poll": {endMaxPoll, func(*leaver) { time.Sleep(6 * time.Minute) }},
		"session during the revocation": {endSession, func(l *leaver) {
			l.must(l.c.Subscribe("t", "u"))
			l.silence()
			time.Sleep(time.Minute)
		}},
		"unsubscribe after the session": {endSession, func(l *leaver) {
			l.silence()
			time.Sleep(time.Minute)
			l.c.Unsubscribe(l.ctx)
		}},
		"close after max poll": {endMaxPoll, func(l *leaver) {
			time.Sleep(6 * time.Minute)
			l.c.Close()
		}},
		"close, and the last commit says unknown": {endUnknown, func(l *leaver) {
			l.refuseOnce(wire.KeyOffsetCommit, wire.ErrUnknownMemberID)
			l.c.Close()
		}},
	}
	tested := map[ending]bool{}
	for what, way := range ways {
		tested[way.ending] = true
		want := "revoked [t/0]"
		if endings[way.ending].lost {
			want = "lost [t/0]"
		}
		t.Run(what, func(t *testing.T) {
			inWorld(t, func(w *world) { ends(w, way.leave, want) }, kafkatest.Topic("t", 1), kafkatest.Topic("u", 1))
		})
	}
	for e := range numEndings {
		if !tested[e] {
			t.Errorf("no test of ending %d", e)
		}
	}
}

// ends has a member lose its partition that way, and checks what the application hears of it.
func ends(w *world, leave func(*leaver), want string) {
	l := &leaver{world: w}
	note := func(what string) RebalanceFunc {
		return func(_ context.Context, _ *Consumer, tps []TopicPartition) {
			l.heard = append(l.heard, fmt.Sprint(what, " ", tps))
		}
	}
	w.count("t", 1, 4)
	l.c = w.consumer("c", Config{
		GroupID: "g", GroupInstanceID: "i", Topics: []string{"t"}, AutoCommitInterval: time.Hour,
		OnRevoked: note("revoked"), OnLost: note("lost"),
	})
	w.poll(l.c, 4)
	leave(l)
	w.until("the partition is given up", func() bool { return len(l.heard) > 0 }, func() {
		l.c.Poll(w.ctx, time.Second) // its errors are for other tests
	})
	time.Sleep(time.Minute)
	if !slices.Equal(l.heard, []string{want}) {
		w.Errorf("heard %q, want %q", l.heard, want)
	}
}
