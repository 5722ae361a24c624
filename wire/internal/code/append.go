package code

import (
	"encoding/binary"
	"math"

	"github.com/barnabas-kafka/barnabas/wire"
)

// The append functions write the protocol's primitives. Where a length is
// written, flexible chooses between the fixed-size length of older versions and
// the compact one of KIP-482 (an unsigned varint of length + 1, 0 for null).

// AppendBool appends a bool.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendInt8 appends an int8.
func AppendInt8(dst []byte, v int8) []byte { return append(dst, byte(v)) }

// AppendInt16 appends an int16.
func AppendInt16(dst []byte, v int16) []byte { return binary.BigEndian.AppendUint16(dst, uint16(v)) }

// AppendUint16 appends a uint16.
func AppendUint16(dst []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(dst, v) }

// AppendInt32 appends an int32.
func AppendInt32(dst []byte, v int32) []byte { return binary.BigEndian.AppendUint32(dst, uint32(v)) }

// AppendInt64 appends an int64.
func AppendInt64(dst []byte, v int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v)) }

// AppendFloat64 appends a float64.
func AppendFloat64(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
}

// AppendUUID appends a UUID.
func AppendUUID(dst []byte, v wire.UUID) []byte { return append(dst, v[:]...) }

// AppendUvarint appends an unsigned varint.
func AppendUvarint(dst []byte, v uint32) []byte { return binary.AppendUvarint(dst, uint64(v)) }

// AppendString appends a string that is not null. It must not be longer than
// wire.MaxString: generated code checks that.
func AppendString(dst []byte, v string, flexible bool) []byte {
	if flexible {
		dst = AppendUvarint(dst, uint32(len(v)+1))
	} else {
		dst = AppendInt16(dst, int16(len(v)))
	}
	return append(dst, v...)
}

// AppendNullableString appends a string, or null where v is nil.
func AppendNullableString(dst []byte, v *string, flexible bool) []byte {
	switch {
	case v != nil:
		return AppendString(dst, *v, flexible)
	case flexible:
		return append(dst, 0)
	default:
		return AppendInt16(dst, -1)
	}
}

// AppendLen appends the length of an array or of bytes.
func AppendLen(dst []byte, n int, flexible bool) []byte {
	if flexible {
		return AppendUvarint(dst, uint32(n+1))
	}
	return AppendInt32(dst, int32(n))
}

// AppendNullableLen appends a length, or that of null.
func AppendNullableLen(dst []byte, n int, null, flexible bool) []byte {
	if null {
		n = -1
	}
	return AppendLen(dst, n, flexible)
}

// AppendBytes appends bytes that are not null.
func AppendBytes(dst, v []byte, flexible bool) []byte {
	return append(AppendLen(dst, len(v), flexible), v...)
}

// AppendNullableBytes appends bytes, or null where v is nil.
func AppendNullableBytes(dst, v []byte, flexible bool) []byte {
	return append(AppendNullableLen(dst, len(v), v == nil, flexible), v...)
}

// A Cut is a place in an encoded message where bytes belong that were not
// copied into it.
type Cut struct {
	At   int // index into the encoded message
	Data []byte
}

// Cuts are the cuts of a message, in order.
type Cuts []Cut

// Records appends the length of records and either the records themselves or,
// where cuts is not nil, a cut in their place.
func (cuts *Cuts) Records(dst, v []byte, nullable, flexible bool) []byte {
	dst = AppendNullableLen(dst, len(v), nullable && v == nil, flexible)
	if cuts == nil {
		return append(dst, v...)
	}
	if len(v) > 0 {
		*cuts = append(*cuts, Cut{At: len(dst), Data: v})
	}
	return dst
}

// AppendTo appends the message as parts: what lies between the cuts, and what
// belongs into them.
func (cuts Cuts) AppendTo(parts [][]byte, message []byte) [][]byte {
	from := 0
	for _, cut := range cuts {
		parts = append(parts, message[from:cut.At:cut.At], cut.Data)
		from = cut.At
	}
	if from < len(message) {
		parts = append(parts, message[from:])
	}
	return parts
}
