package metrics

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
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
		{"total count", NewTotalCount(), 0, 2, 4, 4},
		{"value", NewValue(), math.NaN(), 3, 9, 9},
		{"func", NewFunc(func(now time.Time) float64 { return now.Sub(start).Seconds() }), 0, 2, 33, 61},
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

// What can be reached by two ways is recorded once.
func TestDiamond(t *testing.T) {
	r := New(Config{})
	top := r.Sensor("top")
	if err := top.Add(name("top"), NewTotalCount()); err != nil {
		t.Fatal(err)
	}
	left, right := r.Sensor("left", top), r.Sensor("right", top)
	child := r.Sensor("child", left, right, top, nil)
	if r.Sensor("child", r.Sensor("other")) != child {
		t.Fatal("other parents made another sensor")
	}
	child.Record(1, at(0))
	if got, _ := r.Value(name("top"), at(0)); got != 1 {
		t.Errorf("the sensor above both parents counted %v, want 1", got)
	}
	r.RemoveSensor("right")
	if r.Sensor("left") != left || r.Sensor("child") == child {
		t.Error("removing one parent took more than its children")
	}
}

// One window only, a clock that starts at the zero time, and a late value.
func TestOddClocks(t *testing.T) {
	r := New(Config{NumSamples: 1, SampleWindow: 10 * time.Second})
	s := r.Sensor("s")
	for n, stat := range map[string]Stat{"rate": NewRate(), "count": NewCount()} {
		if err := s.Add(name(n), stat); err != nil {
			t.Fatal(err)
		}
	}
	want := func(metric string, now time.Time, want float64) {
		t.Helper()
		if got, _ := r.Value(name(metric), now); got != want {
			t.Errorf("%s at %v: %v, want %v", metric, now, got, want)
		}
	}
	var now time.Time
	s.Record(20, now)
	s.Record(20, now)
	want("count", now, 2)
	want("rate", now, 4)
	now = now.Add(9 * time.Second)
	s.Record(10, now.Add(-8*time.Second))
	want("rate", now, 5)
	s.Record(5, now.Add(time.Second))
	want("count", now.Add(time.Second), 1)
	want("count", now.Add(11*time.Second), 0)
}

func TestStatWithoutARegistry(t *testing.T) {
	s := NewMax()
	if got := s.Measure(at(0)); !math.IsNaN(got) {
		t.Errorf("the maximum of nothing is %v", got)
	}
	s.Record(4, at(0))
	s.Record(3, at(31))
	if early, late := s.Measure(at(32)), s.Measure(at(60)); early != 4 || late != 3 {
		t.Errorf("%v and %v, want 4 and, a minute after the 4, 3", early, late)
	}
}

func TestAddAndRemove(t *testing.T) {
	heard := new(diary)
	r := New(Config{Reporters: []Reporter{heard}})
	free := 7.0
	if err := r.Add(name("free"), NewFunc(func(time.Time) float64 { return free })); err != nil {
		t.Fatal(err)
	}
	s := r.Sensor("s")
	removed := NewTotal()
	if err := errors.Join(s.Add(name("a"), removed), s.Add(name("b"), NewTotal())); err != nil {
		t.Fatal(err)
	}
	s.Record(1, at(0))
	r.Remove(name("a"))
	r.Remove(name("a"))
	s.Record(1, at(0))
	if got := removed.Measure(at(0)); got != 1 {
		t.Errorf("a removed metric went on to %v", got)
	}
	if err := s.Add(name("a"), NewTotal()); err != nil {
		t.Errorf("a removed metric's name can't be used again: %v", err)
	}
	s.Record(1, at(0))
	for n, want := range map[string]float64{"free": 7, "a": 1, "b": 3} {
		if got, ok := r.Value(name(n), at(0)); !ok || got != want {
			t.Errorf("%s: %v, %v, want %v", n, got, ok, want)
		}
	}
	r.Remove(name("free"))
	r.RemoveSensor("s")
	if err := s.Add(name("late"), NewTotal()); err == nil {
		t.Error("a removed sensor took a metric")
	}
	counts := map[string]int{}
	for _, entry := range *heard {
		entry, _, _ = strings.Cut(entry, " ")
		counts[entry]++
	}
	if want := (map[string]int{"+test.free": 1, "-test.free": 1, "+test.a": 2, "-test.a": 2, "+test.b": 1, "-test.b": 1}); !maps.Equal(counts, want) {
		t.Errorf("the reporter heard %v, want %v", counts, want)
	}
}

// All the methods at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	r := New(Config{})
	total := r.Sensor("total")
	if err := total.Add(name("total"), NewTotal()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			own := fmt.Sprint("own-", i)
			for n := range 100 {
				s := r.Sensor(own, total)
				if err := s.Add(name(own), NewAvg()); err != nil {
					t.Error(err)
				}
				s.Record(1, at(float64(n)))
				for range r.All(at(float64(n))) {
				}
				r.RemoveSensor(own)
			}
		})
	}
	wg.Wait()
	if got, _ := r.Value(name("total"), at(100)); got != 400 {
		t.Errorf("the parent counted %v, want 400", got)
	}
}

type diary []string

func (d *diary) MetricAdded(m Metric) {
	*d = append(*d, fmt.Sprint("+", m.Name, " ", m.Name.Kind, " ", m.Value(start)))
}
func (d *diary) MetricRemoved(m Metric) { *d = append(*d, "-"+m.Name.String()) }

func TestReporters(t *testing.T) {
	early, late := new(diary), new(diary)
	r := New(Config{Reporters: []Reporter{early}})
	tagged := Name{Name: "m", Group: "g", Tags: map[string]string{"b": "2", "a": "1"}, Kind: Counter}
	if err := r.Sensor("s").Add(tagged, NewTotal()); err != nil {
		t.Fatal(err)
	}
	r.AddReporter(late)
	r.RemoveReporter(late)
	r.RemoveReporter(late)
	again := new(diary)
	r.AddReporter(again)
	r.RemoveSensor("s")
	want := diary{"+g.m{a=1,b=2} counter 0", "-g.m{a=1,b=2}"}
	for _, heard := range []*diary{early, late, again} {
		if !slices.Equal(*heard, want) {
			t.Errorf("a reporter heard %q, want %q", *heard, want)
		}
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
	if err := r.Add(name("m"), NewTotal()); err != nil {
		t.Error(err)
	}
	r.Remove(name("m"))
	r.AddReporter(new(diary))
	r.RemoveReporter(new(diary))
	for n := range r.All(at(0)) {
		t.Errorf("a metric %v from nowhere", n)
	}
	if v, ok := r.Value(name("m"), at(0)); ok {
		t.Errorf("a value %v from nowhere", v)
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	r := New(Config{})
	s := r.Sensor("s", r.Sensor("parent"))
	for i, stat := range []Stat{NewAvg(), NewMax(), NewRate(), NewTotal()} {
		if err := s.Add(name(fmt.Sprint(i)), stat); err != nil {
			t.Fatal(err)
		}
	}
	now := at(0)
	if n := testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Second)
		s.Record(1, now)
	}); n != 0 {
		t.Errorf("a Record allocates %v times", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := New(Config{})
	s := r.Sensor("s")
	for i, stat := range []Stat{NewAvg(), NewMax(), NewRate(), NewTotal()} {
		if err := s.Add(name(fmt.Sprint(i)), stat); err != nil {
			b.Fatal(err)
		}
	}
	now := time.Now()
	for b.Loop() {
		s.Record(1, now)
	}
}
