package javacheck

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestRecordsAtRandom: what we write at random Java reads, and what Java writes we
// read.
func TestRecordsAtRandom(t *testing.T) {
	java, count, codecs := startJVM(t), newTally(t), compress.New()
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		b := randomBatch(rnd)
		ours := b.ours(t)
		want := b.text()
		for who, written := range map[string]string{"ours": hex.EncodeToString(ours), "Java's": ""} {
			if written == "" {
				var thrown string
				if written, thrown = java.ask(t, newest, "Records.write", b.java()...); thrown != "" {
					t.Fatalf("Java can't write %s: %s", want, thrown)
				}
			}
			javas, thrown := java.ask(t, newest, "Records.read", written)
			read, err := readBatches(unhex(t, written), codecs)
			if thrown != "" || javas != want || err != nil || read != want {
				t.Errorf("%s, %.300s, is read by Java as\n%.1000s%s\nand by us as\n%.1000s, error %v, want\n%.1000s", who, written, javas, thrown, read, err, want)
			}
			count.add(fmt.Sprintf("%v %v batches, %s", b.format, b.codec, who))
		}
	}
}

func randomBatch(rnd *rand.Rand) batch {
	f := record.Format(rnd.IntN(3))
	c := record.Compression(rnd.IntN(5))
	if c == record.Zstd && f != record.V2 {
		c = record.None // Java refuses it
	}
	data := func() []byte {
		switch rnd.IntN(5) {
		case 0:
			return nil
		case 1:
			return []byte{}
		}
		b := make([]byte, rnd.IntN([]int{3, 70, 200, 20_000}[rnd.IntN(4)]))
		for i := range b {
			b[i] = byte(rnd.IntN(1 + rnd.IntN(255)))
		}
		return b
	}
	var records []entry
	for offset := int64(0); len(records) < 1+rnd.IntN(20); offset++ {
		offset += rnd.Int64N(1 + rnd.Int64N(1000))
		e := entry{offset: offset, timestamp: rnd.Int64N(1 << 41), key: data(), value: data()}
		for f == record.V2 && rnd.IntN(3) == 0 {
			e.headers = append(e.headers, wire.Header{Key: fmt.Sprint("ключ ", rnd.IntN(9)), Value: data()})
		}
		records = append(records, e)
	}
	b := newBatch(f, c, records...)
	b.base = rnd.Int64N(1 << 50)
	if f != record.V2 {
		b.base %= 1 << 30 // more does not fit into a batch.build of absolute offsets
	}
	if f != record.V0 && rnd.IntN(4) == 0 {
		b.appendTime = 1_800_000_000_000
	}
	return b
}
