package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path"
	"slices"
	"strings"
)

// apiDir holds the listings of exported names, a file for each library module.
const apiDir = "docs/api"

func checkAPI(_ context.Context, r *repo) error {
	var problems []error
	for _, m := range r.modules {
		if !m.library() {
			continue
		}
		have, err := exported(r, m)
		if err != nil {
			return err
		}
		name := apiDir + "/" + m.fileName() + ".txt"
		listed, err := os.ReadFile(r.abs(name))
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: no listing (write it with: go run ./tools/gates -fix api)", name))
			continue
		}
		if diff := difference(strings.Split(string(listed), "\n"), strings.Split(have, "\n")); diff != "" {
			problems = append(problems, fmt.Errorf("%s: the exported API has changed; if that is meant, go run ./tools/gates -fix api\n%s", name, diff))
		}
	}
	return errors.Join(problems...)
}

func fixAPI(_ context.Context, r *repo) error {
	if err := os.MkdirAll(r.abs(apiDir), 0o777); err != nil {
		return err
	}
	for _, m := range r.modules {
		if !m.library() {
			continue
		}
		have, err := exported(r, m)
		if err != nil {
			return err
		}
		if err := os.WriteFile(r.abs(apiDir+"/"+m.fileName()+".txt"), []byte(have), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// difference lists the first lines that are on one side only.
func difference(listed, have []string) string {
	var lines []string
	for _, l := range listed {
		if !slices.Contains(have, l) {
			lines = append(lines, "- "+l)
		}
	}
	for _, l := range have {
		if !slices.Contains(listed, l) {
			lines = append(lines, "+ "+l)
		}
	}
	if more := len(lines) - 20; more > 0 {
		lines = append(lines[:20], fmt.Sprintf("... and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// exported lists the exported names of all packages of a module, a line each,
// sorted.
func exported(r *repo, m *module) (string, error) {
	var lines []string
	err := r.goFiles(m, func(file string) error {
		dir := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") || strings.Contains(dir+"/", "/internal/") || strings.Contains(dir+"/", "/cmd/") {
			return nil
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, r.abs(file), nil, parser.SkipObjectResolution)
		if err != nil || parsed.Name.Name == "main" {
			return err
		}
		l := listing{set: set, dir: dir}
		for _, decl := range parsed.Decls {
			l.decl(decl)
		}
		lines = append(lines, l.lines...)
		return nil
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n", err
}

// A listing collects the lines of one file.
type listing struct {
	set   *token.FileSet
	dir   string
	lines []string
}

func (l *listing) add(format string, args ...any) {
	l.lines = append(l.lines, l.dir+": "+strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
}

// source is a node as Go source, in a line.
func (l *listing) source(node any) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, l.set, node); err != nil {
		return err.Error()
	}
	return b.String()
}

func (l *listing) decl(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type))) {
			d.Doc, d.Body = nil, nil
			l.add("%s", l.source(d))
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				l.values(d.Tok, s)
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					l.typ(s)
				}
			}
		}
	}
}

// receiver is the name of a method's type.
func receiver(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}

func (l *listing) values(tok token.Token, s *ast.ValueSpec) {
	for i, name := range s.Names {
		if !name.IsExported() {
			continue
		}
		line := fmt.Sprintf("%s %s", tok, name.Name)
		if s.Type != nil {
			line += " " + l.source(s.Type)
		}
		if tok == token.CONST && i < len(s.Values) {
			line += " = " + l.source(s.Values[i])
		}
		l.add("%s", line)
	}
}

// typ lists a type, and each exported field or method of it.
func (l *listing) typ(s *ast.TypeSpec) {
	var fields *ast.FieldList
	kind := ""
	switch t := s.Type.(type) {
	case *ast.StructType:
		kind, fields = "struct", t.Fields
	case *ast.InterfaceType:
		kind, fields = "interface", t.Methods
	default:
		assign := " "
		if s.Assign.IsValid() {
			assign = " = "
		}
		l.add("type %s%s%s", s.Name, assign, l.source(s.Type))
		return
	}
	l.add("type %s %s", s.Name, kind)
	for _, f := range fields.List {
		if len(f.Names) == 0 {
			l.add("type %s %s, %s", s.Name, kind, l.source(f.Type))
		}
		for _, name := range f.Names {
			if name.IsExported() {
				l.add("type %s %s, %s %s", s.Name, kind, name, l.source(f.Type))
			}
		}
	}
}
