package consumer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// Poll returns the records that were fetched, at most one fetch (MaxPartitionFetchBytes, or one
// larger batch) of each partition; if there are none it waits for them until timeout, and returns
// none and no error then. With timeout 0 it does not wait. It ends with ctx's error, with
// ErrClosed, with ErrBusy when another Poll or Records is running, or with what is wrong with the
// group or with a partition. The error of a partition comes after the good records before it and
// again, not more often than the client's RetryBackoff, until it has passed or Seek has moved the
// position; the other partitions go on meanwhile.
//
// What an earlier Poll returned, and what an earlier Records had in hand, is finished by calling
// Poll: it is committed from then on. Rebalance callbacks run inside Poll, with ctx; they, and an
// automatic commit before a rebalance, may take longer than timeout.
func (c *Consumer) Poll(ctx context.Context, timeout time.Duration) (Polled, error) {
	if timeout < 0 {
		return Polled{}, fmt.Errorf("consumer: Poll with a negative timeout (%v)", timeout)
	}
	if err := c.enter(); err != nil {
		return Polled{}, err
	}
	defer c.exit()
	deadline := time.Now().Add(timeout)
	for {
		var chunks []*chunk
		err := c.await(ctx, deadline, func() bool {
			chunks = c.popEach()
			return len(chunks) > 0
		})
		if err != nil {
			return Polled{}, err
		}
		if chunks = c.checked(chunks); len(chunks) > 0 || !time.Now().Before(deadline) {
			return Polled{c: c, chunks: chunks}, nil
		}
	}
}

// checked compares chunks with their checksums and keeps what is whole.
func (c *Consumer) checked(chunks []*chunk) []*chunk {
	kept := chunks[:0]
	for _, ch := range chunks {
		if !c.cfg.SkipCRCCheck {
			if at, bad, err := ch.check(); err != nil {
				c.undeliverable(ch, at, bad, err)
			}
		}
		if !ch.empty() {
			kept = append(kept, ch)
		}
	}
	return kept
}

// Records returns an iterator over the records as they come. It never ends by itself: it waits for
// more. It yields a zero Record and an error for what Poll would return as an error, and continues
// after it: only the errors that IsFinal reports (the end of ctx, ErrClosed, ErrBusy,
// ErrNoSubscription, a GroupInstanceID that was taken over) end it.
//
// A record is finished, and so will be committed, when the iteration asks for the next one, or
// when the body calls Finish. After break, return or a panic the record in hand is not finished
// until Records or Poll is called again or Commit is called; the same consumer goes on with the
// next record either way.
func (c *Consumer) Records(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if err := c.enter(); err != nil {
			yield(Record{}, err)
			return
		}
		defer c.exit()
		for {
			var ch *chunk
			var attention uint32
			err := c.await(ctx, time.Time{}, func() bool {
				if ch = c.pop(); ch == nil {
					return false
				}
				ch.p.take(ch)
				c.open = ch
				attention = c.attention.Load()
				return true
			})
			switch {
			case err != nil:
				if !yield(Record{}, err) || IsFinal(err) {
					return
				}
			case !c.goThrough(ctx, ch, attention, yield):
				return
			}
		}
	}
}

// goThrough yields a chunk's records, until its end or until something else has to be looked at
// first. It returns false when the body does not want more.
func (c *Consumer) goThrough(ctx context.Context, ch *chunk, attention uint32, yield func(Record, error) bool) (more bool) {
	before := ch.cur.count
	var failed error
	done := false
	options, ended := c.readOptions(), ctx.Done()
	defer func() { c.setDown(ch, ch.cur.count-before, done, more, failed) }()
	var rec record.Record
	for {
		if err := ch.cur.next(&options, &rec); err != nil {
			done = true
			if !errors.Is(err, errChunkEnd) {
				failed = err
			}
			return true
		}
		ch.hand.Store(rec.Offset)
		if !yield(newRecord(ch, &ch.cur, &rec), nil) {
			return false
		}
		if c.attention.Load() != attention {
			return true
		}
		select {
		case <-ended:
			return true
		default:
		}
	}
}

// setDown ends goThrough, whichever way: at the chunk's end, for other business, at a break or
// with a panic. Only if the body wants more is the record in hand finished.
func (c *Consumer) setDown(ch *chunk, count int, done, more bool, failed error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = nil
	c.meter.consumed(count, time.Now())
	if ch.p.open != ch {
		return // a Seek or a rebalance has taken it away
	}
	if more {
		ch.p.finish()
	}
	switch {
	case failed != nil:
		ch.reading.finish(ch.cur.last, ch.cur.at)
		ch.p.failAt(ch.cur.at, ch.p.unreadable(ch.cur.at, ch.cur.this, failed))
	case done:
		ch.p.used(ch)
	default:
		ch.p.putBack(ch)
		c.last = ch.p
	}
}

// enter begins a Poll or Records: what was handed out before is finished.
func (c *Consumer) enter() error {
	if !c.busy.CompareAndSwap(false, true) {
		return ErrBusy
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.polls++
	c.subs.finishAll()
	return nil
}

func (c *Consumer) exit() {
	c.mu.Lock()
	c.step(evPoll{}) // from here on the application is away
	c.mu.Unlock()
	c.busy.Store(false)
}

// await waits until want, which is called with c.mu held, says true: nil then, and also when the
// deadline has come (zero: never). Meanwhile it does what the group wants of the application, and
// it returns errors that the application has to hear of.
func (c *Consumer) await(ctx context.Context, deadline time.Time, want func() bool) error {
	for {
		if ctx.Err() != nil {
			return ended(ctx)
		}
		c.mu.Lock()
		if !c.closing && !c.closed && c.due.errands.any() {
			c.mu.Unlock()
			if err := c.runErrands(ctx); err != nil {
				return err
			}
			continue
		}
		now := time.Now()
		err, again := c.dueError(now)
		if err != nil || want() {
			c.mu.Unlock()
			return err
		}
		c.step(evPoll{})
		if c.due.errands.any() {
			c.mu.Unlock()
			continue
		}
		changed := c.change()
		c.waiting = true
		c.mu.Unlock()
		over := waitFor(ctx, changed, deadline, again)
		c.mu.Lock()
		c.waiting = false
		c.mu.Unlock()
		if over {
			return nil
		}
	}
}

// waitFor waits for a change, for a time to look again (zero: none), for ctx; or until the
// deadline (zero: none), in which case it returns true.
func waitFor(ctx context.Context, changed <-chan struct{}, deadline, again time.Time) bool {
	until := deadline
	if !again.IsZero() && (until.IsZero() || again.Before(until)) {
		until = again
	}
	var timer <-chan time.Time
	if !until.IsZero() {
		d := time.Until(until)
		if d <= 0 {
			return until.Equal(deadline)
		}
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-changed:
	case <-ctx.Done():
	case <-timer:
		return until.Equal(deadline)
	}
	return false
}

// dueError is the error that Poll has to return now, and when to look again for another. The
// caller holds c.mu.
func (c *Consumer) dueError(now time.Time) (err error, again time.Time) {
	switch {
	case c.closing || c.closed:
		return ErrClosed, again
	case c.subs.mode == modeNone:
		return ErrNoSubscription, again
	case c.due.groupErr != nil:
		err, c.due.groupErr = c.due.groupErr, nil
		return err, again
	}
	// What lasts is said again, but not all the time: others have to get on.
	due := func(err error, reportAt *time.Time) bool {
		if err == nil {
			return false
		}
		if !now.Before(*reportAt) {
			*reportAt = now.Add(max(c.client.Config().RetryBackoff, 10*time.Millisecond))
			return true
		}
		if again.IsZero() || reportAt.Before(again) {
			again = *reportAt
		}
		return false
	}
	if due(c.due.topicErr, &c.due.reportAt) {
		return c.due.topicErr, again
	}
	for _, p := range c.subs.order {
		if len(p.queue) == 0 && !p.paused && due(p.fault, &p.reportAt) {
			return p.fault, again
		}
	}
	return nil, again
}

// pop takes the next chunk to hand out: the rest of the one that was put back, or else one of the
// next partition in turn that has any. The caller holds c.mu.
func (c *Consumer) pop() *chunk {
	if p := c.last; p != nil {
		c.last = nil
		if ch := p.pop(); ch != nil {
			return ch
		}
	}
	for range c.subs.order {
		p := c.subs.order[c.turn%len(c.subs.order)]
		c.turn++
		if ch := c.popFrom(p); ch != nil {
			return ch
		}
	}
	return nil
}

// popEach takes a chunk of every partition that has any. The caller holds c.mu.
func (c *Consumer) popEach() (chunks []*chunk) {
	c.last = nil
	for _, p := range c.subs.order {
		if ch := c.popFrom(p); ch != nil {
			ch.poll = c.polls
			p.position = ch.end
			chunks = append(chunks, ch)
		}
	}
	return chunks
}

func (c *Consumer) popFrom(p *partition) *chunk {
	ch := p.pop()
	if ch != nil {
		c.meter.lag(p, time.Now())
		ch.node.poke() // there may be room now
	}
	return ch
}

// undeliverable makes Poll say why it can't go on at an offset of a chunk that it returned, in the
// batch that bad begins with.
func (c *Consumer) undeliverable(ch *chunk, at int64, bad []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = ch.p.unreadable(at, bad, err)
	if !ch.current() || ch.poll != c.polls {
		c.log.Warn("records could not be read; Poll had been called again before", "error", err)
		return
	}
	ch.p.failAt(at, err)
	ch.question = ch.p.ask() // what comes before is still good
	c.attend()
}
