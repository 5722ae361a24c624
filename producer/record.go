package producer

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// TopicPartition names a partition of a topic.
type TopicPartition = wire.TopicPartition

// Header is a header of a record. A nil Value is null.
type Header = wire.Header

// Record is what Send takes. Send has copied everything when it returns.
type Record struct {
	Topic     string
	Partition Partition // zero: the partitioner chooses
	// Key and Value are null when nil, and empty when empty.
	Key, Value []byte
	// Headers need brokers of 0.11 or later (KIP-82).
	Headers []Header
	// Timestamp is kept in milliseconds; it can't be before 1970. Zero: the time of Send, exact to some
	// milliseconds. Brokers before 0.10 keep none, and a topic whose
	// message.timestamp.type is LogAppendTime keeps the broker's own time instead
	// (KIP-32).
	Timestamp time.Time
}

// Header returns the value of the header of that name, the last one if it is
// there more than once, as Java's lastHeader does; false if there is none.
func (r *Record) Header(name string) (value []byte, ok bool) {
	for _, h := range slices.Backward(r.Headers) {
		if h.Key == name {
			return h.Value, true
		}
	}
	return nil, false
}

// Content is what a consumed record has to be sent on: a consumer.Record.
type Content interface {
	Content() (key, value []byte, headers []Header, timestamp time.Time)
}

// NewRecord makes a record of a consumed one, to be sent to a topic: with its
// key, value, headers and timestamp. The partitioner chooses the partition;
// set Partition to keep it. Nothing is copied.
func NewRecord(topic string, from Content) Record {
	r := Record{Topic: topic}
	r.Key, r.Value, r.Headers, r.Timestamp = from.Content()
	return r
}

// Partition names a partition, or none: then the partitioner chooses. Its zero
// value names none. Make one with ToPartition.
type Partition struct {
	number int32 // the id + 1; 0: none
}

// ToPartition names the partition of that id, 0 being the first; -1 names none.
func ToPartition(id int32) Partition { return Partition{id + 1} }

// ID is the partition's id; false when none is named.
func (p Partition) ID() (id int32, named bool) { return p.number - 1, p.number != 0 }

// String is the id, or "any" when none is named.
func (p Partition) String() string {
	if id, named := p.ID(); named {
		return strconv.Itoa(int(id))
	}
	return "any"
}

// RecordMetadata says where a record was written.
type RecordMetadata struct {
	TopicPartition
	// Offset is the record's place in the partition; -1 with AcksNone, where
	// nobody knows it.
	Offset int64
	// Timestamp is what the broker keeps: the record's own, or the broker's when
	// the topic says so; zero where it keeps none, before 0.10.
	Timestamp time.Time
}

// String is topic/partition@offset.
func (m RecordMetadata) String() string { return fmt.Sprintf("%v@%d", m.TopicPartition, m.Offset) }
