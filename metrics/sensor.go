package metrics

import (
	"sync"
	"time"
)

// A Sensor takes values of one kind and hands them to its stats and to its
// parents. All methods may be called from any goroutine; on a nil *Sensor they
// do nothing.
type Sensor struct {
	registry *Registry
	name     string
	parents  []*Sensor

	mu    sync.Mutex // guards the stats, also while they are read
	stats []Stat
}

// Add makes the stat a metric of that name, fed by this sensor. A stat belongs
// to one sensor. It is an error when there is a metric of that name already.
func (s *Sensor) Add(name Name, stat Stat) error {
	if s == nil {
		return nil
	}
	if w, ok := stat.(windowed); ok {
		w.setWindows(s.registry.samples, s.registry.window)
	}
	if err := s.registry.add(s, name, stat); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = append(s.stats, stat)
	return nil
}

// Record takes a value, at a time that does not go back.
func (s *Sensor) Record(value float64, now time.Time) {
	if s == nil {
		return
	}
	s.mu.Lock()
	for _, stat := range s.stats {
		stat.Record(value, now)
	}
	s.mu.Unlock()
	for _, parent := range s.parents {
		parent.Record(value, now)
	}
}
