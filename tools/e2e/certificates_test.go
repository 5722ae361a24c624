package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// authority signs certificates of brokers.
type authority struct {
	t    *testing.T
	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string // the certificate, PEM
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.file = selfSigned(t, filepath.Join(a.dir, "authority.pem"))
	text, err := os.ReadFile(a.file)
	if err != nil {
		t.Fatal(err)
	}
	cert, rest := pem.Decode(text)
	key, _ := pem.Decode(rest)
	private, err := x509.ParsePKCS8PrivateKey(key.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	a.key = private.(*ecdsa.PrivateKey)
	if a.cert, err = x509.ParseCertificate(cert.Bytes); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue writes a certificate for 127.0.0.1, and its key, as brokers read them.
func (a *authority) issue(name string, serial int64, ends time.Time) (file string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: ends.Add(-48 * time.Hour), NotAfter: ends,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".pem", &pem.Block{Type: "PRIVATE KEY", Bytes: private}, &pem.Block{Type: "CERTIFICATE", Bytes: cert})
}

// revoke writes the list of what the authority has revoked.
func (a *authority) revoke(name string, serials ...int64) (file string) {
	a.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	for _, serial := range serials {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(serial), RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name, &pem.Block{Type: "X509 CRL", Bytes: der})
}

func (a *authority) write(name string, blocks ...*pem.Block) string {
	a.t.Helper()
	file := filepath.Join(a.dir, name)
	var text []byte
	for _, block := range blocks {
		text = append(text, pem.EncodeToMemory(block)...)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// TestCertificates connects to a broker whose one listener shows a good
// certificate, which is revoked later, and the other an expired one. It wants no
// certificate of its clients.
func TestCertificates(t *testing.T) {
	const serial = 7
	a := newAuthority(t)
	cluster := startCluster(t, realkafka.Config{Version: "4.4.0", Listeners: []string{"SSL", "SASL_SSL"}, Users: map[string]string{"alice": "alices-password"},
		Properties: map[string]string{
			"ssl.keystore.type": "PEM", "ssl.keystore.location": a.issue("good", serial, time.Now().Add(time.Hour)),
			"listener.name.sasl_ssl.ssl.keystore.type": "PEM", "listener.name.sasl_ssl.ssl.keystore.location": a.issue("expired", 8, time.Now().Add(-time.Hour)),
		}})
	addr, expired := cluster.Broker(0).ListenerAddr("SSL"), cluster.Broker(0).ListenerAddr("SASL_SSL")
	trusting := []string{"ssl.truststore.location", a.file}
	tls := append([]string{"security.protocol", "SSL"}, trusting...)

	throughCommand(t, addr, tls)
	if _, err := connect(t, addr, append(tls, "ssl.crl.location", a.revoke("none.crl"), "ssl.crl.check", "chain")...); err != nil {
		t.Errorf("with a list that names nothing: %v", err)
	}
	_, err := connect(t, addr, append(tls, "ssl.crl.location", a.revoke("good.crl", serial))...)
	refused(t, err, addr, "revoked", "CN=good", "serial number 7")
	if !errors.Is(err, netclient.ErrRevoked) || netclient.IsRetriable(err) {
		t.Error("it is no ErrRevoked, or one that may pass")
	}

	_, err = connect(t, expired, append(trusting, "security.protocol", "SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.username", "alice", "sasl.password", "alices-password")...)
	refused(t, err, expired, "expired", "clock")
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); !ok || invalid.Reason != x509.Expired || netclient.IsRetriable(err) {
		t.Errorf("it is no %T for an expired certificate, or one that may pass", invalid)
	}
}

// wantRotation puts another client certificate into a file: connections that are
// made from then on show it, and the one that stands goes on.
func wantRotation(t *testing.T, addr string, k keys) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "own.pem")
	put := func(from string) {
		t.Helper()
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	put(k.client)
	client, err := connect(t, addr, "security.protocol", "SSL", "ssl.truststore.location", k.ca, "ssl.keystore.location", file)
	if err != nil {
		t.Fatal(err)
	}
	id := client.Metadata().Brokers()[0].ID
	stands, err := client.NewPool(netclient.PoolConfig{}).Conn(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	another := func() error {
		conn, err := client.NewPool(netclient.PoolConfig{}).Conn(t.Context(), id)
		if err == nil {
			err = conn.Do(t.Context(), msg.NewMetadataRequest(), &msg.MetadataResponse{})
		}
		return err
	}
	put(k.other)
	if err := another(); !errors.Is(err, netclient.ErrClientCertificate) {
		t.Errorf("with a certificate that the broker does not trust: %v", err)
	}
	if err := stands.Do(t.Context(), msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
		t.Errorf("the connection that stands: %v", err)
	}
	put(k.client)
	if err := another(); err != nil {
		t.Errorf("with the first certificate again: %v", err)
	}
}
