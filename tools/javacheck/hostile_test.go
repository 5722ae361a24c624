package javacheck

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// Damaged bytes: both sides refuse them, or both read the same. That is seen
// from what they write again.
func TestHostile(t *testing.T) {
	count := newTally(t)
	differences := newDifferences(t, hostileDifferences)
	eachVersion(t, func(t *testing.T, java *jvm, k kind, version int16) {
		for _, input := range k.hostile(t, version) {
			d := difference{name: k.name, read: version, write: version, input: input}
			m := k.make()
			d.value = m
			if err := m.Decode(input, version); err != nil {
				d.err = err.Error()
			} else if again, err := m.Append(nil, version); err != nil {
				d.ours = "unwritable"
			} else {
				d.ours = hex.EncodeToString(again)
			}
			d.javas, d.thrown = k.ask(t, java, k.release(version), "Messages.examine", version, hex.EncodeToString(input))
			differences.check(t, d)
			switch {
			case !d.same(): // among the exceptions
			case d.err != "":
				count.add("damaged messages that both refuse")
			default:
				count.add("damaged messages of which both read the same")
			}
		}
	})
}

// hostile are damaged messages: with nulls in every version, since it depends on
// the version which fields may be null; and with all else in some.
func (k kind) hostile(t *testing.T, version int16) [][]byte {
	t.Helper()
	known := limits{}
	var inputs [][]byte
	for elements := range 2 {
		f := fillers(k.name, 0)[0]
		f.elements, f.text = constant(elements), constant("") // a null is as long as what is empty
		_, b := k.fill(t, f, version, known)
		inputs = append(inputs, overwrite(b, nulls)...)
	}
	if slices.Contains(k.landmarks(), version) {
		f := fillers(k.name, 0)[0]
		f.tags = constant(wire.Tags{{Number: 60, Data: []byte{}}, {Number: 61, Data: []byte("tag")}})
		_, b := k.fill(t, f, version, known)
		inputs = append(inputs, damage(b)...)
	}
	return inputs
}

// landmarks are the first and the last version, and those where the format
// changes.
func (k kind) landmarks() []int16 {
	marks := []int16{k.versions.Min, k.versions.Max}
	if m, ok := k.make().(interface{ APIKey() wire.APIKey }); ok {
		first := m.APIKey().FirstFlexible()
		marks = append(marks, first-1, first)
	}
	return marks
}

// nulls are lengths and counts of what is null.
var nulls = [][]byte{{0x00}, {0xff}, {0xff, 0xff}, {0xff, 0xff, 0xff, 0xff}}

// claims are other lengths and counts.
var claims = [][]byte{
	{0x01},
	{0x7f},
	{0x80},
	{0x7f, 0xff},
	{0x80, 0x00},
	{0xff, 0xfe},
	{0xff, 0x7f},
	{0x00, 0x00, 0x10, 0x00},
	{0x7f, 0xff, 0xff, 0xff},
	{0x80, 0x00, 0x00, 0x00},
	{0xff, 0xff, 0xff, 0xfe},
	{0xff, 0xff, 0xff, 0xff, 0x07},
	{0xff, 0xff, 0xff, 0xff, 0x0f},
	{0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
}

// overwrite puts each of the claims over the bytes, anywhere near the beginning.
func overwrite(b []byte, claims [][]byte) [][]byte {
	var all [][]byte
	for at := range min(len(b), 100) {
		for _, claim := range claims {
			damaged := bytes.Clone(b)
			copy(damaged[at:], claim)
			all = append(all, damaged)
		}
	}
	return all
}

// damage is what may become of the bytes of a message: something else anywhere
// near the beginning, cut off anywhere, with more after it, and with bits flipped.
func damage(b []byte) [][]byte {
	all := slices.Concat(overwrite(b, nulls), overwrite(b, claims))
	for n := range b {
		all = append(all, b[:n])
	}
	all = append(all, append(bytes.Clone(b), 1, 2, 3))
	rnd := rand.New(rand.NewPCG(uint64(len(b)), 7))
	for range min(len(b), 50) {
		damaged := bytes.Clone(b)
		for range 1 + rnd.IntN(3) {
			damaged[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
		}
		all = append(all, damaged)
	}
	return all
}
