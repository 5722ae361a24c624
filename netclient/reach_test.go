package netclient

import (
	"errors"
	"testing"
	"time"
)

func newTestReach() *reach {
	return &reach{backoff: Backoff{Base: 50 * time.Millisecond, Max: time.Second, Rand: func() float64 { return 0.5 }}}
}

func at(ms int) time.Time { return time.Unix(1000, 0).Add(time.Duration(ms) * time.Millisecond) }

func TestReachBacksOff(t *testing.T) {
	r := newTestReach()
	cause := errors.New("refused")
	for i, want := range []int{50, 100, 200} {
		now := 1000 * (i + 1)
		r.failed(at(now), at(now), cause)
		if !r.notBefore.Equal(at(now + want)) {
			t.Errorf("failure %d: not before %v, want %d ms later", i+1, r.notBefore, want)
		}
	}
	r.failed(at(2900), at(3001), cause) // began before the third ended
	if r.backoff.Failures() != 3 {
		t.Errorf("attempts at the same time count as %d failures", r.backoff.Failures())
	}
	r.connected(&Conn{}, namedVersions("0.9"), at(5000))
	if !r.notBefore.IsZero() || r.lastErr != nil || r.backoff.Failures() != 0 {
		t.Errorf("after success: %+v", r)
	}
}

// TestVersionsAreKeptWhileTheBrokerIsThere: versions hold for all connections to
// an address, until one is lost or none is left.
func TestVersionsAreKeptWhileTheBrokerIsThere(t *testing.T) {
	r := newTestReach()
	a, b, stranger := &Conn{}, &Conn{}, &Conn{}
	v := namedVersions("2.8")
	r.connected(a, v, at(0))
	r.connected(b, v, at(0))
	if r.disconnected(stranger, true) || r.versions != v {
		t.Error("a connection that never was ready made the versions forgotten")
	}
	if !r.disconnected(a, false) || r.versions != v {
		t.Error("an idle connection's end made the versions forgotten while another stands")
	}
	r.disconnected(b, false)
	if r.versions != nil {
		t.Error("versions are kept without any connection")
	}
	r.connected(a, v, at(0))
	r.connected(b, v, at(0))
	r.disconnected(a, true)
	if r.versions != nil {
		t.Error("versions are kept though the broker was gone")
	}
	if !r.notBefore.Equal(at(50)) {
		t.Errorf("a connection lost at once may be made again at %v", r.notBefore)
	}
}
