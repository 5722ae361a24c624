package main

import (
	"fmt"
	"runtime"
	"time"
)

// A result is what one run of a contender costs.
type result struct {
	time   time.Duration
	allocs int
}

// slice is how long a contender runs at a time: long enough for the garbage
// collector to have its share, short enough for all to meet the same weather.
const slice = 25 * time.Millisecond

// measure lets the contenders of a case take turns, a short time each, for that
// many rounds. Of each it takes the best round: whatever else the machine does
// makes rounds slower, and none faster.
func measure(c benchCase, rounds int) (map[string]result, error) {
	times := map[string]int{}
	best := map[string]result{}
	for _, contender := range c.contenders {
		n, err := runsPerSlice(contender.run)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", c.name, contender.name, err)
		}
		times[contender.name] = n
	}
	for range rounds {
		for _, contender := range c.contenders {
			r, err := measureOnce(contender.run, times[contender.name])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", c.name, contender.name, err)
			}
			if b, ok := best[contender.name]; ok {
				r.time, r.allocs = min(r.time, b.time), min(r.allocs, b.allocs)
			}
			best[contender.name] = r
		}
	}
	return best, nil
}

// runsPerSlice finds how many runs fill a slice. It warms up as well.
func runsPerSlice(run func() error) (int, error) {
	for n := 1; ; n *= 2 {
		r, err := measureOnce(run, n)
		if err != nil {
			return 0, err
		}
		if took := r.time * time.Duration(n); took > slice/4 {
			return max(1, int(slice/max(r.time, 1))), nil
		}
	}
}

// measureOnce begins with a clean heap: nobody pays for another's garbage.
func measureOnce(run func() error, n int) (result, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	for range n {
		if err := run(); err != nil {
			return result{}, err
		}
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	// Whole allocations, as package testing counts: a stray one of the runtime's is none of ours.
	allocs := int((after.Mallocs - before.Mallocs) / uint64(n))
	return result{took / time.Duration(n), allocs}, nil
}
