package netclient

import (
	"fmt"
	"math"
	"time"
)

// requests is what a connection has to write and what it waits for, in order.
// It has no clock, network or lock of its own: its owner, the Conn, calls it
// under its mutex.
type requests struct {
	limit    int // most requests in flight; 0 is no limit
	nextID   int32
	queue    fifo[pending] // not taken for writing yet
	inFlight fifo[pending] // taken for writing, answer awaited
	paused   bool          // the broker wants to hear nothing for now
	silent   bool          // a request without an answer was taken; nothing tells whether the broker has read it
}

// pending is one request on its way.
type pending struct {
	Call
	id       int32 // correlation id, given when taken for writing
	started  time.Time
	deadline time.Time
	size     int // bytes of the frame
	read     int // bytes of the answer's frame
}

func (r *requests) add(p pending) { r.queue.push(p) }

// ready reports whether there is something to write.
func (r *requests) ready() bool {
	return r.queue.len() > 0 && !r.paused && (r.limit == 0 || r.inFlight.len() < r.limit || r.queue.at(0).NoResponse)
}

// take gives the next request to write, with its correlation id, and counts it
// as in flight if it will be answered.
func (r *requests) take() (pending, bool) {
	if !r.ready() {
		return pending{}, false
	}
	p := r.queue.pop()
	p.id = r.nextID
	if r.nextID == math.MaxInt32 {
		r.nextID = -1
	}
	r.nextID++
	if p.NoResponse {
		r.silent = true
	} else {
		r.inFlight.push(p)
	}
	return p, true
}

// oldest is the request whose answer is due next.
func (r *requests) oldest() (*pending, bool) {
	if r.inFlight.len() == 0 {
		return nil, false
	}
	return r.inFlight.at(0), true
}

// answered takes the request that an answer with this correlation id belongs
// to. Answers come in the order of the requests; anything else is an error.
func (r *requests) answered(id int32) (pending, error) {
	p, ok := r.oldest()
	if !ok {
		return pending{}, fmt.Errorf("an answer (correlation id %d) while nothing was asked", id)
	}
	if p.id != id {
		return pending{}, fmt.Errorf("an answer with correlation id %d instead of %d, which %s v%d has", id, p.id, p.Key, p.Version)
	}
	return r.inFlight.pop(), nil
}

// deadline is the earliest time at which one of the requests expires, or zero.
func (r *requests) deadline() time.Time {
	var first time.Time
	for _, q := range []*fifo[pending]{&r.inFlight, &r.queue} {
		for i := range q.len() {
			if d := q.at(i).deadline; first.IsZero() || d.Before(first) {
				first = d
			}
		}
	}
	return first
}

// expired gives the first request whose time is over.
func (r *requests) expired(now time.Time) (*pending, bool) {
	for _, q := range []*fifo[pending]{&r.inFlight, &r.queue} {
		for i := range q.len() {
			if p := q.at(i); !now.Before(p.deadline) {
				return p, true
			}
		}
	}
	return nil, false
}

// takeLate takes the requests out of the queue whose time is over.
func (r *requests) takeLate(now time.Time) (late []pending) {
	for range r.queue.len() {
		if p := r.queue.pop(); now.Before(p.deadline) {
			r.queue.push(p)
		} else {
			late = append(late, p)
		}
	}
	return late
}

func (r *requests) len() int { return r.queue.len() + r.inFlight.len() }

// fifo is a queue that keeps its memory.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) len() int    { return len(q.items) - q.head }
func (q *fifo[T]) at(i int) *T { return &q.items[q.head+i] }

func (q *fifo[T]) push(v T) {
	if len(q.items) == cap(q.items) && q.head > 0 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, v)
}

func (q *fifo[T]) pop() T {
	v := q.items[q.head]
	var zero T
	q.items[q.head] = zero
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return v
}
