package consumer

import (
	"runtime"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// loaded is a consumer that has records in its queue as if they had been fetched: chunks of 8000
// records of 100 bytes.
func loaded(t testing.TB, records int, headers ...wire.Header) *Consumer {
	t.Helper()
	c := newTestConsumer(t, nowhere(t), Config{})
	if err := c.Assign(tps("t", 0)...); err != nil {
		t.Fatal(err)
	}
	var b record.Builder
	b.Reset(record.V2, nil)
	for range 8000 {
		b.Append(1000, nil, make([]byte, 100), headers)
	}
	raw, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	record.Stamp(raw, -1, -1, -1)
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.subs.order[0]
	p.seek(0)
	n := &fetchNode{}
	for range records / 8000 {
		p.push(newChunk(p, n, raw, 0, 8000))
	}
	return c
}

// allocations counts what f allocates per record.
func allocations(records int, f func()) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(records)
}

func TestReadingAllocatesNothingPerRecord(t *testing.T) {
	const records = 1_000_000
	bytes := 0
	c := loaded(t, records)
	n := 0
	got := allocations(records, func() {
		for rec, err := range c.Records(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			bytes += len(rec.Value)
			if n++; n == records {
				break
			}
		}
	})
	if got > 0.02 {
		t.Errorf("Records: %.4f allocations per record", got)
	}
	c = loaded(t, records)
	got = allocations(records, func() {
		for bytes < 2*records*100 {
			recs, err := c.Poll(t.Context(), time.Second)
			if err != nil || recs.Empty() {
				t.Fatal(err, recs.Empty())
			}
			for rec := range recs.All() {
				bytes += len(rec.Value)
			}
		}
	})
	if got > 0.02 {
		t.Errorf("Poll: %.4f allocations per record", got)
	}
}

func TestHeadersAllocateNothingPerRecord(t *testing.T) {
	const records = 160_000
	for _, headers := range [][]wire.Header{
		{{Key: "trace", Value: []byte("0123456789")}},
		{{Key: "a"}, {Key: "b"}, {Key: "a", Value: []byte("x")}},
	} {
		c := loaded(t, records, headers...)
		n := 0
		got := allocations(records, func() {
			for rec, err := range c.Records(t.Context()) {
				if err != nil || len(rec.Headers) != len(headers) {
					t.Fatal(err, rec.Headers)
				}
				if n++; n == records {
					break
				}
			}
		})
		if got > 0.02 {
			t.Errorf("%d headers: %.4f allocations per record", len(headers), got)
		}
	}
}

func BenchmarkRecords(b *testing.B) {
	c := loaded(b, b.N+8000)
	n := 0
	b.SetBytes(100)
	b.ReportAllocs()
	b.ResetTimer()
	for range c.Records(b.Context()) {
		if n++; n == b.N {
			return
		}
	}
}

func BenchmarkPoll(b *testing.B) {
	c := loaded(b, b.N+8000)
	n := 0
	b.SetBytes(100)
	b.ReportAllocs()
	b.ResetTimer()
	for {
		recs, err := c.Poll(b.Context(), time.Second)
		if err != nil {
			b.Fatal(err)
		}
		for range recs.All() {
			if n++; n == b.N {
				return
			}
		}
	}
}
