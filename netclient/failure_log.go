package netclient

import (
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// sayEvery is how often the same is said of the same broker, at most.
const sayEvery = time.Minute

// failureLog decides which failures at one address are worth a line of log: of each
// kind and reason the first, and one a minute with the count since. It has no clock
// or lock, as the reach that it belongs to.
type failureLog map[string]*repeated

// repeated is a failure that may come again and again.
type repeated struct {
	count int       // since it was last said
	next  time.Time // when it may be said again
}

// say counts a failure, and returns how many there were since the last line if
// this one is worth a line; else 0.
func (l *failureLog) say(what string, err error, now time.Time) (count int) {
	if *l == nil {
		*l = failureLog{}
	}
	key := what + ": " + reason(err)
	r := (*l)[key]
	if r == nil {
		r = &repeated{}
		(*l)[key] = r
	}
	r.count++
	if now.Before(r.next) {
		return 0
	}
	count, r.count, r.next = r.count, 0, now.Add(sayEvery)
	return count
}

// reason is what failures that differ in a port or an offset have in common.
func reason(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if code, ok := errors.AsType[wire.ErrorCode](err); ok {
		return code.String()
	}
	if _, ok := errors.AsType[*TimeoutError](err); ok {
		return "timeout"
	}
	if closedByPeer(err) {
		return "closed"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return fmt.Sprintf("%T", err)
		}
		err = inner
	}
}

// logFailure says that something failed at an address, unless it was said just now.
// Those that are not said are still to be seen at Debug.
func (c *Client) logFailure(level slog.Level, what string, addr string, node int32, err error) {
	c.mu.Lock()
	count := c.reachOf(addr).said.say(what, err, time.Now())
	c.mu.Unlock()
	if count == 0 {
		level = slog.LevelDebug
	}
	if c.cfg.Logger.Enabled(c.ctx, level) {
		c.cfg.Logger.Log(c.ctx, level, "kafka: "+what, "addr", addr, "node", node, "err", err, "times", max(count, 1))
	}
}
