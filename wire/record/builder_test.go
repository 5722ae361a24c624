package record_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// golden is a v2 batch written down by hand, field by field.
const golden = "" +
	"0000000000000000" + // base offset
	"00000051" + // size of what follows: 81 bytes
	"ffffffff" + // partition leader epoch
	"02" + // magic
	"CRCCRCCR" + // set in the test
	"0000" + // attributes
	"00000002" + // last offset delta
	"00000000000003e8" + // base timestamp: 1000
	"00000000000003f2" + // max timestamp: 1010
	"0000000000000007" + // producer id
	"0003" + // producer epoch
	"00000009" + // base sequence
	"00000003" + // records
	// 8 bytes: attributes, timestamp +0, offset +0, key "k", value "v", no headers
	"10" + "00" + "00" + "00" + "02" + "6b" + "02" + "76" + "00" +
	// 6 bytes: timestamp +10, offset +1, null key, empty value, no headers
	"0c" + "00" + "14" + "02" + "01" + "00" + "00" +
	// 15 bytes: timestamp -5, offset +2, empty key, null value, headers a=x, b=null, and an empty one
	"1e" + "00" + "09" + "04" + "00" + "01" + "06" + "02" + "61" + "02" + "78" + "02" + "62" + "01" + "00" + "00" +
	""

func appendGolden(t testing.TB, b *record.Builder) {
	t.Helper()
	for _, err := range []error{
		b.Append(1000, []byte("k"), []byte("v"), nil),
		b.Append(1010, nil, []byte{}, nil),
		b.Append(995, []byte{}, nil, []wire.Header{{Key: "a", Value: []byte("x")}, {Key: "b"}, {Key: "", Value: []byte{}}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestGoldenBatch(t *testing.T) {
	var b record.Builder
	b.Reset(record.V2, nil)
	appendGolden(t, &b)
	batch, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	record.Stamp(batch, 7, 3, 9)
	const crc = "76a87aab" // by another implementation of CRC32C
	want := strings.Replace(golden, "CRCCRCCR", crc, 1)
	if got := hex.EncodeToString(batch); got != want {
		t.Errorf("the batch is\n%s, want\n%s", got, want)
	}
	if b.Size() != len(batch) || b.Len() != 3 || b.MaxTimestamp() != 1010 {
		t.Errorf("size %d of %d, %d records, latest timestamp %d", b.Size(), len(batch), b.Len(), b.MaxTimestamp())
	}
}

func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func nullable(t testing.TB, s *string) []byte {
	if s == nil {
		return nil
	}
	return unhex(t, *s)
}

// entry puts an offset and the size before a message.
func entry(offset int64, message []byte) []byte {
	set := binary.BigEndian.AppendUint64(nil, uint64(offset))
	set = binary.BigEndian.AppendUint32(set, uint32(len(message)))
	return append(set, message...)
}

// TestMessages writes and reads the messages of kafka-python, and sees each of
// its damaged ones.
func TestMessages(t *testing.T) {
	var data struct {
		Vectors []struct {
			Magic      int8
			Attributes int8
			Timestamp  *int64
			Key, Value *string
			Encoded    string
			Type       *int8 `json:"decoded_timestamp_type"`
			Compressed bool  `json:"is_compressed"`
			Comment    string
		}
		Corrupted []struct {
			Bytes   string
			Flipped int `json:"flipped_byte"`
		}
	}
	readVectors(t, "messages.json", &data)
	if len(data.Vectors) == 0 || len(data.Corrupted) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range data.Vectors {
		if v.Compressed {
			continue // what it wraps is not what it says
		}
		timestamp := int64(-1)
		if v.Timestamp != nil {
			timestamp = *v.Timestamp
		}
		key, value := nullable(t, v.Key), nullable(t, v.Value)
		want := entry(0, unhex(t, v.Encoded))
		if v.Attributes == 0 {
			var b record.Builder
			b.Reset(record.Format(v.Magic), nil)
			if err := b.Append(timestamp, key, value, nil); err != nil {
				t.Fatal(err)
			}
			got, err := b.Seal(nil, nil)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: written as %x, want %x; error %v", v.Comment, got, want, err)
			}
		}
		batches, recs, err := readAll(want)
		if err != nil || len(recs) != 1 {
			t.Errorf("%s: %d records, error %v", v.Comment, len(recs), err)
			continue
		}
		// kafka-python gave the raw bit, 8, as the type; LogAppendTime is 1.
		logAppendTime := v.Type != nil && *v.Type != 0
		if r := recs[0]; r.Timestamp != timestamp || !same(r.Key, key) || !same(r.Value, value) || r.LogAppendTime != logAppendTime || batches[0].LogAppendTime != logAppendTime {
			t.Errorf("%s: read as %+v", v.Comment, r)
		}
	}
	for _, v := range data.Corrupted {
		if _, _, err := readAll(entry(0, unhex(t, v.Bytes))); err == nil {
			t.Errorf("byte %d flipped, and no error", v.Flipped)
		}
	}
}

// same tells null from empty.
func same(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

func TestBuilderLimits(t *testing.T) {
	var b record.Builder
	for _, f := range []record.Format{record.V0, record.V1} {
		b.Reset(f, nil)
		if err := b.Append(0, nil, nil, []wire.Header{{Key: "h"}}); !errors.Is(err, record.ErrNoHeaders) {
			t.Errorf("headers in %v: %v", f, err)
		}
	}
	for _, f := range []record.Format{-1, 3} { // kafka-python 1.2.1 refuses "magic 2", which it does not know
		b.Reset(f, nil)
		if err := b.Append(0, nil, nil, nil); err == nil || b.Len() != 0 {
			t.Errorf("a message of format %v: error %v", f, err)
		}
	}
	b.Reset(record.V2, nil)
	if _, err := b.Seal(nil, nil); err == nil {
		t.Error("a batch without records was sealed")
	}
}

// TestDeltaLimits: a batch holds any timestamps, as Java's does, whose deltas wrap
// around; and offsets as far from the first as a delta can say.
func TestDeltaLimits(t *testing.T) {
	var b record.Builder
	for _, timestamps := range [][]int64{{-1, math.MaxInt64}, {math.MaxInt64, -1}, {0, math.MaxInt64}, {math.MaxInt64, 0}, {math.MinInt64, math.MaxInt64, 0}, {math.MaxInt64, math.MinInt64}} {
		b.Reset(record.V2, nil)
		for _, ms := range timestamps {
			if err := b.Append(ms, nil, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if b.MaxTimestamp() != math.MaxInt64 {
			t.Errorf("%d: the latest is %d", timestamps, b.MaxTimestamp())
		}
		_, recs, err := readAll(sealed(t, &b))
		for i, rec := range recs {
			if rec.Timestamp != timestamps[i] {
				t.Errorf("%d came back as %d", timestamps[i], rec.Timestamp)
			}
		}
		if err != nil || len(recs) != len(timestamps) {
			t.Errorf("%d: %d records, error %v", timestamps, len(recs), err)
		}
	}
	for _, f := range formats {
		b.Reset(f, nil)
		appendAt(t, &b, 1, math.MaxInt32)
		if err := b.Append(0, nil, nil, nil); err == nil || !strings.Contains(err.Error(), "2147483648 offsets") || b.Len() != 2 {
			t.Errorf("%v: an offset beyond the limit: %v", f, err)
		}
		if err := b.Skip(1); err == nil {
			t.Errorf("%v: an offset beyond the limit was left out", f)
		}
		_, recs, err := readAll(sealed(t, &b))
		if err != nil || !slices.Equal(offsets(recs), []int64{1, math.MaxInt32}) {
			t.Errorf("%v: offsets %v, error %v", f, offsets(recs), err)
		}
	}
	if err := b.Skip(-1); err == nil {
		t.Error("a negative number of offsets was left out")
	}
}

// appendAt appends records at these offsets, counted from the batch's first.
func appendAt(t testing.TB, b *record.Builder, at ...int64) {
	t.Helper()
	next := int64(0)
	for _, offset := range at {
		if err := b.Skip(offset - next); err != nil {
			t.Fatal(err)
		}
		if err := b.Append(1000+offset, nil, fmt.Append(nil, offset), nil); err != nil {
			t.Fatal(err)
		}
		next = offset + 1
	}
}

// sealed is the batch, without compression and stamped.
func sealed(t testing.TB, b *record.Builder) []byte {
	t.Helper()
	batch, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	record.Stamp(batch, -1, -1, -1)
	return slices.Clone(batch)
}

// TestAttributes: what a builder is told of the batch is what a reader finds.
func TestAttributes(t *testing.T) {
	for _, codec := range []record.Codec{nil, testGzip{}} {
		for name, set := range map[string]func(b *record.Builder){
			"transactional":  func(b *record.Builder) { b.SetTransactional() },
			"control":        func(b *record.Builder) { b.SetControl() },
			"log append":     func(b *record.Builder) { b.SetLogAppendTime(5000) },
			"delete horizon": func(b *record.Builder) { b.SetDeleteHorizon(9000) },
			"all": func(b *record.Builder) {
				b.SetTransactional()
				b.SetControl()
				b.SetLogAppendTime(5000)
				b.SetDeleteHorizon(9000)
			},
		} {
			var b record.Builder
			b.Reset(record.V2, nil)
			set(&b)
			appendAt(t, &b, 0, 1)
			batch, err := b.Seal(codec, nil)
			if err != nil {
				t.Fatal(err)
			}
			record.Stamp(batch, 1, 2, 3)
			batches, recs, err := readAll(batch)
			if err != nil || len(recs) != 2 {
				t.Fatalf("%s: %d records, error %v", name, len(recs), err)
			}
			all := name == "all"
			h := batches[0]
			if h.Transactional != (all || name == "transactional") || h.Control != (all || name == "control") || h.LogAppendTime != (all || name == "log append") {
				t.Errorf("%s: %+v", name, h)
			}
			horizon, timestamps := int64(-1), []int64{1000, 1001}
			if all || name == "delete horizon" {
				horizon = 9000
			}
			if h.LogAppendTime {
				timestamps = []int64{5000, 5000}
			}
			if h.DeleteHorizon != horizon || recs[0].Timestamp != timestamps[0] || recs[1].Timestamp != timestamps[1] || h.MaxTimestamp != timestamps[1] {
				t.Errorf("%s: %+v with %+v", name, h, recs)
			}
		}
	}
}

// TestAttributesOfV2: older formats have no place for them.
func TestAttributesOfV2(t *testing.T) {
	for _, f := range formats[:2] {
		for name, set := range map[string]func(b *record.Builder){
			"transactional":  (*record.Builder).SetTransactional,
			"control":        (*record.Builder).SetControl,
			"delete horizon": func(b *record.Builder) { b.SetDeleteHorizon(9000) },
		} {
			for _, codec := range []record.Codec{nil, testGzip{}} {
				var b record.Builder
				b.Reset(f, nil)
				set(&b)
				appendAt(t, &b, 0)
				if out, err := b.Seal(codec, nil); err == nil {
					t.Errorf("%s in %v: %x", name, f, out)
				}
			}
		}
		for _, codec := range []record.Codec{nil, testGzip{}} {
			var b record.Builder
			b.Reset(f, nil)
			b.SetLogAppendTime(5000)
			appendAt(t, &b, 0, 1)
			set, err := b.Seal(codec, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, recs, err := readAll(set)
			if err != nil || len(recs) != 2 {
				t.Fatalf("%v: %d records, error %v", f, len(recs), err)
			}
			for _, rec := range recs {
				if f == record.V1 && (rec.Timestamp != 5000 || !rec.LogAppendTime) || f == record.V0 && (rec.Timestamp != -1 || rec.LogAppendTime) {
					t.Errorf("%v: %+v", f, rec)
				}
			}
		}
	}
}

// TestTooLarge: one megabyte, 2,048 times over, is more than a length can say.
func TestTooLarge(t *testing.T) {
	header := wire.Header{Key: strings.Repeat("h", 1<<20)}
	var b record.Builder
	b.Reset(record.V2, nil)
	before := b.Size()
	if err := b.Append(0, nil, nil, slices.Repeat([]wire.Header{header}, 2048)); !errors.Is(err, record.ErrTooLarge) || b.Size() != before || b.Len() != 0 {
		t.Errorf("error %v, and %d bytes", err, b.Size())
	}
}

// TestSizes: a set grows as kafka-python's does, which counts the 4 bytes of the
// set's own size before it.
func TestSizes(t *testing.T) {
	var data struct {
		Overhead int // of a message of v1
		Vectors  []struct {
			Version int8     `json:"message_version"`
			Value   int      `json:"value_len"`
			Sizes   [][2]any `json:"size_and_full_after_each"`
		}
	}
	readVectors(t, "batching.json", &data)
	if len(data.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	var b record.Builder
	for _, v := range data.Vectors {
		b.Reset(record.Format(v.Version), nil)
		for i, size := range v.Sizes {
			before, more := b.Size(), b.RecordSize(nil, make([]byte, v.Value), nil)
			if err := b.Append(0, nil, make([]byte, v.Value), nil); err != nil {
				t.Fatal(err)
			}
			if float64(b.Size()+4) != size[0] || b.Size() != before+more || len(sealed(t, &b)) != b.Size() {
				t.Errorf("v%d, %d records with %d bytes: size %d, want %v", v.Version, i+1, v.Value, b.Size()+4, size[0])
			}
		}
	}
	b.Reset(record.V1, nil)
	if got := b.RecordSize(nil, nil, nil); got != data.Overhead {
		t.Errorf("a message of v1 adds %d bytes, want %d", got, data.Overhead)
	}
}

// TestRecordSize: what RecordSize announces is enough, and not much more.
func TestRecordSize(t *testing.T) {
	headers := []wire.Header{{Key: "key", Value: make([]byte, 300)}, {Key: "null"}}
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		var b record.Builder
		b.Reset(f, nil)
		for i, n := range []int{0, 1, 63, 64, 8191, 8192, 100_000} {
			h := headers
			if f != record.V2 {
				h = nil
			}
			before, most := b.Size(), b.RecordSize(make([]byte, n), make([]byte, n), h)
			if err := b.Append(int64(i)<<40, make([]byte, n), make([]byte, n), h); err != nil {
				t.Fatal(err)
			}
			if added := b.Size() - before; added > most || added < most-20 || f != record.V2 && added != most {
				t.Errorf("%v, %d bytes: %d added, %d announced", f, n, added, most)
			}
		}
	}
}

// TestSealAgain: what is sent again is the same, packed once (kafka-python packed
// it twice).
func TestSealAgain(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		for _, codec := range []record.Codec{nil, testGzip{}} {
			var b record.Builder
			b.Reset(f, nil)
			for i := range 10 {
				if err := b.Append(int64(i), []byte("k"), []byte("v"), nil); err != nil {
					t.Fatal(err)
				}
			}
			var sealed [2][]byte
			for i := range sealed {
				out, err := b.Seal(codec, nil)
				if err != nil {
					t.Fatal(err)
				}
				record.Stamp(out, 1, 2, 3)
				sealed[i] = slices.Clone(out)
			}
			if !bytes.Equal(sealed[0], sealed[1]) {
				t.Errorf("%v: %x, then %x", f, sealed[0], sealed[1])
			}
			batches, recs, err := readAll(sealed[0])
			if err != nil || len(recs) != 10 {
				t.Errorf("%v: %d records, error %v", f, len(recs), err)
			}
			if b := batches[0]; b.LastOffset != 9 || f == record.V2 && (b.ProducerID != 1 || b.ProducerEpoch != 2 || b.BaseSequence != 3) {
				t.Errorf("%v: %+v", f, b)
			}
		}
	}
}

// TestSealAppends: a packed batch comes after what dst holds.
func TestSealAppends(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		var b record.Builder
		b.Reset(f, nil)
		if err := b.Append(5, nil, []byte("v"), nil); err != nil {
			t.Fatal(err)
		}
		out, err := b.Seal(testGzip{}, []byte("before"))
		if err != nil || string(out[:6]) != "before" {
			t.Fatalf("%v: %q, error %v", f, out, err)
		}
		record.Stamp(out[6:], -1, -1, -1)
		if _, recs, err := readAll(out[6:]); err != nil || len(recs) != 1 {
			t.Errorf("%v: %d records, error %v", f, len(recs), err)
		}
	}
}

func TestParseCompression(t *testing.T) {
	for c := record.None; c <= record.Zstd; c++ {
		if got, err := record.ParseCompression(c.String()); got != c || err != nil {
			t.Errorf("%v is read as %v, error %v", c, got, err)
		}
	}
	if _, err := record.ParseCompression("zip"); err == nil || !strings.Contains(err.Error(), `"zip"`) {
		t.Errorf("zip: %v", err)
	}
}
