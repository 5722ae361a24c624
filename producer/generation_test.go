package producer

import "testing"

func done(g *generation) bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// TestGenerations: a generation is done when its batches are, and those before
// it.
func TestGenerations(t *testing.T) {
	g := newGenerations()
	if !done(g.end(false)) {
		t.Error("with nothing there, a flush waits")
	}
	a := g.enter()
	first := g.end(false)
	b := g.enter()
	second := g.end(false)
	third := g.end(false)
	g.leave(b)
	if done(first) || done(second) || done(third) {
		t.Error("done before the first batch is")
	}
	c := g.enter()
	g.leave(a)
	if !done(first) || !done(second) || !done(third) {
		t.Error("not done with all batches")
	}
	fourth := g.end(false)
	g.split(c, 1)
	g.leave(c)
	if done(fourth) {
		t.Error("done with half of a batch")
	}
	g.leave(c)
	last := g.end(true)
	if !done(fourth) || !done(last) {
		t.Error("not done with the other half")
	}
	if g.enter() != nil {
		t.Error("a batch after the end")
	}
	if !done(g.end(false)) {
		t.Error("a flush after the end waits")
	}
}
