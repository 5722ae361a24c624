package metrics

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Kind says how a metric's number moves, for systems that collect metrics and
// want to know.
type Kind int8

const (
	// Gauge goes up and down: a level, an average, a rate.
	Gauge Kind = iota
	// Counter only grows, from 0 on, until the metric is removed: a total.
	Counter
)

// String is gauge or counter.
func (k Kind) String() string {
	switch k {
	case Gauge:
		return "gauge"
	case Counter:
		return "counter"
	}
	return fmt.Sprintf("Kind(%d)", int8(k))
}

// A Name names a metric. Two names of the same String are the same metric: the
// description and the kind do not count.
type Name struct {
	Name        string            // such as request-latency-avg
	Group       string            // such as producer-metrics
	Description string            // what it measures, in which unit
	Tags        map[string]string // such as client-id; not changed after it was given away
	Kind        Kind              // how the number moves; what is not said to be a Counter is a Gauge
}

// String is the name as group.name{tag=value,…}, the tags sorted.
func (n Name) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s", n.Group, n.Name)
	if len(n.Tags) > 0 {
		sep := "{"
		for _, tag := range slices.Sorted(maps.Keys(n.Tags)) {
			fmt.Fprintf(&b, "%s%s=%s", sep, tag, n.Tags[tag])
			sep = ","
		}
		b.WriteByte('}')
	}
	return b.String()
}

// Config is the configuration of a Registry; its zero value is the default.
type Config struct {
	// NumSamples is how many windows a windowed stat looks back over. Default 2.
	// (metrics.num.samples; kafka-python: metrics_num_samples)
	NumSamples int
	// SampleWindow is how long a window is. Default 30 s.
	// (metrics.sample.window.ms; kafka-python: metrics_sample_window_ms)
	SampleWindow time.Duration
	// Reporters hear of every metric. (metric.reporters; kafka-python: metric_reporters)
	Reporters []Reporter
}

// A Reporter hears of every metric that is added and removed, those included
// that were there when it was added. Its methods are called under the
// registry's lock: they must not call the registry, but may call Metric.Value, and
// keep it to call it at any time later, from any goroutine. A value may be NaN: an
// average or an extreme of nothing.
//
// A reporter's dynamic type must be comparable (a pointer is), so that it can be
// removed.
type Reporter interface {
	MetricAdded(Metric)
	MetricRemoved(Metric)
}

// A Metric is what a Reporter is told of. It may grow: name its fields when you
// make one.
type Metric struct {
	Name Name
	// Value returns what the metric measures at that time. It is never nil; once
	// the metric was removed, its value means nothing any more.
	Value func(now time.Time) float64
}

// A Registry holds sensors and metrics. All methods may be called from any
// goroutine; on a nil *Registry they do nothing.
type Registry struct {
	samples int
	window  time.Duration

	mu        sync.Mutex // guards what follows, and each sensor's metrics; taken before a sensor's lock
	reporters []Reporter
	sensors   map[string]*Sensor
	metrics   map[string]*metric // by Name.String
}

// A metric is a stat with its name, and the sensor whose lock guards it.
type metric struct {
	name   Name
	key    string // name.String()
	sensor *Sensor
	stat   Stat
}

// shown is what reporters are told of.
func (m *metric) shown() Metric { return Metric{Name: m.name, Value: m.value} }

func (m *metric) value(now time.Time) float64 {
	m.sensor.mu.Lock()
	defer m.sensor.mu.Unlock()
	return m.stat.Measure(now)
}

// New makes a Registry.
func New(config Config) *Registry {
	if config.NumSamples <= 0 {
		config.NumSamples = defaultSamples
	}
	if config.SampleWindow <= 0 {
		config.SampleWindow = defaultWindow
	}
	return &Registry{
		samples: config.NumSamples, window: config.SampleWindow, reporters: slices.Clone(config.Reporters),
		sensors: map[string]*Sensor{}, metrics: map[string]*metric{},
	}
}

// Sensor returns the sensor of that name and makes it if there is none. What a
// new sensor records, its parents (of the same registry) record too, and theirs,
// each of them once; the parents of an existing sensor stay as they are.
func (r *Registry) Sensor(name string, parents ...*Sensor) *Sensor {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.sensors[name]
	if !ok {
		s = &Sensor{registry: r, name: name, ancestors: ancestors(parents)}
		r.sensors[name] = s
	}
	return s
}

// RemoveSensor removes the sensor of that name with its metrics, and the
// sensors that have it as a parent.
func (r *Registry) RemoveSensor(name string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.sensors[name]
	if s == nil {
		return
	}
	r.forget(s)
	for _, other := range r.sensors {
		if slices.Contains(other.ancestors, s) {
			r.forget(other)
		}
	}
}

// forget removes one sensor with its metrics; r.mu is held.
func (r *Registry) forget(s *Sensor) {
	delete(r.sensors, s.name)
	for _, m := range s.metrics {
		delete(r.metrics, m.key)
		r.removed(m)
	}
	s.metrics = nil
}

// removed tells the reporters; r.mu is held.
func (r *Registry) removed(m *metric) {
	for _, reporter := range r.reporters {
		reporter.MetricRemoved(m.shown())
	}
}

// Add makes the stat a metric of that name that no sensor feeds: one that finds
// its number itself, such as NewFunc's. It is an error when there is a metric of
// that name already.
func (r *Registry) Add(name Name, stat Stat) error {
	if r == nil {
		return nil
	}
	return r.add(&Sensor{registry: r}, name, stat)
}

// add makes the stat a metric of the sensor.
func (r *Registry) add(s *Sensor, name Name, stat Stat) error {
	m := &metric{name: name, key: name.String(), sensor: s, stat: stat}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.metrics[m.key] != nil {
		return fmt.Errorf("there is a metric %s already", m.key)
	}
	if s.name != "" && r.sensors[s.name] != s {
		return fmt.Errorf("metric %s: its sensor %q was removed", m.key, s.name)
	}
	r.metrics[m.key] = m
	s.attach(m)
	for _, reporter := range r.reporters {
		reporter.MetricAdded(m.shown())
	}
	return nil
}

// Remove removes the metric of that name, if there is one. Its sensor stays.
func (r *Registry) Remove(name Name) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.metrics[name.String()]
	if m == nil {
		return
	}
	delete(r.metrics, m.key)
	m.sensor.detach(m)
	r.removed(m)
}

// AddReporter tells the reporter of every metric, those that are there at once.
func (r *Registry) AddReporter(reporter Reporter) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reporters = append(r.reporters, reporter)
	for _, m := range r.sorted() {
		reporter.MetricAdded(m.shown())
	}
}

// RemoveReporter tells the reporter that every metric was removed, and no more.
func (r *Registry) RemoveReporter(reporter Reporter) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.reporters, reporter)
	if i < 0 {
		return
	}
	r.reporters = slices.Delete(r.reporters, i, i+1)
	for _, m := range r.sorted() {
		reporter.MetricRemoved(m.shown())
	}
}

// All returns the metrics that there are when the iteration begins, sorted by
// name, and what each measures at that time.
func (r *Registry) All(now time.Time) iter.Seq2[Name, float64] {
	return func(yield func(Name, float64) bool) {
		if r == nil {
			return
		}
		r.mu.Lock()
		all := r.sorted()
		r.mu.Unlock()
		for _, m := range all {
			if !yield(m.name, m.value(now)) {
				return
			}
		}
	}
}

// sorted returns the metrics by name; r.mu is held.
func (r *Registry) sorted() []*metric {
	return slices.SortedFunc(maps.Values(r.metrics), func(a, b *metric) int { return strings.Compare(a.key, b.key) })
}

// Value returns what the metric measures at that time; ok is false when there
// is none of that name.
func (r *Registry) Value(name Name, now time.Time) (value float64, ok bool) {
	if r == nil {
		return 0, false
	}
	r.mu.Lock()
	m := r.metrics[name.String()]
	r.mu.Unlock()
	if m == nil {
		return 0, false
	}
	return m.value(now), true
}
