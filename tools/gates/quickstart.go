package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// checkQuickstart does what the README of the repository says, in a module of a
// stranger: it gets barnabas as told there, and runs the programs there, as they
// stand, against a broker.
func checkQuickstart(ctx context.Context, r *repo) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	programs, err := r.snippets("README.md", "go")
	if err != nil {
		return err
	}
	shell, err := r.snippets("README.md", "sh")
	if err != nil {
		return err
	}
	if len(programs) != 2 {
		return fmt.Errorf("README.md: %d Go code blocks; this gate wants a producer and a consumer", len(programs))
	}
	dir, err := os.MkdirTemp("", "barnabas-newcomer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	env, err := outsideEnv(ctx)
	if err != nil {
		return err
	}
	if err := getAsTold(ctx, r, dir, env, shell); err != nil {
		return err
	}
	cluster, err := kafkatest.New(kafkatest.TCP())
	if err != nil {
		return err
	}
	defer cluster.Close()
	run := func(s snippet) (*exec.Cmd, error) {
		text := strings.ReplaceAll(s.text, "localhost:9092", cluster.Addrs()[0])
		program := filepath.Join(dir, "program")
		err := os.WriteFile(filepath.Join(dir, "hello", "main.go"), []byte(text), 0o666)
		if err == nil {
			_, err = command(ctx, filepath.Join(dir, "hello"), env, "go", "build", "-o", program, ".")
		}
		if err != nil {
			return nil, fmt.Errorf("%s, in a module of its own: %w", s.where(), err)
		}
		return exec.CommandContext(ctx, program), nil
	}
	return errors.Join(produces(run, programs[0]), consumes(run, programs[1]))
}

// getAsTold makes the newcomer's module, beside what looks like a clone, with the
// commands that the README has for it.
func getAsTold(ctx context.Context, r *repo, dir string, env []string, shell []snippet) error {
	hello := filepath.Join(dir, "hello")
	if err := errors.Join(os.Mkdir(hello, 0o777), os.Symlink(r.root, filepath.Join(dir, "barnabas"))); err != nil {
		return err
	}
	for _, s := range shell {
		if !strings.Contains(s.text, "go mod edit -replace") {
			continue
		}
		script := "set -e\n"
		for line := range strings.Lines(s.text) {
			if !strings.HasPrefix(line, "git clone ") {
				script += line
			}
		}
		if _, err := command(ctx, hello, env, "go", "mod", "init", "example.com/hello"); err != nil {
			return err
		}
		if _, err := command(ctx, hello, env, "sh", "-c", script); err != nil {
			return fmt.Errorf("%s: %w", s.where(), err)
		}
		return nil
	}
	return errors.New("README.md: nothing there says how to get barnabas (go mod edit -replace)")
}

// produces runs the producer's program to its end.
func produces(run func(snippet) (*exec.Cmd, error), s snippet) error {
	cmd, err := run(s)
	if err != nil {
		return err
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "offset 0") {
		return fmt.Errorf("%s: the program printed no \"offset 0\" and ended with %v:\n%s", s.where(), err, out)
	}
	return nil
}

// consumes runs the consumer's program until it has printed the record, and then
// interrupts it.
func consumes(run func(snippet) (*exec.Cmd, error), s snippet) error {
	cmd, err := run(s)
	if err != nil {
		return err
	}
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	for tick := time.Tick(20 * time.Millisecond); ; {
		select {
		case err := <-exited:
			return fmt.Errorf("%s: the program ended (%v) before it printed the record:\n%s", s.where(), err, out.String())
		case <-tick:
		}
		if strings.Contains(out.String(), "foo = bar") {
			break
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := <-exited; err != nil {
		return fmt.Errorf("%s: the program ended with %v after an interrupt:\n%s", s.where(), err, out.String())
	}
	return nil
}

// lockedBuffer is a buffer that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// outsideEnv is the environment of a module outside the repository. What others
// have released comes from what was downloaded before, or else from where it
// usually does.
func outsideEnv(ctx context.Context) ([]string, error) {
	out, err := command(ctx, "", nil, "go", "env", "-json", "GOPROXY", "GOMODCACHE")
	if err != nil {
		return nil, err
	}
	var have struct{ GOPROXY, GOMODCACHE string }
	if err := json.Unmarshal([]byte(out), &have); err != nil {
		return nil, err
	}
	return []string{
		"GOWORK=off", "GOSUMDB=off", "GOFLAGS=-mod=mod -trimpath", // without paths in it, what is built serves the next run too
		"GOPROXY=file://" + filepath.Join(have.GOMODCACHE, "cache", "download") + "," + have.GOPROXY,
	}, nil
}
