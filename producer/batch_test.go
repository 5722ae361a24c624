package producer

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestBatchClock: the clock is read at the start, at every 32nd record, and when
// a tick has passed; and time does not go back.
func TestBatchClock(t *testing.T) {
	now, reads := testStart, 0
	read := func() time.Time { reads++; return now }
	var c batchClock
	c.set(now, 0)
	for range readClockEvery {
		now = now.Add(time.Millisecond)
		if got := c.now(0, read); got != testStart.UnixMilli() {
			t.Fatalf("read too early: %d", got)
		}
	}
	if got := c.now(0, read); got != now.UnixMilli() || reads != 1 {
		t.Errorf("the 33rd record: %d, %d readings", got, reads)
	}
	now = now.Add(time.Minute)
	if got := c.now(1, read); got != now.UnixMilli() || reads != 2 {
		t.Errorf("after a tick: %d, %d readings", got, reads)
	}
	at := now.UnixMilli()
	now = now.Add(-time.Hour)
	if got := c.now(2, read); got != at {
		t.Errorf("time went back to %d", got)
	}
}

func TestFifo(t *testing.T) {
	var q fifo[int]
	all := func() (got []int) {
		for i := range q.len() {
			got = append(got, *q.at(i))
		}
		return got
	}
	for i := range 5 {
		q.push(i)
	}
	q.pop()
	q.insert(0, 10)
	q.insert(2, 11)
	q.insert(q.len(), 12)
	if got := all(); !slices.Equal(got, []int{10, 1, 11, 2, 3, 4, 12}) {
		t.Errorf("%v", got)
	}
	if !q.remove(func(i int) bool { return i == 11 }) || q.remove(func(i int) bool { return i == 99 }) {
		t.Error("remove")
	}
	if got := all(); !slices.Equal(got, []int{10, 1, 2, 3, 4, 12}) {
		t.Errorf("%v", got)
	}
	for q.len() > 0 {
		q.pop()
	}
	for i := range 1000 {
		q.push(i)
		q.push(i)
		q.pop()
		q.pop()
	}
	if cap(q.items) > 100 {
		t.Errorf("an empty queue holds room for %d", cap(q.items))
	}
}

func TestTimers(t *testing.T) {
	var q timers
	var parts [20]partition
	at := func(i int) time.Time { return testStart.Add(time.Duration(i*7%20) * time.Second) }
	for i := range parts {
		q.set(&parts[i], testStart.Add(time.Hour))
		q.set(&parts[i], at(i))
	}
	q.set(&parts[3], time.Time{})
	q.set(&parts[3], time.Time{})
	if _, ok := q.due(testStart.Add(-time.Second)); ok {
		t.Error("something is due too early")
	}
	last := testStart
	for range 19 {
		p, ok := q.due(testStart.Add(time.Minute))
		if !ok || p == &parts[3] || p.lookAt.Before(last) || p.timer != 0 {
			t.Fatalf("%v, %t", p, ok)
		}
		last = p.lookAt
	}
	if !q.next().IsZero() {
		t.Error("something is left")
	}
}

// TestAppendAllocations: putting a record into an open batch allocates nothing,
// with a Future or with a callback, once the batches have been used before.
func TestAppendAllocations(t *testing.T) {
	for name, done := range map[string]func(RecordMetadata, error){"Future": nil, "callback": func(RecordMetadata, error) {}} {
		r := newRig(t, Config{BatchSize: 1 << 20, Linger: time.Minute, BufferMemory: 1 << 20})
		rec := Record{Topic: "t", Key: []byte("key"), Value: make([]byte, 90)}
		p := r.part(0)
		put := func() {
			if _, err := r.acc.append(t.Context(), p, &rec, done, &blocking{}); err != nil {
				t.Fatal(err)
			}
		}
		for range 9000 { // most of a batch
			put()
		}
		r.pass(time.Minute)
		r.answer(wire.ErrNone)
		r.idle()
		if n := testing.AllocsPerRun(8000, put); n > 0 {
			t.Errorf("%s: %v allocations per record", name, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	cfg := Config{BatchSize: 1 << 20, MaxRequestSize: 1 << 20}.withDefaults()
	pool := newBufferPool(&cfg, func() {})
	acc := &accumulator{cfg: &cfg, pool: pool, gens: newGenerations(), now: time.Now, notify: func(*partition) {}}
	p := &partition{topic: "t", format: record.V2}
	rec := Record{Topic: "t", Key: []byte("key"), Value: make([]byte, 90)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := acc.append(context.Background(), p, &rec, nil, &blocking{}); err != nil {
			b.Fatal(err)
		}
		for p.queue.len() > 0 {
			one := p.pop()
			acc.gens.leave(one.gen)
			pool.put(one)
		}
	}
}
