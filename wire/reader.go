package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
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
	err      *DecodeError // nil also where the message just ended too early
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

// A DecodeError says why bytes are not the message that they should be, and
// where.
type DecodeError struct {
	Message string // such as FetchResponse
	Version int16
	Path    string // of the field, by Kafka's names, such as Responses[3].Partitions[0].Records
	Offset  int    // where the value that can't be read begins
	Size    int    // of the whole message
	Reason  string
}

// Error has all of it in a line.
func (e *DecodeError) Error() string {
	path := e.Path
	if path != "" {
		path += ": "
	}
	return fmt.Sprintf("%s v%d: %s%s at byte %d of %d", e.Message, e.Version, path, e.Reason, e.Offset, e.Size)
}

// Err returns the error, a *DecodeError, or nil.
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
		r.err = &DecodeError{Message: r.message, Version: r.version, Offset: at, Size: len(r.src), Reason: fmt.Sprintf(format, args...)}
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
func (r *Reader) UUID() (u UUID) {
	at := r.pos
	r.pos += len(u)
	if r.pos <= len(r.src) {
		u = UUID(r.src[at:])
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
	if n > MaxString {
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

// Len reads the length of an array that is not null and whose elements take at
// least minSize bytes each.
func (r *Reader) Len(flexible bool, minSize int) int {
	at := r.pos
	n := r.NullableLen(flexible, minSize)
	if n < 0 {
		r.fail(at, "null, which this array can't be,")
		return 0
	}
	return n
}

// NullableLen reads the length of an array: -1 for null. It is an error, and 0,
// when what is left of the message, and not owed, can't hold so many elements.
func (r *Reader) NullableLen(flexible bool, minSize int) int {
	at := r.pos
	var n int
	if flexible && at < len(r.src) && r.src[at] < 0x80 { // nearly all are short
		r.pos++
		n = int(r.src[at]) - 1
	} else {
		n = r.length(flexible)
	}
	if int64(n)*int64(minSize) <= int64(len(r.src)-r.pos-r.owed) { // false after any error
		return n
	}
	if !r.Failed() {
		r.fail(at, "length %d", n)
	}
	return 0
}

// Owe says that n bytes of what is left belong to the elements of an array that
// are still to come; a negative n, that an element begins, whose own they are
// now. Arrays inside an element can't have what is owed: else each could claim
// the rest of the message anew, and memory for it.
func (r *Reader) Owe(n int) { r.owed += n }

// Int32s reads an array that is not null into dst, in its memory where it fits.
func (r *Reader) Int32s(dst *[]int32, flexible bool) {
	// Metadata has thousands of short ones. For those, pos is read once and
	// written once, and what is empty already is left alone: memory that holds
	// pointers is dear to write.
	at := r.pos
	if flexible && at < len(r.src) && r.src[at]-1 < 0x7f {
		n := int(r.src[at]) - 1
		if b := r.src[at+1:]; len(b) >= 4*n {
			r.pos = at + 1 + 4*n
			if n == 0 && len(*dst) == 0 {
				return
			}
			s := *dst
			if cap(s) < n || s == nil {
				s = r.newInt32s(n)
			}
			s = s[:n]
			for i := range s {
				s[i] = int32(binary.BigEndian.Uint32(b))
				b = b[4:]
			}
			*dst = s
			return
		}
	}
	if r.NullableInt32s(dst, flexible); *dst == nil {
		r.fail(at, "null, which this array can't be,")
	}
}

// NullableInt32s reads an array into dst, in its memory where it fits; nil is
// null.
func (r *Reader) NullableInt32s(dst *[]int32, flexible bool) {
	n := r.NullableLen(flexible, 4)
	if n < 0 {
		*dst = nil
		return
	}
	s := *dst
	if cap(s) < n || s == nil {
		s = r.newInt32s(n)
	}
	s = s[:n]
	for i := range s { // nothing, after an error
		s[i] = r.Int32()
	}
	*dst = s
}

// newInt32s returns n values of the current block.
func (r *Reader) newInt32s(n int) []int32 {
	if n == 0 {
		return []int32{}
	}
	from := r.int32n
	if len(r.int32s)-from < n {
		from = 0
		r.int32s = make([]int32, max(n, min(int32Block, n+r.Remaining()/4)))
	}
	r.int32n = from + n
	return r.int32s[from:r.int32n:r.int32n]
}

// Resize returns a slice of n elements: s itself, where it is large enough.
func Resize[T any](s []T, n int) []T {
	if s == nil || cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// A Slab has the elements of the many small arrays of a message, so that they
// take few blocks of memory.
type Slab[T any] struct {
	block []T
	taken int // of the block, from its beginning
	given int // elements, of all blocks
	start int // where the first of them began
}

// maxSlab is how many elements a block has at most, unless one array has more.
const maxSlab = 1 << 10

// Resize returns a slice of n elements, whose bytes are next and at least minSize
// each: s itself, where it is large enough.
func (slab *Slab[T]) Resize(r *Reader, s []T, n, minSize int) []T {
	if s != nil && cap(s) >= n {
		return s[:n]
	}
	if n == 0 {
		return []T{}
	}
	if slab.given == 0 {
		slab.start = r.pos
	}
	from := slab.taken
	if len(slab.block)-from < n {
		from = 0
		room := (r.Remaining() - r.owed) / minSize
		// No more than there are already, so that little is for nothing.
		slab.block = make([]T, max(n, min(slab.expected(r), slab.given, room, maxSlab)))
	}
	slab.taken = from + n
	slab.given += n
	return slab.block[from:slab.taken:slab.taken]
}

// expected is how many elements the rest of the message has if it goes on as it
// did so far.
func (slab *Slab[T]) expected(r *Reader) int {
	return int(int64(slab.given) * int64(r.Remaining()) / int64(max(r.pos-slab.start, 1)))
}

// TagCount reads how many tagged fields follow.
func (r *Reader) TagCount() int {
	at := r.pos
	n := r.Uvarint()
	if int64(n) > int64((r.Remaining()-r.owed)/2) { // number and size take a byte each
		r.fail(at, "%d tagged fields", n)
	}
	if r.Failed() {
		return 0
	}
	return int(n)
}

// TaggedField reads the number and the size of a tagged field and returns where
// it ends.
func (r *Reader) TaggedField() (number uint32, end int) {
	at := r.pos
	number = r.Uvarint()
	size := r.Uvarint()
	if int64(size) > int64(r.Remaining()) {
		r.fail(at, "tagged field %d of length %d", number, size)
	}
	if r.Failed() {
		return number, r.pos
	}
	return number, r.pos + int(size)
}

// EndOfTag checks that a tagged field that the schema knows ended where its
// size said.
func (r *Reader) EndOfTag(number uint32, end int) {
	if !r.Failed() && r.pos != end {
		r.Fail("tagged field %d ends %d bytes away from where its size says", number, r.pos-end)
	}
}

// UnknownTag keeps a tagged field that the schema does not know, or not in that
// version. At most left fields are still to come, this one included.
func (r *Reader) UnknownTag(tags *Tags, number uint32, end, left int) *Tags {
	if r.Failed() {
		return tags
	}
	if tags == nil {
		list := make(Tags, 0, left)
		tags = &list
	}
	*tags = append(*tags, Tag{Number: number, Data: r.take(end-r.pos, r.pos)})
	return tags
}

// NoTags reads a tag section if it is empty, as nearly all are, and tells
// whether it was.
func (r *Reader) NoTags() bool {
	if at := r.pos; at < len(r.src) && r.src[at] == 0 {
		r.pos++
		return true
	}
	return false
}

// UnknownTags reads a tag section and keeps all of it; nil where it is empty.
func (r *Reader) UnknownTags() (tags *Tags) {
	for left := r.TagCount(); left > 0 && !r.Failed(); left-- {
		number, end := r.TaggedField()
		tags = r.UnknownTag(tags, number, end, left)
	}
	return tags
}
