package main

import (
	"github.com/IBM/sarama"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// The messages below have 1,000 partitions: 100 of each of 10 topics.
const (
	topics     = 10
	partitions = 100
)

func fetchRequest() *message {
	m := msg.NewFetchRequest()
	m.MaxWaitMs = 500
	m.MinBytes = 1
	m.MaxBytes = 50 << 20
	m.SessionEpoch = 0
	m.RackID = "rack-1"
	for i := range topics {
		topic := msg.FetchRequestTopic{Topic: topicName(i)}
		for p := range int32(partitions) {
			var partition msg.FetchRequestTopicPartition
			partition.SetDefaults()
			partition.Partition = p
			partition.CurrentLeaderEpoch = 7
			partition.FetchOffset = 1_000_000 + int64(p)
			partition.PartitionMaxBytes = 1 << 20
			topic.Partitions = append(topic.Partitions, partition)
		}
		m.Topics = append(m.Topics, topic)
	}
	return &message{
		name: "Fetch request", version: 12, ours: m,
		newOurs:   func() wire.Message { return new(msg.FetchRequest) },
		newKmsg:   func() kmsgMessage { return new(kmsg.FetchRequest) },
		newSarama: func() any { return new(sarama.FetchRequest) },
		decode:    target{1, fewerAllocs()},
		encode:    target{1, noAllocs()},
	}
}

// fetchResponse has a batch of one record in each partition. Ours and kmsg
// leave it as it came; sarama reads its records as well.
func fetchResponse() *message {
	m := msg.NewFetchResponse()
	m.SessionID = 12345
	for i := range topics {
		topic := msg.FetchResponseResponse{Topic: topicName(i)}
		for p := range int32(partitions) {
			var partition msg.FetchResponseResponsePartition
			partition.SetDefaults()
			partition.PartitionIndex = p
			partition.HighWatermark = 1_000_000 + int64(p)
			partition.LastStableOffset = partition.HighWatermark
			partition.LogStartOffset = 0
			partition.AbortedTransactions = []msg.FetchResponseResponsePartitionAbortedTransaction{}
			partition.Records = must(oursEncode(record.V2, testRecords(1), nil))
			topic.Partitions = append(topic.Partitions, partition)
		}
		m.Responses = append(m.Responses, topic)
	}
	return &message{
		name: "Fetch response", version: 12, ours: m,
		newOurs:   func() wire.Message { return new(msg.FetchResponse) },
		newKmsg:   func() kmsgMessage { return new(kmsg.FetchResponse) },
		newSarama: func() any { return new(sarama.FetchResponse) },
		decode:    target{1, fewerAllocs()},
		encode:    target{1, noAllocs()},
	}
}

func produceResponse() *message {
	m := msg.NewProduceResponse()
	for i := range topics {
		topic := msg.ProduceResponseResponse{Name: topicName(i)}
		for p := range int32(partitions) {
			var partition msg.ProduceResponseResponsePartitionResponse
			partition.SetDefaults()
			partition.Index = p
			partition.BaseOffset = 1_000_000 + int64(p)
			partition.LogStartOffset = 0
			topic.PartitionResponses = append(topic.PartitionResponses, partition)
		}
		m.Responses = append(m.Responses, topic)
	}
	return &message{
		name: "Produce response", version: 9, ours: m,
		newOurs:   func() wire.Message { return new(msg.ProduceResponse) },
		newKmsg:   func() kmsgMessage { return new(kmsg.ProduceResponse) },
		newSarama: func() any { return new(sarama.ProduceResponse) },
		decode:    target{1, fewerAllocs()},
		encode:    target{1, noAllocs()},
	}
}

func offsetCommitRequest() *message {
	m := msg.NewOffsetCommitRequest()
	m.GroupID = "billing"
	m.GenerationIDOrMemberEpoch = 3
	m.MemberID = "billing-1-5c4d3f0e-8d0f-4b3a-9a51-2f2c7d8e1b6a"
	for i := range topics {
		topic := msg.OffsetCommitRequestTopic{Name: topicName(i)}
		for p := range int32(partitions) {
			var partition msg.OffsetCommitRequestTopicPartition
			partition.SetDefaults()
			partition.PartitionIndex = p
			partition.CommittedOffset = 1_000_000 + int64(p)
			partition.CommittedLeaderEpoch = 7
			partition.CommittedMetadata = new("")
			topic.Partitions = append(topic.Partitions, partition)
		}
		m.Topics = append(m.Topics, topic)
	}
	return &message{
		name: "OffsetCommit request", version: 8, ours: m,
		newOurs:   func() wire.Message { return new(msg.OffsetCommitRequest) },
		newKmsg:   func() kmsgMessage { return new(kmsg.OffsetCommitRequest) },
		newSarama: func() any { return new(sarama.OffsetCommitRequest) },
		decode:    target{1, fewerAllocs()},
		encode:    target{1, noAllocs()},
	}
}

func offsetCommitResponse() *message {
	m := msg.NewOffsetCommitResponse()
	for i := range topics {
		topic := msg.OffsetCommitResponseTopic{Name: topicName(i)}
		for p := range int32(partitions) {
			topic.Partitions = append(topic.Partitions, msg.OffsetCommitResponseTopicPartition{PartitionIndex: p})
		}
		m.Topics = append(m.Topics, topic)
	}
	return &message{
		name: "OffsetCommit response", version: 8, ours: m,
		newOurs:   func() wire.Message { return new(msg.OffsetCommitResponse) },
		newKmsg:   func() kmsgMessage { return new(kmsg.OffsetCommitResponse) },
		newSarama: func() any { return new(sarama.OffsetCommitResponse) },
		decode:    target{1, fewerAllocs()},
		encode:    target{1, noAllocs()},
	}
}

// must is for data that is always good.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
