package main

import (
	"fmt"
	"strings"
)

// schemaTypes are the names of the scalars in package schema.
var schemaTypes = map[string]string{
	"bool": "Bool", "int8": "Int8", "int16": "Int16", "uint16": "Uint16", "int32": "Int32", "int64": "Int64",
	"float64": "Float64", "uuid": "UUID", "string": "String", "bytes": "Bytes", "records": "Bytes",
}

// schema writes what package schema needs to know of the message.
func (g *generator) schema(top *structType) {
	g.p("\nvar %s = schema.Message{Name: %q, Versions: wire.VersionRange{Min: %d, Max: %d}, Flexible: %d, Fields: %s}",
		schemaVar(top.goName), top.goName, g.file.valid.min, g.file.valid.max, g.file.firstFlexible(), fieldsVar(top.goName))
	for _, s := range g.structs {
		g.p("\nvar %s = []schema.Field{", fieldsVar(s.goName))
		for _, f := range s.fields {
			g.p("\t{%s},", g.schemaField(s, f))
		}
		g.p("}")
	}
}

func schemaVar(goName string) string { return lowerFirst(goName) + "Schema" }
func fieldsVar(goName string) string { return lowerFirst(goName) + "Fields" }

// lowerFirst makes a name of this package's own of an exported one.
func lowerFirst(name string) string {
	if rest, ok := strings.CutPrefix(name, "API"); ok {
		return "api" + rest
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// schemaField is the literal of a field, without what is zero.
func (g *generator) schemaField(s *structType, f *field) string {
	have := f.versions.intersect(s.within)
	typ := "Struct"
	if !f.isStruct() {
		typ = schemaTypes[f.typ]
	}
	parts := []string{
		fmt.Sprintf("Name: %q, Type: schema.%s", strings.ToUpper(f.name[:1])+f.name[1:], typ),
		fmt.Sprintf("Versions: wire.VersionRange{Min: %d, Max: %d}", have.min, have.max),
	}
	if f.array {
		parts = append(parts, fmt.Sprintf("Array: true, MinSize: %d", g.minElement(s, f)))
	}
	if null := f.nullable.intersect(have); !null.empty() {
		if null.max != have.max {
			panic(fmt.Sprintf("%s.%s: null in versions %s only, which a schema can't say", s.goName, f.name, f.nullable))
		}
		parts = append(parts, fmt.Sprintf("Nullable: true, NullFrom: %d", null.min))
	}
	if f.ignorable {
		parts = append(parts, "Ignorable: true")
	}
	if f.tag >= 0 {
		parts = append(parts, fmt.Sprintf("Tagged: true, Tag: %d", f.tag))
	}
	if f.def != "" {
		parts = append(parts, fmt.Sprintf("Default: %q", f.def))
	}
	if f.isStruct() {
		parts = append(parts, "Fields: "+fieldsVar(s.types[f].goName))
	}
	return strings.Join(parts, ", ")
}
