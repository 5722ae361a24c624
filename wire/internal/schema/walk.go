package schema

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/internal/code"
)

// Explain returns why the bytes are not that message: a *wire.DecodeError with
// the path of the field.
func Explain(m *Message, src []byte, version int16) error {
	w := newWalker(m, src, version)
	w.fields(m.Fields)
	if err := w.err(); err != nil {
		return err
	}
	return &wire.DecodeError{Message: m.Name, Version: version, Offset: w.r.Offset(), Size: len(src), Reason: "not that message"}
}

// AppendJSON appends the message as Kafka's own tools write it: the fields of
// that version by Kafka's names, the first letter small; bytes in base64, UUIDs
// as Kafka prints them. Tagged fields at their default are left out. Those that
// the schema does not know, which Kafka leaves out, are in _unknownTaggedFields.
func AppendJSON(dst []byte, m *Message, v wire.Message, version int16) ([]byte, error) {
	src, err := v.Append(nil, version)
	if err != nil {
		return dst, err
	}
	w := newWalker(m, src, version)
	w.quote, w.out = quote, dst
	w.fields(m.Fields)
	if err := w.err(); err != nil {
		return dst, err
	}
	return w.out, nil
}

// A walker reads a message by its schema.
type walker struct {
	r        code.Reader
	message  *Message
	version  int16
	flexible bool
	path     []step
	at       int    // where the number or length begins that is read
	need     int    // how many bytes it has, where that is known
	out      []byte // the JSON
	// quote is nil when no JSON is wanted. It is a variable so that programs that
	// use none don't link encoding/json.
	quote func(dst []byte, s string) []byte
}

// A step is a field on the way to a value, or an element of an array, whose
// name is empty.
type step struct {
	name  string
	index int
}

func newWalker(m *Message, src []byte, version int16) *walker {
	return &walker{r: code.NewReader(src, m.Name, version), message: m, version: version,
		flexible: m.Flexible >= 0 && version >= m.Flexible}
}

// err is the reader's error, with the path. The path is left as it is when
// something fails, so that it is still there.
func (w *walker) err() error {
	e, ok := errors.AsType[*wire.DecodeError](w.r.Err())
	if !ok {
		return nil
	}
	e.Path = pathString(w.path)
	if w.at+w.need > e.Size { // not a length of what can't be there
		e.Offset = w.at
		e.Reason = fmt.Sprintf("needs %d bytes, and %d are left", w.need, e.Size-w.at)
	}
	return e
}

func pathString(path []step) string {
	var b strings.Builder
	for _, s := range path {
		if s.name == "" {
			fmt.Fprintf(&b, "[%d]", s.index)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.name)
	}
	return b.String()
}

// in reads what is inside a step.
func (w *walker) in(s step, read func()) {
	w.path = append(w.path, s)
	read()
	if !w.r.Failed() {
		w.path = w.path[:len(w.path)-1]
	}
}

// text appends to the JSON.
func (w *walker) text(s string) {
	if w.quote != nil {
		w.out = append(w.out, s...)
	}
}

// key appends the name of a member, after a comma unless it is the first.
func (w *walker) key(name string) {
	if w.quote == nil {
		return
	}
	if w.out[len(w.out)-1] != '{' {
		w.out = append(w.out, ',')
	}
	w.out = append(strconv.AppendQuote(w.out, name), ':')
}

// fields reads a struct.
func (w *walker) fields(fields []Field) {
	w.text("{")
	for i := range fields {
		f := &fields[i]
		if f.Tagged || !f.Versions.Contains(w.version) {
			continue
		}
		w.field(f)
		if w.r.Failed() {
			return
		}
	}
	if w.flexible {
		w.tags(fields)
	}
	w.text("}")
}

func (w *walker) field(f *Field) {
	w.in(step{name: f.Name}, func() {
		w.key(f.jsonName())
		if f.Array {
			w.array(f)
		} else {
			w.value(f, f.canBeNull(w.version))
		}
	})
}

func (w *walker) array(f *Field) {
	var n int
	w.begin(w.lengthSize(Int32))
	if f.canBeNull(w.version) {
		n = w.r.NullableLen(w.flexible, f.MinSize)
	} else {
		n = w.r.Len(w.flexible, f.MinSize)
	}
	if n < 0 {
		w.text("null")
		return
	}
	w.text("[")
	w.r.Owe(n * f.MinSize)
	for i := range n {
		w.r.Owe(-f.MinSize)
		if i > 0 {
			w.text(",")
		}
		w.in(step{index: i}, func() { w.value(f, false) })
		if w.r.Failed() {
			return
		}
	}
	w.text("]")
}

// value reads one value of the field's type.
func (w *walker) value(f *Field, nullable bool) {
	switch f.Type {
	case Struct:
		if nullable && w.number(Int8) < 0 {
			w.text("null")
		} else if !w.r.Failed() {
			w.fields(f.Fields)
		}
	case String:
		w.string(nullable)
	case Bytes:
		w.bytes(nullable)
	default:
		w.scalar(f.Type)
	}
}

// begin remembers where a number or length begins, and its size.
func (w *walker) begin(size int) { w.at, w.need = w.r.Offset(), size }

// lengthSize is the size of a length that is of that type in versions that are
// not flexible; in the others, it varies.
func (w *walker) lengthSize(t Type) int {
	if w.flexible {
		return 0
	}
	return sizes[t]
}

// number reads a whole number.
func (w *walker) number(t Type) (v int64) {
	w.begin(sizes[t])
	switch t {
	case Int8:
		v = int64(w.r.Int8())
	case Int16:
		v = int64(w.r.Int16())
	case Uint16:
		v = int64(w.r.Uint16())
	case Int32:
		v = int64(w.r.Int32())
	case Int64:
		v = w.r.Int64()
	}
	return v
}

func (w *walker) scalar(t Type) {
	var text string
	w.begin(sizes[t])
	switch t {
	case Bool:
		text = strconv.FormatBool(w.r.Bool())
	case UUID:
		text = strconv.Quote(w.r.UUID().String())
	case Float64:
		text = floatJSON(w.r.Float64())
	default:
		text = strconv.FormatInt(w.number(t), 10)
	}
	w.text(text)
}

// floatJSON is a number with a point or an exponent, since Kafka reads no
// others; or it is in quotes, where JSON has no number.
func floatJSON(v float64) string {
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return strconv.Quote(strings.TrimPrefix(strings.Replace(s, "Inf", "Infinity", 1), "+"))
	}
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

func (w *walker) string(nullable bool) {
	w.begin(w.lengthSize(Int16))
	if !nullable {
		s := w.r.String(w.flexible)
		w.quoted(s)
		return
	}
	if s := w.r.NullableString(w.flexible); s != nil {
		w.quoted(*s)
	} else {
		w.text("null")
	}
}

func (w *walker) quoted(s string) {
	if w.quote != nil {
		w.out = w.quote(w.out, s)
	}
}

// quote appends a string as JSON has it.
func quote(dst []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string always can be
	return append(dst, quoted...)
}

func (w *walker) bytes(nullable bool) {
	var b []byte
	w.begin(w.lengthSize(Int32))
	if nullable {
		if b = w.r.NullableBytes(w.flexible); b == nil {
			w.text("null")
			return
		}
	} else {
		b = w.r.Bytes(w.flexible)
	}
	w.base64(b)
}

func (w *walker) base64(b []byte) {
	if w.quote != nil {
		w.out = append(base64.StdEncoding.AppendEncode(append(w.out, '"'), b), '"')
	}
}

// tags reads the tagged fields of a struct.
func (w *walker) tags(fields []Field) {
	var unknown *wire.Tags
	w.begin(0)
	for left := w.r.TagCount(); left > 0 && !w.r.Failed(); left-- {
		number, end := w.r.TaggedField()
		if f := tagged(fields, number, w.version); f != nil && !w.r.Failed() {
			w.field(f)
			w.r.EndOfTag(number, end)
		} else if w.quote != nil {
			unknown = w.r.UnknownTag(unknown, number, end, left)
		} else {
			w.r.Fixed(end - w.r.Offset())
		}
	}
	if unknown != nil && w.quote != nil {
		w.unknownTags(*unknown)
	}
}

// tagged finds a tagged field of that version.
func tagged(fields []Field, number uint32, version int16) *Field {
	for i := range fields {
		if f := &fields[i]; f.Tagged && f.Tag == number && f.Versions.Contains(version) {
			return f
		}
	}
	return nil
}

func (w *walker) unknownTags(tags wire.Tags) {
	w.key(unknownTags)
	w.text("[")
	for i, tag := range tags {
		if i > 0 {
			w.text(",")
		}
		w.text(`{"tag":` + strconv.FormatUint(uint64(tag.Number), 10) + `,"data":`)
		w.base64(tag.Data)
		w.text("}")
	}
	w.text("]")
}

// unknownTags is the member that holds the tagged fields which a schema does not
// know. No field of Kafka begins with an underscore.
const unknownTags = "_unknownTaggedFields"
