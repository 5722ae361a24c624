package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/barnabas-kafka/barnabas/wire"
)

// ErrNoHeaders is the error of a record with headers in a format that has none:
// V0 or V1, which brokers before 0.11 speak.
var ErrNoHeaders = errors.New("message formats before v2 have no record headers; they need a broker of 0.11 or later")

// A Builder builds one batch, or one message set, by appending records. Each is
// encoded at once. The zero Builder must be Reset first. It is for one goroutine
// at a time; a copy of it is a second owner of the same buffer.
type Builder struct {
	format Format
	buf    []byte
	count  int32
	base   int64 // the first timestamp
	max    int64 // the largest timestamp
}

// Reset begins a batch in that format, in buf, whose capacity is used and whose
// contents are given up. The buffer is the Builder's until Seal.
func (b *Builder) Reset(format Format, buf []byte) {
	*b = Builder{format: format, buf: buf[:0]}
	if format == V2 {
		b.buf = append(b.buf, make([]byte, v2Records)...)
	}
}

// Format is the format of the batch.
func (b *Builder) Format() Format { return b.format }

// Len is how many records there are.
func (b *Builder) Len() int { return int(b.count) }

// Size is how many bytes the batch has by now, uncompressed.
func (b *Builder) Size() int { return len(b.buf) }

// MaxTimestamp is the largest timestamp, in milliseconds; 0 without records.
func (b *Builder) MaxTimestamp() int64 { return b.max }

// RecordSize is an upper bound of what a record would add to Size.
func (b *Builder) RecordSize(key, value []byte, headers []wire.Header) int {
	if b.format != V2 {
		return keyAt(b.format) + 8 + len(key) + len(value)
	}
	// length, attributes, two deltas, the lengths of key and value, the number of headers
	const most = binary.MaxVarintLen32
	size := most + 1 + binary.MaxVarintLen64 + most + most + len(key) + most + len(value) + most
	for _, h := range headers {
		size += most + len(h.Key) + most + len(h.Value)
	}
	return size
}

// Append adds a record: timestamp is in milliseconds since 1970 (ignored by V0),
// a nil key or value is null. Everything is copied. After an error the batch is
// what it was before.
func (b *Builder) Append(timestamp int64, key, value []byte, headers []wire.Header) error {
	if b.count == math.MaxInt32 || len(b.buf)+b.RecordSize(key, value, headers) > math.MaxInt32 {
		return fmt.Errorf("a batch of %d records and %d bytes can't hold another of %d bytes", b.count, len(b.buf), len(key)+len(value))
	}
	if b.count == 0 {
		b.base, b.max = timestamp, timestamp
	}
	if b.format == V2 {
		b.buf = b.appendRecord(b.buf, timestamp-b.base, key, value, headers)
	} else {
		if len(headers) > 0 {
			return ErrNoHeaders
		}
		b.buf = appendMessage(b.buf, b.format, 0, int64(b.count), timestamp, key, value)
	}
	b.max = max(b.max, timestamp)
	b.count++
	return nil
}

// appendRecord appends a V2 record.
func (b *Builder) appendRecord(dst []byte, timestampDelta int64, key, value []byte, headers []wire.Header) []byte {
	size := 1 + varintLen(timestampDelta) + varintLen(int64(b.count)) + bytesLen(key) + bytesLen(value) + varintLen(int64(len(headers)))
	for _, h := range headers {
		size += varintLen(int64(len(h.Key))) + len(h.Key) + bytesLen(h.Value)
	}
	dst = binary.AppendVarint(dst, int64(size))
	dst = append(dst, 0) // attributes: none are defined
	dst = binary.AppendVarint(dst, timestampDelta)
	dst = binary.AppendVarint(dst, int64(b.count))
	dst = appendVarintBytes(dst, key)
	dst = appendVarintBytes(dst, value)
	dst = binary.AppendVarint(dst, int64(len(headers)))
	for _, h := range headers {
		dst = binary.AppendVarint(dst, int64(len(h.Key)))
		dst = append(dst, h.Key...)
		dst = appendVarintBytes(dst, h.Value)
	}
	return dst
}

func appendVarintBytes(dst, v []byte) []byte {
	if v == nil {
		return append(dst, 1) // -1
	}
	return append(binary.AppendVarint(dst, int64(len(v))), v...)
}

func bytesLen(v []byte) int {
	if v == nil {
		return 1
	}
	return varintLen(int64(len(v))) + len(v)
}

// varintLen is the size of v as a varint.
func varintLen(v int64) int {
	u := uint64(v<<1) ^ uint64(v>>63)
	n := 1
	for ; u >= 0x80; u >>= 7 {
		n++
	}
	return n
}

// appendMessage appends a V0 or V1 message.
func appendMessage(dst []byte, format Format, attributes int8, offset, timestamp int64, key, value []byte) []byte {
	start := len(dst)
	dst = wire.AppendInt64(dst, offset)
	dst = append(dst, make([]byte, msgMagic-msgSize)...) // size and CRC, known later
	dst = append(dst, byte(format), byte(attributes))
	if format == V1 {
		dst = wire.AppendInt64(dst, timestamp)
	}
	dst = wire.AppendNullableBytes(dst, key, false)
	dst = wire.AppendNullableBytes(dst, value, false)
	finishMessage(dst[start:])
	return dst
}

// finishMessage writes the size and the CRC of a message.
func finishMessage(m []byte) {
	putInt32(m, msgSize, int32(len(m)-prefix))
	putInt32(m, msgCRC, int32(crc32.ChecksumIEEE(m[msgMagic:])))
}

// Seal finishes the batch and returns it. Without a codec it is the Builder's
// own buffer; with one, the compressed batch is appended to dst, and the
// Builder's buffer is free again. The CRC of a V2 batch is Stamp's to set; a
// message set is complete.
func (b *Builder) Seal(codec Codec, dst []byte) ([]byte, error) {
	switch {
	case b.count == 0:
		return nil, errors.New("a batch needs at least one record")
	case b.format == V2:
		return b.sealBatch(codec, dst)
	case codec == nil:
		return b.buf, nil
	}
	return b.wrap(codec, dst)
}

// sealBatch writes the head of a V2 batch.
func (b *Builder) sealBatch(codec Codec, dst []byte) ([]byte, error) {
	batch, start, compression := b.buf, 0, None
	if codec != nil {
		start, compression = len(dst), codec.Compression()
		var err error
		batch, err = codec.Compress(append(dst, b.buf[:v2Records]...), b.buf[v2Records:], V2)
		if err != nil {
			return nil, fmt.Errorf("compressing a batch of %d records with %s: %w", b.count, compression, err)
		}
	}
	head := batch[start:]
	if len(head) > math.MaxInt32 {
		return nil, fmt.Errorf("a batch of %d bytes is too large for Kafka", len(head))
	}
	putInt64(head, 0, 0)
	putInt32(head, v2Length, int32(len(head)-prefix))
	putInt32(head, v2LeaderEpoch, -1)
	head[v2Magic] = byte(V2)
	putInt16(head, v2Attributes, int16(compression))
	putInt32(head, v2LastOffsetDelta, b.count-1)
	putInt64(head, v2BaseTimestamp, b.base)
	putInt64(head, v2MaxTimestamp, b.max)
	putInt64(head, v2ProducerID, -1)
	putInt16(head, v2ProducerEpoch, -1)
	putInt32(head, v2BaseSequence, -1)
	putInt32(head, v2Count, b.count)
	return batch, nil
}

// wrap compresses a message set into the value of one message, whose offset is
// that of the last message inside. Inside V1, offsets count from the set's
// first; so they do in what producers send as V0, until the broker rewrites
// them.
func (b *Builder) wrap(codec Codec, dst []byte) ([]byte, error) {
	start := len(dst)
	dst = appendMessage(dst, b.format, int8(codec.Compression()), int64(b.count-1), b.max, nil, []byte{})
	value := len(dst)
	dst, err := codec.Compress(dst, b.buf, b.format)
	if err != nil {
		return nil, fmt.Errorf("compressing a message set of %d messages with %s: %w", b.count, codec.Compression(), err)
	}
	putInt32(dst, value-4, int32(len(dst)-value))
	finishMessage(dst[start:])
	return dst, nil
}

// Stamp gives a sealed V2 batch its producer id, epoch and sequence, and sets
// the CRC, which covers them. A producer that is not idempotent has -1, -1, -1.
func Stamp(batch []byte, producerID int64, producerEpoch int16, baseSequence int32) {
	putInt64(batch, v2ProducerID, producerID)
	putInt16(batch, v2ProducerEpoch, producerEpoch)
	putInt32(batch, v2BaseSequence, baseSequence)
	putInt32(batch, v2CRC, int32(crc32.Checksum(batch[v2Attributes:], castagnoli)))
}
