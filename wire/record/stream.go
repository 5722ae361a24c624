package record

import (
	"errors"
	"fmt"
	"io"
)

// A Stream reads batches that come one after another from an io.Reader, such as a
// segment of a log on a broker's disk, a file NAME.log. It keeps a buffer of 64
// KiB, or the largest batch so far, in memory.
type Stream struct {
	src    io.Reader
	err    error // what src ended with
	limit  int
	buf    []byte
	reader Reader // of what is in buf
}

const (
	streamBuffer = 64 << 10
	emptyReads   = 100 // that a reader may return before it is given up
)

// NewStream makes a Stream. A batch of more than limit bytes is an error; 0 is
// DefaultLimit.
func NewStream(src io.Reader, limit int) *Stream {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Stream{src: src, limit: limit}
}

// Next returns the next batch, as Reader.Next does: io.EOF at the end, and a
// *PartialError where the stream ends inside a batch, as a segment may after a
// crash. The batch and its uncompressed records are good until Next is called
// again: they alias the buffer. Of v0 and v1, a Batch is at most what the buffer
// holds of a run.
func (s *Stream) Next() (Batch, error) {
	for {
		b, err := s.reader.Next()
		if err == nil {
			return b, nil
		}
		partial, cut := errors.AsType[*PartialError](err)
		switch {
		case !cut && !errors.Is(err, io.EOF):
			return Batch{}, err
		case errors.Is(s.err, io.EOF):
			return Batch{}, err // the stream's end is the Reader's
		case s.err != nil:
			return Batch{}, fmt.Errorf("reading batches, after %d bytes: %w", s.reader.base+len(s.buf), s.err)
		}
		size := streamBuffer
		if cut {
			if partial.Size > s.limit {
				return Batch{}, place{partial.Offset, partial.Position}.corrupt(sizeAt, false, fmt.Errorf("it has %d bytes, and the limit is %d", partial.Size, s.limit))
			}
			size = max(size, partial.Size)
		}
		s.fill(size)
	}
}

// fill drops what was read and reads more, into a buffer that grows up to size.
// It grows as bytes come: what a batch says of its size may be false.
func (s *Stream) fill(size int) {
	n := copy(s.buf, s.buf[s.reader.pos:])
	if n == cap(s.buf) {
		grown := make([]byte, n, min(max(2*n, streamBuffer), size))
		copy(grown, s.buf)
		s.buf = grown
	}
	s.reader = Reader{base: s.reader.base + s.reader.pos}
	for range emptyReads {
		m, err := s.src.Read(s.buf[n:cap(s.buf)])
		s.err = err
		if n += m; m > 0 || err != nil {
			s.buf = s.buf[:n]
			s.reader.b = s.buf
			return
		}
	}
	s.buf, s.err = s.buf[:n], io.ErrNoProgress
	s.reader.b = s.buf
}
