package producer

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// Record is what Send takes. Send has copied everything when it returns.
type Record struct {
	Topic     string
	Partition Partition // zero: the partitioner chooses
	// Key and Value are null when nil, and empty when empty; one of them must not
	// be nil.
	Key, Value []byte
	// Headers need brokers of 0.11 or later (KIP-82).
	Headers []wire.Header
	// Timestamp is kept in milliseconds. Zero: the time of Send, exact to some
	// milliseconds. Brokers before 0.10 keep none, and a topic whose
	// message.timestamp.type is LogAppendTime keeps the broker's own time instead
	// (KIP-32).
	Timestamp time.Time
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
	Topic     string
	Partition int32
	// Offset is the record's place in the partition; -1 with AcksNone, where
	// nobody knows it.
	Offset int64
	// Timestamp is what the broker keeps: the record's own, or the broker's when
	// the topic says so; zero where it keeps none, before 0.10.
	Timestamp time.Time
}

// Future is the result of a record that Send accepted, now or later. It is a
// value, may be copied, and may be waited for from any goroutine, any number of
// times.
type Future struct {
	result    *result
	index     int32
	timestamp int64
}

var errZeroFuture = errors.New("producer: the zero Future belongs to no record; Send gives it together with an error")

// Done is closed when the record has its result. A SendFunc callback of another
// record may still be running then; Flush waits for those.
func (f Future) Done() <-chan struct{} {
	if f.result == nil {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	return f.result.done
}

// Wait waits for the record's result. Its error is what became of the record, a
// *DeliveryError, unless ctx ended first: then it is ctx's cause, and the record
// goes its way all the same.
func (f Future) Wait(ctx context.Context) (RecordMetadata, error) {
	if f.result == nil {
		return RecordMetadata{}, errZeroFuture
	}
	select {
	case <-f.result.done:
		return f.result.metadata(f.index, f.timestamp)
	default:
	}
	select {
	case <-f.result.done:
		return f.result.metadata(f.index, f.timestamp)
	case <-ctx.Done():
		return RecordMetadata{}, context.Cause(ctx)
	}
}
