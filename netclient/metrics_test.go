package netclient

import (
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func metric(t *testing.T, r *metrics.Registry, name, clientID string) float64 {
	t.Helper()
	return metricOf(t, r, metrics.Name{Name: name, Group: "client-metrics", Tags: map[string]string{"client-id": clientID}})
}

func nodeMetric(t *testing.T, r *metrics.Registry, name, clientID, node string) float64 {
	t.Helper()
	return metricOf(t, r, metrics.Name{Name: name, Group: "client-node-metrics", Tags: map[string]string{"client-id": clientID, "node-id": node}})
}

func metricOf(t *testing.T, r *metrics.Registry, name metrics.Name) float64 {
	t.Helper()
	v, ok := r.Value(name, time.Now())
	if !ok {
		t.Errorf("there is no metric %v", name)
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

// TestMetricsPerBroker: what each broker's connections do counts for it and in
// total; a bootstrap connection that the pool keeps counts for its broker.
func TestMetricsPerBroker(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Brokers(3), kafkatest.Logger(quiet))
	registry := metrics.New(metrics.Config{})
	c := newTestClient(t, func(cfg *Config) {
		cfg.Metrics, cfg.ClientID, cfg.Dial = registry, "me", cluster.Dial
	}, cluster.Addr(1))
	ctx := within(t, 5*time.Second)
	if _, err := c.RefreshMetadata(ctx); err != nil {
		t.Fatal(err)
	}
	nodes := []string{"node--1", "node-1", "node-2", "node-3"}
	bootstrapped := nodeMetric(t, registry, "request-total", "me", "node--1")
	if bootstrapped == 0 {
		t.Error("nothing was asked of the bootstrap server")
	}
	for i, node := range []int32{1, 2, 3} {
		for range i + 1 {
			if err := c.RequestTo(ctx, node, msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, want := range map[int]float64{0: 0, 1: 1, 2: 1, 3: 1} {
		if got := nodeMetric(t, registry, "connection-count", "me", nodes[i]); got != want {
			t.Errorf("connection-count of %s is %v, want %v", nodes[i], got, want)
		}
	}
	for _, name := range []string{"connection-count", "connection-creation-total", "connection-close-total", "request-total", "response-total",
		"outgoing-byte-total", "incoming-byte-total", "throttle-time-total"} {
		sum := 0.0
		for _, node := range nodes {
			sum += nodeMetric(t, registry, name, "me", node)
		}
		if total := metric(t, registry, name, "me"); total != sum {
			t.Errorf("%s is %v in total, and %v as the sum of the brokers'", name, total, sum)
		}
	}
	if got := nodeMetric(t, registry, "request-total", "me", "node-1"); got != 1 { // its versions were found out before it was known as 1
		t.Errorf("request-total of node-1 is %v, want 1", got)
	}
	two, three := nodeMetric(t, registry, "request-total", "me", "node-2"), nodeMetric(t, registry, "request-total", "me", "node-3")
	if three != two+1 {
		t.Errorf("request-total is %v of node-2 and %v of node-3, want one more", two, three)
	}
	kinds := map[string]metrics.Kind{}
	for name := range registry.All(time.Now()) {
		kinds[name.Name] = name.Kind
	}
	for name, want := range map[string]metrics.Kind{"request-total": metrics.Counter, "throttle-time-total": metrics.Counter, "connection-count": metrics.Gauge, "request-rate": metrics.Gauge} {
		if got, ok := kinds[name]; got != want || !ok {
			t.Errorf("%s is a %v, want a %v", name, got, want)
		}
	}
	for _, name := range []string{"request-size-avg", "request-size-max", "request-latency-avg", "request-latency-max"} {
		if got := nodeMetric(t, registry, name, "me", "node-3"); !(got > 0) {
			t.Errorf("%s of node-3 is %v", name, got)
		}
	}

	cluster.StopBroker(3)
	for deadline := time.Now().Add(5 * time.Second); nodeMetric(t, registry, "connection-close-total", "me", "node-3") == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the connection to a stopped broker does not count as closed")
		}
		time.Sleep(time.Millisecond)
	}
	if got := nodeMetric(t, registry, "connection-count", "me", "node-3"); got != 0 {
		t.Errorf("connection-count of a stopped broker is %v", got)
	}
	c.Close()
	for name := range registry.All(time.Now()) {
		t.Errorf("after Close there is still %v", name)
	}
}

// TestConnMeter: a connection that ends while it is adopted counts once, and for
// one broker, whichever comes first.
func TestConnMeter(t *testing.T) {
	registry := metrics.New(metrics.Config{})
	m := newMeter(registry, "me")
	for range 200 {
		c := m.connected(-1)
		var both sync.WaitGroup
		both.Go(func() { c.adopted(1) })
		both.Go(c.disconnected)
		both.Wait()
	}
	for _, node := range []string{"node--1", "node-1"} {
		if got := nodeMetric(t, registry, "connection-count", "me", node); got != 0 {
			t.Errorf("connection-count of %s is %v", node, got)
		}
	}
	if made, closed := metric(t, registry, "connection-creation-total", "me"), metric(t, registry, "connection-close-total", "me"); made != 200 || closed != 200 {
		t.Errorf("%v connections made and %v closed, want 200 of each", made, closed)
	}
}
