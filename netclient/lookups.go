package netclient

import (
	"context"
	"sync"
)

// lookups are questions to the cluster that are asked until they have an answer,
// such as where a topic is. However many callers have the same question, it is
// asked once at a time, with one backoff.
type lookups[K comparable, V any] struct {
	client *Client
	// try asks once. Its error is what failed; again reports whether asking again may
	// help.
	try func(ctx context.Context, key K, failures int) (v V, again bool, err error)

	mu      sync.Mutex // guards what follows, and all of running but done, value and err
	running map[K]*lookup[V]
	closed  bool
}

// lookup is a question that is being asked.
type lookup[V any] struct {
	done  chan struct{} // closed when value or err is set
	value V
	err   error

	callers int
	tries   int                // how many have failed
	last    error              // why the last try failed
	cancel  context.CancelFunc // ends the try that runs; nil between two tries, and when it was called
}

// trouble is what is known of a lookup whose caller waits no more.
type trouble struct {
	last   error // why the last try failed; nil if none did
	tries  int   // how many have failed
	trying bool  // one is running
}

// get returns the answer, or the error that asking again would not cure. When ctx
// ends first, that is err, and what holds what has failed so far.
func (l *lookups[K, V]) get(ctx context.Context, key K) (v V, what *trouble, err error) {
	one := l.join(key)
	if one == nil {
		return v, nil, ErrClosed
	}
	defer l.leave(one)
	select {
	case <-one.done:
		return one.value, nil, one.err
	case <-l.client.ctx.Done():
		return v, nil, ErrClosed
	case <-ctx.Done():
		l.mu.Lock()
		defer l.mu.Unlock()
		return v, &trouble{one.last, one.tries, one.cancel != nil}, context.Cause(ctx)
	}
}

// join returns nil when the client is closed.
func (l *lookups[K, V]) join(key K) *lookup[V] {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.running[key]
	if one == nil {
		if l.closed {
			return nil
		}
		one = &lookup[V]{done: make(chan struct{})}
		if l.running == nil {
			l.running = map[K]*lookup[V]{}
		}
		l.running[key] = one
		l.client.wg.Go(func() { l.run(key, one) })
	}
	one.callers++
	return one
}

// close makes later callers get ErrClosed; those that wait notice that the client is
// closed.
func (l *lookups[K, V]) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// leave ends the try of a lookup that nobody waits for any more. Its backoff goes
// on for a while: whoever asks next waits for it.
func (l *lookups[K, V]) leave(one *lookup[V]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one.callers--
	if one.callers == 0 && one.cancel != nil {
		one.cancel()
		one.cancel = nil
	}
}

func (l *lookups[K, V]) run(key K, one *lookup[V]) {
	backoff := l.client.cfg.retryBackoff()
	for {
		ctx, ok := l.begin(key, one)
		if !ok {
			return
		}
		value, again, err := l.try(ctx, key, backoff.Failures())
		if l.ended(key, one, value, again, err) {
			return
		}
		if sleep(l.client.ctx, backoff.Next()) != nil {
			return
		}
	}
}

// begin reports whether anyone waits for the next try.
func (l *lookups[K, V]) begin(key K, one *lookup[V]) (context.Context, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one.callers == 0 {
		delete(l.running, key)
		return nil, false
	}
	ctx, cancel := context.WithCancel(l.client.ctx)
	one.cancel = cancel
	return ctx, true
}

// ended notes the result of a try, and reports whether it is the lookup's.
func (l *lookups[K, V]) ended(key K, one *lookup[V], value V, again bool, err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one.cancel != nil {
		one.cancel()
		one.cancel = nil
	} else if err != nil {
		return false // nobody waited for it any more
	}
	if err != nil && again {
		one.last = err
		one.tries++
		return false
	}
	one.value, one.err = value, err
	delete(l.running, key)
	close(one.done)
	return true
}
