package anymsg_test

import (
	"errors"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func TestDecodeRequest(t *testing.T) {
	frame, err := wire.AppendRequest(nil, 4, 7, "me", &msg.HeartbeatRequest{GroupID: "g", GenerationID: 3})
	if err != nil {
		t.Fatal(err)
	}
	h, req, err := anymsg.DecodeRequest(frame[4:])
	if heartbeat, ok := req.(*msg.HeartbeatRequest); err != nil || !ok || heartbeat.GenerationID != 3 || h.APIVersion != 4 || h.CorrelationID != 7 {
		t.Errorf("%+v, %+v, %v", h, req, err)
	}
	for what, c := range map[string]struct {
		frame string
		as    any
		id    int32
	}{
		"half a header":      {"\x00\x0c\x00\x04", new(*wire.DecodeError), 0},
		"an unknown API":     {"\x03\xe7\x00\x00\x00\x00\x00\x05\x00\x00", new(*anymsg.UnknownError), 5},
		"an unknown version": {"\x00\x0c\x00\x63\x00\x00\x00\x05\x00\x00\x00", new(*wire.VersionError), 5},
		"no body":            {"\x00\x0c\x00\x00\x00\x00\x00\x05\x00\x00", new(*wire.DecodeError), 5},
	} {
		h, req, err := anymsg.DecodeRequest([]byte(c.frame))
		if req != nil || h.CorrelationID != c.id || !errors.As(err, c.as) {
			t.Errorf("%s: %+v, %+v, %v", what, h, req, err)
		}
	}
}

func TestDecodeResponse(t *testing.T) {
	frame, err := wire.AppendResponse(nil, 4, 7, &msg.HeartbeatResponse{ErrorCode: wire.ErrUnknownMemberID})
	if err != nil {
		t.Fatal(err)
	}
	h, resp, err := anymsg.DecodeResponse(frame[4:], wire.KeyHeartbeat, 4)
	if heartbeat, ok := resp.(*msg.HeartbeatResponse); err != nil || !ok || heartbeat.ErrorCode != wire.ErrUnknownMemberID || h.CorrelationID != 7 {
		t.Errorf("%+v, %+v, %v", h, resp, err)
	}
	for what, c := range map[string]struct {
		frame string
		key   wire.APIKey
		as    any
	}{
		"half a header":  {"\x00\x0c", wire.KeyHeartbeat, new(*wire.DecodeError)},
		"an unknown API": {"\x00\x00\x00\x05", 999, new(*anymsg.UnknownError)},
		"half a body":    {"\x00\x00\x00\x05\x00", wire.KeyHeartbeat, new(*wire.DecodeError)},
	} {
		if _, resp, err := anymsg.DecodeResponse([]byte(c.frame), c.key, 0); resp != nil || !errors.As(err, c.as) {
			t.Errorf("%s: %+v, %v", what, resp, err)
		}
	}
}
