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

func (roundRobin) Protocol() Protocol { return Protocol{Name: "roundrobin"} }

func (roundRobin) Subscribe(Subscriber) (Subscription, error) { return Subscription{}, nil }

func (roundRobin) Assign(group Group) (Assignment, error) {
	members := order(group.Members)
	topics, byTopic := subscribers(members, group.Topics)
	all := make(given, len(members))
	turn := 0 // index of the member that is next, whether it subscribes or not
	for _, topic := range topics {
		who := byTopic[topic]
		for p := range group.Topics[topic].Partitions {
			nth, _ := slices.BinarySearch(who, turn)
			i := who[nth%len(who)]
			all[i] = append(all[i], wire.TopicPartition{Topic: topic, Partition: p})
			turn = (i + 1) % len(members)
		}
	}
	return all.assignment(members), nil
}
