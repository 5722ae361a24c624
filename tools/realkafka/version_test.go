package realkafka

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestParseVersion(t *testing.T) {
	for _, good := range []string{"0.8.0", "0.8.2.2", "0.10.2.2", "1.0.2", "4.4.0"} {
		if _, err := parseVersion(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "4", "4.4", "4.4.0.0.0", "4.4.x", "4.4.0-rc1", "../../x", "4..0", "04.4.0", "+4.4.0", "-1.0.0", "0.7.2", "4.4.99999"} {
		if v, err := parseVersion(bad); err == nil {
			t.Errorf("%q is accepted as %v", bad, v)
		}
	}
}

func TestVersionOrder(t *testing.T) {
	var last version
	for _, release := range Versions() {
		v, err := parseVersion(release)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Compare(last, v) >= 0 {
			t.Errorf("%v does not come after %v", v, last)
		}
		last = v
	}
	for _, c := range []struct {
		v      version
		than   []int
		before bool
	}{
		{version{0, 8, 2, 2}, []int{0, 9}, true},
		{version{0, 8, 2, 2}, []int{0, 8, 2}, false},
		{version{0, 8, 1, 1}, []int{0, 8, 2}, true},
		{version{0, 10, 0, 1}, []int{0, 9}, false},
		{version{0, 11, 0, 3}, []int{1}, true},
		{version{1, 0, 2}, []int{0, 11}, false},
		{version{4, 0, 2}, []int{4}, false},
		{version{3, 9, 2}, []int{4}, true},
	} {
		if got := c.v.before(c.than...); got != c.before || c.v.from(c.than...) == got {
			t.Errorf("%v before %v: %t", c.v, c.than, got)
		}
	}
}

func TestMode(t *testing.T) {
	for _, c := range []struct {
		v            version
		wanted, mode string // no mode: an error
	}{
		{version{0, 8, 0}, "", "zk"},
		{version{3, 2, 0}, "", "zk"},
		{version{3, 3, 2}, "", "kraft"},
		{version{3, 9, 2}, "zk", "zk"},
		{version{3, 9, 2}, "kraft", "kraft"},
		{version{4, 0, 2}, "", "kraft"},
		{version{4, 0, 2}, "zk", ""},
		{version{2, 8, 2}, "kraft", ""},
		{version{4, 0, 2}, "paxos", ""},
	} {
		mode, err := c.v.mode(c.wanted)
		if mode != c.mode || (err == nil) != (c.mode != "") {
			t.Errorf("mode %q on %v: %q, %v", c.wanted, c.v, mode, err)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, cfg := range []Config{
		{},
		{Version: "4.4"},
		{Version: "4.4.0", Brokers: 4},
		{Version: "4.4.0", Brokers: -1},
		{Version: "4.4.0", Partitions: -1},
		{Version: "4.4.0", Mode: "zk"},
		{Version: "0.8.0", Advertised: elsewhere},
		{Version: "4.4.0", Advertised: elsewhere, Listeners: []string{"SSL"}},
	} {
		if cfg.Validate() == nil {
			t.Errorf("%+v is accepted", cfg)
		}
		if _, err := Start(t.Context(), cfg); err == nil {
			t.Errorf("%+v is started", cfg)
		}
	}
	for _, cfg := range []Config{{Version: "4.4.0"}, {Version: "0.8.1.1", Advertised: elsewhere}} {
		if err := cfg.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func elsewhere(string) string { return "elsewhere:9" }

// TestAdvertised: brokers are told what to tell clients, each in its release's way.
func TestAdvertised(t *testing.T) {
	for release, want := range map[string]string{
		"0.8.1.1": "advertised.host.name=elsewhere\nadvertised.port=9\n",
		"0.8.2.2": "advertised.host.name=elsewhere\nadvertised.port=9\n",
		"0.9.0.1": "advertised.listeners=PLAINTEXT://elsewhere:9\n",
		"4.4.0":   "advertised.listeners=PLAINTEXT://elsewhere:9\n",
	} {
		c, err := newCluster(Config{Version: release})
		if err != nil {
			t.Fatal(err)
		}
		c.dir = t.TempDir()
		var told string
		err = c.layOut(Config{Version: release, Advertised: func(listens string) string {
			told = listens
			return elsewhere(listens)
		}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(c.Broker(0).propertiesFile())
		if err != nil || !strings.Contains(string(text), want) || strings.Count(string(text), "advertised.listeners") > 1 {
			t.Errorf("%s: %v, want %q in\n%s", release, err, want, text)
		}
		if told != c.Broker(0).Addr() {
			t.Errorf("%s: asked for %q, and the broker listens at %q", release, told, c.Broker(0).Addr())
		}
	}
}
