package main

import (
	"fmt"
	"math"
	"strings"
)

// decoder writes the method decode of a struct.
func (g *generator) decoder(s *structType) {
	var body generator
	body.file, body.msg, body.slabs = g.file, g.msg, g.slabs
	for _, f := range s.fields {
		if f.tag >= 0 {
			continue
		}
		c := condition(f.versions, s.within)
		if c == "" {
			body.decodeField(s, f, s.within)
			continue
		}
		body.p("\tif %s {", c)
		body.decodeField(s, f, s.within)
		body.p("\t} else {")
		body.decodeDefault(s, f)
		body.p("\t}")
	}
	body.decodeTags(s)
	g.p("\nfunc (m *%s) decode(r *%s, version int16) {", s.goName, g.reader())
	g.declareFlexible(body.String())
	g.Write(body.Bytes())
	g.p("}")
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
		g.p("\t%s = r.NullableInt32s(%s, %s)", x, x, g.flexible())
		g.refuseNull(f, have, x)
	case f.array && f.typ == "int32":
		g.p("\t%s = r.Int32s(%s, %s)", x, x, g.flexible())
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
		g.p("\t%s = r.%s.Resize(%s, n, r.Remaining()/%d)", x, slab, x, g.minElement(s, f))
	} else {
		g.p("\t%s = wire.Resize(%s, n)", x, x)
	}
	if f.isStruct() {
		g.p("\tfor i := range %s {\n\t\tif %s[i].decode(r, version); r.Failed() {\n\t\t\treturn\n\t\t}\n\t}", x, x)
		return
	}
	g.p("\tfor i := range %s {\n\t\t%s[i] = %s\n\t}", x, x, g.readScalar(s, f))
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
	g.p("\tm.UnknownTags = nil")
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
		return "wire.Reader"
	}
	return lowerFirst(goName(g.msg.name)) + "Reader"
}

// declareReader writes that type.
func (g *generator) declareReader() {
	if len(g.slabs) == 0 {
		return
	}
	g.p("\n// %s has the memory of the small arrays, too.\ntype %s struct {\n\twire.Reader", g.reader(), g.reader())
	for _, s := range g.structs {
		if slab, ok := g.slabs[s]; ok {
			g.p("\t%s wire.Slab[%s]", slab, s.goName)
		}
	}
	g.p("}")
}
