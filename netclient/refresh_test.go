package netclient

import (
	"errors"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

func newTestRefresh() refreshState {
	r := newRefreshState(&Config{MetadataMaxAge: 10 * time.Second, MetadataMaxIdle: 5 * time.Minute})
	r.backoff = Backoff{Base: 100 * time.Millisecond, Max: time.Second, Rand: func() float64 { return 0.5 }}
	return r
}

func wantDue(t *testing.T, r *refreshState, what string, want time.Time) {
	t.Helper()
	if got := r.due(); !got.Equal(want) {
		t.Errorf("%s: due %v, want %v", what, got, want)
	}
}

var now1 = time.Unix(0, 1) // at once

// begin is a refresh where no topic is known.
func begin(r *refreshState, ms int) refreshRound { return r.begin(at(ms), emptyMetadata()) }

func succeed(r *refreshState, ms int, round refreshRound) {
	r.succeeded(at(ms), round, emptyMetadata())
}

func TestRefreshOnDemand(t *testing.T) {
	r := newTestRefresh()
	wantDue(t, &r, "a new client that nobody has asked", time.Time{})
	a := r.join(at(0), wanted{})
	if b := r.join(at(0), wanted{}); a != b {
		t.Error("two callers are not served together")
	}
	wantDue(t, &r, "someone waits", now1)
	round := begin(&r, 0)
	if len(round.waiting) != 1 || round.waiting[0] != a || !round.whole {
		t.Errorf("began for %+v", round)
	}
	if c := r.join(at(0), wanted{}); c == a {
		t.Error("who comes during a refresh gets that one, which began before")
	}
	succeed(&r, 0, round)
	wantDue(t, &r, "someone came during the refresh", at(100))
}

// TestRefreshNamed: what was asked for just now waits, new topics don't.
func TestRefreshNamed(t *testing.T) {
	r := newTestRefresh()
	names := func(topics ...string) wanted { return wanted{topics: topics} }
	r.join(at(0), names("a", "b"))
	wantDue(t, &r, "new topics", now1)
	round := begin(&r, 0)
	if round.whole || len(round.topics) != 2 {
		t.Errorf("asks for %+v", round)
	}
	r.join(at(5), names("a"))
	wantDue(t, &r, "a topic that is being asked for", now1)
	succeed(&r, 10, round)
	wantDue(t, &r, "a topic that was asked for just now", at(110))
	r.join(at(20), names("b"))
	wantDue(t, &r, "two of them", at(110))
	if r.join(at(30), wanted{topics: []string{"c"}, create: true}); true {
		wantDue(t, &r, "and a new one", now1)
	}
	round = begin(&r, 30)
	if len(round.topics) != 2 || len(round.create) != 1 || round.whole {
		t.Errorf("asks for %+v", round)
	}
	succeed(&r, 30, round)
	r.join(at(40), wanted{topics: []string{"a"}, urgent: true})
	wantDue(t, &r, "a look-up", now1)
	r.failed(at(40), begin(&r, 40), ErrNoBrokers)
	wantDue(t, &r, "a look-up after a failure", at(140))
	if round = begin(&r, 140); len(round.waiting) != 1 || len(round.topics) != 1 {
		t.Errorf("after a failure it asks for %+v", round)
	}
}

// TestExistedIsNotCreated: a topic that was seen is asked for without creating it.
func TestExistedIsNotCreated(t *testing.T) {
	r := newTestRefresh()
	create := wanted{topics: []string{"t"}, create: true}
	r.join(at(0), create)
	round := begin(&r, 0)
	if len(round.create) != 1 {
		t.Fatalf("asks for %+v", round)
	}
	absent := said("t", 1, 1, 1)
	absent.Topics[0].ErrorCode = wire.ErrLeaderNotAvailable
	r.succeeded(at(0), round, next(emptyMetadata(), absent, 12))
	r.join(at(0), create)
	if round = begin(&r, 0); len(round.create) != 1 {
		t.Fatalf("before it was seen: asks for %+v", round)
	}
	r.succeeded(at(0), round, next(emptyMetadata(), said("t", 1, 1, 1), 12))
	r.join(at(0), create)
	if round = begin(&r, 0); len(round.create) != 0 || len(round.topics) != 1 {
		t.Errorf("after it was seen: asks for %+v", round)
	}
}

func TestRefreshByAgeAndSoon(t *testing.T) {
	r := newTestRefresh()
	succeed(&r, 0, begin(&r, 0))
	wantDue(t, &r, "a fresh snapshot", at(10000))
	r.soon = true
	wantDue(t, &r, "something stale just after a refresh", at(100))
	round := begin(&r, 100)
	if !round.whole {
		t.Errorf("asks for %+v", round)
	}
	succeed(&r, 500, round)
	wantDue(t, &r, "again fresh", at(10500))
	r.join(at(10600), wanted{topics: []string{"t"}})
	if round = begin(&r, 10600); !round.whole {
		t.Error("an old snapshot is not refreshed because someone wants a topic")
	}

	never := newTestRefresh()
	never.maxAge = 0
	succeed(&never, 0, begin(&never, 0))
	wantDue(t, &never, "an age of 0 is held back by the backoff", at(100))
}

func TestRefreshFailures(t *testing.T) {
	r := newTestRefresh()
	first := r.join(at(0), wanted{})
	round := begin(&r, 0)
	second := r.join(at(0), wanted{})
	r.failed(at(0), round, ErrNoBrokers)
	wantDue(t, &r, "after a failure", at(100))
	round = begin(&r, 100)
	if len(round.waiting) != 2 || round.waiting[0] != first || round.waiting[1] != second {
		t.Errorf("the next try is for %d of 2", len(round.waiting))
	}
	r.failed(at(200), round, ErrNoBrokers)
	wantDue(t, &r, "after two failures", at(400))
	round = begin(&r, 400)
	succeed(&r, 500, round)
	if r.lastErr != nil || len(round.waiting) != 2 {
		t.Errorf("after success: %v, %d waiting", r.lastErr, len(round.waiting))
	}
	wantDue(t, &r, "after success", at(10500))
	r.join(at(600), wanted{})
	round = begin(&r, 600)
	if over := r.failed(at(600), round, errors.New("for good")); len(over) != 1 || over[0] != round.waiting[0] {
		t.Errorf("after what no other try will cure %d wait no more", len(over))
	}
	r.join(at(600), wanted{})
	wantDue(t, &r, "whoever asks again", at(700))
}

func TestRefreshAllOnce(t *testing.T) {
	r := newTestRefresh()
	r.inUse["t"] = topicUse{seen: at(0)}
	r.join(at(0), wanted{all: true})
	round := begin(&r, 0)
	if !round.all || len(round.topics) != 1 {
		t.Errorf("began with %+v", round)
	}
	r.failed(at(0), round, ErrNoBrokers)
	if round = begin(&r, 100); !round.all {
		t.Error("the wish for all topics was lost in a failure")
	}
	succeed(&r, 100, round)
	if round = begin(&r, 10200); round.all {
		t.Error("all topics are asked for again")
	}
}
