package netclient

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// property is one of Kafka's properties: what it allows, in words, and how to
// put its value into a Config.
type property struct {
	allowed string
	set     func(d *draft, value string) error
	secret  bool // the value is in no error
}

// draft is a Config in the making.
type draft struct {
	Config
	security securityProperties
}

// errValue says that a property's value is not one of those allowed.
var errValue = errors.New("not allowed")

var properties = map[string]property{
	"bootstrap.servers": {"host:port[,host:port...]", func(d *draft, v string) error {
		servers, err := ParseServers(v)
		if err == nil && len(servers) == 0 {
			err = errValue
		}
		d.BootstrapServers = servers
		return err
	}, false},
	"client.id":                              {"any text", func(d *draft, v string) error { d.ClientID = v; return nil }, false},
	"api.version":                            {"auto, or a release such as 0.8.2, 0.10.2 or 2.8", setAPIVersion, false},
	"request.timeout.ms":                     millis(1, func(c *Config) *time.Duration { return &c.RequestTimeout }),
	"retry.backoff.ms":                       millis(0, func(c *Config) *time.Duration { return &c.RetryBackoff }),
	"retry.backoff.max.ms":                   millis(1, func(c *Config) *time.Duration { return &c.RetryBackoffMax }),
	"reconnect.backoff.ms":                   millis(0, func(c *Config) *time.Duration { return &c.ReconnectBackoff }),
	"reconnect.backoff.max.ms":               millis(1, func(c *Config) *time.Duration { return &c.ReconnectBackoffMax }),
	"socket.connection.setup.timeout.ms":     millis(1, func(c *Config) *time.Duration { return &c.ConnectionSetupTimeout }),
	"socket.connection.setup.timeout.max.ms": millis(1, func(c *Config) *time.Duration { return &c.ConnectionSetupTimeoutMax }),
	"connections.max.idle.ms":                millisOrNever(func(c *Config) *time.Duration { return &c.ConnectionsMaxIdle }),
	"metadata.max.age.ms":                    millis(0, func(c *Config) *time.Duration { return &c.MetadataMaxAge }),
	"metadata.max.idle.ms":                   millis(1, func(c *Config) *time.Duration { return &c.MetadataMaxIdle }),
	"client.dns.lookup":                      onlyValue("use_all_dns_ips"),
	"metadata.recovery.strategy":             onlyValue("rebootstrap"),
	"allow.auto.create.topics":               {"true or false", setTopicCreation, false},
	"metadata.cluster.check.enable":          {"true or false", setClusterCheck, false},
	"send.buffer.bytes":                      bufferSize(func(c *Config) *int { return &c.SendBuffer }),
	"receive.buffer.bytes":                   bufferSize(func(c *Config) *int { return &c.ReceiveBuffer }),

	"security.protocol":              {"PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL", setProtocol, false},
	"ssl.truststore.location":        pemFile(func(t *TLS) *string { return &t.CAFile }),
	"ssl.truststore.type":            onlyValue("PEM"),
	"ssl.keystore.location":          pemFile(func(t *TLS) *string { return &t.CertFile }),
	"ssl.keystore.type":              onlyValue("PEM"),
	"ssl.truststore.password":        noPassword,
	"ssl.keystore.password":          noPassword,
	"ssl.key.password":               noPassword,
	"ssl.keystore.key":               inline,
	"ssl.keystore.certificate.chain": inline,
	"ssl.truststore.certificates":    inline,
	"ssl.key.location":               pemFile(func(t *TLS) *string { return &t.KeyFile }),
	"ssl.crl.location":               pemFile(func(t *TLS) *string { return &t.CRLFile }),
	"ssl.crl.check":                  {"leaf or chain", setCRLCheck, false},

	"ssl.endpoint.identification.algorithm": {"https, or nothing for no check of the host", setHostCheck, false},

	"sasl.mechanism":   {"PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; others are set in Config.SASL", setMechanism, false},
	"sasl.jaas.config": {"a login module's options: … required username=\"…\" password=\"…\";", setJAAS, true},
	"sasl.username":    saslText(func(s *securityProperties) *string { return &s.user }),
	"sasl.password":    saslSecret(func(s *securityProperties) *Secret { return &s.password }),

	"sasl.oauthbearer.token.endpoint.url":               saslText(func(s *securityProperties) *string { return &s.oauth.TokenURL }),
	"sasl.oauthbearer.client.credentials.client.id":     saslText(func(s *securityProperties) *string { return &s.oauth.ClientID }),
	"sasl.oauthbearer.client.credentials.client.secret": saslSecret(func(s *securityProperties) *Secret { return &s.oauth.ClientSecret }),
	"sasl.oauthbearer.header.urlencode":                 {"true or false", setURLEncode, false},
	"sasl.oauthbearer.scope":                            saslText(func(s *securityProperties) *string { return &s.oauth.Scope }),
}

// ParseProperties reads Kafka's own client properties, "bootstrap.servers" and
// so on, into a Config; "api.version" is kafka-python's api_version, and
// ssl.key.location, ssl.crl.location, ssl.crl.check (leaf or chain), sasl.username
// and sasl.password are what Kafka has no name for. It also gives back the properties that it does not know, for whoever does. The error
// joins one for each bad value: property, value unless
// that is secret, and what is allowed.
//
// To log in with sasl.mechanism=OAUTHBEARER it needs oauth.FromProperties, of package
// netclient/oauth, as an argument.
func ParseProperties(props map[string]string, oauth ...OAuthLogin) (Config, map[string]string, error) {
	var d draft
	var errs []error
	unknown := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(props)) {
		value := strings.TrimSpace(props[name])
		p, ok := properties[name]
		if !ok {
			unknown[name] = props[name]
			continue
		}
		d.security.note(name)
		shown := name + "=" + value
		if p.secret {
			shown, value = name, props[name] // white space may be part of it
		}
		switch err := p.set(&d, value); {
		case err == nil:
		case errors.Is(err, errValue):
			errs = append(errs, fmt.Errorf("%s: allowed is %s", shown, p.allowed))
		default:
			errs = append(errs, fmt.Errorf("%s: %w", shown, err))
		}
	}
	if err := d.secure(oauth); err != nil {
		errs = append(errs, err)
	}
	return d.Config, unknown, errors.Join(errs...)
}

const maxMillis = math.MaxInt64 / int64(time.Millisecond)

// millis is a property in milliseconds of at least least. Kafka's 0 becomes a
// negative duration, because 0 is the default in a Config.
func millis(least int64, field func(*Config) *time.Duration) property {
	return property{fmt.Sprintf("a number of milliseconds from %d up", least), func(d *draft, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < least || n > maxMillis {
			return errValue
		}
		*field(&d.Config) = time.Duration(n) * time.Millisecond
		if n == 0 {
			*field(&d.Config) = -1
		}
		return nil
	}, false}
}

func millisOrNever(field func(*Config) *time.Duration) property {
	return property{"a number of milliseconds from 1 up, or -1 for never", func(d *draft, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < -1 || n == 0 || n > maxMillis {
			return errValue
		}
		*field(&d.Config) = time.Duration(n) * time.Millisecond
		return nil
	}, false}
}

func bufferSize(field func(*Config) *int) property {
	return property{"a number of bytes from 1 up, or -1 for the system's own", func(d *draft, v string) error {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < -1 || n == 0 {
			return errValue
		}
		*field(&d.Config) = int(max(n, 0))
		return nil
	}, false}
}

func setClusterCheck(d *draft, v string) error {
	check := true
	err := setBool(&check, v)
	d.SkipClusterCheck = !check
	return err
}

func setTopicCreation(d *draft, v string) error {
	create := true
	err := setBool(&create, v)
	d.NoTopicCreation = !create
	return err
}

func setBool(field *bool, v string) error {
	switch v = strings.ToLower(v); v {
	case "true", "false":
		*field = v == "true"
		return nil
	}
	return errValue
}

// onlyValue is a property that has one value here.
func onlyValue(only string) property {
	return property{only, func(_ *draft, v string) error {
		if !strings.EqualFold(v, only) {
			return errValue
		}
		return nil
	}, false}
}

func setAPIVersion(d *draft, v string) error {
	if _, err := parsePin(v); err != nil {
		return err
	}
	d.APIVersion = v
	return nil
}
