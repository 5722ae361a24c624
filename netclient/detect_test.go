package netclient

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestDetection is the conversation with a broker of each release, and what it
// is found to be. The numbers before the requests are those of the connections.
func TestDetection(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string
	}{
		{"0.8.0", []string{"1:Metadata v1", "1:Heartbeat v0", "2:Heartbeat v0", "3:OffsetFetch v0", "4:OffsetFetch v0"}},
		{"0.8.1", []string{"1:Metadata v1", "1:Heartbeat v0", "2:Heartbeat v0", "3:OffsetFetch v0"}},
		{"0.8.2", []string{"1:Metadata v1", "1:Heartbeat v0"}},
		{"0.9", []string{"1:Metadata v1", "1:Heartbeat v0"}},
		{"0.10.0", []string{"1:Metadata v1", "1:ApiVersions v5", "1:ApiVersions v0"}},
		{"0.10.2", []string{"1:Metadata v1", "1:ApiVersions v5", "1:ApiVersions v0"}},
		{"2.3", []string{"1:Metadata v1", "1:ApiVersions v5", "1:ApiVersions v0"}},
		{"2.4", []string{"1:Metadata v1", "1:ApiVersions v5", "1:ApiVersions v3"}},
		{"3.9", []string{"1:Metadata v1", "1:ApiVersions v5", "1:ApiVersions v4"}},
		{"4.4", []string{"1:Metadata v1", "1:ApiVersions v5"}},
	} {
		t.Run(c.line, func(t *testing.T) {
			f := startFake(t, c.line)
			f.topics["existing"] = wire.ErrNone
			conn := connectTo(t, f.addr())
			if got := conn.Release().String(); got != c.line {
				t.Errorf("it is taken for %s", got)
			}
			if got := f.requests(); !slices.Equal(got, c.want) {
				t.Errorf("the conversation was\n%q, want\n%q", got, c.want)
			}
			// The connection is fit for use.
			var resp msg.MetadataResponse
			if err := conn.Do(t.Context(), msg.NewMetadataRequest(), &resp); err != nil || len(resp.Brokers) != 1 {
				t.Errorf("Metadata afterwards: %v, %v", resp.Brokers, err)
			}
		})
	}
}

// TestDetectionOfEmptyCluster: without topics 0.8 names no broker either.
func TestDetectionOfEmptyCluster(t *testing.T) {
	for _, line := range []string{"0.8.0", "0.8.2", "0.9", "0.10.0"} {
		f := startFake(t, line)
		if got := connectTo(t, f.addr()).Release().String(); got != line {
			t.Errorf("an empty %s is taken for %s", line, got)
		}
	}
}

// TestDetectionSurvivesARestart: a connection that is lost between two questions
// does not make a broker look older than it is.
func TestDetectionSurvivesARestart(t *testing.T) {
	for _, line := range []string{"0.9", "0.8.1", "2.8"} {
		f := startFake(t, line)
		first := map[wire.APIKey]bool{}
		f.special = func(h wire.RequestHeader, _ []byte) (answer, bool) {
			if first[h.APIKey] {
				return answer{}, false
			}
			first[h.APIKey] = true
			return answer{close: true}, h.APIKey != wire.KeyAPIVersions
		}
		if got := connectTo(t, f.addr()).Release().String(); got != line {
			t.Errorf("%s is taken for %s", line, got)
		}
	}
}

// TestDetectionOfTheFuture: a broker that has dropped Metadata v1 closes the
// connection, and is asked ApiVersions then.
func TestDetectionOfTheFuture(t *testing.T) {
	f := startFake(t, "4.4")
	f.ranges[wire.KeyMetadata] = wire.VersionRange{Min: 4, Max: 20}
	conn := connectTo(t, f.addr())
	if got := conn.Release().String(); got != "4.4 or newer" {
		t.Errorf("it is taken for %s", got)
	}
}

func TestDetectionSaysLoginIsWanted(t *testing.T) {
	f := startFake(t, "4.4")
	f.special = func(h wire.RequestHeader, _ []byte) (answer, bool) {
		return answer{close: true}, h.APIKey != wire.KeyAPIVersions
	}
	_, err := tryToConnect(t, f.addr())
	if err == nil || !strings.Contains(err.Error(), "SASL") {
		t.Errorf("got %v; want a hint at SASL", err)
	}
}

func TestDetectionOfWhatAlwaysCloses(t *testing.T) {
	f := startFake(t, "4.4")
	f.special = func(wire.RequestHeader, []byte) (answer, bool) { return answer{close: true}, true }
	_, err := tryToConnect(t, f.addr())
	if err == nil || !strings.Contains(err.Error(), "check that this is a broker's port") {
		t.Errorf("got %v; want a hint at the port", err)
	}
}

func TestPinnedReleaseIsNotAsked(t *testing.T) {
	f := startFake(t, "0.9")
	c := newTestClient(t, func(cfg *Config) { cfg.APIVersion = "0.9" }, f.addr())
	conn, err := c.connect(t.Context(), f.addr(), c.shared.opts)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := f.requests(); len(got) > 0 || conn.Release().String() != "0.9" {
		t.Errorf("a pinned %s was asked %q", conn.Release(), got)
	}
}

// tryToConnect connects as to a bootstrap server.
func tryToConnect(t *testing.T, addr string) (*Conn, error) {
	c := newTestClient(t, nil, addr)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return c.connect(ctx, addr, c.shared.opts)
}

func connectTo(t *testing.T, addr string) *Conn {
	t.Helper()
	conn, err := tryToConnect(t, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func quickConfig(addrs ...string) Config {
	return Config{
		BootstrapServers:       addrs,
		RequestTimeout:         5 * time.Second,
		ConnectionSetupTimeout: 3 * time.Second,
		RetryBackoff:           5 * time.Millisecond,
		ReconnectBackoff:       5 * time.Millisecond,
		ReconnectBackoffMax:    50 * time.Millisecond,
		Logger:                 slog.New(slog.DiscardHandler),
	}
}

func TestMetadataLayout(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   int
	}{
		"v0, empty cluster":           {"00000000 00000000", 0},
		"v0, one broker":              {"00000001 00000000 0001 61 00002384 00000000", 0},
		"v0, a broker, a topic":       {"00000001 00000000 0001 61 00002384 00000001 0000 0001 74 00000001 0000 00000000 00000000 00000001 00000000 00000001 00000000", 0},
		"v0, no broker, topic made":   {"00000000 00000001 0005 0001 74 00000000", 0},
		"v0, two brokers":             {"00000002 00000000 0001 61 00002384 00000001 0001 62 00002385 00000000", 0},
		"v1, one broker":              {"00000001 00000000 0001 61 00002384 ffff 00000000 00000000", 1},
		"v1, no controller":           {"00000001 00000000 0001 61 00002384 ffff ffffffff 00000000", 1},
		"v1, racks":                   {"00000002 00000000 0001 61 00002384 0001 72 00000001 0001 62 00002385 0000 00000001 00000000", 1},
		"v1, no broker":               {"00000000 00000000 00000000", 1},
		"v1 with topics is not asked": {"00000000 00000000 00000001 0000 0001 74 00 00000000", -1},
		"nothing":                     {"", -1},
		"cut off":                     {"00000001 00000000 0001", -1},
		"negative count":              {"ffffffff 00000000", -1},
		"huge count":                  {"7fffffff 00000000", -1},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(c.answer, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := metadataLayout(b); got != c.want {
			t.Errorf("%s: taken for version %d, want %d", name, got, c.want)
		}
	}
}

// TestUnreadableVersions: an answer that says that the version is not spoken need not
// be readable in any, and nothing else in it is obeyed.
func TestUnreadableVersions(t *testing.T) {
	twentyMinutes := "00124f80"
	for name, body := range map[string]string{
		"the code alone":                   "0023",
		"v3, with a throttle time":         "0023 01 " + twentyMinutes + " 00",
		"v3, with keys":                    "0023 02 0012 0000 0003 00 " + twentyMinutes + " 00",
		"neither":                          "0023 ff " + twentyMinutes,
		"v0 with a count that is too high": "0023 00000005 0012 0000 0002",
		"v0 that names the version asked":  "0023 00000001 0012 0000 7fff",
		"v0 that names versions it lacks":  "0023 00000001 0012 0000 0002",
		"v0 with a negative version":       "0023 00000001 0012 0000 ffff",
	} {
		t.Run(name, func(t *testing.T) {
			said, err := hex.DecodeString(strings.ReplaceAll(body, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			f := startFake(t, "2.8")
			f.special = func(h wire.RequestHeader, _ []byte) (answer, bool) {
				return answer{body: said}, h.APIKey == wire.KeyAPIVersions && h.APIVersion > 0
			}
			conn := connectTo(t, f.addr())
			if got := conn.Release().String(); got != "2.8" || conn.throttled() {
				t.Errorf("taken for %s, throttled %v", got, conn.throttled())
			}
			if n := len(f.requests()); n > 4 {
				t.Errorf("%d questions", n)
			}
		})
	}
}

// TestVersionsRefused: the code is named, whatever comes with it.
func TestVersionsRefused(t *testing.T) {
	f := startFake(t, "2.8")
	f.special = func(h wire.RequestHeader, _ []byte) (answer, bool) {
		return answer{body: []byte{0, 42}}, h.APIKey == wire.KeyAPIVersions
	}
	if _, err := tryToConnect(t, f.addr()); !errors.Is(err, wire.ErrInvalidRequest) {
		t.Errorf("got %v", err)
	}
}

// TestUnsupportedError: an API that the broker lacks is named, and nothing was
// sent.
func TestUnsupportedError(t *testing.T) {
	f := startFake(t, "0.9")
	conn := connectTo(t, f.addr())
	f.requests()
	err := conn.Do(t.Context(), msg.NewCreateTopicsRequest(), &msg.CreateTopicsResponse{})
	unsupported, ok := errors.AsType[*UnsupportedError](err)
	if !ok || unsupported.Key != wire.KeyCreateTopics || !SafeToRetry(err) {
		t.Errorf("got %v", err)
	}
	if got := f.requests(); len(got) > 0 {
		t.Errorf("%q was sent", got)
	}
}
