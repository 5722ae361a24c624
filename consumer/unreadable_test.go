package consumer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// batchOfSize is a batch of n records that unpacks to more than size bytes.
func batchOfSize(t testing.TB, f record.Format, c record.Compression, base int64, n, size int) []byte {
	t.Helper()
	var b record.Builder
	b.Reset(f, nil)
	for range n {
		if err := b.Append(1, nil, make([]byte, size/n), nil); err != nil {
			t.Fatal(err)
		}
	}
	plain, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f == record.V2 {
		record.Stamp(plain, -1, -1, -1)
	}
	if c == record.None {
		place(plain, base)
		return plain
	}
	codec, err := compress.New().Codec(c)
	if err != nil {
		t.Fatal(err)
	}
	r := record.NewReader(plain)
	batch, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	out, err := record.Repack(&batch, nil, f, codec, base)
	if err != nil {
		t.Fatal(err)
	}
	if f == record.V2 {
		place(out, base)
	}
	return out
}

// A batch that unpacks to too much says where it ends, there reading goes on, and a consumer that
// allows more reads it.
func TestBatchThatUnpacksToTooMuch(t *testing.T) {
	for f, release := range map[record.Format]string{record.V0: "0.9.0.1", record.V1: "0.10.2.2", record.V2: "4.4.0"} {
		for _, poll := range []bool{false, true} {
			t.Run(fmt.Sprint(f, poll), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.count("t", 1, 8) // as the log's end, and nothing else
					large := batchOfSize(t, f, record.Gzip, 2, 5, 100_000)
					w.answerRecords(0, slices.Concat(batchOfSize(t, f, record.None, 0, 2, 10), large, batchOfSize(t, f, record.None, 7, 1, 10)))
					w.answerRecords(2, slices.Concat(large, batchOfSize(t, f, record.None, 7, 1, 10)))
					w.answerRecords(7, batchOfSize(t, f, record.None, 7, 1, 10))
					tp := tps("t", 0)[0]
					c := w.consumer("c", Config{MaxUnpackedBytes: 50_000, MaxPartitionFetchBytes: 1 << 20})
					w.must(c.Assign(tp))
					w.must(c.Seek(tp, 0))
					recs, err := w.upTo(c, poll)
					e, ok := errors.AsType[*BatchTooLargeError](err)
					if !ok || len(recs) != 2 || e.TopicPartition != tp || e.Offset != 2 || e.Next != 7 || e.Limit != 50_000 ||
						!strings.Contains(err.Error(), "MaxUnpackedBytes") || !strings.Contains(err.Error(), "to 7,") {
						w.Fatalf("%d records %v, then %v", len(recs), offsets(recs), err)
					}
					if _, ok := errors.AsType[*record.LimitError](err); !ok {
						w.Errorf("no LimitError in %v", err)
					}
					if _, err := w.upTo(c, poll); !errors.As(err, &e) {
						w.Errorf("it is not said again: %v", err)
					}
					w.must(c.Seek(tp, e.Next))
					if recs := w.take(c, 1, poll); recs[0].Offset != 7 {
						w.Errorf("reading goes on at %d", recs[0].Offset)
					}
					w.close(c)
					c = w.consumer("d", Config{})
					w.must(c.Assign(tp))
					w.must(c.Seek(tp, 0))
					if recs := w.take(c, 8, poll); len(recs[4].Value) != 20_000 {
						w.Errorf("a value of %d bytes", len(recs[4].Value))
					}
				}, kafkatest.Topic("t", 1), kafkatest.Version(release))
			})
		}
	}
}

func offsets(recs []Record) (at []int64) {
	for _, r := range recs {
		at = append(at, r.Offset)
	}
	return at
}

// upTo reads up to the first error.
func (w *world) upTo(c *Consumer, poll bool) (got []Record, err error) {
	w.Helper()
	if !poll {
		for r, err := range c.Records(w.ctx) {
			if err != nil {
				return got, err
			}
			got = append(got, r)
		}
	}
	for {
		polled, err := c.Poll(w.ctx, time.Second)
		if err != nil {
			return got, err
		}
		got = slices.AppendSeq(got, polled.All())
	}
}

// Every kind of damage says where the batch ends, if anything of it does.
func TestWhereDamageEnds(t *testing.T) {
	_, p := one()
	p.highWater = 100
	v2 := func(change func(b []byte)) []byte {
		b := batchAt(t, record.V2, record.None, 10, 11, 12, 13, 14)
		change(b)
		return b
	}
	next := batchAt(t, record.V2, record.None, 20)
	for name, c := range map[string]struct {
		raw  []byte
		want int64
	}{
		"a wrong CRC":              {v2(func(b []byte) { b[len(b)-1] ^= 1 }), 15},
		"an unknown format":        {slices.Concat(v2(func(b []byte) { b[16] = 9 }), next), 20},
		"that, and nothing after":  {v2(func(b []byte) { b[16] = 9 }), 11},
		"only the beginning":       {v2(func([]byte) {})[:30], 15},
		"hardly that":              {v2(func([]byte) {})[:20], 11},
		"an offset out of the log": {v2(func(b []byte) { place(b, 1<<40) }), 11},
		"an offset behind":         {v2(func(b []byte) { place(b, 3) }), 11},
		"a run of messages":        {batchAt(t, record.V1, record.None, 10, 12, 14), 11},
		"a compressed message":     {batchAt(t, record.V1, record.Gzip, 10, 11, 12), 13},
		"half a message":           {batchAt(t, record.V0, record.None, 14)[:20], 15},
		"nothing":                  {nil, 11},
	} {
		if got := p.beyond(10, c.raw); got != c.want {
			t.Errorf("%s: go on at %d, want %d", name, got, c.want)
		}
	}
}

// A batch that no answer may carry stops its own partition, with an error; the others are read as
// if it were not there.
func TestAnswerTooLarge(t *testing.T) {
	const partitions = 20
	for _, release := range []string{"0.10.1.1", "4.4.0"} {
		t.Run(release, func(t *testing.T) {
			inWorld(t, func(w *world) {
				for p := range int32(partitions) {
					w.write("t", p, "a")
				}
				w.write("t", 7, strings.Repeat("x", 300_000))
				w.write("t", 7, "after")
				client, err := netclient.New(netclient.Config{BootstrapServers: w.cluster.Addrs(), Dial: w.cluster.Dial, MaxResponseSize: 200_000})
				w.must(err)
				w.Cleanup(func() { client.Close() })
				c, err := New(client, Config{AutoOffsetReset: ResetEarliest, Topics: []string{"t"}, FetchMaxBytes: 100_000, FetchMaxWait: 20 * time.Second})
				w.must(err)
				w.Cleanup(func() { c.Close() })
				began := time.Now()
				var got []Record
				var failed error
				for len(got) < partitions || failed == nil {
					polled, err := c.Poll(w.ctx, time.Second)
					if err != nil {
						failed = err
					}
					got = slices.AppendSeq(got, polled.All())
					if time.Since(began) > 2*time.Second {
						w.Fatalf("%d records after %v, and %v", len(got), time.Since(began), failed)
					}
				}
				e, ok := errors.AsType[*RecordTooLargeError](failed)
				if !ok || e.TopicPartition != tps("t", 7)[0] || e.Offset != 1 || e.Limit != 200_000 || !errors.Is(failed, wire.ErrMessageTooLarge) ||
					!errors.Is(failed, netclient.ErrTooLarge) || !strings.Contains(failed.Error(), "MaxResponseSize") {
					w.Errorf("Poll: %v", failed)
				}
				// It is not asked for again; the others are, and wait at the broker as ever.
				fetches := w.cluster.Requests(wire.KeyFetch)
				for range 10 {
					_, err := c.Poll(w.ctx, time.Second)
					if _, ok := errors.AsType[*RecordTooLargeError](err); !ok {
						w.Errorf("it is not said again: %v", err)
					}
					w.second()
				}
				if n := w.cluster.Requests(wire.KeyFetch) - fetches; n > 50 {
					w.Errorf("%d fetches in ten seconds without records", n)
				}
				w.write("t", 3, "b")
				w.must(c.Seek(tps("t", 7)[0], 2))
				w.want(w.poll(c, 2), "t/3@1=b", "t/7@2=after")
			}, kafkatest.Topic("t", partitions), kafkatest.Version(release))
		})
	}
}
