package netclient

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// securityProperties are those that are looked at together, when all are read.
type securityProperties struct {
	protocol string // "" is PLAINTEXT
	tls      TLS
	tlsName  string // one of the ssl. properties, if any was given

	mechanism string
	user      string
	password  Secret
	oauth     OAuthProperties
	saslName  string // one of the sasl. properties, if any was given
}

// note remembers that a property was given.
func (s *securityProperties) note(name string) {
	if strings.HasPrefix(name, "ssl.") {
		s.tlsName = name
	}
	if strings.HasPrefix(name, "sasl.") {
		s.saslName = name
	}
}

// secure puts what the security properties say together into the Config.
// Properties that the protocol leaves unused are a mistake: whoever set them
// believes to be safer than he is.
func (d *draft) secure(oauth []OAuthLogin) error {
	s := &d.security
	protocol := s.protocol
	if protocol == "" {
		protocol = "PLAINTEXT, the default"
	}
	var errs []error
	if strings.HasSuffix(s.protocol, "SSL") {
		d.TLS = &s.tls
	} else if s.tlsName != "" {
		errs = append(errs, fmt.Errorf("%s is set, but security.protocol is %s; SSL and SASL_SSL use it", s.tlsName, protocol))
	}
	if strings.HasPrefix(s.protocol, "SASL") {
		mechanism, err := s.login(oauth)
		d.SASL = mechanism
		errs = append(errs, err)
	} else if s.saslName != "" {
		errs = append(errs, fmt.Errorf("%s is set, but security.protocol is %s; SASL_PLAINTEXT and SASL_SSL use it", s.saslName, protocol))
	}
	return errors.Join(errs...)
}

// OAuthProperties are what Kafka's properties say of an OAuth provider; the client's id
// and secret and the scope may stand in sasl.jaas.config, too.
type OAuthProperties struct {
	TokenURL     string // sasl.oauthbearer.token.endpoint.url
	ClientID     string // sasl.oauthbearer.client.credentials.client.id
	ClientSecret Secret // sasl.oauthbearer.client.credentials.client.secret
	Scope        string // sasl.oauthbearer.scope
	URLEncode    bool   // sasl.oauthbearer.header.urlencode
}

// An OAuthLogin makes the mechanism OAUTHBEARER of properties: FromProperties of package
// netclient/oauth, or one of your own.
type OAuthLogin func(OAuthProperties) (Mechanism, error)

// login makes the mechanism.
func (s *securityProperties) login(oauth []OAuthLogin) (Mechanism, error) {
	if s.mechanism == "OAUTHBEARER" {
		if s.oauth.TokenURL == "" || s.oauth.ClientID == "" {
			return nil, errors.New("OAUTHBEARER needs sasl.oauthbearer.token.endpoint.url, and a client id and secret in sasl.oauthbearer.client.credentials.client.id and .secret, or in sasl.jaas.config as clientId and clientSecret")
		}
		if len(oauth) == 0 {
			return nil, errors.New("OAUTHBEARER: this program has no client for the token endpoint; give ParseProperties that of package netclient/oauth: ParseProperties(props, oauth.FromProperties)")
		}
		return oauth[0](s.oauth)
	}
	if s.mechanism == "" {
		return nil, fmt.Errorf("security.protocol is %s, and sasl.mechanism is missing", s.protocol)
	}
	if s.user == "" {
		return nil, fmt.Errorf("%s needs a user name and a password, in sasl.jaas.config as username and password, or in sasl.username and sasl.password", s.mechanism)
	}
	return passwordMechanism(s.mechanism)(s.user, s.password.Reveal()), nil
}

// passwordMechanism returns how to make the mechanism of that name; nil where it needs
// more than a user and a password.
func passwordMechanism(name string) func(user, password string) Mechanism {
	switch name {
	case "PLAIN":
		return Plain
	case "SCRAM-SHA-256":
		return ScramSHA256
	case "SCRAM-SHA-512":
		return ScramSHA512
	}
	return nil
}

func setProtocol(d *draft, v string) error {
	switch v = strings.ToUpper(v); v {
	case "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL":
		d.security.protocol = v
		return nil
	}
	return errValue
}

// pemFile is a property that names a file.
func pemFile(field func(*TLS) *string) property {
	return property{"the name of a PEM file", func(d *draft, v string) error {
		*field(&d.security.tls) = v
		return nil
	}, false}
}

// inline is PEM text in a property instead of a file (KIP-651).
var inline = property{"nothing: put it into a file, and name that in ssl.keystore.location or ssl.truststore.location",
	func(*draft, string) error { return errValue }, true}

// noPassword is the password of something that PEM files are not.
var noPassword = property{"nothing: keys and certificates are PEM files without a password here (openssl pkey and openssl pkcs12 -nodes make them)",
	func(_ *draft, v string) error {
		if v != "" {
			return errValue
		}
		return nil
	}, true}

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

func setURLEncode(d *draft, v string) error { return setBool(&d.security.oauth.URLEncode, v) }

func setMechanism(d *draft, v string) error {
	if v != "OAUTHBEARER" && passwordMechanism(v) == nil {
		return errValue
	}
	d.security.mechanism = v
	return nil
}

func saslText(field func(*securityProperties) *string) property {
	return property{"any text", func(d *draft, v string) error { *field(&d.security) = v; return nil }, false}
}

func saslSecret(field func(*securityProperties) *Secret) property {
	return property{"any text", func(d *draft, v string) error { *field(&d.security) = NewSecret(v); return nil }, true}
}

// setJAAS reads a user and a password, or the same of an OAuth client, out of the
// configuration of a Java login module, and leaves out what is for Java.
func setJAAS(d *draft, v string) error {
	options, ok := parseJAAS(v)
	if !ok {
		return errValue
	}
	s := &d.security
	for name, value := range options {
		switch name {
		case "username":
			s.user = value
		case "password":
			s.password = NewSecret(value)
		case "clientId":
			s.oauth.ClientID = value
		case "clientSecret":
			s.oauth.ClientSecret = NewSecret(value)
		case "scope":
			s.oauth.Scope = value
		case "tokenauth":
			if strings.EqualFold(value, "true") {
				return errors.New("tokenauth, the login with a delegation token (KIP-48), is not supported")
			}
		}
	}
	return nil
}

// parseJAAS reads: class flag name="value" name='value' name=value;
func parseJAAS(text string) (options map[string]string, ok bool) {
	text, ok = strings.CutSuffix(strings.TrimSpace(text), ";")
	_, text = cutWord(text)
	flag, text := cutWord(text)
	if !ok || flag == "" {
		return nil, false
	}
	options = map[string]string{}
	for {
		text = strings.TrimSpace(text)
		if text == "" {
			return options, true
		}
		name, rest, found := strings.Cut(text, "=")
		if !found || strings.ContainsAny(name, "\"'") {
			return nil, false
		}
		value, rest, closed := jaasValue(strings.TrimSpace(rest))
		if !closed {
			return nil, false
		}
		options[strings.TrimSpace(name)], text = value, rest
	}
}

// cutWord takes what comes before the first white space.
func cutWord(text string) (word, rest string) {
	text = strings.TrimSpace(text)
	if i := strings.IndexFunc(text, unicode.IsSpace); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// jaasValue takes a value from the front of text; within quotes a backslash keeps
// what follows as it is.
func jaasValue(text string) (value, rest string, closed bool) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		end := strings.IndexAny(text, " \t\r\n")
		if end < 0 {
			end = len(text)
		}
		return text[:end], text[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == text[0]:
			return b.String(), text[i+1:], true
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}
