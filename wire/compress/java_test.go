package compress_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestBatchesOfJava reads what kafka-clients 4.4.0 wrote in each format with each
// codec. A line of java_batches.tsv is a name, the bytes, and what the Java
// classes themselves read from these bytes.
func TestBatchesOfJava(t *testing.T) {
	file, err := os.ReadFile("testdata/java_batches.tsv")
	if err != nil {
		t.Fatal(err)
	}
	codecs := compress.New()
	for line := range strings.Lines(string(file)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		t.Run(fields[0], func(t *testing.T) {
			b, err := hex.DecodeString(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			if got, err := dump(b, codecs); err != nil || got != fields[2] {
				t.Errorf("read %v\n%s\nwhere Java reads\n%s", err, got, fields[2])
			}
			if strings.Contains(fields[2], "#150000:") {
				checkLimit(t, b, codecs)
			}
		})
	}
}

// checkLimit: Java's frames of zstd and lz4 don't say their size.
func checkLimit(t *testing.T, b []byte, codecs record.Codecs) {
	r := record.NewReader(b)
	batch, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1000, 100_000} {
		_, err := batch.Records(codecs, nil, limit)
		if got, ok := errors.AsType[*record.LimitError](err); !ok || got.Limit != limit {
			t.Errorf("more than 150,000 bytes within a limit of %d: error %v", limit, err)
		}
	}
	// At level 22 the frame asks for a window of 128 MiB all the same.
	if _, err := batch.Records(codecs, nil, 300_000); err != nil {
		t.Error(err)
	}
}

// dump describes batches as the Java program did that wrote the file.
func dump(b []byte, codecs record.Codecs) (string, error) {
	var out strings.Builder
	r := record.NewReader(b)
	for {
		batch, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err != nil {
			return out.String(), err
		}
		if err := batch.Check(); err != nil {
			return out.String(), err
		}
		out.WriteString(dumpHead(&batch))
		records, err := batch.Records(codecs, nil, 0)
		if err != nil {
			return out.String(), err
		}
		for {
			var rec record.Record
			ok, err := records.Next(&rec)
			if err != nil {
				return out.String(), err
			}
			if !ok {
				break
			}
			fmt.Fprintf(&out, " %d,%d,%s,%s", rec.Offset, rec.Timestamp, dumpBytes(rec.Key), dumpBytes(rec.Value))
			for key, value := range rec.Headers.All() {
				fmt.Fprintf(&out, ",%x=%s", key, dumpBytes(value))
			}
		}
	}
}

func dumpHead(b *record.Batch) string {
	timestampType := 0
	if b.LogAppendTime {
		timestampType = 1
	}
	head := fmt.Sprintf("%d %s", b.Format, b.Compression)
	if b.Format == record.V2 || b.Compression != record.None {
		head += fmt.Sprintf(" last=%d", b.LastOffset)
	}
	head += fmt.Sprintf(" type=%d", timestampType)
	if b.Format == record.V2 {
		head += fmt.Sprintf(" base=%d max=%d le=%d pid=%d pe=%d seq=%d txn=%t ctl=%t n=%d", b.BaseOffset, b.MaxTimestamp,
			b.PartitionLeaderEpoch, b.ProducerID, b.ProducerEpoch, b.BaseSequence, b.Transactional, b.Control, b.NumRecords)
	}
	return "[" + head + "]"
}

// dumpBytes is b in hexadecimal, - for null, and the length and CRC32 of what is
// long.
func dumpBytes(b []byte) string {
	switch {
	case b == nil:
		return "-"
	case len(b) > 48:
		return fmt.Sprintf("#%d:%08x", len(b), crc32.ChecksumIEEE(b))
	}
	return hex.EncodeToString(b)
}

// TestBatchesAsJavaWritesThem builds the uncompressed batches of the file again,
// to the byte.
func TestBatchesAsJavaWritesThem(t *testing.T) {
	file, err := os.ReadFile("testdata/java_batches.tsv")
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for line := range strings.Lines(string(file)) {
		fields := strings.Split(line, "\t")
		switch fields[0] {
		case "v0 none", "v1 none", "v2 none":
		default:
			continue
		}
		done++
		want, err := hex.DecodeString(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		r := record.NewReader(want)
		batch, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		got, err := record.Convert(want, nil, batch.Format, nil)
		if err == nil {
			_, err = record.Place(got, 100, 7)
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x; error %v", fields[0], got, want, err)
		}
	}
	if done != 3 {
		t.Errorf("%d batches", done)
	}
}
