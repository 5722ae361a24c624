package netclient

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// The mistakes that everybody makes once. Each error says what was tried, where,
// and what to check, within the time that Ping was given.

func pingError(t *testing.T, change func(*Config), addrs ...string) error {
	t.Helper()
	c := newTestClient(t, change, addrs...)
	err := c.Ping(within(t, 3*time.Second)) // enough for an attempt on a busy machine
	if err == nil {
		t.Fatal("Ping succeeded")
	}
	return err
}

func wantInError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("no %q in: %v", part, err)
		}
	}
}

func TestErrorNothingListens(t *testing.T) {
	one, two := closedPort(t), closedPort(t)
	err := pingError(t, nil, one, two)
	wantInError(t, err, "bootstrap server "+one, "bootstrap server "+two, "connection refused", "nothing listens there: check the address", "attempt ")
	if conn, ok := errors.AsType[*ConnError](err); !ok || conn.Node != -1 || conn.Attempts < 2 {
		t.Errorf("as a ConnError it is %+v", conn)
	}
}

func TestErrorNameDoesNotResolve(t *testing.T) {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		// what the resolver says, without asking one
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: "kafka.invalid", IsNotFound: true}}
	}
	err := pingError(t, func(cfg *Config) { cfg.Dial = dial }, "kafka.invalid")
	wantInError(t, err, "bootstrap server kafka.invalid:9092", "no such host", "does not resolve: check its spelling")
}

func TestErrorPortSpeaksHTTP(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	err := pingError(t, nil, server.Listener.Addr().String())
	wantInError(t, err, server.Listener.Addr().String(), "speaks HTTP; check its number")
	if !errors.Is(err, ErrNotKafka) {
		t.Error("it is no ErrNotKafka")
	}
}

func TestErrorPortSpeaksTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	err := pingError(t, nil, server.Listener.Addr().String())
	wantInError(t, err, server.Listener.Addr().String(), "closed the connection", "neither TLS nor SASL")
}

func TestErrorNoAnswer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() // the system accepts, nobody answers
	err = pingError(t, func(cfg *Config) {
		cfg.ConnectionSetupTimeout, cfg.ConnectionSetupTimeoutMax = time.Second, time.Second
	}, ln.Addr().String())
	wantInError(t, err, ln.Addr().String(), "accepted, but no answer", "Metadata v1", "within 1s")
}

func TestErrorAdvertisedAddress(t *testing.T) {
	f := startFake(t, "2.8")
	_, port, _ := net.SplitHostPort(closedPort(t))
	f.port = 0
	for _, digit := range port {
		f.port = f.port*10 + digit - '0'
	}
	err := pingError(t, nil, f.addr())
	wantInError(t, err, "broker 1 at 127.0.0.1:"+port, "connection refused", f.addr()+" answers and advertises this address for broker 1", "advertised.listeners")
	if conn, ok := errors.AsType[*ConnError](err); !ok || conn.AdvertisedBy != f.addr() {
		t.Errorf("as a ConnError it is %+v", conn)
	}
}

// TestErrorAdvertisedAddressIsSilent: where no packet comes back the same is said, also
// when the time is over before the first attempt to connect.
func TestErrorAdvertisedAddressIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Logger(quiet))
		c, err := New(Config{BootstrapServers: []string{"outside:9092"}, Logger: quiet, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr != "outside:9092" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return cluster.Dial(ctx, network, cluster.Addr(1))
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, given := range []time.Duration{3 * time.Second, time.Minute} {
			err := c.Ping(within(t, given))
			if err == nil {
				t.Fatal("Ping succeeded")
			}
			wantInError(t, err, "broker 1 at "+cluster.Addr(1), "no connection within ", "outside:9092 answers and advertises this address for broker 1: check advertised.listeners")
			if conn, ok := errors.AsType[*ConnError](err); !ok || conn.AdvertisedBy != "outside:9092" || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("as a ConnError it is %+v", conn)
			}
		}
	})
}

// TestErrorSilence: where a bootstrap server takes no connection, or takes it and
// says nothing, that is told, also when the time is over before the attempt is.
func TestErrorSilence(t *testing.T) {
	for what, c := range map[string]struct {
		given time.Duration
		words []string
	}{
		"before the attempt is over": {3 * time.Second, []string{"bootstrap server silent:9092: connect: no connection within 3s", "check the address, and what may drop packets"}},
		"after it":                   {15 * time.Second, []string{"bootstrap server silent:9092: connect: no connection within 10s", "check the address, and what may drop packets"}},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, err := New(Config{BootstrapServers: []string{"silent:9092"}, Logger: quiet, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				}})
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				err = client.Ping(within(t, c.given))
				wantInError(t, err, c.words...)
				if timeout, ok := errors.AsType[*TimeoutError](err); !ok || !errors.Is(err, context.DeadlineExceeded) || !SafeToRetry(err) {
					t.Errorf("%v, as a TimeoutError %v", err, timeout)
				}
			})
		})
	}
	t.Run("no answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Logger(quiet))
			cluster.Freeze(1)
			client, _ := clusterClient(t, cluster)
			err := client.Ping(within(t, 2*time.Second))
			wantInError(t, err, "bootstrap server "+cluster.Addr(1), "accepted, but no answer within 2s; check that this is a broker's port")
		})
	})
}
