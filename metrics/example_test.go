package metrics_test

import (
	"fmt"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
)

func Example() {
	registry := metrics.New(metrics.Config{})
	latency := registry.Sensor("latency")
	group := "my-metrics"
	latency.Add(metrics.Name{Name: "latency-avg", Group: group, Description: "milliseconds"}, metrics.NewAvg())
	latency.Add(metrics.Name{Name: "latency-max", Group: group, Description: "milliseconds"}, metrics.NewMax())

	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	latency.Record(2, now)
	latency.Record(6, now.Add(time.Second))

	for name, value := range registry.All(now.Add(2 * time.Second)) {
		fmt.Println(name, value)
	}
	// Output:
	// my-metrics.latency-avg 4
	// my-metrics.latency-max 6
}
