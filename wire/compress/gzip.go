package compress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

type gzipCodec struct {
	writers sync.Pool // of *gzipWriter
	readers sync.Pool // of *gzipReader
}

// A gzipWriter appends what it packs to out.
type gzipWriter struct {
	gz  *gzip.Writer
	out []byte
}

// Write takes what gz has packed.
func (w *gzipWriter) Write(b []byte) (int, error) {
	w.out = append(w.out, b...)
	return len(b), nil
}

// A gzipReader unpacks src.
type gzipReader struct {
	gzip.Reader
	src bytes.Reader
}

func newGzip(level int) *gzipCodec {
	if level == DefaultLevel {
		level = gzip.DefaultCompression
	}
	c := new(gzipCodec)
	c.writers.New = func() any {
		w, err := gzip.NewWriterLevel(io.Discard, level)
		if err != nil {
			panic(err) // NewCodec has checked the level
		}
		return &gzipWriter{gz: w}
	}
	c.readers.New = func() any { return new(gzipReader) }
	return c
}

func (*gzipCodec) Compression() record.Compression { return record.Gzip }

func (c *gzipCodec) Compress(dst, src []byte, _ record.Format) ([]byte, error) {
	w := c.writers.Get().(*gzipWriter)
	defer c.writers.Put(w)
	w.out = dst
	w.gz.Reset(w)
	_, err := w.gz.Write(src)
	if err == nil {
		err = w.gz.Close()
	}
	dst, w.out = w.out, nil
	return dst, err
}

func (c *gzipCodec) Decompress(dst, src []byte, _ record.Format, limit int) ([]byte, error) {
	r := c.readers.Get().(*gzipReader)
	defer c.readers.Put(r)
	r.src.Reset(src)
	defer r.src.Reset(nil)
	if err := r.Reset(&r.src); err != nil {
		return nil, fmt.Errorf("gzip header: %w", err)
	}
	start := len(dst)
	limit = min(limit, math.MaxInt-1-start)
	dst = slices.Grow(dst, gzipRoom(src, limit))
	for {
		// At the limit there is room for one byte more, to see whether it comes.
		room := dst[len(dst):min(cap(dst), start+limit+1)]
		n, err := r.Read(room)
		dst = dst[:len(dst)+n]
		switch {
		case len(dst)-start > limit:
			return nil, &record.LimitError{Limit: limit}
		case errors.Is(err, io.EOF):
			return dst, nil
		case err != nil:
			return nil, fmt.Errorf("gzip, after %d bytes: %w", len(dst)-start, err)
		case len(dst) == cap(dst):
			dst = slices.Grow(dst, min(max(len(dst)-start, 512), start+limit+1-len(dst)))
		}
	}
}

// maxGzipRatio is more than the format can pack.
const maxGzipRatio = 1032

// gzipRoom is how many bytes to make room for: what the end of src says that it
// unpacks to, as far as that can be true.
func gzipRoom(src []byte, limit int) int {
	if len(src) < 4 {
		return 0
	}
	size := int64(binary.LittleEndian.Uint32(src[len(src)-4:]))
	return int(min(size, int64(len(src))*maxGzipRatio, int64(limit))) + 1
}
