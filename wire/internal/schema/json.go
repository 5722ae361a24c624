package schema

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/internal/code"
)

// DecodeJSON reads what AppendJSON writes, and what Kafka's own tools write.
// Fields that are left out get their defaults. A name that is not in the schema
// is an error, and so is one that the version lacks, also where a message may be
// written without it: whoever writes it down means it. So is recordsSizeInBytes, which Kafka's request log has in the
// place of records: they would be lost.
func DecodeJSON(src []byte, m *Message, v wire.Message, version int16) error {
	if err := code.CheckVersion(m.Name, version, m.Versions); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.UseNumber() // an int64 does not fit into a float64
	var value any
	if err := dec.Decode(&value); err != nil {
		return fmt.Errorf("%s v%d: %w", m.Name, version, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("%s v%d: there is more after the JSON value", m.Name, version)
	}
	w := &writer{version: version, flexible: m.Flexible >= 0 && version >= m.Flexible}
	if err := w.fields(m.Fields, value); err != nil {
		return fmt.Errorf("%s v%d: %s%w", m.Name, version, w.where(), err)
	}
	return v.Decode(w.out, version)
}

// A writer makes a message of JSON values.
type writer struct {
	version  int16
	flexible bool
	path     []step // left as it is by an error
	out      []byte
}

// where is the path, for errors.
func (w *writer) where() string {
	if len(w.path) == 0 {
		return ""
	}
	return pathString(w.path) + ": "
}

// in writes what is inside a step.
func (w *writer) in(s step, write func() error) error {
	w.path = append(w.path, s)
	if err := write(); err != nil {
		return err
	}
	w.path = w.path[:len(w.path)-1]
	return nil
}

// fields writes a struct.
func (w *writer) fields(fields []Field, value any) error {
	object, ok := value.(map[string]any)
	if !ok {
		return wrongType("an object", value)
	}
	if err := w.checkNames(fields, object); err != nil {
		return err
	}
	for i := range fields {
		f := &fields[i]
		if f.Tagged || !f.Versions.Contains(w.version) {
			continue
		}
		if err := w.member(f, object); err != nil {
			return err
		}
	}
	if !w.flexible {
		return nil
	}
	return w.tags(fields, object)
}

// checkNames refuses members that would be lost.
func (w *writer) checkNames(fields []Field, object map[string]any) error {
	for name := range object {
		if name == unknownTags {
			if !w.flexible {
				return fmt.Errorf("%s: this version has no tagged fields", name)
			}
			continue
		}
		i := slices.IndexFunc(fields, func(f Field) bool { return f.jsonName() == name })
		switch {
		case i < 0:
			return fmt.Errorf("no field %q here", name)
		case !fields[i].Versions.Contains(w.version):
			return fmt.Errorf("this version has no field %q; versions %s have", name, fields[i].Versions)
		}
	}
	return nil
}

// member writes a field, or its default where it is left out.
func (w *writer) member(f *Field, object map[string]any) error {
	return w.in(step{name: f.jsonName()}, func() error {
		value, ok := object[f.jsonName()]
		if !ok {
			return w.value(f, f.defaultValue(w.version))
		}
		return w.value(f, value)
	})
}

// defaultValue is the default as JSON has it.
func (f *Field) defaultValue(version int16) any {
	switch {
	case f.Default == "null" && f.canBeNull(version), f.Type == Struct && !f.Array && f.canBeNull(version):
		return nil
	case f.Array:
		return []any{}
	case f.Type == Struct:
		return map[string]any{}
	case f.Type == Bool:
		return f.Default == "true"
	case f.Type == String && f.Default == "null":
		return ""
	case f.Type == String:
		return f.Default
	case f.Type == Bytes:
		return ""
	case f.Type == UUID:
		return wire.UUID{}.String()
	case f.Default == "":
		return json.Number("0")
	}
	return json.Number(f.Default)
}

func (w *writer) value(f *Field, value any) error {
	if f.Array {
		return w.array(f, value)
	}
	return w.single(f, value, f.canBeNull(w.version))
}

func (w *writer) array(f *Field, value any) error {
	if value == nil && f.canBeNull(w.version) {
		w.out = code.AppendNullableLen(w.out, 0, true, w.flexible)
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		return wrongType("an array", value)
	}
	w.out = code.AppendLen(w.out, len(list), w.flexible)
	for i, element := range list {
		err := w.in(step{index: i}, func() error { return w.single(f, element, false) })
		if err != nil {
			return err
		}
	}
	return nil
}

// single writes one value of the field's type.
func (w *writer) single(f *Field, value any, nullable bool) error {
	if value == nil && nullable {
		w.null(f.Type)
		return nil
	}
	switch f.Type {
	case Struct:
		if nullable {
			w.out = code.AppendInt8(w.out, 1)
		}
		return w.fields(f.Fields, value)
	case Bool:
		b, ok := value.(bool)
		if !ok {
			return wrongType("true or false", value)
		}
		w.out = code.AppendBool(w.out, b)
		return nil
	case String, Bytes, UUID:
		s, ok := value.(string)
		if !ok {
			return wrongType("a string", value)
		}
		return w.text(f.Type, s)
	case Float64:
		return w.float(value)
	}
	return w.number(f.Type, value)
}

func (w *writer) null(t Type) {
	switch t {
	case Struct:
		w.out = code.AppendInt8(w.out, -1)
	case String:
		w.out = code.AppendNullableString(w.out, nil, w.flexible)
	default:
		w.out = code.AppendNullableBytes(w.out, nil, w.flexible)
	}
}

// text writes what is a string in JSON.
func (w *writer) text(t Type, s string) error {
	switch t {
	case Bytes:
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return fmt.Errorf("want base64: %w", err)
		}
		w.out = code.AppendBytes(w.out, b, w.flexible)
	case UUID:
		u, err := wire.ParseUUID(s)
		if err != nil {
			return err
		}
		w.out = code.AppendUUID(w.out, u)
	default:
		if len(s) > wire.MaxString {
			return fmt.Errorf("%d bytes, and a string has at most %d", len(s), wire.MaxString)
		}
		w.out = code.AppendString(w.out, s, w.flexible)
	}
	return nil
}

func (w *writer) float(value any) error {
	text, ok := value.(json.Number)
	if s, quoted := value.(string); quoted { // JSON has no infinity
		text, ok = json.Number(s), true
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if !ok || err != nil {
		return wrongType("a number", value)
	}
	w.out = code.AppendFloat64(w.out, v)
	return nil
}

// number writes a whole number; a schema's default may be hexadecimal.
func (w *writer) number(t Type, value any) error {
	text, ok := value.(json.Number)
	if !ok {
		return wrongType("a number", value)
	}
	v, err := strconv.ParseInt(string(text), 0, 64)
	bits := 8 * sizes[t]
	least, most := int64(-1)<<(bits-1), int64(math.MaxInt64)>>(64-bits)
	if t == Uint16 {
		least, most = 0, math.MaxUint16
	}
	if err != nil || v < least || v > most {
		return fmt.Errorf("want a whole number from %d to %d, not %s", least, most, text)
	}
	switch t {
	case Int8:
		w.out = code.AppendInt8(w.out, int8(v))
	case Int16, Uint16:
		w.out = code.AppendInt16(w.out, int16(v))
	case Int32:
		w.out = code.AppendInt32(w.out, int32(v))
	default:
		w.out = code.AppendInt64(w.out, v)
	}
	return nil
}

// tags writes the tag section of a struct: the tagged fields that are there.
func (w *writer) tags(fields []Field, object map[string]any) error {
	tags, err := readTags(object)
	if err != nil {
		return err
	}
	outer := w.out
	for i := range fields {
		f := &fields[i]
		if _, there := object[f.jsonName()]; !f.Tagged || !there || !f.Versions.Contains(w.version) {
			continue
		}
		w.out = nil
		if err := w.member(f, object); err != nil {
			return err
		}
		tags = append(tags, wire.Tag{Number: f.Tag, Data: w.out})
	}
	slices.SortStableFunc(tags, func(a, b wire.Tag) int { return cmp.Compare(a.Number, b.Number) })
	w.out, err = code.AppendTagSection(outer, &tags)
	return err
}

// readTags reads the tagged fields that the schema does not know.
func readTags(object map[string]any) (tags wire.Tags, err error) {
	value, ok := object[unknownTags]
	if !ok {
		return nil, nil
	}
	text, err := json.Marshal(value) // to read it again as what it should be
	if err != nil {
		return nil, err
	}
	var list []struct {
		Tag  uint32
		Data []byte
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", unknownTags, err)
	}
	for _, tag := range list {
		tags = append(tags, wire.Tag{Number: tag.Tag, Data: tag.Data})
	}
	return tags, nil
}

// wrongType says what is there.
func wrongType(want string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	const most = 40
	got := string(text)
	if len(got) > most {
		got = strings.ToValidUTF8(got[:most], "") + "…"
	}
	return fmt.Errorf("want %s, not %s", want, got)
}
