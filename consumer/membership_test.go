package consumer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// scripted is a protocol that answers each event with what a test wants, and remembers the events.
type scripted struct {
	answers map[string][]action
	heard   []string
}

func (s *scripted) step(_ time.Time, ev event) []action {
	name := strings.TrimPrefix(fmt.Sprintf("%T", ev), "consumer.")
	s.heard = append(s.heard, name)
	acts := s.answers[name]
	delete(s.answers, name)
	return acts
}

func (s *scripted) deadline() time.Time { return time.Time{} }
func (s *scripted) watched() []string   { return nil }

// memberOf is a consumer in generation 7 of a group, as a protocol says, with these partitions.
func memberOf(t *testing.T, s *scripted, partitions ...TopicPartition) *Consumer {
	c := newTestConsumer(t, nowhere(t), Config{Topics: []string{"t"}})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due.protocol = s
	c.subs.assign(partitions, lookupLatest)
	c.member = membership{id: "me", generation: 7}
	return c
}

func (c *Consumer) steps(ev event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step(ev)
}

// What follows an event at once is the next event, and so on.
func TestEventsFollowEvents(t *testing.T) {
	s := &scripted{answers: map[string][]action{
		"evTick":   {actRevoke{}},
		"evGaveUp": {actReport{err: errors.New("x")}, actRevoke{}},
	}}
	c := memberOf(t, s)
	c.steps(evTick{})
	if want := []string{"evTick", "evGaveUp", "evGaveUp"}; !slices.Equal(s.heard, want) {
		t.Errorf("the protocol heard %v, want %v", s.heard, want)
	}
}

// Whichever way a generation ends, nothing is done in its name any more.
func TestGenerationEnds(t *testing.T) {
	for name, c := range map[string]struct {
		act        action
		partitions []TopicPartition
		after      func(c *Consumer)
		want       int32
	}{
		"revoked, with nothing to give up": {actRevoke{}, nil, nil, -1},
		"lost, with nothing to give up":    {actLose{reason: ErrSessionExpired}, nil, nil, -1},
		"lost, and OnLost has not run":     {actLose{reason: ErrSessionExpired}, tps("t", 0), nil, -1},
		"revoked, and OnRevoked has not":   {actRevoke{}, tps("t", 0), nil, 7}, // a commit in it is to work
		"revoked, and given up":            {actRevoke{}, tps("t", 0), func(c *Consumer) { c.runErrands(t.Context()) }, -1},
		"unsubscribed":                     {nil, tps("t", 0), func(c *Consumer) { c.Unsubscribe(t.Context()) }, -1},
	} {
		s := &scripted{answers: map[string][]action{"evTick": {c.act}}}
		if c.act == nil {
			s.answers = nil
		}
		member := memberOf(t, s, c.partitions...)
		member.steps(evTick{})
		if c.after != nil {
			c.after(member)
		}
		if got := member.GroupMetadata().GenerationID; got != c.want {
			t.Errorf("%s: generation %d, want %d", name, got, c.want)
		}
	}
}
