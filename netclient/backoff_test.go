package netclient

import (
	"testing"
	"time"
)

func TestBackoffDoublesUpToMax(t *testing.T) {
	middle := func() float64 { return 0.5 }
	b := Backoff{Base: 50 * time.Millisecond, Max: 300 * time.Millisecond, Rand: middle}
	for i, want := range []time.Duration{50, 100, 200, 300, 300} {
		if got := b.Next(); got != want*time.Millisecond {
			t.Errorf("wait %d is %v, want %vms", i, got, int64(want))
		}
	}
	if b.Failures() != 5 {
		t.Errorf("%d failures, want 5", b.Failures())
	}
	b.Reset()
	if got := b.Next(); got != 50*time.Millisecond {
		t.Errorf("after Reset the wait is %v, want 50ms", got)
	}
}

func TestBackoffJitter(t *testing.T) {
	for random, want := range map[float64]time.Duration{0: 80, 0.5: 100, 0.999999: 120} {
		b := Backoff{Rand: func() float64 { return random }}
		if got := b.Next().Round(time.Millisecond); got != want*time.Millisecond {
			t.Errorf("with random %v the wait is %v, want %vms", random, got, int64(want))
		}
	}
}

func TestBackoffNoneAndForEver(t *testing.T) {
	none := Backoff{Base: -1}
	if got := none.Next(); got != 0 {
		t.Errorf("a negative base waits %v, want 0", got)
	}
	long := Backoff{}
	for range 5000 { // an exponent that no float64 holds
		if got := long.Next(); got <= 0 || got > 1200*time.Millisecond {
			t.Fatalf("wait %d is %v", long.Failures(), got)
		}
	}
}
