package wire

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// A RequestHeader comes before every request. Its own version follows from the
// API's: flexible requests have header 2, with tagged fields, the others 1.
type RequestHeader struct {
	APIKey        APIKey
	APIVersion    int16
	CorrelationID int32
	ClientID      *string // nil is null
	UnknownTags   *Tags
}

// AppendRequestHeader appends the header as the request's API and version want
// it. The client id must not be longer than MaxString, and the numbers of
// UnknownTags must ascend.
func AppendRequestHeader(dst []byte, h RequestHeader) []byte {
	dst = AppendInt16(dst, int16(h.APIKey))
	dst = AppendInt16(dst, h.APIVersion)
	dst = AppendInt32(dst, h.CorrelationID)
	dst = AppendNullableString(dst, h.ClientID, false) // never compact, also in header 2
	if h.APIKey.Flexible(h.APIVersion) {
		dst = AppendUvarint(dst, uint32(h.UnknownTags.Len()))
		dst = AppendTags(dst, h.UnknownTags.list())
	}
	return dst
}

// DecodeRequestHeader reads the header of a request and returns it and the
// request's body, which aliases frame. The header of an unknown API is read as
// version 1.
func DecodeRequestHeader(frame []byte) (RequestHeader, []byte, error) {
	r := NewReader(frame, "RequestHeader", 1)
	h := RequestHeader{APIKey: APIKey(r.Int16()), APIVersion: r.Int16(), CorrelationID: r.Int32(), ClientID: r.NullableString(false)}
	if h.APIKey.Flexible(h.APIVersion) {
		h.UnknownTags = r.UnknownTags()
	}
	return h, frame[r.Offset():], r.Err()
}

// flexibleResponse tells whether a response's header has tagged fields. Those
// of ApiVersions never have: whoever asks does not know yet what is spoken.
func flexibleResponse(key APIKey, version int16) bool {
	return key != KeyAPIVersions && key.Flexible(version)
}

// AppendResponseHeader appends the header of the response to that API and
// version.
func AppendResponseHeader(dst []byte, key APIKey, version int16, correlationID int32) []byte {
	dst = AppendInt32(dst, correlationID)
	if flexibleResponse(key, version) {
		dst = append(dst, 0) // no tagged fields
	}
	return dst
}

// DecodeResponseHeader reads the header of the response to a request of that
// API and version, and returns the response's body, which aliases frame.
func DecodeResponseHeader(frame []byte, key APIKey, version int16) (correlationID int32, body []byte, err error) {
	r := NewReader(frame, "ResponseHeader", 0)
	correlationID = r.Int32()
	if flexibleResponse(key, version) {
		r.SkipTags()
	}
	return correlationID, frame[r.Offset():], r.Err()
}

// AppendRequest appends a whole frame: its size, the header and the request. On
// an error, dst is returned as it was.
func AppendRequest(dst []byte, version int16, correlationID int32, clientID string, req Request) ([]byte, error) {
	if len(clientID) > MaxString {
		return dst, ErrorTooLong("RequestHeader", version, "ClientID", len(clientID))
	}
	start := len(dst)
	dst = AppendInt32(dst, 0) // the size, known later
	dst = AppendRequestHeader(dst, RequestHeader{APIKey: req.APIKey(), APIVersion: version, CorrelationID: correlationID, ClientID: &clientID})
	dst, err := req.Append(dst, version)
	if err != nil {
		return dst[:start], err
	}
	size := len(dst) - start - 4
	if size > math.MaxInt32 {
		return dst[:start], &EncodeError{req.APIKey().String() + "Request", version, "", fmt.Sprintf("%d bytes, and a frame holds at most %d", size, math.MaxInt32)}
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(size))
	return dst, nil
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

// ReadFrame reads one frame and returns it without its size prefix, in buf
// where it fits. A frame larger than max is a *FrameError. io.EOF is returned
// when there is no further frame; one that is cut off is io.ErrUnexpectedEOF.
func ReadFrame(r io.Reader, buf []byte, max int) ([]byte, error) {
	var prefix [4]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, err
	}
	size := int32(binary.BigEndian.Uint32(prefix[:]))
	if size < 0 || int64(size) > int64(max) {
		return nil, &FrameError{Size: size, Max: max}
	}
	frame := buf[:0]
	for len(frame) < int(size) {
		n := min(int(size)-len(frame), frameStep)
		if cap(frame)-len(frame) < n {
			grown := make([]byte, len(frame), min(int(size), growTo(len(frame)+n)))
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
