package compress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/golang/snappy"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// snappyCodec writes the framing of snappy-java ("xerial"), which Kafka's Java
// classes read and write: a head, and blocks with an int32 length before each.
// Other clients send a bare block; both are read.
type snappyCodec struct{}

func newSnappy() snappyCodec { return snappyCodec{} }

// snappyHead is the magic number, the version and the oldest version that can
// read this one.
var snappyHead = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1}

const (
	snappyMagic    = 8
	snappyHeadSize = 0x82534e41 // the first four bytes of a head, where a block has its size
	snappyBlock    = 32 << 10   // bytes of input, as snappy-java has it
)

func (snappyCodec) Compression() record.Compression { return record.Snappy }

func (snappyCodec) Compress(dst, src []byte, _ record.Format) ([]byte, error) {
	dst = append(dst, snappyHead...)
	for len(src) > 0 {
		block := src[:min(len(src), snappyBlock)]
		src = src[len(block):]
		start := len(dst) + 4
		most := start + snappy.MaxEncodedLen(len(block))
		dst = slices.Grow(dst, most-len(dst))
		encoded := snappy.Encode(dst[start:most], block)
		dst = dst[:start+len(encoded)]
		binary.BigEndian.PutUint32(dst[start-4:], uint32(len(encoded)))
	}
	return dst, nil
}

func (snappyCodec) Decompress(dst, src []byte, _ record.Format, limit int) ([]byte, error) {
	if !bytes.HasPrefix(src, snappyHead[:snappyMagic]) {
		return appendSnappy(dst, src, len(dst), limit)
	}
	start := len(dst)
	for len(src) >= 4 { // as snappy-java does, up to 3 bytes at the end are passed over
		n := binary.BigEndian.Uint32(src)
		switch {
		case n == snappyHeadSize:
			// The first head, or that of another stream behind it. snappy-java does not
			// look at the versions either. Of a head that is none it makes an end or
			// nothing, depending on how much is read at once.
			if len(src) < len(snappyHead) || !bytes.HasPrefix(src, snappyHead[:snappyMagic]) {
				return nil, errors.New("snappy: a head is cut off or damaged")
			}
			src = src[len(snappyHead):]
			continue
		case uint64(n) > uint64(len(src)-4):
			return nil, fmt.Errorf("snappy: a block of %d bytes, and %d are left", n, len(src)-4)
		}
		var err error
		if dst, err = appendSnappy(dst, src[4:4+n], start, limit); err != nil {
			return nil, err
		}
		src = src[4+n:]
	}
	return dst, nil
}

// maxSnappyRatio is more than the format can pack: a copy of up to 64 bytes
// takes at least two.
const maxSnappyRatio = 64

// appendSnappy appends what one block unpacks to. The limit is for all since
// start.
func appendSnappy(dst, block []byte, start, limit int) ([]byte, error) {
	n, err := snappy.DecodedLen(block)
	switch {
	case err != nil:
		return nil, fmt.Errorf("snappy, a block of %d bytes: %w", len(block), err)
	case n > limit-(len(dst)-start):
		return nil, &record.LimitError{Limit: limit}
	case n > maxSnappyRatio*len(block): // don't make room for what can't be in there
		return nil, fmt.Errorf("snappy: a block of %d bytes says that it unpacks to %d", len(block), n)
	}
	dst = grow(dst, n, start+limit)
	out := dst[len(dst) : len(dst)+n] // Decode uses it: it suffices
	if _, err := snappy.Decode(out, block); err != nil {
		return nil, fmt.Errorf("snappy, a block of %d bytes: %w", len(block), err)
	}
	return dst[:len(dst)+n], nil
}
