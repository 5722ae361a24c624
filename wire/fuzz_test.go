package wire_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// FuzzFrames: whatever comes from a connection is frames or an error, the same
// ones when it is read and when it is cut, and their headers can be read and
// written again or are errors.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x0d\x00\x03\x00\x09\x00\x00\x00\x07\x00\x02me\x00"), int16(3), int16(9))
	f.Add([]byte("\x00\x00\x00\x0c\x00\x03\x00\x08\x00\x00\x00\x07\x00\x02me\x00\x00\x00\x05\x00\x00\x00\x07\x00"), int16(3), int16(8))
	f.Add([]byte("\x00\x00\x00\x09\x00\x00\x00\x07\x01\x05\x02xy"), int16(3), int16(9))
	f.Add([]byte("HTTP/1.1 400 Bad Request"), int16(18), int16(3))
	f.Fuzz(func(t *testing.T, b []byte, key, version int16) {
		const limit = 1 << 16
		r := bytes.NewReader(b)
		for rest := b; ; {
			read, err := wire.ReadFrame(r, nil, limit)
			var cut []byte
			var cutErr error
			cut, rest, cutErr = wire.CutFrame(rest, limit)
			if (err == nil) != (cutErr == nil) || !bytes.Equal(read, cut) {
				t.Fatalf("read %x, %v; cut %x, %v", read, err, cut, cutErr)
			}
			if err == io.EOF && len(rest) > 0 {
				t.Fatalf("%d bytes are left", len(rest))
			}
			if err != nil {
				break
			}
			checkHeaders(t, cut, wire.APIKey(key), version)
		}
	})
}

func checkHeaders(t *testing.T, frame []byte, key wire.APIKey, version int16) {
	t.Helper()
	if h, body, err := wire.DecodeRequestHeader(frame); err == nil {
		if again, err := wire.AppendRequestHeader(nil, h); err == nil {
			if h2, _, err := wire.DecodeRequestHeader(append(again, body...)); err != nil || h2.CorrelationID != h.CorrelationID || h2.UnknownTags.Len() != h.UnknownTags.Len() {
				t.Fatalf("%+v became %+v, %v", h, h2, err)
			}
		}
	}
	if h, body, err := wire.DecodeResponseHeader(frame, key, version); err == nil {
		if again, err := wire.AppendResponseHeader(nil, key, version, h); err == nil {
			if h2, _, err := wire.DecodeResponseHeader(append(again, body...), key, version); err != nil || h2.CorrelationID != h.CorrelationID || h2.UnknownTags.Len() != h.UnknownTags.Len() {
				t.Fatalf("%+v became %+v, %v", h, h2, err)
			}
		}
	}
}
