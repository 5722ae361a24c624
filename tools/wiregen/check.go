package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// check finds what can be written in a definition file and means nothing.
func (f *file) check() error {
	want := []string{"request", "response"}
	if f.key < 0 {
		want = []string{"data"}
	}
	var kinds []string
	for _, m := range f.messages {
		kinds = append(kinds, m.kind)
	}
	if !slices.Equal(kinds, want) {
		return fmt.Errorf("it has %v, and must have %v", kinds, want)
	}
	if f.valid.empty() || f.valid.max == math.MaxInt16 {
		return fmt.Errorf("versions %s: want the first and the last", f.valid)
	}
	for _, m := range f.messages {
		if err := m.checkFields(m.fields); err != nil {
			return err
		}
		for _, c := range m.commons {
			if err := m.checkFields(c.fields); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *message) checkFields(fields []*field) error {
	names, tags := map[string]bool{}, map[int]bool{}
	for _, f := range fields {
		err := m.checkField(f)
		switch {
		case err != nil:
		case names[goName(f.name)]:
			err = fmt.Errorf("%s is there twice", f.name)
		case f.tag >= 0 && tags[f.tag]:
			err = fmt.Errorf("tag %d is there twice", f.tag)
		}
		if err != nil {
			return &lineError{f.line, err}
		}
		names[goName(f.name)], tags[f.tag] = true, true
		if err := m.checkFields(f.fields); err != nil {
			return err
		}
	}
	return nil
}

func (m *message) checkField(f *field) error {
	_, scalar := scalars[f.typ]
	canBeNull := f.array || !scalar || f.typ == "string" || f.typ == "bytes" || f.typ == "records"
	switch {
	case scalar && len(f.fields) > 0:
		return fmt.Errorf("%s has no fields inside", f.typ)
	case f.typ == "struct" && len(f.fields) == 0:
		return fmt.Errorf("a struct without fields")
	case !scalar && f.typ != "struct" && !slices.ContainsFunc(m.commons, func(c *common) bool { return c.name == f.typ }):
		return fmt.Errorf("no type %s: want one of wire/defs/README.md, or a common struct of this message", f.typ)
	case f.versions.empty():
		return fmt.Errorf("%s is in no version", f.name)
	case !f.nullable.empty() && !canBeNull:
		return fmt.Errorf("%s can't be null", f.typ)
	case !f.versions.contains(f.nullable):
		return fmt.Errorf("null in versions %s, of %s", f.nullable, f.versions)
	case f.tag >= 0 && !m.file.flexible.contains(f.versions.intersect(m.file.valid)):
		return fmt.Errorf("a tag in versions %s, and only %s are flexible", f.versions, m.file.flexible)
	case f.def == "null" && f.nullable.empty():
		return fmt.Errorf("null is the default of what can't be null")
	case f.def == "" || f.def == "null" || f.typ == "string" && !f.array:
		return nil
	case canBeNull:
		return fmt.Errorf("default %s: only null can be one here", f.def)
	}
	return checkNumber(f)
}

// checkNumber checks the default of a scalar that is not a string.
func checkNumber(f *field) (err error) {
	switch f.typ {
	case "bool":
		_, err = strconv.ParseBool(f.def)
	case "float64":
		_, err = strconv.ParseFloat(f.def, 64)
	case "uint16":
		_, err = strconv.ParseUint(f.def, 0, 16)
	case "uuid":
		err = fmt.Errorf("always zero")
	default:
		_, err = strconv.ParseInt(f.def, 0, 8*scalars[f.typ].minSize)
	}
	if err != nil {
		return fmt.Errorf("default %s of %s: %w", f.def, f.typ, err)
	}
	return nil
}
