package gometrics

import (
	"time"

	gometrics "github.com/rcrowley/go-metrics"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// A Reporter shows the metrics of a metrics.Registry in a registry of
// go-metrics, each as a gauge that asks for the value when it is read. Nothing
// is copied, and no goroutine runs: go-metrics' own meters and timers, which
// would need one, are not used.
type Reporter struct {
	to     gometrics.Registry
	prefix string
	from   *metrics.Registry
}

// Report shows the metrics of from in to, under the prefix and their own names:
// prefix + metrics.Name.String, such as
// "kafka.producer-metrics.record-send-total{client-id=barnabas}". Close ends it.
func Report(from *metrics.Registry, to gometrics.Registry, prefix string) *Reporter {
	r := &Reporter{to: to, prefix: prefix, from: from}
	from.AddReporter(r)
	return r
}

// Close takes the metrics out of the go-metrics registry again.
func (r *Reporter) Close() { r.from.RemoveReporter(r) }

// MetricAdded implements metrics.Reporter.
func (r *Reporter) MetricAdded(name metrics.Name, value func(now time.Time) float64) {
	// A name that is taken already keeps its owner: go-metrics refuses the second.
	r.to.Register(r.prefix+name.String(), gometrics.NewFunctionalGaugeFloat64(func() float64 { return value(time.Now()) }))
}

// MetricRemoved implements metrics.Reporter.
func (r *Reporter) MetricRemoved(name metrics.Name) { r.to.Unregister(r.prefix + name.String()) }
