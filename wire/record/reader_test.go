package record_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// batchOf is a stamped batch or set of n records with values "0", "1", … and
// timestamps 1000, 1001, …, placed at base.
func batchOf(t testing.TB, f record.Format, codec record.Codec, base int64, n int) []byte {
	t.Helper()
	var b record.Builder
	b.Reset(f, nil)
	for i := range n {
		if err := b.Append(1000+int64(i), nil, fmt.Append(nil, i), nil); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.Seal(codec, nil)
	if err != nil {
		t.Fatal(err)
	}
	record.Stamp(out, -1, -1, -1)
	if _, err = record.Place(out, base, 4); errors.Is(err, record.ErrRepack) {
		r := record.NewReader(out)
		whole, _ := r.Next()
		out, err = record.Repack(&whole, testCodecs{}, f, codec, base)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMixedFormats(t *testing.T) {
	fetched := slices.Concat(
		batchOf(t, record.V0, nil, 10, 3),
		batchOf(t, record.V0, testGzip{}, 13, 3),
		batchOf(t, record.V1, nil, 16, 2),
		batchOf(t, record.V1, testGzip{}, 18, 4),
		batchOf(t, record.V2, nil, 22, 1),
		batchOf(t, record.V2, testGzip{}, 23, 5),
	)
	batches, recs, err := readAll(fetched)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		base, last int64
		n          int
		epoch      int32
	}{{10, 12, 3, -1}, {-1, 15, -1, -1}, {16, 17, 2, -1}, {-1, 21, -1, -1}, {22, 22, 1, 4}, {23, 27, 5, -1}} {
		if b := batches[i]; b.BaseOffset != want.base || b.LastOffset != want.last || b.NumRecords != want.n || b.PartitionLeaderEpoch != want.epoch && b.Compression == record.None {
			t.Errorf("batch %d is %+v, want %+v", i, b, want)
		}
	}
	for i, rec := range recs {
		if rec.Offset != int64(10+i) || (rec.Timestamp == -1) != (i < 6) {
			t.Errorf("record %d is %+v", i, rec)
		}
	}
	if len(batches) != 6 || len(recs) != 18 {
		t.Errorf("%d batches, %d records", len(batches), len(recs))
	}
}

// TestMessageSets reads those of kafka-python, cut off at every length.
func TestMessageSets(t *testing.T) {
	var data struct {
		Vectors []struct {
			Name    string
			Bytes   string
			Decoded []struct {
				Offset     int64
				Timestamp  *int64
				Key, Value *string
			}
		}
		Truncations []struct {
			Kept    int  `json:"bytes_kept"`
			Full    int  `json:"full_messages"`
			Partial bool `json:"partial"`
		}
	}
	readVectors(t, "message_sets.json", &data)
	if len(data.Vectors) == 0 || len(data.Truncations) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range data.Vectors {
		_, recs, err := readAll(unhex(t, v.Bytes))
		if err != nil || len(recs) != len(v.Decoded) {
			t.Errorf("%s: %d records, want %d; error %v", v.Name, len(recs), len(v.Decoded), err)
			continue
		}
		for i, want := range v.Decoded {
			timestamp := int64(-1)
			if want.Timestamp != nil {
				timestamp = *want.Timestamp
			}
			if r := recs[i]; r.Offset != want.Offset || r.Timestamp != timestamp || !same(r.Key, nullable(t, want.Key)) || !same(r.Value, nullable(t, want.Value)) {
				t.Errorf("%s: record %d is %+v", v.Name, i, r)
			}
		}
	}
	whole := unhex(t, data.Vectors[0].Bytes)
	for _, v := range data.Truncations {
		_, recs, err := readAll(whole[:v.Kept])
		if len(recs) != v.Full || errors.Is(err, record.ErrPartial) != v.Partial || !v.Partial && err != nil {
			t.Errorf("%d bytes: %d records, error %v", v.Kept, len(recs), err)
		}
	}
}

func TestPartialBatch(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		for _, codec := range []record.Codec{nil, testGzip{}} {
			first, second := batchOf(t, f, codec, 0, 1), batchOf(t, f, codec, 1, 1)
			for kept := range len(second) {
				_, recs, err := readAll(append(slices.Clone(first), second[:kept]...))
				if len(recs) != 1 || kept > 0 != errors.Is(err, record.ErrPartial) {
					t.Errorf("%v, %d bytes of the second: %d records, error %v", f, kept, len(recs), err)
				}
			}
		}
	}
}

// TestPartialSays how large the batch is that was cut off, and whether it is
// larger than all that was fetched.
func TestPartialSays(t *testing.T) {
	for _, f := range formats {
		first, second := batchOf(t, f, testGzip{}, 70, 1), batchOf(t, f, testGzip{}, 71, 1)
		for _, before := range [][]byte{nil, first} {
			for kept := 1; kept < len(second); kept++ {
				_, _, err := readAll(append(slices.Clone(before), second[:kept]...))
				got, ok := errors.AsType[*record.PartialError](err)
				want := record.PartialError{Position: len(before), Offset: -1, Have: kept}
				if kept >= 8 {
					want.Offset = 71
				}
				if kept >= 12 {
					want.Size = len(second)
				}
				if !ok || *got != want {
					t.Errorf("%v, %d bytes: %+v, want %+v", f, kept, err, want)
				}
			}
		}
	}
	err := &record.PartialError{Position: 10, Offset: 71, Size: 500, Have: 100}
	if got, want := err.Error(), "the bytes end inside a batch: 100 of its 500 bytes are there (offset 71, from byte 10 on)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestEveryFlip: no bit of a batch can change unseen, but those that brokers set
// without another CRC.
func TestEveryFlip(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		batch := batchOf(t, f, nil, 0, 1)
		for i := range batch {
			free := i < 8 || f == record.V2 && i >= 12 && i < 16 // offset, leader epoch
			for bit := range 8 {
				flipped := slices.Clone(batch)
				flipped[i] ^= 1 << bit
				if _, _, err := readAll(flipped); err == nil && !free {
					t.Errorf("%v: bit %d of byte %d flipped, and no error", f, bit, i)
				}
			}
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	good, bad := batchOf(t, record.V2, nil, 100, 3), batchOf(t, record.V2, nil, 103, 3)
	bad[len(bad)-3] ^= 1
	r := record.NewReader(append(slices.Clone(good), bad...))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	b, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	err = b.Check()
	want := fmt.Sprintf("record batch at offset 103 (from byte %d on), at its byte 17: CRC mismatch", len(good))
	if !errors.Is(err, record.ErrCRC) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s…", err, want)
	}
	if c, ok := errors.AsType[*record.CorruptError](err); !ok || c.Offset != 103 || c.Position != len(good) || c.At != 17 || c.Unpacked {
		t.Errorf("%+v", c)
	}
}

// TestReaderStays: an error does not turn into the end when Next is called again.
func TestReaderStays(t *testing.T) {
	batch := batchOf(t, record.V2, nil, 0, 1)
	batch[16] = 3
	for _, b := range [][]byte{batch, batch[:40], batch[:8]} {
		r := record.NewReader(b)
		_, first := r.Next()
		_, second := r.Next()
		if first == nil || errors.Is(first, io.EOF) || first.Error() != second.Error() {
			t.Errorf("%v, then %v", first, second)
		}
	}
	empty := record.NewReader(nil)
	if _, err := empty.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// TestEmptyBatch: compaction leaves them; the position goes on behind.
func TestEmptyBatch(t *testing.T) {
	var built record.Builder
	built.Reset(record.V2, nil)
	if err := built.Skip(10); err != nil {
		t.Fatal(err)
	}
	ours, err := built.Seal(testGzip{}, nil) // there is nothing to compress
	if err != nil || len(ours) != 61 {
		t.Fatalf("%x, error %v", ours, err)
	}
	record.Stamp(ours, -1, -1, -1)
	if n, err := record.Place(ours, 50, 4); n != 10 || err != nil {
		t.Fatalf("%d offsets, error %v", n, err)
	}
	if b := firstBatch(t, ours); b.NumRecords != 0 || b.BaseOffset != 50 || b.LastOffset != 59 || b.Compression != record.None || b.Check() != nil {
		t.Errorf("%+v", b)
	}
	for _, compression := range []byte{0, byte(record.Gzip)} {
		batch := batchOf(t, record.V2, nil, 50, 10)[:61]
		binary.BigEndian.PutUint32(batch[8:], 49)
		batch[22] |= compression
		binary.BigEndian.PutUint32(batch[57:], 0)
		record.Stamp(batch, -1, -1, -1)
		batches, recs, err := readAll(batch)
		if err != nil || len(batches) != 1 || len(recs) != 0 {
			t.Fatalf("%d batches, %d records, error %v", len(batches), len(recs), err)
		}
		if b := batches[0]; b.NumRecords != 0 || b.BaseOffset != 50 || b.LastOffset != 59 {
			t.Errorf("%+v", b)
		}
		if out, err := record.Repack(&batches[0], testCodecs{}, record.V1, nil, 50); len(out) != 0 || err != nil {
			t.Errorf("in v1: %x, error %v", out, err)
		}
	}
}

// A change damages a v2 batch whose one record begins at byte 61.
type change struct {
	name string
	do   func(b []byte)
	says string
}

func TestHostileBatches(t *testing.T) {
	put32 := func(at int, v int32) func([]byte) {
		return func(b []byte) { binary.BigEndian.PutUint32(b[at:], uint32(v)) }
	}
	put := func(at int, v ...byte) func([]byte) { return func(b []byte) { copy(b[at:], v) } }
	for _, c := range []change{
		{"size -1", put32(8, -1), "it has 11 bytes"},
		{"size below the head's", put32(8, 48), "it has 60 bytes, where format v2 needs 61"},
		{"magic 3", put(16, 3), "message format 3"},
		{"compression 7", put(22, 7), "no codec for compression 7"},
		{"last offset delta -1", put32(23, -1), "the last offset is -1 after the first"},
		{"last offset beyond 63 bits", func(b []byte) { binary.BigEndian.PutUint64(b, math.MaxInt64-1); put32(23, 1)(b) }, "the last offset is 1 after"},
		{"-1 records", put32(57, -1), "-1 records"},
		{"more records than bytes", put32(57, math.MaxInt32), "don't fit"},
		{"no record, and one there", put32(57, 0), ""},
		{"record size 0", put(61, 0), "size"},
		{"record size -1", put(61, 1), "size"},
		{"record size beyond the end", put(61, 0xfe, 0xff, 0xff, 0xff, 0x0f), "size"},
		{"record size without end", put(61, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "size"},
		{"record size one less", put(61, 0x14), "headers"},
		{"an offset beyond 63 bits", func(b []byte) { binary.BigEndian.PutUint64(b, math.MaxInt64-1); put(64, 2)(b) }, "none can follow"},
		{"key beyond the end", put(65, 0x7e), "key"},
		{"value length -2, and the value there", put(66, 3), "headers"},
		{"value beyond the end", put(66, 0x7e), "value"},
		{"-1 headers", put(72, 1), "headers"},
		{"a byte after the headers", func(b []byte) { b[66], b[71] = 8, 0 }, "headers"},
		{"a header that is not there", put(72, 2), "headers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b record.Builder
			b.Reset(record.V2, nil)
			if err := b.Append(5, nil, []byte("value"), nil); err != nil {
				t.Fatal(err)
			}
			batch, _ := b.Seal(nil, nil)
			c.do(batch)
			record.Stamp(batch, -1, -1, -1)
			_, _, err := readAll(batch)
			if c.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if _, ok := errors.AsType[*record.CorruptError](err); !ok || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
}

// TestLeftOver: bytes after the last record are not passed over.
func TestLeftOver(t *testing.T) {
	batch := append(batchOf(t, record.V2, nil, 0, 1), 0)
	binary.BigEndian.PutUint32(batch[8:], uint32(len(batch)-12))
	record.Stamp(batch, -1, -1, -1)
	if _, recs, err := readAll(batch); len(recs) != 1 || err == nil || !strings.Contains(err.Error(), "1 bytes after the last record") {
		t.Errorf("%d records, error %v", len(recs), err)
	}
}

func TestHostileMessages(t *testing.T) {
	message := func(f record.Format, do func(b []byte)) []byte {
		b := batchOf(t, f, nil, 3, 1)
		do(b)
		return recrc(b)
	}
	for name, b := range map[string][]byte{
		"size 13":                message(record.V0, func(b []byte) { binary.BigEndian.PutUint32(b[8:], 13) }),
		"size of v0 in v1":       message(record.V1, func(b []byte) { binary.BigEndian.PutUint32(b[8:], 21) }),
		"key beyond the end":     message(record.V0, func(b []byte) { binary.BigEndian.PutUint32(b[18:], 100) }),
		"key over the value":     message(record.V0, func(b []byte) { binary.BigEndian.PutUint32(b[18:], 2) }),
		"value beyond the end":   message(record.V1, func(b []byte) { binary.BigEndian.PutUint32(b[30:], 2) }),
		"the last offset of all": message(record.V1, func(b []byte) { binary.BigEndian.PutUint64(b, math.MaxInt64) }),
	} {
		_, recs, err := readAll(b)
		if _, ok := errors.AsType[*record.CorruptError](err); !ok || len(recs) > 0 {
			t.Errorf("%s: %d records, error %v", name, len(recs), err)
		}
	}
}

// TestRuns: plain messages are one Batch as long as they are alike and their
// offsets ascend.
func TestRuns(t *testing.T) {
	logAppendTime := batchOf(t, record.V1, nil, 4, 1)
	logAppendTime[17] |= 8
	recrc(logAppendTime)
	v1 := batchOf(t, record.V1, nil, 5, 3)
	back := batchOf(t, record.V1, nil, 2, 1)
	damaged := batchOf(t, record.V1, nil, 9, 1)
	damaged[len(damaged)-1] ^= 1
	batches, recs, err := readAll(slices.Concat(logAppendTime, v1, back, damaged))
	if len(batches) != 3 || len(recs) != 4 || !errors.Is(err, record.ErrCRC) {
		t.Fatalf("%d batches, %d records, error %v", len(batches), len(recs), err)
	}
	if b := batches[0]; !b.LogAppendTime || b.LastOffset != 4 {
		t.Errorf("%+v", b)
	}
	if b := batches[1]; b.BaseOffset != 5 || b.LastOffset != 7 || b.NumRecords != 3 || b.MaxTimestamp != 1002 || !bytes.Equal(b.Raw(), v1) || b.Size != len(v1) {
		t.Errorf("%+v", b)
	}
	if b := batches[2]; b.BaseOffset != 2 || b.LastOffset != 9 {
		t.Errorf("%+v", b)
	}
}
