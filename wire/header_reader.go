package wire

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A headerReader reads a header. (Messages are read by wire/internal/code, which
// imports this package.) Its first error sticks: every read then returns zero.
type headerReader struct {
	src    []byte
	pos    int // len(src) after an error
	failed bool
	at     int    // where the value begins that can't be read
	reason string // why; empty: src ends too early
}

// err is the error, a *DecodeError, or nil.
func (r *headerReader) err(header string, version int16) error {
	if !r.failed {
		return nil
	}
	e := &DecodeError{Message: header, Version: version, Offset: r.at, Size: len(r.src), Reason: r.reason}
	if e.Reason == "" {
		e.Offset, e.Reason = len(r.src), "the message ends too early"
	}
	return e
}

func (r *headerReader) fail(at int, reason string) {
	if !r.failed {
		r.failed, r.at, r.reason = true, at, reason
	}
	r.pos = len(r.src)
}

// fixed returns the next n bytes, nil where there are not so many.
func (r *headerReader) fixed(n int) []byte {
	if r.failed || n > len(r.src)-r.pos {
		r.fail(r.pos, "")
		return nil
	}
	r.pos += n
	return r.src[r.pos-n : r.pos : r.pos]
}

func (r *headerReader) int16() (v int16) {
	if b := r.fixed(2); b != nil {
		v = int16(binary.BigEndian.Uint16(b))
	}
	return v
}

func (r *headerReader) int32() (v int32) {
	if b := r.fixed(4); b != nil {
		v = int32(binary.BigEndian.Uint32(b))
	}
	return v
}

func (r *headerReader) nullableString() *string {
	at := r.pos
	n := int(r.int16())
	switch {
	case r.failed || n < 0:
		return nil
	case n > len(r.src)-r.pos:
		r.fail(at, fmt.Sprintf("length %d", n))
		return nil
	}
	return new(string(r.fixed(n)))
}

func (r *headerReader) uvarint() uint32 {
	v, n := binary.Uvarint(r.src[r.pos:])
	if n <= 0 || n > binary.MaxVarintLen32 || v > math.MaxUint32 {
		r.fail(r.pos, "a varint that ends too late or not at all")
		return 0
	}
	r.pos += n
	return uint32(v)
}

// tags reads a tag section and keeps all of it; nil where it is empty.
func (r *headerReader) tags() *Tags {
	at := r.pos
	n := r.uvarint()
	if int64(n) > int64(len(r.src)-r.pos)/2 { // number and size take a byte each
		r.fail(at, fmt.Sprintf("%d tagged fields", n))
	}
	if r.failed || n == 0 {
		return nil
	}
	tags := make(Tags, 0, n)
	for range n {
		at := r.pos
		number, size := r.uvarint(), r.uvarint()
		if int64(size) > int64(len(r.src)-r.pos) {
			r.fail(at, fmt.Sprintf("tagged field %d of length %d", number, size))
		}
		if r.failed {
			break
		}
		tags = append(tags, Tag{Number: number, Data: r.fixed(int(size))})
	}
	return &tags
}

// appendTags appends a tag section: the number of the tags, and they, which must
// ascend; tags may be nil.
func appendTags(dst []byte, tags *Tags) ([]byte, error) {
	list := tags.list()
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i, tag := range list {
		if i > 0 && list[i-1].Number >= tag.Number {
			return dst, fmt.Errorf("UnknownTags: tag %d does not come after tag %d; they must ascend", tag.Number, list[i-1].Number)
		}
		dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(tag.Number)), uint64(len(tag.Data)))
		dst = append(dst, tag.Data...)
	}
	return dst, nil
}
