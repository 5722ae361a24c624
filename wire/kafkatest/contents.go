package kafkatest

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// A Record is one that is in a partition, or is to be.
type Record struct {
	Topic     string        // of Records alone: Produce is told where
	Partition int32         // likewise
	Offset    int64         // likewise
	Timestamp time.Time     // in milliseconds; Produce takes the current time where it is zero, and Records leaves it zero where there is none
	Key       []byte        // nil is null
	Value     []byte        // nil is null
	Headers   []wire.Header // before 0.11 there are none
}

// Produce appends records to a partition as one batch, past all brokers: no
// request is counted, no control function is asked, and a leader is not needed.
// It returns the offset of the first. It is an error when there is no such
// partition, or the release refuses the records: too large, or with headers
// before 0.11.
func (c *Cluster) Produce(topic string, partition int32, records ...Record) (offset int64, err error) {
	c.tb.Helper()
	offset, err = c.produce(topic, partition, records)
	return offset, c.done(err)
}

func (c *Cluster) produce(topic string, partition int32, records []Record) (int64, error) {
	p, err := c.knownPartition(topic, partition)
	if err != nil {
		return -1, err
	}
	r := c.config.release
	var b record.Builder
	b.Reset(r.maxFormat(), nil)
	for _, rec := range records {
		if rec.Timestamp.IsZero() {
			rec.Timestamp = time.Now()
		}
		if err := b.Append(rec.Timestamp.UnixMilli(), rec.Key, rec.Value, rec.Headers); err != nil {
			return -1, fmt.Errorf("kafkatest: producing to %s/%d as %v: %w", topic, partition, r, err)
		}
	}
	data, err := b.Seal(nil, nil)
	if err != nil || len(records) == 0 {
		return -1, fmt.Errorf("kafkatest: %d records for %s/%d: %w", len(records), topic, partition, errors.Join(err, wire.ErrInvalidRecord))
	}
	if b.Format() == record.V2 {
		record.Stamp(data, -1, -1, -1)
	}
	chunk, err := checkRecords(data, c.versions[wire.KeyProduce].Max, r, c.config.maxMessageBytes, c.codecs)
	if err != nil {
		return -1, fmt.Errorf("kafkatest: producing to %s/%d: %w", topic, partition, err)
	}
	for {
		leader, _ := p.leadership() // in whose name it is written, if there is one
		offset, _, err := p.append(leader, &chunk, c.codecs)
		if !errors.Is(err, wire.ErrNotLeaderOrFollower) {
			return offset, err
		}
	}
}

// Records returns what is in partitions of a topic, in all of them where none is
// named: by partition, then by offset. It is an error when there is no such
// partition. The slices are not to be written to.
func (c *Cluster) Records(topic string, partitions ...int32) ([]Record, error) {
	c.tb.Helper()
	all, err := c.records(topic, partitions)
	return all, c.done(err)
}

func (c *Cluster) records(topic string, partitions []int32) (all []Record, err error) {
	t := c.topic(topic, wire.UUID{})
	if t == nil {
		_, err := c.knownPartition(topic, 0)
		return nil, err
	}
	if len(partitions) == 0 {
		for _, p := range t.partitions {
			partitions = append(partitions, p.id)
		}
	}
	for _, id := range partitions {
		p, err := c.knownPartition(topic, id)
		if err != nil {
			return nil, err
		}
		start, segments := p.contents()
		for _, data := range segments {
			if all, err = c.decode(all, topic, id, start, data); err != nil {
				return nil, fmt.Errorf("kafkatest: %s/%d: %w", topic, id, err)
			}
		}
	}
	return all, nil
}

// contents are the bytes of the partition's log, and the first offset of it that
// can be read.
func (p *partition) contents() (start int64, segments [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.log.segments {
		segments = append(segments, s.data[:len(s.data):len(s.data)])
	}
	return p.log.start, segments
}

// decode adds the records in stored bytes, from the offset start on.
func (c *Cluster) decode(all []Record, topic string, partition int32, start int64, data []byte) ([]Record, error) {
	for reader := record.NewReader(data); ; {
		b, err := reader.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		records, err := b.Records(c.codecs, nil, maxUnpacked)
		if err != nil {
			return nil, err
		}
		for r, err := range records.All() {
			if err != nil {
				return nil, err
			}
			if r.Offset < start {
				continue
			}
			out := Record{Topic: topic, Partition: partition, Offset: r.Offset, Key: r.Key, Value: r.Value}
			if r.Timestamp >= 0 {
				out.Timestamp = time.UnixMilli(r.Timestamp)
			}
			for key, value := range r.Headers.All() {
				out.Headers = append(out.Headers, wire.Header{Key: key, Value: value})
			}
			all = append(all, out)
		}
	}
}

// A Commit is what a group has committed for a partition.
type Commit struct {
	Offset      int64 // of the next record to read; -1: nothing was committed
	LeaderEpoch int32 // -1: none was named
	Metadata    string
}

// Committed returns what a group has committed for a partition: at its
// coordinator or, where there is nothing, in what was ZooKeeper (OffsetCommit
// v0). Where there is no such partition it fails the test of Start, or is as if
// nothing was committed.
func (c *Cluster) Committed(group, topic string, partition int32) Commit {
	c.tb.Helper()
	if _, err := c.knownPartition(topic, partition); c.done(err) != nil {
		return Commit{Offset: -1, LeaderEpoch: -1}
	}
	return c.groups.committed(group, wire.TopicPartition{Topic: topic, Partition: partition})
}

func (c *coordinator) committed(group string, tp wire.TopicPartition) Commit {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, store := range []offsets{c.offsets, c.zooKeeper} {
		if o, ok := store[group][tp]; ok {
			return Commit{Offset: o.offset, LeaderEpoch: o.leaderEpoch, Metadata: o.metadata}
		}
	}
	return Commit{Offset: -1, LeaderEpoch: -1}
}
