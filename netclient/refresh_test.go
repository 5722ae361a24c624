package netclient

import (
	"errors"
	"testing"
	"time"
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
func begin(r *refreshState) ([]*refreshWait, []string, bool) { return r.begin(at(0), emptyMetadata()) }

func TestRefreshOnDemand(t *testing.T) {
	r := newTestRefresh()
	wantDue(t, &r, "a new client that nobody has asked", time.Time{})
	a := r.join()
	if b := r.join(); a != b {
		t.Error("two callers are not served together")
	}
	wantDue(t, &r, "someone waits", now1)
	waiting, _, _ := begin(&r)
	if len(waiting) != 1 || waiting[0] != a {
		t.Errorf("began for %v", waiting)
	}
	if c := r.join(); c == a {
		t.Error("who comes during a refresh gets that one, which began before")
	}
	r.succeeded(at(0), false)
	wantDue(t, &r, "someone came during the refresh", now1)
}

func TestRefreshByAgeAndSoon(t *testing.T) {
	r := newTestRefresh()
	begin(&r)
	r.succeeded(at(0), false)
	wantDue(t, &r, "a fresh snapshot", at(10000))
	r.soon = true
	wantDue(t, &r, "something stale just after a refresh", at(100))
	begin(&r)
	r.succeeded(at(500), false)
	wantDue(t, &r, "again fresh", at(10500))

	never := newTestRefresh()
	never.maxAge = 0
	begin(&never)
	never.succeeded(at(0), false)
	wantDue(t, &never, "an age of 0 is held back by the backoff", at(100))
}

func TestRefreshFailures(t *testing.T) {
	r := newTestRefresh()
	first := r.join()
	waiting, _, _ := begin(&r)
	second := r.join()
	r.failed(at(0), waiting, ErrNoBrokers)
	wantDue(t, &r, "after a failure", at(100))
	waiting, _, _ = begin(&r)
	if len(waiting) != 2 || waiting[0] != first || waiting[1] != second {
		t.Errorf("the next try is for %d of 2", len(waiting))
	}
	r.failed(at(200), waiting, ErrNoBrokers)
	wantDue(t, &r, "after two failures", at(400))
	waiting, _, _ = begin(&r)
	r.succeeded(at(500), false)
	if r.lastErr != nil || len(waiting) != 2 {
		t.Errorf("after success: %v, %d waiting", r.lastErr, len(waiting))
	}
	wantDue(t, &r, "after success", at(10500))
	r.join()
	waiting, _, _ = begin(&r)
	if over := r.failed(at(600), waiting, errors.New("for good")); len(over) != 1 || over[0] != waiting[0] {
		t.Errorf("after what no other try will cure %d wait no more", len(over))
	}
	r.join()
	wantDue(t, &r, "whoever asks again", at(700))
}

func TestRefreshAllOnce(t *testing.T) {
	r := newTestRefresh()
	r.inUse["t"] = at(0)
	r.all = true
	waiting, topics, all := begin(&r)
	if !all || len(topics) != 1 {
		t.Errorf("began with %v, all %v", topics, all)
	}
	r.failed(at(0), waiting, errors.New("no"))
	if _, _, all = begin(&r); !all {
		t.Error("the wish for all topics was lost in a failure")
	}
	r.succeeded(at(0), true)
	if _, _, all = begin(&r); all {
		t.Error("all topics are asked for again")
	}
}
