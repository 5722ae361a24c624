package record_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// recrc gives the message that b begins with the CRC of what it is now.
func recrc(b []byte) []byte {
	end := min(len(b), 12+int(binary.BigEndian.Uint32(b[8:])))
	binary.BigEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:end]))
	return b
}

// wrapper is a compressed message around a set.
func wrapper(t testing.TB, f record.Format, attributes byte, offset, timestamp int64, set []byte) []byte {
	t.Helper()
	value, err := testGzip{}.Compress(nil, set, f)
	if err != nil {
		t.Fatal(err)
	}
	m := append(make([]byte, 4), byte(f), attributes|byte(record.Gzip))
	if f == record.V1 {
		m = binary.BigEndian.AppendUint64(m, uint64(timestamp))
	}
	m = append(m, 0xff, 0xff, 0xff, 0xff) // a null key
	m = binary.BigEndian.AppendUint32(m, uint32(len(value)))
	return recrc(entry(offset, append(m, value...)))
}

func firstBatch(t testing.TB, b []byte) *record.Batch {
	t.Helper()
	r := record.NewReader(b)
	batch, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	return &batch
}

func offsets(recs []record.Record) (out []int64) {
	for _, r := range recs {
		out = append(out, r.Offset)
	}
	return out
}

func TestHeaders(t *testing.T) {
	var b record.Builder
	b.Reset(record.V2, nil)
	appendGolden(t, &b)
	batch, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	record.Stamp(batch, -1, -1, -1)
	_, recs, err := readAll(batch)
	if err != nil || len(recs) != 3 {
		t.Fatalf("%d records, error %v", len(recs), err)
	}
	if !same(recs[1].Key, nil) || !same(recs[1].Value, []byte{}) || !same(recs[2].Key, []byte{}) || !same(recs[2].Value, nil) {
		t.Errorf("null and empty are mixed up: %+v", recs)
	}
	if n := recs[0].Headers.Len(); n != 0 {
		t.Errorf("%d headers of none", n)
	}
	if _, ok := recs[0].Headers.Get("a"); ok {
		t.Error("a header of none")
	}
	h := recs[2].Headers
	clone := h.Clone()
	if want := []wire.Header{{Key: "a", Value: []byte("x")}, {Key: "b"}, {Key: "", Value: []byte{}}}; !sameHeaders(h, want) || h.Len() != 3 {
		t.Errorf("%d headers, want %v", h.Len(), want)
	}
	if v, ok := h.Get("b"); v != nil || !ok {
		t.Errorf("b is %v, %v", v, ok)
	}
	for key := range h.All() {
		if key != "a" {
			t.Errorf("the loop went on to %q", key)
		}
		break
	}
	clear(batch)
	if v, ok := clone.Get("a"); string(v) != "x" || !ok {
		t.Errorf("the clone's a is %q, %v", v, ok)
	}
}

func sameHeaders(h record.Headers, want []wire.Header) bool {
	if !slices.EqualFunc(h.AppendTo(nil), want, func(a, b wire.Header) bool { return a.Key == b.Key && same(a.Value, b.Value) }) {
		return false
	}
	for key, value := range h.All() {
		if len(want) == 0 || key != want[0].Key || !same(value, want[0].Value) {
			return false
		}
		want = want[1:]
	}
	return len(want) == 0
}

// TestGetLast: of headers with the same key, Get returns the last, as Java's
// lastHeader does.
func TestGetLast(t *testing.T) {
	var b record.Builder
	b.Reset(record.V2, nil)
	b.Append(0, nil, nil, []wire.Header{{Key: "k", Value: []byte("1")}, {Key: "x"}, {Key: "k", Value: []byte("2")}})
	batch, _ := b.Seal(nil, nil)
	record.Stamp(batch, -1, -1, -1)
	_, recs, err := readAll(batch)
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := recs[0].Headers.Get("k"); string(v) != "2" || !ok {
		t.Errorf("%q, %v", v, ok)
	}
}

// TestRelativeOffsets: in a wrapper of v1 they count from the first that was
// there, and end at the wrapper's own; in v0 they are absolute.
func TestRelativeOffsets(t *testing.T) {
	set := func(f record.Format, offsets ...int64) (out []byte) {
		for _, o := range offsets {
			out = append(out, batchOf(t, f, nil, o, 1)...)
		}
		return out
	}
	for _, test := range []struct {
		name string
		b    []byte
		want []int64
	}{
		{"v1", wrapper(t, record.V1, 0, 203, 9, set(record.V1, 0, 1, 2, 3)), []int64{200, 201, 202, 203}},
		{"v1 after compaction", wrapper(t, record.V1, 0, 305, 9, set(record.V1, 2, 5)), []int64{302, 305}},
		{"v1 as produced, wrapper at 0", wrapper(t, record.V1, 0, 0, 9, set(record.V1, 0, 1, 2)), []int64{0, 1, 2}},
		{"v1 at 0", wrapper(t, record.V1, 0, 2, 9, set(record.V1, 0, 1, 2)), []int64{0, 1, 2}},
		{"v1 with nothing in it", wrapper(t, record.V1, 0, 7, 9, nil), nil},
		{"v0", wrapper(t, record.V0, 0, 103, 9, set(record.V0, 100, 102, 103)), []int64{100, 102, 103}},
		{"v0 in v0", wrapper(t, record.V0, 0, 103, 9, slices.Concat(set(record.V0, 100), wrapper(t, record.V0, 0, 102, 9, set(record.V0, 101, 102)), set(record.V0, 103))), []int64{100, 101, 102, 103}},
		{"v1 in v1", wrapper(t, record.V1, 0, 103, 9, slices.Concat(set(record.V1, 0), wrapper(t, record.V1, 0, 2, 9, set(record.V1, 0, 1)), set(record.V1, 3))), []int64{100, 101, 102, 103}},
	} {
		_, recs, err := readAll(test.b)
		if err != nil || !slices.Equal(offsets(recs), test.want) {
			t.Errorf("%s: offsets %v, want %v; error %v", test.name, offsets(recs), test.want, err)
		}
	}
}

// TestLogAppendTime: that of a wrapper or batch is that of all its records.
// kafka-python gave those inside.
func TestLogAppendTime(t *testing.T) {
	inner := batchOf(t, record.V1, nil, 0, 2)
	const logAppendTime = 8
	_, recs, err := readAll(wrapper(t, record.V1, logAppendTime, 1, 9999, inner))
	if err != nil || len(recs) != 2 {
		t.Fatal(recs, err)
	}
	v2 := batchOf(t, record.V2, nil, 0, 2)
	v2[22] |= logAppendTime
	binary.BigEndian.PutUint64(v2[35:], 9999)
	record.Stamp(v2, -1, -1, -1)
	_, more, err := readAll(v2)
	if err != nil || len(more) != 2 {
		t.Fatal(more, err)
	}
	for _, r := range append(recs, more...) {
		if r.Timestamp != 9999 || !r.LogAppendTime {
			t.Errorf("%+v", r)
		}
	}
	// Plain messages have each their own.
	plain := batchOf(t, record.V1, nil, 0, 2)
	for b := plain; len(b) > 0; b = b[12+binary.BigEndian.Uint32(b[8:]):] {
		b[17] |= logAppendTime
		recrc(b)
	}
	_, recs, err = readAll(plain)
	if err != nil || len(recs) != 2 || recs[0].Timestamp != 1000 || recs[1].Timestamp != 1001 || !recs[0].LogAppendTime {
		t.Errorf("%+v, error %v", recs, err)
	}
}

// TestInnerCRC: a message that was damaged before it was packed.
func TestInnerCRC(t *testing.T) {
	set := batchOf(t, record.V1, nil, 0, 2)
	set[len(set)-1] ^= 1
	b := firstBatch(t, wrapper(t, record.V1, 0, 1, 9, set))
	if err := b.Check(); err != nil {
		t.Fatal(err)
	}
	for _, skip := range []bool{false, true} {
		records, err := b.Records(testCodecs{}, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		records.SkipCRC = skip
		var rec record.Record
		if ok, err := records.Next(&rec); !ok || err != nil {
			t.Fatalf("the good one before: %v, %v", ok, err)
		}
		for range 2 { // it stays
			if ok, err := records.Next(&rec); ok != skip || errors.Is(err, record.ErrCRC) == skip {
				t.Fatalf("SkipCRC %v: %v, %v", skip, ok, err)
			}
			if skip {
				break
			}
		}
	}
}

func TestHostileWrappers(t *testing.T) {
	good := batchOf(t, record.V1, nil, 0, 2)
	deep := good
	for range 6 {
		deep = wrapper(t, record.V1, 0, 1, 9, deep)
	}
	nothing := recrc(entry(1, append(make([]byte, 4), 1, byte(record.Gzip), 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255)))
	negative := slices.Clone(good)
	binary.BigEndian.PutUint64(negative, 1<<63)
	for _, test := range []struct {
		name string
		b    []byte
		says string
	}{
		{"a message of 13 bytes", wrapper(t, record.V1, 0, 1, 9, slices.Concat(good[:8], []byte{0, 0, 0, 13}, good[12:])), "it ends inside a message"},
		{"a set of one that is cut off", wrapper(t, record.V1, 0, 1, 9, good[:len(good)/2-1]), "no whole message"},
		{"a set of a few bytes", wrapper(t, record.V1, 0, 1, 9, good[:10]), "no whole message"},
		{"a batch of v2 in it", wrapper(t, record.V1, 0, 1, 9, batchOf(t, record.V2, nil, 0, 1)), "neither v0 nor v1"},
		{"six deep", deep, "more than 4 times"},
		{"a null value", nothing, "value is null"},
		{"not gzip", recrc(slices.Concat(nothing[:8], []byte{0, 0, 0, 25}, nothing[12:30], []byte{0, 0, 0, 3, 1, 2, 3})), "unpacking 3 bytes of gzip"},
		{"relative offsets below 0", wrapper(t, record.V1, 0, 1, 9, negative), "don't fit together"},
		{"a wrapper's offset below 0", wrapper(t, record.V1, 0, -2, 9, good), "don't fit together"},
	} {
		_, _, err := readAll(test.b)
		if _, ok := errors.AsType[*record.CorruptError](err); !ok || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: error %v", test.name, err)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		var b record.Builder
		b.Reset(f, nil)
		b.Append(0, nil, make([]byte, 100_000), nil)
		packed, err := b.Seal(testGzip{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		batch := firstBatch(t, packed)
		if _, err := batch.Records(testCodecs{}, nil, 200_000); err != nil {
			t.Errorf("%v: %v", f, err)
		}
		_, err = batch.Records(testCodecs{}, nil, 50_000)
		if limit, ok := errors.AsType[*record.LimitError](err); !ok || limit.Limit != 50_000 {
			t.Errorf("%v: error %v", f, err)
		}
	}
	// Nested, each part is within the limit and all are not.
	part := wrapper(t, record.V0, 0, 0, 0, batchOf(t, record.V0, nil, 0, 100))
	nested := firstBatch(t, wrapper(t, record.V0, 0, 0, 0, bytes.Repeat(part, 10)))
	if _, err := nested.Records(testCodecs{}, nil, 10_000); errors.As(err, new(*record.LimitError)) == false {
		t.Errorf("nested: %v", err)
	}
	if _, err := nested.Records(testCodecs{}, nil, 100_000); err != nil {
		t.Errorf("nested: %v", err)
	}
	// So are a wrapper and what stands beside it.
	beside := firstBatch(t, wrapper(t, record.V0, 0, 0, 0, append(part, batchOf(t, record.V0, nil, 0, 100)...)))
	if _, err := beside.Records(testCodecs{}, nil, 4_000); errors.As(err, new(*record.LimitError)) == false {
		t.Errorf("beside: %v", err)
	}
}

func TestNoCodec(t *testing.T) {
	batch := firstBatch(t, batchOf(t, record.V2, testGzip{}, 0, 1))
	if _, err := batch.Records(nil, nil, 0); err == nil {
		t.Error("unpacked without codecs")
	}
}

// TestCopies: a copy of Records reads on from the same place, whatever the other
// does.
func TestCopies(t *testing.T) {
	nested := wrapper(t, record.V0, 0, 9, 0, slices.Concat(
		wrapper(t, record.V0, 0, 3, 0, batchOf(t, record.V0, nil, 0, 4)), wrapper(t, record.V0, 0, 9, 0, batchOf(t, record.V0, nil, 4, 6))))
	for _, b := range [][]byte{batchOf(t, record.V2, nil, 0, 10), batchOf(t, record.V2, testGzip{}, 0, 10), batchOf(t, record.V1, testGzip{}, 0, 10), nested} {
		records, err := firstBatch(t, b).Records(testCodecs{}, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for want := range int64(10) {
			ahead := records
			for i := want; i < 10; i++ {
				var rec record.Record
				if ok, err := ahead.Next(&rec); !ok || err != nil || rec.Offset != i {
					t.Fatalf("the copy: %+v, %v, %v, want offset %d", rec, ok, err, i)
				}
			}
			var rec record.Record
			if ok, err := records.Next(&rec); !ok || err != nil || rec.Offset != want {
				t.Fatalf("%+v, %v, %v, want offset %d", rec, ok, err, want)
			}
		}
	}
}

// TestScratch: a batch is unpacked into the memory that it is given.
func TestScratch(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		scratch := make([]byte, 0, 10_000)
		records, err := firstBatch(t, batchOf(t, f, testGzip{}, 0, 10)).Records(testCodecs{}, scratch, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := records.Buffer(); len(got) == 0 || &got[0] != &scratch[:1][0] {
			t.Errorf("%v: unpacked elsewhere", f)
		}
		records, err = firstBatch(t, batchOf(t, f, nil, 0, 10)).Records(testCodecs{}, scratch, 0)
		if err != nil || records.Buffer() != nil {
			t.Errorf("%v: %d bytes unpacked of none, error %v", f, len(records.Buffer()), err)
		}
	}
}
