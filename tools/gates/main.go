// Command gates keeps the modules honest.
//
//	go run ./tools/gates all            every gate
//	go run ./tools/gates imports docs   some of them
//	go run ./tools/gates -fix replace   put right what a gate can put right
//
// The gates:
//
//	docs      every module has a README and a licence; every library a doc.go and an example that runs;
//	          files that pages link to and tests that they name are there
//	readme    the Go code blocks of every README compile in a module outside, and what the README of
//	          the repository tells a newcomer to do works
//	generated generated files are named and marked as such
//	imports   a package imports only what the rooms of DESIGN.md allow
//	replace   go.mod files replace their direct and indirect siblings, and nothing else; go.work uses every library
//	api       the exported names of each library module are those listed in docs/api (-fix writes the list)
//	tidy      each module is tidy and vetted on its own, without the workspace
//	size      a program that only produces is at most 2.0 MB larger than one with a bare TLS connection,
//	          and neither a producer nor a consumer brings net/http
//	outsider  each library module, fetched as if it were tagged, builds, passes its tests, and pulls in
//	          only the modules listed in docs/api (-fix writes the list); takes a minute
//	deps      no dependency is retracted, vulnerable or a year behind; it asks the network, and says what it could not ask
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// A gate is one check of the repository.
type gate struct {
	name  string
	check func(context.Context, *repo) error
	fix   func(context.Context, *repo) error // nil: only people can
}

var gates = []gate{
	{"docs", checkDocs, nil},
	{"readme", checkReadme, nil},
	{"generated", checkGenerated, nil},
	{"imports", checkImports, nil},
	{"replace", checkReplace, fixReplace},
	{"api", checkAPI, fixAPI},
	{"tidy", checkTidy, nil},
	{"size", checkSize, nil},
	{"outsider", checkOutsider, fixOutsider},
	{"deps", checkDeps, nil},
}

func main() {
	root := flag.String("root", ".", "the root of the repository")
	fix := flag.Bool("fix", false, "put right what the gates named can put right")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *root, *fix, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gates:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, fix bool, names []string) error {
	if len(names) == 0 {
		return errors.New("which gate? all, or some of docs, readme, generated, imports, replace, api, tidy, size, outsider, deps")
	}
	r, err := openRepo(ctx, root)
	if err != nil {
		return err
	}
	var failed []string
	for _, name := range names {
		if name != "all" && !slices.ContainsFunc(gates, func(g gate) bool { return g.name == name }) {
			return fmt.Errorf("no gate %q", name)
		}
	}
	for _, g := range gates {
		if !slices.Contains(names, g.name) && !slices.Contains(names, "all") {
			continue
		}
		if fix && g.fix != nil {
			if err := g.fix(ctx, r); err != nil {
				return fmt.Errorf("%s: %w", g.name, err)
			}
		}
		if err := g.check(ctx, r); err != nil {
			fmt.Printf("FAIL  %s\n%s\n", g.name, indent(err.Error()))
			failed = append(failed, g.name)
			continue
		}
		fmt.Printf("ok    %s\n", g.name)
	}
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(failed, ", "))
	}
	return nil
}

func indent(s string) string { return "      " + strings.ReplaceAll(s, "\n", "\n      ") }
