package record_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// testCodecs finds gzip, by the standard library: this module has no others.
type testCodecs struct{}

func (testCodecs) Codec(c record.Compression) (record.Codec, error) {
	if c != record.Gzip {
		return nil, fmt.Errorf("no codec for %v in these tests", c)
	}
	return testGzip{}, nil
}

type testGzip struct{}

func (testGzip) Compression() record.Compression { return record.Gzip }

func (testGzip) Compress(dst, src []byte, _ record.Format) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	w := gzip.NewWriter(out)
	w.Write(src)
	err := w.Close()
	return out.Bytes(), err
}

func (testGzip) Decompress(dst, src []byte, _ record.Format, limit int) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(dst)
	n, err := out.ReadFrom(io.LimitReader(r, int64(limit)+1))
	if n > int64(limit) {
		return nil, &record.LimitError{Limit: limit}
	}
	return out.Bytes(), err
}

// readAll checks and reads all batches in b.
func readAll(b []byte) (batches []record.Batch, recs []record.Record, err error) {
	r := record.NewReader(b)
	for {
		batch, err := r.Next()
		if errors.Is(err, io.EOF) {
			return batches, recs, nil
		}
		if err != nil {
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
		for {
			var rec record.Record
			ok, err := records.Next(&rec)
			if err != nil {
				return batches, recs, err
			}
			if !ok {
				break
			}
			recs = append(recs, rec)
		}
	}
}
