package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkReadme compiles every Go code block of the READMEs in a module of its own,
// and does what the README of the repository tells a newcomer to do.
func checkReadme(ctx context.Context, r *repo) error {
	return errors.Join(checkSnippets(ctx, r), checkQuickstart(ctx, r))
}

// A snippet is a code block of a page.
type snippet struct {
	file string
	line int // of its first line
	text string
}

func (s snippet) where() string { return fmt.Sprintf("%s:%d", s.file, s.line) }

// snippets are the code blocks in that language of a page.
func (r *repo) snippets(file, language string) ([]snippet, error) {
	text, err := os.ReadFile(r.abs(file))
	if err != nil {
		return nil, err
	}
	var found []snippet
	var open *snippet
	for i, line := range strings.SplitAfter(string(text), "\n") {
		switch fence := strings.TrimSpace(line); {
		case open != nil && fence == "```":
			found, open = append(found, *open), nil
		case open != nil:
			open.text += line
		case fence == "```"+language:
			open = &snippet{file: file, line: i + 2}
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: a code block without an end", open.where())
	}
	return found, nil
}

// checkSnippets compiles the Go code blocks. One that is no whole program becomes
// the body of a function whose parameters are what it takes for given.
func checkSnippets(ctx context.Context, r *repo) error {
	dir, err := os.MkdirTemp("", "barnabas-snippets-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := r.writeOutsideModule(dir); err != nil {
		return err
	}
	var problems []error
	for _, file := range r.all {
		if filepath.Base(file) != "README.md" {
			continue
		}
		found, err := r.snippets(file, "go")
		if err != nil {
			problems = append(problems, err)
		}
		for i, s := range found {
			source, err := s.source(r.root)
			if err != nil {
				problems = append(problems, err)
				continue
			}
			name := strings.ReplaceAll(filepath.Dir(file), "/", "_") + fmt.Sprint("_", i)
			name = strings.Trim(name, "._") // the go command leaves such directories out
			if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, name, "snippet.go"), []byte(source), 0o666); err != nil {
				return err
			}
		}
	}
	env, err := outsideEnv(ctx)
	if err != nil {
		return err
	}
	_, err = command(ctx, dir, env, "go", "build", "-gcflags=-e", "./...")
	if err != nil {
		problems = append(problems, complaints(r.root, err.Error())...)
	}
	return errors.Join(problems...)
}

var complaint = regexp.MustCompile(`(?m)^\S+README\.md:\d+.*$`)

// complaints are those of the compiler, without those about variables that a
// snippet sets and leaves to its reader to use.
func complaints(root, output string) (problems []error) {
	lines := complaint.FindAllString(output, -1)
	for _, line := range lines {
		if !strings.Contains(line, "declared and not used") {
			problems = append(problems, errors.New(strings.TrimPrefix(line, root+"/")))
		}
	}
	if len(lines) == 0 {
		problems = append(problems, errors.New(output)) // something else went wrong
	}
	return problems
}

// writeOutsideModule makes a module that requires every library of the repository.
func (r *repo) writeOutsideModule(dir string) error {
	mod := "module example.com/outside\n\ngo 1.26\n"
	for _, m := range r.modules {
		if m.library() {
			mod += fmt.Sprintf("require %s v0.0.0\nreplace %s => %s\n", m.path(), m.path(), r.abs(m.dir))
		}
	}
	return os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o666)
}

// packages are the import paths of the names by which snippets call packages.
var packages = map[string]string{
	"context": "context", "errors": "errors", "fmt": "fmt", "log": "log", "os": "os", "time": "time",
	"net": "net", "slog": "log/slog", "testing": "testing", "tls": "crypto/tls",
	"assignors": prefix + "assignors", "compress": prefix + "wire/compress", "consumer": prefix + "consumer",
	"gometrics": prefix + "metrics/gometrics", "go_metrics": "github.com/rcrowley/go-metrics",
	"kafkatest": prefix + "wire/kafkatest", "metrics": prefix + "metrics", "msg": prefix + "wire/msg",
	"netclient": prefix + "netclient", "oauth": prefix + "netclient/oauth", "producer": prefix + "producer",
	"record": prefix + "wire/record", "simple": prefix + "legacy/simple", "wire": prefix + "wire",
}

// given are the variables that snippets take for given.
var given = map[string]string{
	"ctx": "context.Context", "client": "*netclient.Client", "conn": "net.Conn", "password": "string",
	"outgoing": "producer.Record", "jobs": "chan consumer.Record", "handle": "func(consumer.Record)",
	"builder": "*record.Builder", "fetched": "record.Batch",
}

// source is the snippet as a file that can be compiled. What is wrong with it the
// compiler finds in the page, of the repository at root.
func (s snippet) source(root string) (string, error) {
	place := fmt.Sprintf("\n//line %s/%s:%d\n", root, s.file, s.line)
	if file, err := parser.ParseFile(token.NewFileSet(), "", s.text, parser.ImportsOnly); err == nil {
		return place + strings.Replace(s.text, "package "+file.Name.Name, "package snippet", 1), nil
	}
	whole := "package snippet\n" + s.text
	file, err := parser.ParseFile(token.NewFileSet(), "", whole, 0)
	declarations := err == nil
	if !declarations {
		whole = "package snippet; func _() error {\n" + s.text + "\nreturn nil\n}\n"
		if file, err = parser.ParseFile(token.NewFileSet(), "", whole, 0); err != nil {
			return "", fmt.Errorf("%s: %w", s.where(), err)
		}
	}
	imports, params := needs(file)
	head := "package snippet\n"
	for _, path := range imports {
		name := ""
		if strings.HasSuffix(path, "go-metrics") {
			name = "go_metrics "
		}
		head += fmt.Sprintf("import %s%q\n", name, path)
	}
	if declarations {
		return head + place + s.text, nil
	}
	return head + fmt.Sprintf("func _(%s) error {\n{%s%s\n}\nreturn nil\n}\n", strings.Join(params, ", "), place, s.text), nil
}

// needs are the packages and the variables that a file uses and does not declare.
func needs(file *ast.File) (imports, params []string) {
	need := func(name string) {
		if path := packages[name]; path != "" && !slices.Contains(imports, path) {
			imports = append(imports, path)
		}
	}
	for _, ident := range file.Unresolved {
		need(ident.Name)
		of := given[ident.Name]
		if param := ident.Name + " " + of; of != "" && !slices.Contains(params, param) {
			params = append(params, param)
			need(strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(strings.Split(of, ".")[0], "chan "), "func("), "*"))
		}
	}
	return imports, params
}
