package compress_test

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// A batch is packed with one codec; a reader is given all of them.
func Example() {
	codec, err := compress.NewCodec(record.Zstd, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	var b record.Builder
	b.Reset(record.V2, nil)
	for i := range 100 {
		b.Append(1700000000000, nil, fmt.Appendf(nil, "record number %d", i), nil)
	}
	batch, err := b.Seal(codec, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	record.Stamp(batch, -1, -1, -1)
	fmt.Println("smaller:", len(batch) < b.Size()/2)

	r := record.NewReader(batch)
	fetched, err := r.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := fetched.Records(compress.New(), nil, 0)
	var rec record.Record
	for ok := err == nil; ok && rec.Offset < 2; {
		ok, err = records.Next(&rec)
		fmt.Printf("%d: %s\n", rec.Offset, rec.Value)
	}
	fmt.Println(fetched.Compression, fetched.NumRecords, err)
	// Output:
	// smaller: true
	// 0: record number 0
	// 1: record number 1
	// 2: record number 2
	// zstd 100 <nil>
}

// What unpacks to more than the caller allows is refused.
func ExampleSet_limit() {
	codec, err := compress.New().Codec(record.Gzip)
	if err != nil {
		fmt.Println(err)
		return
	}
	bomb, err := codec.Compress(nil, bytes.Repeat([]byte{0}, 10<<20), record.V2)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = codec.Decompress(nil, bomb, record.V2, 1<<20)
	limit, ok := errors.AsType[*record.LimitError](err)
	fmt.Println(len(bomb) < 20_000, ok, limit)
	// Output: true true unpacks to more than the limit of 1048576 bytes
}

func ExampleNewCodec() {
	_, err := compress.NewCodec(record.Gzip, 12)
	fmt.Println(err)
	// Output: gzip level 12: want -1 to 9; 0 is the default
}

// A codec of your own takes the place of one in a Set.
func ExampleSet_own() {
	codecs := withOwn{compress.New(), stored{}}
	var b record.Builder
	b.Reset(record.V2, nil)
	b.Append(1700000000000, nil, []byte("hello"), nil)
	batch, err := b.Seal(stored{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	record.Stamp(batch, -1, -1, -1)

	r := record.NewReader(batch)
	fetched, err := r.Next()
	if err != nil {
		fmt.Println(err)
		return
	}
	records, err := fetched.Records(codecs, nil, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	for rec, err := range records.All() {
		fmt.Println(fetched.Compression, string(rec.Value), err)
	}
	// Output: zstd hello <nil>
}

// withOwn finds zstd in own, and the others in Set.
type withOwn struct {
	*compress.Set
	own record.Codec
}

func (w withOwn) Codec(c record.Compression) (record.Codec, error) {
	if c == w.own.Compression() {
		return w.own, nil
	}
	return w.Set.Codec(c)
}

// stored says that it is zstd, and packs nothing: yours would call its library.
type stored struct{}

func (stored) Compression() record.Compression { return record.Zstd }

func (stored) Compress(dst, src []byte, _ record.Format) ([]byte, error) {
	return append(dst, src...), nil
}

func (stored) Decompress(dst, src []byte, _ record.Format, limit int) ([]byte, error) {
	if len(src) > limit {
		return nil, &record.LimitError{Limit: limit}
	}
	return append(dst, src...), nil
}
