package assignors

import (
	"cmp"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
)

// An Assignor shares the partitions of a group's topics among its members. The
// group's leader runs it; all members must offer one of the same name. It keeps
// nothing between two calls, and may be used by several goroutines.
//
// What goes in and what comes out are structs, so that they can grow: name their
// fields when you make one.
type Assignor interface {
	// Protocol is what members agree on. It is always the same.
	Protocol() Protocol
	// Subscribe returns what a member sends along when it joins, for the leader's
	// Assign. With an error the member does not join; it is reported, and tried
	// again.
	Subscribe(Subscriber) (Subscription, error)
	// Assign gives every partition of every topic to one member that subscribes
	// to it. The group must not be changed. With an error nobody gets anything:
	// the leader's application is told, and the group joins again.
	Assign(Group) (Assignment, error)
}

// A Protocol names an assignor.
type Protocol struct {
	Name string // such as "range"; must not be empty
}

// A Subscriber is a member that is about to join.
type Subscriber struct {
	Topics []string // what it subscribes to
}

// A Subscription is what a member says to the leader besides its topics.
type Subscription struct {
	UserData []byte // nil for none
}

// A Group is what an Assignor shares out, and among whom.
type Group struct {
	Members []Member
	Topics  map[string]Topic // those that exist, of all that a member subscribes to
}

// A Member is a member of a group, as the leader sees it.
type Member struct {
	ID         string
	InstanceID string   // group.instance.id of a static member (KIP-345), else empty
	Topics     []string // what it subscribes to
	UserData   []byte   // what its assignor's Subscribe returned
}

// A Topic is a topic that can be shared out.
type Topic struct {
	Partitions int32 // how many it has, numbered from 0
}

// An Assignment is what the members of a group get.
type Assignment struct {
	// Members has what each member gets, by its ID. One that is missing gets
	// nothing.
	Members map[string]MemberAssignment
}

// A MemberAssignment is what one member gets.
type MemberAssignment struct {
	Partitions []wire.TopicPartition
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
func subscribers(members []Member, existing map[string]Topic) (topics []string, byTopic map[string][]int) {
	byTopic = map[string][]int{}
	for i, m := range members {
		for _, topic := range m.Topics {
			who := byTopic[topic]
			switch {
			case existing[topic].Partitions <= 0:
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

// given is who gets what, by the members' places in a list.
type given [][]wire.TopicPartition

// assignment has every member, those without a partition too.
func (g given) assignment(members []Member) Assignment {
	a := Assignment{Members: make(map[string]MemberAssignment, len(members))}
	for i, m := range members {
		a.Members[m.ID] = MemberAssignment{Partitions: append(g[i], a.Members[m.ID].Partitions...)} // an ID that came twice is one member
	}
	return a
}
