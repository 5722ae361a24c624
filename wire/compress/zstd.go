package compress

import (
	"errors"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// zstdCodec compresses whole batches at a time, so neither side has goroutines
// of its own.
type zstdCodec struct {
	encoders sync.Pool // of *zstd.Encoder
	decoders sync.Pool // of *zstdDecoder
}

func newZstd(level int) *zstdCodec {
	speed := zstd.SpeedDefault
	if level != DefaultLevel {
		speed = zstd.EncoderLevelFromZstd(level)
	}
	c := new(zstdCodec)
	c.encoders.New = func() any {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(speed), zstd.WithZeroFrames(true))
		if err != nil {
			panic(err) // the options are constants
		}
		return e
	}
	return c
}

// zstdWindow is the window that every zstd decoder has to support, and what
// encoders use for inputs much smaller than that: so a decoder must be allowed
// as much, whatever the limit is.
const zstdWindow = 8 << 20

// A zstdDecoder unpacks up to a limit that it was made with.
type zstdDecoder struct {
	*zstd.Decoder
	limit int
}

// decoder returns a decoder with that limit. Those with another, of a caller
// that is not there any more, are let go.
func (c *zstdCodec) decoder(limit int) (*zstdDecoder, error) {
	if d, ok := c.decoders.Get().(*zstdDecoder); ok && d.limit == limit {
		return d, nil
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max(limit, zstdWindow))))
	return &zstdDecoder{d, limit}, err
}

func (*zstdCodec) Compression() record.Compression { return record.Zstd }

func (c *zstdCodec) Compress(dst, src []byte, _ record.Format) ([]byte, error) {
	e := c.encoders.Get().(*zstd.Encoder)
	defer c.encoders.Put(e)
	return e.EncodeAll(src, dst), nil
}

func (c *zstdCodec) Decompress(dst, src []byte, _ record.Format, limit int) ([]byte, error) {
	d, err := c.decoder(limit)
	if err != nil {
		return nil, err
	}
	defer c.decoders.Put(d)
	out, err := d.DecodeAll(src, dst)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) || len(out)-len(dst) > limit {
		return nil, tooLarge(limit)
	}
	return out, err
}
