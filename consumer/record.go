package consumer

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
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
	// LeaderEpoch is the epoch of the leader that appended it, unknown before 0.11.
	LeaderEpoch LeaderEpoch
	// TimestampType says what Timestamp is.
	TimestampType TimestampType
	// Timestamp is zero when there is none.
	Timestamp time.Time
	// Key and Value are nil when they are null.
	Key, Value []byte
	// Headers are in order; a key may come more than once, and a value is nil when it is null. nil
	// when there are none. Brokers before 0.11 keep none.
	Headers []Header

	reading *reading // that it belongs to; nil unless records are finished one by one
	skipped int64    // offsets before it that have no record
}

// Header is one header of a record.
type Header = wire.Header

// Header returns the value of the last header with that key, and whether there is one.
func (r Record) Header(key string) (value []byte, ok bool) {
	for _, h := range slices.Backward(r.Headers) {
		if h.Key == key {
			return h.Value, true
		}
	}
	return nil, false
}

// Clone is the record in memory of its own.
func (r Record) Clone() Record {
	r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
	r.Headers = slices.Clone(r.Headers)
	for i := range r.Headers {
		h := &r.Headers[i]
		h.Key, h.Value = strings.Clone(h.Key), bytes.Clone(h.Value)
	}
	return r
}

// TopicPartition names the partition that the record was read from.
func (r Record) TopicPartition() TopicPartition {
	return TopicPartition{Topic: r.Topic, Partition: r.Partition}
}

// Content returns what the record says, without where it stood. producer.NewRecord takes it to make
// a record to produce of one that was consumed.
func (r Record) Content() (key, value []byte, headers []Header, timestamp time.Time) {
	return r.Key, r.Value, r.Headers, r.Timestamp
}

// newRecord makes what the application sees.
func newRecord(ch *chunk, cur *cursor, rec *record.Record) Record {
	out := Record{
		Topic:       ch.p.tp.Topic,
		Partition:   ch.p.tp.Partition,
		Offset:      rec.Offset,
		LeaderEpoch: netclient.ToLeaderEpoch(cur.batch.PartitionLeaderEpoch),
		Key:         rec.Key,
		Value:       rec.Value,
		Headers:     cur.headers(rec),
		reading:     ch.reading,
		skipped:     cur.skipped,
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
