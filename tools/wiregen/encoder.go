package main

import (
	"fmt"
	"slices"
	"strings"
)

// encoder writes the method append of a struct.
func (g *generator) encoder(s *structType) {
	params := "dst []byte, version int16"
	if s.vectored {
		params += ", cuts *code.Cuts"
	}
	var body generator
	body.file, body.msg = g.file, g.msg
	body.guards(s)
	for _, f := range s.fields {
		if f.tag < 0 {
			body.under(condition(f.versions, s.within), func() { body.encodeField(s, f, s.within) })
		}
	}
	body.encodeTags(s)
	g.p("\nfunc (m *%s) append(%s) ([]byte, error) {", s.goName, params)
	if strings.Contains(body.String(), "err = ") {
		g.p("\tvar err error")
	}
	g.declareFlexible(body.String())
	g.Write(body.Bytes())
	g.p("\treturn dst, nil\n}")
}

// declareFlexible declares the variable where the code uses it.
func (g *generator) declareFlexible(code string) {
	if strings.Contains(code, "flexible") {
		g.p("\tflexible := version >= %d", g.file.firstFlexible())
	}
}

// under writes code under a condition, if there is one.
func (g *generator) under(condition string, code func()) {
	if condition == "" {
		code()
		return
	}
	g.p("\tif %s {", condition)
	code()
	g.p("\t}")
}

// guards refuses what the version can't carry.
func (g *generator) guards(s *structType) {
	for _, f := range s.fields {
		name := goName(f.name)
		if missing := negated(f.versions, s.within); missing != "false" && !f.ignorable {
			g.p("\tif %s && %s {\n\t\treturn dst, code.ErrorNotInVersion(%q, version, %q)\n\t}", missing, g.differs(s, f), s.goName, name)
		}
		if (f.array || f.typ == "string") && !f.nullable.empty() {
			have := f.versions.intersect(s.within)
			if missing := negated(f.nullable, have); missing != "false" {
				g.p("\tif m.%s == nil && %s {\n\t\treturn dst, code.ErrorNull(%q, version, %q)\n\t}", name, and(condition(have, s.within), missing), s.goName, name)
			}
		}
		if f.typ == "string" && !f.array {
			g.tooLong(s, f, "m."+name)
		}
	}
	if g.everFlexible() && g.flexible() != "true" {
		g.p("\tif !flexible && m.UnknownTags.Len() > 0 {\n\t\treturn dst, code.ErrorNotInVersion(%q, version, \"UnknownTags\")\n\t}", s.goName)
	}
}

// tooLong refuses a string that is too long.
func (g *generator) tooLong(s *structType, f *field, x string) {
	test := fmt.Sprintf("len(%s) > wire.MaxString", x)
	if !f.array && !f.nullable.empty() {
		test, x = fmt.Sprintf("%s != nil && len(*%s) > wire.MaxString", x, x), "*"+x
	}
	if c := condition(f.versions, s.within); c != "" && !f.array {
		test = c + " && " + test
	}
	g.p("\tif %s {\n\t\treturn dst, code.ErrorTooLong(%q, version, %q, len(%s))\n\t}", test, s.goName, goName(f.name), x)
}

func and(conditions ...string) string {
	return strings.Join(slices.DeleteFunc(conditions, func(c string) bool { return c == "" || c == "true" }), " && ")
}

// null is the expression for whether a slice goes out as null; empty when it
// never does.
func null(f *field, within versions) string {
	have := f.versions.intersect(within)
	switch c := condition(f.nullable, have); {
	case f.nullable.intersect(have).empty():
		return ""
	case c == "":
		return fmt.Sprintf("m.%s == nil", goName(f.name))
	default:
		return fmt.Sprintf("m.%s == nil && %s", goName(f.name), c)
	}
}

// encodeField appends a field that the version has.
func (g *generator) encodeField(s *structType, f *field, within versions) {
	x := "m." + goName(f.name)
	flexible := g.flexible()
	isNull := null(f, within)
	switch {
	case f.array:
		g.encodeLen(x, isNull)
		g.p("\tfor i := range %s {", x)
		g.encodeElement(s, f, x+"[i]")
		g.p("\t}")
	case f.isStruct() && !f.nullable.empty():
		g.p("\tif %s == nil {\n\t\tdst = code.AppendInt8(dst, -1)\n\t} else {\n\t\tdst = code.AppendInt8(dst, 1)", x)
		g.encodeElement(s, f, x)
		g.p("\t}")
	case f.isStruct():
		g.encodeElement(s, f, x)
	case f.typ == "string" && !f.nullable.empty():
		g.p("\tdst = code.AppendNullableString(dst, %s, %s)", x, flexible)
	case f.typ == "records":
		g.p("\tdst = cuts.Records(dst, %s, %v, %s)", x, isNull != "", flexible)
	case f.typ == "bytes" && isNull == x+" == nil":
		g.p("\tdst = code.AppendNullableBytes(dst, %s, %s)", x, flexible)
	case f.typ == "bytes" && isNull != "":
		g.encodeLen(x, isNull)
		g.p("\tdst = append(dst, %s...)", x)
	default:
		g.encodeElement(s, f, x)
	}
}

func (g *generator) encodeLen(x, isNull string) {
	if isNull == "" {
		g.p("\tdst = code.AppendLen(dst, len(%s), %s)", x, g.flexible())
	} else {
		g.p("\tdst = code.AppendNullableLen(dst, len(%s), %s, %s)", x, isNull, g.flexible())
	}
}

// encodeElement appends one value that is not null.
func (g *generator) encodeElement(s *structType, f *field, x string) {
	switch {
	case f.isStruct():
		cuts := ""
		if s.types[f].vectored {
			cuts = ", cuts"
		}
		g.p("\tif dst, err = %s.append(dst, version%s); err != nil {\n\t\treturn dst, err\n\t}", x, cuts)
	case f.typ == "string":
		if f.array {
			g.tooLong(s, f, x)
		}
		g.p("\tdst = code.AppendString(dst, %s, %s)", x, g.flexible())
	case f.typ == "bytes":
		g.p("\tdst = code.AppendBytes(dst, %s, %s)", x, g.flexible())
	case g.goType(s, f) == "wire.ErrorCode":
		g.p("\tdst = code.AppendInt16(dst, int16(%s))", x)
	default:
		g.p("\tdst = code.Append%s(dst, %s)", scalars[f.typ].method, x)
	}
}

// tagged returns the fields with a tag, by ascending tag.
func (s *structType) tagged() []*field {
	var tagged []*field
	for _, f := range s.fields {
		if f.tag >= 0 {
			tagged = append(tagged, f)
		}
	}
	slices.SortFunc(tagged, func(a, b *field) int { return a.tag - b.tag })
	return tagged
}

// flexibleWithin are the flexible versions in which the struct occurs.
func (g *generator) flexibleWithin(s *structType) versions {
	return versions{g.file.firstFlexible(), g.file.valid.max}.intersect(s.within)
}

// encodeTags appends the tag section.
func (g *generator) encodeTags(s *structType) {
	if !g.everFlexible() {
		return
	}
	condition := g.flexible()
	if condition == "true" {
		condition = ""
	}
	g.under(condition, func() {
		if len(s.tagged()) == 0 {
			g.p("\tif dst, err = code.AppendTagSection(dst, m.UnknownTags); err != nil {\n\t\treturn dst, err\n\t}")
			return
		}
		g.encodeKnownTags(s)
	})
}

func (g *generator) encodeKnownTags(s *structType) {
	within := g.flexibleWithin(s)
	present := func(f *field) string { return and(condition(f.versions, within), g.differs(s, f)) }
	g.p("\tvar tags wire.Tags\n\tif tags, err = code.CheckTags(m.UnknownTags); err != nil {\n\t\treturn dst, err\n\t}")
	g.p("\tn := len(tags)")
	for _, f := range s.tagged() {
		g.p("\tif %s {\n\t\tn++\n\t}", present(f))
	}
	g.p("\tif n == 0 {\n\t\treturn append(dst, 0), nil\n\t}")
	g.p("\tdst = code.AppendUvarint(dst, uint32(n))")
	for _, f := range s.tagged() {
		g.p("\tdst, tags = code.AppendTagsBelow(dst, tags, %d)", f.tag)
		g.p("\tif %s {", present(f))
		g.p("\t\tif err = code.CheckFree(tags, %d); err != nil {\n\t\t\treturn dst, err\n\t\t}\n\t\tstart := len(dst)", f.tag)
		g.encodeField(s, f, within)
		g.p("\t\tdst = code.AppendTagged(dst, start, %d)\n\t}", f.tag)
	}
	g.p("\tdst = code.AppendTags(dst, tags)")
}
