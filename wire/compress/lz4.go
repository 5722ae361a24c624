package compress

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"github.com/pierrec/lz4/v4"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// lz4Codec writes the frames that Kafka's Java classes read: independent blocks
// of 64 KiB, without checksums of their own (the batch has one). The blocks are
// the library's work; the frame is written here, because the header checksum of
// message format V0 is wrong on purpose: KafkaLZ4BlockOutputStream of old took
// it over the magic number too, and old brokers refuse any other.
type lz4Codec struct {
	level       int
	compressors sync.Pool // of *lz4.Compressor, or *lz4.CompressorHC
}

const (
	lz4Magic       = 0x184D2204
	lz4Block       = 64 << 10
	lz4Version     = 0x40 // the bits of the flag byte
	lz4Independent = 0x20
	lz4BlockSums   = 0x10
	lz4Size        = 0x08
	lz4Dictionary  = 0x01
	lz4Block64K    = 0x40    // the descriptor byte
	lz4Stored      = 1 << 31 // in a block's size: it is not compressed
)

func newLZ4(level int) *lz4Codec {
	c := &lz4Codec{level: level}
	c.compressors.New = func() any {
		if level == DefaultLevel {
			return new(lz4.Compressor)
		}
		return &lz4.CompressorHC{Level: lz4.CompressionLevel(1 << (8 + min(level, 9)))}
	}
	return c
}

func (*lz4Codec) Compression() record.Compression { return record.LZ4 }

func (c *lz4Codec) Compress(dst, src []byte, format record.Format) ([]byte, error) {
	compressor := c.compressors.Get().(interface {
		CompressBlock(src, dst []byte) (int, error)
	})
	defer c.compressors.Put(compressor)
	start := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, lz4Magic)
	dst = append(dst, lz4Version|lz4Independent, lz4Block64K)
	right, wrong := lz4HeaderSums(dst[start:])
	if format == record.V0 {
		right = wrong
	}
	dst = append(dst, right)
	for len(src) > 0 {
		block := src[:min(len(src), lz4Block)]
		src = src[len(block):]
		at := len(dst)
		dst = slices.Grow(dst, 4+len(block))[:at+4]
		// Room for less than the block: what does not shrink is stored.
		n, err := compressor.CompressBlock(block, dst[at+4:at+4+len(block)-1])
		if err != nil && !errors.Is(err, lz4.ErrInvalidSourceShortBuffer) {
			return nil, err
		}
		if err != nil || n == 0 {
			binary.LittleEndian.PutUint32(dst[at:], uint32(len(block))|lz4Stored)
			dst = append(dst, block...)
			continue
		}
		binary.LittleEndian.PutUint32(dst[at:], uint32(n))
		dst = dst[:at+4+n]
	}
	return append(dst, 0, 0, 0, 0), nil // the end mark
}

// lz4HeaderSums are the checksum of a frame's header, and the one that old
// clients and brokers put there.
func lz4HeaderSums(header []byte) (right, wrong byte) {
	return byte(xxhash32(header[4:]) >> 8), byte(xxhash32(header) >> 8)
}

func (c *lz4Codec) Decompress(dst, src []byte, format record.Format, limit int) ([]byte, error) {
	frame, err := openLZ4(src, format)
	if err != nil {
		return nil, fmt.Errorf("lz4: %w", err)
	}
	start := len(dst)
	for {
		block, stored, err := frame.next()
		if err != nil {
			return nil, fmt.Errorf("lz4: %w", err)
		}
		if block == nil {
			return dst, nil
		}
		if dst, err = frame.unpack(dst, start, block, stored, limit); err != nil {
			return nil, err
		}
	}
}

// An lz4Frame is a frame being read.
type lz4Frame struct {
	rest        []byte
	flags       byte
	maxBlock    int
	independent bool
}

// openLZ4 reads the header of a frame. Of message format V0 its checksum is not
// looked at, as old clients got it wrong in more ways than one.
func openLZ4(src []byte, format record.Format) (lz4Frame, error) {
	if len(src) < 7 || binary.LittleEndian.Uint32(src) != lz4Magic {
		return lz4Frame{}, errors.New("it does not begin with a frame's header")
	}
	f := lz4Frame{flags: src[4], independent: src[4]&lz4Independent != 0}
	size := int(src[5]>>4) & 7
	if f.flags&0xC0 != lz4Version || f.flags&lz4Dictionary != 0 || size < 4 {
		return f, fmt.Errorf("a frame with flags %#02x %#02x is not what Kafka uses", src[4], src[5])
	}
	f.maxBlock = 1 << (8 + 2*size)
	head := 6
	if f.flags&lz4Size != 0 {
		head += 8
	}
	if len(src) <= head {
		return f, errors.New("the header is cut off")
	}
	if right, wrong := lz4HeaderSums(src[:head]); format != record.V0 && src[head] != right && src[head] != wrong {
		return f, fmt.Errorf("the header's checksum is %#02x, and its contents have %#02x", src[head], right)
	}
	f.rest = src[head+1:]
	return f, nil
}

// next returns the next block; nil at the end mark. A checksum of the contents
// may follow that; the batch's own covers them already.
func (f *lz4Frame) next() (block []byte, stored bool, err error) {
	if len(f.rest) < 4 {
		return nil, false, errors.New("the end mark is missing")
	}
	size := binary.LittleEndian.Uint32(f.rest)
	f.rest = f.rest[4:]
	stored = size&lz4Stored != 0
	n := int(size &^ lz4Stored)
	if n == 0 { // Java's end mark, too, has the high bit or not
		return nil, false, nil
	}
	sum := 0
	if f.flags&lz4BlockSums != 0 {
		sum = 4
	}
	if n > f.maxBlock || n+sum > len(f.rest) {
		return nil, false, fmt.Errorf("a block of %d bytes, where %d are left and %d are allowed", n, len(f.rest), f.maxBlock)
	}
	block = f.rest[:n]
	f.rest = f.rest[n+sum:]
	return block, stored, nil
}

// maxLZ4Ratio is more than the format can pack: each byte of a length adds at
// most 255.
const maxLZ4Ratio = 256

// unpack appends what the block holds. The frame's contents begin at start:
// blocks that are not independent refer to them.
func (f *lz4Frame) unpack(dst []byte, start int, block []byte, stored bool, limit int) ([]byte, error) {
	left := limit - (len(dst) - start)
	if stored {
		if len(block) > left {
			return nil, &record.LimitError{Limit: limit}
		}
		return append(dst, block...), nil
	}
	most := min(f.maxBlock, maxLZ4Ratio*len(block))
	if most > left {
		most = left + 1 // to see whether that comes; a block may hold nothing
	}
	// A block does not say what it unpacks to. Nearly all fit into a few times
	// their size.
	for room := min(most, max(8*len(block), cap(dst)-len(dst))); ; room = most {
		at := len(dst)
		dst = grow(dst, room, start+limit)
		n, err := f.uncompress(block, dst[at:at+room], dst[start:at])
		switch {
		case err == nil && n <= left:
			return dst[:at+n], nil
		case err != nil && room < most:
			continue
		case room > left:
			return nil, &record.LimitError{Limit: limit}
		}
		return nil, fmt.Errorf("lz4: %w", err)
	}
}

// uncompress unpacks a block into dst. What comes before it in the frame is what
// one that is not independent refers to.
func (f *lz4Frame) uncompress(block, dst, before []byte) (int, error) {
	if f.independent {
		return lz4.UncompressBlock(block, dst)
	}
	return lz4.UncompressBlockWithDict(block, dst, before[max(0, len(before)-lz4Block):])
}

// xxhash32 is the hash of up to 15 bytes with seed 0; a frame's header has no
// more.
func xxhash32(b []byte) uint32 {
	const (
		prime1 = 2654435761
		prime2 = 2246822519
		prime3 = 3266489917
		prime4 = 668265263
		prime5 = 374761393
	)
	h := uint32(prime5) + uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(b)*prime3, 17) * prime4
	}
	for _, c := range b {
		h = bits.RotateLeft32(h+uint32(c)*prime5, 11) * prime1
	}
	h = (h ^ h>>15) * prime2
	h = (h ^ h>>13) * prime3
	return h ^ h>>16
}
