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
	wrappers     []wrapper
}

// A wrapper is what was found out about one compressed message of a set.
type wrapper struct {
	records int
	inPlace bool // its offsets are relative and without gaps, so only its own changes
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
	if errors.Is(err, record.ErrPartial) {
		return chunk{}, fmt.Errorf("%v: %w", err, r.invalidRecord())
	}
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
		if err == io.EOF || errors.Is(err, record.ErrPartial) {
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
			w, err := lookInside(&b, r, codecs)
			if err != nil {
				return chunk{}, err
			}
			n = w.records
			c.wrappers = append(c.wrappers, w)
		}
		c.records += n
		c.maxTimestamp = max(c.maxTimestamp, b.MaxTimestamp)
		c.data = data[:len(c.data)+b.Size]
	}
}

// lookInside unpacks a compressed message and counts those in it.
func lookInside(b *record.Batch, r release, codecs record.Codecs) (w wrapper, err error) {
	if !r.knows(b.Compression) || b.Format > r.maxFormat() {
		return w, fmt.Errorf("%v in message format v%d: %w", b.Compression, b.Format, wire.ErrUnknownServerError)
	}
	records, err := b.Records(codecs, nil, maxUnpacked)
	if err == nil && b.Compression == record.LZ4 {
		err = checkLZ4Header(wrapperValue(b), b.Format, r)
	}
	if err != nil {
		return w, fmt.Errorf("%v: %w", err, wire.ErrUnknownServerError)
	}
	w.inPlace = b.Format == record.V1
	var rec record.Record
	for last := int64(0); ; last = rec.Offset {
		switch ok, err := records.Next(&rec); {
		case err != nil:
			return w, fmt.Errorf("%v: %w", err, wire.ErrCorruptMessage)
		case !ok && w.records == 0:
			return w, fmt.Errorf("a compressed message with nothing in it: %w", wire.ErrCorruptMessage)
		case !ok:
			w.inPlace = w.inPlace && last == b.LastOffset
			return w, nil
		}
		if w.records > 0 && rec.Offset != last+1 {
			w.inPlace = false
		}
		w.records++
	}
}

// wrapperValue is what a compressed message holds: its value, after the key,
// before which format v1 has a timestamp. nil when it can't be found.
func wrapperValue(b *record.Batch) []byte {
	raw := b.Raw()
	at := 18 + 8*int(b.Format)
	key := max(int64(int32(binary.BigEndian.Uint32(raw[at:]))), 0)
	if int64(at)+8+key > int64(len(raw)) {
		return nil
	}
	return raw[at+8+int(key):]
}

// place gives the records their offsets, from base on, and a batch its leader
// epoch, as a broker does: in place, which no CRC covers, where that will do.
func (c *chunk) place(base int64, epoch int32, codecs record.Codecs) error {
	switch {
	case len(c.data) == 0:
		return nil
	case c.batch:
		binary.BigEndian.PutUint64(c.data, uint64(base))
		binary.BigEndian.PutUint32(c.data[leaderEpochAt:], uint32(epoch))
		return nil
	case c.wrappers == nil:
		_, err := record.Place(c.data, base, epoch)
		return err
	}
	placed, err := placeSet(c.data, base, c.wrappers, codecs)
	c.data = placed
	return err
}

// placeSet places a set with compressed messages in it. Those of format v0 have
// absolute offsets inside, so they are packed again.
func placeSet(data []byte, base int64, wrappers []wrapper, codecs record.Codecs) (placed []byte, err error) {
	for reader := record.NewReader(data); ; {
		b, err := reader.Next()
		if err == io.EOF {
			return placed, nil
		}
		if err != nil {
			return nil, err
		}
		part, n := b.Raw(), b.NumRecords
		if b.Compression == record.None {
			_, err = record.Place(part, base, -1)
		} else {
			n = wrappers[0].records
			part, err = placeWrapper(&b, base, wrappers[0], codecs)
			wrappers = wrappers[1:]
		}
		if err != nil {
			return nil, err
		}
		placed = append(placed, part...)
		base += int64(n)
	}
}

// placeWrapper places a compressed message, whose offset is that of its last
// inner one.
func placeWrapper(b *record.Batch, base int64, w wrapper, codecs record.Codecs) ([]byte, error) {
	if w.inPlace {
		binary.BigEndian.PutUint64(b.Raw(), uint64(base+int64(w.records)-1))
		return b.Raw(), nil
	}
	codec, err := codecs.Codec(b.Compression)
	if err != nil {
		return nil, err
	}
	return record.Repack(b, codecs, b.Format, codec, base)
}
