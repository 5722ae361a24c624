package wire

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// AppendRequest appends a whole frame: its size, the header and the request. On
// an error, dst is returned as it was.
func AppendRequest(dst []byte, version int16, correlationID int32, clientID string, req Request) ([]byte, error) {
	h := RequestHeader{APIKey: req.APIKey(), APIVersion: version, CorrelationID: correlationID, ClientID: &clientID}
	head, err := AppendRequestHeader(append(dst, 0, 0, 0, 0), h) // the size is known later
	if err != nil {
		return dst, err
	}
	return appendFrame(dst, head, version, req)
}

// AppendResponse appends a whole frame: its size, the header and the response to
// a request of that version and correlation id. On an error, dst is returned as
// it was.
func AppendResponse(dst []byte, version int16, correlationID int32, resp Response) ([]byte, error) {
	head, err := AppendResponseHeader(append(dst, 0, 0, 0, 0), resp.APIKey(), version, ResponseHeader{CorrelationID: correlationID})
	if err != nil {
		return dst, err
	}
	return appendFrame(dst, head, version, resp)
}

// appendFrame appends a message to the head of its frame, which came after dst.
func appendFrame(dst, head []byte, version int16, m Message) ([]byte, error) {
	frame, err := m.Append(head, version)
	if err != nil {
		return dst, err
	}
	size := len(frame) - len(dst) - 4
	if size > math.MaxInt32 {
		return dst, fmt.Errorf("%T v%d: %d bytes, and a frame holds at most %d", m, version, size, math.MaxInt32)
	}
	binary.BigEndian.PutUint32(frame[len(dst):], uint32(size))
	return frame, nil
}

// A FrameError is a size prefix that no frame of this protocol has.
type FrameError struct {
	Size int32
	Max  int
}

// Error says what to check: most often another protocol is spoken there.
func (e *FrameError) Error() string {
	return fmt.Sprintf("a frame of %d bytes, where at most %d are allowed: is this Kafka's plaintext protocol?", e.Size, e.Max)
}

// frameSize reads the size prefix.
func frameSize(prefix []byte, max int) (int, error) {
	size := int32(binary.BigEndian.Uint32(prefix))
	if size < 0 || int64(size) > int64(max) {
		return 0, &FrameError{Size: size, Max: max}
	}
	return int(size), nil
}

// CutFrame is ReadFrame for bytes that have come already, such as captured
// traffic: it returns the first frame, which aliases b, and what comes after it.
// The errors are those of ReadFrame; with io.ErrUnexpectedEOF, the frame is still
// coming: append to b and try again.
func CutFrame(b []byte, max int) (frame, rest []byte, err error) {
	if len(b) == 0 {
		return nil, b, io.EOF
	}
	if len(b) < 4 {
		return nil, b, io.ErrUnexpectedEOF
	}
	size, err := frameSize(b, max)
	if err != nil {
		return nil, b, err
	}
	if len(b)-4 < size {
		return nil, b, io.ErrUnexpectedEOF
	}
	return b[4 : 4+size : 4+size], b[4+size:], nil
}

// ReadFrame reads one frame and returns it without its size prefix, in buf
// where it fits. A frame larger than max is a *FrameError. io.EOF is returned
// when there is no further frame; one that is cut off is io.ErrUnexpectedEOF.
func ReadFrame(r io.Reader, buf []byte, max int) ([]byte, error) {
	var prefix [4]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	size, err := frameSize(prefix[:], max)
	if err != nil {
		return nil, err
	}
	frame := buf[:0]
	for len(frame) < size {
		n := min(size-len(frame), frameStep)
		if cap(frame)-len(frame) < n {
			grown := make([]byte, len(frame), min(size, growTo(len(frame)+n)))
			copy(grown, frame)
			frame = grown
		}
		part := frame[len(frame) : len(frame)+n]
		if _, err := io.ReadFull(r, part); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		frame = frame[:len(frame)+n]
	}
	return frame, nil
}

// frameStep is how much of a frame's size is believed before that much has come.
const frameStep = 1 << 20

// growTo is the capacity for at least n bytes: frames up to a step get just
// that, larger ones eight times what has come, so that little is copied twice.
func growTo(n int) int {
	if n <= frameStep {
		return n
	}
	return 8 * n
}
