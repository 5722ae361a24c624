package consumer

import (
	"bytes"
	"errors"
	"iter"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TimestampType says who gave a record its timestamp.
type TimestampType int8

const (
	CreateTime    TimestampType = iota // the producer
	LogAppendTime                      // the broker
	NoTimestamp                        // nobody: message format v0 has none
)

// String is Kafka's name for it.
func (t TimestampType) String() string {
	switch t {
	case CreateTime:
		return "CreateTime"
	case LogAppendTime:
		return "LogAppendTime"
	}
	return "NoTimestampType"
}

// Record is one record as it was read. Key and Value, and what Headers yields, are slices of the
// fetched buffer, or of the batch as it was unpacked: not copied, never reused, good for as long
// as the Record is held, and not to be written to. Holding one record holds its whole buffer;
// Clone lets go of it.
type Record struct {
	Topic     string
	Partition int32
	// Offset is the record's place in its partition.
	Offset int64
	// LeaderEpoch is the epoch of the leader that appended it, -1 if unknown (before 0.11).
	LeaderEpoch int32
	// TimestampType says what Timestamp is.
	TimestampType TimestampType
	// Timestamp is zero when there is none.
	Timestamp time.Time
	// Key and Value are nil when they are null.
	Key, Value []byte

	headers record.Headers
}

// Headers iterates over the record's headers in order; a name may come more than once. A nil value
// is null. Brokers before 0.11 keep none.
func (r *Record) Headers() iter.Seq2[string, []byte] { return r.headers.All() }

// Clone is the record in memory of its own.
func (r *Record) Clone() Record {
	out := *r
	out.Key, out.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
	out.headers = r.headers.Clone()
	return out
}

// TopicPartition names the partition that the record was read from.
func (r *Record) TopicPartition() TopicPartition {
	return TopicPartition{Topic: r.Topic, Partition: r.Partition}
}

// newRecord makes what the application sees.
func newRecord(tp TopicPartition, cur *cursor, rec *record.Record) Record {
	out := Record{
		Topic:       tp.Topic,
		Partition:   tp.Partition,
		Offset:      rec.Offset,
		LeaderEpoch: cur.batch.PartitionLeaderEpoch,
		Key:         rec.Key,
		Value:       rec.Value,
		headers:     rec.Headers,
	}
	switch {
	case rec.Timestamp < 0:
		out.TimestampType = NoTimestamp
	default:
		out.Timestamp = time.UnixMilli(rec.Timestamp)
		if rec.LogAppendTime {
			out.TimestampType = LogAppendTime
		}
	}
	return out
}

// Polled is what one Poll returned: batches of records that are unpacked and decoded while you
// iterate, each time again. The zero Polled is empty. It stays good after the next Poll.
type Polled struct {
	c      *Consumer
	chunks []*chunk
}

// Empty says that Poll found nothing before its timeout.
func (r Polled) Empty() bool { return len(r.chunks) == 0 }

// All iterates over the records, partition after partition, each in the order of its offsets.
// Where a batch can't be unpacked or decoded it ends for that partition: the position stays
// before that record, and the next Poll says what is wrong.
func (r Polled) All() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for _, ch := range r.chunks {
			if !r.c.each(ch, yield) {
				return
			}
		}
	}
}

// Partitions iterates over the partitions, each with its records as All would yield them.
func (r Polled) Partitions() iter.Seq2[TopicPartition, iter.Seq[Record]] {
	return func(yield func(TopicPartition, iter.Seq[Record]) bool) {
		for _, ch := range r.chunks {
			if !yield(ch.p.tp, func(yield func(Record) bool) { r.c.each(ch, yield) }) {
				return
			}
		}
	}
}

// each yields the records of a chunk that Poll returned; false when the body wants no more.
func (c *Consumer) each(ch *chunk, yield func(Record) bool) bool {
	cur := ch.cur
	before := cur.count
	defer func() {
		if ch.counted.CompareAndSwap(false, true) {
			c.meter.consumed(cur.count-before, time.Now())
		}
	}()
	options := c.readOptions()
	var rec record.Record
	for {
		if err := cur.next(&options, &rec); err != nil {
			if !errors.Is(err, errChunkEnd) {
				c.undeliverable(ch, cur.at, err)
			}
			return true
		}
		if !yield(newRecord(ch.p.tp, &cur, &rec)) {
			return false
		}
	}
}
