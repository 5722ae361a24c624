package metrics

import "time"

// What a windowed stat looks back over when nobody says otherwise.
const (
	defaultSamples = 2
	defaultWindow  = 30 * time.Second
)

// A windowed stat forgets what is older than its windows.
type windowed interface {
	setWindows(samples int, window time.Duration)
}

// A sampled stat keeps a few samples, one after the other in time, and measures
// over those that are not too old.
type sampled struct {
	measure func(*sampled, time.Time) float64
	window  time.Duration
	ring    []sample
	current int // index of the newest sample
}

// A sample is the values of one window, which begins with the first of them.
type sample struct {
	start    time.Time
	count    float64 // 0: the sample is not in use
	sum      float64
	min, max float64
}

func (s *sampled) setWindows(samples int, window time.Duration) {
	s.ring, s.window, s.current = make([]sample, samples), window, 0
}

// Record takes a value into the current sample, or into the next one when the
// current one's window is over.
func (s *sampled) Record(value float64, now time.Time) {
	if s.ring == nil {
		s.setWindows(defaultSamples, defaultWindow)
	}
	a := &s.ring[s.current]
	if a.count > 0 && now.Sub(a.start) >= s.window {
		s.current = (s.current + 1) % len(s.ring)
		a = &s.ring[s.current]
		a.count = 0
	}
	if a.count == 0 {
		*a = sample{start: now, min: value, max: value}
	}
	a.count++
	a.sum += value
	a.min, a.max = min(a.min, value), max(a.max, value)
}

// Measure forgets what is too old and measures the rest.
func (s *sampled) Measure(now time.Time) float64 {
	if s.ring == nil {
		s.setWindows(defaultSamples, defaultWindow)
	}
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

// elapsed is the time that the samples cover. Until all but the last window are
// full, the missing ones count as if they had passed without a value, and a
// single window counts in full: else the first values would make a huge rate.
func (s *sampled) elapsed(now time.Time) time.Duration {
	oldest := now
	for _, a := range s.ring {
		if a.count > 0 && a.start.Before(oldest) {
			oldest = a.start
		}
	}
	elapsed := now.Sub(oldest)
	if missing := time.Duration(len(s.ring)-1) - elapsed/s.window; missing > 0 {
		elapsed += missing * s.window
	}
	return max(elapsed, s.window)
}
