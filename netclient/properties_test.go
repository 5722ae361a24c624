package netclient

import (
	"bytes"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseProperties(t *testing.T) {
	cfg, unknown, err := ParseProperties(map[string]string{
		"bootstrap.servers":                      "a, b:1,[::1]:2",
		"client.id":                              "me",
		"api.version":                            "0.10.2",
		"security.protocol":                      "PLAINTEXT",
		"request.timeout.ms":                     "1500",
		"retry.backoff.ms":                       "0",
		"retry.backoff.max.ms":                   "2000",
		"reconnect.backoff.ms":                   "10",
		"reconnect.backoff.max.ms":               "20",
		"socket.connection.setup.timeout.ms":     "5000",
		"socket.connection.setup.timeout.max.ms": "6000",
		"connections.max.idle.ms":                "-1",
		"metadata.max.idle.ms":                   "70000",
		"metadata.recovery.strategy":             " Rebootstrap\t",
		"metadata.cluster.check.enable":          "false",
		"allow.auto.create.topics":               "false",
		"client.dns.lookup":                      "use_all_dns_ips",
		"metadata.max.age.ms":                    "1000",
		"send.buffer.bytes":                      "131072",
		"receive.buffer.bytes":                   "-1",
		"acks":                                   "all",
		"ssl.protocol":                           "TLSv1.3",
		"bootstrap.resolve.timeout.ms":           "1000",
	})
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(unknown, map[string]string{"acks": "all"}) {
		t.Errorf("unknown properties are %v, want acks", unknown)
	}
	if want := []string{"bootstrap.resolve.timeout.ms", "ssl.protocol"}; !slices.Equal(slices.Sorted(maps.Keys(cfg.Ignored)), want) {
		t.Errorf("ignored are %v, want %v", cfg.Ignored, want)
	}
	if want := []string{"a:9092", "b:1", "[::1]:2"}; !slices.Equal(cfg.BootstrapServers, want) {
		t.Errorf("BootstrapServers %q, want %q", cfg.BootstrapServers, want)
	}
	if cfg.ClientID != "me" || cfg.APIVersion != "0.10.2" || cfg.SendBuffer != 131072 || cfg.ReceiveBuffer != 0 || !cfg.SkipClusterCheck || !cfg.NoTopicCreation {
		t.Errorf("got %+v", cfg)
	}
	for name, d := range map[string][2]time.Duration{
		"request.timeout.ms":                     {cfg.RequestTimeout, 1500 * time.Millisecond},
		"retry.backoff.ms":                       {cfg.RetryBackoff, -1}, // Kafka's 0
		"retry.backoff.max.ms":                   {cfg.RetryBackoffMax, 2 * time.Second},
		"reconnect.backoff.ms":                   {cfg.ReconnectBackoff, 10 * time.Millisecond},
		"reconnect.backoff.max.ms":               {cfg.ReconnectBackoffMax, 20 * time.Millisecond},
		"socket.connection.setup.timeout.ms":     {cfg.ConnectionSetupTimeout, 5 * time.Second},
		"socket.connection.setup.timeout.max.ms": {cfg.ConnectionSetupTimeoutMax, 6 * time.Second},
		"metadata.max.idle.ms":                   {cfg.MetadataMaxIdle, 70 * time.Second},
		"connections.max.idle.ms":                {cfg.ConnectionsMaxIdle, -time.Millisecond},
		"metadata.max.age.ms":                    {cfg.MetadataMaxAge, time.Second},
	} {
		if d[0] != d[1] {
			t.Errorf("%s gives %v, want %v", name, d[0], d[1])
		}
	}
	if err := cfg.Validate(); err != nil {
		t.Errorf("Validate: %v", err)
	}
}

// TestParsePropertiesErrors: an error names property, value and what is allowed,
// and all mistakes come at once.
func TestParsePropertiesErrors(t *testing.T) {
	bad := map[string]string{
		"bootstrap.servers":             "kafka:x",
		"api.version":                   "0.7",
		"security.protocol":             "TLS",
		"request.timeout.ms":            "-1",
		"metadata.max.idle.ms":          "4999",
		"retry.backoff.ms":              "100ms",
		"connections.max.idle.ms":       "1e3",
		"metadata.max.age.ms":           "9223372036854775808",
		"send.buffer.bytes":             "2147483648",
		"metadata.cluster.check.enable": "yes",
		"client.dns.lookup":             "USE_ALL_DNS_IPS",
		"metadata.recovery.strategy":    "wait",
	}
	_, _, err := ParseProperties(bad)
	if err == nil {
		t.Fatal("no error")
	}
	for name, value := range bad {
		if !strings.Contains(err.Error(), name+"="+value+": ") {
			t.Errorf("no mention of %s=%s in:\n%v", name, value, err)
		}
	}
	for _, want := range []string{"a number of milliseconds from 5000 up", "a number from -1 to 2147483647", "0.8.0, 0.8.1, 0.8.2, 0.9, 0.10.0", "PLAINTEXT"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}

// TestParsePropertiesLikeJava: what means something particular to the Java client.
func TestParsePropertiesLikeJava(t *testing.T) {
	for _, servers := range []string{"", " ", "a:9092,", ",a:9092", "a:9092,,b:9092"} {
		if _, _, err := ParseProperties(map[string]string{"bootstrap.servers": servers}); err == nil || !strings.Contains(err.Error(), "bootstrap.servers=") {
			t.Errorf("bootstrap.servers=%q: %v", servers, err)
		}
	}
	for _, c := range []struct {
		props map[string]string
		ok    func(*Config) bool
	}{
		{map[string]string{"retry.backoff.max.ms": "0"}, func(c *Config) bool { return c.RetryBackoff < 0 && c.RetryBackoffMax == 0 }},
		{map[string]string{"retry.backoff.ms": "3000"}, func(c *Config) bool { return c.RetryBackoff == time.Second }}, // the longest is 1 s
		{map[string]string{"reconnect.backoff.ms": "300", "reconnect.backoff.max.ms": "200"}, func(c *Config) bool { return c.ReconnectBackoff == 200*time.Millisecond }},
		{map[string]string{"connections.max.idle.ms": "0"}, func(c *Config) bool { return c.ConnectionsMaxIdle == time.Millisecond }},
		{map[string]string{"connections.max.idle.ms": "9223372036854775807"}, func(c *Config) bool { return c.ConnectionsMaxIdle > 292*365*24*time.Hour }},
		{map[string]string{"bootstrap.servers": "a:1 , b:2,a:1"}, func(c *Config) bool { return slices.Equal(c.BootstrapServers, []string{"a:1", "b:2"}) }},
		{map[string]string{"client.id": " me "}, func(c *Config) bool { return c.ClientID == "me" }},
		{map[string]string{"allow.auto.create.topics": "TRUE"}, func(c *Config) bool { return !c.NoTopicCreation && c.Ignored["allow.auto.create.topics"] != "" }},
		{map[string]string{"client.dns.lookup": "resolve_canonical_bootstrap_servers_only"}, func(c *Config) bool { return c.Ignored["client.dns.lookup"] != "" }},
		{map[string]string{"enable.metrics.push": "false"}, func(c *Config) bool { return len(c.Ignored) == 0 }},
	} {
		if cfg, _, err := ParseProperties(c.props); err != nil || !c.ok(&cfg) || cfg.Validate() != nil {
			t.Errorf("%v gives %+v, %v, %v", c.props, cfg, err, cfg.Validate())
		}
	}
}

// TestIgnoredIsLogged: once, in one line, by New.
func TestIgnoredIsLogged(t *testing.T) {
	var out bytes.Buffer
	cfg := quickConfig("127.0.0.1:1")
	cfg.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg.Ignored = map[string]string{"b": "why b", "a": "why a"}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `level=WARN msg="kafka: properties have no effect" a="why a" b="why b"`) {
		t.Errorf("the log says:\n%s", got)
	}
}

func TestValidateJoinsEveryMistake(t *testing.T) {
	cfg := Config{
		BootstrapServers: []string{"kafka:"},
		APIVersion:       "9.9",
		RequestTimeout:   -1,
		SendBuffer:       -1,
		ClientID:         strings.Repeat("c", 1<<15),
	}
	_, err := New(cfg)
	if err == nil {
		t.Fatal("New took it")
	}
	for _, want := range []string{"BootstrapServers", "kafka:", "APIVersion", "9.9", "RequestTimeout", "SendBuffer", "ClientID"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}

func TestConfigDefaults(t *testing.T) {
	cfg := Config{}.withDefaults()
	if !slices.Equal(cfg.BootstrapServers, []string{"localhost:9092"}) {
		t.Errorf("BootstrapServers %q", cfg.BootstrapServers)
	}
	if cfg.ClientID != "barnabas" || cfg.RequestTimeout != 30*time.Second || cfg.MetadataMaxAge != 5*time.Minute || cfg.Logger == nil {
		t.Errorf("got %+v", cfg)
	}
}
