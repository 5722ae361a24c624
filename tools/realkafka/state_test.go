package realkafka

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestStateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), StateFile)
	want := state{
		Version: "0.9.0.1", Mode: "zk", LibDir: "/lib", JavaOptions: []string{"-Dx=y"},
		ZooKeeper: &serverState{Addr: "127.0.0.1:9", PID: 7},
		Brokers:   []serverState{{Addr: "127.0.0.1:1", PID: 8, Frozen: true}, {Addr: "127.0.0.1:2", Version: "0.10.2.2", LibDir: "/lib2"}},
	}
	if err := want.write(path); err != nil {
		t.Fatal(err)
	}
	got, err := readState(path)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDamagedState(t *testing.T) {
	for text, want := range map[string]string{
		"{":                   "damaged",
		"{}":                  "names no brokers",
		`{"version":"4.4.0"}`: "names no brokers",
		`{"version":"../x","brokers":[{"addr":"a"}]}`:                "not a Kafka release",
		`{"version":"0.9.0.1","mode":"zk","brokers":[{"addr":"a"}]}`: "names no ZooKeeper",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, StateFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Attach(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", text, err, want)
		}
	}
	if _, err := Attach(t.TempDir()); err == nil {
		t.Error("an empty directory is a cluster")
	}
}

// TestAttachToStrangers: a process id that belongs to another program by now is
// no broker, and is not touched.
func TestAttachToStrangers(t *testing.T) {
	dir := t.TempDir()
	s := state{Version: "4.4.0", Mode: "kraft", Brokers: []serverState{{Addr: "127.0.0.1:1", PID: os.Getpid()}}}
	if err := s.write(filepath.Join(dir, StateFile)); err != nil {
		t.Fatal(err)
	}
	c, err := Attach(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.Version() != "4.4.0" || c.Broker(0).Addr() != "127.0.0.1:1" || c.Broker(0).State() != "down" {
		t.Errorf("attached to %s, broker at %s is %s", c.Version(), c.Broker(0).Addr(), c.Broker(0).State())
	}
	if err := c.Broker(0).Freeze(); err == nil {
		t.Error("a broker that is down was frozen")
	}
	if err := c.Stop(); err != nil { // it would end this test
		t.Error(err)
	}
}
