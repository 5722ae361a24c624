package realkafka

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	versionsFlag = flag.String("versions", "0.8.2.2,4.4.0", "the releases that TestRealBrokers starts; a release/mode chooses the mode")
	brokersFlag  = flag.Int("brokers", 1, "how many brokers TestRealBrokers starts of each")
)

// TestRealBrokers does to a cluster of each release all that can be done to it.
func TestRealBrokers(t *testing.T) {
	for _, name := range strings.Split(*versionsFlag, ",") {
		t.Run(name, func(t *testing.T) {
			release, mode, _ := strings.Cut(name, "/")
			r := real{t, startReal(t, Config{Version: release, Mode: mode, Brokers: *brokersFlag, Partitions: 2})}
			r.createTopic()
			r.freeze()
			r.do("kill", r.c.Broker(0).Kill)
			r.isDown()
			r.restart("restart after kill")
			r.do("terminate", r.c.Broker(0).Terminate)
			r.isDown()
			r.restart("restart after terminate")
			r.restart("restart while running")
			r.stop()
		})
	}
}

func startReal(t *testing.T, cfg Config) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real brokers")
	}
	if _, err := Fetch(t.Context(), cfg.Version); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("start of %s (%s) with %d brokers: %.1fs", c.release, c.mode, len(c.brokers), time.Since(began).Seconds())
	return c
}

// real is a test of one cluster.
type real struct {
	t *testing.T
	c *Cluster
}

func (r real) do(what string, do func() error) {
	r.t.Helper()
	began := time.Now()
	if err := do(); err != nil {
		r.t.Fatalf("%s: %v", what, err)
	}
	r.t.Logf("%s: %.1fs", what, time.Since(began).Seconds())
}

func (r real) createTopic() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	n := len(r.c.brokers)
	r.do("create topic", func() error { return r.c.CreateTopic(ctx, "first", 3, n) })
	if err := r.c.CreateTopic(ctx, "first", 3, n); err == nil || ctx.Err() != nil {
		r.t.Errorf("a topic was created twice: %v", err)
	}
	if err := r.c.CreateTopic(ctx, "greedy", 1, n+1); err == nil || ctx.Err() != nil {
		r.t.Errorf("%d brokers have %d replicas: %v", n, n+1, err)
	}
}

func (r real) freeze() {
	r.t.Helper()
	b := r.c.Broker(0)
	// More than once, because how long the signal takes to arrive is luck.
	for range 5 {
		r.do("freeze", b.Freeze)
		ctx, cancel := context.WithTimeout(r.t.Context(), 500*time.Millisecond)
		if m, err := b.metadata(ctx); err == nil {
			r.t.Errorf("a frozen broker answers %v", m)
		}
		cancel()
		if state := b.State(); state != "frozen" {
			r.t.Errorf("a frozen broker is %s", state)
		}
		r.do("thaw", b.Thaw)
		if _, err := b.metadata(r.t.Context()); err != nil {
			r.t.Errorf("a thawed broker doesn't answer: %v", err)
		}
	}
}

func (r real) isDown() {
	r.t.Helper()
	b := r.c.Broker(0)
	if conn, err := net.Dial("tcp", b.Addr()); err == nil {
		conn.Close()
		r.t.Errorf("somebody listens at %s", b.Addr())
	}
	if state := b.State(); state != "down" {
		r.t.Errorf("the broker is %s", state)
	}
}

// restart also looks for the topic: the data must be the old ones.
func (r real) restart(what string) {
	r.t.Helper()
	b := r.c.Broker(0)
	before := b.process
	r.do(what, func() error { return b.Restart(r.t.Context()) })
	if b.process == before || before.alive() {
		r.t.Errorf("%s: the old process is still the broker's", what)
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	if err := r.c.awaitTopic(ctx, "first", 3); err != nil {
		r.t.Errorf("%s: %v", what, err)
	}
}

func (r real) stop() {
	r.t.Helper()
	if open := foreignListeners(r.c.dir); len(open) > 0 {
		r.t.Errorf("it listens beyond 127.0.0.1: %v", open)
	}
	r.do("stop", r.c.Stop)
	nothingLeft(r.t, r.c)
	r.do("stop again", r.c.Stop)
}

// nothingLeft looks for processes that have to do with the cluster.
func nothingLeft(t *testing.T, c *Cluster) {
	t.Helper()
	for _, b := range c.brokers {
		if b.State() != "down" {
			t.Errorf("broker %d is %s", b.id, b.State())
		}
	}
	if pids := processesOf(c.dir); len(pids) > 0 {
		t.Errorf("left behind: processes %v", pids)
	}
	if c.removeDir && exists(c.dir) {
		t.Errorf("left behind: %s", c.dir)
	}
}

// processesOf are those with the directory in their command line, where the
// system tells.
func processesOf(dir string) []int {
	var pids []int
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, entry := range entries {
		var pid int
		fmt.Sscanf(filepath.Base(entry), "%d", &pid)
		if strings.Contains(commandLine(pid), dir) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// foreignListeners are the sockets of the cluster's processes that listen on
// anything but 127.0.0.1, where the system tells.
func foreignListeners(dir string) []string {
	inodes := map[string]bool{}
	for _, pid := range processesOf(dir) {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, fd := range fds {
			target, _ := os.Readlink(fd)
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				inodes[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	const listening = "0A"
	var open []string
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, _ := os.ReadFile(file)
		for line := range strings.Lines(string(table)) {
			f := strings.Fields(line)
			// 127.0.0.1 as the kernel spells it, at the end also in IPv6.
			if len(f) > 9 && f[3] == listening && inodes[f[9]] && !strings.Contains(f[1], "0100007F:") {
				open = append(open, f[1])
			}
		}
	}
	return open
}

// TestDetached: another process finds the cluster by its directory.
func TestDetached(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	startReal(t, Config{Version: "0.8.2.2", Dir: dir, Detach: true})
	attach := func() *Cluster {
		t.Helper()
		c, err := Attach(dir)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	is := func(want string) {
		t.Helper()
		if state := attach().Broker(0).State(); state != want {
			t.Errorf("the broker is %s, want %s", state, want)
		}
	}
	r := real{t, attach()}
	is("running")
	r.do("freeze", r.c.Broker(0).Freeze)
	is("frozen")
	r = real{t, attach()}
	r.do("kill", r.c.Broker(0).Kill)
	is("down")
	r = real{t, attach()}
	r.do("restart", func() error { return r.c.Broker(0).Restart(t.Context()) })
	is("running")
	r.do("stop", attach().Stop)
	nothingLeft(t, attach())
}

func TestFailedStart(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real brokers")
	}
	dir := t.TempDir()
	c, err := Start(t.Context(), Config{Version: "0.8.2.2", Dir: dir, Properties: map[string]string{"num.partitions": "many"}})
	if err == nil {
		c.Stop()
		t.Fatal("a broker with many partitions was started")
	}
	for _, want := range []string{"0.8.2.2", "many", "ended", filepath.Join(dir, "broker-0", "broker.log")} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
	if pids := processesOf(dir); len(pids) > 0 {
		t.Errorf("left behind: processes %v", pids)
	}
}

// TestChildrenDieWithTheirParent kills a process that has started a cluster.
func TestChildrenDieWithTheirParent(t *testing.T) {
	const where = "BARNABAS_REALKAFKA_TEST_DIR"
	if dir := os.Getenv(where); dir != "" { // that process
		c, err := Start(t.Context(), Config{Version: "0.8.2.2", Dir: dir})
		fmt.Println("started", c.Addrs(), err)
		time.Sleep(time.Minute)
		return
	}
	if testing.Short() || runtime.GOOS != "linux" {
		t.Skip("starts real brokers, on Linux")
	}
	dir := filepath.Join(t.TempDir(), "cluster")
	cmd := exec.Command(os.Args[0], "-test.run=^TestChildrenDieWithTheirParent$")
	cmd.Env = append(os.Environ(), where+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	pids := slices.DeleteFunc(processesOf(dir), func(pid int) bool { return pid == cmd.Process.Pid })
	cmd.Process.Kill()
	cmd.Wait()
	if len(pids) != 2 {
		t.Fatalf("it said %q and has the children %v, want a broker and ZooKeeper", line, pids)
	}
	for end := time.Now().Add(10 * time.Second); len(processesOf(dir)) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("left behind: processes %v", processesOf(dir))
			for _, pid := range processesOf(dir) {
				attachProcess(pid, dir).kill()
			}
			return
		}
	}
}
