package consumer

import (
	"errors"
	"slices"
	"testing"
)

// one is a subscriptionState with t/0 assigned, at offset 10.
func one() (*subscriptionState, *partition) {
	s := newSubscriptionState()
	s.assign(tps("t", 0), lookupLatest)
	p := s.parts[tps("t", 0)[0]]
	p.seek(10)
	return s, p
}

// fetched pushes a chunk of n bytes that ends before end.
func (p *partition) fetched(n *fetchNode, bytes int, end int64) *chunk {
	c := newChunk(p, n, make([]byte, bytes), p.fetchAt, end)
	p.push(c)
	return c
}

func (p *partition) want(t *testing.T, position, finished, fetchAt int64) {
	t.Helper()
	if p.next() != position || p.done() != finished || p.fetchAt != fetchAt {
		t.Errorf("position %d, finished %d, fetch at %d; want %d, %d, %d", p.next(), p.done(), p.fetchAt, position, finished, fetchAt)
	}
}

func TestAssignKeepsPositions(t *testing.T) {
	s := newSubscriptionState()
	s.assign(tps("t", 0), lookupLatest)
	s.parts[tps("t", 0)[0]].seek(5)
	added, removed := s.assign(tps("t", 1, 0, 1), lookupLatest)
	if !slices.Equal(added, tps("t", 1)) || removed != nil {
		t.Errorf("added %v, removed %v", added, removed)
	}
	if p := s.parts[tps("t", 0)[0]]; p.next() != 5 || p.lookup != lookupNone {
		t.Error("the partition that stayed lost its position")
	}
	if p := s.parts[tps("t", 1)[0]]; p.lookup != lookupLatest {
		t.Error("the new partition has a position")
	}
	if got := s.commits(); len(got) != 1 || got[tps("t", 0)[0]].Offset != 5 {
		t.Errorf("would commit %v", got)
	}
	if _, removed = s.assign(nil, lookupNone); !slices.Equal(removed, tps("t", 0, 1)) || len(s.order) != 0 {
		t.Errorf("removed %v, left %v", removed, s.assigned())
	}
}

func TestWhatIsFinished(t *testing.T) {
	var n fetchNode
	t.Run("poll", func(t *testing.T) {
		s, p := one()
		p.fetched(&n, 100, 20)
		p.want(t, 10, 10, 20)
		p.position = p.pop().end
		p.want(t, 20, 10, 20) // returned, not finished
		s.finishAll()
		p.want(t, 20, 20, 20)
	})
	t.Run("records", func(t *testing.T) {
		s, p := one()
		p.fetched(&n, 100, 20)
		c := p.pop()
		p.take(c)
		p.want(t, 10, 10, 20)
		c.hand.Store(12) // 10 and 11 are gone from the log
		p.want(t, 13, 12, 20)
		p.putBack(c) // a break
		p.want(t, 13, 12, 20)
		s.finishAll() // the next Records or Poll, or a Commit
		p.want(t, 13, 13, 20)
		p.take(p.pop())
		p.used(c)
		p.want(t, 20, 20, 20)
	})
	t.Run("seek", func(t *testing.T) {
		_, p := one()
		p.fetched(&n, 100, 20)
		c := p.pop()
		p.take(c)
		c.hand.Store(12)
		p.seek(3)
		c.hand.Store(13) // the iteration has not noticed yet
		p.want(t, 3, 3, 3)
		p.putBack(c)
		p.used(c)
		p.want(t, 3, 3, 3)
		if len(p.queue) != 0 {
			t.Error("a stale chunk was put back")
		}
	})
	t.Run("damage", func(t *testing.T) {
		s, p := one()
		p.fetched(&n, 100, 20)
		p.fetched(&n, 100, 30)
		p.position = p.pop().end
		broken := errors.New("broken")
		p.failAt(15, broken)
		p.want(t, 15, 10, 15)
		if p.fault != broken || p.readable(&n) || len(p.queue) != 0 {
			t.Error("goes on after damage")
		}
		s.finishAll()
		p.want(t, 15, 15, 15)
		p.seek(16)
		if p.fault != nil || !p.readable(&n) {
			t.Error("a Seek did not heal")
		}
	})
}

func TestBytesInTheQueueAreCounted(t *testing.T) {
	var n fetchNode
	_, p := one()
	for i := range int64(4) {
		p.fetched(&n, 100, 20+10*i)
	}
	check := func(want int) {
		t.Helper()
		if n.used != want || p.buffered != want {
			t.Fatalf("%d bytes of the node, %d of the partition; want %d", n.used, p.buffered, want)
		}
	}
	check(400)
	c := p.pop()
	check(300)
	p.take(c)
	p.putBack(c)
	check(400)
	p.take(p.pop())
	p.paused = true
	if p.pop() != nil {
		t.Error("a paused partition gave a chunk")
	}
	p.drop()
	check(0)
	p.want(t, 10, 10, 20) // what is open is not fetched again
	p.seek(0)
	check(0)
}
