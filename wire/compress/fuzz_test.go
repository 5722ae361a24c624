package compress

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// The fuzz targets, one for each codec: no bytes make it panic, unpack to more
// than the limit or take much more memory than that; and what it packs it unpacks.
//
//	go test -fuzz FuzzZstd

func FuzzGzip(f *testing.F)   { fuzz(f, record.Gzip) }
func FuzzSnappy(f *testing.F) { fuzz(f, record.Snappy) }
func FuzzLZ4(f *testing.F)    { fuzz(f, record.LZ4) }
func FuzzZstd(f *testing.F)   { fuzz(f, record.Zstd) }

const (
	fuzzLimit = 1 << 16
	// fuzzMemory is what a buffer that grows up to the limit may take in all, and a
	// decoder that is made anew.
	fuzzMemory = 16*fuzzLimit + 2<<20
)

func fuzz(f *testing.F, c record.Compression) {
	addPacked(f, c)
	codec := codecOf(f, c)
	f.Fuzz(func(t *testing.T, b []byte) {
		var out []byte
		var err error
		// The fuzzing itself allocates beside it, so that once too much says nothing.
		for try := 1; ; try++ {
			before := allocated()
			out, err = codec.Decompress(nil, b, record.V1, fuzzLimit)
			n := allocated() - before
			if n <= fuzzMemory {
				break
			}
			if try == 3 {
				t.Errorf("%d bytes allocated for %d within a limit of %d", n, len(b), fuzzLimit)
				break
			}
		}
		if limit, ok := errors.AsType[*record.LimitError](err); ok && limit.Limit != fuzzLimit || err == nil && len(out) > fuzzLimit {
			t.Errorf("%d bytes, error %v", len(out), err)
		}
		if err == nil {
			again, err := codec.Decompress(nil, b, record.V1, len(out))
			if err != nil || !bytes.Equal(again, out) {
				t.Errorf("%d bytes at a limit of %d, error %v", len(again), len(out), err)
			}
			if len(out) > 0 {
				if _, err := codec.Decompress(nil, b, record.V1, len(out)-1); err == nil {
					t.Errorf("%d bytes at a limit of one less", len(out))
				}
			}
		}
		for _, format := range []record.Format{record.V0, record.V1} {
			packed, err := codec.Compress(nil, b, format)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := codec.Decompress(nil, packed, format, len(b)); err != nil || !bytes.Equal(out, b) {
				t.Errorf("%d bytes came back as %d others, error %v", len(b), len(out), err)
			}
		}
	})
}

// allocated is how many bytes were allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// addPacked adds what we pack, what kafka-python 1.2.1 packed, what encoders make
// that don't know how much comes, and what announces more than there is.
func addPacked(f *testing.F, c record.Compression) {
	codec := codecOf(f, c)
	for name, src := range contents() {
		packed, err := codec.Compress(nil, src[:min(len(src), 5000)], record.V0)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
		f.Add(packed[:len(packed)/2])
		if name == "zeros" {
			bomb, err := codec.Compress(nil, make([]byte, 10*fuzzLimit), record.V2)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(bomb)
		}
	}
	if c == record.Zstd {
		b := stream(f, []byte(strings.Repeat("zstd ", 1000)))
		f.Add(b)
		f.Add(append(b, b...))
		f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x07, 1, 0, 0})
		return
	}
	text, err := os.ReadFile("testdata/codec_" + c.String() + ".json")
	if err != nil {
		f.Fatal(err)
	}
	var data struct{ Vectors []codecVector }
	if err := json.Unmarshal(text, &data); err != nil {
		f.Fatal(err)
	}
	for _, v := range data.Vectors {
		for _, packed := range []string{v.Encoded, v.NewFrame, v.OldFrame} {
			f.Add(unhex(f, packed))
		}
	}
}
