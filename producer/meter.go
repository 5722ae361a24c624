package producer

import (
	"fmt"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// metricsGroup is Kafka's name of the group.
const metricsGroup = "producer-metrics"

// meter measures what a producer does, under Kafka's names. Everything is
// recorded per batch or request, never per record. A nil meter does nothing.
type meter struct {
	registry *metrics.Registry
	tags     map[string]string
	names    []string // of the sensors, to remove them at the end

	gauges, sent, errors, retries, splits    *metrics.Sensor
	batchSize, queueTime, compression        *metrics.Sensor
	recordsPerRequest, latency, throttleTime *metrics.Sensor
}

// named is a stat that is to be a metric.
type named struct {
	name, about string
	stat        metrics.Stat
}

func newMeter(registry *metrics.Registry, clientID string, pool *bufferPool) *meter {
	if registry == nil {
		return nil
	}
	m := &meter{registry: registry}
	m.gauges = m.claim(clientID, named{"buffer-available-bytes", "bytes of buffer.memory that are not used",
		metrics.NewFunc(func(time.Time) float64 { return float64(pool.available()) })})
	m.add(m.gauges, named{"waiting-threads", "calls of Send that wait for buffer.memory",
		metrics.NewFunc(func(time.Time) float64 { return float64(pool.waiting.Load()) })})
	m.sent = m.sensor(
		named{"record-send-total", "records in requests; counted again when sent again", metrics.NewTotal()},
		named{"record-send-rate", "records in requests per second", metrics.NewRate()})
	m.errors = m.sensor(
		named{"record-error-total", "records that failed for good", metrics.NewTotal()},
		named{"record-error-rate", "records that failed for good, per second", metrics.NewRate()})
	m.retries = m.sensor(
		named{"record-retry-total", "records that had to be sent again", metrics.NewTotal()},
		named{"record-retry-rate", "records that had to be sent again, per second", metrics.NewRate()})
	m.splits = m.sensor(
		named{"batch-split-total", "batches that the broker found too large, and that were split", metrics.NewTotal()})
	m.batchSize = m.sensor(
		named{"batch-size-avg", "bytes of a batch as it is sent, on average", metrics.NewAvg()},
		named{"batch-size-max", "bytes of a batch as it is sent, at most", metrics.NewMax()})
	m.queueTime = m.sensor(
		named{"record-queue-time-avg", "milliseconds from the opening of a batch until it is sent, on average", metrics.NewAvg()},
		named{"record-queue-time-max", "milliseconds from the opening of a batch until it is sent, at most", metrics.NewMax()})
	m.compression = m.sensor(
		named{"compression-rate-avg", "size of a batch after compression by that before, on average", metrics.NewAvg()})
	m.recordsPerRequest = m.sensor(
		named{"records-per-request-avg", "records in a request, on average", metrics.NewAvg()})
	m.latency = m.sensor(
		named{"request-latency-avg", "milliseconds from a request to its answer, on average", metrics.NewAvg()},
		named{"request-latency-max", "milliseconds from a request to its answer, at most", metrics.NewMax()})
	m.throttleTime = m.sensor(
		named{"produce-throttle-time-avg", "milliseconds for which a broker throttled a request, on average", metrics.NewAvg()},
		named{"produce-throttle-time-max", "milliseconds for which a broker throttled a request, at most", metrics.NewMax()})
	return m
}

// claim finds a value of the tag client-id that no other producer of the
// registry has: the second of a name gets -1 behind it, the third -2.
func (m *meter) claim(clientID string, first named) *metrics.Sensor {
	s := m.sensor()
	m.tags = map[string]string{"client-id": clientID}
	for n := 1; m.add(s, first) != nil; n++ {
		m.tags = map[string]string{"client-id": fmt.Sprintf("%s-%d", clientID, n)}
	}
	return s
}

func (m *meter) sensor(stats ...named) *metrics.Sensor {
	name := fmt.Sprintf("producer-%p-%d", m, len(m.names))
	m.names = append(m.names, name)
	s := m.registry.Sensor(name)
	for _, one := range stats {
		m.add(s, one)
	}
	return s
}

func (m *meter) add(s *metrics.Sensor, one named) error {
	return s.Add(metrics.Name{Name: one.name, Group: metricsGroup, Description: one.about, Tags: m.tags, Kind: kindOf(one.name)}, one.stat)
}

// kindOf goes by Kafka's names: what only grows ends in -total.
func kindOf(name string) metrics.Kind {
	if strings.HasSuffix(name, "-total") {
		return metrics.Counter
	}
	return metrics.Gauge
}

// started records what is in a request.
func (m *meter) started(r *request, now time.Time) {
	if m == nil {
		return
	}
	records := 0.0
	for _, b := range r.batches {
		records += float64(b.records)
		m.batchSize.Record(float64(len(b.data)), now)
		m.queueTime.Record(millisOf(now.Sub(b.opened)), now)
		m.compression.Record(float64(len(b.data))/float64(b.builder.Size()), now)
	}
	m.sent.Record(records, now)
	m.recordsPerRequest.Record(records, now)
}

// finished records an answer, if there was one.
func (m *meter) finished(r *request, throttledMs int32, now time.Time) {
	if m == nil || r.err != nil {
		return
	}
	m.latency.Record(millisOf(now.Sub(r.started)), now)
	m.throttleTime.Record(float64(throttledMs), now)
}

func (m *meter) failed(records int32, now time.Time) {
	if m != nil {
		m.errors.Record(float64(records), now)
	}
}

func (m *meter) retried(records int32, now time.Time) {
	if m != nil {
		m.retries.Record(float64(records), now)
	}
}

func (m *meter) split(now time.Time) {
	if m != nil {
		m.splits.Record(1, now)
	}
}

// close takes the producer's metrics out of the registry.
func (m *meter) close() {
	if m == nil {
		return
	}
	for _, name := range m.names {
		m.registry.RemoveSensor(name)
	}
}

func millisOf(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
