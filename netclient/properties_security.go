package netclient

import (
	"fmt"
	"strings"
)

// securityProperties are those that are looked at together, when all are read.
type securityProperties struct {
	protocol string // "" is PLAINTEXT
	tls      TLS
	tlsName  string // one of the ssl. properties, if any was given
}

// secure puts what the security properties say together into the Config.
func (d *draft) secure() error {
	s := &d.security
	if s.protocol == "SSL" {
		d.TLS = &s.tls
	} else if s.tlsName != "" {
		return fmt.Errorf("%s is set, but security.protocol is %s: SSL would use it", s.tlsName, s.protocolName())
	}
	return nil
}

func (s *securityProperties) protocolName() string {
	if s.protocol == "" {
		return "PLAINTEXT, the default"
	}
	return s.protocol
}

func setProtocol(d *draft, v string) error {
	switch v = strings.ToUpper(v); v {
	case "PLAINTEXT", "SSL":
		d.security.protocol = v
		return nil
	}
	return errValue
}

// note remembers that a property was given.
func (s *securityProperties) note(name string) {
	if strings.HasPrefix(name, "ssl.") {
		s.tlsName = name
	}
}

// pemFile is a property that names a file.
func pemFile(field func(*TLS) *string) property {
	return property{"the name of a PEM file", func(d *draft, v string) error {
		*field(&d.security.tls) = v
		return nil
	}}
}

var onlyPEM = property{"PEM", func(_ *draft, v string) error {
	if !strings.EqualFold(v, "PEM") {
		return errValue
	}
	return nil
}}

func setCRLCheck(d *draft, v string) error {
	switch v {
	case "leaf", "chain":
		d.security.tls.CRLChain = v == "chain"
		return nil
	}
	return errValue
}

func setHostCheck(d *draft, v string) error {
	switch strings.ToLower(v) {
	case "https", "":
		d.security.tls.SkipHostCheck = v == ""
		return nil
	}
	return errValue
}
