package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func TestReadFrame(t *testing.T) {
	frame := func(size string, body int) string { return size + strings.Repeat("x", body) }
	for _, c := range []struct {
		name  string
		bytes string
		size  int // of the frame
		err   error
	}{
		{"nothing", "", 0, io.EOF},
		{"half a size", "\x00\x00", 0, io.ErrUnexpectedEOF},
		{"empty", "\x00\x00\x00\x00", 0, nil},
		{"one byte", frame("\x00\x00\x00\x01", 1), 1, nil},
		{"just the size", frame("\x00\x00\x00\x05", 0), 0, io.ErrUnexpectedEOF},
		{"cut off", frame("\x00\x00\x00\x05", 4), 0, io.ErrUnexpectedEOF},
		{"with more behind", frame("\x00\x00\x00\x05", 9), 5, nil},
		{"larger than a step", frame("\x00\x30\x00\x00", 3<<20), 3 << 20, nil},
		{"cut off after a step", frame("\x00\x30\x00\x00", 2<<20), 0, io.ErrUnexpectedEOF},
		{"the largest", frame("\x00\x40\x00\x00", 4<<20), 4 << 20, nil},
	} {
		for _, buf := range [][]byte{nil, make([]byte, 3), make([]byte, 5<<20)} {
			got, err := wire.ReadFrame(strings.NewReader(c.bytes), buf, 4<<20)
			if err != c.err || err == nil && (len(got) != c.size || strings.Trim(string(got), "x") != "") {
				t.Errorf("%s, buffer of %d: %d bytes, %v", c.name, len(buf), len(got), err)
			}
			if err == nil && c.size > 0 && c.size <= len(buf) && &got[0] != &buf[0] {
				t.Errorf("%s: the buffer of %d was not used", c.name, len(buf))
			}
		}
	}
}

func TestReadFrameSlowly(t *testing.T) {
	r := iotest.OneByteReader(strings.NewReader("\x00\x00\x00\x03abc\x00\x00\x00\x01d"))
	var buf []byte
	for _, want := range []string{"abc", "d"} {
		frame, err := wire.ReadFrame(r, buf, 100)
		if err != nil || string(frame) != want {
			t.Errorf("%q, %v; want %q", frame, err, want)
		}
		buf = frame
	}
	if _, err := wire.ReadFrame(r, buf, 100); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	broken := errors.New("broken")
	if _, err := wire.ReadFrame(io.MultiReader(strings.NewReader("\x00\x00\x00\x03a"), iotest.ErrReader(broken)), nil, 100); !errors.Is(err, broken) {
		t.Errorf("a broken connection: %v", err)
	}
}

func TestFrameTooLarge(t *testing.T) {
	for prefix, size := range map[string]int32{"\x00\x00\x00\x65": 101, "\x7f\xff\xff\xff": 1<<31 - 1, "\xff\xff\xff\xff": -1, "HTTP": 0x48545450, "\x16\x03\x03\x00": 0x16030300} {
		_, err := wire.ReadFrame(strings.NewReader(prefix), nil, 100)
		frameError, ok := errors.AsType[*wire.FrameError](err)
		if !ok || frameError.Size != size || frameError.Max != 100 || !strings.Contains(err.Error(), "plaintext") {
			t.Errorf("%x: %v", prefix, err)
		}
	}
}

// A peer that announces a large frame and sends little must not get the memory.
func TestReadFrameBelievesLittle(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := wire.ReadFrame(strings.NewReader("\x40\x00\x00\x00abc"), nil, 1<<30); err != io.ErrUnexpectedEOF {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if allocated > 2<<20 {
		t.Errorf("%d bytes allocated for 3 of 1 GiB", allocated)
	}
}

func TestRequestHeaders(t *testing.T) {
	for _, c := range []struct {
		name   string
		header wire.RequestHeader
		want   string
	}{
		{"version 1", wire.RequestHeader{APIKey: wire.KeyMetadata, APIVersion: 8, CorrelationID: 7, ClientID: new("me")}, "\x00\x03\x00\x08\x00\x00\x00\x07\x00\x02me"},
		{"version 1, no client id", wire.RequestHeader{APIKey: wire.KeyMetadata, APIVersion: 0, CorrelationID: -1}, "\x00\x03\x00\x00\xff\xff\xff\xff\xff\xff"},
		{"version 2", wire.RequestHeader{APIKey: wire.KeyMetadata, APIVersion: 9, CorrelationID: 7, ClientID: new("me")}, "\x00\x03\x00\x09\x00\x00\x00\x07\x00\x02me\x00"},
		{"version 2, no client id", wire.RequestHeader{APIKey: wire.KeyAPIVersions, APIVersion: 3, CorrelationID: 1}, "\x00\x12\x00\x03\x00\x00\x00\x01\xff\xff\x00"},
		{"version 2, tags", wire.RequestHeader{APIKey: wire.KeyMetadata, APIVersion: 9, ClientID: new(""), UnknownTags: &wire.Tags{{Number: 1, Data: []byte("a")}, {Number: 300, Data: []byte{}}}},
			"\x00\x03\x00\x09\x00\x00\x00\x00\x00\x00\x02\x01\x01a\xac\x02\x00"},
		{"never flexible", wire.RequestHeader{APIKey: wire.KeySaslHandshake, APIVersion: 1, ClientID: new("")}, "\x00\x11\x00\x01\x00\x00\x00\x00\x00\x00"},
		{"unknown API", wire.RequestHeader{APIKey: 999, APIVersion: 99, ClientID: new("")}, "\x03\xe7\x00\x63\x00\x00\x00\x00\x00\x00"},
	} {
		got, err := wire.AppendRequestHeader(nil, c.header)
		if string(got) != c.want || err != nil {
			t.Errorf("%s: %x, %v; want %x", c.name, got, err, c.want)
		}
		header, body, err := wire.DecodeRequestHeader(append(got, "body"...))
		if err != nil || string(body) != "body" {
			t.Errorf("%s: %+v, body %q, %v", c.name, header, body, err)
		}
		if again, err := wire.AppendRequestHeader(nil, header); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: %x, %v; want %x", c.name, again, err, got)
		}
		for n := range got {
			if header, _, err := wire.DecodeRequestHeader(got[:n]); err == nil {
				t.Errorf("%s, %d of %d bytes: %+v", c.name, n, len(got), header)
			}
		}
	}
}

func TestResponseHeaders(t *testing.T) {
	for _, c := range []struct {
		key     wire.APIKey
		version int16
		want    string
	}{
		{wire.KeyMetadata, 8, "\x00\x00\x00\x07"},
		{wire.KeyMetadata, 9, "\x00\x00\x00\x07\x00"},
		{wire.KeyAPIVersions, 2, "\x00\x00\x00\x07"},
		{wire.KeyAPIVersions, 3, "\x00\x00\x00\x07"}, // flexible, yet never with tags: KIP-511
		{wire.KeyAPIVersions, 4, "\x00\x00\x00\x07"},
		{wire.KeySaslHandshake, 1, "\x00\x00\x00\x07"},
		{wire.KeyListConfigResources, 0, "\x00\x00\x00\x07\x00"},
	} {
		got, err := wire.AppendResponseHeader(nil, c.key, c.version, wire.ResponseHeader{CorrelationID: 7})
		if string(got) != c.want || err != nil {
			t.Errorf("%s v%d: %x, %v; want %x", c.key, c.version, got, err, c.want)
		}
		h, body, err := wire.DecodeResponseHeader(append(got, "body"...), c.key, c.version)
		if h.CorrelationID != 7 || h.UnknownTags != nil || string(body) != "body" || err != nil {
			t.Errorf("%s v%d: %+v, body %q, %v", c.key, c.version, h, body, err)
		}
		if _, _, err := wire.DecodeResponseHeader(got[:len(got)-1], c.key, c.version); err == nil {
			t.Errorf("%s v%d: no error when cut off", c.key, c.version)
		}
	}
	tagged := "\x00\x00\x00\x07\x01\x05\x02xy"
	h, body, err := wire.DecodeResponseHeader([]byte(tagged+"body"), wire.KeyMetadata, 9)
	if h.CorrelationID != 7 || h.UnknownTags.Len() != 1 || string(body) != "body" || err != nil {
		t.Errorf("with a tag: %+v, body %q, %v", h, body, err)
	}
	if again, err := wire.AppendResponseHeader(nil, wire.KeyMetadata, 9, h); string(again) != tagged || err != nil {
		t.Errorf("with a tag: %x, %v", again, err)
	}
	if again, err := wire.AppendResponseHeader(nil, wire.KeyMetadata, 8, h); err == nil {
		t.Errorf("a tag in a header that has none: %x", again)
	}
}

// What can't be written is an error.
func TestHeadersRefuse(t *testing.T) {
	tag := &wire.Tags{{Number: 1}}
	for what, h := range map[string]wire.RequestHeader{
		"a long client id":         {ClientID: new(strings.Repeat("c", 1<<15))},
		"a tag in header 1":        {APIKey: wire.KeyMetadata, APIVersion: 8, UnknownTags: tag},
		"tags that do not ascend":  {APIKey: wire.KeyMetadata, APIVersion: 9, UnknownTags: &wire.Tags{{Number: 2}, {Number: 1}}},
		"a tag for an unknown API": {APIKey: 999, UnknownTags: tag},
	} {
		if b, err := wire.AppendRequestHeader(nil, h); err == nil {
			t.Errorf("%s: %x", what, b)
		}
	}
}

func TestCutFrame(t *testing.T) {
	for _, c := range []struct {
		b, frame, rest string
		err            error
	}{
		{"", "", "", io.EOF},
		{"\x00\x00", "", "\x00\x00", io.ErrUnexpectedEOF},
		{"\x00\x00\x00\x02a", "", "\x00\x00\x00\x02a", io.ErrUnexpectedEOF},
		{"\x00\x00\x00\x00", "", "", nil},
		{"\x00\x00\x00\x02ab", "ab", "", nil},
		{"\x00\x00\x00\x02abcd", "ab", "cd", nil},
	} {
		frame, rest, err := wire.CutFrame([]byte(c.b), 100)
		if string(frame) != c.frame || string(rest) != c.rest || err != c.err || cap(frame) > len(frame) {
			t.Errorf("%q: %q, %q, %v", c.b, frame, rest, err)
		}
	}
	if _, _, err := wire.CutFrame([]byte("HTTP/1.1"), 100); err == nil || !strings.Contains(err.Error(), "plaintext") {
		t.Error(err)
	}
}

func TestAppendResponse(t *testing.T) {
	resp := &msg.HeartbeatResponse{ErrorCode: wire.ErrRebalanceInProgress}
	frame, err := wire.AppendResponse([]byte("before"), 4, 5, resp)
	if want := "before\x00\x00\x00\x0c\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x1b\x00"; err != nil || string(frame) != want {
		t.Errorf("%q, %v; want %q", frame, err, want)
	}
	if frame, err := wire.AppendResponse([]byte("before"), 99, 5, resp); err == nil || string(frame) != "before" {
		t.Errorf("%q, %v", frame, err)
	}
}

func TestAppendRequest(t *testing.T) {
	before := []byte("before")
	frame, err := wire.AppendRequest(before, 1, 5, "c", &msg.MetadataRequest{AllowAutoTopicCreation: true})
	if want := "before\x00\x00\x00\x0f\x00\x03\x00\x01\x00\x00\x00\x05\x00\x01c\xff\xff\xff\xff"; err != nil || string(frame) != want {
		t.Errorf("%x, %v; want %x", frame, err, want)
	}
	for name, c := range map[string]struct {
		version  int16
		clientID string
		req      wire.Request
	}{
		"no such version":     {99, "c", msg.NewMetadataRequest()},
		"not in that version": {1, "c", &msg.MetadataRequest{}},
		"client id too long":  {1, strings.Repeat("c", 1<<15), msg.NewMetadataRequest()},
		"string too long":     {0, "c", &msg.HeartbeatRequest{GroupID: strings.Repeat("g", 1<<15)}},
	} {
		frame, err := wire.AppendRequest(before, c.version, 5, c.clientID, c.req)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf(" v%d: ", c.version)) || string(frame) != "before" {
			t.Errorf("%s: %q, %v", name, frame, err)
		}
	}
}

func TestAPIKeys(t *testing.T) {
	for key, want := range map[wire.APIKey]string{wire.KeyProduce: "Produce", wire.KeyAPIVersions: "ApiVersions", 4: "API 4", -1: "API -1", 32767: "API 32767"} {
		if key.String() != want {
			t.Errorf("%d is %s, want %s", int16(key), key, want)
		}
	}
	if versions, ok := wire.KeyMetadata.Versions(); !ok || versions.String() != "0-13" || !versions.Contains(0) || !versions.Contains(13) || versions.Contains(14) || versions.Contains(-1) {
		t.Errorf("Metadata has %s", versions)
	}
	if _, ok := wire.APIKey(4).Versions(); ok || wire.APIKey(4).FirstFlexible() != -1 || wire.APIKey(4).Flexible(3) {
		t.Error("an unknown API")
	}
	if wire.KeySaslHandshake.FirstFlexible() != -1 || wire.KeySaslHandshake.Flexible(1) || wire.KeyMetadata.FirstFlexible() != 9 || wire.KeyMetadata.Flexible(8) || !wire.KeyMetadata.Flexible(9) {
		t.Error("flexible versions")
	}
}
