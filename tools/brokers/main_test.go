package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs the command and returns its exit status and what it printed.
func call(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), args, &out, &err)
	return status, out.String(), err.String()
}

func TestExitStatus(t *testing.T) {
	t.Setenv("BARNABAS_KAFKA_CACHE", t.TempDir())
	t.Setenv("PATH", t.TempDir()) // no java, no mvn
	t.Setenv("JAVA_HOME", "")
	for _, c := range []struct {
		args   string
		status int
		says   string // on one of the two
	}{
		{"", 2, "brokers start"},
		{"help", 0, "brokers start"},
		{"begin", 2, `no command "begin"`},
		{"start", 2, "want one VERSION"},
		{"start -h", 0, "how many brokers"},
		{"start -brokers 4 4.4.0", 2, "4 brokers"},
		{"start -mode zk 4.4.0", 2, "ZooKeeper is gone"},
		{"start -X novalue 4.4.0", 2, "name=value"},
		{"start 4.4", 2, "not a Kafka release"},
		{"start 4.4.0 0.8.0", 2, "want one VERSION"},
		{"start 4.4.0", 1, "apt-get install openjdk-17-jre-headless maven"},
		{"fetch", 2, "want at least one VERSION"},
		{"fetch 4.4.0", 1, "apt-get install openjdk-17-jre-headless maven"},
		{"list", 0, ""},
		{"list all", 2, "no arguments"},
		{"stop", 0, "no cluster runs"},
		{"stop all", 0, "no cluster runs"},
		{"stop 127.0.0.1:1", 1, "no broker at 127.0.0.1:1"},
		{"kill", 2, "want one ADDR"},
		{"freeze 127.0.0.1:1", 1, "no broker at 127.0.0.1:1"},
	} {
		status, stdout, stderr := call(t, strings.Fields(c.args)...)
		if status != c.status || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("brokers %s: status %d, want %d and %q; it said\n%s%s", c.args, status, c.status, c.says, stdout, stderr)
		}
		if status != 0 && stdout != "" {
			t.Errorf("brokers %s failed, and printed %q on standard output", c.args, stdout)
		}
	}
}

// TestDeadClusters: what is left of clusters whose processes are gone, as after
// a reboot, is listed and cleared away.
func TestDeadClusters(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("BARNABAS_KAFKA_CACHE", cache)
	for name, addr := range map[string]string{"a": "127.0.0.1:1", "b": "127.0.0.1:2"} {
		dir := filepath.Join(cache, "clusters", name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		state := `{"version": "4.4.0", "mode": "kraft", "brokers": [{"addr": "` + addr + `", "pid": 1}]}`
		if err := os.WriteFile(filepath.Join(dir, "cluster.json"), []byte(state), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, stdout, _ := call(t, "list"); strings.Count(stdout, "down") != 2 {
		t.Errorf("list prints\n%s", stdout)
	}
	if status, _, stderr := call(t, "stop"); status != 2 || !strings.Contains(stderr, "2 clusters") {
		t.Errorf("stop, which could mean two clusters: status %d, %s", status, stderr)
	}
	if status, _, stderr := call(t, "stop", "127.0.0.1:1"); status != 0 {
		t.Errorf("stop of one: %s", stderr)
	}
	if _, stdout, _ := call(t, "list"); !strings.Contains(stdout, "127.0.0.1:2") || strings.Contains(stdout, "127.0.0.1:1 ") {
		t.Errorf("after one was stopped, list prints\n%s", stdout)
	}
	call(t, "stop", "all")
	if left, _ := os.ReadDir(filepath.Join(cache, "clusters")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
