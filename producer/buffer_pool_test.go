package producer

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func newTestPool(size, limit int) *bufferPool {
	return newBufferPool(&Config{BatchSize: size, BufferMemory: limit, MaxBlock: time.Second}, func() {})
}

func TestPoolCountsBytes(t *testing.T) {
	p := newTestPool(100, 350)
	a, _ := p.get(1)
	b, _ := p.get(100)
	if p.available() != 150 || cap(a.buf) < 100 {
		t.Fatalf("%d available after two buffers of 100, one of %d", p.available(), cap(a.buf))
	}
	if c, err := p.get(151); c != nil || err != nil {
		t.Fatal("gave more than there is")
	}
	p.put(a)
	if c, _ := p.get(50); c != a {
		t.Error("a buffer is not used again")
	}
	p.put(a)
	p.put(b)
	big, _ := p.get(300)
	if big == nil || cap(big.buf) < 300 || len(p.free) != 0 {
		t.Errorf("a large buffer must push out those that lie free; %d do", len(p.free))
	}
	p.put(big)
	if p.available() != 350 || len(p.free) != 0 {
		t.Errorf("%d available, %d free buffers", p.available(), len(p.free))
	}
}

// TestPoolIsFair: who waits first is served first, and nobody overtakes, even if
// there is enough for him.
func TestPoolIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTestPool(100, 300)
		var held []*batch
		for range 3 {
			b, _ := p.get(100)
			held = append(held, b)
		}
		order := make(chan int, 3)
		for i, need := range []int{200, 50, 100} {
			go func() {
				b, err := p.wait(t.Context(), need, time.Hour)
				if err != nil {
					t.Error(err)
				}
				order <- i
				time.Sleep(time.Second)
				p.put(b)
			}()
			synctest.Wait()
		}
		if p.waiting.Load() != 3 || !p.exhausted() {
			t.Errorf("%d wait", p.waiting.Load())
		}
		p.put(held[0]) // not enough for the first
		synctest.Wait()
		if len(order) > 0 {
			t.Fatalf("%d overtook", <-order)
		}
		if b, _ := p.get(100); b != nil {
			t.Fatal("get overtook those that wait")
		}
		p.put(held[1])
		for want := range 3 {
			if got := <-order; got != want {
				t.Errorf("%d was served instead of %d", got, want)
			}
			if want == 0 {
				p.put(held[2])
			}
		}
		time.Sleep(2 * time.Second)
		if p.available() != 300 || p.exhausted() {
			t.Errorf("%d available at the end", p.available())
		}
	})
}

// TestPoolServesTheSecond: memory that is enough for two who wait serves both;
// and when the first gives up, what he was too large for serves the second.
func TestPoolServesTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTestPool(100, 300)
		big, _ := p.get(300)
		served := make(chan error, 2)
		wait := func(need int, timeout time.Duration) {
			go func() {
				b, err := p.wait(t.Context(), need, timeout)
				served <- err
				if err == nil {
					time.Sleep(time.Second)
					p.put(b)
				}
			}()
			synctest.Wait()
		}
		wait(150, time.Hour)
		wait(150, time.Hour)
		p.put(big)
		synctest.Wait()
		if len(served) != 2 {
			t.Fatalf("%d were served of two", len(served))
		}
		<-served
		<-served
		time.Sleep(2 * time.Second)

		small, _ := p.get(200)
		wait(300, time.Minute)
		wait(100, time.Hour)
		if len(served) != 0 {
			t.Fatal("someone was served out of turn")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(served) != 2 {
			t.Fatalf("%d came to an end when the first gave up", len(served))
		}
		if first, second := <-served, <-served; !errors.Is(first, os.ErrDeadlineExceeded) && !errors.Is(second, os.ErrDeadlineExceeded) {
			t.Errorf("%v, %v: nobody gave up", first, second)
		}
		p.put(small)
		time.Sleep(2 * time.Second)
		if p.available() != 300 || p.exhausted() {
			t.Errorf("%d available at the end", p.available())
		}
	})
}

func TestPoolWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTestPool(100, 100)
		b, _ := p.get(100)
		began := time.Now()
		_, err := p.wait(t.Context(), 100, time.Second)
		if waited := time.Since(began); waited != time.Second || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", waited, err)
		}
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(cause) })
		if _, err := p.wait(ctx, 100, time.Hour); err != cause {
			t.Errorf("a cancelled wait: %v", err)
		}
		if p.exhausted() || p.waiters.len() != 0 {
			t.Error("those who gave up still count as waiting")
		}
		time.AfterFunc(time.Minute, func() { p.close(ErrClosed) })
		if _, err := p.wait(t.Context(), 100, time.Hour); err != ErrClosed {
			t.Errorf("a wait while it is closed: %v", err)
		}
		p.put(b)
		if _, err := p.get(1); err != ErrClosed {
			t.Errorf("get when closed: %v", err)
		}
		if _, err := p.wait(t.Context(), 1, time.Hour); err != ErrClosed {
			t.Errorf("wait when closed: %v", err)
		}
	})
}

// TestPoolWaitServedLate: a waiter that gives up at the moment at which it is
// served keeps what it was given; nothing is lost.
func TestPoolWaitServedLate(t *testing.T) {
	p := newTestPool(100, 100)
	first, _ := p.get(100)
	p.mu.Lock()
	w := p.newWaiter(100)
	p.waiters.push(w)
	p.waiting.Add(1)
	p.mu.Unlock()
	p.put(first) // serves w
	p.mu.Lock()
	b, err := p.waited(w, errors.New("gave up"))
	p.mu.Unlock()
	if b == nil || err != nil {
		t.Fatalf("%v, %v", b, err)
	}
	p.put(b)
	if p.available() != 100 {
		t.Errorf("%d available", p.available())
	}
}
