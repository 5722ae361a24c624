package record_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// streamAll reads all of src; the records are copies.
func streamAll(src io.Reader, limit int) (batches []record.Batch, recs []record.Record, err error) {
	s := record.NewStream(src, limit)
	for {
		batch, err := s.Next()
		if errors.Is(err, io.EOF) {
			return batches, recs, nil
		}
		if err != nil {
			if _, again := s.Next(); again == nil || again.Error() != err.Error() {
				return nil, nil, errors.New("it does not stay at its error")
			}
			return batches, recs, err
		}
		batches = append(batches, batch)
		if err := batch.Check(); err != nil {
			return batches, recs, err
		}
		records, err := batch.Records(testCodecs{}, nil, 0)
		if err != nil {
			return batches, recs, err
		}
		for rec, err := range records.All() {
			if err != nil {
				return batches, recs, err
			}
			rec.Key, rec.Value, rec.Headers = bytes.Clone(rec.Key), bytes.Clone(rec.Value), rec.Headers.Clone()
			recs = append(recs, rec)
		}
	}
}

// TestStream reads the same as a Reader, however the bytes come, also what is
// larger than the buffer.
func TestStream(t *testing.T) {
	var log []byte
	offset := int64(0)
	for i := range 40 {
		n := 1 + i*i*i%300
		log = append(log, batchOf(t, formats[i%3], []record.Codec{nil, testGzip{}}[i%2], offset, n)...)
		offset += int64(n)
	}
	var b record.Builder
	b.Reset(record.V2, nil)
	b.Append(0, nil, bytes.Repeat([]byte("large"), 20_000), nil)
	large := sealed(t, &b)
	record.Place(large, offset, 0)
	log = slices.Concat(log, large, batchOf(t, record.V0, nil, offset+1, 3))
	_, want, err := readAll(log)
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]io.Reader{
		"at once":       bytes.NewReader(log),
		"with the EOF":  iotest.DataErrReader(bytes.NewReader(log)),
		"half and half": iotest.HalfReader(bytes.NewReader(log)),
		"one by one":    iotest.OneByteReader(bytes.NewReader(log)),
	} {
		_, recs, err := streamAll(src, 0)
		if err != nil || len(recs) != len(want) {
			t.Fatalf("%s: %d records, want %d; error %v", name, len(recs), len(want), err)
		}
		for i := range recs {
			if recs[i].Offset != want[i].Offset || recs[i].Timestamp != want[i].Timestamp || !same(recs[i].Value, want[i].Value) {
				t.Fatalf("%s: record %d is %+v, want %+v", name, i, recs[i], want[i])
			}
		}
	}
}

// TestStreamErrors: they name the place in the stream, and a stream that fails is
// not one that ends.
func TestStreamErrors(t *testing.T) {
	log := bytes.Repeat(batchOf(t, record.V2, nil, 0, 1000), 20)
	size := len(log) / 20
	_, recs, err := streamAll(bytes.NewReader(log[:len(log)-1]), 0)
	partial, ok := errors.AsType[*record.PartialError](err)
	if !ok || *partial != (record.PartialError{Position: 19 * size, Size: size, Have: size - 1}) || len(recs) != 19_000 {
		t.Errorf("%d records, error %+v", len(recs), err)
	}
	damaged := slices.Clone(log)
	damaged[len(damaged)-1] ^= 1
	_, _, err = streamAll(bytes.NewReader(damaged), 0)
	if c, ok := errors.AsType[*record.CorruptError](err); !ok || c.Position != 19*size || !errors.Is(err, record.ErrCRC) {
		t.Errorf("%v", err)
	}
	damaged[len(damaged)-size+16] = 9
	_, _, err = streamAll(bytes.NewReader(damaged), 0)
	if c, ok := errors.AsType[*record.CorruptError](err); !ok || c.Position != 19*size || c.At != 16 {
		t.Errorf("%v", err)
	}
	if _, recs, err := streamAll(io.MultiReader(bytes.NewReader(log), iotest.ErrReader(io.ErrClosedPipe)), 0); !errors.Is(err, io.ErrClosedPipe) || len(recs) != 20_000 {
		t.Errorf("%d records, error %v", len(recs), err)
	}
	if _, _, err := streamAll(iotest.ErrReader(io.ErrUnexpectedEOF), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if _, _, err := streamAll(stuck{}, 0); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
	if _, recs, err := streamAll(bytes.NewReader(log), size); err != nil || len(recs) != 20_000 {
		t.Errorf("%d records, error %v", len(recs), err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// TestStreamMemory: what a batch says of its size is given no memory before its
// bytes are there, and no more than the limit.
func TestStreamMemory(t *testing.T) {
	head := batchOf(t, record.V2, nil, 7, 1)
	binary.BigEndian.PutUint32(head[8:], 1<<30)
	_, _, err := streamAll(bytes.NewReader(head), 1<<20)
	if c, ok := errors.AsType[*record.CorruptError](err); !ok || c.Offset != 7 || !strings.Contains(err.Error(), "the limit is 1048576") {
		t.Errorf("%v", err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err = streamAll(bytes.NewReader(append(head, make([]byte, 200_000)...)), 2<<30-1)
	runtime.ReadMemStats(&after)
	if partial, ok := errors.AsType[*record.PartialError](err); !ok || partial.Have != len(head)+200_000 {
		t.Errorf("%v", err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes allocated for 200,000", n)
	}
}
