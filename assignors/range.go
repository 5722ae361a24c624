package assignors

import "github.com/barnabas-kafka/barnabas/wire"

// Range gives each member consecutive partitions of each topic: of p partitions
// and m members, the first p mod m members get one more than the others. Topics
// with as many partitions are shared alike, so that partitions of one number go
// to one member. It is the first choice by default, as it is Java's and
// kafka-python's (RangePartitionAssignor).
func Range() Assignor { return rangeAssignor{} }

type rangeAssignor struct{}

func (rangeAssignor) Protocol() Protocol { return Protocol{Name: "range"} }

func (rangeAssignor) Subscribe(Subscriber) (Subscription, error) { return Subscription{}, nil }

func (rangeAssignor) Assign(group Group) (Assignment, error) {
	members := order(group.Members)
	topics, byTopic := subscribers(members, group.Topics)
	all := make(given, len(members))
	for _, topic := range topics {
		who, partitions := byTopic[topic], group.Topics[topic].Partitions
		each, more := partitions/int32(len(who)), partitions%int32(len(who))
		next := int32(0)
		for nth, i := range who {
			end := next + each
			if int32(nth) < more {
				end++
			}
			for ; next < end; next++ {
				all[i] = append(all[i], wire.TopicPartition{Topic: topic, Partition: next})
			}
		}
	}
	return all.assignment(members), nil
}
