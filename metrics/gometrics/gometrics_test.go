package gometrics_test

import (
	"fmt"
	"testing"
	"time"

	go_metrics "github.com/rcrowley/go-metrics"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/metrics/gometrics"
)

func names(r go_metrics.Registry) (all []string) {
	r.Each(func(name string, _ any) { all = append(all, name) })
	return all
}

func TestReport(t *testing.T) {
	from, to := metrics.New(metrics.Config{}), go_metrics.NewRegistry()
	early := from.Sensor("early")
	early.Add(metrics.Name{Name: "early", Group: "g"}, metrics.NewTotal())
	reporter := gometrics.Report(from, to, "kafka.")
	late := from.Sensor("late")
	late.Add(metrics.Name{Name: "late", Group: "g"}, metrics.NewTotal())
	early.Record(2, time.Now())
	late.Record(3, time.Now())
	for name, want := range map[string]float64{"kafka.g.early": 2, "kafka.g.late": 3} {
		gauge, ok := to.Get(name).(go_metrics.GaugeFloat64)
		if !ok || gauge.Value() != want {
			t.Errorf("%s: %v, want a gauge of %v", name, gauge, want)
		}
	}
	from.RemoveSensor("early")
	if to.Get("kafka.g.early") != nil {
		t.Error("a metric that was removed is still shown")
	}
	reporter.Close()
	if left := names(to); len(left) > 0 {
		t.Errorf("left after Close: %v", left)
	}
	from.Sensor("later").Add(metrics.Name{Name: "later", Group: "g"}, metrics.NewTotal())
	if left := names(to); len(left) > 0 {
		t.Errorf("added after Close: %v", left)
	}
}

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
