// Command test runs all the tests of barnabas, on a fresh Debian or Ubuntu
// machine too:
//
//	go run ./tools/test          # everything, real brokers included
//	go run ./tools/test -short   # what needs nothing but Go
//
// It installs what the real brokers and the comparison with Kafka's own classes
// need (a headless JDK 17 or 21, and Maven) when it may, checks the modules
// (gates), runs go test in every module with GOWORK=off, as a user's build would
// see them, and each fuzz target for a while. The tests that need Kafka's jars get
// them through Maven.
// It ends with the time that each step took, the slowest first, and how many
// passed; its exit status is 0 only if all did.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	short := flag.Bool("short", false, "leave the real brokers out")
	race := flag.Bool("race", haveC(), "run the libraries' tests with the race detector (it needs a C compiler)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *short, *race); err != nil {
		fmt.Fprintln(os.Stderr, "test:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, short, race bool) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	modules, err := workModules(filepath.Join(root, "go.work"))
	if err != nil {
		return err
	}
	if !short {
		if err := installJava(ctx); err != nil {
			return err
		}
		// Not in go.work: what it compares with must not choose our versions.
		modules = append(modules, "tools/bench")
	}
	steps := []step{gates(short)}
	for _, module := range modules {
		steps = append(steps, testModule(module, short, race))
	}
	if !short {
		for _, module := range modules {
			fuzzing, err := fuzzModule(root, module)
			if err != nil {
				return err
			}
			steps = append(steps, fuzzing...)
		}
	}
	return runSteps(ctx, root, steps)
}

// gates checks the modules. The gates that build every module a second time or
// ask the network are left out of a short run.
func gates(short bool) step {
	args := []string{"run", "./tools/gates", "all"}
	if short {
		args = append(args[:2], "docs", "readme", "generated", "imports", "replace", "api", "tidy", "size")
	}
	return step{"gates", ".", args}
}

// testModule runs the tests of one module as they stand alone. The tools start
// real brokers, which must not compete with each other for the machine: their
// packages run one after the other, and without the race detector's cost.
func testModule(module string, short, race bool) step {
	args := []string{"test"}
	if short {
		args = append(args, "-short")
	}
	if strings.HasPrefix(module, "tools") {
		args = append(args, "-p=1", "-timeout=60m")
	} else if race {
		// With one processor: when timers of a synctest bubble run on two threads at
		// once, Go 1.26 gives both the same race context, and crashes now and then.
		args = append(args, "-race", "-cpu=1")
	}
	return step{module, module, append(args, "./...")}
}

// moduleRoot is the directory of go.work.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOWORK").Output()
	work := strings.TrimSpace(string(out))
	if err != nil || work == "" || work == "off" {
		return "", fmt.Errorf("no go.work found: run this inside a clone of barnabas, with GOWORK not set (err: %v)", err)
	}
	return filepath.Dir(work), nil
}

// workModules lists the directories of go.work, the tools, whose tests take
// longest, last.
func workModules(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var libraries, tools []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		dir, ok := strings.CutPrefix(strings.TrimSpace(lines.Text()), "./")
		switch {
		case !ok:
		case strings.HasPrefix(dir, "tools"):
			tools = append(tools, dir)
		default:
			libraries = append(libraries, dir)
		}
	}
	return append(libraries, tools...), nil
}

// haveC reports whether the race detector can be linked.
func haveC() bool {
	for _, cc := range []string{os.Getenv("CC"), "gcc", "clang"} {
		if cc == "" {
			continue
		}
		if _, err := exec.LookPath(cc); err == nil {
			return true
		}
	}
	return false
}
