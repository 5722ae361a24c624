package record_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

var formats = []record.Format{record.V0, record.V1, record.V2}

// TestConvert writes each format again in each, as one batch, offsets from 0.
func TestConvert(t *testing.T) {
	for _, from := range formats {
		for _, packed := range []record.Codec{nil, testGzip{}} {
			for _, to := range formats {
				for _, codec := range []record.Codec{nil, testGzip{}} {
					name := fmt.Sprintf("%v (%v) to %v (%v)", from, packed != nil, to, codec != nil)
					out, err := record.Convert(batchOf(t, from, packed, 70, 5), testCodecs{}, to, codec)
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					batches, recs, err := readAll(out)
					if err != nil || len(batches) != 1 || len(recs) != 5 || batches[0].Format != to {
						t.Fatalf("%s: %d batches, %d records, error %v", name, len(batches), len(recs), err)
					}
					for i, rec := range recs {
						timestamp := int64(1000 + i)
						if from == record.V0 || to == record.V0 {
							timestamp = -1
						}
						if rec.Offset != int64(i) || rec.Timestamp != timestamp || string(rec.Value) != fmt.Sprint(i) || rec.Key != nil {
							t.Errorf("%s: record %d is %+v", name, i, rec)
						}
					}
				}
			}
		}
	}
}

// TestConvertSets: several batches become one, which is all that Produce from v3
// on may bring.
func TestConvertSets(t *testing.T) {
	set := slices.Concat(batchOf(t, record.V1, nil, 0, 2), batchOf(t, record.V1, testGzip{}, 2, 2), batchOf(t, record.V0, nil, 4, 1))
	out, err := record.Convert(set, testCodecs{}, record.V2, nil)
	if err != nil {
		t.Fatal(err)
	}
	batches, recs, err := readAll(out)
	if err != nil || len(batches) != 1 || !slices.Equal(offsets(recs), []int64{0, 1, 2, 3, 4}) {
		t.Errorf("%d batches, offsets %v, error %v", len(batches), offsets(recs), err)
	}
}

func TestHeadersStayAbove(t *testing.T) {
	var b record.Builder
	b.Reset(record.V2, nil)
	appendGolden(t, &b)
	batch, _ := b.Seal(nil, nil)
	record.Stamp(batch, 1, 2, 3)
	for _, to := range []record.Format{record.V0, record.V1} {
		if _, err := record.Convert(batch, nil, to, nil); !errors.Is(err, record.ErrNoHeaders) {
			t.Errorf("Convert to %v: %v", to, err)
		}
		if _, err := record.Repack(firstBatch(t, batch), nil, to, nil, 0); !errors.Is(err, record.ErrNoHeaders) {
			t.Errorf("Repack to %v: %v", to, err)
		}
	}
	// Between v2 and v2 nothing is lost.
	out, err := record.Repack(firstBatch(t, batch), nil, record.V2, testGzip{}, 40)
	if err != nil {
		t.Fatal(err)
	}
	batches, recs, err := readAll(out)
	if err != nil || len(recs) != 3 || !sameHeaders(recs[2].Headers, []wire.Header{{Key: "a", Value: []byte("x")}, {Key: "b"}, {Key: "", Value: []byte{}}}) {
		t.Fatalf("%+v, error %v", recs, err)
	}
	if b := batches[0]; b.ProducerID != 1 || b.ProducerEpoch != 2 || b.BaseSequence != 3 || b.BaseOffset != 40 || b.LastOffset != 42 {
		t.Errorf("%+v", b)
	}
}

// TestRepack: offsets begin at the base, the type of timestamps stays.
func TestRepack(t *testing.T) {
	for _, from := range formats[1:] {
		for _, to := range formats {
			for _, codec := range []record.Codec{nil, testGzip{}} {
				b := batchOf(t, from, nil, 3, 1)
				if from == record.V1 {
					b[17] |= 8
					recrc(b)
				} else {
					b[22] |= 8 | 16 // and of a transaction
					record.Stamp(b, 1, 1, 1)
				}
				out, err := record.Repack(firstBatch(t, b), testCodecs{}, to, codec, 500)
				if err != nil {
					t.Fatal(err)
				}
				batches, recs, err := readAll(out)
				if err != nil || !slices.Equal(offsets(recs), []int64{500}) || batches[0].LastOffset != 500 {
					t.Fatalf("%v to %v: %+v, error %v", from, to, recs, err)
				}
				if recs[0].LogAppendTime != (to != record.V0) || batches[0].Transactional != (from == record.V2 && to == record.V2) {
					t.Errorf("%v to %v: %+v, %+v", from, to, batches[0], recs[0])
				}
			}
		}
	}
}

// TestKeepOffsets: what compaction has left keeps its offsets when it is written
// again for a consumer that reads another format, and a v2 batch also those that
// it only covers.
func TestKeepOffsets(t *testing.T) {
	want := []int64{502, 505, 509}
	from := map[string][]byte{}
	var b record.Builder
	for _, f := range formats {
		b.Reset(f, nil)
		appendAt(t, &b, 2, 5, 9)
		if err := b.Skip(3); err != nil {
			t.Fatal(err)
		}
		plain := sealed(t, &b)
		if f == record.V2 {
			binary.BigEndian.PutUint64(plain, 500)
		} else {
			for at := 0; at < len(plain); at += 12 + int(binary.BigEndian.Uint32(plain[at+8:])) {
				binary.BigEndian.PutUint64(plain[at:], 500+binary.BigEndian.Uint64(plain[at:]))
			}
		}
		from[f.String()] = plain
	}
	for _, f := range formats {
		packed, err := record.Repack(firstBatch(t, from[f.String()]), nil, f, testGzip{}, record.KeepOffsets)
		if err != nil {
			t.Fatal(err)
		}
		from[f.String()+" gzip"] = packed
	}
	for name, set := range from {
		for _, to := range formats {
			for _, codec := range []record.Codec{nil, testGzip{}} {
				out, err := record.Repack(firstBatch(t, set), testCodecs{}, to, codec, record.KeepOffsets)
				if err != nil {
					t.Fatal(err)
				}
				batches, recs, err := readAll(out)
				if err != nil || !slices.Equal(offsets(recs), want) {
					t.Errorf("%s to %v (%v): offsets %v, error %v", name, to, codec != nil, offsets(recs), err)
					continue
				}
				first, last := int64(502), int64(509)
				if to == record.V2 && firstBatch(t, set).Format == record.V2 {
					first, last = 500, 512
				}
				if b := batches[0]; b.LastOffset != last || b.BaseOffset != first && b.BaseOffset != -1 {
					t.Errorf("%s to %v (%v): %+v", name, to, codec != nil, b)
				}
			}
		}
	}
	// An empty batch has nothing to say in older formats.
	b.Reset(record.V2, nil)
	b.SetDeleteHorizon(77)
	b.SetTransactional()
	b.Skip(4)
	empty := sealed(t, &b)
	binary.BigEndian.PutUint64(empty[35:], 66) // the latest timestamp of what was there
	record.Stamp(empty, 1, 2, 3)
	record.Place(empty, 600, 8)
	for _, to := range formats {
		out, err := record.Repack(firstBatch(t, empty), nil, to, nil, record.KeepOffsets)
		if err != nil || (to == record.V2) != bytes.Equal(out, empty) || to != record.V2 && out != nil {
			t.Errorf("an empty batch in %v: %x, want %x; error %v", to, out, empty, err)
		}
	}
	// Offsets that don't ascend can't be kept.
	set := wrapper(t, record.V0, 0, 0, 0, slices.Concat(batchOf(t, record.V0, nil, 3, 1), batchOf(t, record.V0, nil, 3, 1)))
	if out, err := record.Repack(firstBatch(t, set), testCodecs{}, record.V1, nil, record.KeepOffsets); err == nil {
		t.Errorf("two records at offset 3: %x", out)
	}
	if _, err := record.Repack(firstBatch(t, set), testCodecs{}, record.V1, nil, 7); err != nil {
		t.Errorf("two records at offset 3, numbered again: %v", err)
	}
}

func TestControlStaysInV2(t *testing.T) {
	b := batchOf(t, record.V2, nil, 3, 1)
	b[22] |= 0x30
	record.Stamp(b, 1, 1, -1)
	batch := firstBatch(t, b)
	if !batch.Control || !batch.Transactional {
		t.Fatalf("%+v", batch)
	}
	if _, err := record.Repack(batch, nil, record.V1, nil, 0); err == nil {
		t.Error("a control record became data")
	}
	if _, err := record.Convert(b, nil, record.V2, nil); err == nil {
		t.Error("a control record became data")
	}
	out, err := record.Repack(batch, nil, record.V2, nil, 9)
	if err != nil || !firstBatch(t, out).Control {
		t.Errorf("%x, error %v", out, err)
	}
}

func TestPlace(t *testing.T) {
	set := slices.Concat(batchOf(t, record.V0, nil, 0, 2), batchOf(t, record.V2, testGzip{}, 0, 3), batchOf(t, record.V1, nil, 0, 2))
	n, err := record.Place(set, 90, 6)
	if err != nil || n != 7 {
		t.Fatalf("%d placed, error %v", n, err)
	}
	batches, recs, err := readAll(set)
	if err != nil || !slices.Equal(offsets(recs), []int64{90, 91, 92, 93, 94, 95, 96}) || batches[1].PartitionLeaderEpoch != 6 {
		t.Errorf("%v, %+v, error %v", offsets(recs), batches, err)
	}
	for _, f := range []record.Format{record.V0, record.V1} {
		if _, err := record.Place(batchOf(t, f, testGzip{}, 0, 2), 0, 0); !errors.Is(err, record.ErrRepack) {
			t.Errorf("a wrapper of %v: %v", f, err)
		}
	}
	set[len(set)-1] ^= 1
	if _, err := record.Place(set, 90, 6); !errors.Is(err, record.ErrCRC) {
		t.Errorf("damaged: %v", err)
	}
}

// TestStamp: only a v2 batch has room for these numbers.
func TestStamp(t *testing.T) {
	for _, f := range formats[:2] {
		b := batchOf(t, f, nil, 0, 5)
		before := slices.Clone(b)
		record.Stamp(b, 1, 2, 3)
		if !slices.Equal(b, before) {
			t.Errorf("a set of %v was changed", f)
		}
	}
	record.Stamp(nil, 1, 2, 3)
	b := batchOf(t, record.V2, nil, 0, 5)
	record.Stamp(b, 1<<40, 7, 1<<30)
	if got := firstBatch(t, b); got.Check() != nil || got.ProducerID != 1<<40 || got.ProducerEpoch != 7 || got.BaseSequence != 1<<30 || int32(binary.BigEndian.Uint32(b[12:])) != 4 {
		t.Errorf("%+v, %v", got, got.Check())
	}
}
