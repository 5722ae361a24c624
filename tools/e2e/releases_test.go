package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// asSent prints records as the lines that keyed makes.
const asSent = `%k|%s\n`

// TestReleases does on every release what its users do every day.
func TestReleases(t *testing.T) {
	for _, release := range releases {
		t.Run(release.version, func(t *testing.T) {
			r := &oneRelease{version: release.version, name: release.name}
			r.cluster = startCluster(t, realkafka.Config{Version: r.version, Partitions: 6})
			t.Run("probe", r.testProbe)
			t.Run("versions", r.testVersions)
			t.Run("request", r.testRequest)
			for _, codec := range r.codecs() {
				t.Run("codec="+codec, func(t *testing.T) { r.testRoundTrip(t, codec) })
			}
			if r.atLeast("0.9") {
				t.Run("group", r.testGroup)
			}
			if r.atLeast("0.8.1") {
				t.Run("count", r.testCount)
				t.Run("commits survive a restart", r.testRestart)
			}
			t.Run("demo", r.testDemo)
			t.Run("wrong input", r.testWrongInput)
		})
	}
}

type oneRelease struct {
	version, name string
	cluster       *realkafka.Cluster
}

func (r *oneRelease) atLeast(version string) bool {
	return slices.Compare(numbers(r.version), numbers(version)) >= 0
}

func numbers(version string) []int {
	var ns []int
	for _, part := range strings.Split(version, ".") {
		n := 0
		fmt.Sscan(part, &n)
		ns = append(ns, n)
	}
	return ns
}

func (r *oneRelease) codecs() []string {
	codecs := []string{"none", "gzip", "snappy"}
	if r.atLeast("0.8.2") {
		codecs = append(codecs, "lz4")
	}
	if r.atLeast("2.1") {
		codecs = append(codecs, "zstd")
	}
	return codecs
}

func (r *oneRelease) produce(t *testing.T, topic string, lines []string, more ...string) {
	t.Helper()
	barnabas(t, text(lines), append([]string{"produce", "-b", addrs(r.cluster), "-t", topic, "-K", "|"}, more...)...)
}

func (r *oneRelease) consumeArgs(topic string, more ...string) []string {
	return append([]string{"consume", "-b", addrs(r.cluster), "-t", topic, "-f", asSent}, more...)
}

func (r *oneRelease) consume(t *testing.T, topic string, more ...string) []string {
	t.Helper()
	return barnabas(t, "", r.consumeArgs(topic, more...)...)
}

func (r *oneRelease) testProbe(t *testing.T) {
	r.produce(t, "probed", keyed(0, 1)) // an empty 0.8 cluster names no brokers
	lines := barnabas(t, "", "probe", "-b", addrs(r.cluster))
	want := []string{fmt.Sprint(r.cluster.Broker(0).ID()), r.cluster.Broker(0).Addr(), r.name}
	if len(lines) != 1 || !slices.Equal(strings.Fields(lines[0]), want) {
		t.Errorf("probe printed %q, want one line of %q", lines, want)
	}
}

// testRequest asks in the oldest version that the broker reads, and in the newest.
func (r *oneRelease) testRequest(t *testing.T) {
	for _, version := range []string{"/0", ""} {
		answer := strings.Join(barnabas(t, "", "request", "-b", addrs(r.cluster), "Metadata"+version, `{"topics": [{"name": "probed"}]}`), "\n")
		if want := fmt.Sprintf(`"nodeId": %d,`, r.cluster.Broker(0).ID()); !strings.Contains(answer, want) || !strings.Contains(answer, `"name": "probed"`) {
			t.Errorf("Metadata%s is answered by\n%s", version, answer)
		}
	}
}

func (r *oneRelease) testRoundTrip(t *testing.T, codec string) {
	topic, sent := "lines-"+codec, keyed(0, 10_000)
	r.produce(t, topic, sent, "-z", codec)
	wantSame(t, r.consume(t, topic, "-e"), sent)

	partitions := map[string]bool{}
	for _, line := range r.consume(t, topic, "-e", "-f", `%p\n`) {
		partitions[line] = true
	}
	if len(partitions) != 6 {
		t.Errorf("the lines went to %d partitions, want 6", len(partitions))
	}
}

// testGroup stops one of two members half-way: together they print every line,
// none twice.
func (r *oneRelease) testGroup(t *testing.T) {
	const topic = "grouped"
	sent := keyed(0, 10_000)
	r.produce(t, topic, sent[:1000])
	one := start(t, nil, r.consumeArgs(topic, "-g", "pair")...)
	two := start(t, nil, r.consumeArgs(topic, "-g", "pair")...)
	feed := start(t, slowly(sent[1000:], 12*time.Second), "produce", "-b", addrs(r.cluster), "-t", topic, "-K", "|", "-X", "linger.ms=5")
	eventually(t, time.Minute, "both members print", func() bool { return len(one.lines()) > 0 && len(two.lines()) > 0 })
	eventually(t, time.Minute, "half of it is printed", func() bool { return len(one.lines())+len(two.lines()) > len(sent)/2 })
	one.terminate()
	if status := feed.wait(time.Minute); status != 0 {
		t.Fatalf("produce: exit status %d:\n%s", status, feed.stderr())
	}
	eventually(t, time.Minute, "all is printed", func() bool { return len(one.lines())+len(two.lines()) >= len(sent) })
	two.terminate()
	wantOnce(t, append(one.lines(), two.lines()...), sent)

	if again := r.consume(t, topic, "-g", "pair", "-e"); len(again) > 0 {
		t.Errorf("a member started again printed %d old lines, the first %q", len(again), again[0])
	}
}

// testCount reads a group's records in two helpings.
func (r *oneRelease) testCount(t *testing.T) {
	const topic, n = "counted", 700
	r.produce(t, topic, keyed(0, 3*n))
	first := r.consume(t, topic, "-g", "helpings", "-c", fmt.Sprint(n))
	second := r.consume(t, topic, "-g", "helpings", "-c", fmt.Sprint(n))
	wantOnceEach(t, first, second, n)
}

// wantOnceEach wants two helpings of n lines without a line in common.
func wantOnceEach(t *testing.T, first, second []string, n int) {
	t.Helper()
	if len(first) != n || len(second) != n {
		t.Fatalf("read %d and %d lines, want %d each", len(first), len(second), n)
	}
	both := slices.Sorted(slices.Values(append(first, second...)))
	if distinct := len(slices.Compact(both)); distinct != 2*n {
		t.Errorf("the two helpings hold %d different lines, want %d", distinct, 2*n)
	}
}

// testDemo runs the README's demo on the real broker.
func (r *oneRelease) testDemo(t *testing.T) {
	lines := barnabas(t, "", "demo", "-b", addrs(r.cluster), "-n", "20000")
	if want := "every record arrived once, and in order per key"; !slices.Contains(lines, want) {
		t.Errorf("the demo did not say %q:\n%s", want, strings.Join(lines, "\n"))
	}
}

func (r *oneRelease) testRestart(t *testing.T) {
	const topic, n = "restarted", 500
	r.produce(t, topic, keyed(0, 2*n))
	first := r.consume(t, topic, "-g", "survivor", "-c", fmt.Sprint(n))
	broker := r.cluster.Broker(0)
	if err := broker.Terminate(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := broker.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	second := r.consume(t, topic, "-g", "survivor", "-c", fmt.Sprint(n))
	wantOnceEach(t, first, second, n)
}
