package netclient

import (
	"errors"
	"fmt"
	"strings"

	"github.com/barnabas-kafka/barnabas/netclient/properties"
)

// securityProperties are those that are looked at together, when all are read.
type securityProperties struct {
	tls       TLS
	mechanism string
	user      string
	password  Secret
	oauth     OAuthProperties
}

// A securityProtocol is one of security.protocol, in capitals.
type securityProtocol string

func (p securityProtocol) tls() bool  { return strings.HasSuffix(string(p), "SSL") }
func (p securityProtocol) sasl() bool { return strings.HasPrefix(string(p), "SASL") }

// leavesUnused says why a property has no effect, if the protocol is to blame.
func (p securityProtocol) leavesUnused(name string) string {
	switch {
	case strings.HasPrefix(name, "ssl.") && !p.tls():
		return "security.protocol is " + string(p) + "; SSL and SASL_SSL use it"
	case strings.HasPrefix(name, "sasl.") && !p.sasl():
		return "security.protocol is " + string(p) + "; SASL_PLAINTEXT and SASL_SSL use it"
	}
	return ""
}

// secure puts what the security properties say together into the Config.
func (d *draft) secure(protocol securityProtocol, oauth []OAuthLogin) (err error) {
	if protocol.tls() {
		d.TLS = &d.security.tls
	}
	if protocol.sasl() {
		d.SASL, err = d.security.login(oauth)
	}
	return err
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
		return nil, errors.New("security.protocol asks for a login, and sasl.mechanism is missing")
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

func tlsProperties() properties.Table[draft] {
	pemFile := func(field func(*TLS) *string) properties.Property[draft] {
		p := properties.Text(func(d *draft) *string { return field(&d.security.tls) })
		p.Allowed = "the name of a PEM file"
		return p
	}
	return properties.Join(properties.Table[draft]{
		"ssl.truststore.location":        pemFile(func(t *TLS) *string { return &t.CAFile }),
		"ssl.truststore.type":            properties.AnyCase(properties.Word[draft]{Word: "PEM"}),
		"ssl.keystore.location":          pemFile(func(t *TLS) *string { return &t.CertFile }),
		"ssl.keystore.type":              properties.AnyCase(properties.Word[draft]{Word: "PEM"}),
		"ssl.truststore.password":        noPassword,
		"ssl.keystore.password":          noPassword,
		"ssl.key.password":               noPassword,
		"ssl.keystore.key":               inline,
		"ssl.keystore.certificate.chain": inline,
		"ssl.truststore.certificates":    inline,
		"ssl.key.location":               pemFile(func(t *TLS) *string { return &t.KeyFile }),
		"ssl.crl.location":               pemFile(func(t *TLS) *string { return &t.CRLFile }),
		"ssl.crl.check": properties.Words(
			properties.Word[draft]{Word: "leaf"},
			properties.Word[draft]{Word: "chain", Set: func(d *draft) error { d.security.tls.CRLChain = true; return nil }}),
		"ssl.endpoint.identification.algorithm": {Set: setHostCheck, Allowed: "https, or nothing for no check of the host"},
	}, properties.Without[draft]("Go's crypto/tls chooses; Config.TLS.Config has its options",
		"ssl.cipher.suites", "ssl.enabled.protocols", "ssl.protocol", "ssl.provider", "ssl.secure.random.implementation"),
		properties.Without[draft]("it is about Java's classes", "ssl.engine.factory.class", "ssl.keymanager.algorithm", "ssl.trustmanager.algorithm"))
}

func saslProperties() properties.Table[draft] {
	text := func(field func(*securityProperties) *string) properties.Property[draft] {
		return properties.Text(func(d *draft) *string { return field(&d.security) })
	}
	secret := func(field func(*securityProperties) *Secret) properties.Property[draft] {
		return properties.Property[draft]{Allowed: "any text", Secret: true, Set: func(d *draft, v string) error {
			*field(&d.security) = NewSecret(v)
			return nil
		}}
	}
	password := secret(func(s *securityProperties) *Secret { return &s.password })
	password.Untrimmed = true // librdkafka's, and to it white space is part of it
	return properties.Join(properties.Table[draft]{
		"sasl.mechanism":   {Set: setMechanism, Allowed: "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; others are set in Config.SASL"},
		"sasl.jaas.config": {Set: setJAAS, Allowed: "a login module's options: … required username=\"…\" password=\"…\";", Secret: true},
		"sasl.username":    text(func(s *securityProperties) *string { return &s.user }),
		"sasl.password":    password,

		"sasl.oauthbearer.token.endpoint.url":               text(func(s *securityProperties) *string { return &s.oauth.TokenURL }),
		"sasl.oauthbearer.client.credentials.client.id":     text(func(s *securityProperties) *string { return &s.oauth.ClientID }),
		"sasl.oauthbearer.client.credentials.client.secret": secret(func(s *securityProperties) *Secret { return &s.oauth.ClientSecret }),
		"sasl.oauthbearer.header.urlencode":                 properties.Flag(func(d *draft) *bool { return &d.security.oauth.URLEncode }),
		"sasl.oauthbearer.scope":                            text(func(s *securityProperties) *string { return &s.oauth.Scope }),
	}, saslWithout())
}

// saslWithout are the properties of SASL that have no effect.
func saslWithout() properties.Table[draft] {
	return properties.Join(
		properties.Without[draft]("it is about Java's classes; a Mechanism of your own is set in Config.SASL",
			"sasl.client.callback.handler.class", "sasl.login.callback.handler.class", "sasl.login.class",
			"sasl.oauthbearer.jwt.retriever.class", "sasl.oauthbearer.jwt.validator.class"),
		properties.Without[draft]("Kerberos is a Mechanism of your own, set in Config.SASL",
			"sasl.kerberos.kinit.cmd", "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.service.name",
			"sasl.kerberos.ticket.renew.jitter", "sasl.kerberos.ticket.renew.window.factor"),
		properties.Without[draft]("a new token is asked for after four fifths of the old one's life",
			"sasl.login.refresh.buffer.seconds", "sasl.login.refresh.min.period.seconds",
			"sasl.login.refresh.window.factor", "sasl.login.refresh.window.jitter"),
		properties.Without[draft]("a provider has 10 seconds to answer, and is asked again at the next login",
			"sasl.login.connect.timeout.ms", "sasl.login.read.timeout.ms", "sasl.login.retry.backoff.ms", "sasl.login.retry.backoff.max.ms"),
		properties.Without[draft]("tokens are asked for with the client's secret",
			"sasl.oauthbearer.assertion.algorithm", "sasl.oauthbearer.assertion.claim.aud", "sasl.oauthbearer.assertion.claim.exp.seconds",
			"sasl.oauthbearer.assertion.claim.iss", "sasl.oauthbearer.assertion.claim.jti.include",
			"sasl.oauthbearer.assertion.claim.nbf.seconds", "sasl.oauthbearer.assertion.claim.sub", "sasl.oauthbearer.assertion.file",
			"sasl.oauthbearer.assertion.private.key.file", "sasl.oauthbearer.assertion.private.key.passphrase",
			"sasl.oauthbearer.assertion.template.file"),
		properties.Without[draft]("only the brokers check tokens",
			"sasl.oauthbearer.allow.unverified.audience", "sasl.oauthbearer.allow.unverified.issuer", "sasl.oauthbearer.clock.skew.seconds",
			"sasl.oauthbearer.expected.audience", "sasl.oauthbearer.expected.issuer", "sasl.oauthbearer.jwks.endpoint.refresh.ms",
			"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
			"sasl.oauthbearer.jwks.endpoint.url", "sasl.oauthbearer.scope.claim.name", "sasl.oauthbearer.sub.claim.name"))
}

// readProtocol reads security.protocol, which says what others mean. It returns the
// others without those that the protocol leaves unused, which it adds to ignored.
func readProtocol(props map[string]string, table properties.Table[draft], ignored map[string]string) (p securityProtocol, used map[string]string, err error) {
	p = "PLAINTEXT"
	set := func(name string) properties.Word[securityProtocol] {
		return properties.Word[securityProtocol]{Word: name, Set: func(p *securityProtocol) error { *p = securityProtocol(name); return nil }}
	}
	used, err = properties.Table[securityProtocol]{
		"security.protocol": properties.AnyCase(set("PLAINTEXT"), set("SSL"), set("SASL_PLAINTEXT"), set("SASL_SSL")),
	}.Read(props, &p, nil)
	if err != nil {
		return p, used, err // and nothing else is said that depends on it
	}
	for name := range used {
		if why := p.leavesUnused(name); why != "" && table[name].Set != nil {
			ignored[name] = why
			delete(used, name)
		}
	}
	return p, used, nil
}

// inline is PEM text in a property instead of a file (KIP-651).
var inline = properties.Property[draft]{Secret: true,
	Allowed: "nothing: put it into a file, and name that in ssl.keystore.location or ssl.truststore.location",
	Set:     onlyEmpty}

// noPassword is the password of something that PEM files are not.
var noPassword = properties.Property[draft]{Secret: true,
	Allowed: "nothing: keys and certificates are PEM files without a password here (openssl pkey and openssl pkcs12 -nodes make them)",
	Set:     onlyEmpty}

func onlyEmpty(_ *draft, v string) error {
	if v != "" {
		return properties.ErrValue
	}
	return nil
}

func setHostCheck(d *draft, v string) error {
	switch strings.ToLower(v) {
	case "https", "":
		d.security.tls.SkipHostCheck = v == ""
		return nil
	}
	return properties.ErrValue
}

func setMechanism(d *draft, v string) error {
	if v != "OAUTHBEARER" && passwordMechanism(v) == nil {
		return properties.ErrValue
	}
	d.security.mechanism = v
	return nil
}
