package compress

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// What Kafka's validator takes and Java reads, however odd, is unpacked, to what
// Java makes of it. tools/javacheck compares the two on many more.
func TestOddStreams(t *testing.T) {
	pack := func(c record.Compression, s string) []byte {
		b, err := codecOf(t, c).Compress(nil, []byte(s), record.V1)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	change := func(b []byte, at int, to ...byte) []byte {
		b = slices.Clone(b)
		copy(b[at:], to)
		return b
	}
	gz, sn, lz, zs := pack(record.Gzip, "one"), pack(record.Snappy, "one"), pack(record.LZ4, "one"), pack(record.Zstd, "one")
	gzHead := func(flags byte, rest ...byte) []byte { // between the first 10 bytes and what is deflated
		b := append(change(gz[:10], 3, flags), rest...)
		if flags&2 != 0 {
			b = binary.LittleEndian.AppendUint16(b, uint16(crc32.ChecksumIEEE(b)))
		}
		return append(b, gz[10:]...)
	}
	endMark := len(lz) - 4
	for _, test := range []struct {
		name   string
		c      record.Compression
		format record.Format
		b      []byte
		want   string // "!" is an error
	}{
		{"two members", record.Gzip, record.V2, append(slices.Clone(gz), pack(record.Gzip, "two")...), "onetwo"},
		{"members of nothing", record.Gzip, record.V2, slices.Concat(pack(record.Gzip, ""), gz, pack(record.Gzip, "")), "one"},
		{"a byte behind", record.Gzip, record.V2, append(slices.Clone(gz), 0), "one"},
		{"zeros behind", record.Gzip, record.V2, append(slices.Clone(gz), make([]byte, 1000)...), "one"},
		{"18 bytes of another member", record.Gzip, record.V2, append(slices.Clone(gz), gz[:18]...), "one"},
		{"19 bytes of another member", record.Gzip, record.V2, append(slices.Clone(gz), gz[:19]...), "!"},
		{"another member, and zeros", record.Gzip, record.V2, slices.Concat(gz, gz, make([]byte, 19)), "oneone"},
		{"another member that is damaged", record.Gzip, record.V2, slices.Concat(gz, change(gz, len(gz)-8, 1, 2)), "!"},
		{"a wrong size", record.Gzip, record.V2, change(gz, len(gz)-4, 4), "!"},
		{"a long name", record.Gzip, record.V2, gzHead(8, append(bytes.Repeat([]byte("n"), 5000), 0)...), "one"},
		{"a name without end", record.Gzip, record.V2, slices.Concat(change(gz[:10], 3, 8), bytes.Repeat([]byte("n"), 50)), "!"},
		{"all that a head may have", record.Gzip, record.V2, gzHead(31, 2, 0, 7, 7, 'n', 0, 'c', 0), "one"},
		{"a head with a wrong checksum", record.Gzip, record.V2, change(gzHead(2), 10, 1, 1), "!"},
		{"more extra than there is", record.Gzip, record.V2, slices.Concat(change(gz[:10], 3, 4), []byte{255, 255}, gz[10:]), "!"},

		{"two streams", record.Snappy, record.V2, append(slices.Clone(sn), pack(record.Snappy, "two")...), "onetwo"},
		{"a head alone, and a stream", record.Snappy, record.V2, append(pack(record.Snappy, ""), sn...), "one"},
		{"other versions", record.Snappy, record.V2, change(sn, 8, 0, 0, 0, 9, 0, 0, 0, 7), "one"},
		{"1 byte behind", record.Snappy, record.V2, append(slices.Clone(sn), 1), "one"},
		{"3 bytes behind", record.Snappy, record.V2, append(slices.Clone(sn), 1, 2, 3), "one"},
		{"4 bytes behind", record.Snappy, record.V2, append(slices.Clone(sn), 1, 2, 3, 4), "!"},
		{"half a head behind", record.Snappy, record.V2, append(slices.Clone(sn), snappyHead[:9]...), "!"},
		{"a head that is none", record.Snappy, record.V2, append(slices.Clone(sn), change(snappyHead, 7, 1)...), "!"},

		{"the high bit in the end mark", record.LZ4, record.V2, change(lz, endMark+3, 0x80), "one"},
		{"the high bit in it, and more behind", record.LZ4, record.V2, append(change(lz, endMark+3, 0x80), 1, 2, 3, 4, 5), "one"},
		{"any checksum of a header in v0", record.LZ4, record.V0, change(lz, 6, lz[6]+1), "one"},
		{"any checksum of a header in v1", record.LZ4, record.V1, change(lz, 6, lz[6]+1), "!"},
		{"another frame behind", record.LZ4, record.V2, append(slices.Clone(lz), lz...), "one"},

		{"a part of another frame", record.Zstd, record.V2, append(slices.Clone(zs), zs[:len(zs)-1]...), "one"},
		{"a byte that begins none", record.Zstd, record.V2, append(slices.Clone(zs), 0), "!"},
	} {
		for _, limit := range []int{6, 1 << 20} {
			out, err := codecOf(t, test.c).Decompress([]byte("-"), test.b, test.format, limit)
			if test.want == "!" {
				if err == nil {
					t.Errorf("%v, %s: %q, and no error", test.c, test.name, out)
				}
			} else if string(out) != "-"+test.want || err != nil {
				t.Errorf("%v, %s, limit %d: %q, want %q; error %v", test.c, test.name, limit, out, test.want, err)
			}
		}
	}
}

// BenchmarkSmallStreams: many frames, members or heads of a few bytes each make a
// megabyte.
func BenchmarkSmallStreams(b *testing.B) {
	for _, c := range all {
		codec := codecOf(b, c)
		one, err := codec.Compress(nil, []byte("a record"), record.V2)
		if err != nil {
			b.Fatal(err)
		}
		packed := bytes.Repeat(one, 1<<20/len(one))
		b.Run(fmt.Sprint(c), func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				if dst, err = codec.Decompress(dst[:0], packed, record.V2, record.DefaultLimit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
