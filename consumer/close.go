package consumer

import (
	"context"
	"errors"
	"fmt"
)

// Close is Shutdown, bounded by RequestTimeout. It makes a Consumer an io.Closer, to be deferred.
func (c *Consumer) Close() error { return c.Shutdown(context.Background()) }

// Shutdown commits what the application finished unless CommitMode is CommitManual, runs OnRevoked, leaves
// the group, and ends everything that this consumer started, its client too if Dial made it. A
// waiting Poll or Records returns ErrClosed; a rebalance callback that is running ends first.
//
// Shutdown does all this until ctx ends, RequestTimeout if that has no deadline, and gives up then
// what it could not finish; its error says what. So with a ctx that has ended already nothing is
// committed. It may be called from any goroutine, but not waited for inside a rebalance callback.
// Calling it or Close again waits for the first call and returns the same error.
func (c *Consumer) Shutdown(ctx context.Context) error {
	ctx, stop := c.bound(ctx)
	defer stop()
	c.mu.Lock()
	first := !c.closing
	c.closing = true
	c.attend()
	c.mu.Unlock()
	if !first {
		select {
		case <-c.done:
			return c.result
		case <-ctx.Done():
			return fmt.Errorf("consumer: waiting for an earlier Close: %w", context.Cause(ctx))
		}
	}
	c.result = c.depart(ctx)
	c.mu.Lock()
	c.cancel() // under the lock: what starts goroutines looks at ctx there first
	c.mu.Unlock()
	c.fetches.Close()
	c.group.Close()
	c.wg.Wait()
	c.meter.close()
	c.mu.Lock()
	c.closed = true
	c.news()
	c.mu.Unlock()
	c.log.wait(ctx)
	if c.owner {
		c.result = errors.Join(c.result, c.client.Close())
	}
	close(c.done)
	return c.result
}

// depart does what Shutdown promises as long as ctx allows.
func (c *Consumer) depart(ctx context.Context) error {
	if err := c.takeErrand(ctx); err != nil {
		return fmt.Errorf("consumer: closed while a rebalance callback was running; nothing was committed: %w", err)
	}
	defer c.endErrand()
	err := c.giveUp(ctx, true)
	c.mu.Lock()
	c.step(evLeave{})
	left := c.due.left
	c.mu.Unlock()
	if left == nil {
		return err
	}
	select {
	case <-left:
		return err
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("consumer: closed before the group answered that it was left: %w", context.Cause(ctx)))
	}
}
