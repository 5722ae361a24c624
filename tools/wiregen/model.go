package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A versions is a range of versions, both ends included; empty when min > max.
type versions struct{ min, max int }

var (
	noVersions  = versions{0, -1}
	allVersions = versions{0, math.MaxInt16}
)

func (v versions) empty() bool              { return v.min > v.max }
func (v versions) contains(w versions) bool { return w.empty() || v.min <= w.min && w.max <= v.max }

func (v versions) intersect(w versions) versions {
	r := versions{max(v.min, w.min), min(v.max, w.max)}
	if r.empty() {
		return noVersions
	}
	return r
}

// String is the range as 3, 3+ or 3-7.
func (v versions) String() string {
	switch {
	case v.empty():
		return "none"
	case v.max == math.MaxInt16:
		return fmt.Sprintf("%d+", v.min)
	case v.min == v.max:
		return strconv.Itoa(v.min)
	}
	return fmt.Sprintf("%d-%d", v.min, v.max)
}

func parseVersions(s string) (versions, error) {
	if s == "none" || s == "" {
		return noVersions, nil
	}
	first, last, ranged := strings.Cut(s, "-")
	open := strings.HasSuffix(first, "+")
	lo, err := strconv.Atoi(strings.TrimSuffix(first, "+"))
	hi := lo
	switch {
	case err == nil && ranged && !open:
		hi, err = strconv.Atoi(last)
	case open && !ranged:
		hi = math.MaxInt16
	case open:
		err = fmt.Errorf("both + and -")
	}
	if err != nil || lo < 0 || hi < lo {
		return noVersions, fmt.Errorf("versions %q: want none, 3, 3+ or 3-7", s)
	}
	return versions{lo, hi}, nil
}

// A file is what one definition file holds: an API with its request and
// response, or one data message.
type file struct {
	name     string // of the API or the message
	key      int    // -1: data
	valid    versions
	flexible versions
	messages []*message
}

// A message is a request, a response or data.
type message struct {
	name     string // MetadataRequest
	kind     string // request, response, data
	file     *file
	fields   []*field
	commons  []*common
	vectored bool // has records, so that encoding can leave them where they are
}

// A common is a struct that several fields of a message have as their type.
type common struct {
	name   string
	fields []*field
}

// A field is a field of a struct.
type field struct {
	name      string // as Kafka writes it
	typ       string // a scalar, "struct", or the name of a common struct; of the elements, for an array
	array     bool
	versions  versions
	nullable  versions
	tag       int // -1: none
	def       string
	ignorable bool
	fields    []*field // of an inline struct
	line      int      // in the definition file
}

var scalars = map[string]struct {
	goType  string
	method  string // of Reader, and Append… of wire
	minSize int
}{
	"bool":    {"bool", "Bool", 1},
	"int8":    {"int8", "Int8", 1},
	"int16":   {"int16", "Int16", 2},
	"uint16":  {"uint16", "Uint16", 2},
	"int32":   {"int32", "Int32", 4},
	"int64":   {"int64", "Int64", 8},
	"float64": {"float64", "Float64", 8},
	"uuid":    {"wire.UUID", "UUID", 16},
	"string":  {"string", "String", 1},
	"bytes":   {"[]byte", "Bytes", 1},
	"records": {"[]byte", "Bytes", 1},
}

func (f *field) isStruct() bool { _, ok := scalars[f.typ]; return !ok }

// goName is Kafka's name in Go's spelling: Id is ID, a leading Api is API.
func goName(name string) string {
	name = strings.ToUpper(name[:1]) + name[1:]
	if rest, ok := strings.CutPrefix(name, "Api"); ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z') {
		name = "API" + rest
	}
	var b strings.Builder
	for i := 0; i < len(name); {
		if word, rest := "Id", name[i:]; strings.HasPrefix(rest, word) && (len(rest) == 2 || rest[2] < 'a' || rest[2] > 'z' || rest[2] == 's' && (len(rest) == 3 || rest[3] < 'a' || rest[3] > 'z')) {
			b.WriteString("ID")
			i += 2
			continue
		}
		b.WriteByte(name[i])
		i++
	}
	return b.String()
}

// singular is the name of one element of an array field.
func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "ches"), strings.HasSuffix(name, "sses"):
		return strings.TrimSuffix(name, "es")
	case strings.HasSuffix(name, "ss"):
		return name
	}
	return strings.TrimSuffix(name, "s")
}
