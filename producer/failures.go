package producer

import (
	"fmt"
	"sync"
)

// UnacknowledgedError is the error of Flush, Close or Shutdown when records that
// Send had accepted failed. Each of them has a *DeliveryError of its own in its
// Future or callback; this one is for those that do not look there.
type UnacknowledgedError struct {
	Records int            // that failed since the last Flush whose ctx did not end first
	First   *DeliveryError // what became of the first of them
}

func (e *UnacknowledgedError) Error() string {
	if e.Records == 1 {
		return fmt.Sprintf("producer: 1 record failed: %v", e.First)
	}
	return fmt.Sprintf("producer: %d records failed, the first: %v", e.Records, e.First)
}

func (e *UnacknowledgedError) Unwrap() error { return e.First }

// failures counts records that failed, for Flush and Close.
type failures struct {
	mu      sync.Mutex // guards what follows
	since   tally      // the last flush that returned in time
	flushes map[*tally]struct{}
}

// tally is how many records failed in some time.
type tally struct {
	records int
	first   *DeliveryError
}

func (t *tally) add(e *DeliveryError) {
	if t.records == 0 {
		t.first = e
	}
	t.records += e.Records
}

func (t *tally) err() error {
	if t.records == 0 {
		return nil
	}
	return &UnacknowledgedError{Records: t.records, First: t.first}
}

func (f *failures) add(e *DeliveryError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.since.add(e)
	for t := range f.flushes {
		t.add(e)
	}
}

// begin begins a flush. Flushes that run side by side count the same failures.
func (f *failures) begin() *tally {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flushes == nil {
		f.flushes = map[*tally]struct{}{}
	}
	t := new(f.since)
	f.flushes[t] = struct{}{}
	return t
}

// end ends a flush. If it returns in time, its error tells what failed, and the
// next one begins to count from here.
func (f *failures) end(t *tally, inTime bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.flushes, t)
	if !inTime {
		return nil
	}
	f.since = tally{}
	return t.err()
}
