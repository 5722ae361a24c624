package consumer

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// unreadable is the error of a partition whose record at an offset can't be read; raw begins with
// the batch that it is in.
func (p *partition) unreadable(at int64, raw []byte, err error) error {
	next := p.beyond(at, raw)
	if limit, ok := errors.AsType[*record.LimitError](err); ok {
		return &BatchTooLargeError{TopicPartition: p.tp, Offset: at, Next: next, Limit: limit.Limit, Err: err}
	}
	return &CorruptRecordError{TopicPartition: p.tp, Offset: at, Next: next, Err: err}
}

// triedAgain is the error of a partition that will be read when what is wrong has been put right.
func (p *partition) triedAgain(op string, err error) error {
	return &PartitionError{TopicPartition: p.tp, Op: op, Err: fmt.Errorf("%w; it is tried again until it works", err)}
}

// beyond is the offset to go on at after the batch or message that raw begins with: what its header
// says, if that can be, or else the next one.
func (p *partition) beyond(at int64, raw []byte) int64 {
	if next := following(raw); next > at && (p.highWater < 0 || next <= p.highWater) {
		return next
	}
	return at + 1
}

// following is the offset after the batch or message that raw begins with, by what can be read of it;
// -1 if it can't.
func following(raw []byte) int64 {
	const magicAt, lastDeltaAt = 16, 23 // in all formats, and in that of v2
	r := record.NewReader(raw)
	switch b, err := r.Next(); {
	case err != nil:
	case b.Format == record.V2 || b.Compression != record.None:
		return b.LastOffset + 1
	default: // a run of messages; the first is meant
		return firstOffset(raw) + 1
	}
	switch size := announced(raw); {
	case size > magicAt && size+8 <= len(raw): // there is another one after it
		return firstOffset(raw[size:])
	case len(raw) >= lastDeltaAt+4 && raw[magicAt] == 2:
		return firstOffset(raw) + int64(int32(binary.BigEndian.Uint32(raw[lastDeltaAt:]))) + 1
	case len(raw) > magicAt && raw[magicAt] < 2:
		return firstOffset(raw) + 1
	}
	return -1
}

func firstOffset(raw []byte) int64 { return int64(binary.BigEndian.Uint64(raw)) }
