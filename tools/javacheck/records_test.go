package javacheck

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// What Java writes, we read, and so does Java.
func TestRecordsOfJava(t *testing.T) {
	count, codecs := newTally(t), compress.New()
	eachBatch(t, func(t *testing.T, java *jvm, release string, b *batch) {
		text, thrown := java.ask(t, release, "Records.write", b.java()...)
		if thrown != "" {
			t.Fatalf("Java %s can't write it: %s", release, thrown)
		}
		written := unhex(t, text)
		want, thrown := java.ask(t, release, "Records.read", text)
		if thrown != "" || want != b.text() {
			t.Errorf("Java %s reads its own\n%.3000s%s, want\n%.3000s", release, want, thrown, b.text())
		}
		if got, err := readBatches(written, codecs); err != nil || got != want {
			t.Errorf("what Java %s wrote is read as\n%.3000s\nwant\n%.3000s\nerror %v", release, got, want, err)
		}
		count.add(fmt.Sprintf("%v %v batches written by Java %s, read by us", b.format, b.codec, release))
	})
}

// What we write, Java reads.
func TestRecordsOfOurs(t *testing.T) {
	count, codecs := newTally(t), compress.New()
	eachBatch(t, func(t *testing.T, java *jvm, release string, b *batch) {
		written := b.ours(t)
		if got, err := readBatches(written, codecs); err != nil || got != b.text() {
			t.Fatalf("our own is read as\n%.3000s\nwant\n%.3000s\nerror %v", got, b.text(), err)
		}
		if got, thrown := java.ask(t, release, "Records.read", hex.EncodeToString(written)); thrown != "" || got != b.text() {
			t.Errorf("Java %s reads\n%.3000s%s, want\n%.3000s", release, got, thrown, b.text())
		}
		count.add(fmt.Sprintf("%v %v batches written by us, read by Java %s", b.format, b.codec, release))
	})
}

// Where nothing is compressed, both write the same bytes.
func TestRecordsBytes(t *testing.T) {
	count := newTally(t)
	eachBatch(t, func(t *testing.T, java *jvm, release string, b *batch) {
		if b.codec != record.None {
			return
		}
		got, want := hex.EncodeToString(b.ours(t)), cmp.Or(java.ask(t, release, "Records.write", b.java()...))
		if got != want {
			t.Errorf("our bytes, and those of Java %s:\n%.3000s\n%.3000s", release, got, want)
		}
		count.add(fmt.Sprintf("%v batches with the same bytes as Java %s", b.format, release))
	})
}

// The batch that compaction leaves where no record remains is the same on both
// sides.
func TestRecordsEmpty(t *testing.T) {
	java := startJVM(t)
	for _, release := range []string{newest, oldest} {
		want := cmp.Or(java.ask(t, release, "Records.empty", "4000", "3", "17", "500", "539", "9", "-1", "true", "false"))
		b := newBatch(record.V2, record.None)
		b.base, b.last, b.leaderEpoch, b.producerID, b.producerEpoch, b.sequence, b.transactional = 500, 39, 9, 4000, 3, 17, true
		if got := hex.EncodeToString(b.ours(t)); got != want {
			t.Errorf("our bytes, and those of Java %s:\n%s\n%s", release, got, want)
		}
		text, err := readBatches(unhex(t, want), nil)
		if again, thrown := java.ask(t, release, "Records.read", want); err != nil || text != b.text() || again != text || thrown != "" {
			t.Errorf("read as\n%s (error %v), by Java %s as\n%s%s, want\n%s", text, err, release, again, thrown, b.text())
		}
	}
}

// What is converted keeps what the format has, and Java reads it.
func TestRecordsConverted(t *testing.T) {
	java, codecs := startJVM(t), compress.New()
	for _, from := range []record.Format{record.V0, record.V1, record.V2} {
		for _, to := range []record.Format{record.V0, record.V1, record.V2} {
			for _, c := range []record.Compression{record.None, record.Gzip, record.Snappy, record.LZ4} {
				b := newBatch(from, c, recordsOf(record.V1)["gaps"]...)
				r := record.NewReader(b.ours(t))
				whole, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				codec, _ := codecs.Codec(c)
				out, err := record.Repack(&whole, codecs, to, codec, record.KeepOffsets)
				if err != nil {
					t.Fatal(err)
				}
				if to == record.V2 && from != record.V2 {
					b.base, b.records = b.base+2, slices.Clone(b.records) // what came before the first record is not known
					for i := range b.records {
						b.records[i].offset -= 2
					}
				}
				if from == record.V0 || to == record.V0 {
					for i := range b.records {
						b.records[i].timestamp = -1
					}
				}
				b.format = to
				for _, release := range []string{newest, oldest} {
					if got, thrown := java.ask(t, release, "Records.read", hex.EncodeToString(out)); thrown != "" || got != b.text() {
						t.Errorf("%v to %v, %v: Java %s reads\n%s%s, want\n%s", from, to, c, release, got, thrown, b.text())
					}
				}
			}
		}
	}
}

// What Java refuses we refuse, and what both read is the same, also of batches that
// make no sense but for their CRC. What we refuse and Java reads is in refusedByUs.
func TestRecordsDamaged(t *testing.T) {
	java, count, codecs := startJVM(t), newTally(t), compress.New()
	rnd := rand.New(rand.NewPCG(1, 2))
	all := batches()
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		for _, name := range []string{"one", "nulls", "gaps", "times"} {
			b := all[fmt.Sprintf("%v none %s", f, name)]
			good := b.ours(t)
			for range 200 {
				bad := damageBatch(rnd, good)
				got, err := readBatches(bad, codecs)
				want, thrown := java.ask(t, newest, "Records.read", hex.EncodeToString(bad))
				switch {
				case err == nil && (thrown != "" || got != want):
					t.Errorf("%x is read as\n%s\nwhere Java reads\n%s%s", bad, got, want, thrown)
				case err == nil:
					count.add("read by both")
				case thrown != "":
					count.add("refused by both")
				default:
					excused := excuse(oddity{"damaged", bad}, err)
					if excused == "" {
						t.Errorf("%x: error %v\nwhere Java reads\n%s", bad, err, want)
					}
					count.add("read by Java alone, " + excused)
				}
			}
		}
	}
}

// damageBatch changes a byte or two behind the magic byte, and puts the CRC right.
func damageBatch(rnd *rand.Rand, good []byte) []byte {
	b := slices.Clone(good)
	values := []byte{0, 1, 2, 3, 0x7f, 0x80, 0xff, byte(rnd.Uint32())}
	for range 1 + rnd.IntN(2) {
		b[17+rnd.IntN(len(b)-17)] = values[rnd.IntN(len(values))]
	}
	if record.Format(b[16]) == record.V2 {
		binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
		return b
	}
	for at := 0; at+16 < len(b); {
		end := at + 12 + int(int32(binary.BigEndian.Uint32(b[at+8:])))
		if end > len(b) || end < at+16 {
			break
		}
		binary.BigEndian.PutUint32(b[at+12:], crc32.ChecksumIEEE(b[at+16:end]))
		at = end
	}
	return b
}

// Java knows the control records of a KRaft log by the same numbers.
func TestRecordsControlTypes(t *testing.T) {
	java := startJVM(t)
	for typ := record.ControlLeaderChange; typ <= record.ControlKRaftVoters+1; typ++ {
		b := newBatch(record.V2, record.None, entry{key: []byte{0, 0, 0, byte(typ)}, value: []byte{0, 0}})
		b.control = true
		ours := b.ours(t)
		got, err := readBatches(ours, nil)
		want, thrown := java.ask(t, newest, "Records.read", hex.EncodeToString(ours))
		if typ > record.ControlKRaftVoters {
			got = strings.Replace(got, "(control_record_type_7)", "(unknown)", 1)
		}
		if err != nil || strings.ToLower(got) != strings.ToLower(want) || thrown != "" {
			t.Errorf("control record type %d is read as\n%s\nwhere Java reads\n%s%s\nerror %v", typ, got, want, thrown, err)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
