package netclient

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// authority is a certificate authority of a test, and makes its files.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
	next int64 // serial number
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), key: newKey(t), next: 1}
	template := a.template(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	a.cert = sign(t, template, template, a.key.Public(), a.key)
	return a
}

// under is an authority that a has signed.
func (a *authority) under(name string) *authority {
	b := &authority{t: a.t, dir: a.t.TempDir(), key: newKey(a.t), next: 1}
	template := a.template(name)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	b.cert = sign(a.t, template, a.cert, b.key.Public(), a.key)
	return b
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) template(name string) *x509.Certificate {
	a.next++
	return &x509.Certificate{
		SerialNumber: big.NewInt(a.next),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-48 * time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func sign(t *testing.T, template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// issue makes a certificate for these hosts; the first is its name, too.
func (a *authority) issue(change func(*x509.Certificate), hosts ...string) tls.Certificate {
	a.t.Helper()
	return a.issueFor(newKey(a.t), change, hosts...)
}

func (a *authority) issueFor(key crypto.Signer, change func(*x509.Certificate), hosts ...string) tls.Certificate {
	a.t.Helper()
	template := a.template(hosts[0])
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	if change != nil {
		change(template)
	}
	cert := sign(a.t, template, a.cert, key.Public(), a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

func expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-24 * time.Hour) }

// file writes PEM blocks to a file and gives its name.
func (a *authority) file(name string, blocks ...*pem.Block) string {
	a.t.Helper()
	var text strings.Builder
	for _, b := range blocks {
		pem.Encode(&text, b)
	}
	return writeFile(a.t, filepath.Join(a.dir, name), text.String())
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func certBlock(der []byte) *pem.Block { return &pem.Block{Type: "CERTIFICATE", Bytes: der} }

// keyBlocks are the forms in which a private key may come.
func keyBlock(t *testing.T, form string, key crypto.PrivateKey) *pem.Block {
	t.Helper()
	var der []byte
	var err error
	switch form {
	case "PRIVATE KEY":
		der, err = x509.MarshalPKCS8PrivateKey(key)
	case "RSA PRIVATE KEY":
		der = x509.MarshalPKCS1PrivateKey(key.(*rsa.PrivateKey))
	case "EC PRIVATE KEY":
		der, err = x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	}
	if err != nil {
		t.Fatal(err)
	}
	return &pem.Block{Type: form, Bytes: der}
}

// caFile is a file with the authority's certificate.
func (a *authority) caFile() string { return a.file("ca.pem", certBlock(a.cert.Raw)) }

// crl is a list that names those certificates as revoked.
func (a *authority) crl(change func(*x509.RevocationList), revoked ...tls.Certificate) *pem.Block {
	a.t.Helper()
	a.next++
	list := &x509.RevocationList{Number: big.NewInt(a.next), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	for _, cert := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: cert.Leaf.SerialNumber, RevocationTime: time.Now()})
	}
	if change != nil {
		change(list)
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return &pem.Block{Type: "X509 CRL", Bytes: der}
}

// startTLS is a cluster on loopback that shows that certificate.
func startTLS(t *testing.T, cert tls.Certificate, change func(*tls.Config), opts ...kafkatest.Option) *kafkatest.Cluster {
	t.Helper()
	cfg := &tls.Config{Certificates: []tls.Certificate{cert}}
	if change != nil {
		change(cfg)
	}
	return kafkatest.Start(t, append(opts, kafkatest.TLS(cfg), kafkatest.TCP(), kafkatest.Logger(quickConfig().Logger))...)
}

// ping makes a client of its own, which connects once, and pings if that went
// well.
func ping(t *testing.T, c *kafkatest.Cluster, change func(*Config)) error {
	t.Helper()
	cfg := quickConfig(c.Addrs()...)
	cfg.Dial = c.Dial
	if change != nil {
		change(&cfg)
	}
	client, err := New(cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	conn, err := client.connect(t.Context(), client.cfg.BootstrapServers[0], client.shared.opts)
	if err != nil {
		return err
	}
	conn.Close()
	return client.Ping(within(t, 5*time.Second))
}

// connectError makes one attempt to connect, and gives its error.
func connectError(t *testing.T, change func(*Config), addr string) error {
	t.Helper()
	c := newTestClient(t, change, addr)
	conn, err := c.connect(t.Context(), addr, c.shared.opts)
	if err == nil {
		conn.Close()
	}
	return err
}

func withTLS(t TLS) func(*Config) { return func(cfg *Config) { cfg.TLS = &t } }
