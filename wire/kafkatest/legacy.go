package kafkatest

import (
	"encoding/binary"

	"github.com/barnabas-kafka/barnabas/wire"
)

// What brokers below 0.10 do with requests that they don't know. They have no
// ApiVersions, and mostly ignore the version: a higher one is read, and
// answered, as one that they know.

// staysSilent tells whether the release leaves what it can't read unanswered,
// and the connection open, where all others close it. (A real 0.9 also loses
// requests of other connections when it gets an unknown API; kafkatest doesn't.)
func (r release) staysSilent() bool { return r.at(0, 9) && !r.at(0, 10) }

// settleVersion writes the version as which the release reads the request into
// the request's header.
func (c *Cluster) settleVersion(frame []byte) error {
	if len(frame) < 4 {
		return refuse("a request of %d bytes", len(frame))
	}
	key := wire.APIKey(binary.BigEndian.Uint16(frame))
	version := int16(binary.BigEndian.Uint16(frame[2:]))
	supported, ok := c.versions[key]
	switch r := c.config.release; {
	case !ok:
		return refuse("%v is not known to %v", key, r)
	case version <= supported.Max:
		return nil
	case r.at(0, 9) && key > wire.KeyOffsetFetch, key == wire.KeyOffsetCommit && r.at(0, 8, 2):
		return refuse("%v v%d: this is %v, which has v%v", key, version, r, supported)
	}
	binary.BigEndian.PutUint16(frame[2:], uint16(supported.Max))
	return nil
}

// takesForNoTopics tells whether the release reads the generation of an
// OffsetCommit that is not v0, when it is negative, as the number of topics:
// none. It answers so, and commits nothing.
func (r release) takesForNoTopics(body []byte) bool {
	if len(body) < 2 || r.at(0, 8, 2) {
		return false
	}
	group := 2 + int(binary.BigEndian.Uint16(body))
	return len(body) >= group+4 && int32(binary.BigEndian.Uint32(body[group:])) < 0
}

// tooNewAPIVersions tells whether the request is ApiVersions of a version that a
// release knows nothing of that does not know flexible headers either (KIP-482,
// 2.4): it looks at no more than the head.
func (c *Cluster) tooNewAPIVersions(frame []byte) (h wire.RequestHeader, ok bool) {
	if c.config.release.at(2, 4) || !c.config.release.at(0, 10) || len(frame) < 8 {
		return h, false
	}
	h = wire.RequestHeader{
		APIKey:        wire.APIKey(binary.BigEndian.Uint16(frame)),
		APIVersion:    int16(binary.BigEndian.Uint16(frame[2:])),
		CorrelationID: int32(binary.BigEndian.Uint32(frame[4:])),
	}
	return h, h.APIKey == wire.KeyAPIVersions && !c.accepts(h.APIKey, h.APIVersion)
}

// accepts tells whether that version is served. 4.x advertises Produce from v0
// on, for the sake of old clients' checks, but serves it from v3 on.
func (c *Cluster) accepts(key wire.APIKey, version int16) bool {
	if key == wire.KeyProduce && c.config.release.at(4) && version < 3 {
		return false
	}
	return c.versions[key].Contains(version)
}
