package netclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/wire"
)

// Config says how to reach a cluster. Its zero value is a client for
// localhost:9092 with the defaults that each field names. New copies it.
//
// For a duration 0 means the default; where Kafka gives 0 a meaning of its own,
// a negative value has that meaning here.
type Config struct {
	// BootstrapServers are the addresses at which to ask for the cluster's
	// brokers: "host:port", or "host" for port 9092; see ParseServers. One that
	// answers is enough; they are tried in shuffled order. Default:
	// localhost:9092. Kafka: bootstrap.servers.
	BootstrapServers []string

	// ClientID names this program in the broker's logs, quotas and metrics.
	// Default: "barnabas". Kafka: client.id.
	ClientID string

	// Dial makes the network connections: through a proxy, a tunnel, or to a
	// cluster inside a test; that of a net.Dialer with a Resolver of its own looks
	// names up elsewhere. The context ends with ConnectionSetupTimeout.
	// Default: a net.Dialer, which tries all addresses of a name (KIP-602), after a
	// failure beginning with the next one (KIP-302). A connection that is no bare *net.TCPConn gets each request in one copied Write.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// TLS encrypts the connections, those of Dial as well. Default: nil,
	// plaintext. Kafka: security.protocol SSL or SASL_SSL.
	TLS *TLS

	// SASL logs in to the brokers. Default: nil, no login. Brokers of 0.9, which
	// know Kerberos alone, need APIVersion with it. Kafka: security.protocol
	// SASL_PLAINTEXT or SASL_SSL, sasl.mechanism.
	SASL Mechanism

	// APIVersion pins the release that the brokers are taken for, "0.8.2" or
	// "2.8", instead of finding it out; nothing is asked then. Default: "",
	// found out for each broker. kafka-python: api_version.
	APIVersion string

	// RequestTimeout is how long a request may wait for its answer, counted
	// from the call. As answers come in the order of the requests, a request
	// that times out ends its connection. Default: 30 s. Kafka:
	// request.timeout.ms.
	RequestTimeout time.Duration

	// RetryBackoff is the wait before asking again after a failure, and the
	// least time between two refreshes of the metadata; it doubles with each
	// failure up to RetryBackoffMax. Default: 100 ms; negative: none. Kafka:
	// retry.backoff.ms.
	RetryBackoff time.Duration
	// RetryBackoffMax bounds RetryBackoff. Default: 1 s. Kafka:
	// retry.backoff.max.ms (KIP-580).
	RetryBackoffMax time.Duration

	// ReconnectBackoff is the least time between two attempts to connect to
	// the same broker; it doubles with each failure up to ReconnectBackoffMax.
	// Default: 50 ms; negative: none. Kafka: reconnect.backoff.ms.
	ReconnectBackoff time.Duration
	// ReconnectBackoffMax bounds ReconnectBackoff. Default: 1 s. Kafka:
	// reconnect.backoff.max.ms (KIP-144).
	ReconnectBackoffMax time.Duration

	// ConnectionSetupTimeout bounds an attempt to connect, from the name
	// look-up to knowing the broker's versions; it doubles with each failure up to
	// ConnectionSetupTimeoutMax. Default: 10 s. Kafka:
	// socket.connection.setup.timeout.ms (KIP-601).
	ConnectionSetupTimeout time.Duration
	// ConnectionSetupTimeoutMax bounds ConnectionSetupTimeout. Default: 30 s.
	// Kafka: socket.connection.setup.timeout.max.ms (KIP-601).
	ConnectionSetupTimeoutMax time.Duration

	// ConnectionsMaxIdle closes a connection that carried nothing for so long.
	// Default: 9 minutes, a little less than the brokers' own limit; negative:
	// never. Kafka: connections.max.idle.ms.
	ConnectionsMaxIdle time.Duration

	// MetadataMaxAge is the age at which the metadata is asked for again, even
	// if nothing went wrong, to find new partitions and brokers. Default: 5
	// minutes; negative: as often as RetryBackoff allows. Kafka:
	// metadata.max.age.ms.
	MetadataMaxAge time.Duration

	// MetadataMaxIdle is for how long a topic stays in the metadata that nobody has
	// looked up: see Client.Topic. Default: 5 minutes. Kafka: metadata.max.idle.ms
	// (KIP-526).
	MetadataMaxIdle time.Duration

	// NoTopicCreation makes EnsureTopic, and so the producers of the client, like Topic:
	// no broker is let create a topic that is asked for. Default: false. Kafka:
	// allow.auto.create.topics=false (KIP-361).
	NoTopicCreation bool

	// SkipClusterCheck connects to brokers without telling them which broker of which
	// cluster is meant. Those of 4.4 and later refuse when they are another one, and
	// the client asks the bootstrap servers again. Default: false. Kafka:
	// metadata.cluster.check.enable=false (KIP-1242).
	SkipClusterCheck bool

	// SendBuffer and ReceiveBuffer are the sizes in bytes of a TCP socket's
	// buffers. Default: the system's. Kafka: send.buffer.bytes,
	// receive.buffer.bytes.
	SendBuffer, ReceiveBuffer int

	// MaxResponseSize is the largest answer, in bytes, that is accepted; what
	// claims to be larger is taken for another protocol. Default: 100 MiB.
	MaxResponseSize int

	// Logger hears what the client does: connections at Debug, what fails and
	// is tried again at Warn. Default: slog.Default().
	Logger *slog.Logger

	// Metrics is where the client counts its connections, requests and bytes, in
	// the groups client-metrics and, for each broker, client-node-metrics. Default:
	// nil, nothing is measured.
	Metrics *metrics.Registry

	// Ignored are the properties that ParseProperties was given and that have no effect
	// here, each with the reason. New logs them, in one warning. Default: none.
	Ignored map[string]string

	// Trace is called at the steps of a connection's life. Default: nil.
	Trace *Trace
}

const (
	defaultClientID            = "barnabas"
	defaultServer              = "localhost:9092"
	defaultRequestTimeout      = 30 * time.Second
	defaultRetryBackoff        = 100 * time.Millisecond
	defaultRetryBackoffMax     = time.Second
	defaultReconnectBackoff    = 50 * time.Millisecond
	defaultReconnectBackoffMax = time.Second
	defaultSetupTimeout        = 10 * time.Second
	defaultSetupTimeoutMax     = 30 * time.Second
	defaultMaxIdle             = 9 * time.Minute
	defaultMetadataMaxAge      = 5 * time.Minute
	defaultMetadataMaxIdle     = 5 * time.Minute
	defaultMaxResponseSize     = 100 << 20
)

// Validate gives every mistake in the Config, joined into one error, or nil.
func (c *Config) Validate() error {
	var errs []error
	if _, err := ParseServers(c.BootstrapServers...); err != nil {
		errs = append(errs, fmt.Errorf("BootstrapServers: %w", err))
	}
	if _, err := parsePin(c.APIVersion); err != nil {
		errs = append(errs, fmt.Errorf("APIVersion: %w", err))
	}
	if err := checkClientID(c.ClientID); err != nil {
		errs = append(errs, err)
	}
	if err := c.TLS.check(); err != nil {
		errs = append(errs, err)
	}
	atLeast := func(name string, value, least int64) {
		if value < least {
			errs = append(errs, fmt.Errorf("%s is %d; it can't be negative", name, value))
		}
	}
	atLeast("RequestTimeout", int64(c.RequestTimeout), 0)
	atLeast("RetryBackoffMax", int64(c.RetryBackoffMax), 0)
	atLeast("ReconnectBackoffMax", int64(c.ReconnectBackoffMax), 0)
	atLeast("ConnectionSetupTimeout", int64(c.ConnectionSetupTimeout), 0)
	atLeast("ConnectionSetupTimeoutMax", int64(c.ConnectionSetupTimeoutMax), 0)
	atLeast("MetadataMaxIdle", int64(c.MetadataMaxIdle), 0)
	atLeast("SendBuffer", int64(c.SendBuffer), 0)
	atLeast("ReceiveBuffer", int64(c.ReceiveBuffer), 0)
	atLeast("MaxResponseSize", int64(c.MaxResponseSize), 0)
	return errors.Join(errs...)
}

// checkClientID refuses what a request's header can't carry.
func checkClientID(id string) error {
	if len(id) > wire.MaxString {
		return fmt.Errorf("ClientID has %d bytes; a request carries at most %d", len(id), wire.MaxString)
	}
	return nil
}

// withDefaults is the Config with every default filled in and the addresses in
// the form host:port. The Config must be valid.
func (c Config) withDefaults() Config {
	c.BootstrapServers, _ = ParseServers(c.BootstrapServers...)
	if len(c.BootstrapServers) == 0 {
		c.BootstrapServers = []string{defaultServer}
	}
	c.ClientID = cmp.Or(c.ClientID, defaultClientID)
	c.RequestTimeout = cmp.Or(c.RequestTimeout, defaultRequestTimeout)
	c.RetryBackoff = cmp.Or(c.RetryBackoff, defaultRetryBackoff)
	c.RetryBackoffMax = cmp.Or(c.RetryBackoffMax, defaultRetryBackoffMax)
	c.ReconnectBackoff = cmp.Or(c.ReconnectBackoff, defaultReconnectBackoff)
	c.ReconnectBackoffMax = cmp.Or(c.ReconnectBackoffMax, defaultReconnectBackoffMax)
	c.ConnectionSetupTimeout = cmp.Or(c.ConnectionSetupTimeout, defaultSetupTimeout)
	c.ConnectionSetupTimeoutMax = cmp.Or(c.ConnectionSetupTimeoutMax, defaultSetupTimeoutMax)
	c.ConnectionsMaxIdle = cmp.Or(c.ConnectionsMaxIdle, defaultMaxIdle)
	c.MetadataMaxAge = cmp.Or(c.MetadataMaxAge, defaultMetadataMaxAge)
	c.MetadataMaxIdle = cmp.Or(c.MetadataMaxIdle, defaultMetadataMaxIdle)
	c.MaxResponseSize = cmp.Or(c.MaxResponseSize, defaultMaxResponseSize)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Trace == nil {
		c.Trace = &Trace{}
	}
	return c
}

// logIgnored names the properties that have no effect, and why.
func (c *Config) logIgnored() {
	var attrs []any
	for _, name := range slices.Sorted(maps.Keys(c.Ignored)) {
		attrs = append(attrs, name, c.Ignored[name])
	}
	if len(attrs) > 0 {
		c.Logger.Warn("kafka: properties have no effect", attrs...)
	}
}

func (c *Config) retryBackoff() Backoff {
	return Backoff{Base: c.RetryBackoff, Max: c.RetryBackoffMax}
}
