package msg_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/internal/code"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func TestDefaultsRoundTrip(t *testing.T) {
	eachVersion(t, func(t *testing.T, k kind, version int16) {
		m := k.make()
		b, err := m.Append(nil, version)
		if err != nil {
			t.Fatal(err)
		}
		checkRoundTrip(t, k, version, m, b, fields{})
	})
}

func TestRoundTrip(t *testing.T) {
	seen := fields{}
	eachVersion(t, func(t *testing.T, k kind, version int16) {
		for seed := range uint64(2) {
			ways := fillers(seed)
			for _, way := range slices.Sorted(maps.Keys(ways)) {
				m, b := k.filled(t, ways[way], version)
				checkRoundTrip(t, k, version, m, b, seen)
			}
		}
	})
	for field, was := range seen {
		if was.carried && was.dropped {
			t.Errorf("%s was carried, and dropped", field)
		}
	}
}

// fields are those that were seen, and what became of them.
type fields map[fieldOf]fate

type fieldOf struct {
	typ     reflect.Type
	field   int
	version int16
}

type fate struct{ carried, dropped bool }

func (f fieldOf) String() string {
	return fmt.Sprintf("%s.%s v%d", f.typ.Name(), f.typ.Field(f.field).Name, f.version)
}

// checkRoundTrip decodes b, which m gave, into a new message and into a used
// one, and both must be m.
func checkRoundTrip(t *testing.T, k kind, version int16, m wire.Message, b []byte, seen fields) {
	t.Helper()
	used, _ := k.filled(t, fillers(9)["many"], version)
	for what, got := range map[string]wire.Message{"new": k.make(), "used": used} {
		if err := got.Decode(b, version); err != nil {
			t.Fatalf("%v, decoding %x", err, b)
		}
		again, err := got.Append(nil, version)
		if err != nil {
			t.Fatalf("%s v%d: after Decode: %v", k.name, version, err)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("%s v%d into a %s message:\n%x became\n%x", k.name, version, what, b, again)
		}
		if difference := seen.compare(version, reflect.ValueOf(m).Elem(), reflect.ValueOf(got).Elem()); difference != "" {
			t.Fatalf("%s v%d into a %s message: %s", k.name, version, what, difference)
		}
	}
}

// compare returns where got is not want. Empty is equal to nil: where they are
// not the same to the version, the bytes show it. Fields that the version does
// not have must be at their default.
func (seen fields) compare(version int16, want, got reflect.Value) string {
	switch {
	case want.Type() == reflect.TypeFor[wire.Tag]():
	case want.Kind() == reflect.Struct:
		for i := range want.NumField() {
			if difference := seen.compareField(fieldOf{want.Type(), i, version}, want.Field(i), got.Field(i)); difference != "" {
				return "." + want.Type().Field(i).Name + difference
			}
		}
		return ""
	case want.Kind() == reflect.Slice && want.Len() == 0 && got.Len() == 0:
		return ""
	case want.Type() == reflect.TypeFor[[]byte]():
	case want.Kind() == reflect.Slice && want.Len() == got.Len():
		for i := range want.Len() {
			if difference := seen.compare(version, want.Index(i), got.Index(i)); difference != "" {
				return fmt.Sprintf("[%d]%s", i, difference)
			}
		}
		return ""
	case want.Kind() == reflect.Pointer && !want.IsNil() && !got.IsNil():
		return seen.compare(version, want.Elem(), got.Elem())
	}
	if reflect.DeepEqual(want.Interface(), got.Interface()) {
		return ""
	}
	return fmt.Sprintf(": want %v, got %v", want, got)
}

func (seen fields) compareField(key fieldOf, want, got reflect.Value) string {
	initial := defaults(key.typ).Field(key.field)
	was := seen[key]
	switch {
	case equal(want, initial):
		return seen.compare(key.version, want, got)
	case equal(got, initial):
		was.dropped = true
	default:
		was.carried = true
	}
	if seen != nil {
		seen[key] = was
	}
	if was.dropped {
		return ""
	}
	return seen.compare(key.version, want, got)
}

// equal compares without taking notes.
func equal(a, b reflect.Value) bool { return fields(nil).compare(-1, a, b) == "" }

// A message that is cut off is an error, wherever that is.
func TestCutOff(t *testing.T) {
	eachVersion(t, func(t *testing.T, k kind, version int16) {
		for _, way := range []string{"empty", "one", "tags", "many"} {
			_, b := k.filled(t, fillers(2)[way], version)
			into := k.make()
			for n := 0; n < len(b); n += 1 + n/500 {
				err := into.Decode(b[:n:n], version)
				if err == nil {
					t.Fatalf("%s v%d: no error for %d of %d bytes", k.name, version, n, len(b))
				}
				checkExplained(t, err)
			}
		}
	})
}

// checkExplained wants an error that names a place. That decode and the walk
// through the schema, which are code of different kinds, agree on what is damaged
// says something about both.
func checkExplained(t testing.TB, err error) {
	t.Helper()
	e, ok := errors.AsType[*wire.DecodeError](err)
	if !ok || e.Reason == "not that message" || e.Offset > e.Size || e.Path == "" && !strings.Contains(e.Reason, "tag") && !strings.Contains(e.Reason, "varint") && !strings.Contains(e.Reason, "needs 1 bytes") {
		t.Fatalf("%#v", err)
	}
}

// Whatever is decoded, there is a value or an error, and what gave a value can
// be encoded or gives an error again.
func TestDamaged(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	eachVersion(t, func(t *testing.T, k kind, version int16) {
		into := k.make()
		for _, way := range []string{"one", "many", "tags"} {
			_, b := k.filled(t, fillers(4)[way], version)
			for range min(len(b), 50) {
				damaged := bytes.Clone(b)
				for range 1 + rnd.IntN(4) {
					damaged[rnd.IntN(len(b))] ^= 1 << rnd.IntN(8)
				}
				if err := into.Decode(damaged, version); err != nil {
					checkExplained(t, err)
				} else {
					into.Append(nil, version)
				}
			}
		}
	})
}

// hostile are lengths and counts that no small message can mean.
var hostile = [][]byte{
	{0x7f, 0xff, 0xff, 0xff},
	{0x7f, 0xff},
	{0xff, 0xff, 0xff, 0xff, 0x0f},
	{0xff, 0xff, 0x03},
	{0x00, 0x10, 0x00, 0x00},
}

// A message that claims much and holds little must not get the memory.
func TestHostileLengths(t *testing.T) {
	eachVersion(t, func(t *testing.T, k kind, version int16) {
		_, b := k.filled(t, fillers(5)["one"], version)
		inputs := [][]byte{}
		for at := range min(len(b), 200) {
			for _, claim := range hostile {
				inputs = append(inputs, append(b[:at:at], claim...))
			}
		}
		allocated := allocates(func() {
			for _, input := range inputs {
				k.make().Decode(input, version)
			}
		})
		if each := allocated / uint64(len(inputs)+1); each > 16<<10 {
			t.Errorf("%s v%d: %d bytes allocated for a message", k.name, version, each)
		}
	})
}

// What a message allocates grows with its size, and not faster.
func TestHostileFilling(t *testing.T) {
	const size, factor = 1 << 13, 64
	filling := map[string][]byte{"0": make([]byte, size), "1": bytes.Repeat([]byte{1}, size), "2": bytes.Repeat([]byte{2}, size)}
	eachVersion(t, func(t *testing.T, k kind, version int16) {
		if version != k.versions.Min && version != k.versions.Max {
			return
		}
		_, b := k.filled(t, fillers(5)["one"], version)
		for at := 0; at < min(len(b), 100); at += 1 + at/8 {
			for what, rest := range filling {
				for _, claim := range hostile[2:] {
					input := append(append(b[:at:at], claim...), rest...)
					var err error
					allocated := allocates(func() { err = k.make().Decode(input, version) })
					if allocated > factor*uint64(len(input)) {
						t.Errorf("%s v%d: %d bytes allocated for %d: %x, then %ss: %v", k.name, version, allocated, len(input), input[:at+len(claim)], what, err)
					}
				}
			}
		}
	})
}

// Arrays in arrays can't each claim the rest of the message: what the elements
// of the outer one need belongs to them.
func TestHostileNesting(t *testing.T) {
	const size = 20000
	group := []byte{1, 0, 0, 0, 0, 0} // GroupId "", MemberId null, MemberEpoch 0
	topic := []byte{1, 1, 1, 100, 0}  // Name "", no PartitionIndexes, tag 100
	input := code.AppendLen(nil, (size-3)/3, true)
	input = append(input, group...)
	input = code.AppendLen(input, (size-len(input)-3)/3, true)
	input = append(input, bytes.Repeat(topic, (size-len(input))/len(topic))...)
	var err error
	allocated := allocates(func() { err = new(msg.OffsetFetchRequest).Decode(input, 9) })
	if e, ok := errors.AsType[*wire.DecodeError](err); !ok || e.Path != "Groups[0].Topics" {
		t.Error(err)
	}
	if allocated > 32*uint64(len(input)) {
		t.Errorf("%d bytes allocated for %d", allocated, len(input))
	}
}

func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
