package wire

import (
	"encoding/binary"
	"fmt"
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
// it. It is an error when the client id is longer than MaxString, and when there
// are UnknownTags that the header can't carry.
func AppendRequestHeader(dst []byte, h RequestHeader) ([]byte, error) {
	if h.ClientID != nil && len(*h.ClientID) > MaxString {
		return dst, &EncodeError{Message: "RequestHeader", Version: h.APIVersion, Field: "ClientID",
			Reason: fmt.Sprintf("%d bytes, and a string has at most %d", len(*h.ClientID), MaxString)}
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.APIKey))
	dst = binary.BigEndian.AppendUint16(dst, uint16(h.APIVersion))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.CorrelationID))
	if h.ClientID == nil {
		dst = append(dst, 0xff, 0xff) // -1: null
	} else { // its length is never compact, also in header 2
		dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(*h.ClientID))), *h.ClientID...)
	}
	return appendHeaderTags(dst, "RequestHeader", h.APIVersion, h.UnknownTags, h.APIKey.Flexible(h.APIVersion))
}

// appendHeaderTags appends the end of a header.
func appendHeaderTags(dst []byte, header string, version int16, tags *Tags, flexible bool) ([]byte, error) {
	switch {
	case flexible:
		return appendTags(dst, tags)
	case tags.Len() > 0:
		return dst, &EncodeError{Message: header, Version: version, Field: "UnknownTags", Reason: "this version has no such field, and it is not empty"}
	}
	return dst, nil
}

// DecodeRequestHeader reads the header of a request and returns it and the
// request's body, which aliases frame. The header of an unknown API is read as
// version 1.
func DecodeRequestHeader(frame []byte) (RequestHeader, []byte, error) {
	r := headerReader{src: frame}
	h := RequestHeader{APIKey: APIKey(r.int16()), APIVersion: r.int16(), CorrelationID: r.int32(), ClientID: r.nullableString()}
	if h.APIKey.Flexible(h.APIVersion) {
		h.UnknownTags = r.tags()
	}
	return h, frame[r.pos:], r.err("RequestHeader", 1)
}

// A ResponseHeader comes before every response. Its own version follows from the
// API's, as that of RequestHeader does; ApiVersions is the exception.
type ResponseHeader struct {
	CorrelationID int32 // that of the request
	UnknownTags   *Tags
}

// flexibleResponse tells whether a response's header has tagged fields. Those
// of ApiVersions never have: whoever asks does not know yet what is spoken.
func flexibleResponse(key APIKey, version int16) bool {
	return key != KeyAPIVersions && key.Flexible(version)
}

// AppendResponseHeader appends the header of the response to a request of that
// API and version. It is an error when there are UnknownTags that the header
// can't carry.
func AppendResponseHeader(dst []byte, key APIKey, version int16, h ResponseHeader) ([]byte, error) {
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.CorrelationID))
	return appendHeaderTags(dst, "ResponseHeader", version, h.UnknownTags, flexibleResponse(key, version))
}

// DecodeResponseHeader reads the header of the response to a request of that
// API and version, and returns it and the response's body, which aliases frame.
func DecodeResponseHeader(frame []byte, key APIKey, version int16) (ResponseHeader, []byte, error) {
	r := headerReader{src: frame}
	h := ResponseHeader{CorrelationID: r.int32()}
	if flexibleResponse(key, version) {
		h.UnknownTags = r.tags()
	}
	return h, frame[r.pos:], r.err("ResponseHeader", 0)
}
