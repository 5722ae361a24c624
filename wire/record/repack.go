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

// Repack writes a batch again, in another format or with another codec (nil:
// none), its records at the offsets from base on. It keeps the type of their
// timestamps, and between v2 and v2 what is said of the producer; a v2 batch has
// its CRC. The result is empty where the batch is.
//
// Formats v0 and v1 have neither headers, an ErrNoHeaders, nor control records.
func Repack(b *Batch, codecs Codecs, to Format, codec Codec, base int64) ([]byte, error) {
	builder, err := b.rebuilder(to)
	if err != nil {
		return nil, err
	}
	if err := copyRecords(&builder, b, codecs); err != nil {
		return nil, err
	}
	if builder.Len() == 0 {
		return nil, nil
	}
	wrap := to != V2 && codec != nil
	if to == V0 || to == V1 && !wrap {
		placeMessages(builder.buf, base)
	}
	out, err := builder.Seal(codec, nil)
	if err != nil {
		return nil, err
	}
	switch {
	case to == V2:
		putInt64(out, offsetAt, base)
		Stamp(out, b.ProducerID, b.ProducerEpoch, b.BaseSequence)
	case wrap:
		putInt64(out, offsetAt, base+int64(builder.Len())-1)
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
	if b.Transactional && to == V2 {
		builder.attributes |= transactionalBit
	}
	if b.Control {
		builder.attributes |= controlBit
	}
	return builder, nil
}

// Convert writes what a producer is about to send again, as one batch or set of
// another format: what it does when the leader turns out to speak another one
// than expected. Offsets begin at 0. A v2 batch is stamped as not idempotent.
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
		if b.Transactional && to == V2 {
			builder.attributes |= transactionalBit
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

// copyRecords appends the records of a batch to a builder.
func copyRecords(builder *Builder, b *Batch, codecs Codecs) error {
	records, err := b.Records(codecs, nil, 0)
	if err != nil {
		return err
	}
	var rec Record
	for {
		ok, err := records.Next(&rec)
		if err != nil || !ok {
			return err
		}
		if err := builder.Append(rec.Timestamp, rec.Key, rec.Value, headersOf(&rec)); err != nil {
			return fmt.Errorf("record at offset %d in format %v: %w", rec.Offset, builder.format, err)
		}
	}
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
