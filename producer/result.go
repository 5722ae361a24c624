package producer

import "time"

// result is what became of the records that were put into one batch. It is made
// with the batch and never used again, so that a Future stays right however
// old it is.
type result struct {
	TopicPartition
	done chan struct{} // closed when every record has its outcome

	// What follows belongs to the sender until done is closed, and is not changed
	// afterwards.
	outcome outcome
	others  []outcome // of a batch that was split
	left    int32     // records without an outcome; counted when the batch is closed to more
}

// outcome is what became of the records from index from on, count of them.
type outcome struct {
	from, count int32
	offset      int64 // of the first, -1 unknown
	appendTime  int64 // the broker's timestamp of them all in ms, noTimestamp: their own
	timeless    bool  // the broker keeps no timestamps
	err         error
}

// noTimestamp is how Kafka writes that there is none.
const noTimestamp = -1

func newResult(tp TopicPartition) *result {
	return &result{TopicPartition: tp, done: make(chan struct{})}
}

// add notes an outcome, and closes done with the last one.
func (r *result) add(o outcome) {
	if r.outcome.count == 0 {
		r.outcome = o
	} else {
		r.others = append(r.others, o)
	}
	if r.left -= o.count; r.left == 0 {
		close(r.done)
	}
}

// metadata is the result of one record. Its outcome must be there.
func (r *result) metadata(index int32, timestamp int64) (RecordMetadata, error) {
	o := &r.outcome
	for i := range r.others {
		if r.others[i].has(index) {
			o = &r.others[i]
		}
	}
	return o.metadata(r, index, timestamp)
}

func (o *outcome) has(index int32) bool { return index >= o.from && index < o.from+o.count }

func (o *outcome) metadata(r *result, index int32, timestamp int64) (RecordMetadata, error) {
	md := RecordMetadata{TopicPartition: r.TopicPartition, Offset: -1}
	if o.err != nil {
		return md, o.err
	}
	if o.offset >= 0 {
		md.Offset = o.offset + int64(index-o.from)
	}
	if o.appendTime != noTimestamp {
		timestamp = o.appendTime
	}
	if !o.timeless {
		md.Timestamp = time.UnixMilli(timestamp)
	}
	return md, nil
}
