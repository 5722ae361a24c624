package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
)

var (
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example|Benchmark)\w+)\(`)
	testNamed = regexp.MustCompile("`((?:Test|Fuzz|Example)[A-Z]\\w+)`")
	pageLink  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
)

// checkPages wants every file that a page links to, and every test that one names as holding what it says.
func checkPages(r *repo) error {
	tests := map[string]bool{}
	for _, file := range r.all {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(r.abs(file))
		if err != nil {
			return err
		}
		for _, m := range testFunc.FindAllSubmatch(text, -1) {
			tests[string(m[1])] = true
		}
	}
	var problems []error
	for _, file := range r.all {
		if path.Ext(file) != ".md" {
			continue
		}
		text, err := os.ReadFile(r.abs(file))
		if err != nil {
			return err
		}
		for _, m := range testNamed.FindAllSubmatch(text, -1) {
			if name := string(m[1]); !tests[name] {
				problems = append(problems, fmt.Errorf("%s names %s, and there is no such test", file, name))
			}
		}
		for _, m := range pageLink.FindAllSubmatch(text, -1) {
			link, _, _ := strings.Cut(string(m[1]), "#")
			if link == "" || strings.Contains(link, "://") {
				continue
			}
			if _, err := os.Stat(r.abs(path.Join(path.Dir(file), link))); err != nil {
				problems = append(problems, fmt.Errorf("%s links to %s, which is not there", file, link))
			}
		}
	}
	return errors.Join(problems...)
}
