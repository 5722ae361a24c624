package producer

import (
	"context"
	"errors"
)

// Future is the result of a record that Send accepted, now or later. It is a
// value, may be copied, and may be waited for from any goroutine, any number of
// times.
type Future struct {
	result    *result
	index     int32
	timestamp int64
}

// SettledFuture is a Future that has its result, for tests of what waits for
// one. Of md's Timestamp the milliseconds are kept; if err is not nil, of md only
// the partition.
func SettledFuture(md RecordMetadata, err error) Future {
	r := newResult(md.TopicPartition)
	r.left = 1
	r.add(outcome{count: 1, offset: md.Offset, appendTime: noTimestamp, timeless: md.Timestamp.IsZero(), err: err})
	return Future{result: r, timestamp: md.Timestamp.UnixMilli()}
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
