package metrics

import (
	"math"
	"time"
)

// A Stat makes one number of many values. It needs no lock of its own: once it
// is a metric, its sensor's lock is held in both methods.
type Stat interface {
	Record(value float64, now time.Time)
	Measure(now time.Time) float64
}

// NewTotal sums all values since it was made.
func NewTotal() Stat { return new(total) }

type total struct{ sum float64 }

func (t *total) Record(value float64, _ time.Time) { t.sum += value }
func (t *total) Measure(time.Time) float64         { return t.sum }

// NewTotalCount is how many values there were since it was made.
func NewTotalCount() Stat { return new(totalCount) }

type totalCount struct{ count float64 }

func (t *totalCount) Record(float64, time.Time) { t.count++ }
func (t *totalCount) Measure(time.Time) float64 { return t.count }

// NewValue is the last value; NaN before the first.
func NewValue() Stat { return &last{math.NaN()} }

type last struct{ value float64 }

func (l *last) Record(value float64, _ time.Time) { l.value = value }
func (l *last) Measure(time.Time) float64         { return l.value }

// NewFunc is whatever f returns when it is asked; what is recorded does not
// matter. f must not call the registry.
func NewFunc(f func(now time.Time) float64) Stat { return &asked{f} }

type asked struct{ f func(time.Time) float64 }

func (a *asked) Record(float64, time.Time)     {}
func (a *asked) Measure(now time.Time) float64 { return a.f(now) }

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
		result := math.NaN()
		for _, a := range s.ring {
			if a.count > 0 && (math.IsNaN(result) || a.max > result) {
				result = a.max
			}
		}
		return result
	}}
}

// NewMin is the smallest value in the windows; NaN without one.
func NewMin() Stat {
	return &sampled{measure: func(s *sampled, _ time.Time) float64 {
		result := math.NaN()
		for _, a := range s.ring {
			if a.count > 0 && (math.IsNaN(result) || a.min < result) {
				result = a.min
			}
		}
		return result
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

// NewOccurrenceRate is how many values the windows hold, per second.
func NewOccurrenceRate() Stat {
	return &sampled{measure: func(s *sampled, now time.Time) float64 {
		_, count := s.sum()
		return count / s.elapsed(now).Seconds()
	}}
}
