package compress

import (
	"errors"
	"fmt"
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
	decoders sync.Pool // of *zstdDecoder
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

// zstdMemory is what a decoder may take, a power of two: the limit, or the window
// that every decoder has to support, because encoders ask for it where they need
// far less.
func zstdMemory(limit int) uint64 {
	const least = 8 << 20
	return 1 << bits.Len64(uint64(max(limit, least)-1))
}

// A zstdDecoder unpacks up to a limit that it was made with.
type zstdDecoder struct {
	*zstd.Decoder
	limit int
}

// decoder returns a decoder with that limit. One with another, of a caller that
// is not there any more, is let go.
func (c *zstdCodec) decoder(limit int) (*zstdDecoder, error) {
	if d, ok := c.decoders.Get().(*zstdDecoder); ok && d.limit == limit {
		return d, nil
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(zstdMemory(limit)))
	return &zstdDecoder{d, limit}, err
}

func (*zstdCodec) Compression() record.Compression { return record.Zstd }

func (c *zstdCodec) Compress(dst, src []byte, _ record.Format) ([]byte, error) {
	e := c.encoders.Get().(*zstd.Encoder)
	defer c.encoders.Put(e)
	return e.EncodeAll(src, dst), nil
}

// maxZstdRatio is more than the format can pack: 128 KiB in a block of 4 bytes.
const maxZstdRatio = 128 << 10 / 4

func (c *zstdCodec) Decompress(dst, src []byte, _ record.Format, limit int) ([]byte, error) {
	src, err := zstdFrame(src, limit)
	if err != nil {
		return nil, err
	}
	d, err := c.decoder(limit)
	if err != nil {
		return nil, err
	}
	defer c.decoders.Put(d)
	out, err := d.DecodeAll(src, dst)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), err == nil && len(out)-len(dst) > limit:
		return nil, &record.LimitError{Limit: limit}
	case err != nil:
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return out, nil
}

// zstdFrame looks at a frame's header before anything is unpacked. A frame may ask
// for a window beyond the limit (of 128 MiB, when Java packs at level 22) and yet
// hold little; what does not unpack to more than the limit never looks back
// further. So a copy that asks for less takes its place.
func zstdFrame(src []byte, limit int) ([]byte, error) {
	var head zstd.Header
	if err := head.Decode(src); err != nil {
		return nil, fmt.Errorf("zstd header: %w", err)
	}
	memory := zstdMemory(limit)
	switch size := head.FrameContentSize; { // 0 where it does not say
	case size > uint64(limit):
		return nil, &record.LimitError{Limit: limit}
	case size > uint64(len(src))*maxZstdRatio:
		return nil, fmt.Errorf("zstd: %d bytes can't unpack to %d", len(src), size)
	case !head.Skippable && !head.SingleSegment && head.WindowSize > memory:
		src = slices.Clone(src)
		src[zstdWindowAt] = byte(bits.Len64(memory)-11) << 3 // the exponent: 0 is 1 KiB
	}
	return src, nil
}

// zstdWindowAt is the window's place in a frame of more than one segment.
const zstdWindowAt = 5
