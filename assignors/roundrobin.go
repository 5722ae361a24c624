package assignors

import (
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
)

// RoundRobin deals all partitions of all topics out in turn, passing over
// members that do not subscribe to the topic. Where all members subscribe to
// the same topics, no member has two partitions more than another. It is Java's
// and kafka-python's (RoundRobinPartitionAssignor).
func RoundRobin() Assignor { return roundRobin{} }

type roundRobin struct{}

func (roundRobin) Name() string { return "roundrobin" }

func (roundRobin) Subscription([]string, []wire.TopicPartition, int32) []byte { return nil }

func (roundRobin) Assign(members []Member, partitions map[string]int32) map[string][]wire.TopicPartition {
	assignment := nothing(members)
	members = order(members)
	topics, byTopic := subscribers(members, partitions)
	turn := 0 // index of the member that is next, whether it subscribes or not
	for _, topic := range topics {
		who := byTopic[topic]
		for p := range partitions[topic] {
			nth, _ := slices.BinarySearch(who, turn)
			i := who[nth%len(who)]
			id := members[i].ID
			assignment[id] = append(assignment[id], wire.TopicPartition{Topic: topic, Partition: p})
			turn = (i + 1) % len(members)
		}
	}
	return assignment
}
