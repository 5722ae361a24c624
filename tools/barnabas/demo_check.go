package main

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A checker hears of every record that arrives and knows which ones should.
// A key's records are numbered from 0; they must come once each, in order.
type checker struct {
	records int
	acked   atomic.Int64

	mu      sync.Mutex // guards what follows
	keys    map[string]*keyState
	unique  int
	doubled int
	late    int // arrived after a later one of the same key
	members [2]int
	foreign int   // records that the demo never sent
	failure error // the first record that was not acknowledged
	failed  int
}

// keyState is what has arrived of one key.
type keyState struct {
	total   int              // how many there are to come
	next    int              // one more than the highest number that came
	missing map[int]struct{} // those below next that did not
}

func newChecker(records int) *checker {
	c := &checker{records: records, keys: make(map[string]*keyState, demoSenders*demoKeys)}
	for sender := range demoSenders {
		share := c.shareOf(sender)
		for k := range demoKeys {
			c.keys[keyOf(sender, k)] = &keyState{total: (share - k + demoKeys - 1) / demoKeys}
		}
	}
	return c
}

func keyOf(sender, k int) string { return fmt.Sprintf("sender-%d-key-%03d", sender, k) }

// shareOf is how many records a sender sends.
func (c *checker) shareOf(sender int) int {
	share := c.records / demoSenders
	if sender < c.records%demoSenders {
		share++
	}
	return share
}

func (c *checker) record(member int, key, value []byte) {
	number, err := strconv.Atoi(string(bytes.TrimRight(value, " ")))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members[member]++
	state := c.keys[string(key)]
	if err != nil || state == nil || number >= state.total {
		c.foreign++
		return
	}
	_, missed := state.missing[number]
	switch {
	case number >= state.next:
		for n := state.next; n < number; n++ {
			if state.missing == nil {
				state.missing = make(map[int]struct{})
			}
			state.missing[n] = struct{}{}
		}
		state.next = number + 1
		c.unique++
	case missed:
		delete(state.missing, number)
		c.late++
		c.unique++
	default:
		c.doubled++
	}
}

func (c *checker) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed++; c.failed == 1 {
		c.failure = err
	}
}

// arrived is how many different records have come.
func (c *checker) arrived() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unique
}

func (c *checker) complete() bool { return c.arrived() == c.records }

func (c *checker) byMember(member int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members[member]
}

// verdict prints what came of it; an error says what was off.
func (c *checker) verdict(w io.Writer, took time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(w, "%d records of %d bytes, %d keys, in %.1f s: %.0f records/s out and in (the first member read %d, the second %d)\n",
		c.records, demoValue, len(c.keys), took.Seconds(), float64(c.records)/took.Seconds(), c.members[0], c.members[1])
	var wrong []string
	note := func(n int, what string) {
		if n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, what))
		}
	}
	note(c.records-c.unique, "never arrived")
	note(c.doubled, "arrived twice")
	note(c.late, "arrived out of order")
	note(c.foreign, "were never sent")
	note(c.failed, "were not acknowledged")
	if len(wrong) == 0 {
		fmt.Fprintln(w, "every record arrived once, and in order per key")
		return nil
	}
	if c.failure != nil {
		return fmt.Errorf("of %d records, %s; the first error: %w", c.records, strings.Join(wrong, ", "), c.failure)
	}
	return fmt.Errorf("of %d records, %s", c.records, strings.Join(wrong, ", "))
}
