package record_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// The fuzz targets: no bytes make reading panic, go on for ever, or take more
// memory than is justified; and what is read of them can be written again and is
// the same then. There is one for each format, which begins with batches of that,
// and one for streams:
//
//	go test -fuzz FuzzV2

func FuzzV0(f *testing.F) { fuzzSets(f, record.V0) }
func FuzzV1(f *testing.F) { fuzzSets(f, record.V1) }

func fuzzSets(f *testing.F, format record.Format) {
	addSets(f, format)
	f.Fuzz(readHostile)
}

func FuzzV2(f *testing.F) {
	addBatches(f)
	f.Fuzz(readHostile)
}

// FuzzStream: a Stream reads what a Reader reads.
func FuzzStream(f *testing.F) {
	addSets(f, record.V0)
	addSets(f, record.V1)
	addBatches(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return // runs of messages end where the buffer does
		}
		_, want, wantErr := readAll(slices.Clone(b))
		_, got, err := streamAll(iotest.HalfReader(bytes.NewReader(b)), 0)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) && !strings.Contains(fmt.Sprint(err), "the limit is") || len(got) != len(want) {
			t.Fatalf("%d records and error %v, where a Reader has %d and %v", len(got), err, len(want), wantErr)
		}
		for i := range got {
			sameRecord(t, &got[i], &want[i])
		}
	})
}

// addSets adds sets of v0 or v1: those of kafka-python 1.2.1 and a broker's, and
// compressed ones.
func addSets(f *testing.F, format record.Format) {
	var messages struct {
		Vectors []struct {
			Magic   int8
			Encoded string
		}
		Corrupted []struct{ Bytes string }
	}
	readVectors(f, "messages.json", &messages)
	for _, v := range messages.Vectors {
		if record.Format(v.Magic) == format {
			f.Add(entry(7, unhex(f, v.Encoded)))
		}
	}
	var sets struct{ Vectors []struct{ Bytes string } }
	readVectors(f, "message_sets.json", &sets)
	for _, v := range sets.Vectors {
		f.Add(unhex(f, v.Bytes))
	}
	if format == record.V0 {
		addFile(f, "testdata/0.8.2.2.log")
	}
	plain, packed := batchOf(f, format, nil, 5, 3), batchOf(f, format, testGzip{}, 5, 3)
	f.Add(plain)
	f.Add(packed)
	f.Add(packed[:len(packed)-1])
	f.Add(slices.Concat(plain, packed, batchOf(f, record.V2, nil, 8, 2), batchOf(f, 1-format, nil, 10, 1)))
	inner := wrapper(f, format, 0, 2, 9, batchOf(f, format, nil, 0, 2))
	f.Add(wrapper(f, format, 8*byte(format), 103, 9, slices.Concat(batchOf(f, format, nil, 0, 1), inner)))
}

// addBatches adds batches of v2: the golden one, a broker's, and what brokers and
// their log cleaners write.
func addBatches(f *testing.F) {
	var b record.Builder
	b.Reset(record.V2, nil)
	appendGolden(f, &b)
	golden := sealed(f, &b)
	f.Add(golden)
	f.Add(golden[:len(golden)-1])
	addFile(f, "testdata/4.4.0.log")
	f.Add(batchOf(f, record.V2, testGzip{}, 5, 3))
	b.Reset(record.V2, nil)
	b.AppendMarker(5, record.ControlCommit, 9)
	f.Add(sealed(f, &b))
	b.Reset(record.V2, nil)
	b.SetDeleteHorizon(99)
	b.SetLogAppendTime(77)
	appendAt(f, &b, 3, 9)
	b.Skip(4)
	f.Add(sealed(f, &b))
	b.Reset(record.V2, nil)
	b.Skip(4)
	f.Add(sealed(f, &b))
}

func addFile(f *testing.F, name string) {
	b, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
}

const (
	// fuzzLimit is what a batch may unpack to.
	fuzzLimit = 1 << 16
	// perBatch is what errors, and the decoder of the tests' codec, may take.
	perBatch = 192 << 10
)

func readHostile(t *testing.T, fetched []byte) {
	fetched = slices.Clone(fetched)
	// What is read is not copied, and what is unpacked is bounded: with a buffer that
	// grows, and wrappers in wrappers, by some times the limit. The fuzzing itself
	// allocates beside it, so that once too much says nothing.
	for try := 1; ; try++ {
		before := allocated()
		batches := readBatches(t, fetched)
		n, most := allocated()-before, uint64(perBatch+batches*(perBatch+24*fuzzLimit))
		if n <= most {
			break
		}
		if try == 3 {
			t.Fatalf("%d bytes allocated for %d batches in %d bytes; the most is %d", n, batches, len(fetched), most)
		}
	}
	for r := record.NewReader(fetched); ; {
		batch, err := r.Next()
		if err != nil {
			return
		}
		writeAgain(t, &batch)
	}
}

// readBatches reads everything, and returns how many batches there are.
func readBatches(t *testing.T, fetched []byte) (n int) {
	for r := record.NewReader(fetched); ; n++ {
		batch, err := r.Next()
		if err != nil {
			if _, same := r.Next(); same == nil || same.Error() != err.Error() {
				t.Fatalf("%v, then %v", err, same)
			}
			expected(t, err)
			return n
		}
		if batch.Size <= 0 || batch.NumRecords >= 0 && batch.LastOffset < batch.BaseOffset || batch.LastOffset+1 < batch.LastOffset || len(batch.Raw()) != batch.Size {
			t.Fatalf("%+v", batch)
		}
		if err := batch.Check(); err != nil {
			expected(t, err) // in nearly all of them; go on all the same
		}
		countRecords(t, &batch)
	}
}

// allocated is how many bytes were allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// expected is what errors may be.
func expected(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*record.CorruptError](err); !ok && !errors.Is(err, io.EOF) && !errors.Is(err, record.ErrPartial) {
		t.Fatal(err)
	}
}

// countRecords reads all records of a batch.
func countRecords(t *testing.T, batch *record.Batch) {
	records, err := batch.Records(testCodecs{}, nil, fuzzLimit)
	if err != nil {
		expected(t, err)
		return
	}
	records.SkipCRC = true
	var rec record.Record
	for n := 0; ; n++ {
		if n > batch.Size+fuzzLimit {
			t.Fatalf("%d records in %d bytes", n, batch.Size)
		}
		ok, err := records.Next(&rec)
		if err != nil {
			expected(t, err)
			return
		}
		if !ok {
			return
		}
		if _, err := rec.Control(); err == nil && len(rec.Key) < 4 {
			t.Fatalf("control record with the key %x", rec.Key)
		}
		headers := 0
		for range rec.Headers.All() {
			headers++
		}
		if headers != rec.Headers.Len() {
			t.Fatalf("%d headers of %d", headers, rec.Headers.Len())
		}
	}
}

// writeAgain writes a batch again, where its offsets make sense, and compares what
// is read of both.
func writeAgain(t *testing.T, batch *record.Batch) {
	want := list(batch)
	if want == nil {
		return
	}
	out, err := record.Repack(batch, testCodecs{}, batch.Format, nil, record.KeepOffsets)
	if err != nil {
		for i := range want {
			if want[i].Offset-want[0].Offset != int64(i) || batch.Format == record.V2 && (want[i].Offset < batch.BaseOffset || want[i].Offset > batch.LastOffset) {
				return // its offsets don't ascend, are far apart or outside of the batch
			}
		}
		t.Fatal(err)
	}
	batches, got, err := readAll(out)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%x was written again as %x: %d records, want %d; error %v", batch.Raw(), out, len(got), len(want), err)
	}
	for i := range got {
		sameRecord(t, &got[i], &want[i])
	}
	if b := batches[0]; batch.Format == record.V2 && (b.BaseOffset != batch.BaseOffset || b.LastOffset != batch.LastOffset || b.Control != batch.Control ||
		b.Transactional != batch.Transactional || b.DeleteHorizon != batch.DeleteHorizon || b.ProducerID != batch.ProducerID || b.LogAppendTime != batch.LogAppendTime) {
		t.Fatalf("%+v was written again as %+v", batch, b)
	}
}

// list are the records of a batch, nil where it has none or they can't be read.
func list(batch *record.Batch) (out []record.Record) {
	records, err := batch.Records(testCodecs{}, nil, fuzzLimit)
	if err != nil {
		return nil
	}
	for rec, err := range records.All() {
		if err != nil {
			return nil
		}
		out = append(out, rec)
	}
	return out
}

func sameRecord(t *testing.T, got, want *record.Record) {
	t.Helper()
	var headers []wire.Header
	for key, value := range want.Headers.All() {
		headers = append(headers, wire.Header{Key: key, Value: value})
	}
	if got.Offset != want.Offset || got.Timestamp != want.Timestamp || got.LogAppendTime != want.LogAppendTime || !same(got.Key, want.Key) ||
		!same(got.Value, want.Value) || !sameHeaders(got.Headers, headers) {
		t.Fatalf("%+v, want %+v", got, want)
	}
}
