package compress

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
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
