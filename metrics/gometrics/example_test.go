package gometrics_test

import (
	"fmt"
	"time"

	go_metrics "github.com/rcrowley/go-metrics"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/metrics/gometrics"
)

func Example() {
	from, to := metrics.New(metrics.Config{}), go_metrics.NewRegistry()
	reporter := gometrics.Report(from, to, "kafka.")
	defer reporter.Close()

	sent := from.Sensor("sent")
	sent.Add(metrics.Name{Name: "record-send-total", Group: "producer-metrics"}, metrics.NewTotal())
	sent.Record(42, time.Now())

	fmt.Println(to.Get("kafka.producer-metrics.record-send-total").(go_metrics.GaugeFloat64).Value())
	// Output: 42
}
