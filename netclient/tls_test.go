package netclient

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestTLS connects to brokers of old and new releases, with and without a
// certificate of the client's own.
func TestTLS(t *testing.T) {
	ca := newAuthority(t, "test CA")
	server, client := ca.issue(nil, "127.0.0.1"), ca.issue(nil, "me")
	own := ca.file("me.pem", certBlock(client.Certificate[0]), keyBlock(t, "PRIVATE KEY", client.PrivateKey))
	wantCert := func(cfg *tls.Config) {
		cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		cfg.ClientCAs.AddCert(ca.cert)
	}
	only12 := func(cfg *tls.Config) { wantCert(cfg); cfg.MaxVersion = tls.VersionTLS12 }
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	for _, c := range []struct {
		name, release string
		server        func(*tls.Config)
		tls           TLS
	}{
		{"0.9", "0.9.0.1", nil, TLS{CAFile: ca.caFile()}},
		{"4.4", "4.4.0", nil, TLS{CAFile: ca.caFile()}},
		{"the broker's certificate as CA", "4.4.0", nil, TLS{CAFile: ca.file("server.pem", certBlock(server.Certificate[0]))}},
		{"a tls.Config", "4.4.0", nil, TLS{Config: &tls.Config{RootCAs: pool}}},
		{"with a certificate, TLS 1.2", "0.9.0.1", only12, TLS{CAFile: ca.caFile(), CertFile: own}},
		{"with a certificate, TLS 1.3", "4.4.0", wantCert, TLS{CAFile: ca.caFile(), CertFile: own}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster := startTLS(t, server, c.server, kafkatest.Version(c.release))
			if err := ping(t, cluster, withTLS(c.tls)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTLSHostAsAdvertised: the certificate of a broker must name the host that
// the broker advertises.
func TestTLSHostAsAdvertised(t *testing.T) {
	ca := newAuthority(t, "test CA")
	for _, c := range []struct {
		host string
		ok   bool
	}{{"broker-1.kafkatest", true}, {"broker-2.kafkatest", false}} {
		cluster := kafkatest.Start(t, kafkatest.TLS(&tls.Config{Certificates: []tls.Certificate{ca.issue(nil, c.host)}}))
		err := ping(t, cluster, withTLS(TLS{CAFile: ca.caFile()}))
		if c.ok != (err == nil) {
			t.Errorf("a certificate for %s: %v", c.host, err)
		}
	}
}

// TestTLSKeyForms: a private key may come in any of the usual forms, in a file
// of its own or in one with the certificates.
func TestTLSKeyForms(t *testing.T) {
	ca := newAuthority(t, "test CA")
	between := ca.under("between")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ec, rsaCert := between.issue(nil, "ec"), between.issueFor(rsaKey, nil, "rsa")
	cluster := startTLS(t, ca.issue(nil, "127.0.0.1"), func(cfg *tls.Config) {
		cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		cfg.ClientCAs.AddCert(ca.cert) // and not between: the client must show it
	})
	for _, c := range []struct {
		form string
		cert tls.Certificate
	}{{"PRIVATE KEY", ec}, {"EC PRIVATE KEY", ec}, {"PRIVATE KEY", rsaCert}, {"RSA PRIVATE KEY", rsaCert}} {
		key, chain := keyBlock(t, c.form, c.cert.PrivateKey), []*pem.Block{certBlock(c.cert.Certificate[0]), certBlock(between.cert.Raw)}
		params := &pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}} // as openssl writes
		for _, files := range []TLS{
			{CertFile: ca.file("chain.pem", chain...), KeyFile: ca.file("key.pem", params, key)},
			{CertFile: ca.file("both.pem", append([]*pem.Block{key}, chain...)...)},
		} {
			files.CAFile = ca.caFile()
			if err := ping(t, cluster, withTLS(files)); err != nil {
				t.Errorf("%s in %s: %v", c.form, filepath.Base(files.KeyFile), err)
			}
		}
	}
}

// TestTLSErrors makes the usual mistakes: each is told by what it says, says what
// to check, and can be told apart by the program.
func TestTLSErrors(t *testing.T) {
	ca, other := newAuthority(t, "test CA"), newAuthority(t, "other CA")
	good := ca.issue(nil, "127.0.0.1")
	trust := TLS{CAFile: ca.caFile()}
	client := other.issue(nil, "me")
	wrongCert := TLS{CAFile: ca.caFile(), CertFile: other.file("me.pem", certBlock(client.Certificate[0]), keyBlock(t, "PRIVATE KEY", client.PrivateKey))}
	wantCert := func(highest uint16) func(*tls.Config) {
		return func(cfg *tls.Config) {
			cfg.ClientAuth, cfg.ClientCAs, cfg.MaxVersion = tls.RequireAndVerifyClientCert, x509.NewCertPool(), highest
			cfg.ClientCAs.AddCert(ca.cert)
		}
	}
	as := func(target any) func(error) bool { return func(err error) bool { return errors.As(err, target) } }
	is := func(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }
	for _, c := range []struct {
		name   string
		cert   tls.Certificate
		server func(*tls.Config)
		client TLS
		words  []string
		kind   func(error) bool
	}{
		{"unknown CA", other.issue(nil, "127.0.0.1"), nil, trust, []string{"signed by unknown authority", "TLS.CAFile", "ssl.truststore.location"}, as(new(x509.UnknownAuthorityError))},
		{"unknown CA, system's roots", good, nil, TLS{}, []string{"signed by unknown authority", "TLS.CAFile"}, as(new(x509.UnknownAuthorityError))},
		{"unknown CA, no check of the host", good, nil, TLS{SkipHostCheck: true}, []string{"signed by unknown authority"}, as(new(x509.UnknownAuthorityError))},
		{"wrong host", ca.issue(nil, "kafka.example", "10.0.0.1"), nil, trust, []string{"10.0.0.1, not 127.0.0.1", "advertise that name"}, as(new(x509.HostnameError))},
		{"expired", ca.issue(expired, "127.0.0.1"), nil, trust, []string{"expired", "clock"}, as(new(x509.CertificateInvalidError))},
		{"expired, no check of the host", ca.issue(expired, "x"), nil, TLS{CAFile: ca.caFile(), SkipHostCheck: true}, []string{"expired"}, as(new(x509.CertificateInvalidError))},
		{"no client certificate, TLS 1.2", good, wantCert(tls.VersionTLS12), trust, []string{"wants one", "TLS.CertFile", "ssl.keystore.location"}, is(ErrClientCertificate)},
		{"no client certificate, TLS 1.3", good, wantCert(tls.VersionTLS13), trust, []string{"wants one", "TLS.CertFile"}, is(ErrClientCertificate)},
		{"wrong client certificate, TLS 1.2", good, wantCert(tls.VersionTLS12), wrongCert, []string{"TLS.CertFile", "truststore"}, is(ErrClientCertificate)},
		{"wrong client certificate, TLS 1.3", good, wantCert(tls.VersionTLS13), wrongCert, []string{"TLS.CertFile", "truststore"}, is(ErrClientCertificate)},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster := startTLS(t, c.cert, c.server)
			err := ping(t, cluster, withTLS(c.client))
			wantInError(t, err, append(c.words, cluster.Addr(1))...)
			if !c.kind(err) || IsRetriable(err) {
				t.Errorf("it is not of the kind that it should be, or another try is said to help: %v", err)
			}
		})
	}
}

// TestTLSOldRefusal: brokers that refuse a client's certificate without an alert
// that can be read are understood, because they have asked for it.
func TestTLSOldRefusal(t *testing.T) {
	ca := newAuthority(t, "test CA")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			tls.Server(noAlerts{nc}, &tls.Config{Certificates: []tls.Certificate{ca.issue(nil, "127.0.0.1")}, MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert}).Handshake()
			nc.Close()
		}
	}()
	err = connectError(t, withTLS(TLS{CAFile: ca.caFile()}), ln.Addr().String())
	wantInError(t, err, "wants one and got none", "EOF", "TLS.CertFile")
	if !errors.Is(err, ErrClientCertificate) || !IsRetriable(err) {
		t.Errorf("it is no ErrClientCertificate, or can't be tried again though it may have been an accident: %v", err)
	}
}

// noAlerts does not send alerts.
type noAlerts struct{ net.Conn }

func (c noAlerts) Write(p []byte) (int, error) {
	if len(p) > 0 && p[0] == 0x15 {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// TestTLSSkipHostCheck: a trusted certificate for another host is enough.
func TestTLSSkipHostCheck(t *testing.T) {
	ca := newAuthority(t, "test CA")
	between := ca.under("between")
	cert := between.issue(nil, "elsewhere.example")
	cert.Certificate = append(cert.Certificate, between.cert.Raw)
	if err := ping(t, startTLS(t, cert, nil), withTLS(TLS{CAFile: ca.caFile(), SkipHostCheck: true})); err != nil {
		t.Error(err)
	}
}

// TestTLSToPlaintext: a broker without TLS takes the handshake for a request that
// is too large, and closes the connection.
func TestTLSToPlaintext(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Logger(quickConfig().Logger))
	err := ping(t, cluster, withTLS(TLS{}))
	wantInError(t, err, "does not seem to speak TLS", cluster.Addr(1), "security.protocol")
	if !errors.Is(err, ErrPlaintextPort) {
		t.Errorf("%v is no ErrPlaintextPort", err)
	}
	err = ping(t, cluster, func(cfg *Config) {
		cfg.TLS, cfg.BootstrapServers = &TLS{}, []string{answering(t, "HTTP/1.1 400 Bad Request\r\n\r\n")}
	})
	wantInError(t, err, "HTTP", "check the port")
}

// TestPlaintextToTLS: Java answers what is no TLS with an alert; others close
// the connection.
func TestPlaintextToTLS(t *testing.T) {
	err := ping(t, startTLS(t, newAuthority(t, "test CA").issue(nil, "127.0.0.1"), nil), nil)
	wantInError(t, err, "closed the connection", "TLS")
	err = connectError(t, nil, answering(t, "\x15\x03\x03\x00\x02\x02\x50"))
	wantInError(t, err, "the port speaks TLS", "security.protocol")
	if !errors.Is(err, ErrTLSPort) || !errors.Is(err, ErrNotKafka) {
		t.Errorf("%v is no ErrTLSPort", err)
	}
}

// answering is the address of a server that says one thing to everybody.
func answering(t *testing.T, what string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			nc.Read(make([]byte, 1024))
			nc.Write([]byte(what))
			nc.Close()
		}
	}()
	return ln.Addr().String()
}

// TestTLSNoAnswerToTheHandshake: a port that says nothing is told from one that
// can't be reached.
func TestTLSNoAnswerToTheHandshake(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	err = connectError(t, func(cfg *Config) { cfg.TLS, cfg.ConnectionSetupTimeout = &TLS{}, time.Second }, ln.Addr().String())
	wantInError(t, err, "accepted, but no answer to the TLS handshake within 1s")
}

// TestTLSRevocations: the leaf's list decides, the authorities' too if asked.
func TestTLSRevocations(t *testing.T) {
	root := newAuthority(t, "root")
	between := root.under("between")
	leaf, unrelated := between.issue(nil, "127.0.0.1"), between.issue(nil, "127.0.0.2")
	leaf.Certificate = append(leaf.Certificate, between.cert.Raw)
	cluster := startTLS(t, leaf, nil)
	old := func(l *x509.RevocationList) {
		l.ThisUpdate, l.NextUpdate = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	}
	delta := func(l *x509.RevocationList) { // what came since list 1 (RFC 5280, section 5.2.4)
		l.ThisUpdate = time.Now().Add(-time.Minute)
		l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
	}
	betweenCert := tls.Certificate{Leaf: between.cert}
	for _, c := range []struct {
		name  string
		lists []*pem.Block
		chain bool
		words []string // none: it connects
	}{
		{"not in the list", []*pem.Block{between.crl(nil, unrelated)}, false, nil},
		{"in the list", []*pem.Block{between.crl(nil, unrelated, leaf)}, false, []string{"revoked", "127.0.0.1", "between"}},
		{"two lists", []*pem.Block{root.crl(nil), between.crl(nil, leaf)}, false, []string{"revoked"}},
		{"no list", []*pem.Block{root.crl(nil)}, false, []string{"no list by", "between"}},
		{"a list by somebody else of that name", []*pem.Block{root.under("between").crl(nil)}, false, []string{"no list by"}},
		{"out of date", []*pem.Block{between.crl(old)}, false, []string{"out of date"}},
		{"an old one and a new one", []*pem.Block{between.crl(old), between.crl(nil)}, false, nil},
		{"a newer delta list", []*pem.Block{between.crl(nil, leaf), between.crl(delta)}, false, []string{"revoked"}},
		{"in a newer delta list", []*pem.Block{between.crl(nil), between.crl(delta, leaf)}, false, []string{"revoked"}},
		{"a delta list alone", []*pem.Block{between.crl(delta)}, false, []string{"no list by"}},
		{"chain", []*pem.Block{root.crl(nil), between.crl(nil)}, true, nil},
		{"chain without the root's list", []*pem.Block{between.crl(nil)}, true, []string{"no list by", "root"}},
		{"authority revoked", []*pem.Block{root.crl(nil, betweenCert), between.crl(nil)}, true, []string{"revoked", "between"}},
		{"authority revoked, not asked for", []*pem.Block{root.crl(nil, betweenCert), between.crl(nil)}, false, nil},
	} {
		for _, skip := range []bool{false, true} {
			files := TLS{CAFile: root.caFile(), CRLFile: root.file("crl.pem", c.lists...), CRLChain: c.chain, SkipHostCheck: skip}
			err := ping(t, cluster, withTLS(files))
			if c.words == nil {
				if err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				continue
			}
			wantInError(t, err, c.words...)
			if c.words[0] == "revoked" != errors.Is(err, ErrRevoked) {
				t.Errorf("%s: is it ErrRevoked? %v", c.name, err)
			}
		}
	}
	der := writeFile(t, filepath.Join(root.dir, "crl.der"), string(between.crl(nil, leaf).Bytes))
	wantInError(t, ping(t, cluster, withTLS(TLS{CAFile: root.caFile(), CRLFile: der})), "revoked")
}

// TestTLSFilesChange: what files hold now counts for the next connection; the one
// that stands goes on, and broken files change nothing.
func TestTLSFilesChange(t *testing.T) {
	first, second := newAuthority(t, "first CA"), newAuthority(t, "second CA")
	var shown tls.Certificate = first.issue(nil, "127.0.0.1")
	cluster := startTLS(t, shown, func(cfg *tls.Config) {
		cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{Certificates: []tls.Certificate{shown}}, nil
		}
	})
	ca := first.caFile()
	var log strings.Builder
	var client *Client
	cfg := quickConfig(cluster.Addrs()...)
	cfg.TLS, cfg.Logger = &TLS{CAFile: ca}, slog.New(slog.NewTextHandler(writerFunc(func(line []byte) (int, error) {
		if !client.tls.mu.TryLock() {
			t.Error("a line of log is written under the lock")
			return len(line), nil
		}
		client.tls.mu.Unlock()
		return log.Write(line)
	}), nil))
	var err error
	if client, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	connect := func() (*Conn, error) { return client.connect(t.Context(), cluster.Addr(1), client.shared.opts) }
	standing, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	defer standing.Close()

	shown = second.issue(nil, "127.0.0.1")
	if _, err := connect(); err == nil {
		t.Fatal("a certificate of the second CA is accepted")
	}
	text, _ := os.ReadFile(second.caFile())
	for _, content := range []string{string(text), "half a file"} {
		writeFile(t, ca, content)
		conn, err := connect()
		if err != nil {
			t.Fatalf("after the file became %q: %v", content[:10], err)
		}
		conn.Close()
	}
	for range 3 {
		conn, err := connect()
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	if n := strings.Count(log.String(), "can't be used"); n != 1 {
		t.Errorf("the log speaks of the broken file %d times: %s", n, log.String())
	}
	if !strings.Contains(log.String(), "can't be used") || !strings.Contains(log.String(), ca) {
		t.Errorf("the log does not speak of the broken file: %s", log.String())
	}
	if err := standing.Do(t.Context(), msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
		t.Errorf("the first connection was disturbed: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestTLSWrongFiles: New says which file can't be used, and why.
func TestTLSWrongFiles(t *testing.T) {
	ca := newAuthority(t, "test CA")
	a, b := ca.issue(nil, "a"), ca.issue(nil, "b")
	cert, key := ca.file("a.pem", certBlock(a.Certificate[0])), ca.file("a.key", keyBlock(t, "PRIVATE KEY", a.PrivateKey))
	otherKey := ca.file("b.key", keyBlock(t, "EC PRIVATE KEY", b.PrivateKey))
	locked := ca.file("locked.key", &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}})
	oldLocked := ca.file("old.key", &pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte{1}})
	jks := writeFile(t, filepath.Join(ca.dir, "trust.jks"), "\xfe\xed\xfe\xed\x00\x00\x00\x02")
	for _, c := range []struct {
		tls   TLS
		words []string
	}{
		{TLS{CAFile: "/no/such/ca.pem"}, []string{"CAFile", "/no/such/ca.pem", "no such file"}},
		{TLS{CAFile: key}, []string{"CAFile", key, "no certificate"}},
		{TLS{CAFile: jks}, []string{jks, "Java keystore", "keytool"}},
		{TLS{CertFile: cert}, []string{"KeyFile", cert, "no private key"}},
		{TLS{CertFile: key, KeyFile: key}, []string{"CertFile", key, "no certificate"}},
		{TLS{CertFile: cert, KeyFile: otherKey}, []string{cert, otherKey, "does not match"}},
		{TLS{CertFile: cert, KeyFile: locked}, []string{locked, "encrypted", "openssl pkey"}},
		{TLS{CertFile: cert, KeyFile: oldLocked}, []string{oldLocked, "encrypted"}},
		{TLS{CRLFile: cert}, []string{"CRLFile", cert, "X509 CRL"}},
		{TLS{KeyFile: key}, []string{"KeyFile", "CertFile is not"}},
		{TLS{CRLChain: true}, []string{"CRLChain", "CRLFile"}},
		{TLS{Config: &tls.Config{}, CAFile: cert}, []string{"Config is used instead"}},
	} {
		_, err := New(Config{TLS: &c.tls})
		wantInError(t, err, c.words...)
	}
}

// TestTLSKeyThatCannotSign: told at once, not at each handshake.
func TestTLSKeyThatCannotSign(t *testing.T) {
	const file = "testdata/rsa512.pem"
	cfg := quickConfig("127.0.0.1:1")
	cfg.TLS = &TLS{CertFile: file}
	_, err := New(cfg)
	if err == nil {
		t.Fatal("New takes a key of 512 bits")
	}
	wantInError(t, err, "TLS KeyFile "+file, "can't sign", "512-bit")
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	cfg.TLS = &TLS{Config: &tls.Config{Certificates: []tls.Certificate{pair}}}
	if _, err := New(cfg); err == nil {
		t.Fatal("New takes a key of 512 bits in a tls.Config")
	}
}

func TestTLSProperties(t *testing.T) {
	parse := func(props ...string) (Config, error) {
		m := map[string]string{}
		for i := 0; i < len(props); i += 2 {
			m[props[i]] = props[i+1]
		}
		cfg, unknown, err := ParseProperties(m)
		if len(unknown) > 0 {
			t.Errorf("unknown: %v", unknown)
		}
		return cfg, err
	}
	cfg, err := parse("security.protocol", "ssl", "ssl.truststore.location", "ca", "ssl.truststore.type", "PEM",
		"ssl.keystore.location", "cert", "ssl.keystore.type", "pem", "ssl.key.location", "key", "ssl.crl.location", "crl",
		"ssl.crl.check", "chain", "ssl.endpoint.identification.algorithm", "")
	want := TLS{CAFile: "ca", CertFile: "cert", KeyFile: "key", CRLFile: "crl", CRLChain: true, SkipHostCheck: true}
	if err != nil || cfg.TLS == nil || *cfg.TLS != want {
		t.Errorf("got %+v, %v, want %+v", cfg.TLS, err, want)
	}
	if cfg, err := parse("security.protocol", "SSL"); err != nil || cfg.TLS == nil || *cfg.TLS != (TLS{}) {
		t.Errorf("got %+v, %v; want the zero TLS", cfg.TLS, err)
	}
	if cfg, err = parse("ssl.truststore.location", "ca"); err != nil || cfg.TLS != nil || cfg.Ignored["ssl.truststore.location"] != "security.protocol is PLAINTEXT; SSL and SASL_SSL use it" {
		t.Errorf("a file that no TLS uses: %v, %v", cfg.Ignored, err)
	}
	_, err = parse("security.protocol", "TLS", "ssl.truststore.type", "JKS", "ssl.crl.check", "all", "ssl.endpoint.identification.algorithm", "none", "ssl.keystore.password", "hush")
	wantInError(t, err, "ssl.keystore.password: allowed is nothing", "security.protocol=TLS: allowed is PLAINTEXT", "ssl.truststore.type=JKS: allowed is PEM", "leaf or chain", "https, or nothing")
}
