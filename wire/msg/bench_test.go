package msg_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// metadata of 1,000 topics with 10 partitions each.
func metadata() *msg.MetadataResponse {
	m := msg.NewMetadataResponse()
	for node := range int32(10) {
		m.Brokers = append(m.Brokers, msg.MetadataResponseBroker{NodeID: node, Host: fmt.Sprintf("broker-%d.example.com", node), Port: 9092, Rack: new("eu-1")})
	}
	for i := range 1000 {
		topic := msg.MetadataResponseTopic{Name: new(fmt.Sprintf("topic-of-some-length-%d", i)), TopicAuthorizedOperations: math.MinInt32}
		for p := range int32(10) {
			topic.Partitions = append(topic.Partitions, msg.MetadataResponseTopicPartition{PartitionIndex: p, LeaderID: p, ReplicaNodes: []int32{p, 1, 2}, IsrNodes: []int32{p, 1, 2}, OfflineReplicas: []int32{}})
		}
		m.Topics = append(m.Topics, topic)
	}
	return m
}

func BenchmarkMetadataDecode(b *testing.B) {
	for _, version := range []int16{1, 12} {
		encoded, err := metadata().Append(nil, version)
		if err != nil {
			b.Fatal(err)
		}
		for _, used := range []bool{false, true} {
			b.Run(fmt.Sprintf("v%d/reuse=%v", version, used), func(b *testing.B) {
				b.SetBytes(int64(len(encoded)))
				b.ReportAllocs()
				m := new(msg.MetadataResponse)
				for b.Loop() {
					if !used {
						m = new(msg.MetadataResponse)
					}
					if err := m.Decode(encoded, version); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkMetadataAppend(b *testing.B) {
	for _, version := range []int16{1, 12} {
		b.Run(fmt.Sprintf("v%d", version), func(b *testing.B) {
			m := metadata()
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if dst, err = m.Append(dst[:0], version); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(dst)))
		})
	}
}

// Strings, lists of numbers and the partitions of topics come in blocks.
func TestAllocations(t *testing.T) {
	encoded, err := metadata().Append(nil, 12)
	if err != nil {
		t.Fatal(err)
	}
	used, dst := new(msg.MetadataResponse), make([]byte, 0, 2*len(encoded))
	for what, c := range map[string]struct {
		most float64
		run  func() error
	}{
		"decoding":                     {70, func() error { return new(msg.MetadataResponse).Decode(encoded, 12) }},
		"decoding into a used message": {50, func() error { return used.Decode(encoded, 12) }},
		"appending":                    {0, func() error { _, err := used.Append(dst, 12); return err }},
	} {
		if err := used.Decode(encoded, 12); err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(5, func() { err = c.run() }); n > c.most || err != nil {
			t.Errorf("%s: %v allocations, want at most %v; %v", what, n, c.most, err)
		}
	}
}
