package record

import (
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A Builder makes a batch. Append encodes a record straight into its buffer;
// nothing is allocated unless the buffer must grow. The zero Builder writes v0;
// Reset begins anew. A Builder is not safe for concurrent use.
type Builder struct {
	buf           []byte // v2: room for the batch's head, then records; v0 and v1: messages
	format        Format
	attributes    int16 // without the compression
	count         int32
	next          int64 // the offset of the next record, counted from the batch's first
	last          int64 // that of the last record
	baseTimestamp int64
	maxTimestamp  int64
	logAppendTime int64 // of all records, where oneTime is set; a v2 batch has the producer's as well
	oneTime       bool
}

// Reset begins an empty batch of format V0, V1 or V2. Its records go into the memory of buf, as long as
// they fit; buf may be nil.
func (b *Builder) Reset(f Format, buf []byte) {
	*b = Builder{buf: buf[:0], format: f, baseTimestamp: -1, maxTimestamp: -1}
}

// Append encodes a record. The timestamp is in milliseconds since 1970, -1 is
// none; v0 has none and drops it. A nil key or value is null. Nothing is changed
// where it returns an error: ErrNoHeaders or ErrTooLarge.
func (b *Builder) Append(timestamp int64, key, value []byte, headers []wire.Header) error {
	if b.oneTime && b.format == V1 {
		timestamp = b.logAppendTime
	}
	if b.next > math.MaxInt32 {
		return errOffsets
	}
	var err error
	if b.format == V2 {
		err = b.appendRecord(timestamp, key, value, headers)
	} else {
		err = b.appendMessage(timestamp, key, value, headers)
	}
	if err != nil {
		return err
	}
	if b.count == 0 || timestamp > b.maxTimestamp {
		b.maxTimestamp = timestamp
	}
	if b.count == 0 && b.attributes&deleteHorizonBit == 0 {
		b.baseTimestamp = timestamp
	}
	b.count++
	b.last = b.next
	b.next++
	return nil
}

var errOffsets = fmt.Errorf("a batch has no more than %d offsets", int64(math.MaxInt32)+1)

// Skip leaves out n offsets before the next record: gaps, as compaction leaves
// them in a log. A v2 batch keeps those that are left out at its end, too, and may
// have no record at all. It is an error when n is negative, or a batch has not as
// many offsets.
func (b *Builder) Skip(n int64) error {
	if n < 0 {
		return fmt.Errorf("can't leave out %d offsets", n)
	}
	if n > math.MaxInt32+1-b.next {
		return errOffsets
	}
	b.next += n
	return nil
}

// appendRecord encodes a record of v2.
func (b *Builder) appendRecord(timestamp int64, key, value []byte, headers []wire.Header) error {
	var timestampDelta int64
	if b.count > 0 || b.attributes&deleteHorizonBit != 0 {
		timestampDelta = timestamp - b.baseTimestamp // may wrap around, as it will again when it is added
	}
	offsetDelta := b.next
	size := 1 + int64(varintLen(timestampDelta)+varintLen(offsetDelta)) + payloadSize(key, value, headers)
	start := max(len(b.buf), batchHead)
	end := int64(start) + int64(varintLen(size)) + size
	if end > math.MaxInt32 {
		return ErrTooLarge
	}
	b.buf = slices.Grow(b.buf, int(end)-len(b.buf))[:end]
	w := b.buf[start:]
	i := putVarint(w, 0, size)
	w[i] = 0 // attributes
	i = putVarint(w, i+1, timestampDelta)
	i = putVarint(w, i, offsetDelta)
	i = putBytes(w, i, key)
	i = putBytes(w, i, value)
	i = putVarint(w, i, int64(len(headers)))
	for h := range headers {
		i = putVarint(w, i, int64(len(headers[h].Key)))
		i += copy(w[i:], headers[h].Key)
		i = putBytes(w, i, headers[h].Value)
	}
	return nil
}

// payloadSize is how many bytes of a v2 record key, value and headers take.
func payloadSize(key, value []byte, headers []wire.Header) int64 {
	n := bytesSize(key) + bytesSize(value) + int64(varintLen(int64(len(headers))))
	for i := range headers {
		k := int64(len(headers[i].Key))
		n += int64(varintLen(k)) + k + bytesSize(headers[i].Value)
	}
	return n
}

func bytesSize(b []byte) int64 {
	if b == nil {
		return 1
	}
	n := int64(len(b))
	return int64(varintLen(n)) + n
}

func putBytes(w []byte, i int, b []byte) int {
	if b == nil {
		w[i] = 1 // -1 in zigzag form: null
		return i + 1
	}
	i = putVarint(w, i, int64(len(b)))
	return i + copy(w[i:], b)
}

// appendMessage encodes a message of v0 or v1.
func (b *Builder) appendMessage(timestamp int64, key, value []byte, headers []wire.Header) error {
	switch {
	case b.format != V0 && b.format != V1:
		return fmt.Errorf("there is no message format %v", b.format)
	case len(headers) > 0:
		return ErrNoHeaders
	}
	start := len(b.buf)
	end := int64(start) + int64(messageHead(b.format)+messageLengths) + int64(len(key)) + int64(len(value))
	if end > math.MaxInt32 {
		return ErrTooLarge
	}
	b.buf = slices.Grow(b.buf, int(end)-start)[:end]
	w := b.buf[start:]
	putInt64(w, offsetAt, b.next)
	i := putMessageHead(w, b.format, int8(b.attributes), timestamp)
	i = putNullable(w, i, key)
	putNullable(w, i, value)
	sealMessage(w)
	return nil
}

// putMessageHead writes a message's magic, attributes and timestamp and returns
// where its key belongs.
func putMessageHead(w []byte, f Format, attributes int8, timestamp int64) int {
	w[magicAt] = byte(f)
	w[messageAttributesAt] = byte(attributes)
	if f == V1 {
		putInt64(w, messageTimestampAt, timestamp)
	}
	return messageHead(f)
}

func putNullable(w []byte, i int, b []byte) int {
	if b == nil {
		putInt32(w, i, -1)
		return i + 4
	}
	putInt32(w, i, int32(len(b)))
	return i + 4 + copy(w[i+4:], b)
}

// sealMessage writes the size and the CRC of a message that is complete but for
// these.
func sealMessage(w []byte) {
	putInt32(w, sizeAt, int32(len(w)-logHead))
	putInt32(w, messageCRCAt, int32(crc32.ChecksumIEEE(w[magicAt:])))
}

// SetTransactional makes the batch one of a transaction, until Reset. Only v2 has
// these; in v0 and v1 Seal returns an error.
func (b *Builder) SetTransactional() { b.attributes |= transactionalBit }

// SetControl makes the batch one of control records, which are no data, until
// Reset. Brokers write them, not producers; see AppendMarker. Only v2 has these;
// in v0 and v1 Seal returns an error.
func (b *Builder) SetControl() { b.attributes |= controlBit }

// SetLogAppendTime makes ms the timestamp of all records, whatever Append is given:
// the time at which a broker appends them, where the topic has
// message.timestamp.type=LogAppendTime. v0 has no timestamps, and drops it. Call it
// before the first record.
func (b *Builder) SetLogAppendTime(ms int64) {
	if b.format != V0 {
		b.attributes |= logAppendTimeBit
		b.logAppendTime, b.oneTime = ms, true
	}
}

// SetDeleteHorizon says when the tombstones in the batch may be removed, as a log
// cleaner does (Batch.DeleteHorizon). Only v2 has it; in v0 and v1 Seal returns an
// error. Call it before the first record.
func (b *Builder) SetDeleteHorizon(ms int64) {
	b.attributes |= deleteHorizonBit
	b.baseTimestamp = ms
}

// Format is what Reset was given.
func (b *Builder) Format() Format { return b.format }

// Len is the number of records so far.
func (b *Builder) Len() int { return int(b.count) }

// Size is how many bytes the batch would have if it were sealed now, without
// compression. That of an empty v2 batch is 61.
func (b *Builder) Size() int {
	if b.format == V2 {
		return max(len(b.buf), batchHead)
	}
	return len(b.buf)
}

// RecordSize is how many bytes one more record would add, before compression: of
// v2 the most that it could, of v0 and v1 just that.
func (b *Builder) RecordSize(key, value []byte, headers []wire.Header) int {
	if b.format == V2 {
		return int(min(maxRecordOverhead+payloadSize(key, value, headers), math.MaxInt))
	}
	return messageHead(b.format) + messageLengths + len(key) + len(value)
}

// MaxTimestamp is the latest timestamp so far, in milliseconds; -1 without
// records.
func (b *Builder) MaxTimestamp() int64 {
	switch {
	case b.next == 0:
		return -1
	case b.oneTime:
		return b.logAppendTime
	}
	return b.maxTimestamp
}
