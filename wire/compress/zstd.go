package compress

import (
	"errors"
	"fmt"
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

// zstdLeastMemory is what a decoder is allowed in any case: every one has to
// support this window, and encoders ask for it where they need far less.
const zstdLeastMemory = 8 << 20

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
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max(limit, zstdLeastMemory))))
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
	var head zstd.Header
	if err := head.Decode(src); err != nil {
		return nil, fmt.Errorf("zstd header: %w", err)
	}
	if head.FrameContentSize > uint64(len(src))*maxZstdRatio {
		return nil, fmt.Errorf("zstd: %d bytes can't unpack to %d", len(src), head.FrameContentSize)
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
