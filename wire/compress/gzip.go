package compress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
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

// A gzipReader unpacks the members of src.
type gzipReader struct {
	inflate io.Reader // of src; a flate.Resetter
	src     bytes.Reader
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
	c.readers.New = func() any {
		r := new(gzipReader)
		r.inflate = flate.NewReader(&r.src)
		return r
	}
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
	defer r.src.Reset(nil)
	start := len(dst)
	limit = min(limit, math.MaxInt-1-start)
	head, err := gzipHead(src)
	if err != nil {
		return nil, err
	}
	dst = slices.Grow(dst, gzipRoom(src, limit))
	for {
		if dst, src, err = r.appendMember(dst, src[head:], start, limit); err != nil {
			return nil, err
		}
		// As Java does, what is too short for another member, or does not begin like
		// one, is passed over.
		if len(src) < leastGzip {
			return dst, nil
		}
		if head, err = gzipHead(src); err != nil {
			return dst, nil
		}
	}
}

const (
	leastGzip = 19 // more bytes than Java passes over, whatever they are; the least member has 20
	gzipEnd   = 8  // bytes of the checksum and the size
)

// The flags in a member's head.
const (
	gzipHeadSum = 1 << 1
	gzipExtra   = 1 << 2
	gzipName    = 1 << 3
	gzipComment = 1 << 4
)

var errGzipHead = errors.New("gzip: it does not begin with the whole head of a member")

// gzipHead returns how many bytes a member's head has.
func gzipHead(src []byte) (n int, err error) {
	const fixed = 10
	if len(src) < fixed || src[0] != 0x1f || src[1] != 0x8b || src[2] != 8 {
		return 0, errGzipHead
	}
	n = fixed
	flags := src[3]
	if flags&gzipExtra != 0 {
		if n += 2; n > len(src) {
			return 0, errGzipHead
		}
		n += int(binary.LittleEndian.Uint16(src[n-2:]))
	}
	for _, text := range []byte{gzipName, gzipComment} {
		if flags&text == 0 {
			continue
		}
		end := bytes.IndexByte(src[min(n, len(src)):], 0)
		if end < 0 {
			return 0, errGzipHead
		}
		n += end + 1
	}
	if flags&gzipHeadSum != 0 {
		n += 2
	}
	if n > len(src) {
		return 0, errGzipHead
	}
	if flags&gzipHeadSum != 0 && binary.LittleEndian.Uint16(src[n-2:]) != uint16(crc32.ChecksumIEEE(src[:n-2])) {
		return 0, errors.New("gzip: the head of a member is not what its checksum was computed of")
	}
	return n, nil
}

// appendMember appends what the member unpacks to whose head comes before src, and
// returns what comes behind it. The contents of all members begin at start.
func (r *gzipReader) appendMember(dst, src []byte, start, limit int) (out, rest []byte, err error) {
	r.src.Reset(src)
	if err := r.inflate.(flate.Resetter).Reset(&r.src, nil); err != nil {
		return nil, nil, fmt.Errorf("gzip: %w", err)
	}
	from := len(dst)
	for {
		// At the limit there is room for one byte more, to see whether it comes.
		room := dst[len(dst):min(cap(dst), start+limit+1)]
		n, err := r.inflate.Read(room)
		dst = dst[:len(dst)+n]
		switch {
		case len(dst)-start > limit:
			return nil, nil, &record.LimitError{Limit: limit}
		case errors.Is(err, io.EOF):
			rest, err = checkMember(dst[from:], src[len(src)-r.src.Len():])
			return dst, rest, err
		case err != nil:
			return nil, nil, fmt.Errorf("gzip, after %d bytes: %w", len(dst)-start, err)
		case len(dst) == cap(dst):
			dst = slices.Grow(dst, min(max(len(dst)-start, 512), start+limit+1-len(dst)))
		}
	}
}

// checkMember compares a member's contents with what follows it, and returns what
// follows that.
func checkMember(contents, src []byte) (rest []byte, err error) {
	if len(src) < gzipEnd {
		return nil, errors.New("gzip: the end of a member is missing")
	}
	sum, size := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[4:])
	if sum != crc32.ChecksumIEEE(contents) || size != uint32(len(contents)) {
		return nil, fmt.Errorf("gzip: %d bytes are not what the member's checksum and size were computed of", len(contents))
	}
	return src[gzipEnd:], nil
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
