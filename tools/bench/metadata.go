package main

import (
	"fmt"

	"github.com/IBM/sarama"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// metadataResponse has 1,000 topics with 10 partitions each, on 3 brokers.
func metadataResponse() *message {
	m := msg.NewMetadataResponse()
	m.ClusterID = new("5L6g3nShT-eMCtK--X86sw")
	m.ControllerID = 1
	for node := range int32(3) {
		m.Brokers = append(m.Brokers, msg.MetadataResponseBroker{
			NodeID: node + 1, Host: fmt.Sprintf("broker-%d.example.com", node+1), Port: 9092, Rack: new(fmt.Sprintf("rack-%d", node)),
		})
	}
	for i := range 1000 {
		var topic msg.MetadataResponseTopic
		topic.SetDefaults()
		topic.Name = new(topicName(i))
		for p := range int32(10) {
			var partition msg.MetadataResponseTopicPartition
			partition.SetDefaults()
			partition.PartitionIndex = p
			partition.LeaderID = p%3 + 1
			partition.LeaderEpoch = 7
			partition.ReplicaNodes = []int32{p%3 + 1, (p+1)%3 + 1, (p+2)%3 + 1}
			partition.IsrNodes = []int32{p%3 + 1, (p+1)%3 + 1, (p+2)%3 + 1}
			topic.Partitions = append(topic.Partitions, partition)
		}
		m.Topics = append(m.Topics, topic)
	}
	return &message{
		name: "Metadata response", version: 9, ours: m,
		newOurs:   func() wire.Message { return new(msg.MetadataResponse) },
		newKmsg:   func() kmsgMessage { return new(kmsg.MetadataResponse) },
		newSarama: func() any { return new(sarama.MetadataResponse) },
		decode:    target{0.5, allocsRatio(0.1)},
		encode:    target{1, noAllocs()},
	}
}

func topicName(i int) string { return fmt.Sprintf("orders.by-region.%04d", i) }
