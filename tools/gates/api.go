package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"os"
	"path"
	"slices"
	"strings"
)

// apiDir holds the listings of exported names, a file for each library module.
const apiDir = "docs/api"

func apiList(m *module) string { return apiDir + "/" + m.fileName() + ".txt" }

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
		listed, err := os.ReadFile(r.abs(apiList(m)))
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: no listing (write it with: go run ./tools/gates -fix api)", apiList(m)))
			continue
		}
		if diff := difference(string(listed), have); diff != "" {
			problems = append(problems, fmt.Errorf("%s: the exported API has changed; if that is meant, go run ./tools/gates -fix api\n%s", apiList(m), diff))
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
		if err := os.WriteFile(r.abs(apiList(m)), []byte(have), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// difference lists the first lines that are on one side only.
func difference(listed, have string) string {
	only := func(mark, these, those string) (lines []string) {
		other := map[string]bool{}
		for line := range strings.Lines(those) {
			other[line] = true
		}
		for line := range strings.Lines(these) {
			if !other[line] {
				lines = append(lines, mark+strings.TrimSpace(line))
			}
		}
		return lines
	}
	lines := append(only("- ", listed, have), only("+ ", have, listed)...)
	if more := len(lines) - 20; more > 0 {
		lines = append(lines[:20], fmt.Sprintf("... and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// exported lists the exported names of all packages of a module, a line each,
// sorted.
func exported(r *repo, m *module) (string, error) {
	byDir := map[string][]*ast.File{}
	set := token.NewFileSet()
	for _, file := range r.goFiles(m) {
		dir := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") || slices.Contains(strings.Split(dir, "/"), "internal") {
			continue
		}
		parsed, err := parser.ParseFile(set, r.abs(file), nil, parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		if parsed.Name.Name != "main" {
			byDir[dir] = append(byDir[dir], parsed)
		}
	}
	var lines []string
	for dir, files := range byDir {
		l := listing{set: set, dir: dir, consts: constants(set, dir, files)}
		for _, file := range files {
			for _, decl := range file.Decls {
				l.decl(decl)
			}
		}
		lines = append(lines, l.lines...)
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n") + "\n", nil
}

// constants computes the package's constants, as far as that is possible without
// what it imports: the value of one may come from the lines before (iota).
func constants(set *token.FileSet, dir string, files []*ast.File) map[*ast.Ident]types.Object {
	info := types.Info{Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{IgnoreFuncBodies: true, Importer: noImports{}, Error: func(error) {}}
	config.Check(dir, set, files, &info) // its errors are about imports
	return info.Defs
}

type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	return nil, errors.New("imports are not followed")
}

// A listing collects the lines of one package.
type listing struct {
	set    *token.FileSet
	dir    string
	consts map[*ast.Ident]types.Object
	lines  []string
}

func (l *listing) add(format string, args ...any) {
	l.lines = append(l.lines, l.dir+": "+strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
}

// source is a node as Go source.
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
	case *ast.IndexListExpr:
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
		if c, ok := l.consts[name].(*types.Const); ok && c.Val().Kind() != constant.Unknown {
			if basic, ok := c.Type().(*types.Basic); !ok || basic.Info()&types.IsUntyped == 0 {
				line += " " + types.TypeString(c.Type(), types.RelativeTo(c.Pkg()))
			}
			l.add("%s = %s", line, c.Val().ExactString())
			continue
		}
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
		s.Doc, s.Comment = nil, nil
		l.add("type %s", l.source(s))
		return
	}
	l.add("type %s %s", s.Name, kind)
	if s.TypeParams != nil {
		for _, p := range s.TypeParams.List {
			l.add("type %s %s, of %s %s", s.Name, kind, p.Names, l.source(p.Type))
		}
	}
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
