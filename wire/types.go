package wire

import (
	"encoding/base64"
	"fmt"
	"math"
)

// A TopicPartition names a partition of a topic. It is the only type of its
// kind in barnabas; it is comparable and serves as a map key.
type TopicPartition struct {
	Topic     string
	Partition int32
}

// String is the partition as topic/partition.
func (tp TopicPartition) String() string { return fmt.Sprintf("%s/%d", tp.Topic, tp.Partition) }

// A Header is a header of a record (KIP-82; brokers from 0.11 on keep them). A
// nil Value is null.
type Header struct {
	Key   string
	Value []byte
}

// A UUID identifies a topic, a directory, and so on. The zero UUID means none.
type UUID [16]byte

// String is the UUID as Kafka prints it: 22 characters of URL-safe base64.
func (u UUID) String() string { return base64.RawURLEncoding.EncodeToString(u[:]) }

// ParseUUID reads what String prints.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(s) != 22 || len(b) != len(u) { // DecodeString skips line ends
		return u, fmt.Errorf("uuid %q: want 22 characters of URL-safe base64", s)
	}
	copy(u[:], b)
	return u, nil
}

// An APIKey tells requests apart. The constants KeyProduce, KeyFetch, … are all
// APIs that clients use.
type APIKey int16

// A VersionRange is the versions of an API from Min to Max, both included.
type VersionRange struct{ Min, Max int16 }

// Contains tells whether v is in the range.
func (r VersionRange) Contains(v int16) bool { return r.Min <= v && v <= r.Max }

// String is the range as min-max.
func (r VersionRange) String() string { return fmt.Sprintf("%d-%d", r.Min, r.Max) }

// An apiInfo is what apis_gen.go holds for each API.
type apiInfo struct {
	name          string
	versions      VersionRange
	firstFlexible int16 // -1: none
}

// String is Kafka's name of the API, such as "Fetch".
func (k APIKey) String() string {
	if info := k.info(); info != nil {
		return info.name
	}
	return fmt.Sprintf("API %d", int16(k))
}

// Versions are the versions of the API that package msg encodes and decodes; ok
// is false for an API that it does not know.
func (k APIKey) Versions() (versions VersionRange, ok bool) {
	if info := k.info(); info != nil {
		return info.versions, true
	}
	return VersionRange{}, false
}

// FirstFlexible is the first version with compact lengths and tagged fields
// (KIP-482), or -1 where there is none.
func (k APIKey) FirstFlexible() int16 {
	if info := k.info(); info != nil {
		return info.firstFlexible
	}
	return -1
}

// Flexible tells whether that version has compact lengths and tagged fields.
func (k APIKey) Flexible(version int16) bool {
	first := k.FirstFlexible()
	return first >= 0 && version >= first
}

func (k APIKey) info() *apiInfo {
	if k < 0 || int(k) >= len(apis) || apis[k].name == "" {
		return nil
	}
	return &apis[k]
}

// A Message is a request, a response, or data that travels inside one. Types of
// package msg implement it by pointer.
type Message interface {
	// SetDefaults sets every field to Kafka's default.
	SetDefaults()
	// Append appends the message in that version to dst. It is an error when a
	// field holds something that the version can't carry, unless Kafka's schema
	// lets it be dropped ("ignorable").
	Append(dst []byte, version int16) ([]byte, error)
	// Decode reads the message. Fields that the version lacks get their
	// defaults. Strings are copied; []byte fields alias src.
	Decode(src []byte, version int16) error
}

// A Request is a message that clients send.
type Request interface {
	Message
	APIKey() APIKey
	// NewResponse returns an empty message of the type that answers this one.
	NewResponse() Response
}

// A Response is a message that brokers answer with.
type Response interface {
	Message
	APIKey() APIKey
}

// MaxString is the longest string, in bytes, that messages can carry. Compact
// lengths could say more; brokers refuse it.
const MaxString = math.MaxInt16
