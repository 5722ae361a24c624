package kafkatest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// Where things are in a record batch (format v2) and in a message (v0 and v1).
// Up to the magic byte they are alike: an offset, and the size of what follows.
const (
	sizeAt            = 8
	sizeOverhead      = 12 // the offset and the size, which the size does not count
	leaderEpochAt     = 12 // v2
	magicAt           = 16
	lastOffsetDeltaAt = 23 // v2
)

// maxUnpacked bounds what one compressed message may unpack to.
const maxUnpacked = 64 << 20

// A chunk is what one produce request brought for one partition, checked: one
// batch, or a message set.
type chunk struct {
	data         []byte // aliases the request, which is ours to write to
	records      int    // as many offsets it takes
	maxTimestamp int64  // in ms, -1 for none
	batch        bool   // of format v2
	compressed   bool   // a message set with compressed messages in it
}

// checkRecords checks what a producer sent and finds out how many offsets it
// takes. The error wraps the wire.ErrorCode that a broker of the release
// answers.
func checkRecords(data []byte, version int16, r release, maxBytes int, codecs record.Codecs) (chunk, error) {
	format := record.V0
	if len(data) > magicAt {
		format = record.Format(data[magicAt])
	}
	switch {
	case format > record.V1 && r.maxFormat() < record.V2:
		// To such a broker that is a message whose CRC does not fit.
		return chunk{}, fmt.Errorf("a batch of format v%d: %w", format, wire.ErrCorruptMessage)
	case format == record.V2:
		return checkBatch(data, version, r, maxBytes)
	case version >= 3:
		return chunk{}, fmt.Errorf("Produce v%d must bring one batch of format v2: %w", version, r.invalidRecord())
	}
	return checkMessageSet(data, r, maxBytes, codecs)
}

// checkBatch checks a batch of format v2 without looking at its records.
func checkBatch(data []byte, version int16, r release, maxBytes int) (chunk, error) {
	reader := record.NewReader(data)
	b, err := reader.Next()
	if err == nil {
		err = b.Check()
	}
	if err != nil {
		return chunk{}, fmt.Errorf("%v: %w", err, wire.ErrCorruptMessage)
	}
	switch {
	case b.Size > maxBytes:
		return chunk{}, tooLarge(b.Size, maxBytes)
	case b.Size != len(data):
		return chunk{}, fmt.Errorf("%d bytes after the first batch: %w", len(data)-b.Size, r.invalidRecord())
	case b.Control:
		return chunk{}, fmt.Errorf("a control batch from a client: %w", r.invalidRecord())
	case b.NumRecords < 1 || b.LastOffset-b.BaseOffset != int64(b.NumRecords)-1:
		return chunk{}, fmt.Errorf("offsets %d to %d for %d records: %w", b.BaseOffset, b.LastOffset, b.NumRecords, r.invalidRecord())
	case b.Compression == record.Zstd && version < 7, !r.knows(b.Compression):
		return chunk{}, fmt.Errorf("%v in Produce v%d: %w", b.Compression, version, wire.ErrUnsupportedCompressionType)
	}
	return chunk{data: data, records: b.NumRecords, maxTimestamp: b.MaxTimestamp, batch: true}, nil
}

func tooLarge(size, limit int) error {
	return fmt.Errorf("%d bytes where message.max.bytes is %d: %w", size, limit, wire.ErrMessageTooLarge)
}

// checkMessageSet checks a set of messages of format v0 and v1. What is cut off
// at the end is dropped, as brokers do.
func checkMessageSet(data []byte, r release, maxBytes int, codecs record.Codecs) (chunk, error) {
	c := chunk{maxTimestamp: -1}
	reader := record.NewReader(data)
	for {
		b, err := reader.Next()
		if err == io.EOF || err == record.ErrPartial {
			return c, nil
		}
		if err == nil {
			err = b.Check()
		}
		if err == nil && b.Format == record.V2 {
			err = errors.New("a batch among messages")
		}
		if err != nil {
			return chunk{}, fmt.Errorf("%v: %w", err, wire.ErrCorruptMessage)
		}
		for raw := b.Raw(); len(raw) > 0; raw = raw[batchSize(raw):] {
			if size := batchSize(raw); size > maxBytes {
				return chunk{}, tooLarge(size, maxBytes)
			}
		}
		n := b.NumRecords
		if b.Compression != record.None {
			if n, err = countInside(&b, r, codecs); err != nil {
				return chunk{}, err
			}
			c.compressed = true
		}
		c.records += n
		c.maxTimestamp = max(c.maxTimestamp, b.MaxTimestamp)
		c.data = data[:len(c.data)+b.Size]
	}
}

// countInside counts the messages inside a compressed one.
func countInside(b *record.Batch, r release, codecs record.Codecs) (n int, err error) {
	if !r.knows(b.Compression) || b.Format > r.maxFormat() {
		return 0, fmt.Errorf("%v in message format v%d: %w", b.Compression, b.Format, wire.ErrUnknownServerError)
	}
	records, err := b.Records(codecs, nil, maxUnpacked)
	if err != nil {
		return 0, fmt.Errorf("%v: %w", err, wire.ErrUnknownServerError)
	}
	var rec record.Record
	for {
		switch ok, err := records.Next(&rec); {
		case err != nil:
			return 0, fmt.Errorf("%v: %w", err, wire.ErrCorruptMessage)
		case ok:
			n++
		case n == 0:
			return 0, fmt.Errorf("a compressed message with nothing in it: %w", wire.ErrCorruptMessage)
		default:
			return n, nil
		}
	}
}

// place gives the records their offsets, from base on, and a batch its leader
// epoch, as a broker does: in place, which no CRC covers. Compressed messages
// are packed again, as those of format v0 have absolute offsets inside.
func (c *chunk) place(base int64, epoch int32, codecs record.Codecs) error {
	switch {
	case len(c.data) == 0:
		return nil
	case c.batch:
		binary.BigEndian.PutUint64(c.data, uint64(base))
		binary.BigEndian.PutUint32(c.data[leaderEpochAt:], uint32(epoch))
		return nil
	case !c.compressed:
		_, err := record.Place(c.data, base, epoch)
		return err
	}
	placed, err := repack(c.data, base, codecs)
	c.data = placed
	return err
}

// repack packs the compressed messages of a set again and places the others.
func repack(data []byte, base int64, codecs record.Codecs) (placed []byte, err error) {
	for reader := record.NewReader(data); ; {
		b, err := reader.Next()
		if err == io.EOF {
			return placed, nil
		}
		if err != nil {
			return nil, err
		}
		if b.Compression == record.None {
			n, err := record.Place(b.Raw(), base, -1)
			if err != nil {
				return nil, err
			}
			placed = append(placed, b.Raw()...)
			base += int64(n)
			continue
		}
		codec, err := codecs.Codec(b.Compression)
		if err != nil {
			return nil, err
		}
		wrapper, err := record.Repack(&b, codecs, b.Format, codec, base)
		if err != nil {
			return nil, err
		}
		placed = append(placed, wrapper...)
		base = lastOffset(wrapper) + 1
	}
}
