package main

import (
	"fmt"
	"strconv"
)

// defaults writes SetDefaults.
func (g *generator) defaults(s *structType) {
	g.p("\n// SetDefaults sets every field to its default.")
	g.p("func (m *%s) SetDefaults() {", s.goName)
	g.p("\t*m = %s{}", s.goName)
	for _, f := range s.fields {
		if v := g.defaultOf(s, f); !isZero(v) {
			g.p("\tm.%s = %s", goName(f.name), v)
		} else if f.isStruct() && !f.array && f.nullable.empty() {
			g.p("\tm.%s.SetDefaults()", goName(f.name))
		}
	}
	g.p("}")
}

func isZero(v string) bool {
	return v == "nil" || v == `""` || v == "0" || v == "false" || v == "wire.UUID{}" || v == ""
}

// defaultOf is the expression of a field's default; empty for a struct, whose
// SetDefaults knows.
func (g *generator) defaultOf(s *structType, f *field) string {
	nullable := !f.nullable.empty()
	switch {
	case f.def == "null":
		return "nil"
	case f.array:
		if nullable {
			return g.goType(s, f) + "{}"
		}
		return "nil"
	case f.isStruct():
		if nullable {
			return "nil"
		}
		return ""
	}
	switch f.typ {
	case "string":
		if nullable {
			return fmt.Sprintf("new(%s)", strconv.Quote(f.def))
		}
		return strconv.Quote(f.def)
	case "bytes", "records":
		if nullable {
			return "[]byte{}"
		}
		return "nil"
	case "uuid":
		return "wire.UUID{}"
	case "bool":
		if f.def == "" {
			return "false"
		}
		return f.def
	}
	if f.def == "" {
		return "0"
	}
	return f.def
}

// differs is the expression for whether the field is not at its default.
func (g *generator) differs(s *structType, f *field) string {
	x := "m." + goName(f.name)
	nullable := !f.nullable.empty()
	switch {
	case f.def == "null", f.isStruct() && !f.array && nullable:
		return x + " != nil"
	case f.array, f.typ == "bytes", f.typ == "records":
		if nullable && f.tag >= 0 {
			return fmt.Sprintf("(%s == nil || len(%s) != 0)", x, x)
		}
		return fmt.Sprintf("len(%s) != 0", x)
	case f.isStruct():
		return fmt.Sprintf("!%s.isDefault()", x)
	case f.typ == "string" && nullable:
		return fmt.Sprintf("(%s == nil || *%s != %q)", x, x, f.def)
	case f.typ == "uuid":
		return x + " != (wire.UUID{})"
	}
	switch v := g.defaultOf(s, f); v {
	case "false":
		return x
	case "true":
		return "!" + x
	default:
		return x + " != " + v
	}
}

// isDefault writes the comparison with the default.
func (g *generator) isDefault(s *structType) {
	g.p("\nfunc (m *%s) isDefault() bool {", s.goName)
	for _, f := range s.fields {
		g.p("\tif %s {\n\t\treturn false\n\t}", g.differs(s, f))
	}
	if g.everFlexible() {
		g.p("\treturn m.UnknownTags.Len() == 0\n}")
	} else {
		g.p("\treturn true\n}")
	}
}
