package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// decoder writes the method decode of a struct.
func (g *generator) decoder(s *structType) {
	var body generator
	body.file, body.msg, body.slabs = g.file, g.msg, g.slabs
	for fields := s.untagged(); len(fields) > 0; {
		run := fixedRun(fields, s.within)
		fields = fields[len(run):]
		c := condition(run[0].versions, s.within)
		if c != "" {
			body.p("\tif %s {", c)
		}
		if len(run) > 1 {
			body.decodeRun(s, run)
		} else {
			body.decodeField(s, run[0], s.within)
		}
		if c != "" {
			body.p("\t} else {")
			for _, f := range run {
				body.decodeDefault(s, f)
			}
			body.p("\t}")
		}
	}
	body.decodeTags(s)
	g.p("\nfunc (m *%s) decode(r *%s, version int16) {", s.goName, g.reader())
	g.declareFlexible(body.String())
	g.Write(body.Bytes())
	g.p("}")
}

// untagged returns the fields without a tag.
func (s *structType) untagged() (fields []*field) {
	for _, f := range s.fields {
		if f.tag < 0 {
			fields = append(fields, f)
		}
	}
	return fields
}

// fixedRun is the first of the fields, and those after it that can be read
// together with it, as all are of fixed sizes and in the same versions.
func fixedRun(fields []*field, within versions) []*field {
	fixed := func(f *field) bool { return !f.array && (loads[f.typ] != "" || f.typ == "uuid") }
	n := 1
	for fixed(fields[0]) && n < len(fields) && fixed(fields[n]) && fields[n].versions.intersect(within) == fields[0].versions.intersect(within) {
		n++
	}
	return fields[:n]
}

// loads are the expressions for a value at an offset of the bytes b.
var loads = map[string]string{
	"bool":    "b[%d] != 0",
	"int8":    "int8(b[%d])",
	"int16":   "int16(binary.BigEndian.Uint16(b[%d:]))",
	"uint16":  "binary.BigEndian.Uint16(b[%d:])",
	"int32":   "int32(binary.BigEndian.Uint32(b[%d:]))",
	"int64":   "int64(binary.BigEndian.Uint64(b[%d:]))",
	"float64": "math.Float64frombits(binary.BigEndian.Uint64(b[%d:]))",
	"uuid":    "wire.UUID(b[%d:])",
}

// decodeRun reads fields of fixed sizes with one check that they are there.
func (g *generator) decodeRun(s *structType, run []*field) {
	size := 0
	for _, f := range run {
		size += scalars[f.typ].minSize
	}
	g.p("\tif b := r.Fixed(%d); len(b) == %d {", size, size)
	at := 0
	for _, f := range run {
		load := fmt.Sprintf(loads[f.typ], at)
		if t := g.goType(s, f); t == "wire.ErrorCode" {
			load = t + strings.TrimPrefix(load, "int16")
		}
		g.p("\t\tm.%s = %s", goName(f.name), load)
		at += scalars[f.typ].minSize
	}
	g.p("\t}")
}

// decodeDefault sets a field that the version lacks.
func (g *generator) decodeDefault(s *structType, f *field) {
	if v := g.defaultOf(s, f); v != "" {
		g.p("\tm.%s = %s", goName(f.name), v)
	} else {
		g.p("\tm.%s.SetDefaults()", goName(f.name))
	}
}

// decodeField reads a field that the version has.
func (g *generator) decodeField(s *structType, f *field, within versions) {
	name := goName(f.name)
	x := "m." + name
	have := f.versions.intersect(within)
	sometimesNull := !f.nullable.intersect(have).empty()
	switch {
	case f.array && f.typ == "int32" && sometimesNull:
		g.p("\tr.NullableInt32s(&%s, %s)", x, g.flexible())
		g.refuseNull(f, have, x)
	case f.array && f.typ == "int32":
		g.p("\tr.Int32s(&%s, %s)", x, g.flexible())
	case f.array && sometimesNull:
		g.p("\tif n := r.NullableLen(%s, %d); n < 0 {\n\t\t%s = nil", g.flexible(), g.minElement(s, f), x)
		g.refuseNull(f, have, "")
		g.p("\t} else {")
		g.decodeElements(s, f, x)
		g.p("\t}")
	case f.array:
		g.p("\t{\n\tn := r.Len(%s, %d)", g.flexible(), g.minElement(s, f))
		g.decodeElements(s, f, x)
		g.p("\t}")
	case f.isStruct() && !f.nullable.empty():
		g.p("\tif r.Int8() < 0 {\n\t\t%s = nil\n\t} else {", x)
		g.p("\t\tif %s == nil {\n\t\t\t%s = new(%s)\n\t\t}", x, x, s.types[f].goName)
		g.p("\t\t%s.decode(r, version)\n\t}", x)
	case f.isStruct():
		g.p("\t%s.decode(r, version)", x)
	case f.typ == "string" && !f.nullable.empty():
		g.p("\t%s = r.NullableString(%s)", x, g.flexible())
		g.refuseNull(f, have, x)
	case (f.typ == "bytes" || f.typ == "records") && sometimesNull:
		g.p("\t%s = r.NullableBytes(%s)", x, g.flexible())
		g.refuseNull(f, have, x)
	default:
		g.p("\t%s = %s", x, g.readScalar(s, f))
	}
}

// refuseNull makes an error of null in the versions that have the field but not
// null. Within code that is only reached by null, x is empty.
func (g *generator) refuseNull(f *field, have versions, x string) {
	missing := negated(f.nullable, have)
	if missing == "false" {
		return
	}
	test := missing
	if x != "" {
		test = and(x+" == nil", missing)
	}
	g.p("\tif %s {\n\t\tr.Fail(\"null\")\n\t}", test)
}

// decodeElements reads n elements of an array.
func (g *generator) decodeElements(s *structType, f *field, x string) {
	if slab, ok := g.slabs[s.types[f]]; ok && f.isStruct() {
		g.p("\t%s = r.%s.Resize(&r.Reader, %s, n, %d)", x, slab, x, g.minElement(s, f))
	} else {
		g.p("\t%s = code.Resize(%s, n)", x, x)
	}
	if f.isStruct() {
		owe, owed := "", ""
		if s.types[f].claims() {
			owe = fmt.Sprintf("\tr.Owe(n * %d)\n", g.minElement(s, f))
			owed = fmt.Sprintf("\t\tr.Owe(-%d)\n", g.minElement(s, f))
		}
		g.p("%s\tfor i := range %s {\n%s\t\tif %s[i].decode(r, version); r.Failed() {\n\t\t\treturn\n\t\t}\n\t}", owe, x, owed, x)
		return
	}
	g.p("\tfor i := range %s {\n\t\t%s[i] = %s\n\t}", x, x, g.readScalar(s, f))
}

// claims tells whether there are arrays inside that take more memory than bytes
// of the message. Those of int32 don't.
func (s *structType) claims() bool {
	return slices.ContainsFunc(s.fields, func(f *field) bool {
		return f.array && f.typ != "int32" || f.isStruct() && s.types[f].claims()
	})
}

func (g *generator) readScalar(s *structType, f *field) string {
	method := scalars[f.typ].method
	switch {
	case f.typ == "string", f.typ == "bytes", f.typ == "records":
		return fmt.Sprintf("r.%s(%s)", method, g.flexible())
	case f.typ == "int16" && g.goType(s, &field{name: f.name, typ: f.typ}) == "wire.ErrorCode":
		return "wire.ErrorCode(r.Int16())"
	}
	return fmt.Sprintf("r.%s()", method)
}

// minElement is the smallest size of an array's element, over the versions that
// have the array. Reader refuses lengths that so small elements could not fill.
func (g *generator) minElement(s *structType, f *field) int {
	have := f.versions.intersect(s.within)
	smallest := math.MaxInt
	for version := have.min; version <= have.max; version++ {
		smallest = min(smallest, g.minValue(s, f, version))
	}
	return max(smallest, 1)
}

// minValue is the smallest size of one value of the field's type.
func (g *generator) minValue(s *structType, f *field, version int) int {
	flexible := g.everFlexible() && version >= g.file.firstFlexible()
	switch {
	case f.isStruct():
		return g.minStruct(s.types[f], version, flexible)
	case flexible: // lengths are varints
		return scalars[f.typ].minSize
	case f.typ == "string":
		return 2
	case f.typ == "bytes" || f.typ == "records":
		return 4
	}
	return scalars[f.typ].minSize
}

// minStruct is the smallest size of a struct.
func (g *generator) minStruct(s *structType, version int, flexible bool) int {
	size := 0
	if flexible {
		size = 1 // the tag section
	}
	for _, f := range s.fields {
		switch {
		case f.tag >= 0 || !f.versions.contains(versions{version, version}):
		case f.array && !flexible:
			size += 4
		case f.array, f.isStruct() && !f.nullable.empty():
			size++
		default:
			size += g.minValue(s, f, version)
		}
	}
	return size
}

// decodeTags reads the tag section.
func (g *generator) decodeTags(s *structType) {
	if !g.everFlexible() {
		return
	}
	g.p("\tif m.UnknownTags != nil {\n\t\tm.UnknownTags = nil\n\t}")
	for _, f := range s.tagged() {
		g.decodeDefault(s, f)
	}
	g.under(and(g.flexible(), "!r.NoTags()"), func() {
		if len(s.tagged()) == 0 {
			g.p("\tm.UnknownTags = r.UnknownTags()")
			return
		}
		g.decodeKnownTags(s)
	})
}

func (g *generator) decodeKnownTags(s *structType) {
	within := g.flexibleWithin(s)
	g.p("\tfor left := r.TagCount(); left > 0 && !r.Failed(); left-- {")
	g.p("\t\tnumber, end := r.TaggedField()\n\t\tswitch {")
	for _, f := range s.tagged() {
		g.p("\t\tcase %s:", and(fmt.Sprintf("number == %d", f.tag), condition(f.versions, within)))
		g.decodeField(s, f, within)
	}
	g.p("\t\tdefault:\n\t\t\tm.UnknownTags = r.UnknownTag(m.UnknownTags, number, end, left)\n\t\t}")
	g.p("\t\tr.EndOfTag(number, end)\n\t}")
}

// slabbed finds the structs that are in arrays of structs that are in arrays
// themselves: there are many small ones of them.
func (g *generator) slabbed(s *structType, inArray bool) {
	for _, f := range s.fields {
		inner := s.types[f]
		if inner == nil {
			continue
		}
		if f.array && inArray {
			g.slabs[inner] = lowerFirst(strings.TrimPrefix(inner.goName, goName(g.msg.name)) + "s")
		}
		g.slabbed(inner, inArray || f.array)
	}
}

// reader is the type that decode reads from: wire's, or one of the message's own
// that has the slabs, too.
func (g *generator) reader() string {
	if len(g.slabs) == 0 {
		return "code.Reader"
	}
	return lowerFirst(goName(g.msg.name)) + "Reader"
}

// declareReader writes that type.
func (g *generator) declareReader() {
	if len(g.slabs) == 0 {
		return
	}
	g.p("\n// %s has the memory of the small arrays, too.\ntype %s struct {\n\tcode.Reader", g.reader(), g.reader())
	for _, s := range g.structs {
		if slab, ok := g.slabs[s]; ok {
			g.p("\t%s code.Slab[%s]", slab, s.goName)
		}
	}
	g.p("}")
}
