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

// turn is how long a contender runs at a time: long enough for the garbage
// collector to have its share, short enough for all to meet the same weather.
const turn = 25 * time.Millisecond

// A clock tells the time that a measurement counts.
type clock func() (time.Duration, error)

func elapsedTime() clock {
	start := time.Now()
	return func() (time.Duration, error) { return time.Since(start), nil }
}

// measure lets the contenders of a case take turns, for that many rounds. Of
// each it takes the best turn: whatever else the machine does makes turns
// slower, and none faster.
func (now clock) measure(c benchCase, rounds int) (map[string]result, error) {
	runs := map[string]int{}
	best := map[string]result{}
	for _, contender := range c.contenders {
		n, err := now.runsPerTurn(contender.run)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", c.name, contender.name, err)
		}
		runs[contender.name] = n
	}
	for range rounds {
		for _, contender := range c.contenders {
			r, err := now.measureTurn(contender.run, runs[contender.name])
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

// runsPerTurn finds how many runs fill a turn. It warms up as well.
func (now clock) runsPerTurn(run func() error) (int, error) {
	for n := 1; ; n *= 2 {
		r, err := now.measureTurn(run, n)
		if err != nil {
			return 0, err
		}
		if took := r.time * time.Duration(n); took > turn/4 {
			return max(1, int(turn/r.time)), nil
		}
	}
}

// measureTurn begins with a clean heap: nobody pays for another's garbage.
func (now clock) measureTurn(run func() error, n int) (result, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start, err := now()
	if err != nil {
		return result{}, err
	}
	for range n {
		if err := run(); err != nil {
			return result{}, err
		}
	}
	end, err := now()
	if err != nil {
		return result{}, err
	}
	runtime.ReadMemStats(&after)
	return result{
		time: (end - start) / time.Duration(n),
		// Rounded down, as in package testing: a stray allocation of the runtime's is none of ours.
		allocs: int((after.Mallocs - before.Mallocs) / uint64(n)),
	}, nil
}
