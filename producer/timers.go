package producer

import (
	"container/heap"
	"time"
)

// timers are the partitions that the sender has to look at later, the earliest
// first. Each is in there once at most.
type timers []*partition

// set says when to look at a partition; the zero time is never.
func (t *timers) set(p *partition, at time.Time) {
	p.lookAt = at
	switch {
	case at.IsZero() && p.timer > 0:
		heap.Remove(t, p.timer-1)
	case at.IsZero():
	case p.timer > 0:
		heap.Fix(t, p.timer-1)
	default:
		heap.Push(t, p)
	}
}

// due takes out a partition whose time has come.
func (t *timers) due(now time.Time) (*partition, bool) {
	if len(*t) == 0 || now.Before((*t)[0].lookAt) {
		return nil, false
	}
	return heap.Pop(t).(*partition), true
}

// next is when the first is due, zero when there is none.
func (t *timers) next() time.Time {
	if len(*t) == 0 {
		return time.Time{}
	}
	return (*t)[0].lookAt
}

// Len, Less, Swap, Push and Pop implement heap.Interface.

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].lookAt.Before(t[j].lookAt) }
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].timer, t[j].timer = i+1, j+1
}

func (t *timers) Push(x any) {
	p := x.(*partition)
	*t = append(*t, p)
	p.timer = len(*t)
}

func (t *timers) Pop() any {
	last := len(*t) - 1
	p := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	p.timer = 0
	return p
}

// earliest gives the earlier of two times; zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
