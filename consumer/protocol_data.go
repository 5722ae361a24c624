package consumer

import (
	"fmt"
	"slices"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/wire"
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
	return s.Append(wire.AppendInt16(nil, 0), 0)
}

// decodeMembers reads the subscriptions of a group's members, and lists all their topics. A member
// whose subscription can't be read gets nothing.
func (c *Consumer) decodeMembers(joined []joinedMember) (members []assignors.Member, topics []string) {
	all := map[string]bool{}
	for _, j := range joined {
		m := assignors.Member{ID: j.id, InstanceID: j.instanceID}
		var s msg.ConsumerProtocolSubscription
		if err := decodeVersioned(j.metadata, &s, s.Versions()); err != nil {
			c.log.Warn("a member of the group has a subscription that can't be read; it gets no partitions", "group", c.cfg.GroupID, "member", j.id, "error", err)
			members = append(members, m)
			continue
		}
		m.Topics, m.UserData = s.Topics, s.UserData
		members = append(members, m)
		for _, t := range s.Topics {
			if !all[t] {
				all[t] = true
				topics = append(topics, t)
			}
		}
	}
	return members, topics
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
	encoded := make(map[string][]byte, len(members))
	for _, m := range members {
		if encoded[m.ID], err = encodeAssignment(assigned.Members[m.ID].Partitions); err != nil {
			return nil, err
		}
	}
	return encoded, nil
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
	return a.Append(wire.AppendInt16(nil, 0), 0)
}

// decodeAssignment reads what a leader gave this member, in any version. Nothing at all is an
// empty assignment.
func decodeAssignment(b []byte) ([]TopicPartition, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var a msg.ConsumerProtocolAssignment
	if err := decodeVersioned(b, &a, a.Versions()); err != nil {
		return nil, fmt.Errorf("consumer: the assignment from the group's leader can't be read: %w", err)
	}
	var tps []TopicPartition
	for _, t := range a.AssignedPartitions {
		for _, p := range t.Partitions {
			tps = append(tps, TopicPartition{Topic: t.Topic, Partition: p})
		}
	}
	return tps, nil
}

// decodeVersioned reads a version and a message in that version; one that is newer than all known
// is read as the newest known, as its fields only ever grow in number.
func decodeVersioned(b []byte, m wire.Message, known wire.VersionRange) error {
	r := wire.NewReader(b, "version", 0)
	version := r.Int16()
	if err := r.Err(); r.Failed() {
		return err
	}
	return m.Decode(b[2:], min(version, known.Max))
}
