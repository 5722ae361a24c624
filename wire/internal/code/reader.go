package code

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A Reader reads the protocol's primitives from a message. Its first error
// sticks: it moves past the end, where every read returns zero and moves on, so
// that generated code needs to look for an error only where it would loop, and
// reading a number is a comparison and a load.
//
// Strings are copied into few blocks per message, and so are the elements of
// []int32 and what *string points to. No block is larger than what is left of
// the message could fill.
type Reader struct {
	src      []byte
	pos      int // beyond the end after an error
	owed     int // bytes that the arrays around still need for their elements
	message  string
	version  int16
	err      *wire.DecodeError // nil also where the message just ended too early
	strings  strings.Builder
	pointers []string
	int32s   []int32 // a block, of which the first int32n are taken
	int32n   int
}

// The sizes of the blocks.
const (
	firstStringBlock = 1 << 10
	maxStringBlock   = 1 << 16
	pointerBlock     = 64
	int32Block       = 1 << 12
)

// NewReader returns a Reader of src. The message's name and version are for
// errors.
func NewReader(src []byte, message string, version int16) Reader {
	return Reader{src: src, message: message, version: version}
}

// Err returns the error, a *wire.DecodeError, or nil.
func (r *Reader) Err() error {
	if !r.Failed() {
		return nil
	}
	if r.err == nil {
		r.fail(len(r.src), "the message ends too early")
	}
	return r.err
}

// Failed tells whether there was an error.
func (r *Reader) Failed() bool { return r.pos > len(r.src) }

// Fail makes an error of the reason, if there is none yet.
func (r *Reader) Fail(format string, args ...any) { r.fail(r.Offset(), format, args...) }

// fail says that the value that begins at that byte can't be read.
func (r *Reader) fail(at int, format string, args ...any) {
	if r.err == nil {
		r.err = &wire.DecodeError{Message: r.message, Version: r.version, Offset: at, Size: len(r.src), Reason: fmt.Sprintf(format, args...)}
	}
	r.pos = len(r.src) + 1
}

// Remaining is how many bytes were not read yet; negative after an error.
func (r *Reader) Remaining() int { return len(r.src) - r.pos }

// Offset is how many bytes were read.
func (r *Reader) Offset() int { return min(r.pos, len(r.src)) }

// take returns the next n bytes of the value that begins at that byte, or nil
// when there are not so many.
func (r *Reader) take(n, at int) []byte {
	if n > len(r.src)-r.pos {
		if !r.Failed() {
			r.fail(at, "length %d", n)
		}
		return nil
	}
	b := r.src[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// Fixed returns the next n bytes, which hold values of fixed sizes, or nil when
// there are not so many.
func (r *Reader) Fixed(n int) []byte {
	at := r.pos
	r.pos += n
	if r.pos > len(r.src) {
		return nil
	}
	return r.src[at:r.pos]
}

// Bool reads a bool; every byte but 0 is true.
func (r *Reader) Bool() bool { return r.Int8() != 0 }

// Int8 reads an int8.
func (r *Reader) Int8() (v int8) {
	at := r.pos
	r.pos++
	if r.pos <= len(r.src) {
		v = int8(r.src[at])
	}
	return v
}

// Int16 reads an int16.
func (r *Reader) Int16() int16 { return int16(r.Uint16()) }

// Uint16 reads a uint16.
func (r *Reader) Uint16() (v uint16) {
	at := r.pos
	r.pos += 2
	if r.pos <= len(r.src) {
		v = binary.BigEndian.Uint16(r.src[at:])
	}
	return v
}

// Int32 reads an int32.
func (r *Reader) Int32() (v int32) {
	at := r.pos
	r.pos += 4
	if r.pos <= len(r.src) {
		v = int32(binary.BigEndian.Uint32(r.src[at:]))
	}
	return v
}

// Int64 reads an int64.
func (r *Reader) Int64() (v int64) {
	at := r.pos
	r.pos += 8
	if r.pos <= len(r.src) {
		v = int64(binary.BigEndian.Uint64(r.src[at:]))
	}
	return v
}

// Float64 reads a float64.
func (r *Reader) Float64() float64 { return math.Float64frombits(uint64(r.Int64())) }

// UUID reads a UUID.
func (r *Reader) UUID() (u wire.UUID) {
	at := r.pos
	r.pos += len(u)
	if r.pos <= len(r.src) {
		u = wire.UUID(r.src[at:])
	}
	return u
}

// Uvarint reads an unsigned varint of 32 bits.
func (r *Reader) Uvarint() uint32 {
	if at := r.pos; at < len(r.src) && r.src[at] < 0x80 { // nearly all are short
		r.pos++
		return uint32(r.src[at])
	}
	return r.longUvarint()
}

func (r *Reader) longUvarint() uint32 {
	v, n := binary.Uvarint(r.src[r.Offset():])
	if n <= 0 || n > binary.MaxVarintLen32 || v > math.MaxUint32 {
		r.Fail("a varint that ends too late or not at all")
		return 0
	}
	r.pos += n
	return uint32(v)
}

// compactLength reads a compact length: -1 for null.
func (r *Reader) compactLength() int { return int(min(r.Uvarint(), math.MaxInt32)) - 1 }

// length reads a length of bytes or of an array: -1 for null.
func (r *Reader) length(flexible bool) int {
	if flexible {
		return r.compactLength()
	}
	return max(int(r.Int32()), -1)
}

// stringLength reads a length of a string, which begins at that byte: -1 for
// null.
func (r *Reader) stringLength(flexible bool, at int) int {
	if !flexible {
		return max(int(r.Int16()), -1)
	}
	n := r.compactLength()
	if n > wire.MaxString {
		r.fail(at, "length %d", n)
	}
	return n
}

// String reads a string that is not null.
func (r *Reader) String(flexible bool) string {
	at := r.pos
	n := r.stringLength(flexible, at)
	if n < 0 {
		r.fail(at, "null, which this string can't be,")
		return ""
	}
	return r.copyString(r.take(n, at))
}

// NullableString reads a string; nil is null.
func (r *Reader) NullableString(flexible bool) *string {
	at := r.pos
	n := r.stringLength(flexible, at)
	if n < 0 {
		return nil
	}
	b := r.take(n, at)
	if r.Failed() {
		return nil
	}
	if len(r.pointers) == cap(r.pointers) {
		r.pointers = make([]string, 0, min(pointerBlock, r.Remaining()/8+1))
	}
	r.pointers = append(r.pointers, r.copyString(b))
	return &r.pointers[len(r.pointers)-1]
}

// copyString copies b into the current block.
func (r *Reader) copyString(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if r.strings.Cap()-r.strings.Len() < len(b) {
		block := min(max(2*r.strings.Cap(), firstStringBlock), maxStringBlock)
		r.strings = strings.Builder{}
		r.strings.Grow(max(len(b), min(block, len(b)+r.Remaining())))
	}
	start := r.strings.Len()
	r.strings.Write(b)
	return r.strings.String()[start:]
}

// Bytes reads bytes that are not null; they alias the message.
func (r *Reader) Bytes(flexible bool) []byte {
	at := r.pos
	n := r.length(flexible)
	if n < 0 {
		r.fail(at, "null, which these bytes can't be,")
		return nil
	}
	return r.take(n, at)
}

// NullableBytes reads bytes; nil is null. They alias the message.
func (r *Reader) NullableBytes(flexible bool) []byte {
	at := r.pos
	n := r.length(flexible)
	if n < 0 {
		return nil
	}
	return r.take(n, at)
}
