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
	set     func(c *Config, value string) error
}

// errValue says that a property's value is not one of those allowed.
var errValue = errors.New("not allowed")

var properties = map[string]property{
	"bootstrap.servers": {"host:port[,host:port...]", func(c *Config, v string) error {
		servers, err := ParseServers(v)
		if err == nil && len(servers) == 0 {
			err = errValue
		}
		c.BootstrapServers = servers
		return err
	}},
	"client.id":                          {"any text", func(c *Config, v string) error { c.ClientID = v; return nil }},
	"api.version":                        {"auto, or a release such as 0.8.2, 0.10.2 or 2.8", setAPIVersion},
	"security.protocol":                  {"PLAINTEXT (TLS and SASL are yet to come)", setProtocol},
	"request.timeout.ms":                 millis(1, func(c *Config) *time.Duration { return &c.RequestTimeout }),
	"retry.backoff.ms":                   millis(0, func(c *Config) *time.Duration { return &c.RetryBackoff }),
	"retry.backoff.max.ms":               millis(1, func(c *Config) *time.Duration { return &c.RetryBackoffMax }),
	"reconnect.backoff.ms":               millis(0, func(c *Config) *time.Duration { return &c.ReconnectBackoff }),
	"reconnect.backoff.max.ms":           millis(1, func(c *Config) *time.Duration { return &c.ReconnectBackoffMax }),
	"socket.connection.setup.timeout.ms": millis(1, func(c *Config) *time.Duration { return &c.ConnectionSetupTimeout }),
	"connections.max.idle.ms":            millisOrNever(func(c *Config) *time.Duration { return &c.ConnectionsMaxIdle }),
	"metadata.max.age.ms":                millis(0, func(c *Config) *time.Duration { return &c.MetadataMaxAge }),
	"send.buffer.bytes":                  bufferSize(func(c *Config) *int { return &c.SendBuffer }),
	"receive.buffer.bytes":               bufferSize(func(c *Config) *int { return &c.ReceiveBuffer }),
}

// ParseProperties reads Kafka's own client properties, "bootstrap.servers" and
// so on, into a Config; "api.version" is kafka-python's api_version. It also
// gives back the properties that it does not know, for whoever does. The error
// joins one for each bad value: property, value, and what is allowed.
func ParseProperties(props map[string]string) (Config, map[string]string, error) {
	var c Config
	var errs []error
	unknown := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(props)) {
		value := strings.TrimSpace(props[name])
		p, ok := properties[name]
		if !ok {
			unknown[name] = props[name]
			continue
		}
		switch err := p.set(&c, value); {
		case err == nil:
		case errors.Is(err, errValue):
			errs = append(errs, fmt.Errorf("%s=%s: allowed is %s", name, value, p.allowed))
		default:
			errs = append(errs, fmt.Errorf("%s=%s: %w", name, value, err))
		}
	}
	return c, unknown, errors.Join(errs...)
}

const maxMillis = math.MaxInt64 / int64(time.Millisecond)

// millis is a property in milliseconds of at least least. Kafka's 0 becomes a
// negative duration, because 0 is the default in a Config.
func millis(least int64, field func(*Config) *time.Duration) property {
	return property{fmt.Sprintf("a number of milliseconds from %d up", least), func(c *Config, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < least || n > maxMillis {
			return errValue
		}
		*field(c) = time.Duration(n) * time.Millisecond
		if n == 0 {
			*field(c) = -1
		}
		return nil
	}}
}

func millisOrNever(field func(*Config) *time.Duration) property {
	return property{"a number of milliseconds from 1 up, or -1 for never", func(c *Config, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < -1 || n == 0 || n > maxMillis {
			return errValue
		}
		*field(c) = time.Duration(n) * time.Millisecond
		return nil
	}}
}

func bufferSize(field func(*Config) *int) property {
	return property{"a number of bytes from 1 up, or -1 for the system's own", func(c *Config, v string) error {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < -1 || n == 0 {
			return errValue
		}
		*field(c) = int(max(n, 0))
		return nil
	}}
}

func setAPIVersion(c *Config, v string) error {
	if _, err := parsePin(v); err != nil {
		return err
	}
	c.APIVersion = v
	return nil
}

func setProtocol(_ *Config, v string) error {
	if !strings.EqualFold(v, "PLAINTEXT") {
		return errValue
	}
	return nil
}
