package code

import "encoding/binary"

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
