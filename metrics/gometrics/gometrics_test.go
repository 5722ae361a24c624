package gometrics_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
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

// Two clients shown in one registry under one prefix: the first keeps the name,
// and the second's end does not take it away.
func TestNameTaken(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	var logged bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, nil)))

	to := go_metrics.NewRegistry()
	show := func(value float64) *gometrics.Reporter {
		from := metrics.New(metrics.Config{})
		s := from.Sensor("s")
		s.Add(metrics.Name{Name: "m", Group: "g"}, metrics.NewTotal())
		s.Record(value, time.Now())
		return gometrics.Report(from, to, "")
	}
	first, second := show(1), show(2)
	second.Close()
	second.Close()
	if gauge, ok := to.Get("g.m").(go_metrics.GaugeFloat64); !ok || gauge.Value() != 1 {
		t.Errorf("the first one's gauge is %v", gauge)
	}
	first.Close()
	if left := names(to); len(left) > 0 {
		t.Errorf("left after Close: %v", left)
	}
	if !strings.Contains(logged.String(), "g.m") {
		t.Errorf("nothing says that the second is not shown: %q", logged.String())
	}
}

// go-metrics' JSON export of everything fails on a single NaN.
func TestNothingMeasuredYet(t *testing.T) {
	from, to := metrics.New(metrics.Config{}), go_metrics.NewRegistry()
	from.Sensor("s").Add(metrics.Name{Name: "latency-avg", Group: "g"}, metrics.NewAvg())
	defer gometrics.Report(from, to, "").Close()
	text, err := json.Marshal(to)
	if want := `{"g.latency-avg":{"value":0}}`; err != nil || string(text) != want {
		t.Errorf("%s, %v; want %s", text, err, want)
	}
}
