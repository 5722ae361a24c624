package compress

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// DefaultLevel is each codec's own default level.
const DefaultLevel = 0

// A Set holds a codec of each kind, at its default level. It implements
// record.Codecs.
type Set struct {
	codecs [record.Zstd + 1]record.Codec
}

// New makes a Set. Its codecs keep what they need to work in pools of their own,
// so one Set serves a whole client.
func New() *Set {
	return &Set{[...]record.Codec{
		record.Gzip:   newGzip(DefaultLevel),
		record.Snappy: newSnappy(),
		record.LZ4:    newLZ4(DefaultLevel),
		record.Zstd:   newZstd(DefaultLevel),
	}}
}

// Codec returns the codec of that compression; of record.None it is nil.
func (s *Set) Codec(c record.Compression) (record.Codec, error) {
	if c < record.None || int(c) >= len(s.codecs) {
		return nil, fmt.Errorf("no codec for %s", c)
	}
	return s.codecs[c], nil
}

// NewCodec makes a codec at a level; 0 is its default. The levels are those of
// Kafka (KIP-390, KIP-780); beyond them it is an error.
//
//   - gzip: 1 to 9, and -1, which is the default, too (compression.gzip.level)
//   - lz4: 1 to 17; above 9 they are the same (compression.lz4.level)
//   - zstd: -131072 to 22, in four steps: below 3, to 5, to 9, above
//     (compression.zstd.level)
//   - snappy has none
//
// A program that calls it links all four; NewGzip, NewSnappy, NewLZ4 and NewZstd
// link one each.
func NewCodec(c record.Compression, level int) (record.Codec, error) {
	switch c {
	case record.Gzip:
		return NewGzip(level)
	case record.Snappy:
		return NewSnappy(level)
	case record.LZ4:
		return NewLZ4(level)
	case record.Zstd:
		return NewZstd(level)
	}
	return nil, fmt.Errorf("no codec for %s", c)
}

// NewGzip is NewCodec for gzip alone.
func NewGzip(level int) (record.Codec, error) {
	if err := checkLevel(record.Gzip, level, -1, 9); err != nil {
		return nil, err
	}
	return newGzip(level), nil
}

// NewSnappy is NewCodec for snappy alone. Its only level is 0.
func NewSnappy(level int) (record.Codec, error) {
	if level != 0 {
		return nil, fmt.Errorf("snappy has no levels, and level %d was asked for", level)
	}
	return newSnappy(), nil
}

// NewLZ4 is NewCodec for lz4 alone.
func NewLZ4(level int) (record.Codec, error) {
	if err := checkLevel(record.LZ4, level, 0, 17); err != nil {
		return nil, err
	}
	return newLZ4(level), nil
}

// NewZstd is NewCodec for zstd alone.
func NewZstd(level int) (record.Codec, error) {
	if err := checkLevel(record.Zstd, level, -131072, 22); err != nil {
		return nil, err
	}
	return newZstd(level), nil
}

// checkLevel compares a level with those that Kafka's properties may have, and 0.
func checkLevel(c record.Compression, level, least, most int) error {
	if level < least || level > most {
		return fmt.Errorf("%s level %d: want %d to %d; 0 is the default", c, level, least, most)
	}
	return nil
}

// grow makes room for n bytes more. A buffer that grows is doubled, but not beyond
// most bytes: it is filled block by block.
func grow(dst []byte, n, most int) []byte {
	if cap(dst)-len(dst) >= n {
		return dst
	}
	grown := make([]byte, len(dst), max(len(dst)+n, min(2*cap(dst), most)))
	copy(grown, dst)
	return grown
}
