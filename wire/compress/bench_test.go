package compress

import (
	"fmt"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// benchmarkContents is like a batch of 1,000 records of about 100 bytes.
func benchmarkContents() (src []byte) {
	for i := range 1000 {
		src = fmt.Appendf(src, `{"id":%d,"user":"user-%d","event":"click","page":"/products/%d","ts":%d}`, i*7919, i*31%997, i*i%4999, 1700000000000+int64(i)*37)
	}
	return src
}

func BenchmarkCompress(b *testing.B) {
	src := benchmarkContents()
	for _, c := range all {
		codec := codecOf(b, c)
		b.Run(c.String(), func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				dst, _ = codec.Compress(dst[:0], src, record.V2)
			}
			b.ReportMetric(float64(len(src))/float64(len(dst)), "ratio")
		})
	}
}

func BenchmarkDecompress(b *testing.B) {
	src := benchmarkContents()
	for _, c := range all {
		codec := codecOf(b, c)
		b.Run(c.String(), func(b *testing.B) {
			packed, err := codec.Compress(nil, src, record.V2)
			if err != nil {
				b.Fatal(err)
			}
			var dst []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				if dst, err = codec.Decompress(dst[:0], packed, record.V2, record.DefaultLimit); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
