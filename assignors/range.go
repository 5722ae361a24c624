package assignors

import "github.com/barnabas-kafka/barnabas/wire"

// Range gives each member consecutive partitions of each topic: of p partitions
// and m members, the first p mod m members get one more than the others. Topics
// with as many partitions are shared alike, so that partitions of one number go
// to one member. It is the first choice by default, as it is Java's and
// kafka-python's (RangePartitionAssignor).
func Range() Assignor { return rangeAssignor{} }

type rangeAssignor struct{}

func (rangeAssignor) Name() string { return "range" }

func (rangeAssignor) Subscription([]string, []wire.TopicPartition, int32) []byte { return nil }

func (rangeAssignor) Assign(members []Member, partitions map[string]int32) map[string][]wire.TopicPartition {
	assignment := nothing(members)
	members = order(members)
	topics, byTopic := subscribers(members, partitions)
	for _, topic := range topics {
		who := byTopic[topic]
		each, more := partitions[topic]/int32(len(who)), partitions[topic]%int32(len(who))
		next := int32(0)
		for nth, i := range who {
			end := next + each
			if int32(nth) < more {
				end++
			}
			id := members[i].ID
			for ; next < end; next++ {
				assignment[id] = append(assignment[id], wire.TopicPartition{Topic: topic, Partition: next})
			}
		}
	}
	return assignment
}
