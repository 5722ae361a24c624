package record

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"
)

// A Format is a message format: the magic byte of a batch or message.
type Format int8

const (
	V0 Format = iota // message sets, up to 0.9
	V1               // message sets with timestamps, 0.10 (KIP-31, KIP-32)
	V2               // record batches with headers, from 0.11 on (KIP-98)
)

// A Compression is a codec's number in a batch's attributes.
type Compression int8

const (
	None Compression = iota
	Gzip
	Snappy
	LZ4  // brokers from 0.8.2 on
	Zstd // brokers from 2.1 on (KIP-110)
)

var compressionNames = [...]string{None: "none", Gzip: "gzip", Snappy: "snappy", LZ4: "lz4", Zstd: "zstd"}

// String is Kafka's name of the codec, as in compression.type.
func (c Compression) String() string {
	if c < 0 || int(c) >= len(compressionNames) {
		return fmt.Sprintf("compression %d", int8(c))
	}
	return compressionNames[c]
}

// ParseCompression reads what String prints; the error names all codecs.
func ParseCompression(name string) (Compression, error) {
	for c, known := range compressionNames {
		if name == known {
			return Compression(c), nil
		}
	}
	return None, fmt.Errorf("no codec %q; there are %s", name, strings.Join(compressionNames[:], ", "))
}

// A Codec compresses and decompresses the records of a batch. Both methods
// append to dst, and may be called from several goroutines. The format matters
// to lz4, whose frames have a wrong header checksum in V0.
type Codec interface {
	Compression() Compression
	Compress(dst, src []byte, format Format) ([]byte, error)
	// Decompress fails when the result is longer than limit.
	Decompress(dst, src []byte, format Format, limit int) ([]byte, error)
}

// Codecs finds codecs. compress.New makes a value that has all of them.
type Codecs interface {
	// Codec returns the codec, or an error that names it.
	Codec(Compression) (Codec, error)
}

// DefaultLimit bounds what a batch unpacks to where the caller gives no limit.
const DefaultLimit = 128 << 20

// A Record is a record or message as it was read. Key, Value and Headers are
// slices of the batch, or of what it was unpacked to.
type Record struct {
	Offset        int64
	Timestamp     int64 // milliseconds since 1970; -1 where there is none
	LogAppendTime bool  // the broker set the timestamp
	Key, Value    []byte
	Headers       Headers
}

// Headers are the headers of a record, encoded as in the batch. The zero value
// has none.
type Headers struct {
	raw []byte
	n   int
}

// Len is how many headers there are.
func (h Headers) Len() int { return h.n }

// All iterates over the headers, in order; keys may come more than once. A nil
// value is null.
func (h Headers) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		rest := h.raw
		for range h.n {
			var key, value []byte
			// Reading the record has checked that they are whole.
			key, rest, _ = varintBytes(rest)
			value, rest, _ = varintBytes(rest)
			if !yield(string(key), value) {
				return
			}
		}
	}
}

// Clone copies the headers.
func (h Headers) Clone() Headers { return Headers{raw: bytes.Clone(h.raw), n: h.n} }

// varintBytes reads bytes behind a varint length; nil where the length is -1.
// ok is false when b does not hold them.
func varintBytes(b []byte) (value, rest []byte, ok bool) {
	n, size := binary.Varint(b)
	switch {
	case size <= 0 || n < -1 || n > int64(len(b)-size):
		return nil, nil, false
	case n < 0:
		return nil, b[size:], true
	}
	end := size + int(n)
	return b[size:end:end], b[end:], true
}

// A CorruptError says why bytes are not the batch that they should be.
type CorruptError struct {
	Offset int64 // of the batch, as far as it could be read
	At     int   // the byte, counted from where the reading began
	Reason string
}

// Error has all of it in a line.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("damaged batch at offset %d: %s (byte %d)", e.Offset, e.Reason, e.At)
}
