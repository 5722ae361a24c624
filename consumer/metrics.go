package consumer

import (
	"fmt"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// The groups of a consumer's metrics, by Kafka's names.
const (
	fetchGroup       = "consumer-fetch-manager-metrics"
	coordinatorGroup = "consumer-coordinator-metrics"
)

// meter counts what a consumer does: per request and per chunk of records, never per record. With
// a nil registry its sensors are nil and count nothing.
type meter struct {
	registry *metrics.Registry
	tags     map[string]string
	sensors  []string // names, to remove at the end

	fetches    *metrics.Sensor // ms from a fetch to its answer
	throttle   *metrics.Sensor // ms
	fetchBytes *metrics.Sensor
	records    *metrics.Sensor
	lagging    *metrics.Sensor
	commits    *metrics.Sensor // ms
	heartbeats *metrics.Sensor // ms
	partitions *metrics.Sensor
	rebalances *metrics.Sensor
}

type namedStat struct {
	name, about string
	stat        metrics.Stat
}

func newMeter(registry *metrics.Registry, clientID string) *meter {
	m := &meter{registry: registry}
	m.claim(clientID)
	m.fetches = m.sensor(fetchGroup, "fetches",
		namedStat{"fetch-latency-avg", "milliseconds from a fetch to its answer, on average", metrics.NewAvg()},
		namedStat{"fetch-latency-max", "milliseconds from a fetch to its answer, at most", metrics.NewMax()},
		namedStat{"fetch-rate", "fetches answered per second", metrics.NewOccurrenceRate()},
		namedStat{"fetch-total", "fetches answered", metrics.NewTotalCount()})
	m.throttle = m.sensor(fetchGroup, "throttle",
		namedStat{"fetch-throttle-time-avg", "milliseconds that the broker held a fetch back because of a quota, on average", metrics.NewAvg()},
		namedStat{"fetch-throttle-time-max", "milliseconds that the broker held a fetch back because of a quota, at most", metrics.NewMax()})
	m.fetchBytes = m.sensor(fetchGroup, "bytes",
		namedStat{"fetch-size-avg", "bytes of records in a fetch, on average", metrics.NewAvg()},
		namedStat{"fetch-size-max", "bytes of records in a fetch, at most", metrics.NewMax()},
		namedStat{"bytes-consumed-total", "bytes of records fetched", metrics.NewTotal()},
		namedStat{"bytes-consumed-rate", "bytes of records fetched per second", metrics.NewRate()})
	m.records = m.sensor(fetchGroup, "records",
		namedStat{"records-consumed-total", "records read", metrics.NewTotal()},
		namedStat{"records-consumed-rate", "records read per second", metrics.NewRate()},
		namedStat{"records-per-request-avg", "records of one partition in a fetch, on average", metrics.NewAvg()})
	m.lagging = m.sensor(fetchGroup, "lag",
		namedStat{"records-lag-max", "records between the position and the high watermark, at most of any partition", metrics.NewMax()})
	m.commits = m.sensor(coordinatorGroup, "commits",
		namedStat{"commit-latency-avg", "milliseconds that a commit took, on average", metrics.NewAvg()},
		namedStat{"commit-latency-max", "milliseconds that a commit took, at most", metrics.NewMax()},
		namedStat{"commit-rate", "commits per second", metrics.NewOccurrenceRate()},
		namedStat{"commit-total", "commits", metrics.NewTotalCount()})
	m.heartbeats = m.sensor(coordinatorGroup, "heartbeats",
		namedStat{"heartbeat-response-time-max", "milliseconds from a heartbeat to its answer, at most", metrics.NewMax()},
		namedStat{"heartbeat-rate", "heartbeats answered per second", metrics.NewOccurrenceRate()},
		namedStat{"heartbeat-total", "heartbeats answered", metrics.NewTotalCount()})
	m.partitions = m.sensor(coordinatorGroup, "partitions",
		namedStat{"assigned-partitions", "partitions assigned to this consumer", metrics.NewValue()})
	return m
}

// claim finds a value of the tag client-id that no other consumer of the registry has (consumer,
// consumer-1 and so on), and takes it by measuring under it.
func (m *meter) claim(clientID string) {
	id := clientID
	for n := 1; ; n++ {
		m.tags = map[string]string{"client-id": id}
		name := m.sensorName("rebalances")
		err := m.registry.Sensor(name).Add(metrics.Name{Name: "rebalance-total", Group: coordinatorGroup,
			Description: "assignments taken over", Tags: m.tags, Kind: metrics.Counter}, metrics.NewTotal())
		if err == nil {
			m.rebalances = m.registry.Sensor(name)
			m.sensors = append(m.sensors, name)
			return
		}
		id = fmt.Sprintf("%s-%d", clientID, n)
	}
}

func (m *meter) sensorName(kind string) string {
	return fmt.Sprintf("consumer-%s-%s", kind, m.tags["client-id"])
}

func (m *meter) sensor(group, kind string, stats ...namedStat) *metrics.Sensor {
	name := m.sensorName(kind)
	m.sensors = append(m.sensors, name)
	s := m.registry.Sensor(name)
	for _, one := range stats {
		s.Add(metrics.Name{Name: one.name, Group: group, Description: one.about, Tags: m.tags, Kind: kindOf(one.name)}, one.stat)
	}
	return s
}

// kindOf goes by Kafka's names: what only grows ends in -total.
func kindOf(name string) metrics.Kind {
	if strings.HasSuffix(name, "-total") {
		return metrics.Counter
	}
	return metrics.Gauge
}

func (m *meter) fetched(now time.Time, took, throttled time.Duration, bytes int) {
	m.fetches.Record(toMillis(took), now)
	m.throttle.Record(toMillis(throttled), now)
	m.fetchBytes.Record(float64(bytes), now)
}

func (m *meter) consumed(records int, now time.Time) {
	if records > 0 {
		m.records.Record(float64(records), now)
	}
}

func (m *meter) lag(p *partition, now time.Time) {
	if p.highWater >= 0 {
		m.lagging.Record(float64(max(p.highWater-p.position, 0)), now)
	}
}

func (m *meter) committed(took time.Duration, now time.Time) { m.commits.Record(toMillis(took), now) }
func (m *meter) heartbeat(took time.Duration, now time.Time) {
	m.heartbeats.Record(toMillis(took), now)
}
func (m *meter) assigned(n int) { m.partitions.Record(float64(n), time.Now()) }
func (m *meter) rebalanced()    { m.rebalances.Record(1, time.Now()) }

func toMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// close takes the consumer's metrics out of the registry.
func (m *meter) close() {
	for _, name := range m.sensors {
		m.registry.RemoveSensor(name)
	}
}
