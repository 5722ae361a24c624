package msg_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
)

// A kind is a message with its name, for tests over all of them.
type kind struct {
	name     string
	versions wire.VersionRange
	make     func() wire.Message
}

// kinds are all requests, responses and data messages.
func kinds() []kind {
	var all []kind
	for _, key := range anymsg.Keys() {
		versions, _ := key.Versions()
		all = append(all,
			kind{key.String() + "Request", versions, func() wire.Message { m, _ := anymsg.NewRequest(key); return m }},
			kind{key.String() + "Response", versions, func() wire.Message { m, _ := anymsg.NewResponse(key); return m }})
	}
	for _, name := range anymsg.DataNames() {
		data, _ := anymsg.NewData(name)
		all = append(all, kind{name, data.Versions(), func() wire.Message { m, _ := anymsg.NewData(name); return m }})
	}
	return all
}

// eachVersion runs f for every version of every message.
func eachVersion(t *testing.T, f func(t *testing.T, k kind, version int16)) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			for version := k.versions.Min; version <= k.versions.Max; version++ {
				f(t, k, version)
			}
		})
	}
}

// A filler sets every field of a message to something.
type filler struct {
	elements func() int           // of a slice; below 0: nil
	null     func() bool          // for pointers and []byte
	number   func(bits int) int64 // the low bits of it
	text     func() string
	tags     func() *wire.Tags
}

func constant[T any](v T) func() T { return func() T { return v } }

// fillers are the ways of filling; random ones follow seed.
func fillers(seed uint64) map[string]filler {
	rnd := rand.New(rand.NewPCG(seed, seed))
	small := func(int) int64 { return 1 + rnd.Int64N(100) }
	extreme := func(bits int) int64 {
		return [...]int64{0, -1, 1, math.MaxInt64 >> (64 - bits), math.MinInt64 >> (64 - bits)}[rnd.IntN(5)]
	}
	texts := []string{"", "a", "my-topic", "zażółć gęślą jaźń", "日本語\x00𝄞", strings.Repeat("x", 127), strings.Repeat("é", 64)}
	text := func() string {
		if rnd.IntN(40) == 0 {
			return strings.Repeat("x", 1<<14)
		}
		return texts[rnd.IntN(len(texts))]
	}
	tags := wire.Tags{{Number: 60, Data: []byte{}}, {Number: 61, Data: []byte("unknown")}, {Number: 1 << 28, Data: make([]byte, 300)}}
	never, some := constant(false), func() bool { return rnd.IntN(3) == 0 }
	return map[string]filler{
		"one":     {constant(1), never, small, constant("word"), constant[*wire.Tags](nil)},
		"many":    {constant(3), never, small, func() string { return texts[rnd.IntN(4)] }, constant[*wire.Tags](nil)},
		"empty":   {constant(0), never, constant1(int64(0)), constant(""), constant[*wire.Tags](nil)},
		"null":    {constant(-1), constant(true), constant1(int64(-1)), constant(""), constant[*wire.Tags](nil)},
		"extreme": {constant(2), never, extreme, text, constant[*wire.Tags](nil)},
		"tags":    {constant(1), never, small, constant("word"), constant(&tags)},
		"random":  {func() int { return rnd.IntN(5) - 1 }, some, extreme, text, func() *wire.Tags { return first(tags, rnd.IntN(3)) }},
	}
}

func constant1[T any](v T) func(int) T { return func(int) T { return v } }

// fill sets everything that v holds.
func (f filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*wire.Tags]() {
			v.Set(reflect.ValueOf(f.tags()))
			return
		}
		if f.null() {
			v.SetZero()
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		f.fillSlice(v)
	case reflect.Array: // a UUID
		for i := range v.Len() {
			v.Index(i).SetUint(uint64(f.number(8)) & 0xff)
		}
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.number(8)&1 != 0)
	case reflect.Float64:
		v.SetFloat(float64(f.number(64)) / 8)
	case reflect.Uint16:
		v.SetUint(uint64(uint16(f.number(16))))
	default:
		v.SetInt(f.number(v.Type().Bits()))
	}
}

// first are the first n of the tags; nil for none.
func first(tags wire.Tags, n int) *wire.Tags {
	if n == 0 {
		return nil
	}
	return new(tags[:n])
}

func (f filler) fillSlice(v reflect.Value) {
	if v.Type() == reflect.TypeFor[[]byte]() {
		if f.null() {
			v.SetZero()
		} else {
			v.SetBytes([]byte(f.text()))
		}
		return
	}
	n := f.elements()
	if n < 0 {
		v.SetZero()
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		f.fill(v.Index(i))
	}
}

// filled is a message that the version can carry: fields that Append refuses are
// put back to their defaults. It returns its bytes, too.
func (k kind) filled(t testing.TB, f filler, version int16) (wire.Message, []byte) {
	t.Helper()
	m := k.make()
	f.fill(reflect.ValueOf(m).Elem())
	for range 1000 {
		b, err := m.Append(nil, version)
		if err == nil {
			return m, b
		}
		refused, ok := errors.AsType[*wire.EncodeError](err)
		if !ok || reset(reflect.ValueOf(m).Elem(), refused.Message, refused.Field) == 0 {
			t.Fatalf("%s v%d: %v", k.name, version, err)
		}
	}
	t.Fatalf("%s v%d: Append refuses ever more", k.name, version)
	return nil, nil
}

// reset puts the field back to its default in all structs of that type and
// returns how many there are.
func reset(v reflect.Value, typ, field string) (found int) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return reset(v.Elem(), typ, field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			found += reset(v.Index(i), typ, field)
		}
	case reflect.Struct:
		if v.Type().Name() == typ {
			v.FieldByName(field).Set(defaults(v.Type()).FieldByName(field))
			return 1
		}
		for i := range v.NumField() {
			found += reset(v.Field(i), typ, field)
		}
	}
	return found
}

// defaults is a struct of that type at its defaults; not to be changed.
func defaults(typ reflect.Type) reflect.Value {
	if v, ok := initial[typ]; ok {
		return v
	}
	v := reflect.New(typ)
	v.Interface().(interface{ SetDefaults() }).SetDefaults()
	initial[typ] = v.Elem()
	return v.Elem()
}

var initial = map[reflect.Type]reflect.Value{}
