package netclient

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"
)

// TestEveryAddressOfAName: an address that takes connections and says nothing does
// not keep a client from the other ones of the same name.
func TestEveryAddressOfAName(t *testing.T) {
	f := startFake(t, "2.8")
	_, port, _ := net.SplitHostPort(f.addr())
	mute, err := net.Listen("tcp", net.JoinHostPort("127.0.0.2", port))
	if err != nil {
		t.Skip("this system has one loopback address: ", err)
	}
	defer mute.Close()
	const name = "cluster.invalid"
	var dialed []string
	c := newTestClient(t, func(cfg *Config) {
		cfg.ConnectionSetupTimeout = 200 * time.Millisecond
		cfg.Trace = &Trace{ConnectDone: func(info ConnectInfo) { dialed = append(dialed, info.Addr) }}
	}, net.JoinHostPort(name, port))
	c.lookup = func(_ context.Context, host string) ([]string, error) {
		if host != name {
			t.Errorf("looked up %q", host)
		}
		return []string{"127.0.0.1", "127.0.0.2"}, nil
	}
	c.mu.Lock()
	c.reachOf(net.JoinHostPort(name, port)).backoff.Next() // it would be looked up by the system else
	c.mu.Unlock()
	md, err := c.RefreshMetadata(within(t, 10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if len(md.Brokers()) != 1 || len(dialed) < 2 || slices.ContainsFunc(dialed, func(addr string) bool { return addr != name+":"+port }) {
		t.Errorf("brokers %v after attempts to connect to %q, want one that is mute and then one more", md.Brokers(), dialed)
	}
}

// TestAddressesAreTriedInOneAttempt: one that refuses costs nothing.
func TestAddressesAreTriedInOneAttempt(t *testing.T) {
	f := startFake(t, "2.8")
	_, port, _ := net.SplitHostPort(f.addr())
	lookup := func(context.Context, string) ([]string, error) { return []string{"127.0.0.3", "127.0.0.1"}, nil }
	for failures := range 4 {
		if failures == 0 {
			continue // the system's own
		}
		nc, err := dialHost(within(t, 10*time.Second), lookup, "name.invalid:"+port, failures)
		if err != nil {
			t.Fatal(err)
		}
		nc.Close()
	}
	_, err := dialHost(within(t, 10*time.Second), func(context.Context, string) ([]string, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "name.invalid", IsNotFound: true}
	}, "name.invalid:1", 1)
	if hintFor(err) == "" {
		t.Errorf("no hint for %v", err)
	}
}

func TestSetupTimeoutGrows(t *testing.T) {
	cfg := Config{}.withDefaults()
	var limits []time.Duration
	for failures := range 5 {
		limits = append(limits, cfg.setupTimeout(failures)/time.Second)
	}
	if want := []time.Duration{10, 20, 30, 30, 30}; !slices.Equal(limits, want) {
		t.Errorf("got %d seconds, want %d", limits, want)
	}
	cfg.ConnectionSetupTimeout = time.Minute
	if got := cfg.setupTimeout(3); got != time.Minute {
		t.Errorf("above the largest it is %v, want what it was set to", got)
	}
}
