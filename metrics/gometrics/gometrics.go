package gometrics

import (
	"log/slog"
	"math"
	"time"

	gometrics "github.com/rcrowley/go-metrics"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// A Reporter shows the metrics of a metrics.Registry in a registry of
// go-metrics, each as a gauge that asks for the value when it is read, whatever
// its Kind: go-metrics' counters are integers that it adds up itself. Nothing
// is copied, and no goroutine runs: go-metrics' own meters and timers, which
// would need one, are not used.
type Reporter struct {
	from *metrics.Registry
	sink *sink
}

// Report shows the metrics of from in to, under the prefix and their own names:
// prefix + metrics.Name.String, such as
// "kafka.producer-metrics.record-send-total{client-id=barnabas}". What from adds
// later comes along, what it removes goes. A name that to has already keeps its
// owner, and slog's default logger hears of it.
//
// Where there is nothing to measure (an average of nothing) the gauge is 0, as
// go-metrics' own are: many of its exporters, JSON among them, can't write NaN.
//
// Close ends it.
func Report(from *metrics.Registry, to gometrics.Registry, prefix string) *Reporter {
	r := &Reporter{from: from, sink: &sink{to: to, prefix: prefix, registered: map[string]bool{}}}
	from.AddReporter(r.sink)
	return r
}

// Close takes the metrics out of the go-metrics registry again. It may be called
// twice.
func (r *Reporter) Close() { r.from.RemoveReporter(r.sink) }

// A sink is the Reporter as the metrics.Registry sees it.
type sink struct {
	to         gometrics.Registry
	prefix     string
	registered map[string]bool // what is ours in to; guarded by the metrics.Registry's lock
}

func (s *sink) MetricAdded(m metrics.Metric) {
	shown := s.prefix + m.Name.String()
	gauge := gometrics.NewFunctionalGaugeFloat64(func() float64 {
		if v := m.Value(time.Now()); !math.IsNaN(v) {
			return v
		}
		return 0
	})
	if err := s.to.Register(shown, gauge); err != nil {
		slog.Default().Warn("a metric is not shown in go-metrics; another prefix may help", "metric", shown, "error", err)
		return
	}
	s.registered[shown] = true
}

func (s *sink) MetricRemoved(m metrics.Metric) {
	shown := s.prefix + m.Name.String()
	if s.registered[shown] {
		delete(s.registered, shown)
		s.to.Unregister(shown)
	}
}
