package compress

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestSegments reads what brokers have on disk: with each codec of their time, in
// the three formats.
func TestSegments(t *testing.T) {
	for release, want := range map[string]struct {
		format record.Format
		codecs []record.Compression
	}{
		"0.8.2.2":  {record.V0, []record.Compression{record.None, record.Gzip, record.Snappy, record.LZ4}},
		"0.10.2.2": {record.V1, []record.Compression{record.None, record.Gzip, record.Snappy, record.LZ4}},
		"4.4.0":    {record.V2, []record.Compression{record.None, record.Gzip, record.Snappy, record.LZ4, record.Zstd}},
	} {
		segment, err := os.Open("testdata/segments/" + release + ".log")
		if err != nil {
			t.Fatal(err)
		}
		defer segment.Close()
		stream, codecs, offset := record.NewStream(segment, 0), New(), int64(0)
		for {
			batch, err := stream.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				err = batch.Check()
			}
			if err != nil {
				t.Fatalf("%s: %v", release, err)
			}
			codec := want.codecs[min(offset/3, int64(len(want.codecs)-1))]
			if batch.Format != want.format || batch.Compression != codec {
				t.Errorf("%s: %v %v, want %v %v", release, batch.Format, batch.Compression, want.format, codec)
			}
			records, err := batch.Records(codecs, nil, 0)
			if err != nil {
				t.Fatalf("%s: %v", release, err)
			}
			for rec, err := range records.All() {
				value := fmt.Sprintf("value %d of the batch, of the batch, of the batch", offset%3)
				if err != nil || rec.Offset != offset || string(rec.Key) != codec.String() || string(rec.Value) != value || (rec.Timestamp == -1) != (want.format == record.V0) {
					t.Errorf("%s, offset %d: %+v, error %v", release, offset, rec, err)
				}
				offset++
			}
			if batch.LastOffset != offset-1 {
				t.Errorf("%s: the batch ends at %d, and its records at %d", release, batch.LastOffset, offset-1)
			}
		}
		if offset != int64(3*len(want.codecs)) {
			t.Errorf("%s: %d records", release, offset)
		}
	}
}
