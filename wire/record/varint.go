package record

import (
	"math"
	"math/bits"
)

// Varints here are signed, in zigzag form: small values of either sign are short.

func zigzag(v int64) uint64   { return uint64(v<<1) ^ uint64(v>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// varintLen is how many bytes v takes: a seventh of its bits, rounded up, which
// for up to 64 of them is this, without a division.
func varintLen(v int64) int {
	return (9*bits.Len64(zigzag(v)|1) + 64) >> 6
}

// putVarint writes v at b[i], where there is room, and returns where it ends.
func putVarint(b []byte, i int, v int64) int {
	u := zigzag(v)
	for u >= 0x80 {
		b[i] = byte(u) | 0x80
		u >>= 7
		i++
	}
	b[i] = byte(u)
	return i + 1
}

// varint64 reads at b[i] and returns the value and where it ends, or -1 where no
// varint is, or where i is -1 already. As Java does, it drops what the tenth byte
// has beyond 64 bits.
func varint64(b []byte, i int) (v int64, end int) {
	u, end := uvarint(b, i, 10)
	return unzigzag(u), end
}

// varint32 reads as varint64 does, of at most five bytes and 32 bits: a length,
// a count or the difference of two offsets. Kafka's validator takes what has bits
// beyond these, as Java drops them.
func varint32(b []byte, i int) (v int64, end int) {
	u, end := uvarint(b, i, 5)
	return unzigzag(uint64(uint32(u))), end
}

func uvarint(b []byte, i, most int) (u uint64, end int) {
	if i < 0 {
		return 0, -1
	}
	for n := 0; n < most && i < len(b); n++ {
		u |= uint64(b[i]&0x7f) << (7 * n)
		if i++; b[i-1] < 0x80 {
			return u, i
		}
	}
	return 0, -1
}

// shortVarint reads at b[i], i not below 0, and returns the value and where it
// ends, or far behind b where the varint has more than two bytes or is not there.
// Nearly all have one or two; so this one is small enough to be inlined. What is
// read behind a failure fails, too: it is enough to look at the end.
func shortVarint(b []byte, i int) (v int64, end int) {
	if uint(i+1) < uint(len(b)) {
		u := uint64(b[i])
		if u < 0x80 {
			return unzigzag(u), i + 1
		}
		if more := uint64(b[i+1]); more < 0x80 {
			return unzigzag(u&0x7f | more<<7), i + 2
		}
	}
	return 0, farBehind
}

// farBehind is behind every batch.
const farBehind = math.MaxInt
