package metrics

import (
	"slices"
	"sync"
	"time"
)

// A Sensor takes values of one kind and hands them to its stats and to its
// parents. All methods may be called from any goroutine; on a nil *Sensor they
// do nothing.
type Sensor struct {
	registry  *Registry
	name      string    // empty: made by Registry.Add for one metric
	ancestors []*Sensor // parents, their parents and so on, each once

	metrics []*metric // guarded by registry.mu

	mu    sync.Mutex // guards the stats and what they hold
	stats []Stat     // of the metrics, in their order
}

// ancestors are the parents and theirs. A sensor that can be reached by two ways
// is one ancestor, so that a value is not counted twice. There is no cycle:
// parents are there before their children.
func ancestors(parents []*Sensor) (all []*Sensor) {
	add := func(s *Sensor) {
		if s != nil && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	for _, parent := range parents {
		add(parent)
		if parent != nil {
			for _, s := range parent.ancestors {
				add(s)
			}
		}
	}
	return all
}

// Add makes the stat a metric of that name, fed by this sensor. A stat belongs
// to one sensor. It is an error when there is a metric of that name already, or
// the sensor was removed.
func (s *Sensor) Add(name Name, stat Stat) error {
	if s == nil {
		return nil
	}
	return s.registry.add(s, name, stat)
}

// Record takes a value. Of two calls the later one has the later time, or about:
// a value that comes late counts in the window that is current by then.
func (s *Sensor) Record(value float64, now time.Time) {
	if s == nil {
		return
	}
	s.record(value, now)
	for _, ancestor := range s.ancestors {
		ancestor.record(value, now)
	}
}

func (s *Sensor) record(value float64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stat := range s.stats {
		stat.Record(value, now)
	}
}

// attach adds a metric; registry.mu is held.
func (s *Sensor) attach(m *metric) {
	s.metrics = append(s.metrics, m)
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := m.stat.(windowed); ok {
		w.setWindows(s.registry.samples, s.registry.window)
	}
	s.stats = append(s.stats, m.stat)
}

// detach removes a metric; registry.mu is held.
func (s *Sensor) detach(m *metric) {
	i := slices.Index(s.metrics, m)
	s.metrics = slices.Delete(s.metrics, i, i+1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = slices.Delete(s.stats, i, i+1)
}
