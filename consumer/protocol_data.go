package consumer

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// What members of a group tell each other, through the coordinator, in JoinGroup and SyncGroup: an
// int16 version and a ConsumerProtocolSubscription or a ConsumerProtocolAssignment. Version 0
// says all that range and round robin need, and every client reads it, so that is what is written.

const consumerProtocolType = "consumer"

func encodeSubscription(a assignors.Assignor, topics []string) ([]byte, error) {
	s := msg.NewConsumerProtocolSubscription()
	s.Topics = topics
	said, err := a.Subscribe(assignors.Subscriber{Topics: slices.Clone(topics)})
	if err != nil {
		return nil, &assignorError{name: a.Protocol().Name, err: err}
	}
	if s.UserData = said.UserData; s.UserData == nil {
		s.UserData = []byte{} // some readers don't expect null
	}
	return s.Append([]byte{0, 0}, 0)
}

// decodeMembers reads the subscriptions of a group's members, and lists all their topics that can
// exist: one name that can't would keep the leader from asking for the others. What can be read of
// a subscription counts, whatever is wrong behind it: a member without its topics would get nothing
// and never learn why.
func (c *Consumer) decodeMembers(joined []joinedMember) (members []assignors.Member, topics []string) {
	all := map[string]bool{}
	for _, j := range joined {
		m := assignors.Member{ID: j.id, InstanceID: j.instanceID}
		var err error
		if m.Topics, m.UserData, err = decodeSubscription(j.metadata); err != nil {
			c.log.Warn("a member of the group has a subscription that can't be read to its end; it gets partitions of the topics that could be read",
				"group", c.cfg.GroupID, "member", j.id, "topics", m.Topics, "error", err)
		}
		members = append(members, m)
		for _, t := range m.Topics {
			if all[t] {
				continue
			}
			all[t] = true
			if canBeTopic(t) {
				topics = append(topics, t)
			} else {
				c.log.Warn("a member of the group subscribes to a topic that can't exist: a name has 1 to 249 letters, digits, '.', '_' and '-'",
					"group", c.cfg.GroupID, "member", j.id, "topic", t)
			}
		}
	}
	return members, topics
}

// canBeTopic is Kafka's rule for the names of topics.
func canBeTopic(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 249 && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	})
}

// decodeSubscription reads a subscription of any version up to what an assignor is given: each topic
// once, and the user data, which alias b. What newer versions have behind that (the partitions that
// are owned, a generation, a rack) is not looked at, so it may be missing: kafka-go writes
// version 1 without it. With an error there is what came before it.
func decodeSubscription(b []byte) (topics []string, userData []byte, err error) {
	fail := func(what string) ([]string, []byte, error) {
		return topics, nil, fmt.Errorf("%s of a subscription in its %d bytes", what, len(b))
	}
	r := dataReader{rest: b}
	r.int16() // the version
	n := r.int32()
	if r.short {
		return fail("no number of topics")
	}
	named := map[string]bool{"": true} // which no topic is
	for ; n > 0 && !r.short; n-- {
		if topic := string(r.bytes(int(r.int16()))); !named[topic] {
			named[topic] = true
			topics = append(topics, topic)
		}
	}
	if r.short {
		return fail(fmt.Sprintf("%d topics are missing", n+1))
	}
	if userData = r.bytes(int(r.int32())); r.short {
		return fail("no user data")
	}
	return topics, userData, nil
}

// A dataReader reads what a member or a leader wrote, as far as it goes.
type dataReader struct {
	rest  []byte
	short bool // more was to be read than there is
}

// bytes returns the next n bytes, which alias what is read; nil where n is negative.
func (r *dataReader) bytes(n int) []byte {
	switch {
	case r.short || n < 0:
		return nil
	case n > len(r.rest):
		r.short, r.rest = true, nil
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *dataReader) int16() int16 {
	if b := r.bytes(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return -1
}

func (r *dataReader) int32() int32 {
	if b := r.bytes(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return -1
}

// assign has the assignor share out the topics that exist, and encodes what each member gets.
func assign(a assignors.Assignor, members []assignors.Member, counts map[string]int32) (map[string][]byte, error) {
	group := assignors.Group{Members: members, Topics: map[string]assignors.Topic{}}
	for topic, n := range counts {
		if n > 0 {
			group.Topics[topic] = assignors.Topic{Partitions: n}
		}
	}
	assigned, err := a.Assign(group)
	if err != nil {
		return nil, &assignorError{name: a.Protocol().Name, err: err}
	}
	if err := checkAssignment(group, assigned); err != nil {
		return nil, &assignorError{name: a.Protocol().Name, err: err}
	}
	encoded := make(map[string][]byte, len(members))
	for _, m := range members {
		if encoded[m.ID], err = encodeAssignment(assigned.Members[m.ID].Partitions); err != nil {
			return nil, err
		}
	}
	return encoded, nil
}

// checkAssignment looks for what an assignor must not do: give a partition to two members, or to
// none that there is, or one that does not exist. What it gives to nobody is its own business.
func checkAssignment(g assignors.Group, a assignors.Assignment) error {
	known := make(map[string]bool, len(g.Members))
	for _, m := range g.Members {
		known[m.ID] = true
	}
	owner := map[TopicPartition]string{}
	for id, m := range a.Members {
		if !known[id] {
			return fmt.Errorf("it gave partitions to %q, which is no member of the group", id)
		}
		for _, tp := range m.Partitions {
			if other, taken := owner[tp]; taken {
				return fmt.Errorf("it gave %v twice, to %q and %q", tp, other, id)
			}
			if tp.Partition < 0 || tp.Partition >= g.Topics[tp.Topic].Partitions {
				return fmt.Errorf("it gave %v, which does not exist, to %q", tp, id)
			}
			owner[tp] = id
		}
	}
	return nil
}

func encodeAssignment(tps []TopicPartition) ([]byte, error) {
	a := msg.NewConsumerProtocolAssignment()
	at := map[string]int{}
	for _, tp := range tps {
		i, ok := at[tp.Topic]
		if !ok {
			i = len(a.AssignedPartitions)
			at[tp.Topic] = i
			a.AssignedPartitions = append(a.AssignedPartitions, msg.ConsumerProtocolAssignmentAssignedPartition{Topic: tp.Topic})
		}
		a.AssignedPartitions[i].Partitions = append(a.AssignedPartitions[i].Partitions, tp.Partition)
	}
	a.UserData = []byte{}
	return a.Append([]byte{0, 0}, 0)
}

// decodeAssignment reads the partitions that a leader gave this member, in any version. Nothing at
// all is an empty assignment. What is behind the partitions is not looked at.
func decodeAssignment(b []byte) (tps []TopicPartition, err error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := dataReader{rest: b}
	r.int16() // the version
	for topics := r.int32(); topics > 0 && !r.short; topics-- {
		topic := string(r.bytes(int(r.int16())))
		for partitions := r.int32(); partitions > 0 && !r.short; partitions-- {
			if p := r.int32(); !r.short {
				tps = append(tps, TopicPartition{Topic: topic, Partition: p})
			}
		}
	}
	if r.short {
		return nil, fmt.Errorf("consumer: the assignment from the group's leader can't be read: its %d bytes end before its partitions do", len(b))
	}
	return tps, nil
}
