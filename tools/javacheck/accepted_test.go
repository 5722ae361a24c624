package javacheck

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// What Kafka's validator takes and Java reads, we read, and read the same of it,
// however odd it is: a partition with one batch that can't be read stands still.
// What Java refuses we may refuse or read.

// An oddity is a batch that no client should write.
type oddity struct {
	name string
	b    []byte
}

// refusedByUs are those that Java reads and we don't, with the reason.
var refusedByUs = map[string]struct {
	reason string
	is     func(o oddity, err error) bool
}{
	"partial": {"cut off at the end: Java ends there in silence, and we say so",
		func(_ oddity, err error) bool { return errors.Is(err, record.ErrPartial) }},
	"last offset": {"a last offset before the first, which Kafka's validator refuses: reading goes on behind the last",
		func(_ oddity, err error) bool { return strings.Contains(err.Error(), "after the first") }},
	"snappy head": {"a second head of xerial's that is none: Java ends there or reads on, depending on how much it reads at once",
		func(o oddity, err error) bool { return strings.Contains(err.Error(), "a head is cut off or damaged") }},
}

func checkOddities(t *testing.T, all []oddity) {
	t.Helper()
	java, count, codecs := startJVM(t), newTally(t), compress.New()
	for _, o := range all {
		got, err := readBatches(o.b, codecs)
		want, thrown := java.ask(t, newest, "Records.read", hex.EncodeToString(o.b))
		kind, _, _ := strings.Cut(o.name, ":")
		switch {
		case err == nil && thrown == "" && got == want:
			count.add(kind + ": read by both")
		case err != nil && thrown != "":
			count.add(kind + ": refused by both")
		case err == nil && thrown != "":
			count.add(kind + ": read by us alone")
		default:
			if excused := excuse(o, err); excused != "" {
				count.add(kind + ": read by Java alone, " + excused)
				continue
			}
			t.Errorf("%s: %.300x is read as\n%.500s, error %v\nwhere Java reads\n%.500s", o.name, o.b, got, err, want)
		}
	}
}

func excuse(o oddity, err error) string {
	if err != nil {
		for _, r := range refusedByUs {
			if r.is(o, err) {
				return r.reason
			}
		}
	}
	return ""
}

// wrap makes a batch of what its records are packed into.
func wrap(f record.Format, c record.Compression, count, last int32, packed []byte) []byte {
	b := make([]byte, 12, 100+len(packed))
	if f == record.V2 {
		b = append(b, make([]byte, 49)...)
		binary.BigEndian.PutUint64(b, 100)
		binary.BigEndian.PutUint16(b[21:], uint16(c))
		binary.BigEndian.PutUint32(b[23:], uint32(last))
		binary.BigEndian.PutUint64(b[27:], 1000)
		binary.BigEndian.PutUint64(b[35:], 1000)
		binary.BigEndian.PutUint32(b[57:], uint32(count))
		b = append(b, packed...)
		b[16] = 2
	} else {
		binary.BigEndian.PutUint64(b, uint64(100+last))
		b = append(b, 0, 0, 0, 0, byte(f), byte(c))
		if f == record.V1 {
			b = binary.BigEndian.AppendUint64(b, 1000)
		}
		b = binary.BigEndian.AppendUint32(b, math.MaxUint32)
		b = binary.BigEndian.AppendUint32(b, uint32(len(packed)))
		b = append(b, packed...)
	}
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	if f == record.V2 {
		record.Stamp(b, -1, -1, -1)
	} else {
		binary.BigEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:]))
	}
	return b
}

// plain are the bytes of n records of about size bytes, as they are packed.
func plain(t *testing.T, f record.Format, n, size int) []byte {
	t.Helper()
	var b record.Builder
	b.Reset(f, nil)
	for i := range n {
		value := make([]byte, size)
		rand.NewChaCha8([32]byte{byte(i)}).Read(value[:size/2])
		if err := b.Append(1000, []byte{byte(i)}, value, nil); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f == record.V2 {
		return out[61:]
	}
	return out
}

// TestOddCodecs: streams with other heads, tails, and streams behind them.
func TestOddCodecs(t *testing.T) {
	odd := map[record.Compression]func(pack func([]byte) []byte, src []byte, f record.Format) []oddity{
		record.Gzip: oddGzip, record.Snappy: oddSnappy, record.LZ4: oddLZ4, record.Zstd: oddZstd,
	}
	for c, twist := range odd {
		t.Run(c.String(), func(t *testing.T) {
			codec, err := compress.NewCodec(c, 0)
			if err != nil {
				t.Fatal(err)
			}
			var all []oddity
			for _, f := range []record.Format{record.V0, record.V1, record.V2} {
				if c == record.Zstd && f != record.V2 {
					continue // no client writes it
				}
				for _, size := range []int{10, 300, 7_000, 150_000} {
					if size > 100_000 && f != record.V2 {
						continue // it takes Java long
					}
					src := plain(t, f, 2, size)
					pack := func(b []byte) []byte {
						out, err := codec.Compress(nil, b, f)
						if err != nil {
							t.Fatal(err)
						}
						return out
					}
					for _, o := range append(twist(pack, src, f), oddTails(pack, src)...) {
						all = append(all, oddity{fmt.Sprintf("%v: %v, %d bytes: %s", c, f, size, o.name), wrap(f, c, 2, 1, o.b)})
					}
				}
			}
			checkOddities(t, all)
		})
	}
}

// oddTails are what may follow, or be missing at the end of, any stream.
func oddTails(pack func([]byte) []byte, src []byte) (all []oddity) {
	whole, half := pack(src), len(src)/2
	add := func(name string, parts ...[]byte) { all = append(all, oddity{name, bytes.Join(parts, nil)}) }
	add("as it is", whole)
	add("two streams", pack(src[:half]), pack(src[half:]))
	add("three streams, one of nothing", pack(src[:half]), pack(nil), pack(src[half:]))
	add("a stream of nothing behind", whole, pack(nil))
	add("a stream of nothing before", pack(nil), whole)
	add("the same again", whole, whole)
	for _, n := range []int{1, 2, 3, 4, 5, 8, 16, 17, 18, 19, 20, 26, 27, 40, 100, 9000} {
		random := make([]byte, n)
		rand.NewChaCha8([32]byte{byte(n)}).Read(random)
		add(fmt.Sprintf("%d bytes at random behind", n), whole, random)
		add(fmt.Sprintf("%d zeros behind", n), whole, make([]byte, n))
		more := pack(src)
		add(fmt.Sprintf("%d bytes of another stream behind", n), whole, more[:min(n, len(more))])
		empty := pack(nil)
		add(fmt.Sprintf("%d bytes of a stream of nothing behind", n), whole, empty[:min(n, len(empty))])
		add(fmt.Sprintf("a stream of nothing and %d zeros behind", n), whole, empty, make([]byte, n))
		add(fmt.Sprintf("%d bytes less", n), whole[:max(0, len(whole)-n)])
	}
	return all
}

func oddGzip(pack func([]byte) []byte, src []byte, _ record.Format) (all []oddity) {
	whole := pack(src)
	head := func(name string, flags byte, rest ...byte) {
		b := append(bytes.Clone(whole[:10]), rest...)
		b[3] = flags
		all = append(all, oddity{name, append(b, whole[10:]...)})
	}
	sum := func(flags byte, rest ...byte) []byte {
		b := append(bytes.Clone(whole[:10]), rest...)
		b[3] = flags
		return binary.LittleEndian.AppendUint16(rest, uint16(crc32.ChecksumIEEE(b)))
	}
	head("text", 1)
	head("a name", 8, 'a', 0)
	head("a long name", 8, append(bytes.Repeat([]byte("ü"), 2000), 0)...)
	head("a comment", 16, 'a', 0)
	head("extra", 4, 3, 0, 1, 2, 3)
	head("much extra", 4, append([]byte{0xff, 0x7f}, make([]byte, 0x7fff)...)...)
	head("all of it", 31, sum(31, 1, 0, 7, 'n', 0, 'c', 0)...)
	head("a checksum", 2, sum(2)...)
	head("a wrong checksum", 2, 1, 2)
	head("unknown flags", 0xe0)
	for at, to := range map[int]byte{0: 0, 2: 7, 4: 9, 8: 77, 9: 77, len(whole) - 1: 99, len(whole) - 5: 99} {
		b := bytes.Clone(whole)
		b[at] = to
		all = append(all, oddity{fmt.Sprintf("byte %d is %d", at, to), b})
	}
	second := bytes.Clone(pack(src[len(src)/2:]))
	second[len(second)-1] ^= 1
	all = append(all, oddity{"two members, the second damaged", append(pack(src[:len(src)/2]), second...)})
	return all
}

func oddSnappy(pack func([]byte) []byte, src []byte, _ record.Format) (all []oddity) {
	whole, half := pack(src), len(src)/2
	versions := func(b []byte, version, oldest uint32) []byte {
		b = bytes.Clone(b)
		binary.BigEndian.PutUint32(b[8:], version)
		binary.BigEndian.PutUint32(b[12:], oldest)
		return b
	}
	for _, v := range [][2]uint32{{1, 2}, {2, 1}, {2, 2}, {9, 0}, {0, 1}, {0, 0}, {math.MaxUint32, 1}, {math.MaxInt32, math.MaxUint32}} {
		all = append(all, oddity{fmt.Sprintf("versions %d", v), versions(whole, v[0], v[1])},
			oddity{fmt.Sprintf("a second head of versions %d", v), append(pack(src[:half]), versions(pack(src[half:]), v[0], v[1])...)})
	}
	for _, n := range []int{4, 8, 12, 15, 16} {
		all = append(all, oddity{fmt.Sprintf("%d bytes of a second head", n), append(bytes.Clone(whole), pack(nil)[:n]...)})
		broken := pack(src)
		broken[5] ^= 1
		all = append(all, oddity{fmt.Sprintf("%d bytes of a second head that is none", n), append(bytes.Clone(whole), broken[:n]...)})
	}
	broken := pack(src[half:])
	broken[7] = 1
	return append(all,
		oddity{"heads alone before", append(append(pack(nil), pack(nil)...), whole...)},
		oddity{"a second head that is none, in the middle", append(pack(src[:half]), broken...)},
		oddity{"a second head that is none, at the end", append(bytes.Clone(whole), broken...)},
		oddity{"a block of no bytes", append(bytes.Clone(whole), 0, 0, 0, 0)},
		oddity{"a block of nothing", append(bytes.Clone(whole), 0, 0, 0, 1, 0)},
		oddity{"a block of nothing in the middle", append(append(bytes.Clone(whole[:16]), 0, 0, 0, 1, 0), whole[16:]...)},
		oddity{"a block of -1 bytes", append(bytes.Clone(whole), 255, 255, 255, 255)},
	)
}

func oddLZ4(pack func([]byte) []byte, src []byte, f record.Format) (all []oddity) {
	whole := pack(src)
	add := func(name string, change func(b []byte) []byte) {
		all = append(all, oddity{name, change(bytes.Clone(whole))})
	}
	for at := 4; at < 7; at++ {
		for bit := range 8 {
			add(fmt.Sprintf("bit %d of byte %d", bit, at), func(b []byte) []byte { b[at] ^= 1 << bit; return b })
		}
	}
	end := len(whole) - 4
	add("the high bit in the end mark", func(b []byte) []byte { b[end+3] = 0x80; return b })
	add("the high bit in the end mark, and no checksum of the contents", func(b []byte) []byte { b[4], b[end+3] = b[4]|4, 0x80; return b })
	add("an end mark of its own after the head", func(b []byte) []byte { return append(append(bytes.Clone(b[:7]), 0, 0, 0, 0x80), b[7:]...) })
	add("no end mark", func(b []byte) []byte { return b[:end] })
	add("half an end mark", func(b []byte) []byte { return b[:end+2] })
	add("the high bit alone and something behind", func(b []byte) []byte { b[end+3] = 0x80; return append(b, 1, 2, 3, 4, 5) })
	for sum := range 256 {
		add("a header's checksum", func(b []byte) []byte { b[6] = byte(sum); return b })
	}
	// Blocks that are not compressed, in frames with every length of block.
	for size := byte(4); size < 8; size++ {
		b := []byte{4, 0x22, 0x4d, 0x18, 0x60, size << 4, 0}
		b[6] = lz4HeaderSum(b[4:6])
		block := src[:min(len(src), 1<<(8+2*int(size)))]
		b = binary.LittleEndian.AppendUint32(b, uint32(len(block))|1<<31)
		b = append(b, block...)
		all = append(all, oddity{fmt.Sprintf("stored, blocks of size %d", size), append(b, 0, 0, 0, 0)})
	}
	return all
}

// lz4HeaderSum is the second byte of the xxHash32 of a head of two bytes.
func lz4HeaderSum(b []byte) byte {
	h := uint32(374761393) + uint32(len(b))
	for _, c := range b {
		h += uint32(c) * 374761393
		h = (h<<11 | h>>21) * 2654435761
	}
	h = (h ^ h>>15) * 2246822519
	h = (h ^ h>>13) * 3266489917
	h ^= h >> 16
	return byte(h >> 8)
}

func oddZstd(pack func([]byte) []byte, src []byte, _ record.Format) (all []oddity) {
	whole, half := pack(src), len(src)/2
	skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'}
	add := func(name string, parts ...[]byte) { all = append(all, oddity{name, bytes.Join(parts, nil)}) }
	add("a skippable frame before", skippable, whole)
	add("a skippable frame behind", whole, skippable)
	add("a skippable frame between", pack(src[:half]), skippable, pack(src[half:]))
	for n := range 11 {
		add(fmt.Sprintf("%d bytes of a skippable frame behind", n), whole, skippable[:n])
	}
	for n := range min(60, len(whole)) {
		add(fmt.Sprintf("%d bytes of another frame behind", n), whole, whole[:n])
	}
	add("a reserved bit in the head", func() []byte { b := bytes.Clone(whole); b[4] |= 8; return b }())
	add("an unused bit in the head", func() []byte { b := bytes.Clone(whole); b[4] |= 16; return b }())
	return all
}

// TestOddRecords: records with odd lengths, offsets and times, written as no
// client would.
func TestOddRecords(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var all []oddity
	for range 3000 {
		o := oddBatch(rnd)
		all = append(all, oddity{"v2: records", o})
	}
	for _, f := range []record.Format{record.V0, record.V1} {
		for range 1500 {
			all = append(all, oddity{fmt.Sprintf("%v: messages", f), oddSet(rnd, f, false)}, oddity{fmt.Sprintf("%v: messages in a wrapper", f), oddSet(rnd, f, true)})
		}
	}
	checkOddities(t, all)
}

// often picks the first value most of the time.
func often[T any](rnd *rand.Rand, usual T, others ...T) T {
	if rnd.IntN(4) > 0 {
		return usual
	}
	return others[rnd.IntN(len(others))]
}

// oddVarint writes v with as few bytes as can be, or more, or with bits that it
// does not have room for.
func oddVarint(rnd *rand.Rand, b []byte, v int64, most int) []byte {
	u := uint64(v<<1) ^ uint64(v>>63)
	if most == 5 {
		u &= math.MaxUint32
	}
	length := often(rnd, 1, 2, 3, most, most)
	for n := 1; ; n++ {
		c := byte(u & 0x7f)
		u >>= 7
		if n == most {
			return append(b, c|often(rnd, 0, byte(rnd.IntN(128)), 0x70, 0x80))
		}
		if u == 0 && n >= length {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func oddBatch(rnd *rand.Rand) []byte {
	count := int32(1 + rnd.IntN(3))
	var records []byte
	for i := range int64(count) {
		var r []byte
		number := func(v int64) { r = oddVarint(rnd, r, v, 5) }
		data := func(nulls ...int64) {
			n := often(rnd, 2, append(nulls, 0)...)
			number(n)
			r = append(r, "value"[:max(n, 0)]...)
		}
		r = append(r, often(rnd, 0, byte(rnd.Uint32())))
		r = oddVarint(rnd, r, often(rnd, i, -1, math.MinInt64, math.MaxInt64, 1<<40), 10)
		number(often(rnd, i, -1, i+1, 5, -50, math.MinInt32, math.MaxInt32))
		data(-1, -2, math.MinInt32)
		data(-1, -2, math.MinInt32)
		headers := often(rnd, 0, 1, 2, -1)
		number(int64(headers))
		for range max(headers, 0) {
			data(often(rnd, int64(0), -1))
			data(-1, -2, math.MinInt32)
		}
		r = append(r, often(rnd, "", "", "x")...)
		records = append(oddVarint(rnd, records, int64(len(r))+often[int64](rnd, 0, 0, 0, 1, -1), 5), r...)
	}
	records = append(records, often(rnd, "", "", "", "x")...)
	return wrap(record.V2, record.None, count, often(rnd, count-1, count, 9), records)
}

// oddSet is one odd message, or some in a wrapper with a part of one behind.
func oddSet(rnd *rand.Rand, f record.Format, wrapped bool) []byte {
	message := func(offset int64, inner record.Format) []byte {
		b := binary.BigEndian.AppendUint64(nil, uint64(offset))
		b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, byte(inner), often[byte](rnd, 0, 8, 0x40))
		if inner == record.V1 {
			b = binary.BigEndian.AppendUint64(b, uint64(often[int64](rnd, 1000, -1, -7)))
		}
		for range 2 {
			n := often[int32](rnd, 2, -1, 0, -2, math.MinInt32)
			b = binary.BigEndian.AppendUint32(b, uint32(n))
			b = append(b, "value"[:max(n, 0)]...)
		}
		b = append(b, often(rnd, "", "x", "more and more")...)
		binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
		binary.BigEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:]))
		return b
	}
	if !wrapped {
		return message(7, f)
	}
	n := 1 + rnd.Int64N(3)
	var set []byte
	for i := range n {
		set = append(set, message(often(rnd, i, i, i+1, 0), often(rnd, f, f, 1-f))...)
	}
	if part := message(n, f); rnd.IntN(2) == 0 {
		set = append(set, part[:rnd.IntN(len(part))]...)
	}
	codec, err := compress.NewCodec(often(rnd, record.Gzip, record.LZ4, record.Snappy), 0)
	if err != nil {
		panic(err)
	}
	packed, err := codec.Compress(nil, set, f)
	if err != nil {
		panic(err)
	}
	return wrap(f, codec.Compression(), 0, int32(n-1), packed)
}
