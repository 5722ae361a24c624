package realkafka

import (
	"strings"
	"testing"
)

// TestFurtherListeners: each release is told who may log in, in the way that it
// knows.
func TestFurtherListeners(t *testing.T) {
	for _, c := range []struct {
		release    string
		mechanisms string
		inFile     bool
	}{
		{"0.10.0.1", "PLAIN", true},
		{"0.10.2.2", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512", true},
		{"1.1.1", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512", false},
		{"4.4.0", "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER", false},
	} {
		v, _ := parseVersion(c.release)
		mode, _ := v.mode("")
		l := layout{
			version: v, mode: mode, partitions: 1, brokers: []string{"127.0.0.1:1"}, voters: []string{"127.0.0.1:2"}, zookeeper: "127.0.0.1:3",
			listeners: map[string][]string{"SSL": {"127.0.0.1:4"}, "SASL_PLAINTEXT": {"127.0.0.1:5"}}, users: map[string]string{"alice": "secret"},
		}
		p := l.properties(0, "/data")
		for _, want := range []string{"PLAINTEXT://127.0.0.1:1", "SSL://127.0.0.1:4", "SASL_PLAINTEXT://127.0.0.1:5"} {
			if !strings.Contains(","+p["listeners"]+",", ","+want+",") {
				t.Errorf("%s: no %s in listeners=%s", c.release, want, p["listeners"])
			}
			if mode == modeKRaft && !strings.Contains(","+p["advertised.listeners"]+",", ","+want+",") {
				t.Errorf("%s: no %s in advertised.listeners=%s", c.release, want, p["advertised.listeners"])
			}
		}
		if got := p["sasl.enabled.mechanisms"]; got != c.mechanisms {
			t.Errorf("%s: mechanisms %s, want %s", c.release, got, c.mechanisms)
		}
		plain := p["listener.name.sasl_plaintext.plain.sasl.jaas.config"]
		if c.inFile {
			plain = l.jaasFile()
		}
		if !strings.Contains(plain, `user_alice="secret"`) {
			t.Errorf("%s: alice is not in %q", c.release, plain)
		}
	}
}

func TestWrongListeners(t *testing.T) {
	for _, cfg := range []Config{
		{Version: "0.8.2.2", Listeners: []string{"SSL"}},
		{Version: "0.9.0.1", Listeners: []string{"SASL_SSL"}},
		{Version: "4.4.0", Listeners: []string{"TLS"}},
		{Version: "4.4.0", Users: map[string]string{"alice": `a"b`}},
		{Version: "4.4.0", Users: map[string]string{"": "b"}},
	} {
		if cfg.Validate() == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
