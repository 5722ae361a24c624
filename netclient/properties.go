package netclient

import (
	"cmp"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient/properties"
)

// ParseProperties reads Kafka's own client properties, "bootstrap.servers" and
// so on, into a Config, as the Java client does; "api.version" is kafka-python's
// api_version, and ssl.key.location, ssl.crl.location, ssl.crl.check (leaf or chain),
// sasl.username and sasl.password are what Kafka has no name for. What Kafka knows and
// this client has no use for stands in Config.Ignored.
//
// It returns the properties that are not a client's own as well, for the producer or
// consumer that knows them. The error joins one for each bad value: property, value
// unless that is secret, and what is allowed.
//
// To log in with sasl.mechanism=OAUTHBEARER it needs oauth.FromProperties, of package
// netclient/oauth, as an argument.
func ParseProperties(props map[string]string, oauth ...OAuthLogin) (Config, map[string]string, error) {
	d := draft{Config: Config{Ignored: map[string]string{}}}
	table := propertyTable()
	protocol, used, err := readProtocol(props, table, d.Ignored)
	rest, valueErr := table.Read(used, &d, d.Ignored)
	if err == nil {
		err = d.secure(protocol, oauth)
	}
	boundBackoff(&d.RetryBackoff, &d.RetryBackoffMax, defaultRetryBackoffMax)
	boundBackoff(&d.ReconnectBackoff, &d.ReconnectBackoffMax, defaultReconnectBackoffMax)
	d.SendBuffer, d.ReceiveBuffer = max(d.SendBuffer, 0), max(d.ReceiveBuffer, 0) // Kafka's -1 is the system's own
	return d.Config, rest, errors.Join(err, valueErr)
}

// boundBackoff keeps the first wait within the longest, as Kafka does: where that is 0
// there is no wait.
func boundBackoff(first, longest *time.Duration, byDefault time.Duration) {
	if *longest < 0 {
		*first, *longest = -1, 0
	}
	*first = min(*first, cmp.Or(*longest, byDefault))
}

// draft is a Config in the making.
type draft struct {
	Config
	security securityProperties
}

func propertyTable() properties.Table[draft] {
	return properties.Join(connectionProperties(), tlsProperties(), saslProperties(),
		properties.Without[draft]("names are looked up at each attempt to connect", "bootstrap.resolve.timeout.ms"),
		properties.Without[draft]("values are taken as they are, without looking up ${...}", "config.providers"),
		properties.Without[draft]("the bootstrap servers are asked again as soon as no known broker can be reached", "metadata.recovery.rebootstrap.trigger.ms"),
		properties.Without[draft]("what is measured, and over which time, is up to Config.Metrics",
			"metric.reporters", "metrics.num.samples", "metrics.recording.level", "metrics.sample.window.ms"),
		properties.Without[draft]("it is about Java's security providers", "security.providers"))
}

func connectionProperties() properties.Table[draft] {
	anInt, aLong := properties.Range{Most: properties.MaxInt}, properties.Range{Most: properties.MaxLong}
	anyLong := properties.Range{Least: math.MinInt64, Most: properties.MaxLong}
	positive := properties.Range{Least: 1, Most: properties.MaxLong}
	buffer := properties.Range{Least: -1, Most: properties.MaxInt}
	return properties.Table[draft]{
		"bootstrap.servers":                      {Set: setServers, Allowed: "host:port[,host:port...]"},
		"client.id":                              properties.Text(func(d *draft) *string { return &d.ClientID }),
		"api.version":                            {Set: setAPIVersion, Allowed: "auto, or a release such as 0.8.2, 0.10.2 or 2.8"},
		"request.timeout.ms":                     properties.Millis(anInt, time.Millisecond, func(d *draft) *time.Duration { return &d.RequestTimeout }),
		"retry.backoff.ms":                       properties.Millis(aLong, -1, func(d *draft) *time.Duration { return &d.RetryBackoff }),
		"retry.backoff.max.ms":                   properties.Millis(aLong, -1, func(d *draft) *time.Duration { return &d.RetryBackoffMax }),
		"reconnect.backoff.ms":                   properties.Millis(aLong, -1, func(d *draft) *time.Duration { return &d.ReconnectBackoff }),
		"reconnect.backoff.max.ms":               properties.Millis(aLong, -1, func(d *draft) *time.Duration { return &d.ReconnectBackoffMax }),
		"socket.connection.setup.timeout.ms":     properties.Millis(positive, 0, func(d *draft) *time.Duration { return &d.ConnectionSetupTimeout }),
		"socket.connection.setup.timeout.max.ms": properties.Millis(positive, 0, func(d *draft) *time.Duration { return &d.ConnectionSetupTimeoutMax }),
		"connections.max.idle.ms":                properties.Millis(anyLong, time.Millisecond, func(d *draft) *time.Duration { return &d.ConnectionsMaxIdle }),
		"metadata.max.age.ms":                    properties.Millis(aLong, -1, func(d *draft) *time.Duration { return &d.MetadataMaxAge }),
		"metadata.max.idle.ms":                   properties.Millis(properties.Range{Least: 5000, Most: properties.MaxLong}, 0, func(d *draft) *time.Duration { return &d.MetadataMaxIdle }),
		"client.dns.lookup": properties.Words(properties.Word[draft]{Word: "use_all_dns_ips"},
			noEffect("resolve_canonical_bootstrap_servers_only", "every address of a name is tried, and names stay as they are given")),
		"metadata.recovery.strategy": properties.AnyCase(properties.Word[draft]{Word: "rebootstrap"},
			noEffect("none", "the bootstrap servers are asked again when no known broker can be reached")),
		"enable.metrics.push": properties.Bool(func(_ *draft, push bool) error {
			if !push {
				return nil
			}
			return properties.NoEffect("there is no telemetry for brokers (KIP-714)")
		}),
		"metadata.cluster.check.enable": properties.Negated(func(d *draft) *bool { return &d.SkipClusterCheck }),
		"allow.auto.create.topics":      properties.Bool(setTopicCreation),
		"send.buffer.bytes":             properties.Number(buffer, 0, func(d *draft) *int { return &d.SendBuffer }),
		"receive.buffer.bytes":          properties.Number(buffer, 0, func(d *draft) *int { return &d.ReceiveBuffer }),
	}
}

func noEffect(word string, why properties.NoEffect) properties.Word[draft] {
	return properties.Word[draft]{Word: word, Set: func(*draft) error { return why }}
}

// setServers is as strict as Kafka: an empty address is a mistake.
func setServers(d *draft, v string) error {
	list, err := properties.List(v)
	for i, address := range list {
		if _, bare, ok := strings.Cut(address, "://"); ok { // as in a broker's listeners
			list[i] = bare
		}
	}
	if err == nil {
		d.BootstrapServers, err = ParseServers(list...)
	}
	return err
}

func setTopicCreation(d *draft, allowed bool) error {
	d.NoTopicCreation = !allowed
	if allowed {
		return properties.NoEffect("a consumer never makes a topic here")
	}
	return nil
}

func setAPIVersion(d *draft, v string) error {
	if _, err := parsePin(v); err != nil {
		return err
	}
	d.APIVersion = v
	return nil
}
