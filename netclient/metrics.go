package netclient

import (
	"errors"
	"fmt"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// meter counts what a client's connections do. All of it is recorded per request
// or per Write, never per record. A nil meter counts nothing.
type meter struct {
	registry *metrics.Registry
	sensors  []string // names, to remove at the end

	connections *metrics.Sensor // 1 and -1
	created     *metrics.Sensor
	requests    *metrics.Sensor
	sent        *metrics.Sensor // bytes of a Write
	received    *metrics.Sensor // bytes of an answer
	latency     *metrics.Sensor // ms from the call to the answer
	throttle    *metrics.Sensor // ms of a pause that a broker asked for
}

// metricsGroup is the group of the client's own metrics. Those of producers and
// consumers have theirs.
const metricsGroup = "client-metrics"

// newMeter registers a client's metrics, tagged with its client id. Where
// another client of the same id is measured already, the tag gets -1, -2, ….
func newMeter(registry *metrics.Registry, clientID string) *meter {
	if registry == nil {
		return nil
	}
	tag := clientID
	for twin := 1; ; twin++ {
		m := &meter{registry: registry}
		if m.register(tag) == nil {
			return m
		}
		m.close()
		tag = fmt.Sprintf("%s-%d", clientID, twin)
	}
}

func (m *meter) register(tag string) error {
	var errs []error
	sensor := func(kind string, stats ...namedStat) *metrics.Sensor {
		name := fmt.Sprintf("netclient %s %p", kind, m)
		m.sensors = append(m.sensors, name)
		s := m.registry.Sensor(name)
		for _, one := range stats {
			errs = append(errs, s.Add(metrics.Name{Name: one.name, Group: metricsGroup, Description: one.about,
				Tags: map[string]string{"client-id": tag}}, one.stat))
		}
		return s
	}
	m.connections = sensor("connections",
		namedStat{"connection-count", "connections that stand", metrics.NewTotal()})
	m.created = sensor("created",
		namedStat{"connection-creation-total", "connections made", metrics.NewTotal()},
		namedStat{"connection-creation-rate", "connections made per second", metrics.NewRate()})
	m.requests = sensor("requests",
		namedStat{"request-total", "requests written", metrics.NewTotal()},
		namedStat{"request-rate", "requests written per second", metrics.NewRate()})
	m.sent = sensor("sent",
		namedStat{"outgoing-byte-total", "bytes written", metrics.NewTotal()},
		namedStat{"outgoing-byte-rate", "bytes written per second", metrics.NewRate()})
	m.received = sensor("received",
		namedStat{"incoming-byte-total", "bytes read", metrics.NewTotal()},
		namedStat{"incoming-byte-rate", "bytes read per second", metrics.NewRate()})
	m.latency = sensor("latency",
		namedStat{"request-latency-avg", "milliseconds from a request to its answer, on average", metrics.NewAvg()},
		namedStat{"request-latency-max", "milliseconds from a request to its answer, at most", metrics.NewMax()})
	m.throttle = sensor("throttle",
		namedStat{"throttle-time-total", "milliseconds for which brokers asked for a pause of a connection", metrics.NewTotal()},
		namedStat{"throttle-time-max", "milliseconds for which a broker asked for a pause of a connection, at most", metrics.NewMax()})
	return errors.Join(errs...)
}

type namedStat struct {
	name, about string
	stat        metrics.Stat
}

func (m *meter) connected() {
	if m != nil {
		now := time.Now()
		m.connections.Record(1, now)
		m.created.Record(1, now)
	}
}

func (m *meter) disconnected() {
	if m != nil {
		m.connections.Record(-1, time.Now())
	}
}

func (m *meter) asked(requests int) {
	if m != nil {
		m.requests.Record(float64(requests), time.Now())
	}
}

func (m *meter) wrote(bytes int) {
	if m != nil {
		m.sent.Record(float64(bytes), time.Now())
	}
}

func (m *meter) answered(bytes int, took time.Duration, now time.Time) {
	if m != nil {
		m.received.Record(float64(bytes), now)
		m.latency.Record(float64(took)/float64(time.Millisecond), now)
	}
}

func (m *meter) throttled(d time.Duration, now time.Time) {
	if m != nil {
		m.throttle.Record(float64(d)/float64(time.Millisecond), now)
	}
}

// close takes the client's metrics out of the registry.
func (m *meter) close() {
	if m == nil {
		return
	}
	for _, name := range m.sensors {
		m.registry.RemoveSensor(name)
	}
}
