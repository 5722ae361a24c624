package record_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// FuzzReader: no bytes make reading panic, go on for ever or take more memory
// than allowed; and what is read of them can be written and read again.
func FuzzReader(f *testing.F) {
	for _, format := range formats {
		f.Add(batchOf(f, format, nil, 5, 3))
		f.Add(batchOf(f, format, testGzip{}, 5, 3))
	}
	f.Add(slices.Concat(batchOf(f, record.V0, nil, 1, 2), batchOf(f, record.V1, nil, 3, 2), batchOf(f, record.V2, nil, 5, 2)))
	f.Add(wrapper(f, record.V1, 8, 103, 9, slices.Concat(batchOf(f, record.V1, nil, 0, 1), wrapper(f, record.V1, 0, 2, 9, batchOf(f, record.V1, nil, 0, 2)))))
	var b record.Builder
	b.Reset(record.V2, nil)
	appendGolden(f, &b)
	golden, _ := b.Seal(nil, nil)
	f.Add(slices.Clone(golden))

	f.Fuzz(func(t *testing.T, fetched []byte) {
		const limit = 1 << 16
		fetched = slices.Clone(fetched)
		read := 0
		r := record.NewReader(fetched)
		for {
			batch, err := r.Next()
			if err != nil {
				if again, same := r.Next(); same == nil || same.Error() != err.Error() {
					t.Fatalf("%v, then %+v, %v", err, again, same)
				}
				expected(t, err)
				break
			}
			if batch.Size <= 0 || batch.NumRecords >= 0 && batch.LastOffset < batch.BaseOffset || batch.LastOffset+1 < batch.LastOffset || len(batch.Raw()) != batch.Size {
				t.Fatalf("%+v", batch)
			}
			if err := batch.Check(); err != nil {
				expected(t, err)
			}
			// The CRC is wrong in nearly all of them; go on all the same.
			records, err := batch.Records(testCodecs{}, nil, limit)
			if err != nil {
				expected(t, err)
				continue
			}
			records.SkipCRC = true
			read += readRest(t, &batch, records, limit)
		}
		if read > limit*(1+len(fetched)/26) { // 26 bytes are the shortest message
			t.Fatalf("%d records in %d bytes", read, len(fetched))
		}
	})
}

// expected is what errors may be.
func expected(t *testing.T, err error) {
	t.Helper()
	if _, ok := errors.AsType[*record.CorruptError](err); !ok && !errors.Is(err, io.EOF) && !errors.Is(err, record.ErrPartial) {
		t.Fatal(err)
	}
}

func readRest(t *testing.T, batch *record.Batch, records record.Records, limit int) (n int) {
	var b record.Builder
	b.Reset(record.V1, nil)
	for {
		var rec record.Record
		ok, err := records.Next(&rec)
		if err != nil {
			expected(t, err)
			return n
		}
		if !ok {
			break
		}
		if batch.Format == record.V2 && (rec.Offset < batch.BaseOffset || rec.Offset > batch.LastOffset) {
			t.Fatalf("offset %d in %+v", rec.Offset, batch)
		}
		headers := 0
		for range rec.Headers.All() {
			headers++
		}
		if headers != rec.Headers.Len() {
			t.Fatalf("%d headers of %d", headers, rec.Headers.Len())
		}
		if err := b.Append(rec.Timestamp, rec.Key, rec.Value, nil); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n == 0 {
		return 0
	}
	again, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, recs, err := readAll(again)
	if err != nil || len(recs) != n {
		t.Fatalf("%d records of %d, error %v", len(recs), n, err)
	}
	if batch.Compression == record.None && batch.Format == record.V1 && !batch.LogAppendTime {
		if _, err := record.Place(again, batch.BaseOffset, 0); err != nil {
			t.Fatal(err)
		}
		if batch.LastOffset-batch.BaseOffset == int64(n)-1 && batch.Check() == nil && !bytes.Equal(again, batch.Raw()) && batch.Raw()[17] == 0 {
			t.Fatalf("%x came back as %x", batch.Raw(), again)
		}
	}
	return n
}
