package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

func TestDemo(t *testing.T) {
	for fault, want := range map[string]string{"": "", "lose": "1 never arrived", "double": "1 arrived twice", "swap": "1 arrived out of order"} {
		t.Run("fault="+fault, func(t *testing.T) {
			t.Parallel()
			args := []string{"demo", "-n", "20000"}
			if fault != "" {
				args = append(args, "-fault", fault)
			}
			status, stdout, stderr := command(t, "", args...)
			if fault == "" && (status != 0 || !strings.Contains(stdout, "every record arrived once, and in order per key")) {
				t.Errorf("exit status %d:\n%s%s", status, stdout, stderr)
			}
			if fault != "" && (status != 1 || !strings.Contains(stderr, want)) {
				t.Errorf("exit status %d, want 1 and %q:\n%s%s", status, want, stdout, stderr)
			}
			if !strings.Contains(stdout, "a second member has joined") || !strings.Contains(stdout, "the second member has left") {
				t.Errorf("the second member did not come and go:\n%s", stdout)
			}
		})
	}
}

func TestDemoShowsStats(t *testing.T) {
	_, stdout, _ := command(t, "", "demo", "-n", "1000", "-stats")
	for _, name := range []string{"producer-metrics.record-send-total", "consumer-fetch-manager-metrics.records-consumed-total", "client-metrics.request-total"} {
		if !strings.Contains(stdout, name) {
			t.Errorf("no %s in:\n%s", name, stdout)
		}
	}
}

// On somebody's cluster, whose topics have one partition by default, the demo
// makes its own topic, and nothing of it stays where brokers can be asked to
// delete it.
func TestDemoOnACluster(t *testing.T) {
	for _, c := range []struct{ version, partitions, stays string }{
		{"0.8.2.2", "1", "topic"},
		{"0.9.0.1", "1", "topic group"},
		{"0.10.0.1", "1", "topic group"},
		{"0.10.2.2", "6", "group"},
		{"2.0.1", "6", ""},
		{"4.4.0", "6", ""},
	} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Version(c.version), kafkatest.Partitions(1), kafkatest.Brokers(2))
			status, stdout, stderr := command(t, "", "demo", "-b", cluster.Addrs()[0], "-n", "2000")
			if status != 0 || !strings.Contains(stdout, "every record arrived once, and in order per key") {
				t.Errorf("exit status %d:\n%s%s", status, stdout, stderr)
			}
			if want := " has " + c.partitions + " partitions"; !strings.Contains(stdout, want) {
				t.Errorf("no %q:\n%s", want, stdout)
			}
			for _, what := range []string{"topic", "group"} {
				want := slices.Contains(strings.Fields(c.stays), what)
				if said := strings.Contains(stderr, "the "+what) && strings.Contains(stderr, " stays"); said != want {
					t.Errorf("said that the %s stays: %t, want %t:\n%s", what, said, want, stderr)
				}
			}
			wantNoTrace(t, cluster, c.stays)
		})
	}
}

// wantNoTrace wants nothing of the demo in the cluster but what may stay.
func wantNoTrace(t *testing.T, cluster *kafkatest.Cluster, stays string) {
	t.Helper()
	for _, addr := range cluster.Addrs() {
		for _, request := range []struct{ what, name, body string }{{"topic", "Metadata", "{}"}, {"group", "ListGroups", ""}} {
			if _, stdout, _ := command(t, "", "request", "-b", addr, request.name, request.body); !strings.Contains(stays, request.what) && strings.Contains(stdout, "barnabas-demo") {
				t.Errorf("a %s stayed:\n%s", request.what, stdout)
			}
		}
	}
}

func TestDemoInterrupted(t *testing.T) {
	for _, when := range []string{"has 6 partitions", "a second member has joined"} {
		cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Partitions(1))
		r := background(t, 0, "demo", "-b", cluster.Addrs()[0], "-n", "300000")
		until(t, &r.out, when)
		r.stop()
		if status := r.wait(t); status != 1 || !strings.Contains(r.err.String(), "interrupted") {
			t.Errorf("exit status %d:\n%s", status, r.err.String())
		}
		wantNoTrace(t, cluster, "")
	}
}

// The answer to CreateTopics does not come; the topic may be there.
func TestDemoWithoutAnAnswer(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP())
	cluster.Control(wire.KeyCreateTopics, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{NoAnswer: true} })
	status, stdout, stderr := command(t, "", "demo", "-b", cluster.Addrs()[0], "-X", "max.block.ms=1000")
	if status != 1 || !strings.Contains(stderr, "waited 1s for the topic") {
		t.Errorf("exit status %d:\n%s%s", status, stdout, stderr)
	}
	wantNoTrace(t, cluster, "")
}
