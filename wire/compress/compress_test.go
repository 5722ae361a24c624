package compress

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

var all = []record.Compression{record.Gzip, record.Snappy, record.LZ4, record.Zstd}

func codecOf(t testing.TB, c record.Compression) record.Codec {
	t.Helper()
	codec, err := New().Codec(c)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

// contents are what batches are like: empty, tiny, repetitive, incompressible,
// and around the sizes of blocks.
func contents() map[string][]byte {
	random := make([]byte, 200_000)
	source := rand.NewChaCha8([32]byte{1})
	source.Read(random)
	return map[string][]byte{
		"empty": {}, "one": {'a'}, "text": bytes.Repeat([]byte("the quick brown fox "), 20_000), "random": random,
		"a block of snappy": random[:snappyBlock], "and one more": random[:snappyBlock+1],
		"a block of lz4": random[:lz4Block], "and one byte": random[:lz4Block+1], "zeros": make([]byte, 3*lz4Block),
	}
}

func TestRoundTrip(t *testing.T) {
	for _, c := range all {
		codec := codecOf(t, c)
		for name, src := range contents() {
			for _, format := range []record.Format{record.V0, record.V1, record.V2} {
				packed, err := codec.Compress([]byte("before"), src, format)
				if err != nil {
					t.Fatalf("%s, %s: %v", c, name, err)
				}
				if !bytes.HasPrefix(packed, []byte("before")) {
					t.Fatalf("%s, %s: Compress does not append", c, name)
				}
				out, err := codec.Decompress([]byte("before"), packed[6:], format, len(src))
				if err != nil {
					t.Fatalf("%s, %s: %v", c, name, err)
				}
				if string(out) != "before"+string(src) {
					t.Errorf("%s, %s, format %d: came back as something else", c, name, format)
				}
			}
		}
	}
}

func TestLimit(t *testing.T) {
	for _, c := range all {
		for _, size := range []int{100_000, 1 << 20} {
			codec := codecOf(t, c)
			packed, err := codec.Compress(nil, make([]byte, size), record.V2)
			if err != nil {
				t.Fatal(err)
			}
			for _, limit := range []int{0, 1, 1000, lz4Block, size - 1} {
				out, err := codec.Decompress(nil, packed, record.V2, limit)
				if got, ok := errors.AsType[*record.LimitError](err); !ok || got.Limit != limit {
					t.Errorf("%s: %d bytes within a limit of %d, error %v", c, len(out), limit, err)
				}
			}
			for _, limit := range []int{size, math.MaxInt} {
				if out, err := codec.Decompress([]byte("-"), packed, record.V2, limit); err != nil || len(out) != 1+size {
					t.Errorf("%s: %d bytes at a limit of %d, error %v", c, len(out), limit, err)
				}
			}
		}
	}
}

func TestDamaged(t *testing.T) {
	for _, c := range all {
		codec := codecOf(t, c)
		packed, err := codec.Compress(nil, contents()["text"], record.V1)
		if err != nil {
			t.Fatal(err)
		}
		for cut := range min(len(packed), 300) {
			if cut >= len(snappyHead) && cut < len(snappyHead)+4 && c == record.Snappy {
				continue // no blocks: the frame of nothing, and a tail that is passed over
			}
			if _, err := codec.Decompress(nil, packed[:cut], record.V1, 1<<20); err == nil && cut > 0 {
				t.Errorf("%s: cut off after %d of %d bytes, and no error", c, cut, len(packed))
			}
		}
	}
}

func TestConcurrent(t *testing.T) {
	set, src := New(), contents()["text"]
	var wg sync.WaitGroup
	for _, c := range all {
		codec, _ := set.Codec(c)
		for range 4 {
			wg.Go(func() {
				for range 10 {
					packed, err := codec.Compress(nil, src, record.V2)
					if err != nil {
						t.Error(err)
						return
					}
					if out, err := codec.Decompress(nil, packed, record.V2, len(src)); err != nil || !bytes.Equal(out, src) {
						t.Errorf("%s: came back as something else (error %v)", c, err)
						return
					}
				}
			})
		}
	}
	wg.Wait()
}

// TestBubbles: a goroutine or channel that outlived its bubble would end the test
// binary.
func TestBubbles(t *testing.T) {
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			set := New()
			for _, c := range all {
				codec, _ := set.Codec(c)
				packed, err := codec.Compress(nil, contents()["text"], record.V2)
				if err == nil {
					_, err = codec.Decompress(nil, packed, record.V2, record.DefaultLimit)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestLevels(t *testing.T) {
	src := contents()["text"]
	for c, levels := range map[record.Compression][]int{record.Gzip: {-1, 0, 1, 9}, record.Snappy: {0}, record.LZ4: {0, 1, 9, 17}, record.Zstd: {-131072, -1, 0, 1, 3, 6, 10, 22}} {
		for _, level := range levels {
			codec, err := NewCodec(c, level)
			if err != nil {
				t.Fatal(err)
			}
			packed, err := codec.Compress(nil, src, record.V2)
			if err != nil {
				t.Fatalf("%s level %d: %v", c, level, err)
			}
			if out, err := codec.Decompress(nil, packed, record.V2, len(src)); err != nil || !bytes.Equal(out, src) {
				t.Errorf("%s level %d: came back as something else (error %v)", c, level, err)
			}
		}
	}
	for _, c := range []record.Compression{record.None, 9} {
		if _, err := NewCodec(c, 0); err == nil {
			t.Errorf("a codec for %s", c)
		}
	}
	for _, test := range []struct {
		c     record.Compression
		level int
		says  string
	}{
		{record.Gzip, 10, "gzip level 10: want -1 to 9"},
		{record.Gzip, -2, "gzip level -2: want -1 to 9"},
		{record.Snappy, 1, "snappy has no levels"},
		{record.LZ4, 18, "lz4 level 18: want 0 to 17"},
		{record.LZ4, -1, "lz4 level -1: want 0 to 17"},
		{record.Zstd, 23, "zstd level 23: want -131072 to 22"},
		{record.Zstd, -131073, "zstd level -131073: want -131072 to 22"},
	} {
		if _, err := NewCodec(test.c, test.level); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s level %d: error %v, want %q", test.c, test.level, err, test.says)
		}
	}
}
