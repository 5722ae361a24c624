package netclient

import (
	"context"
	"errors"
	"os"
	"time"
)

// A caller that waits for its answer, on a connection that has nothing else to
// do, writes its request and reads its answer by itself: waking a goroutine for
// each costs more processor time than the rest of a small request. Anything
// that is less simple than that is left to the writing and the reading
// goroutine: a request started meanwhile wakes the writer as usual, and a caller
// that gives up, or sees that more is on its way, hands the right to read to
// a reading goroutine.
//
// Such a caller meets no other request's answer, as its own is the first to
// come; so a Call's Done never runs in it.

// watchAfter is how long a connection without anything on its way is left alone
// before a goroutine reads from it, to see when the broker closes it.
const watchAfter = 20 * time.Millisecond

// rights are what a caller may do by itself.
type rights struct{ write, read bool }

// takeRights gives the caller of the only request that the connection has what
// rights are free. The caller holds c.mu.
func (c *Conn) takeRights(p *pending) (own rights) {
	if !c.reading && c.inTime && !c.requests.paused && !p.NoResponse {
		own.read, c.reading = true, true
	}
	// The broker has read all that was written before; so there is room for a
	// small request, and its Write does not hold the caller up.
	if c.buffered && !c.requests.silent && c.requests.ready() && bodySize(p) <= smallBody {
		select {
		case c.token <- struct{}{}:
			own.write = true
			c.takeQueued()
		default:
		}
	}
	return own
}

// exchange does what the caller has got the rights to, and passes them on.
func (c *Conn) exchange(ctx context.Context, own rights) {
	if own.write {
		c.flush()
		c.passWriting()
	}
	if own.read {
		c.passReading(c.readUntil(ctx))
	}
}

// passWriting gives the right to write back, or to a goroutine if there is
// more to write.
func (c *Conn) passWriting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests.ready() {
		go c.write()
	} else {
		<-c.token
	}
}

// readUntil reads one answer, unless ctx ends first.
func (c *Conn) readUntil(ctx context.Context) error {
	if ctx.Done() == nil {
		return c.readAnswer()
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.nc.SetReadDeadline(time.Unix(1, 0))
		close(interrupted)
	})
	err := c.readAnswer()
	if !stop() {
		<-interrupted
		c.nc.SetReadDeadline(time.Time{})
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil // what has come of the answer is kept
		}
	}
	return err
}

// passReading gives the right to read back, or to a goroutine if there is more to
// read, or, after an error, to tell.
func (c *Conn) passReading(err error) {
	if err != nil {
		c.fail(whyReadingEnded(err))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		go c.finish()
	case c.requests.len() > 0:
		go c.read()
	default:
		c.stopReading()
	}
}
