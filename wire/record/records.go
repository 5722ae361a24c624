package record

import (
	"encoding/binary"
	"fmt"
)

// Records are the records of one batch, in order. The zero value has none. A
// copy reads on from the same place.
type Records struct {
	batch Batch
	left  int    // V2: records to come
	rest  []byte // what was not read yet
	// inner are the message sets that the one in rest lies in, V0 and V1 only:
	// old producers nested them.
	inner  []messageSet
	set    messageSet
	codecs Codecs
	limit  int
}

// A messageSet says how the messages of a set got their offsets and timestamps.
type messageSet struct {
	rest      []byte
	add       int64 // to every offset
	timestamp int64 // of all messages, where append is set
	append    bool  // LogAppendTime
}

// maxNesting bounds how deep message sets may lie in each other.
const maxNesting = 4

// Records unpacks the batch, if it is compressed, and returns its records. What
// it is unpacked to is appended to scratch[:0], and records alias that; give nil
// when they are to be kept. It may have limit bytes at most; 0 is DefaultLimit.
// Codecs may be nil for batches that are not compressed.
func (b *Batch) Records(codecs Codecs, scratch []byte, limit int) (Records, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	r := Records{batch: *b, codecs: codecs, limit: limit}
	if b.Format != V2 {
		r.rest = b.raw
		return r, nil
	}
	r.rest, r.left = b.raw[v2Records:], b.NumRecords
	if b.Compression != None {
		var err error
		if r.rest, err = r.unpack(b.Compression, scratch[:0], r.rest); err != nil {
			return Records{}, err
		}
	}
	return r, nil
}

// unpack decompresses.
func (r *Records) unpack(c Compression, dst, src []byte) ([]byte, error) {
	if r.codecs == nil {
		return nil, r.batch.corrupt(0, "it is compressed with %s, and no codecs were given", c)
	}
	codec, err := r.codecs.Codec(c)
	if err != nil {
		return nil, fmt.Errorf("batch at offset %d: %w", r.batch.LastOffset, err)
	}
	out, err := codec.Decompress(dst, src, r.batch.Format, r.limit)
	if err != nil {
		return nil, fmt.Errorf("batch at offset %d: unpacking %s: %w", r.batch.LastOffset, c, err)
	}
	return out, nil
}

// Next reads the next record into rec. It returns false at the end, and false
// with an error where the rest can't be read.
func (r *Records) Next(rec *Record) (bool, error) {
	if r.batch.Format == V2 {
		return r.nextRecord(rec)
	}
	return r.nextMessage(rec)
}

// nextRecord reads a V2 record.
func (r *Records) nextRecord(rec *Record) (bool, error) {
	if r.left == 0 {
		return false, nil
	}
	body, rest, ok := varintBytes(r.rest)
	if !ok || len(body) < 1 {
		return false, r.damaged("the length of a record")
	}
	r.rest = rest
	r.left--
	body = body[1:] // attributes: none are defined
	timestampDelta, n := binary.Varint(body)
	if n <= 0 {
		return false, r.damaged("the timestamp of a record")
	}
	body = body[n:]
	offsetDelta, n := binary.Varint(body)
	if n <= 0 || offsetDelta < 0 || offsetDelta > r.batch.LastOffset-r.batch.BaseOffset {
		return false, r.damaged("the offset of a record")
	}
	body = body[n:]
	if rec.Key, body, ok = varintBytes(body); !ok {
		return false, r.damaged("the key of a record")
	}
	if rec.Value, body, ok = varintBytes(body); !ok {
		return false, r.damaged("the value of a record")
	}
	if rec.Headers, ok = parseHeaders(body); !ok {
		return false, r.damaged("the headers of a record")
	}
	rec.Offset = r.batch.BaseOffset + offsetDelta
	rec.LogAppendTime = r.batch.LogAppendTime
	if rec.LogAppendTime {
		rec.Timestamp = r.batch.MaxTimestamp
	} else {
		rec.Timestamp = int64At(r.batch.raw, v2BaseTimestamp) + timestampDelta
	}
	return true, nil
}

// parseHeaders checks that b holds headers and nothing else.
func parseHeaders(b []byte) (Headers, bool) {
	if len(b) == 1 && b[0] == 0 { // nearly all records have none
		return Headers{}, true
	}
	count, n := binary.Varint(b)
	if n <= 0 || count < 0 || count > int64(len(b)) {
		return Headers{}, false
	}
	rest := b[n:]
	for range count {
		var key []byte
		var ok bool
		if key, rest, ok = varintBytes(rest); !ok || key == nil {
			return Headers{}, false
		}
		if _, rest, ok = varintBytes(rest); !ok {
			return Headers{}, false
		}
	}
	return Headers{raw: b[n:], n: int(count)}, len(rest) == 0
}

// damaged says what can't be read, and ends the iteration.
func (r *Records) damaged(what string) error {
	r.left = 0
	at := len(r.batch.raw) - len(r.rest)
	if r.batch.Compression != None {
		at = 0 // the rest is not a part of what was read
	}
	r.rest = nil
	return r.batch.corrupt(at, "%s does not fit into it, %s", what, r.batch.describe())
}

func (b *Batch) describe() string {
	return fmt.Sprintf("format %d, %s, offsets %d to %d", b.Format, b.Compression, b.BaseOffset, b.LastOffset)
}

// nextMessage reads a V0 or V1 message.
func (r *Records) nextMessage(rec *Record) (bool, error) {
	for {
		for len(r.rest) == 0 {
			if len(r.inner) == 0 {
				return false, nil
			}
			r.set = r.inner[len(r.inner)-1]
			r.inner = r.inner[:len(r.inner)-1]
			r.rest = r.set.rest
		}
		m, format, ok := cutMessage(r.rest)
		if !ok {
			return false, r.damaged("a message")
		}
		key, value, ok := keyAndValue(m, format)
		if !ok {
			return false, r.damaged("the key or value of a message")
		}
		r.rest = r.rest[len(m):]
		if c := Compression(m[msgAttributes] & attrCompression); c != None {
			if err := r.descend(m, format, c, value); err != nil {
				return false, err
			}
			continue
		}
		*rec = Record{Offset: int64At(m, 0) + r.set.add, Timestamp: -1, Key: key, Value: value}
		switch {
		case r.set.append:
			rec.Timestamp, rec.LogAppendTime = r.set.timestamp, true
		case format == V1:
			rec.Timestamp, rec.LogAppendTime = int64At(m, msgTimestamp), m[msgAttributes]&attrLogAppendTime != 0
		}
		return true, nil
	}
}

// descend goes on with the message set that is compressed in a message's value.
func (r *Records) descend(m []byte, format Format, c Compression, value []byte) error {
	if len(r.inner) == maxNesting {
		return r.batch.corrupt(0, "message sets lie in each other more than %d deep", maxNesting)
	}
	set, err := r.unpack(c, nil, value)
	if err != nil {
		r.rest, r.inner = nil, nil
		return err
	}
	next := messageSet{add: r.set.add, timestamp: r.set.timestamp, append: r.set.append}
	if format == V1 {
		last, ok := lastOffset(set)
		if !ok {
			return r.damaged("the message set inside a message")
		}
		next.add += int64At(m, 0) - last // offsets inside count from the set's first
		if m[msgAttributes]&attrLogAppendTime != 0 && !next.append {
			next.append, next.timestamp = true, int64At(m, msgTimestamp)
		}
	}
	r.set.rest = r.rest
	r.inner = append(r.inner, r.set)
	r.set, r.rest = next, set
	return nil
}

// cutMessage returns the message that b begins with. ok is false where b does
// not hold a whole message of format V0 or V1.
func cutMessage(b []byte) (m []byte, format Format, ok bool) {
	if len(b) < msgKeyV0+8 {
		return nil, 0, false
	}
	size := int64(int32At(b, msgSize))
	format = Format(b[msgMagic])
	if size > int64(len(b)-prefix) || format != V0 && format != V1 || size < int64(keyAt(format)+8-prefix) {
		return nil, 0, false
	}
	return b[: prefix+size : prefix+size], format, true
}

// keyAndValue returns the key and the value of a message; they must fill it.
func keyAndValue(m []byte, format Format) (key, value []byte, ok bool) {
	rest := m[keyAt(format):]
	if key, rest, ok = int32Bytes(rest); !ok {
		return nil, nil, false
	}
	value, rest, ok = int32Bytes(rest)
	return key, value, ok && len(rest) == 0
}

// int32Bytes returns the bytes behind an int32 length; nil where it is negative.
func int32Bytes(b []byte) (value, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := int64(int32At(b, 0))
	if b = b[4:]; n < 0 {
		return nil, b, true
	}
	if n > int64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}

// lastOffset is the offset of the last message of a set.
func lastOffset(set []byte) (last int64, ok bool) {
	for len(set) > 0 {
		m, _, whole := cutMessage(set)
		if !whole {
			return 0, false
		}
		last, ok = int64At(m, 0), true
		set = set[len(m):]
	}
	return last, ok
}
