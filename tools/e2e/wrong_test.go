package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// wrong runs the command, wants it to fail with the status and to say each of
// the words, in a few lines, and not long after max.block.ms if that is given.
func wrong(t *testing.T, status int, stdin string, words []string, args ...string) (said string) {
	t.Helper()
	began := time.Now()
	p := start(t, strings.NewReader(stdin), args...)
	got := p.wait(35 * time.Second)
	took := time.Since(began)
	said = p.stderr()
	t.Logf("barnabas %s: exit status %d after %.1fs:\n%s", strings.Join(args, " "), got, took.Seconds(), said)
	if limit := maxBlock(args); took > limit+10*time.Second { // which a busy machine may need to start it
		t.Errorf("%s: took %v, want %v at most", p.cmd, took, limit)
	}
	if got != status {
		t.Errorf("%s: exit status %d, want %d", p.cmd, got, status)
	}
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("%s: said %q, want it to say %q", p.cmd, said, word)
		}
	}
	if strings.Contains(said, "goroutine ") {
		t.Errorf("%s: crashed:\n%s", p.cmd, said)
	}
	return said
}

// maxBlock is how long the command line lets the command wait.
func maxBlock(args []string) time.Duration {
	limit := 25 * time.Second // the command's own
	for _, arg := range args {
		if ms, ok := strings.CutPrefix(arg, "max.block.ms="); ok {
			limit, _ = time.ParseDuration(ms + "ms")
		}
	}
	return limit
}

// testWrongInput makes the mistakes that need a broker.
func (r *oneRelease) testWrongInput(t *testing.T) {
	b := addrs(r.cluster)
	r.produce(t, "present", keyed(0, 1))
	wrong(t, 1, "x\n", []string{"a b", "topic"}, "produce", "-b", b, "-t", "a b", "-X", "max.block.ms=8000")
	wrong(t, 1, "x\n", []string{"partition 6", "present"}, "produce", "-b", b, "-t", "present", "-p", "6")
	wrong(t, 1, "", []string{"partition 6", "present"}, "consume", "-b", b, "-t", "present", "-p", "6", "-e")
	wrong(t, 1, strings.Repeat("x", 3<<20)+"\n", []string{"max.request.size"}, "produce", "-b", b, "-t", "present")
	wrong(t, 1, strings.Repeat("x", 3<<20)+"\n", []string{"line 1", "MESSAGE_TOO_LARGE"}, "produce", "-b", b, "-t", "present", "-X", "max.request.size=10000000")
	if !r.atLeast("2.1") {
		wrong(t, 1, "x\n", []string{"zstd", "2.1"}, "produce", "-b", b, "-t", "present", "-z", "zstd")
	}
	if !r.atLeast("0.8.1") {
		wrong(t, 1, "", []string{"0.8.1"}, "consume", "-b", b, "-t", "present", "-g", "g", "-e")
	}
}

// TestTopicThatCannotBeMade asks for a topic where brokers make none by
// themselves, or are asked not to.
func TestTopicThatCannotBeMade(t *testing.T) {
	off := map[string]string{"auto.create.topics.enable": "false"}
	for _, c := range []struct {
		version    string
		properties map[string]string // the broker's
		args       []string
	}{
		{"0.8.2.2", off, nil},
		{"0.11.0.3", nil, []string{"-X", "allow.auto.create.topics=false"}},
		{"4.4.0", off, nil},
	} {
		t.Run(c.version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: c.version, Properties: c.properties})
			for _, command := range []string{"produce", "consume"} {
				wrong(t, 1, "x\n", []string{"waiting for the topic", "absent", "create it"},
					append([]string{command, "-b", addrs(cluster), "-t", "absent", "-X", "max.block.ms=5000"}, c.args...)...)
			}
		})
	}
}

// TestWrongCommandLine makes the mistakes that need no broker.
func TestWrongCommandLine(t *testing.T) {
	const b = "127.0.0.1:1"
	wrong(t, 2, "", []string{"produce", "consume"})
	wrong(t, 2, "", []string{"destroy"}, "destroy")
	wrong(t, 2, "", []string{"-b"}, "produce", "-t", "t")
	wrong(t, 2, "", []string{"-t"}, "produce", "-b", b)
	wrong(t, 2, "", []string{"lzma", "zstd"}, "produce", "-b", b, "-t", "t", "-z", "lzma")
	wrong(t, 2, "", []string{"aks"}, "produce", "-b", b, "-t", "t", "-X", "aks=all")
	wrong(t, 2, "", []string{"acks", "7"}, "produce", "-b", b, "-t", "t", "-X", "acks=7")
	wrong(t, 2, "", []string{"group.ip"}, "consume", "-b", b, "-t", "t", "-X", "group.ip=g")
	wrong(t, 2, "", []string{"%x"}, "consume", "-b", b, "-t", "t", "-f", "%x")
	wrong(t, 2, "", []string{"s@soon"}, "consume", "-b", b, "-t", "t", "-o", "s@soon")
	wrong(t, 2, "", []string{"-5"}, "consume", "-b", b, "-t", "t", "-o", "-5")
	wrong(t, 2, "", []string{"host"}, "probe", "-b", "host:port")
}

// TestNobodyThere asks where no broker is: the answer comes within the time
// given, and says after three seconds what it waits for.
func TestNobodyThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := listener.Addr().String()
	listener.Close()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	webAddr := strings.TrimPrefix(web.URL, "http://")

	var all sync.WaitGroup
	defer all.Wait()
	for _, c := range []struct {
		what, addr string
		lasts      bool // another try might do better
		words      []string
	}{
		{"nothing listens", nobody, true, []string{nobody, "refused"}},
		{"a web server", webAddr, false, []string{webAddr, "HTTP"}},
		{"no such name", "no-such-host.invalid:9092", true, []string{"no-such-host.invalid"}},
	} {
		for _, command := range []string{"produce", "consume", "probe"} {
			all.Go(func() { inTime(t, c.what, command, c.addr, c.lasts, c.words) })
		}
	}
}

// inTime makes a mistake that every command must report: at once, or, where another
// try might do better, in the time given and, as that is more than three seconds,
// before it too.
func inTime(t *testing.T, what, command, addr string, lasts bool, words []string, props ...string) {
	args := []string{command, "-b", addr, "-X", "max.block.ms=5000"}
	if command != "probe" {
		args = append(args, "-t", "t")
	}
	for _, property := range props {
		args = append(args, "-X", property)
	}
	t.Run(what+"/"+command, func(t *testing.T) {
		words := append(slices.Clone(words), addr)
		if lasts {
			words = append(words, "waiting for", "waited 5s")
		}
		said := wrong(t, 1, "x\n", words, args...)
		if !lasts && strings.Contains(said, "waited") {
			t.Errorf("%s waited for what no other try will cure: %s", command, said)
		}
	})
}

// TestWrongPort makes the mistakes of those who mix up a broker's listeners.
func TestWrongPort(t *testing.T) {
	for _, version := range []string{"0.9.0.1", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster, k := startSecure(t, version, nil)
			plain, secure, login := cluster.Addrs()[0], cluster.ListenerAddrs("SSL")[0], cluster.ListenerAddrs("SASL_PLAINTEXT")[0]
			var all sync.WaitGroup
			defer all.Wait()
			for _, c := range []struct {
				what, addr string
				lasts      bool
				words      []string
				props      []string
			}{
				{"plaintext to a port with TLS", secure, false, []string{"TLS", "security.protocol"}, nil},
				{"TLS to a port without", plain, true, []string{"TLS", "security.protocol"}, []string{"security.protocol=SSL", "ssl.truststore.location=" + k.ca}},
				{"an authority that nobody knows", secure, false, []string{"authority", "ssl.truststore.location"}, []string{"security.protocol=SSL"}},
				{"no login", login, false, []string{"SASL", "security.protocol"}, nil},
			} {
				for _, command := range []string{"produce", "consume", "probe"} {
					if c.addr != "" { // the release has such a listener
						all.Go(func() { inTime(t, c.what, command, c.addr, c.lasts, c.words, c.props...) })
					}
				}
			}
		})
	}
}
