package record

import (
	"fmt"
	"strings"
)

// A Format is a message format: the magic byte of a batch or message.
type Format int8

// The message formats.
const (
	V0 Format = 0 // message sets; brokers to 0.9
	V1 Format = 1 // with timestamps and relative offsets (KIP-31, KIP-32); 0.10
	V2 Format = 2 // record batches, with headers and producer ids (KIP-82, KIP-98); from 0.11 on
)

// String is "v0", "v1" or "v2".
func (f Format) String() string { return fmt.Sprintf("v%d", int8(f)) }

// A Compression is how a batch is packed, by Kafka's numbers.
type Compression int8

// The compressions.
const (
	None   Compression = 0
	Gzip   Compression = 1
	Snappy Compression = 2
	LZ4    Compression = 3 // brokers from 0.8.2 on
	Zstd   Compression = 4 // brokers from 2.1 on, format v2 only (KIP-110)
)

var compressionNames = [...]string{None: "none", Gzip: "gzip", Snappy: "snappy", LZ4: "lz4", Zstd: "zstd"}

// String is Kafka's name for it, as in the property compression.type.
func (c Compression) String() string {
	if c < 0 || int(c) >= len(compressionNames) {
		return fmt.Sprintf("compression %d", int8(c))
	}
	return compressionNames[c]
}

// ParseCompression is the compression of that name: none, gzip, snappy, lz4 or
// zstd.
func ParseCompression(name string) (Compression, error) {
	for c, known := range compressionNames {
		if name == known {
			return Compression(c), nil
		}
	}
	return None, fmt.Errorf("compression %q: want one of %s", name, strings.Join(compressionNames[:], ", "))
}

// A Codec packs and unpacks in one way. It is safe for concurrent use.
type Codec interface {
	Compression() Compression
	// Compress appends src, packed, to dst. The format matters to lz4, whose
	// header checksum is another one in v0.
	Compress(dst, src []byte, f Format) ([]byte, error)
	// Decompress appends src, unpacked, to dst. It is a *LimitError when that
	// would be more than limit bytes.
	Decompress(dst, src []byte, f Format, limit int) ([]byte, error)
}

// Codecs is where a reader finds codecs.
type Codecs interface {
	// Codec returns the codec, or an error that names it. For None it returns nil
	// and no error.
	Codec(Compression) (Codec, error)
}

// DefaultLimit is how many bytes a batch may unpack to where a limit of 0 is
// given: 128 MiB.
const DefaultLimit = 128 << 20
