package realkafka

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUpgrade: a broker starts as a newer release with its old data, another
// process knows it as that, and it can go back.
func TestUpgrade(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	r := real{t, startReal(t, Config{Version: "0.9.0.1", Dir: dir, Detach: true, Properties: map[string]string{
		"inter.broker.protocol.version": "0.9.0", "log.message.format.version": "0.9.0",
	}})}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r.do("create topic", func() error { return r.c.CreateTopic(ctx, "first", 3, 1) })
	for _, release := range []string{"0.10.2.2", "0.9.0.1"} {
		r.do("upgrade to "+release, func() error { return r.c.Broker(0).Upgrade(ctx, release) })
		if err := r.c.awaitTopic(ctx, "first", 3); err != nil {
			t.Errorf("as %s: %v", release, err)
		}
		attached, err := Attach(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range []*Broker{r.c.Broker(0), attached.Broker(0)} {
			if b.Version() != release || b.State() != "running" {
				t.Errorf("broker 0 is %s and %s, want %s and running", b.Version(), b.State(), release)
			}
			if lib := b.software.Load().libDir; !strings.Contains(lib, release) {
				t.Errorf("the jars of %s are in %s", release, lib)
			}
		}
		r = real{t, attached} // the next step is another process's
	}
	r.do("stop", r.c.Stop)
}

// TestUpgradeRefused: what can't be is said before the broker is touched.
func TestUpgradeRefused(t *testing.T) {
	c := &Cluster{software: software{release: "3.9.2"}, mode: modeZooKeeper}
	b := &Broker{cluster: c, addr: "127.0.0.1:1"}
	b.software.Store(&c.software)
	for release, want := range map[string]string{
		"4.4.0": "ZooKeeper is gone",
		"4":     "not a Kafka release",
		"0.7.2": "too old",
	} {
		err := b.Upgrade(t.Context(), release)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "3.9.2") {
			t.Errorf("to %s: %v, want an error with 3.9.2 and %q", release, err, want)
		}
		if b.Version() != "3.9.2" {
			t.Errorf("refused, and now it is %s", b.Version())
		}
	}
}
