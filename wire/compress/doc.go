// Package compress has the codecs of record batches as Kafka frames them: gzip,
// snappy in the framing of snappy-java, lz4 frames with either header checksum,
// and zstd.
//
//	codecs := compress.New()                            // all of them, to read with
//	codec, err := compress.NewCodec(record.Zstd, 3)     // one, at a level, to write with
//	codec, err := compress.NewZstd(3)                   // the same, in a program that links only this one
//
// A codec is a value with its own pools: make one and keep it. All may be used
// by several goroutines. None has goroutines of its own, so they work inside a
// testing/synctest bubble.
//
// Every Decompress has a limit, which it keeps while it unpacks: a small batch
// that holds gigabytes is a *record.LimitError, not an allocation. What has just as
// many bytes as the limit is unpacked.
//
// A codec of your own is a record.Codec; the example of Set puts one in the place
// of ours.
package compress
