package javacheck

import (
	"bytes"
	"errors"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A filler sets every field of a message to something.
type filler struct {
	name     string
	elements func() int           // of a slice; below 0: nil
	null     func() bool          // for what is a pointer or bytes
	number   func(bits int) int64 // the low bits of it
	float    func() float64
	text     func() string
	tags     func() wire.Tags // unknown ones
}

// fillers are the ways of filling: some of one kind each, and random ones, which
// differ by what, a name.
func fillers(what string, random int) []filler {
	h := fnv.New64a()
	h.Write([]byte(what))
	rnd := rand.New(rand.NewPCG(h.Sum64(), 1))
	small := func(int) int64 { return 1 + rnd.Int64N(100) }
	half := func() float64 { return float64(1+rnd.IntN(100)) + 0.5 }
	word, noTags := constant("word"), constant[wire.Tags](nil)
	zero := func(int) int64 { return 0 }
	never, some := constant(false), func() bool { return rnd.IntN(3) == 0 }
	all := []filler{
		{"one", constant(1), never, small, half, word, noTags},
		{"many", constant(3), never, small, half, func() string { return texts[rnd.IntN(len(texts))] }, noTags},
		{"empty", constant(0), never, zero, constant(0.0), constant(""), noTags},
		{"null", constant(-1), constant(true), zero, constant(0.0), constant(""), noTags},
		{"highest", constant(2), never, highest, constant(math.MaxFloat64), word, noTags},
		{"lowest", constant(2), never, lowest, constant(-math.MaxFloat64), word, noTags},
		{"long", constant(1), never, small, half, once(strings.Repeat("x", wire.MaxString), "word"), noTags},
		{"tags", constant(1), never, small, half, word, constant(someTags)},
	}
	extreme := func(bits int) int64 {
		return [...]func(int) int64{zero, highest, lowest, small, func(int) int64 { return -1 }, func(int) int64 { return int64(rnd.Uint64()) }}[rnd.IntN(6)](bits)
	}
	for range random {
		all = append(all, filler{"random", func() int { return rnd.IntN(5) - 1 }, some, extreme,
			func() float64 { return floats[rnd.IntN(len(floats))] },
			func() string { return texts[rnd.IntN(len(texts))] },
			func() wire.Tags { return someTags[:rnd.IntN(len(someTags)+1)] }})
	}
	return all
}

func constant[T any](v T) func() T { return func() T { return v } }

// once is first the one, then always the other.
func once(first, then string) func() string {
	return func() string {
		text := first
		first = then
		return text
	}
}

func highest(bits int) int64 { return math.MaxInt64 >> (64 - bits) }
func lowest(bits int) int64  { return math.MinInt64 >> (64 - bits) }

// texts have characters of one to four bytes, those that JSON escapes, and
// lengths around that from which a compact length takes two bytes.
var texts = []string{"", "a", "my-topic", "zażółć gęślą jaźń", "日本語\x00𝄞\U0010ffff", "\"\\/\b\f\n\r\t\x1f\x7f<>&\u2028\u2029\ufeff",
	strings.Repeat("x", 126), strings.Repeat("é", 64), strings.Repeat("y", 200)}

var floats = []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e7, 1e-3, 1e21, 123456789.125, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Pi}

// someTags have numbers that no schema has; Java can write no higher one.
var someTags = wire.Tags{{Number: 60, Data: []byte{}}, {Number: 61, Data: []byte("unknown")}, {Number: math.MaxInt32 - 1, Data: bytes.Repeat([]byte{7}, 300)}}

// limits are what a version does not allow in fields, as far as it is known.
type limits map[fieldName]limit

type fieldName struct{ typ, field string }

type limit struct{ notNull, absent bool }

// fill returns a message that the version can carry, with its bytes. What the
// version can't carry is found out from what Append refuses: such a field gets
// no null, and when that does not help its default. known limits of that version
// save the search, and grow.
func (k kind) fill(t *testing.T, f filler, version int16, known limits) (message, []byte) {
	t.Helper()
	for range 1000 {
		m := k.make()
		f.fill(reflect.ValueOf(m).Elem(), known)
		b, err := m.Append(nil, version)
		if err == nil {
			return m, b
		}
		refused, ok := errors.AsType[*wire.EncodeError](err)
		if !ok || refused.Field == "" {
			t.Fatal(err)
		}
		name := fieldName{refused.Message, refused.Field}
		if known[name].absent {
			t.Fatalf("refused at its default: %v", err)
		}
		known[name] = limit{notNull: true, absent: known[name].notNull}
	}
	t.Fatalf("%s v%d: Append refuses ever more", k.name, version)
	return nil, nil
}

// fill sets everything that v, a struct at its defaults, holds.
func (f filler) fill(v reflect.Value, known limits) {
	for i := range v.NumField() {
		limit := known[fieldName{v.Type().Name(), v.Type().Field(i).Name}]
		if !limit.absent {
			f.value(v.Field(i), limit.notNull, known)
		}
	}
}

func (f filler) value(v reflect.Value, notNull bool, known limits) {
	switch v.Kind() {
	case reflect.Struct:
		f.structure(v, known)
	case reflect.Pointer:
		f.pointer(v, notNull, known)
	case reflect.Slice:
		f.slice(v, notNull, known)
	case reflect.Array: // a UUID
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(f.number(8)) & 0xff)
		}
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.number(8)&1 != 0)
	case reflect.Float64:
		v.SetFloat(f.float())
	case reflect.Uint16:
		v.SetUint(uint64(uint16(f.number(16))))
	default:
		v.SetInt(f.number(v.Type().Bits()) << (64 - v.Type().Bits()) >> (64 - v.Type().Bits()))
	}
}

func (f filler) structure(v reflect.Value, known limits) {
	setDefaults(v)
	f.fill(v, known)
}

func (f filler) pointer(v reflect.Value, notNull bool, known limits) {
	if v.Type() == tagsType {
		v.SetZero()
		if tags := f.tags(); len(tags) > 0 && !notNull { // not flexible otherwise
			v.Set(reflect.ValueOf(&tags))
		}
		return
	}
	if f.null() && !notNull {
		v.SetZero()
		return
	}
	v.Set(reflect.New(v.Type().Elem()))
	f.value(v.Elem(), false, known)
}

func (f filler) slice(v reflect.Value, notNull bool, known limits) {
	if v.Type() == bytesType {
		if f.null() && !notNull {
			v.SetZero()
		} else {
			v.SetBytes([]byte(f.text()))
		}
		return
	}
	n := f.elements()
	if n < 0 && !notNull {
		v.SetZero()
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), max(n, 0), max(n, 0)))
	for i := range v.Len() {
		f.value(v.Index(i), false, known)
	}
}

var (
	tagsType  = reflect.TypeFor[*wire.Tags]()
	bytesType = reflect.TypeFor[[]byte]()
)

// setDefaults sets a struct of package msg to its defaults.
func setDefaults(v reflect.Value) {
	v.Addr().Interface().(interface{ SetDefaults() }).SetDefaults()
}

// stripTags removes the unknown tagged fields.
func stripTags(v reflect.Value) {
	eachValue(v, func(v reflect.Value) {
		if v.Type() == tagsType {
			v.SetZero()
		}
	})
}

// stripRecords empties the records, and leaves them null where they are.
func stripRecords(v reflect.Value) {
	eachValue(v, func(v reflect.Value) {
		if v.Kind() != reflect.Struct {
			return
		}
		if records := v.FieldByName("Records"); records.IsValid() && records.Type() == bytesType && !records.IsNil() {
			records.SetBytes([]byte{})
		}
	})
}

// eachValue calls f for v and for all that is in it.
func eachValue(v reflect.Value, f func(reflect.Value)) {
	f(v)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachValue(v.Elem(), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachValue(v.Index(i), f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachValue(v.Field(i), f)
		}
	}
}
