package compress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// zstdCodec packs and unpacks whole batches at a time, with coders that start no
// goroutine.
type zstdCodec struct {
	encoders sync.Pool // of *zstd.Encoder
	decoders sync.Map  // of *sync.Pool of *zstd.Decoder, by the descriptor of the window that they have memory for
}

// zstdWindow is how far back an encoder looks. Batches are seldom larger, and an
// encoder takes twice as much memory.
const zstdWindow = 1 << 20

func newZstd(level int) *zstdCodec {
	speed := zstd.SpeedDefault
	if level != DefaultLevel {
		speed = zstd.EncoderLevelFromZstd(level)
	}
	c := new(zstdCodec)
	c.encoders.New = func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(speed), zstd.WithWindowSize(zstdWindow),
			zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false)) // the batch has a CRC
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	}
	return c
}

// zstdMemory is the least memory, of those that a window can have, that suffices
// for limit bytes, and the window's descriptor. It is at most an eighth more than
// the limit. Blocks are never larger than 128 KiB; for these it suffices always.
func zstdMemory(limit int) (memory uint64, descriptor byte) {
	need := uint64(max(limit, zstdBlock))
	exponent := bits.Len64(need) - 1
	eighth := uint64(1) << (exponent - 3)
	eighths := (need - 1<<exponent + eighth - 1) / eighth
	if eighths == 8 {
		exponent, eighths = exponent+1, 0
	}
	return 1<<exponent + eighths*eighth, byte(exponent-10)<<3 | byte(eighths) // an exponent of 0 is 1 KiB
}

const (
	zstdBlock    = 128 << 10 // bytes that a block holds at most
	zstdWindowAt = 5         // the descriptor's place in a frame of more than one segment
)

// decoder returns a decoder with memory for that limit, and the pool that it is
// to go back to. Limits that have the same memory share their decoders: one frame
// after another has a little less than the last.
func (c *zstdCodec) decoder(limit int) (*zstd.Decoder, *sync.Pool, error) {
	memory, descriptor := zstdMemory(limit)
	known, ok := c.decoders.Load(descriptor)
	if !ok {
		known, _ = c.decoders.LoadOrStore(descriptor, new(sync.Pool))
	}
	pool := known.(*sync.Pool)
	if d, ok := pool.Get().(*zstd.Decoder); ok {
		return d, pool, nil
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(memory))
	return d, pool, err
}

func (*zstdCodec) Compression() record.Compression { return record.Zstd }

func (c *zstdCodec) Compress(dst, src []byte, _ record.Format) ([]byte, error) {
	e := c.encoders.Get().(*zstd.Encoder)
	defer c.encoders.Put(e)
	return e.EncodeAll(src, dst), nil
}

func (c *zstdCodec) Decompress(dst, src []byte, _ record.Format, limit int) ([]byte, error) {
	start := len(dst)
	for first := true; first || len(src) > 0; first = false { // there is seldom more than one frame
		frame, rest, err := nextZstd(src, limit-(len(dst)-start))
		if err != nil && !first && beginsZstd(src) {
			return dst, nil
		}
		if err == nil {
			dst, err = c.appendFrame(dst, frame, limit-(len(dst)-start))
		}
		if _, ok := errors.AsType[*record.LimitError](err); ok {
			return nil, &record.LimitError{Limit: limit} // not what earlier frames have left of it
		}
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		src = rest
	}
	return dst, nil
}

// appendFrame appends what a frame unpacks to.
func (c *zstdCodec) appendFrame(dst, frame []byte, limit int) ([]byte, error) {
	d, pool, err := c.decoder(limit)
	if err != nil {
		return nil, err
	}
	defer pool.Put(d)
	out, err := d.DecodeAll(frame, dst[len(dst):]) // it would count what is in dst into its own limit
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded) || err == nil && len(out) > limit:
		return nil, &record.LimitError{Limit: limit}
	case err != nil:
		return nil, err
	case len(dst) == 0:
		return out, nil
	}
	return append(dst, out...), nil // where dst had room, out is there already
}

// nextZstd cuts the first frame off src, and looks at it before anything is
// unpacked.
//
// A frame may ask for a window beyond the limit (of 128 MiB, when Java packs at
// level 22) and yet hold little; what does not unpack to more than the limit never
// looks back further. So a copy that asks for less takes its place.
func nextZstd(src []byte, limit int) (frame, rest []byte, err error) {
	var head zstd.Header
	if err := head.Decode(src); err != nil {
		return nil, nil, fmt.Errorf("the header of a frame: %w", err)
	}
	end, most := head.HeaderSize+int(head.SkippableSize), uint64(0)
	if !head.Skippable {
		end, most = zstdBlocks(src, head.HeaderSize)
		if head.HasCheckSum {
			end += 4
		}
	}
	memory, descriptor := zstdMemory(limit)
	switch {
	case end > len(src):
		return nil, nil, errors.New("the end of a frame is missing")
	case head.FrameContentSize > uint64(limit):
		return nil, nil, &record.LimitError{Limit: limit}
	case head.FrameContentSize > most:
		return nil, nil, fmt.Errorf("a frame of %d bytes can't unpack to %d", end, head.FrameContentSize)
	case !head.Skippable && !head.SingleSegment && head.WindowSize > memory:
		frame = slices.Clone(src[:end])
		frame[zstdWindowAt] = descriptor
	default:
		frame = src[:end]
	}
	return frame, src[end:], nil
}

// beginsZstd reports whether src is no more than the beginning of a frame, of
// which no block is whole. Behind a frame, Java passes over that.
func beginsZstd(src []byte) bool {
	magic := []byte{0x28, 0xb5, 0x2f, 0xfd}
	if src[0]&0xf0 == 0x50 { // a frame to skip
		magic = []byte{src[0], 0x2a, 0x4d, 0x18}
	}
	if !bytes.HasPrefix(src, magic) && !bytes.HasPrefix(magic, src) {
		return false
	}
	var head zstd.Header
	if err := head.Decode(src); err != nil {
		return errors.Is(err, io.ErrUnexpectedEOF)
	}
	if head.Skippable {
		return len(src) < head.HeaderSize+int(head.SkippableSize)
	}
	block := src[head.HeaderSize:]
	if len(block) < 3 {
		return true
	}
	size := 3 + (int(block[0])|int(block[1])<<8|int(block[2])<<16)>>3
	if block[0]>>1&3 == 1 {
		size = 4
	}
	return len(block) < size
}

// zstdBlocks goes over the heads of a frame's blocks, which begin at src[i]. It
// returns where the last one ends, which is behind src where it is cut off, and
// the most that they could unpack to.
func zstdBlocks(src []byte, i int) (end int, most uint64) {
	for i+3 <= len(src) {
		head := int(src[i]) | int(src[i+1])<<8 | int(src[i+2])<<16
		size := head >> 3
		switch i += 3; head >> 1 & 3 {
		case 0: // plain
			most += uint64(size)
			i += size
		case 1: // a byte, as many times over
			most += uint64(size)
			i++
		default: // compressed; 3 is invalid, which the decoder says
			most += zstdBlock
			i += size
		}
		if head&1 != 0 { // the last
			return i, most
		}
	}
	return len(src) + 1, most
}
