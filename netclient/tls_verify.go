package netclient

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// ErrRevoked says that a broker showed a certificate that its authority has
// revoked.
var ErrRevoked = errors.New("the certificate is revoked")

// verifier checks what crypto/tls does not: revocations, and everything but the
// host where that is not to be checked.
type verifier struct {
	roots      *x509.CertPool // nil: the system's
	skipHost   bool           // and crypto/tls has verified nothing
	revoked    revocations    // nil: not checked
	wholeChain bool           // check the authorities for revocations, too
}

func (v *verifier) verify(state tls.ConnectionState) error {
	chains := state.VerifiedChains
	if v.skipHost {
		between := x509.NewCertPool()
		for _, cert := range state.PeerCertificates[1:] {
			between.AddCert(cert)
		}
		var err error
		chains, err = state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: v.roots, Intermediates: between})
		if err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
		}
	}
	if v.revoked == nil {
		return nil
	}
	var failed error
	for _, chain := range chains { // one good one is enough
		if failed = v.revoked.check(chain, v.wholeChain, time.Now()); failed == nil {
			return nil
		}
	}
	return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: failed}
}

// revocations are the lists of a CRLFile.
type revocations []*x509.RevocationList

func readRevocations(name string) (revocations, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("TLS CRLFile: %w", err)
	}
	var ders [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "X509 CRL" {
			ders = append(ders, block.Bytes)
		}
	}
	if ders == nil {
		ders = [][]byte{text}
	}
	var lists revocations
	for _, der := range ders {
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, fmt.Errorf("TLS CRLFile %s is no list of revoked certificates, PEM (-----BEGIN X509 CRL-----) or DER: %w", name, err)
		}
		lists = append(lists, list)
	}
	return lists, nil
}

// check looks a chain's first certificate up, or all but the trusted one.
func (l revocations) check(chain []*x509.Certificate, whole bool, now time.Time) error {
	for i, cert := range chain {
		last := i == len(chain)-1
		if i > 0 && (last || !whole) {
			return nil
		}
		issuer := cert // one that is trusted by itself
		if !last {
			issuer = chain[i+1]
		}
		if err := l.lookUp(cert, issuer, now); err != nil {
			return err
		}
	}
	return nil
}

// lookUp looks for the certificate in its issuer's lists. Of those that hold all that
// the issuer has revoked the newest counts, and what partial lists add to it.
func (l revocations) lookUp(cert, issuer *x509.Certificate, now time.Time) error {
	var list *x509.RevocationList
	var parts []*x509.RevocationList
	for _, other := range l {
		switch {
		case !bytes.Equal(other.RawIssuer, cert.RawIssuer) || other.CheckSignatureFrom(issuer) != nil:
		case partial(other):
			parts = append(parts, other)
		case list == nil || other.ThisUpdate.After(list.ThisUpdate):
			list = other
		}
	}
	if list == nil {
		return fmt.Errorf("the CRL file has no list by %q, which issued the certificate of %q, so nothing says that it is not revoked", cert.Issuer, cert.Subject)
	}
	if !list.NextUpdate.IsZero() && now.After(list.NextUpdate) {
		return fmt.Errorf("the list by %q in the CRL file is out of date since %s", cert.Issuer, list.NextUpdate.Format(time.RFC3339))
	}
	for _, list := range append(parts, list) {
		for _, entry := range list.RevokedCertificateEntries {
			if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 {
				return fmt.Errorf("%w: %q, serial number %d, by %q on %s", ErrRevoked, cert.Subject, cert.SerialNumber, cert.Issuer, entry.RevocationTime.Format(time.DateOnly))
			}
		}
	}
	return nil
}

// partial reports whether a list may leave out what its issuer has revoked: one with
// what came since another (a delta list), or with a part of the certificates, or
// with a critical extension that is not known here (RFC 5280, section 5.2).
func partial(list *x509.RevocationList) bool {
	return slices.ContainsFunc(list.Extensions, func(e pkix.Extension) bool { return e.Critical })
}
