package producer_test

import (
	"fmt"
	"hash/crc32"
	"hash/fnv"

	"github.com/barnabas-kafka/barnabas/producer"
)

// keysAsSarama puts a record with a key where sarama's default partitioner and
// kafka-go's Hash put it.
type keysAsSarama struct{ producer.DefaultPartitioner }

func (p keysAsSarama) Partition(topic string, key []byte, all, available []int32) int32 {
	if key == nil {
		return p.DefaultPartitioner.Partition(topic, key, all, available)
	}
	h := fnv.New32a()
	h.Write(key)
	n := int32(h.Sum32()) % int32(len(all))
	return all[max(n, -n)]
}

// keysAsLibrdkafka does it as librdkafka's default, consistent_random. An empty
// key is none to it.
type keysAsLibrdkafka struct{ producer.DefaultPartitioner }

func (p keysAsLibrdkafka) Partition(topic string, key []byte, all, available []int32) int32 {
	if len(key) == 0 {
		return p.DefaultPartitioner.Partition(topic, nil, all, available)
	}
	return all[crc32.ChecksumIEEE(key)%uint32(len(all))]
}

// A topic that clients with another hash write to as well keeps each key in one
// partition only if all of them hash alike.
func ExamplePartitioner() {
	seven := []int32{0, 1, 2, 3, 4, 5, 6}
	for _, key := range []string{"", "a", "key-1", "ключ"} {
		fmt.Printf("%q: murmur2 %d, FNV-1a %d", key,
			producer.DefaultPartitioner{}.Partition("t", []byte(key), seven, seven), keysAsSarama{}.Partition("t", []byte(key), seven, seven))
		if key != "" {
			fmt.Printf(", CRC-32 %d", keysAsLibrdkafka{}.Partition("t", []byte(key), seven, seven))
		}
		fmt.Println()
	}
	// Output:
	// "": murmur2 2, FNV-1a 2
	// "a": murmur2 5, FNV-1a 6, CRC-32 4
	// "key-1": murmur2 5, FNV-1a 1, CRC-32 0
	// "ключ": murmur2 4, FNV-1a 0, CRC-32 1
}
