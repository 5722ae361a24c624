package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// A cluster with TLS is spoken to through it, and closes on plaintext.
func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"broker-1.kafkatest"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	c := Start(t, TLS(&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}))
	client := dial(t, c, 1)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	client.conn = tls.Client(client.conn, &tls.Config{RootCAs: roots, ServerName: "broker-1.kafkatest"})
	client.in.Reset(client.conn)
	if resp := ask(client, 1, msg.NewMetadataRequest(), new(msg.MetadataResponse)); len(resp.Brokers) != 1 {
		t.Errorf("%+v", resp)
	}
	plain := dial(t, c, 1)
	plain.send(1, msg.NewMetadataRequest())
	if err := plain.receive(1, new(msg.MetadataResponse)); err == nil {
		t.Error("plaintext was answered")
	}
}

func handshake(c *testClient, version int16, mechanism string) *msg.SaslHandshakeResponse {
	c.t.Helper()
	return ask(c, version, &msg.SaslHandshakeRequest{Mechanism: mechanism}, new(msg.SaslHandshakeResponse))
}

func authenticate(c *testClient, token string) *msg.SaslAuthenticateResponse {
	c.t.Helper()
	return ask(c, 1, &msg.SaslAuthenticateRequest{AuthBytes: []byte(token)}, new(msg.SaslAuthenticateResponse))
}

// refused wants the broker to close the connection instead of answering.
func refused(c *testClient) {
	c.t.Helper()
	c.send(1, msg.NewMetadataRequest())
	closed(c)
}

func closed(c *testClient) {
	c.t.Helper()
	if err := c.receive(1, new(msg.MetadataResponse)); !errors.Is(err, io.EOF) {
		c.t.Errorf("%v; want a closed connection", err)
	}
}

var alice = SASLConfig{Mechanisms: []string{"SCRAM-SHA-256", "PLAIN"}, Users: map[string]string{"alice": "secret"}}

// Before a login there is nothing but the login.
func TestSASL(t *testing.T) {
	c := Start(t, SASL(alice))
	refused(dial(t, c, 1))

	client := dial(t, c, 1)
	if resp := handshake(client, 1, "PLAIN"); resp.ErrorCode != wire.ErrNone || !slices.Equal(resp.Mechanisms, alice.Mechanisms) {
		t.Errorf("%+v", resp)
	}
	if resp := authenticate(client, "\x00alice\x00secret"); resp.ErrorCode != wire.ErrNone || resp.SessionLifetimeMs != 0 {
		t.Errorf("%+v", resp)
	}
	ask(client, 1, msg.NewMetadataRequest(), new(msg.MetadataResponse))

	wrong := dial(t, c, 1)
	handshake(wrong, 1, "PLAIN")
	if resp := authenticate(wrong, "\x00alice\x00Secret"); resp.ErrorCode != wire.ErrSaslAuthenticationFailed || !strings.Contains(*resp.ErrorMessage, "Invalid username or password") {
		t.Errorf("%+v", resp)
	}
	closed(wrong)

	unknown := dial(t, c, 1)
	if resp := handshake(unknown, 1, "GSSAPI"); resp.ErrorCode != wire.ErrUnsupportedSaslMechanism || !slices.Equal(resp.Mechanisms, alice.Mechanisms) {
		t.Errorf("%+v", resp)
	}
	closed(unknown)

	if resp := handshake(dial(t, Start(t), 1), 1, "PLAIN"); resp.ErrorCode != wire.ErrIllegalSaslState {
		t.Errorf("without SASL: %+v", resp)
	}
}

// After SaslHandshake v0 tokens are bare frames.
func TestSASLRaw(t *testing.T) {
	c := Start(t, Version("0.10.2.2"), SASL(alice))
	try := func(token string) *testClient {
		client := dial(t, c, 1)
		handshake(client, 0, "PLAIN")
		client.conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(token))), token...))
		return client
	}
	client := try("\x00alice\x00secret")
	if frame, err := wire.ReadFrame(client.in, nil, 1000); err != nil || len(frame) != 0 {
		t.Errorf("%q, %v", frame, err)
	}
	ask(client, 1, msg.NewMetadataRequest(), new(msg.MetadataResponse))
	if frame, err := wire.ReadFrame(try("\x00alice\x00wrong").in, nil, 1000); err != io.EOF {
		t.Errorf("%q, %v", frame, err)
	}
}

// A session ends, unless another login comes in time; in the middle of that
// nothing else may be asked.
func TestSASLSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := alice
		cfg.SessionLifetime = time.Minute
		c := Start(t, SASL(cfg))
		login := func(client *testClient) {
			handshake(client, 1, "PLAIN")
			if resp := authenticate(client, "\x00alice\x00secret"); resp.SessionLifetimeMs != 60_000 {
				t.Errorf("%+v", resp)
			}
		}
		client := dial(t, c, 1)
		login(client)
		time.Sleep(50 * time.Second)
		login(client)
		time.Sleep(50 * time.Second)
		ask(client, 1, msg.NewMetadataRequest(), new(msg.MetadataResponse))
		time.Sleep(11 * time.Second)
		refused(client)

		client = dial(t, c, 1)
		login(client)
		handshake(client, 1, "PLAIN")
		refused(client)
	})
}

func TestSASLOptions(t *testing.T) {
	for _, opts := range [][]Option{{SASL(SASLConfig{Mechanisms: []string{"KERBEROS"}})}, {Version("0.9.0.1"), SASL(alice)}} {
		if c, err := New(opts...); err == nil {
			c.Close()
			t.Error("no error")
		}
	}
}
