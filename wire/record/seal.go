package record

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// castagnoli is the polynomial of v2; there is hardware for it.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Seal returns the batch or message set. Where c is nil it is not compressed and
// lies in the builder's own buffer, and dst is not used; else it is appended to
// dst, and in v0 and v1 it is one message that wraps the others. A v2 batch
// still needs Stamp, which sets its CRC.
//
// The builder keeps the records: to Seal again gives the same bytes. It is an
// error when there are none, but for a v2 batch of offsets left out by Skip.
func (b *Builder) Seal(c Codec, dst []byte) ([]byte, error) {
	switch {
	case b.count == 0 && (b.format != V2 || b.next == 0):
		return dst, errors.New("a batch without records can't be sealed")
	case b.format != V2 && b.attributes&^logAppendTimeBit != 0:
		return dst, fmt.Errorf("format %v has neither transactions, control records nor a delete horizon", b.format)
	}
	compression := None
	if c != nil && b.count > 0 {
		compression = c.Compression()
	}
	switch {
	case b.format == V2:
		return b.sealBatch(c, compression, dst)
	case compression == None:
		return b.buf, nil
	default:
		return b.wrap(c, compression, dst)
	}
}

func (b *Builder) sealBatch(c Codec, compression Compression, dst []byte) ([]byte, error) {
	start := 0
	if compression == None {
		if len(b.buf) == 0 { // no records
			b.buf = append(b.buf, make([]byte, batchHead)...)
		}
		dst = b.buf
	} else {
		start = len(dst)
		var err error
		dst, err = c.Compress(append(dst, make([]byte, batchHead)...), b.buf[batchHead:], V2)
		if err != nil {
			return dst[:start], fmt.Errorf("compressing %d records with %v: %w", b.count, compression, err)
		}
	}
	w := dst[start:]
	if len(w) > math.MaxInt32 {
		return dst[:start], ErrTooLarge
	}
	putInt64(w, offsetAt, 0)
	putInt32(w, sizeAt, int32(len(w)-logHead))
	putInt32(w, leaderEpochAt, -1)
	w[magicAt] = byte(V2)
	putInt32(w, crcAt, 0)
	putInt16(w, attributesAt, b.attributes|int16(compression))
	putInt32(w, lastOffsetDeltaAt, int32(b.next-1))
	putInt64(w, baseTimestampAt, b.baseTimestamp)
	putInt64(w, maxTimestampAt, b.MaxTimestamp())
	putProducer(w, -1, -1, -1)
	putInt32(w, countAt, b.count)
	return dst, nil
}

// wrap makes the one message of v0 or v1 that wraps the others. It has the
// offset of the last of them. Those inside count from the first (KIP-31); in v0
// brokers make them absolute.
func (b *Builder) wrap(c Codec, compression Compression, dst []byte) ([]byte, error) {
	start := len(dst)
	head := messageHead(b.format) + messageLengths
	dst, err := c.Compress(append(dst, make([]byte, head)...), b.buf, b.format)
	if err != nil {
		return dst[:start], fmt.Errorf("compressing %d records with %v: %w", b.count, compression, err)
	}
	w := dst[start:]
	if len(w) > math.MaxInt32 {
		return dst[:start], ErrTooLarge
	}
	putInt64(w, offsetAt, b.last)
	i := putMessageHead(w, b.format, int8(b.attributes)|int8(compression), b.MaxTimestamp())
	i = putNullable(w, i, nil)
	putInt32(w, i, int32(len(w)-head))
	sealMessage(w)
	return dst, nil
}

// Stamp sets what a producer knows of a v2 batch only when it sends it, and then
// the CRC, which covers that. -1, -1, -1 is a producer that is not idempotent.
// Sets of v0 and v1 are complete when they are sealed; Stamp leaves them alone.
func Stamp(batch []byte, producerID int64, producerEpoch int16, baseSequence int32) {
	if len(batch) < batchHead || Format(batch[magicAt]) != V2 {
		return
	}
	putProducer(batch, producerID, producerEpoch, baseSequence)
	putCRC(batch)
}

func putProducer(w []byte, id int64, epoch int16, sequence int32) {
	putInt64(w, producerIDAt, id)
	putInt16(w, producerEpochAt, epoch)
	putInt32(w, baseSequenceAt, sequence)
}

func putCRC(batch []byte) {
	putInt32(batch, crcAt, int32(crc32.Checksum(batch[attributesAt:], castagnoli)))
}
