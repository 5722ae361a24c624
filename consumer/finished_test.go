package consumer

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Against a plain set of offsets: what is finished in spans, in any order, over jumps.
func TestFinishedIsASet(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		r := newReading(10)
		low, set := int64(10), map[int64]bool{}
		for range 60 {
			from := 5 + random.Int64N(60)
			to := from + random.Int64N(6)
			if random.IntN(8) == 0 {
				r.of.mu.Lock()
				r.of.cut(from)
				r.of.mu.Unlock()
				for at := range set {
					if at >= from {
						delete(set, at)
					}
				}
				low = min(low, from)
			} else {
				r.finish(from, to)
				for at := from; at < to; at++ {
					if at >= low {
						set[at] = true
					}
				}
			}
			for set[low] {
				delete(set, low)
				low++
			}
			spans := r.of.spans
			if r.lowest() != low {
				t.Fatalf("seed %d: the lowest is %d, want %d", seed, r.lowest(), low)
			}
			n, last := 0, r.of.low
			for _, s := range spans {
				if s.from <= last || s.to <= s.from {
					t.Fatalf("seed %d: spans %v above %d touch or are out of order", seed, spans, r.of.low)
				}
				for at := s.from; at < s.to; at++ {
					if n++; !set[at] {
						t.Fatalf("seed %d: %d is not finished", seed, at)
					}
				}
				last = s.to
			}
			if n != len(set) {
				t.Fatalf("seed %d: %d offsets in spans, want %d", seed, n, len(set))
			}
		}
	}
}

// What is held is bounded by what is in hand, not by what is finished ahead of it.
func TestFinishedHoldsNoMoreThanItMust(t *testing.T) {
	r := newReading(0)
	for at := range int64(1_000_000) { // the first record takes long
		r.finish(at+1, at+2)
	}
	if len(r.of.spans) != 1 {
		t.Errorf("%d spans, want 1", len(r.of.spans))
	}
	const workers = 100
	random := rand.New(rand.NewPCG(1, 2))
	r = newReading(0)
	var hand []int64
	for at := range int64(200_000) {
		if hand = append(hand, at); len(hand) < workers {
			continue
		}
		i := random.IntN(len(hand))
		r.finish(hand[i], hand[i]+1)
		hand = slices.Delete(hand, i, i+1)
		if len(r.of.spans) > workers {
			t.Fatalf("%d spans of %d records in hand", len(r.of.spans), workers)
		}
	}
}

// Old copies of records that are read again don't count, whatever comes between.
func TestFinishedOverJumps(t *testing.T) {
	first := newReading(0)      // 0..9 are handed out
	first.finish(0, 2)          // 0 and 1 are finished
	second := first.jump(10, 5) // back to 5
	first.finish(7, 8)          // is read again
	first.finish(4, 5)          // is not
	third := second.jump(8, 20) // 5, 6, 7 were handed out again; on to 20
	second.finish(5, 8)         // still counts
	for at := range int64(2) {  // 2 and 3 are late
		if third.lowest() != 2+at {
			t.Errorf("the lowest is %d, want %d", third.lowest(), 2+at)
		}
		first.finish(2+at, 3+at)
	}
	if third.lowest() != 20 {
		t.Errorf("the lowest is %d, want 20", third.lowest())
	}
	fourth := third.jump(20, 0)
	second.finish(5, 8)
	third.finish(20, 30)
	if fourth.lowest() != 0 || len(fourth.of.spans) != 0 {
		t.Errorf("after a jump to 0: %d, %v", fourth.lowest(), fourth.of.spans)
	}
}
