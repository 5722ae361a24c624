package netclient

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// The groups of the client's own metrics, in total and for each broker. Those of
// producers and consumers have theirs.
const (
	metricsGroup     = "client-metrics"
	nodeMetricsGroup = "client-node-metrics"
)

// meter counts what a client's connections do, in total and per broker. All of it
// is recorded per request or per Write, never per record. A nil meter counts
// nothing.
type meter struct {
	registry *metrics.Registry
	clientID string // the tag, with -1, -2, … for a twin
	total    sensors

	mu    sync.Mutex         // guards nodes
	nodes map[int32]*sensors // by broker id; -1 for bootstrap servers
}

// sensors are one broker's, or the client's. A broker's have the client's as
// parents, so that each value is recorded once by the caller and counts twice.
type sensors struct {
	names []string // to remove at the end

	connections *metrics.Sensor // 1 and -1
	created     *metrics.Sensor
	closed      *metrics.Sensor
	requests    *metrics.Sensor // how many a Write carried
	size        *metrics.Sensor // bytes of a request
	sent        *metrics.Sensor // bytes of a Write
	received    *metrics.Sensor // bytes of an answer
	latency     *metrics.Sensor // ms from the call to the answer
	throttle    *metrics.Sensor // ms of a pause that a broker asked for
}

// newMeter registers a client's metrics, tagged with its client id. Where
// another client of the same id is measured already, the tag gets -1, -2, ….
func newMeter(registry *metrics.Registry, clientID string) *meter {
	if registry == nil {
		return nil
	}
	for twin := 0; ; twin++ {
		m := &meter{registry: registry, clientID: clientID, nodes: map[int32]*sensors{}}
		if twin > 0 {
			m.clientID = fmt.Sprintf("%s-%d", clientID, twin)
		}
		if m.register(&m.total, nil, metricsGroup, map[string]string{"client-id": m.clientID}) == nil {
			return m
		}
		m.close()
	}
}

// register makes one set of sensors with their metrics.
func (m *meter) register(s, parent *sensors, group string, tags map[string]string) error {
	if parent == nil {
		parent = &sensors{} // nil sensors are nobody's parents
	}
	var errs []error
	sensor := func(kind string, parent *metrics.Sensor, stats ...namedStat) *metrics.Sensor {
		name := fmt.Sprintf("netclient %s %p", kind, s)
		s.names = append(s.names, name)
		made := m.registry.Sensor(name, parent)
		for _, one := range stats {
			errs = append(errs, made.Add(metrics.Name{Name: one.name, Group: group, Description: one.about, Tags: tags, Kind: kindOf(one.name)}, one.stat))
		}
		return made
	}
	s.connections = sensor("connections", parent.connections,
		namedStat{"connection-count", "connections that stand", metrics.NewTotal()})
	s.created = sensor("created", parent.created,
		namedStat{"connection-creation-total", "connections made", metrics.NewTotal()},
		namedStat{"connection-creation-rate", "connections made per second", metrics.NewRate()})
	s.closed = sensor("closed", parent.closed,
		namedStat{"connection-close-total", "connections that ended", metrics.NewTotal()},
		namedStat{"connection-close-rate", "connections that ended per second", metrics.NewRate()})
	s.requests = sensor("requests", parent.requests,
		namedStat{"request-total", "requests written", metrics.NewTotal()},
		namedStat{"request-rate", "requests written per second", metrics.NewRate()})
	s.size = sensor("size", parent.size,
		namedStat{"request-size-avg", "bytes of a request that is over, on average", metrics.NewAvg()},
		namedStat{"request-size-max", "bytes of a request that is over, at most", metrics.NewMax()})
	s.sent = sensor("sent", parent.sent,
		namedStat{"outgoing-byte-total", "bytes written", metrics.NewTotal()},
		namedStat{"outgoing-byte-rate", "bytes written per second", metrics.NewRate()})
	s.received = sensor("received", parent.received,
		namedStat{"incoming-byte-total", "bytes read", metrics.NewTotal()},
		namedStat{"incoming-byte-rate", "bytes read per second", metrics.NewRate()},
		namedStat{"response-total", "answers read", metrics.NewTotalCount()},
		namedStat{"response-rate", "answers read per second", metrics.NewOccurrenceRate()})
	s.latency = sensor("latency", parent.latency,
		namedStat{"request-latency-avg", "milliseconds from a request to its answer, on average", metrics.NewAvg()},
		namedStat{"request-latency-max", "milliseconds from a request to its answer, at most", metrics.NewMax()})
	s.throttle = sensor("throttle", parent.throttle,
		namedStat{"throttle-time-total", "milliseconds for which brokers asked for a pause of a connection", metrics.NewTotal()},
		namedStat{"throttle-time-max", "milliseconds for which a broker asked for a pause of a connection, at most", metrics.NewMax()})
	return errors.Join(errs...)
}

type namedStat struct {
	name, about string
	stat        metrics.Stat
}

// kindOf goes by Kafka's names: what only grows ends in -total.
func kindOf(name string) metrics.Kind {
	if strings.HasSuffix(name, "-total") {
		return metrics.Counter
	}
	return metrics.Gauge
}

// node gives a broker's sensors, made with its first connection. They stay until
// the client is closed: a broker that comes back goes on counting.
func (m *meter) node(id int32) *sensors {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.nodes[id]
	if s == nil {
		s = &sensors{}
		// No other meter has this tag, so no name can be taken.
		m.register(s, &m.total, nodeMetricsGroup, map[string]string{"client-id": m.clientID, "node-id": fmt.Sprintf("node-%d", id)})
		m.nodes[id] = s
	}
	return s
}

// close takes the client's metrics out of the registry.
func (m *meter) close() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	names := slices.Clone(m.total.names)
	for _, s := range m.nodes {
		names = append(names, s.names...)
	}
	for _, name := range names {
		m.registry.RemoveSensor(name)
	}
}

// connMeter counts what one connection does, for its broker and so for the
// client. A nil connMeter counts nothing.
type connMeter struct {
	client *meter
	at     atomic.Pointer[sensors] // of the broker; nil once the connection has ended
}

// connected counts a connection that was made.
func (m *meter) connected(node int32) *connMeter {
	if m == nil {
		return nil
	}
	c, s, now := &connMeter{client: m}, m.node(node), time.Now()
	c.at.Store(s)
	s.connections.Record(1, now)
	s.created.Record(1, now)
	return c
}

// adopted counts the connection for a broker from now on: it was made to a
// bootstrap server, and that is who answered. What it did so far stays there.
func (c *connMeter) adopted(node int32) {
	if c == nil {
		return
	}
	from, to := c.at.Load(), c.client.node(node)
	if from == nil || from == to || !c.at.CompareAndSwap(from, to) {
		return // it has just ended
	}
	now := time.Now()
	from.connections.Record(-1, now)
	to.connections.Record(1, now)
}

func (c *connMeter) disconnected() {
	if c == nil {
		return
	}
	if s := c.at.Swap(nil); s != nil {
		now := time.Now()
		s.connections.Record(-1, now)
		s.closed.Record(1, now)
	}
}

// sensors are where the connection counts now; nil when it counts nothing.
func (c *connMeter) sensors() *sensors {
	if c == nil {
		return nil
	}
	return c.at.Load()
}

func (c *connMeter) asked(requests int) {
	if s := c.sensors(); s != nil {
		s.requests.Record(float64(requests), time.Now())
	}
}

func (c *connMeter) wrote(bytes int) {
	if s := c.sensors(); s != nil {
		s.sent.Record(float64(bytes), time.Now())
	}
}

func (c *connMeter) answered(bytes int, took time.Duration, now time.Time) {
	if s := c.sensors(); s != nil {
		s.received.Record(float64(bytes), now)
		s.latency.Record(float64(took)/float64(time.Millisecond), now)
	}
}

// over counts a request that has its result, with the bytes that it had; one
// that was never written has none.
func (c *connMeter) over(bytes int) {
	if s := c.sensors(); s != nil && bytes > 0 {
		s.size.Record(float64(bytes), time.Now())
	}
}

func (c *connMeter) throttled(d time.Duration, now time.Time) {
	if s := c.sensors(); s != nil {
		s.throttle.Record(float64(d)/float64(time.Millisecond), now)
	}
}
