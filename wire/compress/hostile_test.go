package compress

import (
	"encoding/binary"
	"runtime"
	"testing"

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
	zstd := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xa0}, 0, 0, 0, 0x07, 1, 0, 0) // 112 MiB
	for _, test := range []struct {
		name   string
		c      record.Compression
		packed []byte
		ok     bool
	}{{"gzip", record.Gzip, gz, false}, {"snappy", record.Snappy, block, false}, {"snappy, framed", record.Snappy, append(framed, block...), false}, {"lz4", record.LZ4, lz4, true}, {"zstd", record.Zstd, zstd, false}} {
		codec := codecOf(t, test.c)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out, err := codec.Decompress(nil, test.packed, record.V2, record.DefaultLimit)
		runtime.ReadMemStats(&after)
		if (err == nil) != test.ok {
			t.Errorf("%s: %d bytes, error %v", test.name, len(out), err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes allocated for %d", test.name, n, len(test.packed))
		}
	}
}
