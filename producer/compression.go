package producer

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// A Compression is a way to compress batches: Gzip, Snappy, LZ4 or Zstd, or none,
// which is the zero value. It is comparable, and prints as Kafka's name for it.
//
// It carries its codec, so that a program links only those that it names.
type Compression struct{ codec *codec }

// codec is what a Compression stands for.
type codec struct {
	id   record.Compression
	make func(level int) (record.Codec, error)
}

// The compressions.
var (
	Gzip   = Compression{&codec{record.Gzip, compress.NewGzip}}
	Snappy = Compression{&codec{record.Snappy, compress.NewSnappy}}
	LZ4    = Compression{&codec{record.LZ4, compress.NewLZ4}}   // brokers from 0.8.2 on
	Zstd   = Compression{&codec{record.Zstd, compress.NewZstd}} // brokers from 2.1 on (KIP-110)
)

// ParseCompression returns the compression of that name: none, gzip, snappy, lz4 or
// zstd. A program that calls it links all of them.
func ParseCompression(name string) (Compression, error) {
	id, err := record.ParseCompression(name)
	return [...]Compression{record.Gzip: Gzip, record.Snappy: Snappy, record.LZ4: LZ4, record.Zstd: Zstd}[id], err
}

// String is Kafka's name, as in the property compression.type.
func (c Compression) String() string { return c.id().String() }

func (c Compression) id() record.Compression {
	if c.codec == nil {
		return record.None
	}
	return c.codec.id
}

// open makes the codec at a level; nil where nothing is compressed.
func (c Compression) open(level int) (record.Codec, error) {
	switch {
	case c.codec != nil:
		return c.codec.make(level)
	case level != 0:
		return nil, fmt.Errorf("level %d without a compression", level)
	}
	return nil, nil
}

// ownCodecs finds the one codec that a producer compresses with: all that it needs
// to read batches of its own.
type ownCodecs struct{ codec record.Codec }

func (o ownCodecs) Codec(c record.Compression) (record.Codec, error) {
	switch {
	case c == record.None:
		return nil, nil
	case o.codec == nil || o.codec.Compression() != c:
		return nil, fmt.Errorf("no codec for %s", c)
	}
	return o.codec, nil
}
