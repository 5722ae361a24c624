package javacheck

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A message that was read in one version is written in each other one: both
// sides write the same bytes, or neither writes any. The messages have one field
// that is not at its default, which shows for each what becomes of it in versions
// that lack it; and random ones have many.
func TestConvert(t *testing.T) {
	java := startJVM(t)
	count := newTally(t)
	differences := newDifferences(t, convertDifferences)
	for _, k := range kinds(t, java) {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			for a := k.versions.Min; a <= k.versions.Max; a++ {
				for _, input := range k.variants(t, a) {
					for b := k.versions.Min; b <= k.versions.Max; b++ {
						release := k.releaseOf(a, b)
						switch {
						case a == b:
						case release == "":
							count.add("pairs of versions that no release has both of")
						default:
							k.convert(t, java, differences, release, a, b, input)
							count.add("messages read in a version and written in another, with Java " + release)
						}
					}
				}
			}
		})
	}
}

// variants are messages in that version, each once.
func (k kind) variants(t *testing.T, version int16) [][]byte {
	t.Helper()
	var all [][]byte
	seen := map[string]bool{}
	add := func(b []byte, err error) {
		if err == nil && !seen[string(b)] {
			seen[string(b)] = true
			all = append(all, b)
		}
	}
	add(k.make().Append(nil, version))
	for _, path := range paths(reflect.TypeOf(k.make()).Elem()) {
		for choice := range choices {
			m := k.make()
			if path.set(reflect.ValueOf(m).Elem(), choice) {
				add(m.Append(nil, version))
			}
		}
	}
	known := limits{}
	for _, f := range fillers(k.name, 3) {
		_, b := k.fill(t, f, version, known)
		add(b, nil)
	}
	return all
}

// convert compares what both sides make of the input.
func (k kind) convert(t *testing.T, java *jvm, differences *differences, release string, a, b int16, input []byte) {
	t.Helper()
	m := k.make()
	if err := m.Decode(input, a); err != nil {
		t.Fatal(err)
	}
	d := difference{name: k.name, read: a, write: b, value: m, input: input}
	ours, err := m.Append(nil, b)
	if err == nil {
		d.ours = hex.EncodeToString(ours)
	} else {
		d.err = err.Error()
	}
	d.javas, d.thrown = k.ask(t, java, release, "Messages.convert", a, fmt.Sprint(b), hex.EncodeToString(input))
	differences.check(t, d)
}

// A path leads to a field of a message: through its fields by their indexes,
// and through the only element of each array on the way.
type path []int

// paths are those to all fields of a type, and of the structs in it.
func paths(typ reflect.Type) []path {
	var all []path
	for i := range typ.NumField() {
		all = append(all, path{i})
		if inner := structIn(typ.Field(i).Type); inner != nil {
			for _, rest := range paths(inner) {
				all = append(all, append(path{i}, rest...))
			}
		}
	}
	return all
}

// structIn is the struct that a field is, or is an array of, or may be.
func structIn(typ reflect.Type) reflect.Type {
	if typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer && typ != tagsType {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return nil
	}
	return typ
}

// choices is how many values a field may get, at most.
const choices = 3

// set gives the field a value, of several; ok is false when there is no such
// choice. v is a struct at its defaults.
func (p path) set(v reflect.Value, choice int) (ok bool) {
	field := v.Field(p[0])
	if len(p) == 1 {
		return setField(field, choice)
	}
	return p[1:].set(enter(field), choice)
}

// enter makes a struct at its defaults in the field, and returns it.
func enter(field reflect.Value) reflect.Value {
	switch field.Kind() {
	case reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
		field = field.Index(0)
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	if field.Kind() == reflect.Struct {
		setDefaults(field)
	}
	return field
}

// setField sets a field of any type: to something (0), to null (1), to what is
// empty or zero (2).
func setField(field reflect.Value, choice int) (ok bool) {
	typ := field.Type()
	switch {
	case typ == tagsType:
		field.Set(reflect.ValueOf(&wire.Tags{{Number: 60, Data: []byte("unknown")}}))
		return choice == 0
	case choice == 1:
		field.SetZero()
		return typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice
	case choice == 2 && typ.Kind() == reflect.Slice:
		field.Set(reflect.MakeSlice(typ, 0, 0))
		return true
	case typ == bytesType:
		field.SetBytes([]byte("bytes"))
		return true
	}
	inner := enter(field)
	if choice == 2 {
		return inner.Kind() != reflect.Struct || typ.Kind() == reflect.Pointer
	}
	return setScalar(inner)
}

// setScalar sets what is no default of any field.
func setScalar(v reflect.Value) (ok bool) {
	switch v.Kind() {
	case reflect.Struct: // as it is
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.String:
		v.SetString("word")
	case reflect.Array: // a UUID
		v.Index(3).SetUint(7)
	case reflect.Float64:
		v.SetFloat(7.5)
	case reflect.Uint16:
		v.SetUint(7777)
	default:
		v.SetInt(77)
	}
	return true
}

// Neither side writes a string that is too long. It gets to Java as JSON.
func TestTooLong(t *testing.T) {
	const mark = "a long word"
	count := newTally(t)
	differences := newDifferences(t, nil)
	eachVersion(t, func(t *testing.T, java *jvm, k kind, version int16) {
		f := fillers(k.name, 0)[0]
		f.text = constant(mark)
		m, _ := k.fill(t, f, version, limits{})
		template, err := m.AppendJSON(nil, version)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(template), mark) {
			return // no strings
		}
		for _, size := range []int{wire.MaxString, wire.MaxString + 1} {
			text := strings.Replace(string(template), mark, strings.Repeat("x", size), 1)
			d := difference{name: k.name, read: version, write: version}
			b, err := k.encodeJSON(text, version)
			if err == nil {
				d.ours = hex.EncodeToString(b)
			} else {
				d.err = err.Error()
			}
			d.javas, d.thrown = k.ask(t, java, k.release(version), "Messages.fromJson", version, text)
			differences.check(t, d)
			count.add(fmt.Sprintf("messages with a string of %d bytes", size))
		}
	})
}

// encodeJSON returns the bytes of a message that is given as JSON.
func (k kind) encodeJSON(text string, version int16) ([]byte, error) {
	m := k.make()
	if err := m.DecodeJSON([]byte(text), version); err != nil {
		return nil, err
	}
	return m.Append(nil, version)
}
