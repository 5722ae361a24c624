package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// fuzzRuns is how many inputs each fuzz target gets here, beside its seeds. It is
// a count, not a time, so that a slow machine tests as much as a fast one.
const fuzzRuns = "20000x"

// fuzzModule has a step for every fuzz target of a module.
func fuzzModule(root, module string) ([]step, error) {
	targets, err := fuzzTargets(filepath.Join(root, module))
	if err != nil {
		return nil, err
	}
	var steps []step
	for _, t := range targets {
		args := []string{"test", "-run=^$", "-fuzz=^" + t.name + "$", "-fuzztime=" + fuzzRuns, t.pkg}
		steps = append(steps, step{module + " " + t.name, module, args})
	}
	return steps, nil
}

// A fuzzTarget is a function for go test -fuzz, which runs one at a time.
type fuzzTarget struct{ pkg, name string }

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

// fuzzTargets finds the fuzz targets of the module in dir.
func fuzzTargets(dir string) (targets []fuzzTarget, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && isModule(path):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, filepath.Dir(path))
		for _, match := range fuzzFunc.FindAllSubmatch(text, -1) {
			targets = append(targets, fuzzTarget{"./" + filepath.ToSlash(rel), string(match[1])})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for fuzz targets: %w", err)
	}
	return targets, nil
}

// isModule tells whether the directory is a module of its own.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}
