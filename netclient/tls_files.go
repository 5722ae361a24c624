package netclient

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// tlsFiles gives the tls.Config that a TLS describes, and a new one after its
// files have changed.
type tlsFiles struct {
	settings TLS
	logger   *slog.Logger

	mu     sync.Mutex             // guards what follows; held while the files are read
	seen   map[string]os.FileInfo // of the files when they were read; nil for one that was not there
	config *tls.Config            // never changed; without a ServerName
	said   string                 // what was last logged of them, since they could last be read
}

// newTLSFiles reads the files; nil for no TLS.
func newTLSFiles(t *TLS, logger *slog.Logger) (*tlsFiles, error) {
	if t == nil {
		return nil, nil
	}
	f := &tlsFiles{settings: *t, logger: logger}
	if t.Config != nil {
		f.config = t.Config
		for _, pair := range t.Config.Certificates {
			if err := checkKey(pair); err != nil {
				return nil, fmt.Errorf("TLS Config: %w", err)
			}
		}
		return f, nil
	}
	return f, f.read()
}

// current is the tls.Config to connect with now.
func (f *tlsFiles) current() *tls.Config {
	config, err := f.latest()
	if err != nil {
		f.logger.Warn("kafka: TLS files have changed and can't be used; what they held before stays in use", "err", err)
	}
	return config
}

// latest is current, with what is wrong with the files when that was not said yet.
func (f *tlsFiles) latest() (*tls.Config, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.settings.Config != nil || !f.changed() {
		return f.config, nil
	}
	err := f.read()
	if err == nil || err.Error() == f.said {
		return f.config, nil
	}
	f.said = err.Error()
	return f.config, err
}

// changed reports whether a file is another one than was read. The caller holds
// f.mu.
func (f *tlsFiles) changed() bool {
	for name, was := range f.seen {
		now, err := os.Stat(name)
		if err != nil || was == nil || !os.SameFile(was, now) || !was.ModTime().Equal(now.ModTime()) || was.Size() != now.Size() {
			return true
		}
	}
	return false
}

// read reads all files. Those that change meanwhile are seen to have changed
// next time, because they are looked at before.
func (f *tlsFiles) read() error {
	t := &f.settings
	seen := map[string]os.FileInfo{}
	for _, name := range []string{t.CAFile, t.CertFile, t.KeyFile, t.CRLFile} {
		if name != "" {
			seen[name], _ = os.Stat(name)
		}
	}
	cfg, err := t.load()
	if err != nil {
		return err
	}
	f.seen, f.config, f.said = seen, cfg, ""
	return nil
}

// load makes a tls.Config of the files.
func (t *TLS) load() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		roots, err := readAuthorities(t.CAFile)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = roots
	}
	if t.CertFile != "" {
		own, err := readKeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, err
		}
		// Shown whatever authorities the broker says it trusts: a refusal tells
		// more than a certificate that was kept back.
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	}
	var revoked revocations
	if t.CRLFile != "" {
		var err error
		if revoked, err = readRevocations(t.CRLFile); err != nil {
			return nil, err
		}
	}
	v := verifier{roots: cfg.RootCAs, skipHost: t.SkipHostCheck, revoked: revoked, wholeChain: t.CRLChain}
	cfg.InsecureSkipVerify = t.SkipHostCheck // v does all of the rest
	if v.skipHost || v.revoked != nil {
		cfg.VerifyConnection = v.verify
	}
	return cfg, nil
}

func readAuthorities(name string) (*x509.CertPool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("TLS CAFile: %w", err)
	}
	pool, found := x509.NewCertPool(), false
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("TLS CAFile %s: %w", name, err)
		}
		pool.AddCert(cert)
		found = true
	}
	if !found {
		return nil, fmt.Errorf("TLS CAFile %s holds no certificate in PEM (-----BEGIN CERTIFICATE-----)%s", name, otherFormat(text))
	}
	return pool, nil
}

// readKeyPair reads a certificate and its key, from one file if keyFile is "".
func readKeyPair(certFile, keyFile string) (tls.Certificate, error) {
	if keyFile == "" {
		keyFile = certFile
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("TLS CertFile: %w", err)
	}
	if !strings.Contains(string(cert), "-----BEGIN CERTIFICATE-----") {
		return tls.Certificate{}, fmt.Errorf("TLS CertFile %s holds no certificate in PEM (-----BEGIN CERTIFICATE-----)%s", certFile, otherFormat(cert))
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("TLS KeyFile: %w", err)
	}
	found := false
	for block, rest := pem.Decode(key); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return tls.Certificate{}, fmt.Errorf("TLS KeyFile %s: the private key is encrypted, which is not supported: decrypt it (openssl pkey -in … -out …) and guard the file", keyFile)
		}
		found = found || strings.HasSuffix(block.Type, "PRIVATE KEY")
	}
	if !found {
		return tls.Certificate{}, fmt.Errorf("TLS KeyFile %s holds no private key in PEM (-----BEGIN PRIVATE KEY-----)%s", keyFile, otherFormat(key))
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("TLS CertFile %s, KeyFile %s: %w", certFile, keyFile, err)
	}
	if err := checkKey(pair); err != nil {
		return pair, fmt.Errorf("TLS KeyFile %s: %w", keyFile, err)
	}
	return pair, nil
}

// checkKey signs something with an RSA key: one that Go finds too weak, of less than
// 1024 bits, would fail every handshake.
func checkKey(pair tls.Certificate) error {
	key, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil
	}
	sum := sha256.Sum256(nil)
	if _, err := key.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
		return fmt.Errorf("the private key can't sign, so no handshake would succeed: %w", err)
	}
	return nil
}

// otherFormat says what a file that is not PEM is, by its first bytes, and how to
// convert it.
func otherFormat(text []byte) string {
	switch {
	case strings.HasPrefix(string(text), "\xfe\xed\xfe\xed"):
		return "; it is a Java keystore: keytool -importkeystore -deststoretype PKCS12 and openssl pkcs12 -nodes convert it"
	case strings.HasPrefix(string(text), "\x30\x82"):
		return "; it is DER or PKCS #12: openssl x509 -inform DER, or openssl pkcs12 -nodes, converts it"
	}
	return ""
}
