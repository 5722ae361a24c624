package netclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

const password = "correct horse, battery=staple"

// saslCluster lets alice in.
func saslCluster(t *testing.T, release string, opts ...kafkatest.Option) *kafkatest.Cluster {
	t.Helper()
	cfg := kafkatest.SASLConfig{Mechanisms: []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}, Users: map[string]string{"alice": password, "a=b,c": password, "nbsp": "a\u00a0b", "jürgen": password}}
	return kafkatest.Start(t, append([]kafkatest.Option{kafkatest.Version(release), kafkatest.SASL(cfg), kafkatest.Logger(quickConfig().Logger)}, opts...)...)
}

func withSASL(m Mechanism) func(*Config) { return func(cfg *Config) { cfg.SASL = m } }

// TestSASL logs in to brokers of each form of login.
func TestSASL(t *testing.T) {
	for _, release := range []string{"0.10.0.1", "0.11.0.3", "1.0.2", "2.8.2", "4.4.0"} {
		cluster := saslCluster(t, release)
		for _, m := range []Mechanism{Plain("alice", password), ScramSHA256("alice", password), ScramSHA512("a=b,c", password), ScramSHA256("nbsp", "a\u00a0b")} {
			if err := ping(t, cluster, withSASL(m)); err != nil {
				t.Errorf("%s, %v: %v", release, m, err)
			}
		}
		line, _, _ := strings.Cut(strings.TrimPrefix(release, "0."), ".")
		pin := map[bool]string{true: "0." + line, false: release[:3]}[strings.HasPrefix(release, "0.")]
		if pin == "0.10" {
			pin = "0.10.0"
		}
		err := ping(t, cluster, func(cfg *Config) { cfg.SASL, cfg.APIVersion = Plain("alice", password), pin })
		if err != nil {
			t.Errorf("%s, pinned: %v", release, err)
		}
	}
}

// TestSASLOverTLS logs in through TLS, on every broker of a cluster.
func TestSASLOverTLS(t *testing.T) {
	ca := newAuthority(t, "test CA")
	cfg := kafkatest.SASLConfig{Mechanisms: []string{"PLAIN"}, Users: map[string]string{"alice": password}}
	cluster := startTLS(t, ca.issue(nil, "127.0.0.1"), nil, kafkatest.SASL(cfg), kafkatest.Brokers(3))
	c := newTestClient(t, func(cfg *Config) { cfg.TLS, cfg.SASL = &TLS{CAFile: ca.caFile()}, Plain("alice", password) }, cluster.Addrs()...)
	ctx := within(t, 5*time.Second)
	if err := c.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	for node := range int32(3) {
		if err := c.RequestTo(ctx, node+1, msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
			t.Error(err)
		}
	}
}

// TestSASLErrors makes the usual mistakes.
func TestSASLErrors(t *testing.T) {
	ca := newAuthority(t, "test CA")
	old, scramOnly := saslCluster(t, "0.10.2.2"), kafkatest.Start(t, kafkatest.SASL(kafkatest.SASLConfig{Mechanisms: []string{"SCRAM-SHA-512", "OAUTHBEARER"}}))
	now, none := saslCluster(t, "4.4.0"), kafkatest.Start(t)
	secure := startTLS(t, ca.issue(nil, "127.0.0.1"), nil, kafkatest.SASL(kafkatest.SASLConfig{Mechanisms: []string{"PLAIN"}}))
	for _, c := range []struct {
		name    string
		cluster *kafkatest.Cluster
		mech    Mechanism
		tls     *TLS
		words   []string
		code    wire.ErrorCode
	}{
		{"wrong password", now, Plain("alice", "Wrong!"), nil, []string{"PLAIN", "SASL_AUTHENTICATION_FAILED", "check the user name and password", "Invalid username or password"}, wire.ErrSaslAuthenticationFailed},
		{"wrong password, SCRAM", now, ScramSHA256("alice", "Wrong!"), nil, []string{"SCRAM-SHA-256", "SASL_AUTHENTICATION_FAILED", "invalid credentials"}, wire.ErrSaslAuthenticationFailed},
		{"unknown user", now, ScramSHA512("bob", "Wrong!"), nil, []string{"SCRAM-SHA-512", "SASL_AUTHENTICATION_FAILED"}, wire.ErrSaslAuthenticationFailed},
		{"a password prepared as the RFC says", now, ScramSHA256("nbsp", "a b"), nil, []string{"SASL_AUTHENTICATION_FAILED"}, wire.ErrSaslAuthenticationFailed},
		{"a name beyond ASCII", now, ScramSHA256("jürgen", password), nil, []string{"SASL_AUTHENTICATION_FAILED", "user names of ASCII"}, wire.ErrSaslAuthenticationFailed},
		{"wrong password, 0.10", old, Plain("alice", "Wrong!"), nil, []string{"PLAIN", "SASL_AUTHENTICATION_FAILED", "closed the connection"}, wire.ErrSaslAuthenticationFailed},
		{"wrong password, SCRAM, 0.10", old, ScramSHA256("alice", "Wrong!"), nil, []string{"SCRAM-SHA-256", "SASL_AUTHENTICATION_FAILED", "closed the connection"}, wire.ErrSaslAuthenticationFailed},
		{"mechanism not offered", scramOnly, Plain("alice", password), nil, []string{"PLAIN", "UNSUPPORTED_SASL_MECHANISM", "offers SCRAM-SHA-512, OAUTHBEARER"}, wire.ErrUnsupportedSaslMechanism},
		{"mechanism not offered, 0.10", old, kerberos{}, nil, []string{"GSSAPI", "offers PLAIN, SCRAM-SHA-256"}, wire.ErrUnsupportedSaslMechanism},
		{"a listener without SASL", none, Plain("alice", password), nil, []string{"ILLEGAL_SASL_STATE", "listener without SASL"}, wire.ErrIllegalSaslState},
		{"no login", now, nil, nil, []string{"wants a SASL login", "neither TLS nor SASL", "security.protocol"}, 0},
		{"no login, TLS", secure, nil, &TLS{CAFile: ca.caFile()}, []string{"wants a SASL login", "no SASL"}, 0},
		{"a port with TLS", secure, Plain("alice", password), nil, []string{"closed the connection", "SASL_SSL"}, 0},
		{"a zero byte", now, Plain("alice", "a\x00b"), nil, []string{"zero byte"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := ping(t, c.cluster, func(cfg *Config) { cfg.SASL, cfg.TLS = c.mech, c.tls })
			wantInError(t, err, append(c.words, c.cluster.Addr(1))...)
			if got, _ := errors.AsType[wire.ErrorCode](err); got != c.code {
				t.Errorf("its code is %v, want %v", got, c.code)
			}
			if wanted := c.mech == nil; errors.Is(err, ErrSASLPort) != wanted {
				t.Errorf("whether it is an ErrSASLPort is not %v", wanted)
			}
			if login, ok := errors.AsType[*AuthError](err); c.code != 0 && (!ok || login.Mechanism != c.mech.Name()) {
				t.Errorf("%#v is no AuthError of it", err)
			}
			if strings.Contains(err.Error(), "Wrong!") {
				t.Errorf("it tells the password: %v", err)
			}
		})
	}
}

// changing is a login whose password is put right later.
type changing struct{ now atomic.Pointer[plain] }

func (c *changing) Name() string { return "PLAIN" }

func (c *changing) Authenticate(ctx context.Context, host string, send func([]byte) ([]byte, error)) ([]byte, error) {
	return c.now.Load().Authenticate(ctx, host, send)
}

// TestWrongPasswordIsToldAtOnce: nobody waits for what no other try will cure,
// unless another server may do better; and it is tried again when somebody asks.
func TestWrongPasswordIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := saslCluster(t, "4.4.0", kafkatest.Brokers(2))
		login := new(changing)
		login.now.Store(Plain("alice", "wrong").(*plain))
		cfg := Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: quiet, SASL: login}
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for what, call := range map[string]func(context.Context) error{
			"Ping":        c.Ping,
			"Topic":       func(ctx context.Context) error { _, err := c.Topic(ctx, "t"); return err },
			"Coordinator": func(ctx context.Context) error { _, err := c.Coordinator(ctx, GroupCoordinator, "g"); return err },
			"Request": func(ctx context.Context) error {
				return c.Request(ctx, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{})
			},
		} {
			started := time.Now()
			err := call(within(t, time.Minute))
			if !errors.Is(err, wire.ErrSaslAuthenticationFailed) || errors.Is(err, context.DeadlineExceeded) || IsRetriable(err) {
				t.Errorf("%s: %v", what, err)
			}
			if took := time.Since(started); took > 2*time.Second { // the backoff of those before
				t.Errorf("%s took %v", what, took)
			}
		}

		cfg.BootstrapServers = append(cfg.BootstrapServers, "nobody:9092")
		other, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if err := other.Ping(within(t, time.Minute)); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, wire.ErrSaslAuthenticationFailed) {
			t.Errorf("with a server that nobody answers at, too: %v", err)
		}

		login.now.Store(Plain("alice", password).(*plain))
		if err := c.Ping(within(t, time.Minute)); err != nil {
			t.Errorf("with the right password: %v", err)
		}
	})
}

// TestSASLNoAnswer: what a silent port was asked is told, and that 0.9 is silent.
func TestSASLNoAnswer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	err = connectError(t, func(cfg *Config) { cfg.SASL, cfg.ConnectionSetupTimeout = Plain("a", "b"), time.Second }, ln.Addr().String())
	wantInError(t, err, "accepted, but no answer to ApiVersions", "APIVersion", "within 1s")
}

// kerberos is a mechanism of somebody else's, whose last token need not be
// answered.
type kerberos struct{}

func (kerberos) Name() string { return "GSSAPI" }

func (kerberos) Authenticate(_ context.Context, host string, send func([]byte) ([]byte, error)) ([]byte, error) {
	answer, err := send([]byte("ticket for kafka/" + host))
	if err != nil {
		return nil, err
	}
	return append([]byte("wrapped "), answer...), nil
}

// TestSASLBare: 0.9 gets nothing but tokens, the last one without an answer, and
// then requests.
func TestSASLBare(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan []string, 1)
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		first, _ := wire.ReadFrame(nc, nil, 1000)
		nc.Write([]byte{0, 0, 0, 2, 'o', 'k'})
		last, _ := wire.ReadFrame(nc, nil, 1000)
		request, _ := wire.ReadFrame(nc, nil, 1000)
		h, _, _ := wire.DecodeRequestHeader(request)
		got <- []string{string(first), string(last), h.APIKey.String()}
	}()
	c := newTestClient(t, func(cfg *Config) { cfg.SASL, cfg.APIVersion = kerberos{}, "0.9" }, ln.Addr().String())
	c.UpdateMetadataSoon()
	want := []string{"ticket for kafka/127.0.0.1", "wrapped ok", "Metadata"}
	select {
	case conversation := <-got:
		if !slices.Equal(conversation, want) {
			t.Errorf("got %q, want %q", conversation, want)
		}
	case <-time.After(5 * time.Second):
		t.Error("nothing came")
	}
}

// TestSASLHostileAnswers: whatever a broker sends during a login gives an error.
func TestSASLHostileAnswers(t *testing.T) {
	for _, what := range []string{
		"", "\x00", "\x7f\xff\xff\xff", "\xff\xff\xff\xff", "\x00\x00\x00\x02ab", "\x00\x00\x00\x04abcd", "\x00\x00\x00\x06\x0d\x0a\x0d\x0a\x00\x00",
		"\x00\x00\x00\x04\x0d\x0a\x0d\x0a", "\x00\x00\x10\x00" + strings.Repeat("a", 4096), "HTTP/1.1 400\r\n", "\x15\x03\x03\x00\x02\x02\x50",
	} {
		err := connectError(t, withSASL(Plain("alice", password)), answering(t, what))
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("%q: %v", what, err)
		}
	}
}

// sessions is a cluster whose sessions last for a minute, and a client of it.
func sessions(t *testing.T, change func(*kafkatest.SASLConfig), mech Mechanism, idle time.Duration) (*kafkatest.Cluster, *Client) {
	cfg := kafkatest.SASLConfig{Mechanisms: []string{"PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"}, Users: map[string]string{"alice": password}, SessionLifetime: time.Minute}
	if change != nil {
		change(&cfg)
	}
	cluster := kafkatest.Start(t, kafkatest.SASL(cfg), kafkatest.Logger(quickConfig().Logger))
	client := newTestClient(t, func(c *Config) {
		c.SASL, c.Dial, c.ConnectionsMaxIdle, c.MetadataMaxAge = mech, cluster.Dial, idle, time.Hour
	}, cluster.Addrs()...)
	return cluster, client
}

// TestUnreadableRefusal: the code is enough.
func TestUnreadableRefusal(t *testing.T) {
	l := login{mech: Plain("u", "p")}
	for resp, code := range map[wire.Response]wire.ErrorCode{&msg.SaslHandshakeResponse{}: wire.ErrUnsupportedVersion, &msg.SaslAuthenticateResponse{}: wire.ErrSaslAuthenticationFailed} {
		err := l.read([]byte{0, byte(code), 0xff, 0xff}, 1, resp)
		if refused, ok := errors.AsType[*AuthError](err); !ok || !errors.Is(refused, code) {
			t.Errorf("got %v, want %v", err, code)
		}
	}
}

// TestReauthentication: through ten sessions, requests of several goroutines, alone
// and pipelined, all get their answers, on the one connection that they began
// with.
func TestReauthentication(t *testing.T) {
	for _, mech := range []Mechanism{Plain("alice", password), ScramSHA256("alice", password)} {
		synctest.Test(t, func(t *testing.T) {
			cluster, client := sessions(t, nil, mech, 0)
			conn, err := client.NewPool(PoolConfig{MaxInFlight: 2}).Conn(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			// Slow answers, so that there is always something on its way.
			cluster.Control(wire.KeyMetadata, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Delay: 30 * time.Millisecond} })
			cluster.Control(wire.KeySaslAuthenticate, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Delay: 200 * time.Millisecond} })
			before := cluster.Requests(wire.KeySaslHandshake)
			ends := time.Now().Add(10 * time.Minute)
			var wg sync.WaitGroup
			for i := range 5 {
				wg.Go(func() {
					for time.Now().Before(ends) {
						if err := conn.Do(t.Context(), msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
							t.Errorf("after %v of ten minutes: %v", 10*time.Minute-time.Until(ends), err)
							return
						}
						time.Sleep(time.Duration(i) * 17 * time.Millisecond)
					}
				})
			}
			wg.Wait()
			if n := cluster.Requests(wire.KeySaslHandshake) - before; n < 10 { // other connections of the client log in, too
				t.Errorf("%d logins in ten sessions", n)
			}
			client.Close()
		})
	}
}

// TestReauthenticationOfTheIdle: a connection that nobody uses stays logged in, and
// is closed when it has been idle for too long all the same.
func TestReauthenticationOfTheIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, client := sessions(t, nil, Plain("alice", password), 150*time.Second)
		conn, err := client.NewPool(PoolConfig{}).Conn(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(140 * time.Second)
		if err := conn.Do(t.Context(), msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
			t.Errorf("after two sessions: %v", err)
		}
		time.Sleep(149 * time.Second)
		if conn.Err() != nil {
			t.Errorf("it ended early: %v", conn.Err())
		}
		time.Sleep(2 * time.Second)
		if !errors.Is(conn.Err(), errIdle) {
			t.Errorf("it is not closed as idle: %v", conn.Err())
		}
		logins := cluster.Requests(wire.KeySaslHandshake)
		time.Sleep(10 * time.Minute)
		if n := cluster.Requests(wire.KeySaslHandshake); n > logins+1 {
			t.Errorf("%d logins on connections that are closed", n-logins)
		}
		client.Close()
	})
}

// TestReauthenticationRefused ends the connection, and says why.
func TestReauthenticationRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var refuse atomic.Bool
		token := func(string) (time.Time, error) {
			if refuse.Load() {
				return time.Time{}, errors.New("invalid_token")
			}
			return time.Now().Add(time.Hour), nil
		}
		mech := OAuthBearer(func(context.Context) (OAuthToken, error) { return OAuthToken{Value: NewSecret("t")}, nil })
		_, client := sessions(t, func(cfg *kafkatest.SASLConfig) { cfg.Token = token }, mech, 0)
		conn, err := client.NewPool(PoolConfig{}).Conn(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		refuse.Store(true)
		time.Sleep(time.Minute)
		if err := conn.Err(); !errors.Is(err, wire.ErrSaslAuthenticationFailed) || !strings.Contains(err.Error(), "invalid_token") {
			t.Errorf("it ended by %v", err)
		}
		client.Close()
	})
}

// TestCloseDuringReauthentication: Close does not wait for a login that hangs, and
// neither does the timeout of a request.
func TestCloseDuringReauthentication(t *testing.T) {
	for _, what := range []string{"close", "time out"} {
		synctest.Test(t, func(t *testing.T) {
			cluster, client := sessions(t, nil, Plain("alice", password), 0)
			conn, err := client.NewPool(PoolConfig{}).Conn(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			cluster.Control(wire.KeySaslAuthenticate, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{NoAnswer: true} })
			time.Sleep(58 * time.Second)
			queued := make(chan error, 1)
			go func() { queued <- conn.Do(t.Context(), msg.NewMetadataRequest(), &msg.MetadataResponse{}) }()
			if what == "close" {
				synctest.Wait()
				conn.Close()
			}
			if err := <-queued; !SafeToRetry(err) {
				t.Errorf("%s: a request that waited for the login: %v", what, err)
			}
			client.Close()
		})
	}
}

func TestSASLProperties(t *testing.T) {
	parse := func(props ...string) (Mechanism, error) {
		m := map[string]string{"security.protocol": "SASL_SSL"}
		for i := 0; i < len(props); i += 2 {
			m[props[i]] = props[i+1]
		}
		cfg, _, err := ParseProperties(m)
		if err == nil && cfg.TLS == nil {
			t.Error("SASL_SSL without TLS")
		}
		return cfg.SASL, err
	}
	for _, props := range [][]string{
		{"sasl.mechanism", "PLAIN", "sasl.username", "alice", "sasl.password", "s;\"e'cret"},
		{"sasl.mechanism", "PLAIN", "sasl.jaas.config", `org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="s;\"e'cret";`},
		{"sasl.mechanism", "PLAIN", "sasl.jaas.config", "X required\nusername=\"alice\"\npassword=\"s;\\\"e'cret\";\n"},
		{"sasl.mechanism", "PLAIN", "sasl.jaas.config", "X\trequired password=\"s;\\\"e'cret\" username=\"alice\";"},
		{"sasl.mechanism", "PLAIN", "sasl.jaas.config", "X required\n  password = 's;\"e\\'cret'\tusername=alice ;\n"},
	} {
		m, err := parse(props...)
		if p, ok := m.(*plain); err != nil || !ok || p.user != "alice" || p.password.Reveal() != "s;\"e'cret" {
			t.Errorf("%q gives %v, %v", props, m, err)
		}
	}
	if m, err := parse("sasl.mechanism", "PLAIN", "sasl.username", "alice", "sasl.password", " s3cret "); err != nil || m.(*plain).password.Reveal() != " s3cret " {
		t.Errorf("white space around a password is lost: %v", err)
	}
	for _, name := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
		if m, err := parse("sasl.mechanism", name, "sasl.username", "a", "sasl.password", "b"); err != nil || m.Name() != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	cfg, _, err := ParseProperties(map[string]string{"security.protocol": "SSL", "sasl.mechanism": "PLAIN", "sasl.password": "s3cret"})
	if err != nil || cfg.SASL != nil || len(cfg.Ignored) != 2 || cfg.Ignored["sasl.password"] != "security.protocol is SSL; SASL_PLAINTEXT and SASL_SSL use it" {
		t.Errorf("a login that no protocol asks for: %v, %v", cfg.Ignored, err)
	}
	for _, c := range []struct {
		props []string
		words []string
	}{
		{nil, []string{"sasl.mechanism is missing"}},
		{[]string{"sasl.mechanism", "GSSAPI"}, []string{"sasl.mechanism=GSSAPI", "OAUTHBEARER", "Config.SASL"}},
		{[]string{"sasl.mechanism", "PLAIN"}, []string{"username", "sasl.jaas.config"}},
		{[]string{"sasl.mechanism", "OAUTHBEARER"}, []string{"token.endpoint.url"}},
		{[]string{"sasl.mechanism", "OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url", "https://idp.example", "sasl.oauthbearer.client.credentials.client.id", "me"},
			[]string{"ParseProperties(props, oauth.FromProperties)"}},
		{[]string{"sasl.mechanism", "PLAIN", "sasl.jaas.config", `X required password="s3cret`}, []string{"sasl.jaas.config: allowed"}},
		{[]string{"sasl.mechanism", "PLAIN", "sasl.jaas.config", `X required "s3cret"="x";`}, []string{"sasl.jaas.config: allowed"}},
		{[]string{"sasl.mechanism", "SCRAM-SHA-256", "sasl.jaas.config", `X required username="id" password="s3cret" tokenauth="true";`}, []string{"sasl.jaas.config: tokenauth"}},
		{[]string{"ssl.keystore.key", "s3cret", "sasl.mechanism", "PLAIN", "sasl.username", "a"}, []string{"ssl.keystore.key: allowed is nothing", "ssl.keystore.location"}},
	} {
		_, err := parse(c.props...)
		wantInError(t, err, c.words...)
		if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("it tells the secret: %v", err)
		}
	}
}

// TestSecretsAreNotShown, however a Config is printed.
func TestSecretsAreNotShown(t *testing.T) {
	const secret = "xyzzy-secret"
	token := OAuthToken{Value: NewSecret(secret)}
	fromProperties, _, err := ParseProperties(map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-256",
		"sasl.jaas.config": `X required username="u" password="` + secret + `";`})
	if err != nil {
		t.Fatal(err)
	}
	configs := []Config{fromProperties}
	for _, m := range []Mechanism{Plain("u", secret), ScramSHA256("u", secret), ScramSHA512("u", secret),
		OAuthBearer(func(context.Context) (OAuthToken, error) { return token, nil })} {
		configs = append(configs, Config{SASL: m})
	}
	things := []any{token, &token, NewSecret(secret), struct{ s Secret }{NewSecret(secret)}, OAuthProperties{ClientSecret: NewSecret(secret)}}
	for _, cfg := range configs {
		m := cfg.SASL
		if o, ok := m.(*oauthBearer); ok {
			o.current(t.Context())
		}
		things = append(things, cfg, &cfg, m, struct{ c Config }{cfg}, []any{cfg}, map[string]Config{"": cfg})
		switch m := m.(type) {
		case *plain:
			things = append(things, *m, struct{ p plain }{*m})
		case *scram:
			things = append(things, *m, struct{ p scram }{*m})
		}
	}
	for _, thing := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			shown := fmt.Sprintf(verb, thing)
			if strings.Contains(shown, secret) || strings.Contains(shown, fmt.Sprintf("%x", secret)) || strings.Contains(shown, fmt.Sprint([]byte(secret))) {
				t.Errorf("%s of %T shows %s", verb, thing, shown)
			}
		}
	}
	if NewSecret(secret).Reveal() != secret || (Secret{}).Reveal() != "" || (Secret{}).String() != "" {
		t.Error("a Secret does not hold what it should")
	}
}
