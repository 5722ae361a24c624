package netclient

import (
	"math"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

func ask(key wire.APIKey, deadline int64) pending {
	return pending{Call: Call{Key: key}, deadline: time.Unix(deadline, 0)}
}

func TestRequestsInOrder(t *testing.T) {
	r := requests{nextID: 7}
	for _, key := range []wire.APIKey{1, 2, 3} {
		r.add(ask(key, 100))
	}
	for want := range int32(3) {
		p, ok := r.take()
		if !ok || p.id != 7+want || p.Key != wire.APIKey(1+want) {
			t.Fatalf("took %v with id %d, want %d with %d", p.Key, p.id, 1+want, 7+want)
		}
	}
	if _, ok := r.take(); ok {
		t.Fatal("took a fourth of three")
	}
	if _, err := r.answered(8); err == nil {
		t.Error("the second answer was taken before the first")
	}
	for id := int32(7); id < 10; id++ {
		if p, err := r.answered(id); err != nil || p.id != id {
			t.Errorf("answer %d: %v, %v", id, p.id, err)
		}
	}
	if _, err := r.answered(10); err == nil {
		t.Error("an answer to nothing was taken")
	}
	if r.len() != 0 {
		t.Errorf("%d left", r.len())
	}
}

func TestRequestsLimit(t *testing.T) {
	r := requests{limit: 2}
	for range 3 {
		r.add(ask(0, 100))
	}
	r.take()
	p, _ := r.take()
	if _, ok := r.take(); ok || r.ready() {
		t.Error("took a third with a limit of two in flight")
	}
	r.answered(p.id - 1)
	if _, ok := r.take(); !ok {
		t.Error("an answer made no room")
	}
	silent := ask(0, 100)
	silent.NoResponse = true
	r.add(silent)
	if _, ok := r.take(); !ok || r.inFlight.len() != 2 {
		t.Error("a request without an answer was held back, or counted as in flight")
	}
}

func TestCorrelationIDsWrap(t *testing.T) {
	r := requests{nextID: math.MaxInt32 - 1}
	for _, want := range []int32{math.MaxInt32 - 1, math.MaxInt32, 0, 1} {
		r.add(ask(0, 100))
		if p, _ := r.take(); p.id != want {
			t.Errorf("correlation id %d, want %d", p.id, want)
		}
	}
}

func TestRequestsDeadline(t *testing.T) {
	var r requests
	if !r.deadline().IsZero() {
		t.Error("a deadline without a request")
	}
	r.add(ask(1, 100)) // a long poll
	r.add(ask(2, 50))
	r.take()
	r.add(ask(3, 70)) // still queued
	if got := r.deadline().Unix(); got != 50 {
		t.Errorf("deadline %d, want 50", got)
	}
	if p, ok := r.expired(time.Unix(49, 0)); ok {
		t.Errorf("%v expired a second early", p.Key)
	}
	if p, ok := r.expired(time.Unix(50, 0)); !ok || p.Key != 2 {
		t.Errorf("at its deadline 2 has not expired")
	}
}

// TestFIFOKeepsItsMemory: a queue that is used for long neither grows nor
// mixes up its order.
func TestFIFOKeepsItsMemory(t *testing.T) {
	var q fifo[int]
	in, out := 0, 0
	for round := range 10000 {
		for range 1 + round%5 {
			q.push(in)
			in++
		}
		for q.len() > round%3 {
			if got := q.pop(); got != out {
				t.Fatalf("got %d, want %d", got, out)
			}
			out++
		}
	}
	if cap(q.items) > 32 {
		t.Errorf("the queue has grown to %d", cap(q.items))
	}
}
