package record

import (
	"errors"
	"fmt"
	"io"

	"github.com/barnabas-kafka/barnabas/wire"
)

// ErrRepack says that Place can't give a batch its offsets, because some of them
// are inside what is compressed. Repack can.
var ErrRepack = errors.New("a compressed message set has its offsets inside: it must be packed again")

// Place does to what a producer sent what a broker does when it appends it to its
// log: it gives the records their offsets, from base on, and a v2 batch its
// partition leader epoch, in place. No CRC covers either; those that are there
// are checked first. It returns how many offsets were given. A wrapper of v0 or
// v1 is refused with ErrRepack: its messages have offsets that not every producer
// counts right.
func Place(produced []byte, base int64, leaderEpoch int32) (count int, err error) {
	r := NewReader(produced)
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return count, nil
		}
		if err != nil {
			return count, err
		}
		if err := b.Check(); err != nil {
			return count, err
		}
		switch {
		case b.Format == V2:
			putInt64(b.raw, offsetAt, base+int64(count))
			putInt32(b.raw, leaderEpochAt, leaderEpoch)
			count += int(b.LastOffset-b.BaseOffset) + 1
		case b.Compression == None:
			count += placeMessages(b.raw, base+int64(count))
		default:
			return count, ErrRepack
		}
	}
}

// placeMessages gives the messages of a set the offsets from base on.
func placeMessages(set []byte, base int64) (count int) {
	for at := 0; at < len(set); count++ {
		putInt64(set, at+offsetAt, base+int64(count))
		at += logHead + int(int32At(set, at+sizeAt))
	}
	return count
}

// KeepOffsets, as the base that Repack is given, leaves each record its offset.
const KeepOffsets = -1

// Repack writes a batch again, in another format or with another codec (nil:
// none), as brokers do. With a base of 0 or more it numbers the records from there
// on without gaps: that is a broker that appends what was produced. With
// KeepOffsets every record keeps its offset, and a v2 batch from v2 the offsets
// that it covers, also where compaction left gaps: that is one that converts what
// is in its log for an old consumer, or a log cleaner.
//
// Repack keeps the type of the timestamps (of LogAppendTime a v2 batch and a
// wrapper have but one, the latest), and between v2 and v2 what is said of
// the producer, the leader epoch and the delete horizon; a v2 batch has its CRC.
// The result is nil where there is no record, unless an empty v2 batch is kept.
//
// Formats v0 and v1 have neither headers, an ErrNoHeaders, nor control records.
func Repack(b *Batch, codecs Codecs, to Format, codec Codec, base int64) ([]byte, error) {
	builder, err := b.rebuilder(to)
	if err != nil {
		return nil, err
	}
	if base == KeepOffsets {
		base, err = copyAtOffsets(&builder, b, codecs)
	} else {
		err = copyRecords(&builder, b, codecs)
	}
	switch {
	case err != nil:
		return nil, err
	case builder.next == 0 || builder.count == 0 && to != V2:
		return nil, nil
	case to == V0 || to == V1 && codec == nil:
		addToOffsets(builder.buf, base)
	}
	out, err := builder.Seal(codec, nil)
	if err != nil {
		return nil, err
	}
	switch {
	case to == V2:
		putInt64(out, offsetAt, base)
		putInt32(out, leaderEpochAt, b.PartitionLeaderEpoch)
		Stamp(out, b.ProducerID, b.ProducerEpoch, b.BaseSequence)
	case codec != nil:
		putInt64(out, offsetAt, base+builder.last)
	}
	return out, nil
}

// rebuilder is a Builder for the records of a batch in another format.
func (b *Batch) rebuilder(to Format) (builder Builder, err error) {
	if b.Control && to != V2 {
		return builder, fmt.Errorf("batch at offset %d: control records can't be written in format %v", b.BaseOffset, to)
	}
	builder.Reset(to, nil)
	if b.LogAppendTime && to != V0 {
		builder.attributes |= logAppendTimeBit
	}
	if to == V2 && b.Format == V2 {
		builder.attributes |= int16At(b.raw, attributesAt) & (transactionalBit | controlBit)
		if b.DeleteHorizon != -1 {
			builder.SetDeleteHorizon(b.DeleteHorizon)
		}
	}
	return builder, nil
}

// addToOffsets adds base to the offsets of the messages of a set.
func addToOffsets(set []byte, base int64) {
	for at := 0; at < len(set); at += logHead + int(int32At(set, at+sizeAt)) {
		putInt64(set, at+offsetAt, base+int64At(set, at+offsetAt))
	}
}

// Convert writes what a producer is about to send again, as one batch or set of
// another format: what it does when the leader turns out to speak another one
// than expected. Offsets begin at 0 and have no gaps. A v2 batch is stamped as not
// idempotent.
func Convert(batch []byte, codecs Codecs, to Format, codec Codec) ([]byte, error) {
	var builder Builder
	builder.Reset(to, nil)
	r := NewReader(batch)
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if b.Control {
			return nil, fmt.Errorf("batch at offset %d: a producer does not send control records", b.BaseOffset)
		}
		if b.Transactional && to == V2 {
			builder.SetTransactional()
		}
		if err := copyRecords(&builder, &b, codecs); err != nil {
			return nil, err
		}
	}
	out, err := builder.Seal(codec, nil)
	if err == nil {
		Stamp(out, -1, -1, -1)
	}
	return out, err
}

// copyRecords appends the records of a batch to a builder, without gaps.
func copyRecords(builder *Builder, b *Batch, codecs Codecs) error {
	records, err := b.Records(codecs, nil, 0)
	if err != nil {
		return err
	}
	for rec, err := range records.All() {
		if err != nil {
			return err
		}
		if err := builder.appendCopy(&rec); err != nil {
			return err
		}
	}
	return nil
}

// copyAtOffsets appends the records of a batch to a builder, with the gaps between
// their offsets. It returns the offset that they count from.
func copyAtOffsets(builder *Builder, b *Batch, codecs Codecs) (base int64, err error) {
	records, err := b.Records(codecs, nil, 0)
	if err != nil {
		return 0, err
	}
	first := b.Format != V2
	base = b.BaseOffset
	for rec, err := range records.All() {
		if err != nil {
			return 0, err
		}
		if first {
			first, base = false, rec.Offset
		}
		if err := builder.Skip(rec.Offset - base - builder.next); err != nil {
			return 0, fmt.Errorf("record at offset %d in a batch from offset %d on: %w", rec.Offset, base, err)
		}
		if err := builder.appendCopy(&rec); err != nil {
			return 0, err
		}
	}
	if b.Format == V2 {
		err = builder.Skip(b.LastOffset + 1 - base - builder.next)
		if builder.count == 0 {
			builder.baseTimestamp, builder.maxTimestamp = int64At(b.raw, baseTimestampAt), b.MaxTimestamp
		}
	}
	return base, err
}

func (b *Builder) appendCopy(rec *Record) error {
	if err := b.Append(rec.Timestamp, rec.Key, rec.Value, headersOf(rec)); err != nil {
		return fmt.Errorf("record at offset %d in format %v: %w", rec.Offset, b.format, err)
	}
	return nil
}

// headersOf lists the headers of a record.
func headersOf(rec *Record) []wire.Header {
	if rec.Headers.Len() == 0 {
		return nil
	}
	headers := make([]wire.Header, 0, rec.Headers.Len())
	for key, value := range rec.Headers.All() {
		headers = append(headers, wire.Header{Key: key, Value: value})
	}
	return headers
}
