package metrics

import (
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"
)

// TestVectors compares with what kafka-python 1.2.1 measured. There an extreme
// of nothing is plus or minus the largest integer and an average of nothing 0;
// here they are NaN, because no number would be true.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/metrics.json")
	if err != nil {
		t.Fatal(err)
	}
	var data struct {
		Stats []struct {
			Name     string
			Samples  int
			WindowMs int64 `json:"time_window_ms"`
			Steps    []struct {
				Op            string
				Value, Result float64
			}
		}
	}
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	type kind struct {
		make  func() Stat
		empty bool // what it measures is of nothing
	}
	kinds := map[string]kind{
		"Avg(0..9)":                {make: NewAvg},
		"Max(0..9)":                {make: NewMax},
		"Count(0..9)":              {make: NewCount},
		"Total":                    {make: NewTotal},
		"Rate occurrences":         {make: NewOccurrenceRate},
		"empty Avg":                {make: NewAvg, empty: true},
		"empty Min":                {make: NewMin, empty: true},
		"empty Count":              {make: NewCount},
		"time windowing":           {make: NewCount},
		"old data Min":             {make: NewMin, empty: true},
		"old data Avg":             {make: NewAvg, empty: true},
		"rate windowing 3 samples": {make: NewRate},
		"Rate unit SECONDS":        {make: NewRate},
		// Windows are of time only, and rates per second only.
		"event windowing":        {},
		"Rate unit NANOSECONDS":  {},
		"Rate unit MILLISECONDS": {},
		"Rate unit HOURS":        {},
		"Rate unit DAYS":         {},
	}
	for _, v := range data.Stats {
		k, known := kinds[v.Name]
		if known && k.make == nil {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			if !known {
				t.Fatal("which stat is it?")
			}
			r := New(Config{NumSamples: v.Samples, SampleWindow: time.Duration(v.WindowMs) * time.Millisecond})
			s := r.Sensor("s")
			if err := s.Add(name("m"), k.make()); err != nil {
				t.Fatal(err)
			}
			measured := 0
			now := start
			for _, step := range v.Steps {
				switch step.Op {
				case "record":
					s.Record(step.Value, now)
				case "sleep_ms":
					now = now.Add(time.Duration(step.Value) * time.Millisecond)
				case "measure":
					measured++
					got, _ := r.Value(name("m"), now)
					if k.empty && !math.IsNaN(got) || !k.empty && math.Abs(got-step.Result) > 1e-9 {
						t.Errorf("step %+v: %v", step, got)
					}
				default:
					t.Fatalf("step %+v?", step)
				}
			}
			if measured == 0 {
				t.Error("nothing measured")
			}
		})
	}
}
