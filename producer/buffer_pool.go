package producer

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// bufferPool is the memory in which records wait for their result:
// Config.BufferMemory, counted in bytes of buffers. Buffers of the batch size
// are used again, with the batch around them; a larger one is made for a record
// that needs it, and left to the collector afterwards.
type bufferPool struct {
	size    int           // of the buffers that are used again
	limit   int64         // of used
	block   time.Duration // Config.MaxBlock, for the error
	starved func()        // called when a wait begins; must not block
	waiting atomic.Int32  // how many wait

	mu      sync.Mutex    // guards what follows; never held over a wait
	used    int64         // by batches that were given out
	free    []*batch      // each with a buffer of size
	spare   [][]byte      // what compression writes into, of size
	waiters fifo[*waiter] // first come, first served
	idle    []*waiter     // to be used again
	closed  error         // what get and wait answer, once set
}

// waiter is a Send that waits for memory.
type waiter struct {
	need  int
	given chan struct{} // one message: need bytes are counted as used
	timer *time.Timer
}

// keptSpares is how many buffers for compression are kept. As many are in use as
// there are goroutines compressing.
const keptSpares = 4

func newBufferPool(c *Config, starved func()) *bufferPool {
	return &bufferPool{size: c.BatchSize, limit: int64(c.BufferMemory), block: c.MaxBlock, starved: starved}
}

// get gives a batch with a buffer of need bytes at least, nil when there is no
// memory now.
func (p *bufferPool) get(need int) (*batch, error) {
	need = max(need, p.size)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed != nil {
		return nil, p.closed
	}
	if p.waiters.len() > 0 || p.used+int64(need) > p.limit {
		return nil, nil
	}
	p.used += int64(need)
	return p.take(need), nil
}

// wait is get for those who can wait, until ctx ends or timeout, what is left of
// MaxBlock, is over.
func (p *bufferPool) wait(ctx context.Context, need int, timeout time.Duration) (*batch, error) {
	need = max(need, p.size)
	p.mu.Lock()
	if p.closed != nil {
		p.mu.Unlock()
		return nil, p.closed
	}
	w := p.newWaiter(need)
	p.waiters.push(w)
	p.waiting.Add(1)
	p.serve() // there may be memory by now
	p.mu.Unlock()
	p.starved()
	w.timer.Reset(timeout)
	var err error
	select {
	case <-w.given:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-w.timer.C:
		err = blockError{p.block}
	}
	w.timer.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waited(w, err)
}

// waited ends a wait. A waiter that gave up may have been served meanwhile:
// then it takes what it was given. The caller holds p.mu.
func (p *bufferPool) waited(w *waiter, err error) (*batch, error) {
	if err != nil {
		if p.waiters.remove(func(other *waiter) bool { return other == w }) {
			p.waiting.Add(-1)
			p.idle = append(p.idle, w)
			p.serve() // those behind it may need less
			return nil, err
		}
		<-w.given
	}
	p.idle = append(p.idle, w)
	if p.closed != nil {
		return nil, p.closed
	}
	return p.take(w.need), nil
}

func (p *bufferPool) newWaiter(need int) *waiter {
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		w.need = need
		return w
	}
	w := &waiter{need: need, given: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	w.timer.Stop()
	return w
}

// take makes a batch of memory that is counted already. The caller holds p.mu.
func (p *bufferPool) take(need int) *batch {
	if need > p.size {
		// What lies free counts as not used, so it must really make room.
		for len(p.free) > 0 && p.used+int64(len(p.free)*p.size) > p.limit {
			p.free[len(p.free)-1] = nil
			p.free = p.free[:len(p.free)-1]
		}
		return &batch{buf: make([]byte, 0, need), reserved: need}
	}
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free[n-1] = nil
		p.free = p.free[:n-1]
		b.reserved = need
		return b
	}
	return &batch{buf: make([]byte, 0, need), reserved: need}
}

// put takes a batch back, of which nobody holds or reads anything any more.
func (p *bufferPool) put(b *batch) {
	reserved := b.reserved
	b.reset()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used -= int64(reserved)
	if p.size > 0 && reserved == p.size && p.closed == nil {
		p.free = append(p.free, b)
	}
	p.serve()
}

// serve gives memory to those who wait for it, in their order. The caller holds
// p.mu.
func (p *bufferPool) serve() {
	for p.waiters.len() > 0 {
		w := *p.waiters.at(0)
		if p.used+int64(w.need) > p.limit && p.closed == nil {
			return
		}
		p.used += int64(w.need)
		p.waiters.pop()
		p.waiting.Add(-1)
		w.given <- struct{}{}
	}
}

// close makes every wait, also those to come, end with err.
func (p *bufferPool) close(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = err
	p.serve()
}

// available is how many bytes are not used.
func (p *bufferPool) available() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.limit - p.used
}

// exhausted reports whether someone waits for memory.
func (p *bufferPool) exhausted() bool { return p.waiting.Load() > 0 }

// scratch gives an empty buffer to compress into. It is beyond the limit, for as
// long as the compression takes: then it stands in for the batch's own.
func (p *bufferPool) scratch() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.spare); n > 0 {
		b := p.spare[n-1]
		p.spare = p.spare[:n-1]
		return b
	}
	return make([]byte, 0, p.size)
}

// keep takes a buffer that scratch may give next.
func (p *bufferPool) keep(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.spare) < keptSpares && cap(b) <= 2*p.size {
		p.spare = append(p.spare, b[:0])
	}
}
