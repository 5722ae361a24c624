package anymsg

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
)

// JSON is what every message of package msg has beside wire.Message.
type JSON interface {
	// AppendJSON appends the message in that version to dst as JSON with Kafka's
	// field names. What Append refuses, it refuses, too.
	AppendJSON(dst []byte, version int16) ([]byte, error)
	// DecodeJSON reads what AppendJSON writes. Fields that are left out get their
	// defaults; names of no field, or of one that the version lacks, are an error.
	DecodeJSON(src []byte, version int16) error
}

// A Request is a message that clients send.
type Request interface {
	wire.Request
	JSON
}

// A Response is a message that brokers answer with.
type Response interface {
	wire.Response
	JSON
}

// Data is a message without a key: it travels inside another message or in a
// control record.
type Data interface {
	wire.Message
	JSON
	// Versions are the versions that there are.
	Versions() wire.VersionRange
}

// An UnknownError says that package msg knows no such API.
type UnknownError struct{ Key wire.APIKey }

// Error names the key.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("no API with the key %d is known; brokers speak some among themselves", int16(e.Key))
}

// DecodeRequest reads a frame that a client sent, as wire.ReadFrame and
// wire.CutFrame return it: the header and the request. When only the request
// can't be read, the header is returned with the error: an *UnknownError, a
// *wire.VersionError or a *wire.DecodeError.
func DecodeRequest(frame []byte) (wire.RequestHeader, Request, error) {
	h, body, err := wire.DecodeRequestHeader(frame)
	if err != nil {
		return h, nil, err
	}
	req, ok := NewRequest(h.APIKey)
	if !ok {
		return h, nil, &UnknownError{h.APIKey}
	}
	if err := req.Decode(body, h.APIVersion); err != nil {
		return h, nil, err
	}
	return h, req, nil
}

// DecodeResponse reads a frame that a broker answered to a request of that API
// and version: the header and the response. A broker answers a version of
// ApiVersions that it does not have in version 0, with error 35 (KIP-511); read
// the frame again as that when it is an error here.
func DecodeResponse(frame []byte, key wire.APIKey, version int16) (wire.ResponseHeader, Response, error) {
	h, body, err := wire.DecodeResponseHeader(frame, key, version)
	if err != nil {
		return h, nil, err
	}
	resp, ok := NewResponse(key)
	if !ok {
		return h, nil, &UnknownError{key}
	}
	if err := resp.Decode(body, version); err != nil {
		return h, nil, err
	}
	return h, resp, nil
}
