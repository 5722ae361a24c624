package msg_test

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// The same request in two versions: the topic's name gives way to its id.
func ExampleFetchRequest() {
	req := msg.NewFetchRequest()
	req.MaxWaitMs, req.MinBytes, req.MaxBytes = 500, 1, 50<<20
	topic := msg.FetchRequestTopic{Topic: "t", TopicID: wire.UUID{15: 7}}
	partition := msg.FetchRequestTopicPartition{}
	partition.SetDefaults()
	partition.FetchOffset, partition.PartitionMaxBytes = 42, 1<<20
	topic.Partitions = append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)

	for _, version := range []int16{4, 13} {
		body, err := req.Append(nil, version)
		if err != nil {
			fmt.Println(err)
			return
		}
		var got msg.FetchRequest
		if err := got.Decode(body, version); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("v%d: %d bytes, topic %q, id %s\n", version, len(body), got.Topics[0].Topic, got.Topics[0].TopicID)
	}
	// Output:
	// v4: 44 bytes, topic "t", id AAAAAAAAAAAAAAAAAAAAAA
	// v13: 80 bytes, topic "", id AAAAAAAAAAAAAAAAAAAABw
}

// Data inside another message has its version before it, two bytes that are not
// part of it.
func ExampleConsumerProtocolSubscription() {
	subscription := msg.NewConsumerProtocolSubscription()
	subscription.Topics = []string{"orders"}
	metadata, err := subscription.Append([]byte{0, 1}, 1)
	fmt.Printf("%x %v\n", metadata, err)
	// Output: 00010000000100066f7264657273ffffffff00000000 <nil>
}
