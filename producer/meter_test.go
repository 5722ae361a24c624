package producer

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// TestMetrics: two producers of one client id have metrics of their own, which
// are gone with them.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 2))
		var failures atomic.Int32
		cluster.Control(wire.KeyProduce, func(kafkatest.Request) kafkatest.Action {
			if failures.Add(-1) >= 0 {
				return kafkatest.Action{Error: wire.ErrNotEnoughReplicas}
			}
			return kafkatest.Action{}
		})
		registry := metrics.New(metrics.Config{})
		client, err := netclient.New(netclient.Config{
			BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Metrics: registry, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		value := func(name, id string) float64 {
			v, ok := registry.Value(metrics.Name{Name: name, Group: "producer-metrics", Tags: map[string]string{"client-id": id}}, time.Now())
			if !ok {
				return -1
			}
			return v
		}
		first, err1 := New(client, Config{Linger: time.Second})
		second, err2 := New(client, Config{Retries: -1})
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for i := range 10 {
			mustSend(t, first, Record{Topic: "t", Partition: ToPartition(int32(i % 2)), Value: []byte("v")})
		}
		if got := value("buffer-available-bytes", "barnabas"); got != 32<<20-2*16384 {
			t.Errorf("buffer-available-bytes with two open batches: %v", got)
		}
		failures.Store(1)
		first.Flush(t.Context()) // refused once, then written
		failures.Store(1)
		mustSend(t, second, Record{Topic: "t", Value: []byte("v")}).Wait(t.Context())
		for _, want := range []struct {
			name, id string
			value    float64
		}{
			{"record-send-total", "barnabas", 20}, {"record-retry-total", "barnabas", 10}, {"record-error-total", "barnabas", 0},
			{"records-per-request-avg", "barnabas-1", 1}, {"buffer-available-bytes", "barnabas", 32 << 20},
			{"record-send-total", "barnabas-1", 1}, {"record-error-total", "barnabas-1", 1}, {"waiting-threads", "barnabas-1", 0},
		} {
			if got := value(want.name, want.id); got != want.value {
				t.Errorf("%s of %s is %v, want %v", want.name, want.id, got, want.value)
			}
		}
		for _, name := range []string{"request-latency-avg", "batch-size-avg", "record-queue-time-avg", "compression-rate-avg"} {
			if got := value(name, "barnabas"); !(got >= 0) {
				t.Errorf("%s is %v", name, got)
			}
		}
		for name := range registry.All(time.Now()) {
			if counts := name.Name == "record-send-total" || name.Name == "batch-split-total"; counts && name.Kind != metrics.Counter {
				t.Errorf("%v is a %v", name, name.Kind)
			}
			if name.Name == "waiting-threads" && name.Kind != metrics.Gauge {
				t.Errorf("%v is a %v", name, name.Kind)
			}
		}
		first.Close()
		second.Close()
		for name := range registry.All(time.Now()) {
			if name.Group == metricsGroup {
				t.Errorf("%v is left", name)
			}
		}
	})
}
