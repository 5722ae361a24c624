package compress

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/golang/snappy"
	"github.com/pierrec/lz4/v4"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestLZ4OfOtherClients reads frames as each client writes them, by the flags and
// the block byte that it puts into a frame's header. docs/mixed-fleets.md has the
// versions.
func TestLZ4OfOtherClients(t *testing.T) {
	codec := codecOf(t, record.LZ4)
	for _, test := range []struct {
		who     string
		head    [2]byte
		options []lz4.Option
		size    bool
	}{
		{"Java, librdkafka", [2]byte{0x60, 0x40}, []lz4.Option{lz4.ChecksumOption(false), lz4.BlockSizeOption(lz4.Block64Kb)}, false},
		{"franz-go, kafka-go", [2]byte{0x64, 0x70}, []lz4.Option{lz4.ChecksumOption(true), lz4.BlockSizeOption(lz4.Block4Mb)}, false},
		{"sarama", [2]byte{0x64, 0x40}, []lz4.Option{lz4.ChecksumOption(true), lz4.BlockSizeOption(lz4.Block64Kb)}, false},
		{"kafka-python", [2]byte{0x68, 0x40}, []lz4.Option{lz4.ChecksumOption(false), lz4.BlockSizeOption(lz4.Block64Kb)}, true},
		{"aiokafka", [2]byte{0x70, 0x40}, []lz4.Option{lz4.ChecksumOption(false), lz4.BlockChecksumOption(true), lz4.BlockSizeOption(lz4.Block64Kb)}, false},
		{"rskafka", [2]byte{0x74, 0x40}, []lz4.Option{lz4.ChecksumOption(true), lz4.BlockChecksumOption(true), lz4.BlockSizeOption(lz4.Block64Kb)}, false},
	} {
		for name, want := range contents() {
			if len(want) == 0 {
				continue // pierrec/lz4 writes no frame, and no client an empty batch
			}
			options := test.options
			if test.size {
				options = append(slices.Clone(options), lz4.SizeOption(uint64(len(want))))
			}
			var frame bytes.Buffer
			w := lz4.NewWriter(&frame)
			if err := w.Apply(options...); err != nil {
				t.Fatal(err)
			}
			w.Write(want)
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if head := [2]byte(frame.Bytes()[4:6]); head != test.head {
				t.Fatalf("%s: the frame begins with %x, want %x", test.who, head, test.head)
			}
			for _, format := range []record.Format{record.V0, record.V1, record.V2} {
				got, err := codec.Decompress(nil, frame.Bytes(), format, len(want))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, %s, format %d: %d bytes, want %d; error %v", test.who, name, format, len(got), len(want), err)
				}
			}
		}
	}
}

// TestSnappyOfOtherClients reads a bare block, which franz-go, librdkafka, kafkajs
// and rskafka write whatever its size, and the framing of snappy-java with blocks of
// 32 KiB, which the others write.
func TestSnappyOfOtherClients(t *testing.T) {
	codec := codecOf(t, record.Snappy)
	for name, want := range contents() {
		framed := slices.Clone(snappyHead)
		for block := range slices.Chunk(want, 32<<10) {
			packed := snappy.Encode(nil, block)
			framed = binary.BigEndian.AppendUint32(framed, uint32(len(packed)))
			framed = append(framed, packed...)
		}
		for form, b := range map[string][]byte{"bare": snappy.Encode(nil, want), "framed": framed} {
			got, err := codec.Decompress(nil, b, record.V2, len(want))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, %s: %d bytes, want %d; error %v", form, name, len(got), len(want), err)
			}
		}
		// What we write is the framed form, to the byte.
		if ours, err := codec.Compress(nil, want, record.V2); err != nil || !bytes.Equal(ours, framed) {
			t.Errorf("%s: our frame differs in its %d bytes from the %d of the others; error %v", name, len(ours), len(framed), err)
		}
	}
}
