package compress

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

type gzipCodec struct {
	writers sync.Pool // of *gzip.Writer
	readers sync.Pool // of *gzip.Reader
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
		return w
	}
	c.readers.New = func() any { return new(gzip.Reader) }
	return c
}

func (*gzipCodec) Compression() record.Compression { return record.Gzip }

func (c *gzipCodec) Compress(dst, src []byte, _ record.Format) ([]byte, error) {
	w := c.writers.Get().(*gzip.Writer)
	defer c.writers.Put(w)
	out := bytes.NewBuffer(dst)
	w.Reset(out)
	if _, err := w.Write(src); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (c *gzipCodec) Decompress(dst, src []byte, _ record.Format, limit int) ([]byte, error) {
	r := c.readers.Get().(*gzip.Reader)
	defer c.readers.Put(r)
	if err := r.Reset(bytes.NewReader(src)); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return readAll(dst, r, limit)
}

// readAll appends what r holds to dst, up to the limit.
func readAll(dst []byte, r io.Reader, limit int) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	n, err := out.ReadFrom(io.LimitReader(r, int64(limit)+1))
	switch {
	case err != nil:
		return nil, err
	case n > int64(limit):
		return nil, tooLarge(limit)
	}
	return out.Bytes(), nil
}
