package metrics

import (
	"math"
	"slices"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

func name(n string) Name { return Name{Name: n, Group: "test"} }

// newSensor returns a sensor and a func that asks a metric of it.
func newSensor(t *testing.T, stat Stat) (*Sensor, func(now time.Time) float64) {
	t.Helper()
	r := New(Config{})
	s := r.Sensor("s")
	if err := s.Add(name("m"), stat); err != nil {
		t.Fatal(err)
	}
	return s, func(now time.Time) float64 {
		v, ok := r.Value(name("m"), now)
		if !ok {
			t.Fatal("no such metric")
		}
		return v
	}
}

// Ten values in one moment and a look two seconds later: the numbers are those
// of kafka-python 1.2.1's own test.
func TestRate(t *testing.T) {
	s, rate := newSensor(t, NewRate())
	for i := range 10 {
		s.Record(float64(i), at(0))
	}
	if got := rate(at(0)); got != 1.5 {
		t.Errorf("rate at once: %v, want 45 over one window of 30 s, 1.5", got)
	}
	if got := rate(at(2)); got != 1.40625 {
		t.Errorf("rate after 2 s: %v, want 45 over 32 s, 1.40625", got)
	}
	if got := rate(at(61)); got != 0 {
		t.Errorf("rate when both windows have passed: %v, want 0", got)
	}
}

func TestWindows(t *testing.T) {
	for _, c := range []struct {
		what                       string
		stat                       Stat
		empty, first, both, second float64
	}{
		{"avg", NewAvg(), math.NaN(), 2, 5, 8},
		{"max", NewMax(), math.NaN(), 3, 9, 9},
		{"min", NewMin(), math.NaN(), 1, 1, 7},
		{"count", NewCount(), 0, 2, 4, 2},
		{"total", NewTotal(), 0, 4, 20, 20},
		{"value", NewValue(), math.NaN(), 3, 9, 9},
	} {
		t.Run(c.what, func(t *testing.T) {
			s, measure := newSensor(t, c.stat)
			check := func(when string, got, want float64) {
				t.Helper()
				if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("%s: %v, want %v", when, got, want)
				}
			}
			check("empty", measure(at(0)), c.empty)
			s.Record(1, at(0))
			s.Record(3, at(1))
			check("in the first window", measure(at(2)), c.first)
			s.Record(7, at(31))
			s.Record(9, at(32))
			check("in the second", measure(at(33)), c.both)
			check("when the first has passed", measure(at(61)), c.second)
		})
	}
}

func TestParents(t *testing.T) {
	r := New(Config{})
	total := r.Sensor("total")
	if err := total.Add(name("total"), NewTotal()); err != nil {
		t.Fatal(err)
	}
	one, two := r.Sensor("one", total), r.Sensor("two", total)
	one.Record(1, at(0))
	two.Record(2, at(0))
	total.Record(4, at(0))
	if got, _ := r.Value(name("total"), at(0)); got != 7 {
		t.Errorf("the parent counted %v, want 7", got)
	}
	if r.Sensor("one") != one {
		t.Error("the same name gave another sensor")
	}
	if err := one.Add(name("total"), NewTotal()); err == nil {
		t.Error("two metrics of one name")
	}
	r.RemoveSensor("total")
	if r.Sensor("one") == one {
		t.Error("a sensor outlived its parent")
	}
}

type diary []string

func (d *diary) MetricAdded(n Name, _ func(time.Time) float64) { *d = append(*d, "+"+n.String()) }
func (d *diary) MetricRemoved(n Name)                          { *d = append(*d, "-"+n.String()) }

func TestReporters(t *testing.T) {
	early, late := new(diary), new(diary)
	r := New(Config{Reporters: []Reporter{early}})
	tagged := Name{Name: "m", Group: "g", Tags: map[string]string{"b": "2", "a": "1"}}
	if err := r.Sensor("s").Add(tagged, NewTotal()); err != nil {
		t.Fatal(err)
	}
	r.AddReporter(late)
	r.RemoveSensor("s")
	want := diary{"+g.m{a=1,b=2}", "-g.m{a=1,b=2}"}
	if !slices.Equal(*early, want) || !slices.Equal(*late, want) {
		t.Errorf("reporters heard %q and %q, want %q", *early, *late, want)
	}
}

func TestNilDoesNothing(t *testing.T) {
	var r *Registry
	s := r.Sensor("s")
	if err := s.Add(name("m"), NewTotal()); err != nil {
		t.Error(err)
	}
	s.Record(1, at(0))
	r.RemoveSensor("s")
	for n := range r.All(at(0)) {
		t.Errorf("a metric %v from nowhere", n)
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	s, _ := newSensor(t, NewAvg())
	now := at(0)
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Second)
		s.Record(1, now)
	}); n != 0 {
		t.Errorf("a Record allocates %v times", n)
	}
}
