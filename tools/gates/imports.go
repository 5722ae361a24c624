package main

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A room says what the packages in a directory may import: packages of ours by
// directory ("…/..." for all below), and modules of others.
type room struct {
	dir    string
	ours   []string
	others []string
	tests  []string // of ours, in test files only
	never  []string // of the standard library, but for test files
}

// bytesOnly is what keeps a room to bytes and structs: no goroutine, no clock,
// no network.
var bytesOnly = []string{"context", "net", "sync", "time"}

// rooms is the plan of DESIGN.md, "The rooms". The longest directory that fits a
// package is its room.
var rooms = []room{
	{dir: "metrics"},
	{dir: "metrics/gometrics", ours: []string{"metrics"}, others: []string{"github.com/rcrowley/go-metrics"}},
	{dir: "wire", tests: []string{"wire/msg", "wire/anymsg", "wire/record"}, never: bytesOnly},
	{dir: "wire/internal/code", ours: []string{"wire"}, tests: []string{"wire/msg"}, never: bytesOnly},
	{dir: "wire/internal/schema", ours: []string{"wire", "wire/internal/code"}, never: bytesOnly},
	{dir: "wire/msg", ours: []string{"wire", "wire/internal/code", "wire/internal/schema"}, tests: []string{"wire/anymsg"}, never: bytesOnly},
	{dir: "wire/anymsg", ours: []string{"wire", "wire/msg"}, never: bytesOnly},
	{dir: "wire/record", ours: []string{"wire"}, never: bytesOnly},
	{dir: "wire/compress", ours: []string{"wire", "wire/record"},
		others: []string{"github.com/klauspost/compress", "github.com/pierrec/lz4/v4", "github.com/golang/snappy"}},
	{dir: "wire/kafkatest", ours: []string{"wire/..."}},
	{dir: "assignors", ours: []string{"wire"}},
	{dir: "netclient/properties"},
	{dir: "netclient", ours: []string{"metrics", "wire", "wire/msg", "wire/record", "netclient/properties"}, others: []string{"golang.org/x/sync"}, tests: []string{"wire/kafkatest"}},
	{dir: "netclient/oauth", ours: []string{"netclient"}, tests: []string{"wire/kafkatest"}},
	{dir: "producer", ours: []string{"metrics", "wire", "wire/msg", "wire/record", "wire/compress", "netclient", "netclient/properties"},
		others: []string{"golang.org/x/sync"}, tests: []string{"wire/kafkatest"}},
	{dir: "consumer", ours: []string{"metrics", "wire", "wire/msg", "wire/record", "wire/compress", "netclient", "netclient/properties", "assignors"},
		others: []string{"golang.org/x/sync"}, tests: []string{"wire/kafkatest"}},
	{dir: "legacy/simple", ours: []string{"metrics", "wire", "wire/msg", "wire/record", "wire/compress", "netclient/...", "producer", "consumer", "assignors"},
		tests: []string{"wire/kafkatest"}},
}

// checkImports reads the import lines of all library modules.
func checkImports(_ context.Context, r *repo) error {
	var problems []error
	for _, m := range r.modules {
		if !m.library() {
			continue
		}
		for _, file := range r.goFiles(m) {
			found, err := importsOf(r, file)
			if err != nil {
				return err
			}
			problems = append(problems, found...)
		}
	}
	if wire := r.module("wire"); wire != nil && len(wire.requires) > 0 {
		problems = append(problems, fmt.Errorf("wire/go.mod requires %s; it must require nothing", wire.requires[0]))
	}
	return errors.Join(problems...)
}

// importsOf returns what is wrong in one file.
func importsOf(r *repo, file string) (problems []error, err error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), r.abs(file), nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	dir := path.Dir(file)
	from := roomOf(dir)
	if from == nil {
		return []error{fmt.Errorf("%s: no room for it; the plan is in tools/gates/imports.go and DESIGN.md", file)}, nil
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if !from.allows(dir, imported, strings.HasSuffix(file, "_test.go")) {
			problems = append(problems, fmt.Errorf("%s imports %s, which %s may not", file, imported, from.dir))
		}
	}
	return problems, nil
}

func roomOf(dir string) *room {
	var best *room
	for i := range rooms {
		if (rooms[i].dir == dir || strings.HasPrefix(dir, rooms[i].dir+"/")) && (best == nil || len(rooms[i].dir) > len(best.dir)) {
			best = &rooms[i]
		}
	}
	return best
}

// allows tells whether a package in dir may import a path. A room may import
// itself; what an import leads to in its turn is that room's business.
func (from *room) allows(dir, imported string, test bool) bool {
	ours, isOurs := strings.CutPrefix(imported, prefix)
	switch {
	case isOurs && (ours == dir || roomOf(ours) == from):
		return true
	case isOurs:
		allowed := from.ours
		if test {
			allowed = slices.Concat(allowed, from.tests)
		}
		return slices.ContainsFunc(allowed, func(a string) bool { return matches(a, ours) })
	case !strings.Contains(strings.Split(imported, "/")[0], "."): // the standard library
		return test || !slices.ContainsFunc(from.never, func(a string) bool { return matches(a+"/...", imported) })
	}
	return slices.ContainsFunc(from.others, func(a string) bool { return matches(a+"/...", imported) })
}

func matches(pattern, path string) bool {
	if all, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == all || strings.HasPrefix(path, all+"/")
	}
	return path == pattern
}
