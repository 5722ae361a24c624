package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// releases are the brokers that everything is tried on, and what probe must
// call each.
var releases = []struct{ version, name string }{
	{"0.8.0", "0.8.0"},
	{"0.8.1.1", "0.8.1"},
	{"0.8.2.2", "0.8.2"},
	{"0.9.0.1", "0.9"},
	{"0.10.2.2", "0.10.2"},
	{"0.11.0.3", "0.11"},
	{"2.8.2", "2.8"},
	{"3.9.2", "3.9"},
	{"4.4.0", "4.4"},
}

// barnabasPath is the command under test, built once.
var barnabasPath string

func TestMain(m *testing.M) {
	if brokers := os.Getenv(poolMember); brokers != "" {
		if err := runPoolMember(brokers); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "barnabas-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		barnabasPath = filepath.Join(dir, "barnabas")
		build := exec.Command("go", "build", "-o", barnabasPath, ".")
		build.Dir = filepath.Join("..", "barnabas")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the command: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// startCluster starts real brokers for one test.
func startCluster(t *testing.T, cfg realkafka.Config) *realkafka.Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a real broker")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cluster, err := realkafka.Start(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Errorf("stopping the cluster: %v", err)
		}
	})
	return cluster
}

func addrs(c *realkafka.Cluster) string { return strings.Join(c.Addrs(), ",") }

// A process is a running barnabas.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu  sync.Mutex // guards the buffers while it runs
	out bytes.Buffer
	err bytes.Buffer
}

// start runs barnabas beside the test. It is killed when the test ends before
// it.
func start(t *testing.T, stdin interface{ Read([]byte) (int, error) }, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(barnabasPath, args...), done: make(chan struct{})}
	p.cmd.Stdin = stdin
	p.cmd.Stdout = lockedWriter{&p.mu, &p.out}
	p.cmd.Stderr = lockedWriter{&p.mu, &p.err}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

type lockedWriter struct {
	mu  *sync.Mutex
	buf *bytes.Buffer
}

func (w lockedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(b)
}

func (p *process) stdout() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *process) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err.String()
}

// lines are the complete lines printed so far.
func (p *process) lines() []string {
	out := p.stdout()
	end := strings.LastIndexByte(out, '\n')
	if end < 0 {
		return nil
	}
	return strings.Split(out[:end], "\n")
}

// wait returns the exit status; a process that does not end within the time
// fails the test.
func (p *process) wait(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		p.t.Fatalf("%s did not end within %v; it printed %d lines and said:\n%s", p.cmd, limit, len(p.lines()), p.stderr())
	}
	return p.cmd.ProcessState.ExitCode()
}

// terminate asks the process to end, and wants it to end well.
func (p *process) terminate() {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	if status := p.wait(30 * time.Second); status != 0 {
		p.t.Errorf("%s: exit status %d after SIGTERM:\n%s", p.cmd, status, p.stderr())
	}
}

// barnabas runs the command to its end and wants exit status 0.
func barnabas(t *testing.T, stdin string, args ...string) []string {
	t.Helper()
	p := start(t, strings.NewReader(stdin), args...)
	if status := p.wait(3 * time.Minute); status != 0 {
		t.Fatalf("%s: exit status %d:\n%s", p.cmd, status, p.stderr())
	}
	return p.lines()
}

// eventually waits until ok reports true.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}
