package netclient

import (
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func metric(t *testing.T, r *metrics.Registry, name, clientID string) float64 {
	t.Helper()
	v, ok := r.Value(metrics.Name{Name: name, Group: "client-metrics", Tags: map[string]string{"client-id": clientID}}, time.Now())
	if !ok {
		t.Errorf("there is no metric %s of %s", name, clientID)
	}
	return v
}

func TestMetrics(t *testing.T) {
	f := startFake(t, "2.8")
	registry := metrics.New(metrics.Config{})
	with := func(cfg *Config) { cfg.Metrics, cfg.ClientID = registry, "me" }
	c, twin := newTestClient(t, with, f.addr()), newTestClient(t, with, f.addr())
	ctx := within(t, 5*time.Second)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if err := c.Request(ctx, msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]float64{
		"connection-count": 1, "connection-creation-total": 1, "request-total": 10, // 4 of Ping
	} {
		if got := metric(t, registry, name, "me"); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{"outgoing-byte-total", "incoming-byte-total", "request-latency-avg", "request-latency-max"} {
		if got := metric(t, registry, name, "me"); !(got > 0) {
			t.Errorf("%s is %v", name, got)
		}
	}
	if got := metric(t, registry, "connection-creation-total", "me-1"); got != 0 {
		t.Errorf("the twin has made %v connections", got)
	}
	c.Close()
	twin.Close()
	for name := range registry.All(time.Now()) {
		t.Errorf("after Close there is still %v", name)
	}
}

func TestTrace(t *testing.T) {
	f := startFake(t, "2.8")
	events := make(chan string, 100)
	c := newTestClient(t, func(cfg *Config) {
		cfg.Trace = &Trace{
			ConnectDone: func(i ConnectInfo) { events <- "connect " + i.Release.String() },
			RequestDone: func(i RequestInfo) {
				if i.Err != nil || i.Written <= 0 || i.Read <= 0 || i.Duration <= 0 {
					t.Errorf("a request is traced as %+v", i)
				}
				events <- i.Key.String()
			},
			MetadataDone: func(md *Metadata, err error) {
				if err != nil || len(md.Brokers()) != 1 {
					t.Errorf("metadata is traced as %v, %v", md, err)
				}
				events <- "metadata"
			},
			Disconnect: func(addr string, node int32, err error) { events <- "disconnect" },
		}
	}, f.addr())
	if err := c.Ping(within(t, 5*time.Second)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	close(events)
	seen := map[string]int{}
	for e := range events {
		seen[e]++
	}
	for e, want := range map[string]int{"connect 2.8": 1, "Metadata": 2, "ApiVersions": 2, "metadata": 1, "disconnect": 1} {
		if seen[e] != want {
			t.Errorf("%d times %q, want %d; all: %v", seen[e], e, want, seen)
		}
	}
}
