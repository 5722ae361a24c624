package producer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

// Partitioner chooses the partition of a record that names none. It is called
// by Send, from any goroutine, several at once.
type Partitioner interface {
	// Partition returns one of all. The slices hold partition ids in ascending
	// order: all of the topic's, never none, and those that have a leader now,
	// which may be none. They must not be changed. key is nil for a null key.
	Partition(topic string, key []byte, all, available []int32) int32
}

// DefaultPartitioner is the partitioner of kafka-python, and of Java's client
// for records with a key: a key's murmur2 hash chooses among all partitions, so
// a key stays in its partition as long as their number does. A record whose key
// is null goes to a random partition that has a leader, or to any when none has.
// An empty key is a key.
type DefaultPartitioner struct{}

// Partition implements Partitioner.
func (DefaultPartitioner) Partition(_ string, key []byte, all, available []int32) int32 {
	if key != nil {
		return byMurmur2(key, all)
	}
	if len(available) > 0 {
		all = available
	}
	return all[rand.IntN(len(all))]
}

// Murmur2Partitioner is kafka-python's partitioner of that name, which its
// KeyedProducer offered: DefaultPartitioner for keys, but a null key is hashed
// too, as the four bytes "None".
type Murmur2Partitioner struct{}

// Partition implements Partitioner.
func (Murmur2Partitioner) Partition(_ string, key []byte, all, _ []int32) int32 {
	if key == nil {
		key = []byte("None")
	}
	return byMurmur2(key, all)
}

// byMurmur2 drops the hash's sign bit, as Java's client does.
func byMurmur2(key []byte, all []int32) int32 {
	return all[(murmur2(key)&0x7fffffff)%uint32(len(all))]
}

// RoundRobinPartitioner gives each record of a topic to the next partition,
// whatever its key; among those that have a leader, or among all when none has.
// When the partitions change, it begins again at the first. Make one with
// NewRoundRobinPartitioner.
type RoundRobinPartitioner struct {
	mu    sync.Mutex // guards turns
	turns map[string]*turn
}

// turn is where a topic's round stands.
type turn struct {
	partitions []int32
	next       int
}

// NewRoundRobinPartitioner makes a RoundRobinPartitioner.
func NewRoundRobinPartitioner() *RoundRobinPartitioner {
	return &RoundRobinPartitioner{turns: map[string]*turn{}}
}

// Partition implements Partitioner.
func (r *RoundRobinPartitioner) Partition(topic string, _ []byte, all, available []int32) int32 {
	if len(available) > 0 {
		all = available
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.turns[topic]
	if t == nil {
		t = &turn{}
		r.turns[strings.Clone(topic)] = t
	}
	if !slices.Equal(t.partitions, all) {
		t.partitions, t.next = slices.Clone(all), 0
	}
	id := t.partitions[t.next]
	t.next = (t.next + 1) % len(t.partitions)
	return id
}
