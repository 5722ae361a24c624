package main

import (
	"io"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

func oursEncode(f record.Format, records []testRecord, dst []byte) ([]byte, error) {
	var b record.Builder
	b.Reset(f, dst)
	for i := range records {
		if err := b.Append(records[i].timestamp, nil, records[i].value, nil); err != nil {
			return nil, err
		}
	}
	batch, err := b.Seal(nil, nil)
	if err != nil {
		return nil, err
	}
	record.Stamp(batch, -1, -1, -1)
	return batch, nil
}

func oursRead(_ record.Format, src []byte, t *tally) error {
	r := record.NewReader(src)
	for {
		batch, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := batch.Check(); err != nil {
			return err
		}
		records, err := batch.Records(nil, nil, 0)
		if err != nil {
			return err
		}
		var rec record.Record
		for {
			ok, err := records.Next(&rec)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			t.add(rec.Offset, rec.Timestamp, rec.Value)
		}
	}
}
