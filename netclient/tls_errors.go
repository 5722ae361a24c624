package netclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
)

var (
	// ErrTLSPort says that this client speaks plaintext to a port that speaks
	// TLS. It is an ErrNotKafka, too.
	ErrTLSPort = fmt.Errorf("%w: the port speaks TLS, this client plaintext; check the port and the protocol of its listener, or set TLS (security.protocol)", ErrNotKafka)

	// ErrPlaintextPort says that this client speaks TLS to a port that does not:
	// it answered with something else, or closed the connection.
	ErrPlaintextPort = errors.New("the port does not seem to speak TLS")

	// ErrClientCertificate says that the broker refused this client's
	// certificate, or that it wants one and got none.
	ErrClientCertificate = errors.New("the broker did not accept this client's certificate, or wants one and got none")
)

// handshakeFailed says what a failed handshake is likely to mean; certificate is
// whether the broker had asked for one of this client. Only what the error alone
// does not tell is put into words here; tlsHint says what to check.
func handshakeFailed(err error, certificate bool) error {
	if certificate && !untrusted(err) { // old brokers send no alert then, but a broken record
		return fmt.Errorf("TLS handshake: %w (%w)", ErrClientCertificate, err)
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		if string(record.RecordHeader[:4]) == "HTTP" {
			return fmt.Errorf("TLS handshake: %w: it answers in HTTP", ErrPlaintextPort)
		}
		return fmt.Errorf("TLS handshake: %w: it answers with %q", ErrPlaintextPort, record.RecordHeader[:])
	}
	if closedByPeer(err) {
		return fmt.Errorf("TLS handshake: %w: the connection was closed instead of an answer (%w)", ErrPlaintextPort, err)
	}
	return fmt.Errorf("TLS handshake: %w", err)
}

// The alerts of TLS that speak of a client's certificate.
const (
	alertHandshakeFailure       = tls.AlertError(40) // Java before TLS 1.3, among other reasons
	alertBadCertificate         = tls.AlertError(42) // Java from TLS 1.3 on: none was shown
	alertUnsupportedCertificate = tls.AlertError(43)
	alertRevokedCertificate     = tls.AlertError(44)
	alertExpiredCertificate     = tls.AlertError(45)
	alertUnknownCertificate     = tls.AlertError(46)
	alertUnknownAuthority       = tls.AlertError(48)
	alertCertificateRequired    = tls.AlertError(116)
)

// alerted reports whether the broker ended the connection with one of the
// alerts. In TLS 1.3 it does so after a handshake that looked good, so it may
// be found by a later request.
func alerted(err error, alerts ...tls.AlertError) bool {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return false
	}
	for _, alert := range alerts { // crypto/tls has a type for them that is not exported
		if op.Err.Error() == alert.Error() {
			return true
		}
	}
	return false
}

func refusesCertificate(err error) bool {
	return alerted(err, alertHandshakeFailure, alertBadCertificate, alertUnsupportedCertificate, alertRevokedCertificate,
		alertExpiredCertificate, alertUnknownCertificate, alertUnknownAuthority, alertCertificateRequired)
}

const certificateHint = "check TLS.CertFile and TLS.KeyFile (ssl.keystore.location) here, and the broker's truststore"

// tlsHint says what to check when TLS failed.
func tlsHint(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "set TLS.CAFile (ssl.truststore.location) to the certificate of the authority that signed the broker's"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "connect by a name that the certificate has, let the broker advertise that name, or give the broker a certificate with this one among its subject alternative names"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "check the broker's certificate and those that signed it, and this machine's clock"
	}
	switch {
	case errors.Is(err, ErrPlaintextPort):
		return "check the port, and the protocol of its listener (security.protocol)"
	case errors.Is(err, ErrClientCertificate):
		return certificateHint
	case refusesCertificate(err):
		return ErrClientCertificate.Error() + ": " + certificateHint
	}
	return ""
}

// tlsForbids reports whether no other attempt will do better, until somebody
// changes something. A connection that was closed may have had other reasons.
func tlsForbids(err error) bool {
	return untrusted(err) || !closedByPeer(err) && (errors.Is(err, ErrPlaintextPort) || errors.Is(err, ErrClientCertificate))
}

// untrusted reports whether this client refused the broker's certificate.
func untrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}
