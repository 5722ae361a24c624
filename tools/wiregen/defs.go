package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The format of a definition file is described in wire/defs/README.md.

func (f *file) fileName() string {
	name := strings.ToLower(f.name) + ".def"
	if f.key >= 0 {
		return fmt.Sprintf("%02d_%s", f.key, name)
	}
	return name
}

// String is the definition file.
func (f *file) String() string {
	var b strings.Builder
	if f.key >= 0 {
		fmt.Fprintf(&b, "api %d %s", f.key, f.name)
	} else {
		fmt.Fprintf(&b, "data %s", f.name)
	}
	fmt.Fprintf(&b, " versions %s flexible %s\n", f.valid, f.flexible)
	for _, m := range f.messages {
		fmt.Fprintf(&b, "\n%s\n", m.kind)
		writeFields(&b, m.fields, 1)
		for _, c := range m.commons {
			fmt.Fprintf(&b, "\n  common %s\n", c.name)
			writeFields(&b, c.fields, 2)
		}
	}
	return b.String()
}

func writeFields(b *strings.Builder, fields []*field, depth int) {
	for _, f := range fields {
		b.WriteString(strings.Repeat("  ", depth))
		typ := f.typ
		if f.array {
			typ = "[]" + typ
		}
		fmt.Fprintf(b, "%s %s %s", f.name, typ, f.versions)
		if !f.nullable.empty() {
			fmt.Fprintf(b, " null %s", f.nullable)
		}
		if f.tag >= 0 {
			fmt.Fprintf(b, " tag %d", f.tag)
		}
		if f.def != "" {
			fmt.Fprintf(b, " default %s", f.def)
		}
		if f.ignorable {
			b.WriteString(" ignorable")
		}
		b.WriteByte('\n')
		writeFields(b, f.fields, depth+1)
	}
}

// readDefs reads all definition files of a directory.
func readDefs(dir string) ([]*file, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.def"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no definitions in %s (%v)", dir, err)
	}
	slices.Sort(names)
	var files []*file
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := parseDef(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		files = append(files, f)
	}
	return files, nil
}

// A lineError is what is wrong with a line of a definition file.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// parseDef reads a definition file and checks it.
func parseDef(text string) (*file, error) {
	f, err := parseLines(text)
	if err == nil && f == nil {
		err = fmt.Errorf("no definition")
	}
	if err == nil {
		err = f.check()
	}
	return f, err
}

func parseLines(text string) (*file, error) {
	var f *file
	var levels []*[]*field // where fields of each depth go
	for number, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		var err error
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		depth := spaces / 2
		switch {
		case spaces%2 != 0 || line[spaces] == '\t':
			err = fmt.Errorf("indent with two spaces for each level")
		case f == nil:
			f, err = parseHead(words)
		case depth == 0 && (len(words) != 1 || !slices.Contains([]string{"request", "response", "data"}, words[0])):
			err = fmt.Errorf("%q: want request, response or data", strings.TrimSpace(line))
		case depth == 0:
			m := &message{kind: words[0], file: f, name: f.name}
			if m.kind != "data" {
				m.name += strings.ToUpper(m.kind[:1]) + m.kind[1:]
			}
			f.messages = append(f.messages, m)
			levels = []*[]*field{nil, &m.fields}
		case len(f.messages) == 0:
			err = fmt.Errorf("before any request, response or data")
		case words[0] == "common" && depth == 1 && len(words) == 2:
			m := f.messages[len(f.messages)-1]
			c := &common{name: words[1]}
			m.commons = append(m.commons, c)
			levels = []*[]*field{nil, nil, &c.fields}
		case depth >= len(levels) || levels[depth] == nil:
			err = fmt.Errorf("indented too far")
		default:
			var made *field
			if made, err = parseField(words); err == nil {
				made.line = number + 1
				*levels[depth] = append(*levels[depth], made)
				levels = append(levels[:depth+1], &made.fields)
			}
		}
		if err != nil {
			return nil, &lineError{number + 1, err}
		}
	}
	return f, nil
}

func parseHead(words []string) (*file, error) {
	f := &file{key: -1}
	if words[0] == "api" && len(words) > 1 {
		key, err := strconv.Atoi(words[1])
		if err != nil {
			return nil, fmt.Errorf("key %q", words[1])
		}
		f.key = key
		words = append([]string{"data"}, words[2:]...)
	}
	if len(words) != 6 || words[0] == "api" || words[2] != "versions" || words[4] != "flexible" {
		return nil, fmt.Errorf("want: api KEY NAME versions RANGE flexible RANGE, or data NAME ...")
	}
	f.name = words[1]
	var err error
	if f.valid, err = parseVersions(words[3]); err != nil {
		return nil, err
	}
	f.flexible, err = parseVersions(words[5])
	return f, err
}

func parseField(words []string) (*field, error) {
	if len(words) < 3 {
		return nil, fmt.Errorf("want: NAME TYPE VERSIONS ...")
	}
	f := &field{name: words[0], tag: -1, nullable: noVersions}
	f.typ, f.array = strings.CutPrefix(words[1], "[]")
	var err error
	if f.versions, err = parseVersions(words[2]); err != nil {
		return nil, err
	}
	for rest := words[3:]; len(rest) > 0; {
		if rest[0] == "ignorable" {
			f.ignorable, rest = true, rest[1:]
			continue
		}
		if len(rest) == 1 {
			return nil, fmt.Errorf("%q: a word is missing after it", rest[0])
		}
		switch rest[0] {
		case "null":
			f.nullable, err = parseVersions(rest[1])
		case "tag":
			f.tag, err = strconv.Atoi(rest[1])
		case "default":
			f.def = rest[1]
		default:
			err = fmt.Errorf("%q: want null, tag, default or ignorable", rest[0])
		}
		if err != nil {
			return nil, err
		}
		rest = rest[2:]
	}
	return f, nil
}
