package consumer

import (
	"maps"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// local is the group protocol of a consumer that has no group to share with: GroupID is empty, or
// the brokers are older than 0.9. It gives this consumer every partition of its topics, and each
// new one as it appears.
type local struct {
	topics []string
	counts map[string]int32
	given  []wire.TopicPartition // nil: nothing was given yet
	active bool                  // the application has polled
}

func (m *local) deadline() time.Time { return time.Time{} }
func (m *local) watched() []string   { return m.topics }

func (m *local) step(_ time.Time, ev event) []action {
	switch ev := ev.(type) {
	case evPoll:
		if m.active {
			return nil
		}
		m.active = true
	case evSubscribe:
		m.topics = slices.Clone(ev.topics)
	case evCounts:
		if maps.Equal(m.counts, ev.counts) {
			return nil
		}
		m.counts = maps.Clone(ev.counts)
	case evLeave:
		*m = local{}
		return nil
	default:
		return nil
	}
	if !m.active || len(m.topics) == 0 && m.given == nil {
		return nil
	}
	want := []wire.TopicPartition{}
	for _, topic := range slices.Sorted(slices.Values(m.topics)) {
		for p := range m.counts[topic] {
			want = append(want, wire.TopicPartition{Topic: topic, Partition: p})
		}
	}
	if slices.Equal(want, m.given) || len(want) == 0 && m.given == nil {
		return nil
	}
	m.given = want
	return []action{actTake{generation: -1, partitions: want}}
}
