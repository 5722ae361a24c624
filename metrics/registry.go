package metrics

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Name names a metric. Two names are the same metric when all but the
// description are the same.
type Name struct {
	Name        string            // such as request-latency-avg
	Group       string            // such as producer-metrics
	Description string            // what it measures, in which unit
	Tags        map[string]string // such as client-id; not changed after it was given away
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
// registry's lock: they must not call the registry, but may keep value, which
// may be called at any time later.
type Reporter interface {
	MetricAdded(name Name, value func(now time.Time) float64)
	MetricRemoved(name Name)
}

// A Registry holds sensors and metrics. All methods may be called from any
// goroutine; on a nil *Registry they do nothing.
type Registry struct {
	samples   int
	window    time.Duration
	reporters []Reporter

	mu      sync.Mutex // guards what follows
	sensors map[string]*Sensor
	metrics map[string]*metric // by Name.String
}

// A metric is a stat with its name, and the sensor whose lock guards it.
type metric struct {
	name   Name
	sensor *Sensor
	stat   Stat
}

func (m *metric) value(now time.Time) float64 {
	m.sensor.mu.Lock()
	defer m.sensor.mu.Unlock()
	return m.stat.Measure(now)
}

// New makes a Registry.
func New(config Config) *Registry {
	if config.NumSamples <= 0 {
		config.NumSamples = 2
	}
	if config.SampleWindow <= 0 {
		config.SampleWindow = 30 * time.Second
	}
	return &Registry{
		samples: config.NumSamples, window: config.SampleWindow, reporters: slices.Clone(config.Reporters),
		sensors: map[string]*Sensor{}, metrics: map[string]*metric{},
	}
}

// Sensor returns the sensor of that name and makes it if there is none. What a
// new sensor records, its parents record too; those of an existing sensor stay
// as they are.
func (r *Registry) Sensor(name string, parents ...*Sensor) *Sensor {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.sensors[name]
	if !ok {
		s = &Sensor{registry: r, name: name, parents: slices.Clone(parents)}
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
	r.remove(r.sensors[name])
}

// remove removes a sensor; the registry is locked.
func (r *Registry) remove(s *Sensor) {
	if s == nil {
		return
	}
	delete(r.sensors, s.name)
	for key, m := range r.metrics {
		if m.sensor == s {
			delete(r.metrics, key)
			for _, reporter := range r.reporters {
				reporter.MetricRemoved(m.name)
			}
		}
	}
	for _, other := range r.sensors {
		if slices.Contains(other.parents, s) {
			r.remove(other)
		}
	}
}

// add registers a metric of a sensor.
func (r *Registry) add(s *Sensor, name Name, stat Stat) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := name.String()
	if _, ok := r.metrics[key]; ok {
		return fmt.Errorf("there is a metric %s already", key)
	}
	if r.sensors[s.name] != s {
		return fmt.Errorf("metric %s: its sensor %q was removed", key, s.name)
	}
	m := &metric{name: name, sensor: s, stat: stat}
	r.metrics[key] = m
	for _, reporter := range r.reporters {
		reporter.MetricAdded(name, m.value)
	}
	return nil
}

// AddReporter tells the reporter of every metric, those that are there at once.
func (r *Registry) AddReporter(reporter Reporter) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reporters = append(r.reporters, reporter)
	for _, m := range r.metrics {
		reporter.MetricAdded(m.name, m.value)
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
	for _, m := range r.metrics {
		reporter.MetricRemoved(m.name)
	}
}

// All returns the metrics and what they measure at that time, sorted by name.
func (r *Registry) All(now time.Time) iter.Seq2[Name, float64] {
	return func(yield func(Name, float64) bool) {
		for _, m := range r.snapshot() {
			if !yield(m.name, m.value(now)) {
				return
			}
		}
	}
}

func (r *Registry) snapshot() []*metric {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Values(r.metrics), func(a, b *metric) int { return cmp.Compare(a.name.String(), b.name.String()) })
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
