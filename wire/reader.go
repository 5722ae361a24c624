package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// A Reader reads the protocol's primitives from a message. Its first error
// sticks: from then on every read returns zero, so that generated code needs to
// look for an error only where it would loop.
//
// Strings are copied into few blocks per message, and so are the elements of
// []int32 and what *string points to. No block is larger than what is left of
// the message could fill.
type Reader struct {
	src      []byte
	pos      int
	message  string
	version  int16
	err      error
	path     []string // where the error is, innermost first
	strings  strings.Builder
	pointers []string
	int32s   []int32
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

// A DecodeError says why bytes are not the message that they should be, and
// where.
type DecodeError struct {
	Message string // such as FetchResponse
	Version int16
	Path    string // the struct within it, such as Topics[3].Partitions[0]; empty for the message itself
	Offset  int    // of the byte that reading came to
	Size    int    // of the whole message
	Reason  string
}

// Error has all of it in a line.
func (e *DecodeError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s v%d: %s at byte %d of %d", e.Message, e.Version, e.Reason, e.Offset, e.Size)
	}
	return fmt.Sprintf("%s v%d: %s: %s at byte %d of %d", e.Message, e.Version, e.Path, e.Reason, e.Offset, e.Size)
}

// Err returns the error, a *DecodeError, or nil.
func (r *Reader) Err() error {
	if e, ok := r.err.(*DecodeError); ok && e.Path == "" && len(r.path) > 0 {
		var path strings.Builder
		for i := len(r.path) - 1; i >= 0; i-- {
			if path.Len() > 0 && !strings.HasPrefix(r.path[i], "[") {
				path.WriteByte('.')
			}
			path.WriteString(r.path[i])
		}
		e.Path = path.String()
	}
	return r.err
}

// Failed tells whether there was an error.
func (r *Reader) Failed() bool { return r.err != nil }

// In says that the error is inside that field.
func (r *Reader) In(field string) { r.path = append(r.path, field) }

// InElement says that the error is inside that element of an array.
func (r *Reader) InElement(field string, i int) {
	r.path = append(r.path, fmt.Sprintf("%s[%d]", field, i))
}

// Fail makes an error of the reason, if there is none yet.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = &DecodeError{Message: r.message, Version: r.version, Offset: r.pos, Size: len(r.src), Reason: fmt.Sprintf(format, args...)}
	}
}

// Remaining is how many bytes were not read yet.
func (r *Reader) Remaining() int { return len(r.src) - r.pos }

// Offset is how many bytes were read.
func (r *Reader) Offset() int { return r.pos }

// take returns the next n bytes, or nil after an error.
func (r *Reader) take(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n > len(r.src)-r.pos {
		r.Fail("needs %d bytes, and %d are left", n, len(r.src)-r.pos)
		return nil
	}
	b := r.src[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// Bool reads a bool; every byte but 0 is true.
func (r *Reader) Bool() bool { return r.Int8() != 0 }

// Int8 reads an int8.
func (r *Reader) Int8() int8 {
	if b := r.take(1); b != nil {
		return int8(b[0])
	}
	return 0
}

// Int16 reads an int16.
func (r *Reader) Int16() int16 { return int16(r.Uint16()) }

// Uint16 reads a uint16.
func (r *Reader) Uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Int32 reads an int32.
func (r *Reader) Int32() int32 {
	if b := r.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

// Int64 reads an int64.
func (r *Reader) Int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// Float64 reads a float64.
func (r *Reader) Float64() float64 { return math.Float64frombits(uint64(r.Int64())) }

// UUID reads a UUID.
func (r *Reader) UUID() (u UUID) {
	copy(u[:], r.take(len(u)))
	return u
}

// Uvarint reads an unsigned varint of 32 bits.
func (r *Reader) Uvarint() uint32 {
	if r.err != nil {
		return 0
	}
	if r.pos < len(r.src) && r.src[r.pos] < 0x80 { // nearly all are short
		r.pos++
		return uint32(r.src[r.pos-1])
	}
	v, n := binary.Uvarint(r.src[r.pos:])
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

// stringLength reads a length of a string: -1 for null.
func (r *Reader) stringLength(flexible bool) int {
	if flexible {
		return r.compactLength()
	}
	return max(int(r.Int16()), -1)
}

// String reads a string that is not null.
func (r *Reader) String(flexible bool) string {
	n := r.stringLength(flexible)
	if n < 0 {
		r.Fail("null, in a string that can't be null")
		return ""
	}
	return r.copyString(r.take(n))
}

// NullableString reads a string; nil is null.
func (r *Reader) NullableString(flexible bool) *string {
	n := r.stringLength(flexible)
	if n < 0 || r.err != nil {
		return nil
	}
	b := r.take(n)
	if r.err != nil {
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
	n := r.length(flexible)
	if n < 0 {
		r.Fail("null, in bytes that can't be null")
		return nil
	}
	return r.take(n)
}

// NullableBytes reads bytes; nil is null. They alias the message.
func (r *Reader) NullableBytes(flexible bool) []byte {
	n := r.length(flexible)
	if n < 0 {
		return nil
	}
	return r.take(n)
}

// Len reads the length of an array that is not null and whose elements take at
// least minSize bytes each.
func (r *Reader) Len(flexible bool, minSize int) int {
	n := r.NullableLen(flexible, minSize)
	if n < 0 {
		r.Fail("null, in an array that can't be null")
		return 0
	}
	return n
}

// NullableLen reads the length of an array: -1 for null. It is an error, and 0,
// when what is left of the message can't hold so many elements.
func (r *Reader) NullableLen(flexible bool, minSize int) int {
	n := r.length(flexible)
	if r.err != nil {
		return 0
	}
	if n > r.Remaining()/minSize {
		r.Fail("an array of %d elements, and %d bytes are left", n, r.Remaining())
		return 0
	}
	return n
}

// Int32s reads n values, into dst where they fit.
func (r *Reader) Int32s(dst []int32, n int) []int32 {
	if cap(dst) < n {
		if cap(r.int32s)-len(r.int32s) < n {
			r.int32s = make([]int32, 0, max(n, min(int32Block, r.Remaining()/4)))
		}
		start := len(r.int32s)
		r.int32s = r.int32s[:start+n]
		dst = r.int32s[start : start+n : start+n]
	}
	if dst == nil {
		dst = []int32{} // empty is not null
	}
	dst = dst[:n]
	b := r.take(4 * n)
	if b == nil {
		return dst[:0]
	}
	for i := range dst {
		dst[i] = int32(binary.BigEndian.Uint32(b[4*i:]))
	}
	return dst
}

// Resize returns a slice of n elements: s itself, where it is large enough.
func Resize[T any](s []T, n int) []T {
	if s == nil || cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// TagCount reads how many tagged fields follow.
func (r *Reader) TagCount() int {
	n := r.Uvarint()
	if int64(n) > int64(r.Remaining()/2) { // number and size take a byte each
		r.Fail("%d tagged fields, and %d bytes are left", n, r.Remaining())
		return 0
	}
	return int(n)
}

// TaggedField reads the number and the size of a tagged field and returns where
// it ends.
func (r *Reader) TaggedField() (number uint32, end int) {
	number = r.Uvarint()
	size := r.Uvarint()
	if r.err == nil && int64(size) > int64(r.Remaining()) {
		r.Fail("tagged field %d has %d bytes, and %d are left", number, size, r.Remaining())
	}
	if r.err != nil {
		return number, r.pos
	}
	return number, r.pos + int(size)
}

// EndOfTag checks that a tagged field that the schema knows ended where its
// size said.
func (r *Reader) EndOfTag(number uint32, end int) {
	if r.err == nil && r.pos != end {
		r.Fail("tagged field %d ends %d bytes away from where its size says", number, r.pos-end)
	}
}

// UnknownTag keeps a tagged field that the schema does not know, or not in that
// version. At most left fields are still to come, this one included.
func (r *Reader) UnknownTag(tags Tags, number uint32, end, left int) Tags {
	if r.err != nil {
		return tags
	}
	if tags == nil {
		tags = make(Tags, 0, left)
	}
	return append(tags, Tag{Number: number, Data: r.take(end - r.pos)})
}

// SkipTags skips a tag section; for headers.
func (r *Reader) SkipTags() {
	for left := r.TagCount(); left > 0 && r.err == nil; left-- {
		_, end := r.TaggedField()
		r.take(end - r.pos)
	}
}

// UnknownTags reads a tag section and keeps all of it.
func (r *Reader) UnknownTags() (tags Tags) {
	for left := r.TagCount(); left > 0 && r.err == nil; left-- {
		number, end := r.TaggedField()
		tags = r.UnknownTag(tags, number, end, left)
	}
	return tags
}
