package netclient

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// TLS says how connections are encrypted, and whom this program takes for a
// broker. The zero TLS trusts the system's certificate authorities and shows no
// certificate of its own.
//
// A broker's certificate must name the host that was connected to: the one in
// BootstrapServers, and later the ones that the brokers advertise.
//
// Files are PEM. They are looked at for each connection and read again when they
// have changed; connections that stand are not disturbed. Files that can't be
// used any more are logged, and what they held before stays in use.
type TLS struct {
	// Config is used instead of all other fields, which must be empty then. Where
	// its ServerName is empty it is the host that is connected to.
	// kafka-python: ssl_context.
	Config *tls.Config

	// CAFile holds the certificates of the authorities to trust, or of the brokers
	// themselves. Default: the system's authorities. kafka-python: ssl_cafile;
	// Kafka: ssl.truststore.location with ssl.truststore.type=PEM (KIP-651).
	CAFile string

	// CertFile holds this program's own certificate, then those of the
	// authorities between it and one that the brokers trust. Default: none.
	// kafka-python: ssl_certfile; Kafka: ssl.keystore.location with
	// ssl.keystore.type=PEM.
	CertFile string
	// KeyFile holds the private key that belongs to CertFile: PKCS #8, PKCS #1 or
	// SEC 1 (EC), not encrypted; of RSA with 1024 bits at least, or New returns an
	// error. Default: CertFile, for a file that holds both.
	// kafka-python: ssl_keyfile.
	KeyFile string

	// CRLFile holds lists of revoked certificates, PEM or DER. Then a broker's
	// certificate is refused when its issuer's list names it, is out of date or
	// is not there. Default: nothing is checked. kafka-python: ssl_crlfile.
	CRLFile string
	// CRLChain asks for the same of the authorities between the broker's
	// certificate and the trusted one. Default: false, as in kafka-python.
	CRLChain bool

	// SkipHostCheck accepts a trusted certificate whatever host it names.
	// Default: false. kafka-python: ssl_check_hostname=False; Kafka: an empty
	// ssl.endpoint.identification.algorithm.
	SkipHostCheck bool
}

// check gives what can be said to be wrong without reading a file.
func (t *TLS) check() error {
	switch {
	case t == nil:
	case t.Config != nil && *t != TLS{Config: t.Config}:
		return errors.New("TLS: Config is used instead of the other fields; leave them empty")
	case t.KeyFile != "" && t.CertFile == "":
		return errors.New("TLS: KeyFile is given and CertFile is not")
	case t.CRLChain && t.CRLFile == "":
		return errors.New("TLS: CRLChain is true and CRLFile is not given")
	}
	return nil
}

// handshake begins to speak TLS on nc, and closes it when that fails.
func (f *tlsFiles) handshake(ctx context.Context, nc net.Conn, addr string) (*tls.Conn, error) {
	cfg := f.current().Clone()
	if cfg.ServerName == "" {
		host, _, _ := net.SplitHostPort(addr)
		host, _, _ = strings.Cut(host, "%") // the zone of an IPv6 address is this machine's own
		cfg.ServerName = strings.TrimSuffix(host, ".")
	}
	asked := false
	if get := cfg.GetClientCertificate; get != nil || len(cfg.Certificates) == 0 {
		cfg.GetClientCertificate = func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			if get == nil {
				return &tls.Certificate{}, nil // none
			}
			return get(info)
		}
	}
	conn := tls.Client(nc, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		nc.Close()
		if ctx.Err() != nil {
			return nil, &waitError{what: "the TLS handshake", request: "the TLS handshake", err: context.Cause(ctx)}
		}
		return nil, handshakeFailed(err, asked)
	}
	return conn, nil
}
