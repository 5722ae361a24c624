package record_test

import (
	"fmt"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestAppendAllocatesNothing, as long as the records fit into the buffer.
func TestAppendAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 1<<20)
	key, value := []byte("key"), make([]byte, 100)
	headers := []wire.Header{{Key: "trace", Value: []byte("0123456789")}}
	for _, f := range formats {
		h := headers
		if f != record.V2 {
			h = nil
		}
		if n := testing.AllocsPerRun(100, func() {
			var b record.Builder
			b.Reset(f, buf)
			for i := range 1000 {
				if b.RecordSize(key, value, h) > 1000 {
					t.Error("too large")
				}
				if err := b.Append(int64(i), key, value, h); err != nil {
					t.Error(err)
				}
			}
			batch, err := b.Seal(nil, nil)
			if err != nil {
				t.Error(err)
			}
			record.Stamp(batch, 1, 2, 3)
		}); n != 0 {
			t.Errorf("%v: %v allocations for 1,000 records", f, n)
		}
	}
}

// TestNextAllocatesNothing: neither for a batch nor for a record.
func TestNextAllocatesNothing(t *testing.T) {
	for _, f := range formats {
		fetched := append(batchOf(t, f, nil, 0, 1000), batchOf(t, f, nil, 1000, 1000)...)
		if n := testing.AllocsPerRun(100, func() { count(t, fetched, nil) }); n != 0 {
			t.Errorf("%v: %v allocations for 2,000 records", f, n)
		}
	}
}

// TestHeadersAllocateNothing, but for the keys, which are strings, that All returns.
func TestHeadersAllocateNothing(t *testing.T) {
	var b record.Builder
	b.Reset(record.V2, nil)
	for range 1000 {
		if err := b.Append(0, nil, nil, []wire.Header{{Key: "trace", Value: []byte("0123456789")}, {Key: "a"}}); err != nil {
			t.Fatal(err)
		}
	}
	batch := firstBatch(t, sealed(t, &b))
	slab := make([]wire.Header, 0, 2)
	if n := testing.AllocsPerRun(100, func() {
		records, err := batch.Records(nil, nil, 0)
		if err != nil {
			t.Error(err)
		}
		for rec, err := range records.All() {
			if v, ok := rec.Headers.Get("trace"); len(v) != 10 || !ok || rec.Headers.Len() != 2 || err != nil {
				t.Error("a header is missing")
			}
			if h := rec.Headers.AppendTo(slab); len(h) != 2 || h[0].Key != "trace" || h[1].Key != "a" || h[1].Value != nil {
				t.Error("AppendTo leaves something out")
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations for 1,000 records with headers", n)
	}
}

// TestPackedAllocations: of a compressed batch, only unpacking allocates (tables
// of the standard library's gzip).
func TestPackedAllocations(t *testing.T) {
	for _, f := range formats {
		allocations := func(records int) float64 {
			fetched, scratch := batchOf(t, f, testGzip{}, 0, records), make([]byte, 0, 1<<20)
			return testing.AllocsPerRun(10, func() { count(t, fetched, scratch) })
		}
		if few, many := allocations(10), allocations(1000); many > few+50 {
			t.Errorf("%v: %v allocations for 10 records, %v for 1,000", f, few, many)
		}
	}
}

// count reads all of b and returns how many records there are.
func count(t testing.TB, b, scratch []byte) (n int) {
	r := record.NewReader(b)
	for {
		batch, err := r.Next()
		if err != nil {
			return n
		}
		if err := batch.Check(); err != nil {
			t.Fatal(err)
		}
		records, err := batch.Records(testCodecs{}, scratch, 0)
		if err != nil {
			t.Fatal(err)
		}
		var rec record.Record
		for {
			ok, err := records.Next(&rec)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			n++
		}
	}
}

func benchmarkBatch(b *testing.B, f record.Format, buf []byte) []byte {
	value := make([]byte, 100)
	var builder record.Builder
	builder.Reset(f, buf)
	for i := range 1000 {
		if err := builder.Append(1700000000000+int64(i), nil, value, nil); err != nil {
			b.Fatal(err)
		}
	}
	batch, err := builder.Seal(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	record.Stamp(batch, -1, -1, -1)
	return batch
}

// Both benchmarks are for 1,000 records of 100 bytes, CRC included.
func BenchmarkEncode(b *testing.B) {
	for _, f := range formats {
		b.Run(fmt.Sprint(f), func(b *testing.B) {
			buf := make([]byte, 0, 1<<18)
			b.ReportAllocs()
			for b.Loop() {
				benchmarkBatch(b, f, buf)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, f := range formats {
		b.Run(fmt.Sprint(f), func(b *testing.B) {
			batch := benchmarkBatch(b, f, nil)
			b.ReportAllocs()
			for b.Loop() {
				if n := count(b, batch, nil); n != 1000 {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
		})
	}
}
