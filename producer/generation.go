package producer

import (
	"sync"
	"sync/atomic"
)

// generations tell when everything that was accepted before some moment has its
// result. Each batch belongs to the generation in which it was opened; a flush
// ends the present one and waits for it.
type generations struct {
	mu     sync.Mutex // guards what follows, and the counts of all generations
	now    *generation
	closed bool
}

// generation is the batches that were opened between two flushes. It is done
// when its batches are and the generation before it is.
type generation struct {
	done  chan struct{}
	next  *generation // nil: it has not ended
	ended atomic.Bool // next is set: its batches don't linger
	left  int         // batches without a result, and 1 for the generation before it
}

func newGenerations() *generations {
	return &generations{now: &generation{done: make(chan struct{})}}
}

// enter counts a new batch; nil means that there will be none any more.
func (g *generations) enter() *generation {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.now.left++
	return g.now
}

// split says that there are more batches of gen, as one was divided.
func (g *generations) split(gen *generation, more int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	gen.left += more
}

// leave says that a batch of gen has its result.
func (g *generations) leave(gen *generation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	gen.left--
	for ; gen.left == 0 && gen.next != nil; gen = gen.next {
		close(gen.done)
		gen.next.left--
	}
}

// end ends the present generation and gives it. If closing, it is the last one.
func (g *generations) end(closing bool) *generation {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = g.closed || closing
	gen := g.now
	g.now = &generation{done: make(chan struct{}), left: 1}
	gen.next = g.now
	gen.ended.Store(true)
	if gen.left == 0 {
		close(gen.done)
		g.now.left--
	}
	return gen
}
