package consumer

import (
	"math"
	"slices"
	"sync"
)

// finished keeps which offsets of a partition are finished where the application says so for each
// record, in any order (CommitFinished): low, below which all are, and the spans above it. Spans
// never touch each other, so there are at most as many as records that are in hand and not
// finished, however far the others are ahead.
type finished struct {
	mu    sync.Mutex // guards what follows and each reading's; taken alone, or last
	low   int64
	spans []span // sorted, all above low
}

// span is the offsets from one up to another, which is not in it.
type span struct{ from, to int64 }

// reading is what was handed out of a partition between two jumps of its position. Each Record
// refers to the one that it belongs to: nothing has to be looked up when it is finished, and one
// of an earlier assignment refers to what nobody looks at any more.
type reading struct {
	of   *finished
	end  int64    // where the position jumped to: from there on records are read again
	next *reading // since that jump; nil: this is the current one
}

// newReading begins an assignment at an offset.
func newReading(offset int64) *reading {
	return &reading{of: &finished{low: offset}, end: math.MaxInt64}
}

// finish marks offsets as finished, but for those that were jumped back over: what is read again is
// to be finished again.
func (r *reading) finish(from, to int64) {
	if r == nil {
		return
	}
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	for n := r; n != nil; n = n.next {
		to = min(to, n.end)
	}
	r.of.add(from, to)
}

// jump moves the position. What was handed out below the new one and is not finished still has to
// be; what lies between the two is not read at all, and so is nobody's to finish.
func (r *reading) jump(position, to int64) *reading {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	r.end, r.next = to, &reading{of: r.of, end: math.MaxInt64}
	if to < position {
		r.of.cut(to)
	} else {
		r.of.add(position, to)
	}
	return r.next
}

// lowest is the lowest offset that is not finished.
func (r *reading) lowest() int64 {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	return r.of.low
}

// add puts a span in, together with those that it touches.
func (f *finished) add(from, to int64) {
	if from = max(from, f.low); from >= to {
		return
	}
	first, _ := slices.BinarySearchFunc(f.spans, from, func(s span, at int64) int {
		if s.to < at {
			return -1
		}
		return 1
	})
	after := first
	for ; after < len(f.spans) && f.spans[after].from <= to; after++ {
		from, to = min(from, f.spans[after].from), max(to, f.spans[after].to)
	}
	if from > f.low {
		f.spans = slices.Replace(f.spans, first, after, span{from, to})
		return
	}
	f.low = to
	f.spans = slices.Delete(f.spans, 0, after)
	if cap(f.spans) > 1024 && len(f.spans) < cap(f.spans)/4 {
		f.spans = slices.Clone(f.spans) // a long wait is over
	}
}

// cut takes out all from an offset on.
func (f *finished) cut(at int64) {
	f.low = min(f.low, at)
	f.spans = slices.DeleteFunc(f.spans, func(s span) bool { return s.from >= at })
	if n := len(f.spans); n > 0 {
		f.spans[n-1].to = min(f.spans[n-1].to, at)
	}
}
