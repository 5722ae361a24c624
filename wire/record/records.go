package record

import (
	"errors"
	"fmt"
	"iter"
	"math"
)

// A Record is one record as it was read. Its byte slices alias what the batch was
// read from, or unpacked into.
type Record struct {
	Offset        int64
	Timestamp     int64  // in milliseconds since 1970; -1 is none
	LogAppendTime bool   // the timestamp is the broker's, not the producer's
	Key           []byte // nil is null
	Value         []byte // nil is null
	Headers       Headers
}

// Records are the records of one batch. It is a value: a copy reads on from the
// same place.
type Records struct {
	// SkipCRC leaves the CRCs of messages inside a wrapper of v0 or v1 alone, which
	// Next else compares. That of the batch is Batch.Check's.
	SkipCRC bool

	format        Format
	unpacked      bool
	logAppendTime bool
	wrapped       bool   // data is what a wrapper of v0 or v1 unpacked to
	data          []byte // records of v2, or messages
	pos           int
	left          int   // records of v2
	lastDelta     int32 // v2
	base          int64 // what offsets of v2 and in wrappers of v1 count from
	baseTimestamp int64 // v2
	logAppend     int64 // the timestamp of all records, where logAppendTime is set
	place         place
}

var errNoCodecs = errors.New("it is compressed, and no codecs were given")

// Records makes the records ready to be read. A compressed batch is unpacked by a
// codec of codecs, into the memory of scratch where it fits there, to at most
// limit bytes; 0 is DefaultLimit. The records alias that memory, or the batch
// itself where it is not compressed.
func (b *Batch) Records(codecs Codecs, scratch []byte, limit int) (Records, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	r := Records{format: b.Format, logAppendTime: b.LogAppendTime, logAppend: b.MaxTimestamp, place: b.place()}
	if b.Format != V2 {
		err := r.openMessages(b, codecs, scratch, limit)
		return r, err
	}
	r.data, r.left = b.raw[batchHead:], b.NumRecords
	r.base, r.baseTimestamp = b.BaseOffset, int64At(b.raw, baseTimestampAt)
	r.lastDelta = int32At(b.raw, lastOffsetDeltaAt)
	if b.Compression != None && r.left > 0 {
		var err error
		if r.data, err = unpack(codecs, b.Compression, scratch[:0], r.data, V2, limit); err != nil {
			return Records{}, b.corrupt(batchHead, err)
		}
		r.unpacked = true
	}
	if r.left > len(r.data)/minRecord {
		return Records{}, b.corrupt(countAt, fmt.Errorf("%d records, which don't fit into %d bytes", r.left, len(r.data)))
	}
	return r, nil
}

// unpack appends what src unpacks to to dst.
func unpack(codecs Codecs, c Compression, dst, src []byte, f Format, limit int) ([]byte, error) {
	if codecs == nil {
		return nil, errNoCodecs
	}
	codec, err := codecs.Codec(c)
	if err != nil {
		return nil, err
	}
	if codec == nil {
		return nil, fmt.Errorf("there is no codec for %v", c)
	}
	out, err := codec.Decompress(dst, src, f, limit)
	if err != nil {
		return nil, fmt.Errorf("unpacking %d bytes of %v: %w", len(src), c, err)
	}
	return out, nil
}

// Buffer is the memory that the batch was unpacked into, to be given to another
// batch as scratch when its records are no longer in use; nil where nothing was
// unpacked.
func (r *Records) Buffer() []byte {
	if !r.unpacked {
		return nil
	}
	return r.data
}

// Next reads the next record into rec. It returns false after the last one. After
// a *CorruptError it stays there. It allocates nothing.
func (r *Records) Next(rec *Record) (bool, error) {
	if r.format != V2 {
		return r.nextMessage(rec)
	}
	if r.left == 0 {
		return false, r.checkEnd()
	}
	// Here is what nearly every record looks like. nextRecord reads the others, and
	// says what is wrong with those that are damaged.
	size, i := shortVarint(r.data, r.pos)
	if size < minRecord-1 || size > int64(len(r.data)-i) {
		return r.nextRecord(rec)
	}
	b := r.data[:i+int(size)]
	timestampDelta, i := shortVarint(b, i+1) // after the attributes, which mean nothing yet
	offsetDelta, i := shortVarint(b, i)
	keySize, i := shortVarint(b, i)
	if uint64(offsetDelta) > uint64(r.lastDelta) || keySize < -1 || keySize > int64(len(b)-i) {
		return r.nextRecord(rec)
	}
	var key, value []byte
	if keySize >= 0 {
		end := i + int(keySize)
		key, i = b[i:end:end], end
	}
	valueSize, i := shortVarint(b, i)
	if valueSize < -1 || valueSize >= int64(len(b)-i) {
		return r.nextRecord(rec)
	}
	if valueSize >= 0 {
		end := i + int(valueSize)
		value, i = b[i:end:end], end
	}
	var headers Headers
	if i != len(b)-1 || b[i] != 0 {
		if !validHeaders(b[i:]) {
			return r.nextRecord(rec)
		}
		headers.raw = b[i:len(b):len(b)]
	}
	rec.Headers = headers
	rec.Key, rec.Value = key, value
	r.read(rec, offsetDelta, timestampDelta, len(b))
	return true, nil
}

// read sets the rest of a record, and goes on to the next one, at pos.
func (r *Records) read(rec *Record, offsetDelta, timestampDelta int64, pos int) {
	rec.Offset = r.base + offsetDelta
	rec.Timestamp, rec.LogAppendTime = r.baseTimestamp+timestampDelta, r.logAppendTime // the sum may wrap around, as the difference did when it was written
	if r.logAppendTime {
		rec.Timestamp = r.logAppend
	}
	r.pos = pos
	r.left--
}

// checkEnd looks at what is after the last record of v2. What a batch without
// records holds means nothing.
func (r *Records) checkEnd() error {
	if r.pos != len(r.data) && r.pos > 0 {
		return r.corrupt(r.pos, fmt.Errorf("%d bytes after the last record", len(r.data)-r.pos))
	}
	return nil
}

// All iterates over the records that are left, for where speed matters less than
// brevity. An error is the last that it yields.
func (r *Records) All() iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for {
			var rec Record
			ok, err := r.Next(&rec)
			if err != nil {
				yield(Record{}, err)
				return
			}
			if !ok || !yield(rec, nil) {
				return
			}
		}
	}
}

// What can be wrong with a record of v2.
var (
	errRecordSize    = errors.New("a record has no valid size, or ends after the batch")
	errRecordHead    = errors.New("a record has no valid timestamp or offset")
	errOffsetDelta   = errors.New("a record's offset is one that none can follow")
	errKey           = errors.New("a record's key has no valid length, or ends after the record")
	errValue         = errors.New("a record's value has no valid length, or ends after the record")
	errRecordHeaders = errors.New("a record's headers don't end where the record does")
)

// nextRecord reads any record of v2.
func (r *Records) nextRecord(rec *Record) (bool, error) {
	size, start := varint32(r.data, r.pos)
	if start < 0 || size < minRecord-1 || size > int64(len(r.data)-start) {
		return false, r.corrupt(r.pos, errRecordSize)
	}
	end := start + int(size)
	b := r.data[:end]
	timestampDelta, i := varint64(b, start+1)
	offsetDelta, i := varint32(b, i)
	if i < 0 {
		return false, r.corrupt(start, errRecordHead)
	}
	// It may be outside of the batch's: brokers don't look at it where nothing is
	// compressed.
	if offsetDelta > 0 && r.base > math.MaxInt64-1-offsetDelta {
		return false, r.corrupt(start, errOffsetDelta)
	}
	key, i := nullable(b, i)
	if i < 0 {
		return false, r.corrupt(start, errKey)
	}
	value, i := nullable(b, i)
	if i < 0 {
		return false, r.corrupt(start, errValue)
	}
	if !validHeaders(b[i:]) {
		return false, r.corrupt(i, errRecordHeaders)
	}
	rec.Headers = Headers{raw: b[i:end:end]}
	rec.Key, rec.Value = key, value
	r.read(rec, offsetDelta, timestampDelta, end)
	return true, nil
}

// nullable reads a length and as many bytes at b[i] and returns where they end, or
// -1 where they are not there. Every negative length is null: brokers take it.
func nullable(b []byte, i int) ([]byte, int) {
	n, start := shortVarint(b, i)
	if start == farBehind {
		n, start = varint32(b, i)
	}
	switch {
	case start < 0 || n > int64(len(b)-start):
		return nil, -1
	case n < 0:
		return nil, start
	}
	end := start + int(n)
	return b[start:end:end], end
}

func (r *Records) corrupt(at int, err error) error {
	if !r.unpacked && r.format == V2 {
		at += batchHead
	}
	return r.place.corrupt(at, r.unpacked, err)
}
