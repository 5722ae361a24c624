package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A step is a go command of the test run.
type step struct {
	name string
	dir  string // relative to the root
	args []string
}

// A stepTime is what a step took.
type stepTime struct {
	name         string
	elapsed, cpu time.Duration
	err          error
}

// runSteps runs all steps, those after a failed one too, and says at the end
// where the time went.
func runSteps(ctx context.Context, root string, steps []step) error {
	var times []stepTime
	var failed []string
	for _, s := range steps {
		took := s.run(ctx, root)
		times = append(times, took)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if took.err != nil {
			failed = append(failed, s.name)
		}
	}
	slices.SortStableFunc(times, func(a, b stepTime) int { return cmp.Compare(b.elapsed, a.elapsed) })
	fmt.Printf("\n%10s %10s  step\n", "elapsed", "CPU")
	for _, t := range times {
		fmt.Printf("%10s %10s  %s\n", t.elapsed.Round(time.Second), t.cpu.Round(time.Second), t.name)
	}
	fmt.Printf("%d passed, %d failed\n", len(steps)-len(failed), len(failed))
	if len(failed) > 0 {
		return fmt.Errorf("failed: %s", strings.Join(failed, ", "))
	}
	return nil
}

// run runs the command with this process's output. Modules are tested without
// the workspace, so that a requirement missing in a go.mod shows.
func (s *step) run(ctx context.Context, root string) stepTime {
	fmt.Printf("--- %s: go %s\n", s.name, strings.Join(s.args, " "))
	cmd := exec.CommandContext(ctx, "go", s.args...)
	cmd.Dir = filepath.Join(root, s.dir)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = os.Environ()
	if s.args[0] == "test" {
		cmd.Env = append(cmd.Env, "GOWORK=off")
	}
	// go test must be able to end the brokers it started.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	start := time.Now()
	err := cmd.Run()
	took := stepTime{name: s.name, elapsed: time.Since(start), err: err}
	if state := cmd.ProcessState; state != nil {
		took.cpu = state.UserTime() + state.SystemTime()
	}
	return took
}
