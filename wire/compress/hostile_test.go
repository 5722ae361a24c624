package compress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestHostileSizes: a few bytes that announce much are given little memory.
func TestHostileSizes(t *testing.T) {
	gz, err := codecOf(t, record.Gzip).Compress(nil, []byte("x"), record.V2)
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint32(gz[len(gz)-4:], 1<<30)
	framed := binary.BigEndian.AppendUint32(snappyHead[:len(snappyHead):len(snappyHead)], 6)
	block := []byte{0xff, 0xff, 0xff, 0x3f, 0, 0} // 128 MiB - 1
	lz4, err := codecOf(t, record.LZ4).Compress(nil, make([]byte, 1000), record.V2)
	if err != nil {
		t.Fatal(err)
	}
	lz4[5] = 0x70 // blocks of 4 MiB
	sum, _ := lz4HeaderSums(lz4[:6])
	lz4[6] = sum
	large, err := codecOf(t, record.Zstd).Compress(nil, make([]byte, 4<<20), record.V2)
	if err != nil {
		t.Fatal(err)
	}
	huge := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0}, 0, 0, 0, 0x07, 1, 0, 0) // 112 MiB
	for _, test := range []struct {
		name   string
		c      record.Compression
		packed []byte
		limit  int
		ok     bool
	}{
		{"gzip", record.Gzip, gz, record.DefaultLimit, false},
		{"snappy", record.Snappy, block, record.DefaultLimit, false},
		{"snappy, framed", record.Snappy, append(framed, block...), record.DefaultLimit, false},
		{"lz4", record.LZ4, lz4, record.DefaultLimit, true},
		{"zstd", record.Zstd, huge, record.DefaultLimit, false},
		{"zstd, 4 MiB", record.Zstd, large, 1000, false},
	} {
		codec := codecOf(t, test.c)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out, err := codec.Decompress(nil, test.packed, record.V2, test.limit)
		runtime.ReadMemStats(&after)
		if (err == nil) != test.ok {
			t.Errorf("%s: %d bytes, error %v", test.name, len(out), err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes allocated for %d", test.name, n, len(test.packed))
		}
	}
}

// TestZstdStream: what was packed piece by piece does not say how large it is.
func TestZstdStream(t *testing.T) {
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	codec := codecOf(t, record.Zstd)
	for _, limit := range []int{1000, 19 << 20} {
		out, err := codec.Decompress(nil, packed.Bytes(), record.V2, limit)
		if got, ok := errors.AsType[*record.LimitError](err); !ok || got.Limit != limit {
			t.Errorf("%d bytes within a limit of %d, error %v", len(out), limit, err)
		}
	}
	if out, err := codec.Decompress(nil, packed.Bytes(), record.V2, 20<<20); err != nil || len(out) != 20<<20 {
		t.Errorf("%d bytes, error %v", len(out), err)
	}
}

// TestZstdMemory: a decoder gets hardly more than the limit, and what a window's
// descriptor says is what it gets.
func TestZstdMemory(t *testing.T) {
	limits := []int{0, 1, zstdBlock - 1, zstdBlock, zstdBlock + 1, 1 << 20, 1<<20 + 1, 3 << 20, record.DefaultLimit - 1, record.DefaultLimit, record.DefaultLimit + 1, 1<<31 - 1}
	for range 1000 {
		limits = append(limits, rand.IntN(1<<30))
	}
	for _, limit := range limits {
		memory, descriptor := zstdMemory(limit)
		base := uint64(1) << (10 + descriptor>>3)
		if window := base + base/8*uint64(descriptor&7); memory != window || memory < uint64(limit) || memory > uint64(max(limit, zstdBlock))*9/8+1 {
			t.Errorf("limit %d: memory %d, a window of %d", limit, memory, window)
		}
	}
}

// stream is src as an encoder writes it that does not know how much comes: the
// frame does not say its size, and asks for a window of 8 MiB.
func stream(t testing.TB, src []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		t.Fatal(err)
	}
	for len(src) > 0 {
		n := min(len(src), 100_000)
		if _, err := w.Write(src[:n]); err == nil {
			err = w.Flush()
		}
		if err != nil {
			t.Fatal(err)
		}
		src = src[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TestExactLimit: whatever the size, it is the least limit that suffices.
func TestExactLimit(t *testing.T) {
	text := benchmarkContents()
	sizes := []int{1, 15, 1023, 1025, snappyBlock, snappyBlock + 1, lz4Block, lz4Block + 1, zstdBlock - 1, zstdBlock, zstdBlock + 1}
	for range 4 {
		sizes = append(sizes, 1+rand.IntN(150_000))
	}
	for _, size := range sizes {
		src := bytes.Repeat(text, size/len(text)+1)[:size]
		packed := map[string][]byte{}
		for _, c := range all {
			b, err := codecOf(t, c).Compress(nil, src, record.V2)
			if err != nil {
				t.Fatal(err)
			}
			packed[c.String()] = b
		}
		packed["zstd stream"] = stream(t, src)
		packed["zstd frames"] = append(stream(t, src[:size/2]), stream(t, src[size/2:])...)
		for name, b := range packed {
			var c record.Compression
			for _, c = range all {
				if c.String() == name {
					break
				}
			}
			codec := codecOf(t, c)
			for _, dst := range [][]byte{nil, []byte("before"), make([]byte, 6, 400_000)} {
				if out, err := codec.Decompress(dst, b, record.V2, size); err != nil || !bytes.Equal(out[len(dst):], src) || !bytes.Equal(out[:len(dst)], dst) {
					t.Errorf("%s: %d of %d bytes, error %v", name, len(out), size, err)
				}
				_, err := codec.Decompress(dst, b, record.V2, size-1)
				if got, ok := errors.AsType[*record.LimitError](err); !ok || got.Limit != size-1 {
					t.Errorf("%s: %d bytes within a limit of one less: error %v", name, size, err)
				}
			}
		}
	}
}

// TestBombs: what unpacks to far more than the limit takes about as much memory as
// the limit allows, or less, and not as much as it holds.
func TestBombs(t *testing.T) {
	const size, limit = 32 << 20, 1 << 20
	zeros := make([]byte, size)
	bombs := map[string][]byte{
		"zstd stream": stream(t, zeros[:8<<20]),
		"zstd frames": bytes.Repeat(stream(t, zeros[:limit-1]), 50),
	}
	for _, c := range all {
		b, err := codecOf(t, c).Compress(nil, zeros, record.V2)
		if err != nil {
			t.Fatal(err)
		}
		bombs[c.String()] = b
	}
	for name, bomb := range bombs {
		c := record.Zstd
		for _, known := range all {
			if known.String() == name {
				c = known
			}
		}
		codec := codecOf(t, c)
		// The pools are filled, so that what is counted is what is unpacked.
		codec.Decompress(nil, bomb, record.V2, 1)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := codec.Decompress(nil, bomb, record.V2, limit)
		runtime.ReadMemStats(&after)
		if got, ok := errors.AsType[*record.LimitError](err); !ok || got.Limit != limit {
			t.Errorf("%s: error %v", name, err)
		}
		// All that was allocated, one after another: a buffer that grows is counted
		// each time, so this is far above what was in use at once.
		if n := after.TotalAlloc - before.TotalAlloc; n > 8*limit {
			t.Errorf("%s: %d bytes allocated within a limit of %d", name, n, limit)
		}
	}
}

// TestZstdFrames: frames may follow each other, and may be of no meaning.
func TestZstdFrames(t *testing.T) {
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}
	one, two := stream(t, []byte("one")), stream(t, []byte("two"))
	codec := codecOf(t, record.Zstd)
	for _, test := range []struct {
		packed []byte
		want   string
	}{
		{append(bytes.Clone(one), two...), "onetwo"},
		{append(bytes.Clone(skippable), one...), "one"},
		{append(bytes.Clone(one), skippable...), "one"},
		{skippable, ""},
	} {
		if out, err := codec.Decompress([]byte("-"), test.packed, record.V2, 6); err != nil || string(out) != "-"+test.want {
			t.Errorf("%x: %q, want %q; error %v", test.packed, out, test.want, err)
		}
		// As Java does, what is cut off behind the first frame is passed over, until a
		// block of it is whole.
		first := len(one)
		if test.packed[0] == skippable[0] {
			first = len(skippable)
		}
		for cut := range test.packed {
			out, err := codec.Decompress(nil, test.packed[:cut], record.V2, 6)
			if err == nil && cut < first || err != nil && cut >= first && cut < first+7 || !strings.HasPrefix(test.want, string(out)) {
				t.Errorf("%x, cut off after %d bytes: %q, error %v", test.packed, cut, out, err)
			}
		}
	}
	if _, err := codec.Decompress(nil, append(bytes.Clone(one), 0), record.V2, 6); err == nil {
		t.Error("a byte after the last frame, and no error")
	}
	// What a frame says of its size must be possible.
	var none []byte
	for range 100 {
		none = append(none, 0x0c, 0, 0, 0) // compressed blocks of one byte: 12.5 MiB at most
	}
	none[len(none)-4] |= 1                                                         // the last
	announced := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 4}, none...) // 64 MiB
	if _, err := codec.Decompress(nil, announced, record.V2, record.DefaultLimit); err == nil || !strings.Contains(err.Error(), "can't unpack to 67108864") {
		t.Errorf("error %v", err)
	}
}

// TestLZ4Nothing: a block that holds nothing fits into a limit of 0.
func TestLZ4Nothing(t *testing.T) {
	frame := []byte{4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 1, 0, 0, 0, 0, 0, 0, 0, 0}
	if out, err := codecOf(t, record.LZ4).Decompress(nil, frame, record.V1, 0); err != nil || len(out) != 0 {
		t.Errorf("%d bytes, error %v", len(out), err)
	}
}
