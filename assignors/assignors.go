package assignors

import (
	"cmp"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
)

// An Assignor shares the partitions of a group's topics among its members. The
// group's leader runs it; all members must offer one of the same name. It is a
// plain value: it keeps nothing between two calls, and may be used by several
// goroutines.
type Assignor interface {
	// Name is what members agree on, such as "range".
	Name() string
	// Subscription returns the bytes that a member sends along when it joins, for
	// the leader's Assign: nil for none. owned is what the member had in that
	// generation; -1 is none yet.
	Subscription(topics []string, owned []wire.TopicPartition, generation int32) (userData []byte)
	// Assign gives every partition of every topic to one member that subscribes
	// to it. partitions has the number of partitions of each topic that exists.
	// The result has every member, those without a partition too.
	Assign(members []Member, partitions map[string]int32) map[string][]wire.TopicPartition
}

// A Member is a member of a group, as the leader hears of it.
type Member struct {
	ID         string
	InstanceID string   // group.instance.id of a static member (KIP-345), else empty
	Topics     []string // what it subscribes to
	UserData   []byte   // what its assignor's Subscription returned
}

// order sorts members as Java's assignors do: static members first, by instance
// id, then the others by member id. So members keep their places when a static
// one comes back under another member id.
func order(members []Member) []Member {
	return slices.SortedFunc(slices.Values(members), func(a, b Member) int {
		switch {
		case a.InstanceID != "" && b.InstanceID != "":
			return cmp.Compare(a.InstanceID, b.InstanceID)
		case a.InstanceID != "":
			return -1
		case b.InstanceID != "":
			return 1
		}
		return cmp.Compare(a.ID, b.ID)
	})
}

// subscribers finds who subscribes to each topic that exists: indices into
// members, ascending; and the topics in order. A topic that a member names twice
// counts once.
func subscribers(members []Member, partitions map[string]int32) (topics []string, byTopic map[string][]int) {
	byTopic = map[string][]int{}
	for i, m := range members {
		for _, topic := range m.Topics {
			who := byTopic[topic]
			switch {
			case partitions[topic] <= 0:
				continue
			case len(who) == 0:
				topics = append(topics, topic)
			case who[len(who)-1] == i: // named twice
				continue
			}
			byTopic[topic] = append(who, i)
		}
	}
	slices.Sort(topics)
	return topics, byTopic
}

// nothing is an assignment that gives nobody anything.
func nothing(members []Member) map[string][]wire.TopicPartition {
	assignment := make(map[string][]wire.TopicPartition, len(members))
	for _, m := range members {
		assignment[m.ID] = nil
	}
	return assignment
}
