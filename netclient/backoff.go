package netclient

import (
	"math"
	"math/rand/v2"
	"time"
)

// Backoff tells how long to wait before the next try of something that failed:
// exponentially longer after each failure, with jitter, so that the clients of
// a cluster do not all come back at once (KIP-580, and KIP-144 for
// reconnecting). It is a value with no clock of its own; one owner at a time.
//
// The zero Backoff waits 100 ms first and a second at most.
type Backoff struct {
	Base time.Duration  // the first wait; 0 is 100 ms, negative is no wait
	Max  time.Duration  // the longest wait before jitter; 0 is 1 s
	Rand func() float64 // [0,1), for tests; nil is math/rand

	failures int
}

// jitter is how far a wait may lie from its nominal length: Kafka's clients
// spread theirs by a fifth to either side.
const jitter = 0.2

// Next counts a failure and gives the wait before the next try.
func (b *Backoff) Next() time.Duration {
	wait := b.after(b.failures)
	b.failures++
	return wait
}

// Reset forgets the failures: after a success the next wait is Base again.
func (b *Backoff) Reset() { b.failures = 0 }

// Failures is how often Next was called since the last Reset.
func (b *Backoff) Failures() int { return b.failures }

func (b *Backoff) after(failures int) time.Duration {
	base, limit := b.Base, b.Max
	if base < 0 {
		return 0
	}
	if base == 0 {
		base = defaultRetryBackoff
	}
	if limit == 0 {
		limit = defaultRetryBackoffMax
	}
	limit = max(limit, base)
	wait := math.Min(float64(base)*math.Exp2(float64(failures)), float64(limit))
	random := b.Rand
	if random == nil {
		random = rand.Float64
	}
	return time.Duration(wait * (1 - jitter + 2*jitter*random()))
}
