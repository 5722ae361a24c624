package record

import (
	"bytes"
	"iter"
	"unsafe"

	"github.com/barnabas-kafka/barnabas/wire"
)

// Headers are the headers of a record (KIP-82), as they came: they are decoded
// when they are iterated over. The zero Headers has none.
type Headers struct {
	raw []byte // their number and they, checked by validHeaders
}

// validHeaders tells whether raw is a number and as many headers.
func validHeaders(raw []byte) bool {
	n, i := varint32(raw, 0)
	if i < 0 || n < 0 || n > int64(len(raw)) {
		return false
	}
	for ; n > 0; n-- {
		key, end := nullable(raw, i)
		if key == nil {
			return false
		}
		if _, i = nullable(raw, end); i < 0 {
			return false
		}
	}
	return i == len(raw)
}

// Len is how many headers there are.
func (h Headers) Len() int {
	if h.raw == nil {
		return 0
	}
	n, _ := varint32(h.raw, 0)
	return int(n)
}

// All iterates over the headers in order; a key may come more than once. Each key
// is a string of its own. A value is nil where it is null, else it aliases what
// the record was read from.
func (h Headers) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for key, value := range h.each {
			if !yield(string(key), value) {
				return
			}
		}
	}
}

// AppendTo appends the headers to dst, in order. Keys and values alias what the
// record was read from, so that must not be written to any more; a value is nil
// where it is null. It allocates nothing where dst has room.
func (h Headers) AppendTo(dst []wire.Header) []wire.Header {
	for key, value := range h.each {
		dst = append(dst, wire.Header{Key: unsafe.String(unsafe.SliceData(key), len(key)), Value: value})
	}
	return dst
}

// Get returns the value of the last header with that key, and whether there is
// one. It allocates nothing.
func (h Headers) Get(key string) (value []byte, ok bool) {
	for k, v := range h.each {
		if string(k) == key {
			value, ok = v, true
		}
	}
	return value, ok
}

func (h Headers) each(yield func(key, value []byte) bool) {
	if h.raw == nil {
		return
	}
	n, i := varint32(h.raw, 0)
	for ; n > 0; n-- {
		var key, value []byte
		key, i = nullable(h.raw, i)
		value, i = nullable(h.raw, i)
		if !yield(key, value) {
			return
		}
	}
}

// Clone returns the headers in memory of their own.
func (h Headers) Clone() Headers { return Headers{raw: bytes.Clone(h.raw)} }
