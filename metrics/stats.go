package metrics

import (
	"math"
	"time"
)

// A Stat makes one number of many values. It needs no lock: its sensor has one.
type Stat interface {
	Record(value float64, now time.Time)
	Measure(now time.Time) float64
}

// windowed stats forget what is older than the registry's windows.
type windowed interface {
	setWindows(samples int, window time.Duration)
}

// NewTotal sums all values since it was made.
func NewTotal() Stat { return new(total) }

type total struct{ sum float64 }

func (t *total) Record(value float64, _ time.Time) { t.sum += value }
func (t *total) Measure(time.Time) float64         { return t.sum }

// NewValue is the last value; NaN before the first.
func NewValue() Stat { return &last{math.NaN()} }

type last struct{ value float64 }

func (l *last) Record(value float64, _ time.Time) { l.value = value }
func (l *last) Measure(time.Time) float64         { return l.value }

// NewAvg is the average of the values in the windows; NaN without one.
func NewAvg() Stat {
	return &sampled{measure: func(s *sampled, _ time.Time) float64 {
		sum, count := s.sum()
		return sum / count // 0/0 is NaN
	}}
}

// NewMax is the largest value in the windows; NaN without one.
func NewMax() Stat {
	return &sampled{measure: func(s *sampled, _ time.Time) float64 {
		return s.fold(func(a sample) float64 { return a.max }, math.Max)
	}}
}

// NewMin is the smallest value in the windows; NaN without one.
func NewMin() Stat {
	return &sampled{measure: func(s *sampled, _ time.Time) float64 {
		return s.fold(func(a sample) float64 { return a.min }, math.Min)
	}}
}

// NewCount is how many values the windows hold.
func NewCount() Stat {
	return &sampled{measure: func(s *sampled, _ time.Time) float64 {
		_, count := s.sum()
		return count
	}}
}

// NewRate is the sum of the values in the windows, per second.
func NewRate() Stat {
	return &sampled{measure: func(s *sampled, now time.Time) float64 {
		sum, _ := s.sum()
		return sum / s.elapsed(now).Seconds()
	}}
}

// NewOccurrenceRate is how many values there were per second.
func NewOccurrenceRate() Stat {
	return &sampled{measure: func(s *sampled, now time.Time) float64 {
		_, count := s.sum()
		return count / s.elapsed(now).Seconds()
	}}
}

// A sampled stat keeps a few samples, one after the other in time, and measures
// over those that are not too old.
type sampled struct {
	measure func(*sampled, time.Time) float64
	window  time.Duration
	ring    []sample
	current int
}

// A sample is the values of one window. Its zero value is unused.
type sample struct {
	start    time.Time
	count    float64
	sum      float64
	min, max float64
}

func (s *sampled) setWindows(samples int, window time.Duration) {
	s.ring, s.window = make([]sample, samples), window
}

// Record takes a value into the current sample, or the next one when the
// current one is over.
func (s *sampled) Record(value float64, now time.Time) {
	a := &s.ring[s.current]
	if !a.start.IsZero() && now.Sub(a.start) >= s.window {
		s.current = (s.current + 1) % len(s.ring)
		a = &s.ring[s.current]
		*a = sample{}
	}
	if a.start.IsZero() {
		*a = sample{start: now, min: value, max: value}
	}
	a.count++
	a.sum += value
	a.min, a.max = min(a.min, value), max(a.max, value)
}

// Measure forgets what is too old and measures the rest.
func (s *sampled) Measure(now time.Time) float64 {
	for i, a := range s.ring {
		if now.Sub(a.start) >= s.window*time.Duration(len(s.ring)) {
			s.ring[i] = sample{}
		}
	}
	return s.measure(s, now)
}

func (s *sampled) sum() (sum, count float64) {
	for _, a := range s.ring {
		sum += a.sum
		count += a.count
	}
	return sum, count
}

func (s *sampled) fold(of func(sample) float64, fold func(a, b float64) float64) float64 {
	result := math.NaN()
	for _, a := range s.ring {
		switch {
		case a.count == 0:
		case math.IsNaN(result):
			result = of(a)
		default:
			result = fold(result, of(a))
		}
	}
	return result
}

// elapsed is the time that the samples cover. Until all but the last window are
// full, the missing ones count as if they had passed without a value: else the
// first values would make a huge rate.
func (s *sampled) elapsed(now time.Time) time.Duration {
	oldest := now
	for _, a := range s.ring {
		if !a.start.IsZero() && a.start.Before(oldest) {
			oldest = a.start
		}
	}
	elapsed := now.Sub(oldest)
	if missing := time.Duration(len(s.ring)-1) - elapsed/s.window; missing > 0 {
		elapsed += missing * s.window
	}
	return max(elapsed, time.Nanosecond)
}
