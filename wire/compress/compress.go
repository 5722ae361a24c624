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

// NewCodec makes a codec at a level; 0 is its default. Gzip has levels 1 to 9,
// lz4 1 to 17 (above 9 they are the same), zstd 1 to 22; snappy has none.
// (compression.gzip.level, compression.lz4.level, compression.zstd.level, KIP-390)
func NewCodec(c record.Compression, level int) (record.Codec, error) {
	limits := map[record.Compression]int{record.Gzip: 9, record.Snappy: 0, record.LZ4: 17, record.Zstd: 22}
	most, ok := limits[c]
	switch {
	case !ok:
		return nil, fmt.Errorf("no codec for %s", c)
	case level < 0 || level > most:
		return nil, fmt.Errorf("%s level %d: want 0 (the default) to %d", c, level, most)
	}
	switch c {
	case record.Gzip:
		return newGzip(level), nil
	case record.Snappy:
		return newSnappy(), nil
	case record.LZ4:
		return newLZ4(level), nil
	default:
		return newZstd(level), nil
	}
}
