package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
)

var (
	exampleFunc   = regexp.MustCompile(`(?m)^func Example`)
	exampleOutput = regexp.MustCompile(`(?m)^\s*// (Unordered o|O)utput:`)
	generatedLine = regexp.MustCompile(`^// Code generated .* DO NOT EDIT\.\n`)
	generatedMark = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
)

// checkDocs looks for what every library module has, and for what pages name and there is not.
func checkDocs(_ context.Context, r *repo) error {
	var problems []error
	for _, m := range r.modules {
		files := []string{"LICENSE", "README.md"}
		if m.library() {
			files = append(files, "doc.go")
		}
		for _, name := range files {
			if info, err := os.Stat(r.abs(m.dir + "/" + name)); err != nil || info.Size() == 0 {
				problems = append(problems, fmt.Errorf("%s: no %s", m.dir, name))
			}
		}
		if !m.library() {
			continue
		}
		runs := false
		for _, file := range r.goFiles(m) {
			if !strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(r.abs(file))
			if err != nil {
				return err
			}
			runs = runs || exampleFunc.Match(text) && exampleOutput.Match(text)
		}
		if !runs {
			problems = append(problems, fmt.Errorf("%s: no example with an Output, so none runs as a test", m.dir))
		}
	}
	return errors.Join(append(problems, checkPages(r))...)
}

// checkGenerated wants the mark on the first line of files named _gen.go, and
// nowhere else.
func checkGenerated(_ context.Context, r *repo) error {
	var problems []error
	for _, m := range r.modules {
		for _, file := range r.goFiles(m) {
			text, err := os.ReadFile(r.abs(file))
			if err != nil {
				return err
			}
			head, _, _ := bytes.Cut(text, []byte("\npackage "))
			switch named := strings.HasSuffix(file, "_gen.go"); {
			case named && !generatedLine.Match(text):
				problems = append(problems, fmt.Errorf("%s: its first line does not say that it is generated", file))
			case !named && generatedMark.Match(head):
				problems = append(problems, fmt.Errorf("%s is generated, and not named _gen.go", file))
			}
		}
	}
	return errors.Join(problems...)
}

// checkTidy runs what a user's build would, in each module on its own.
func checkTidy(ctx context.Context, r *repo) error {
	var problems []error
	for _, m := range r.modules {
		for _, args := range [][]string{{"mod", "tidy", "-diff"}, {"vet", "./..."}} {
			if _, err := command(ctx, r.abs(m.dir), []string{"GOWORK=off"}, "go", args...); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", m.dir, err))
			}
		}
	}
	return errors.Join(problems...)
}
