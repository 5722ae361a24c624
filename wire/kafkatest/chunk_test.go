package kafkatest

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// fixCRCs makes the checksums of what looks like batches and messages right, so
// that damage behind them is seen.
func fixCRCs(data []byte) {
	for len(data) > 61 || len(data) > magicAt && data[magicAt] < 2 && len(data) >= 26 {
		size := batchSize(data)
		if size < 26 || size > len(data) {
			return
		}
		if data[magicAt] == 2 && size > 21 {
			binary.BigEndian.PutUint32(data[17:], crc32.Checksum(data[21:size], crc32.MakeTable(crc32.Castagnoli)))
		} else {
			binary.BigEndian.PutUint32(data[sizeOverhead:], crc32.ChecksumIEEE(data[magicAt:size]))
		}
		data = data[size:]
	}
}

// Whatever a producer sends is refused, or can be kept and read from each of its
// offsets.
func FuzzProduce(f *testing.F) {
	codecs := compress.New()
	t := &testing.T{}
	for format := record.V0; format <= record.V2; format++ {
		for compression := record.None; compression <= record.Snappy; compression++ {
			codec, _ := codecs.Codec(compression)
			one := batch(t, format, codec, 1, "one", "two")
			f.Add(one)
			f.Add(append(one, batch(t, format, nil, 1, "three")...))
		}
	}
	releases := []release{{0, 8, 1, 1}, {0, 9, 0, 1}, {0, 10, 2, 2}, newest}
	f.Fuzz(func(t *testing.T, data []byte) {
		fixCRCs(data)
		for _, r := range releases {
			versions := []int16{0, 2}
			if r == newest {
				versions = []int16{3, 9}
			}
			for _, version := range versions {
				c, err := checkRecords(append([]byte{}, data...), version, r, 1<<20, codecs)
				if err != nil {
					codeOf(err)
					continue
				}
				log := partitionLog{end: 7, start: 7}
				if err := c.place(log.end, 3, codecs); err != nil {
					t.Fatalf("%v: accepted, and can't be placed: %v", r, err)
				}
				log.append(&c, 3, time.Now())
				if log.end != 7+int64(c.records) {
					t.Fatalf("%v: the log ends at %d after %d records", r, log.end, c.records)
				}
				for offset := log.start; offset < log.end && offset < log.start+100; offset++ {
					if read, first := log.read(offset, 1<<20, true); len(read) < first || lastOffset(read) < offset {
						t.Fatalf("%v: read %d bytes at %d", r, len(read), offset)
					}
				}
				if c.records > 0 {
					firstAt(log.chunksFrom(-1), 0, 0, codecs)
				}
			}
		}
	})
}

// Compressed messages of v1 stay as they are; those of v0 are packed again, with
// absolute offsets inside.
func TestCompressedMessages(t *testing.T) {
	codecs := compress.New()
	gzip, _ := compress.NewCodec(record.Gzip, 1) // at another level than it would be packed with again
	text := strings.Repeat("So they all went away from the little log house. ", 20)
	for format, same := range map[record.Format]bool{record.V0: false, record.V1: true} {
		sent := batch(t, format, gzip, 1000, "a", text, "c")
		c, err := checkRecords(append([]byte{}, sent...), 2, release{0, 10, 2, 2}, 1<<20, codecs)
		if err != nil || c.records != 3 {
			t.Fatalf("%d records, %v", c.records, err)
		}
		if err := c.place(100, 0, codecs); err != nil {
			t.Fatal(err)
		}
		if got := string(c.data[8:]) == string(sent[8:]); got != same {
			t.Errorf("format v%d: stayed as it was: %v, want %v", format, got, same)
		}
		records := read(t, c.data, codecs)
		if len(records) != 3 || records[0].offset != 100 || records[2].offset != 102 || records[2].value != "c" {
			t.Errorf("format v%d: %+v", format, records)
		}
	}
}

// The codec writes the header checksum that the format wants. Before 0.10 the
// right one, which v1 has, is refused in v0, and the other way round.
func TestLZ4HeaderChecksum(t *testing.T) {
	codecs := compress.New()
	lz4, _ := codecs.Codec(record.LZ4)
	for _, test := range []struct {
		release release
		format  record.Format
		other   bool // the checksum of the other format
		want    wire.ErrorCode
	}{
		{release{0, 8, 2, 2}, record.V0, false, wire.ErrNone},
		{release{0, 9, 0, 1}, record.V0, false, wire.ErrNone},
		{release{0, 9, 0, 1}, record.V0, true, wire.ErrUnknownServerError},
		{release{0, 10, 0, 1}, record.V0, false, wire.ErrNone},
		{release{0, 10, 0, 1}, record.V0, true, wire.ErrNone},
		{release{0, 10, 0, 1}, record.V1, false, wire.ErrNone},
		{release{0, 10, 0, 1}, record.V1, true, wire.ErrUnknownServerError},
	} {
		data := batch(t, test.format, lz4, 1, "a", "b")
		if test.other {
			reader := record.NewReader(data)
			b, err := reader.Next()
			if err != nil {
				t.Fatal(err)
			}
			frame := wrapperValue(&b)
			from := 0
			if test.format == record.V0 {
				from = 4
			}
			end := 6 + int(frame[4]&0x08)
			frame[end] = byte(xxh32(frame[from:end]) >> 8)
			fixCRCs(data)
		}
		if _, err := checkRecords(data, 2, test.release, 1<<20, codecs); codeOf(err) != test.want {
			t.Errorf("%v, format v%d, the other's checksum %v: %v, want %v", test.release, test.format, test.other, err, test.want)
		}
	}
}

func BenchmarkProduceFetch(b *testing.B) {
	for name, opts := range map[string][]Option{"memory": nil, "TCP": {TCP()}} {
		b.Run(name, func(b *testing.B) {
			c := Start(b, append(opts, Topic("t", 1), RetentionBytes(64<<20))...)
			client := dial(&testing.T{}, c, 1)
			values := make([]string, 1000)
			for i := range values {
				values[i] = string(make([]byte, 1000))
			}
			data := batch(&testing.T{}, record.V2, nil, 0, values...)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			offset := int64(0)
			for b.Loop() {
				p := client.produceOne(12, produceRequest("t", [16]byte{}, 0, 1, data))
				f := client.fetchOne(12, fetchRequest("t", [16]byte{}, 0, offset))
				if p.ErrorCode != 0 || len(f.Records) != len(data) {
					b.Fatalf("%v, %v: %d bytes", p.ErrorCode, f.ErrorCode, len(f.Records))
				}
				offset += int64(len(values))
			}
		})
	}
}
