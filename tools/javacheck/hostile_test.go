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
		if !slices.Contains(k.landmarks(), version) {
			return
		}
		f := fillers(k.name, 0)[0]
		f.tags = constant(wire.Tags{{Number: 60, Data: []byte{}}, {Number: 61, Data: []byte("tag")}})
		_, b := k.fill(t, f, version, limits{})
		for _, input := range damage(b) {
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
			if d.err != "" {
				count.add("damaged messages that both refuse")
			} else {
				count.add("damaged messages that both read")
			}
		}
	})
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

// claims overwrite lengths, counts and whatever else is there.
var claims = [][]byte{
	{0x00},
	{0x01},
	{0x7f},
	{0x80},
	{0xff},
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

// damage is what may become of the bytes of a message: cut off anywhere, with
// claims anywhere near the beginning, with bits flipped, and with more after it.
func damage(b []byte) [][]byte {
	all := [][]byte{append(bytes.Clone(b), 1, 2, 3)}
	for n := range b {
		all = append(all, b[:n])
	}
	for at := range min(len(b), 100) {
		for _, claim := range claims {
			damaged := bytes.Clone(b)
			copy(damaged[at:], claim)
			all = append(all, damaged)
		}
	}
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
