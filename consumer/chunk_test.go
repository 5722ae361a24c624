package consumer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// batchAt is a batch, or a message set, whose records have these offsets; their values are the
// offsets in words.
func batchAt(t testing.TB, f record.Format, c record.Compression, offsets ...int64) []byte {
	t.Helper()
	var b record.Builder
	b.Reset(f, nil)
	last := offsets[len(offsets)-1]
	for at := offsets[0]; at <= last; at++ {
		var headers []wire.Header
		if f == record.V2 {
			headers = []wire.Header{{Key: "at", Value: []byte{byte(at)}}}
		}
		if err := b.Append(1000+at, nil, fmt.Append(nil, at), headers); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f == record.V2 {
		record.Stamp(out, -1, -1, -1)
	}
	if c != record.None {
		codec, _ := compress.New().Codec(c)
		r := record.NewReader(out)
		plain, _ := r.Next()
		if out, err = record.Repack(&plain, nil, f, codec, offsets[0]); err != nil {
			t.Fatal(err)
		}
	}
	if f == record.V2 || c == record.None {
		if _, err := record.Place(out, offsets[0], 3); err != nil {
			t.Fatal(err)
		}
	}
	if f != record.V2 && c == record.None {
		out = compacted(out, offsets)
	}
	return out
}

// compacted keeps the plain messages with these offsets.
func compacted(set []byte, offsets []int64) (kept []byte) {
	for len(set) > 0 {
		n := 12 + int(binary.BigEndian.Uint32(set[8:]))
		if slices.Contains(offsets, int64(binary.BigEndian.Uint64(set))) {
			kept = append(kept, set[:n]...)
		}
		set = set[n:]
	}
	return kept
}

// read goes over a chunk as Records does.
func read(c *chunk) (offsets []int64, err error) {
	options := readOptions{codecs: compress.New(), limit: record.DefaultLimit}
	var rec record.Record
	for {
		if err := c.cur.next(&options, &rec); err != nil {
			if errors.Is(err, errChunkEnd) {
				err = nil
			}
			return offsets, err
		}
		if string(rec.Value) != fmt.Sprint(rec.Offset) {
			return offsets, fmt.Errorf("offset %d has value %q", rec.Offset, rec.Value)
		}
		offsets = append(offsets, rec.Offset)
	}
}

func offsetsOf(from, to int64) (offsets []int64) {
	for ; from < to; from++ {
		offsets = append(offsets, from)
	}
	return offsets
}

func TestChunkStartsAtThePosition(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		for c := record.None; c <= record.Zstd; c++ {
			if c == record.Zstd && f != record.V2 {
				continue
			}
			// Brokers give whole batches and compressed messages, so there may be records before.
			raw := slices.Concat(batchAt(t, f, c, 10, 11, 12, 13, 14), batchAt(t, f, c, 15, 16, 17))
			last := batchAt(t, f, c, 18)
			raw = append(raw, last[:len(last)-3]...) // and an end that is cut off
			s := scan(raw, 12, LeaderEpoch{})
			if s.end != 18 || !s.cut || s.err != nil {
				t.Errorf("format %d, %v: scanned up to %d, cut %v, error %v", f, c, s.end, s.cut, s.err)
			}
			_, p := one()
			got, err := read(newChunk(p, &fetchNode{}, s.raw, 12, s.end))
			if err != nil || !slices.Equal(got, offsetsOf(12, 18)) {
				t.Errorf("format %d, %v: read %v, %v", f, c, got, err)
			}
		}
	}
}

// kafka-python's iterator stopped at gaps of compacted topics (C078, C079).
func TestChunkHasGaps(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1} {
		raw := batchAt(t, f, record.None, 10, 11, 15, 16)
		for _, from := range []int64{10, 12} {
			s := scan(raw, from, LeaderEpoch{})
			_, p := one()
			got, err := read(newChunk(p, &fetchNode{}, s.raw, from, s.end))
			want := []int64{10, 11, 15, 16}
			if from == 12 {
				want = want[2:]
			}
			if err != nil || !slices.Equal(got, want) || s.end != 17 {
				t.Errorf("format %d from %d: read %v up to %d, %v", f, from, got, s.end, err)
			}
		}
	}
}

// What is damaged is found by Poll's check and by Records alike, and costs nothing of what comes
// before it (C080).
// Brokers don't look at the offsets of records that are not compressed. Those beyond their batch's
// are read, as Java does, and neither the records of the next batch are lost nor are any read
// twice. One below is one that was read already.
func TestChunkOffsetsOutsideOfTheBatch(t *testing.T) {
	odd := batchAt(t, record.V2, record.None, 10, 11, 12)
	at := 61
	for _, delta := range []byte{1, 0, 40} { // -1, 0 and 20, where 0, 1 and 2 belong
		odd[at+3] = delta
		at += 1 + int(odd[at]/2)
	}
	record.Stamp(odd, -1, -1, -1)
	raw := slices.Concat(odd, batchAt(t, record.V2, record.None, 13, 14))
	for from, want := range map[int64][]int64{9: {10, 30, 13, 14}, 10: {10, 30, 13, 14}, 12: {30, 13, 14}} {
		s := scan(raw, from, LeaderEpoch{})
		if s.err != nil || s.end != 15 {
			t.Fatalf("scanned up to %d, error %v", s.end, s.err)
		}
		_, p := one()
		c := newChunk(p, &fetchNode{}, s.raw, from, s.end)
		options := readOptions{codecs: compress.New(), limit: record.DefaultLimit}
		var got []int64
		var rec record.Record
		err := c.cur.next(&options, &rec)
		for ; err == nil; err = c.cur.next(&options, &rec) {
			got = append(got, rec.Offset)
			c.cur.headers(&rec)
		}
		if !errors.Is(err, errChunkEnd) || !slices.Equal(got, want) || c.cur.at != 15 {
			t.Errorf("from %d: read %v, want %v, up to %d, error %v", from, got, want, c.cur.at, err)
		}
	}
}

func TestChunkDamage(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		first, second := batchAt(t, f, record.None, 10, 11), batchAt(t, f, record.None, 12)
		second[len(second)-2] ^= 1
		raw := slices.Concat(first, second, batchAt(t, f, record.None, 13))
		s := scan(raw, 10, LeaderEpoch{})
		_, p := one()
		c := newChunk(p, &fetchNode{}, s.raw, 10, s.end)
		got, err := read(c)
		if err == nil || c.cur.at != 12 || !slices.Equal(got, offsetsOf(10, 12)) {
			t.Errorf("format %d: read %v, then at %d: %v", f, got, c.cur.at, err)
		}
		c = newChunk(p, &fetchNode{}, s.raw, 10, s.end)
		at, _, err := c.check()
		if err == nil || at != 12 || c.end != 12 {
			t.Errorf("format %d: check ends at %d, %d: %v", f, at, c.end, err)
		}
		if got, err = read(c); err != nil || !slices.Equal(got, offsetsOf(10, 12)) {
			t.Errorf("format %d: after the check %v, %v", f, got, err)
		}
	}
}

func TestCursorIsAValue(t *testing.T) {
	_, p := one()
	raw := batchAt(t, record.V2, record.Gzip, offsetsOf(10, 20)...)
	c := newChunk(p, &fetchNode{}, raw, 10, 20)
	options := readOptions{codecs: compress.New()}
	var rec record.Record
	for range 3 {
		if err := c.cur.next(&options, &rec); err != nil {
			t.Fatal(err)
		}
	}
	again := c.cur
	rest, _ := read(c)
	c.cur = again
	if once, _ := read(c); !slices.Equal(rest, once) || !slices.Equal(rest, offsetsOf(13, 20)) {
		t.Errorf("a copy read %v, the original %v", once, rest)
	}
}

func TestRecordIsWhatWasWritten(t *testing.T) {
	_, p := one()
	c := newChunk(p, &fetchNode{}, batchAt(t, record.V2, record.None, 10), 10, 11)
	options := readOptions{}
	var raw record.Record
	if err := c.cur.next(&options, &raw); err != nil {
		t.Fatal(err)
	}
	rec := newRecord(c, &c.cur, &raw)
	clone := rec.Clone()
	clear(c.raw)
	if rec.Value[0] != 0 {
		t.Error("a record's value was copied")
	}
	if clone.Topic != "t" || clone.Offset != 10 || clone.LeaderEpoch.Number() != 3 || clone.Key != nil || string(clone.Value) != "10" ||
		!clone.Timestamp.Equal(time.UnixMilli(1010)) || clone.TimestampType != CreateTime {
		t.Errorf("%+v", clone)
	}
	if h := clone.Headers; len(h) != 1 || h[0].Key != "at" || !slices.Equal(h[0].Value, []byte{10}) {
		t.Errorf("headers %v", h)
	}
	none := newRecord(c, &c.cur, &record.Record{Timestamp: -1})
	if !none.Timestamp.IsZero() || none.TimestampType != NoTimestamp {
		t.Errorf("no timestamp: %v, %v", none.Timestamp, none.TimestampType)
	}
}
