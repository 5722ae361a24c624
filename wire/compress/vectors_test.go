package compress

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/pierrec/lz4/v4"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

func readVectors(t *testing.T, name string, into any) {
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

type codecVector struct {
	Name   string
	Plain  *string
	Repeat *string `json:"plain_repeat_hex"`
	Length int     `json:"plain_len"`
	// one of these
	Encoded  string
	NewFrame string `json:"new_frame"`
	OldFrame string `json:"old_frame"`
}

func (v *codecVector) plain(t *testing.T) []byte {
	if v.Repeat != nil && *v.Repeat != "" {
		unit := unhex(t, *v.Repeat)
		return bytes.Repeat(unit, v.Length/len(unit))
	}
	return unhex(t, *v.Plain)
}

// TestVectors reads what kafka-python 1.2.1 wrote; the empty snappy payload it
// could not read itself, and what it links in lz4 no Java client can.
func TestVectors(t *testing.T) {
	for file, c := range map[string]record.Compression{"codec_gzip.json": record.Gzip, "codec_snappy.json": record.Snappy, "codec_lz4.json": record.LZ4} {
		var data struct{ Vectors []codecVector }
		readVectors(t, file, &data)
		if len(data.Vectors) == 0 {
			t.Fatalf("%s is empty", file)
		}
		codec := codecOf(t, c)
		for _, v := range data.Vectors {
			want := v.plain(t)
			for _, encoded := range []string{v.Encoded, v.NewFrame, v.OldFrame} {
				if encoded == "" {
					continue
				}
				got, err := codec.Decompress(nil, unhex(t, encoded), record.V1, len(want))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s %s: %d bytes, want %d; error %v", c, v.Name, len(got), len(want), err)
				}
			}
		}
	}
}

func TestLZ4HeaderChecksums(t *testing.T) {
	var data struct {
		Sums []struct {
			Header string `json:"header_without_hc"`
			Right  string `json:"hc_correct"`
			Wrong  string `json:"hc_old_kafka"`
		} `json:"header_checksums"`
	}
	readVectors(t, "codec_lz4.json", &data)
	for _, v := range data.Sums {
		right, wrong := lz4HeaderSums(unhex(t, v.Header))
		if got := hex.EncodeToString([]byte{right, wrong}); got != v.Right+v.Wrong {
			t.Errorf("header %s: checksums %s, want %s%s", v.Header, got, v.Right, v.Wrong)
		}
	}
	codec := codecOf(t, record.LZ4)
	old, _ := codec.Compress(nil, []byte("x"), record.V0)
	young, _ := codec.Compress(nil, []byte("x"), record.V1)
	if old[6] != 0x1a || young[6] != 0x82 {
		t.Errorf("header checksums %#x for V0 and %#x for V1, want 0x1a and 0x82", old[6], young[6])
	}
	young[6] ^= 0xff
	if _, err := codec.Decompress(nil, young, record.V1, 10); err == nil {
		t.Error("a checksum that is neither right nor wrong in the old way")
	}
}

// TestLZ4Independent: Java reads no blocks that refer to others, as kafka-python
// 1.2.1 wrote them where there was more than one.
func TestLZ4Independent(t *testing.T) {
	src := contents()["text"]
	for _, level := range []int{0, 9, 17} {
		codec, err := NewCodec(record.LZ4, level)
		if err != nil {
			t.Fatal(err)
		}
		packed, err := codec.Compress(nil, src, record.V1)
		if err != nil {
			t.Fatal(err)
		}
		frame, err := openLZ4(packed, record.V1)
		if err != nil || !frame.independent || frame.flags&(lz4BlockSums|lz4Size|lz4Dictionary) != 0 || frame.maxBlock != lz4Block {
			t.Fatalf("level %d: %+v, error %v", level, frame, err)
		}
		for rest := src; len(rest) > 0; rest = rest[min(len(rest), lz4Block):] {
			block, stored, err := frame.next()
			if err != nil || stored || block == nil {
				t.Fatalf("level %d: a block of %d bytes, stored %v, error %v", level, len(block), stored, err)
			}
			alone := make([]byte, lz4Block)
			if n, err := lz4.UncompressBlock(block, alone); err != nil || !bytes.Equal(alone[:n], rest[:min(len(rest), lz4Block)]) {
				t.Errorf("level %d: a block unpacks to %d bytes by itself, error %v", level, n, err)
			}
		}
	}
}

// TestMessageSets reads message sets as brokers of old kept them. Where
// kafka-python erred, the right result stands here.
func TestMessageSets(t *testing.T) {
	type wanted struct {
		Offset    int64
		Timestamp *int64
		Type      *int `json:"timestamp_type"`
		Key       *string
		Value     *string
	}
	var data struct {
		Vectors []struct {
			Name    string
			Set     string `json:"message_set"`
			Check   bool   `json:"check_crcs"`
			Records json.RawMessage
		}
	}
	readVectors(t, "consumer_unpack.json", &data)
	for _, v := range data.Vectors {
		got, err := readSet(unhex(t, v.Set), v.Check)
		var want []wanted
		if json.Unmarshal(v.Records, &want) != nil { // an exception: the message is damaged
			if !errors.Is(err, record.ErrCRC) {
				t.Errorf("%s: error %v", v.Name, err)
			}
			continue
		}
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %d records, want %d; error %v", v.Name, len(got), len(want), err)
			continue
		}
		for i, w := range want {
			timestamp := int64(-1)
			if w.Timestamp != nil {
				timestamp = *w.Timestamp
			}
			// kafka-python gave the raw bit, 8, as the type.
			logAppendTime := w.Type != nil && *w.Type != 0
			if g := got[i]; g.LogAppendTime != logAppendTime || g.Offset != w.Offset || g.Timestamp != timestamp || !same(t, g.Key, w.Key) || !same(t, g.Value, w.Value) {
				t.Errorf("%s: record %d is %+v, want %+v", v.Name, i, g, w)
			}
		}
	}
}

func same(t *testing.T, got []byte, want *string) bool {
	if want == nil {
		return got == nil
	}
	return got != nil && bytes.Equal(got, unhex(t, *want))
}

func readSet(set []byte, check bool) ([]record.Record, error) {
	var out []record.Record
	codecs := New()
	r := record.NewReader(set)
	for {
		b, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err == nil && check {
			err = b.Check()
		}
		if err != nil {
			return out, err
		}
		records, err := b.Records(codecs, nil, 0)
		if err != nil {
			return out, err
		}
		records.SkipCRC = !check
		for {
			var rec record.Record
			ok, err := records.Next(&rec)
			if err != nil {
				return out, err
			}
			if !ok {
				break
			}
			out = append(out, rec)
		}
	}
}

// TestSnappyFraming: kafka-python took the head alone, which is what its own
// encoder makes of nothing, for no framing and failed to read it.
func TestSnappyFraming(t *testing.T) {
	var data struct {
		Detection []struct {
			Name  string
			Bytes string
		}
	}
	readVectors(t, "codec_snappy.json", &data)
	if len(data.Detection) == 0 {
		t.Fatal("no vectors")
	}
	codec := codecOf(t, record.Snappy)
	for _, v := range data.Detection {
		// A head alone is the frame of nothing, also with up to 3 bytes behind it.
		b := unhex(t, v.Bytes)
		empty := bytes.HasPrefix(b, snappyHead[:snappyMagic]) && len(b) >= len(snappyHead) && len(b) < len(snappyHead)+4
		out, err := codec.Decompress(nil, b, record.V1, 100)
		if empty != (err == nil) || len(out) > 0 {
			t.Errorf("%s: %d bytes, error %v", v.Name, len(out), err)
		}
	}
	got, err := codec.Compress(nil, []byte("a"), record.V2)
	if want := "82534e4150505900000000010000000100000003010061"; err != nil || hex.EncodeToString(got) != want {
		t.Errorf("one byte is %x, want %s", got, want)
	}
}

// TestProducedSets builds what kafka-python's producer sent: without compression
// to the byte; with it, the same messages inside. Its wrappers have offset 0 and
// the time of sending; ours, as Java's, those of the last message and the latest.
func TestProducedSets(t *testing.T) {
	var data struct {
		Vectors []struct {
			Version     int8    `json:"message_version"`
			Compression *string `json:"compression_type"`
			Records     [][2]*string
			Timestamps  []int64
			Set         string `json:"uncompressed_set"`
			Wire        string `json:"wire_size_prefixed"`
		}
	}
	readVectors(t, "producer_batches.json", &data)
	for _, v := range data.Vectors {
		var b record.Builder
		b.Reset(record.Format(v.Version), nil)
		for i, r := range v.Records {
			timestamp := int64(-1)
			if v.Timestamps != nil {
				timestamp = v.Timestamps[i]
			}
			if err := b.Append(timestamp, nullable(t, r[0]), nullable(t, r[1]), nil); err != nil {
				t.Fatal(err)
			}
		}
		set, err := b.Seal(nil, nil)
		if err != nil || hex.EncodeToString(set) != v.Set {
			t.Errorf("v%d: the set is %x, want %s; error %v", v.Version, set, v.Set, err)
		}
		want, err := readSet(set, true)
		if err != nil {
			t.Fatal(err)
		}
		sent := map[string][]byte{"kafka-python": unhex(t, v.Wire)[4:]}
		if v.Compression != nil {
			c, err := record.ParseCompression(*v.Compression)
			if err != nil {
				t.Fatal(err)
			}
			if sent["us"], err = b.Seal(codecOf(t, c), nil); err != nil {
				t.Fatal(err)
			}
		}
		for who, set := range sent {
			got, err := readSet(set, true)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("v%d packed by %s: %+v, want %+v; error %v", v.Version, who, got, want, err)
			}
		}
	}
}

func nullable(t *testing.T, s *string) []byte {
	if s == nil {
		return nil
	}
	return unhex(t, *s)
}

// TestSimpleProducerSets reads what kafka-python's SimpleProducer wraps: all
// offsets inside are 0 until a broker has rewritten them.
func TestSimpleProducerSets(t *testing.T) {
	var data struct {
		Vectors []struct {
			Name    string
			Message string  `json:"message_bytes"`
			Inner   *string `json:"inner_set"`
		}
	}
	readVectors(t, "legacy_messages.json", &data)
	for _, v := range data.Vectors {
		message := unhex(t, v.Message)
		set := binary.BigEndian.AppendUint32(make([]byte, 8), uint32(len(message)))
		got, err := readSet(append(set, message...), true)
		want := got
		if v.Inner != nil {
			want, _ = readSet(unhex(t, *v.Inner), true)
		}
		if err != nil || len(got) == 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v; error %v", v.Name, got, want, err)
		}
	}
}

// TestBatches packs records in every format with every codec and reads them
// back, also from where a broker has placed them.
func TestBatches(t *testing.T) {
	for _, format := range []record.Format{record.V0, record.V1, record.V2} {
		for _, c := range append(all, record.None) {
			var codec record.Codec
			if c != record.None {
				codec = codecOf(t, c)
			}
			var b record.Builder
			b.Reset(format, nil)
			for i := range 100 {
				if err := b.Append(1000+int64(i), []byte{byte(i)}, bytes.Repeat([]byte("v"), i), nil); err != nil {
					t.Fatal(err)
				}
			}
			batch, err := b.Seal(codec, nil)
			if err != nil {
				t.Fatal(err)
			}
			if format == record.V2 {
				record.Stamp(batch, -1, -1, -1)
			}
			n, err := record.Place(batch, 500, 3)
			if errors.Is(err, record.ErrRepack) {
				r := record.NewReader(batch)
				whole, _ := r.Next()
				batch, err = record.Repack(&whole, New(), format, codec, 500)
				n = 100
			}
			if err != nil || n != 100 {
				t.Fatalf("format %d, %s: placed %d, error %v", format, c, n, err)
			}
			got, err := readSet(batch, true)
			if err != nil || len(got) != 100 {
				t.Fatalf("format %d, %s: %d records, error %v", format, c, len(got), err)
			}
			for i, rec := range got {
				timestamp := int64(1000 + i)
				if format == record.V0 {
					timestamp = -1
				}
				if rec.Offset != int64(500+i) || rec.Timestamp != timestamp || rec.Key[0] != byte(i) || len(rec.Value) != i {
					t.Fatalf("format %d, %s: record %d is %+v", format, c, i, rec)
				}
			}
		}
	}
}
