// Package schema has what generated code says of Kafka's messages as data, and
// what is done with it where speed does not matter: finding the field at which
// damaged bytes go wrong, and JSON.
package schema

import (
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A Message is a request, a response, or data that travels inside one.
type Message struct {
	Name     string
	Versions wire.VersionRange
	Flexible int16 // the first version with compact lengths and tagged fields; -1: none
	Fields   []Field
}

// A Field is a field of a message or of a struct in it, in the order in which
// they are written; tagged fields come after all others.
type Field struct {
	Name      string // as Kafka writes it
	Type      Type   // of an element, for an array
	Array     bool
	Versions  wire.VersionRange // that have it
	Nullable  bool              // it can be null, in versions NullFrom and later
	NullFrom  int16
	Ignorable bool // versions that lack it drop it
	Tagged    bool
	Tag       uint32
	Default   string  // empty: zero
	MinSize   int     // of an element of an array, in bytes
	Fields    []Field // of a Struct
}

// A Type is the type of a field.
type Type uint8

// The types. Records are coded as bytes are.
const (
	Bool Type = iota
	Int8
	Int16
	Uint16
	Int32
	Int64
	Float64
	UUID
	String
	Bytes
	Struct
)

// sizes are those of the types that have always the same.
var sizes = [...]int{Bool: 1, Int8: 1, Int16: 2, Uint16: 2, Int32: 4, Int64: 8, Float64: 8, UUID: len(wire.UUID{})}

// jsonName is the name in Kafka's JSON: it begins with a small letter.
func (f *Field) jsonName() string { return strings.ToLower(f.Name[:1]) + f.Name[1:] }

// canBeNull tells whether the field can be null in that version.
func (f *Field) canBeNull(version int16) bool { return f.Nullable && version >= f.NullFrom }
