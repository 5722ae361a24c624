package producer

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// ParseProperties reads Kafka's own producer properties, "acks", "linger.ms" and
// so on, into the Config of a client and the Config of a producer on it. It
// knows those named in the fields of the two; a property that it does not know
// is an error, so that none is ignored without a word. The error joins one for
// each mistake: the property, its value, and what is allowed.
func ParseProperties(props map[string]string, oauth ...netclient.OAuthLogin) (netclient.Config, Config, error) {
	client, rest, err := netclient.ParseProperties(props, oauth...)
	errs := []error{err}
	var c Config
	table := properties()
	for _, name := range slices.Sorted(maps.Keys(props)) {
		p, ours := table[name]
		if _, unknown := rest[name]; unknown && !ours {
			errs = append(errs, fmt.Errorf("unknown property %s: check its spelling, and that it is one of a producer", name))
		}
		if !ours {
			continue
		}
		if value := strings.TrimSpace(props[name]); !p.set(&c, value) {
			errs = append(errs, fmt.Errorf("%s=%s: allowed is %s", name, value, p.allowed))
		}
	}
	// Kafka's properties have a level for each codec; the others' don't matter.
	if level, ok := props["compression."+c.Compression.String()+".level"]; ok {
		c.CompressionLevel, _ = strconv.Atoi(strings.TrimSpace(level))
	}
	if err := errors.Join(errs...); err != nil {
		return client, c, err
	}
	return client, c, c.Validate()
}

// property is one of Kafka's properties: what it allows, in words, and how to
// put its value into a Config; false means that the value is not allowed.
type property struct {
	allowed string
	set     func(c *Config, value string) bool
}

func properties() map[string]property {
	return map[string]property{
		"acks":               {"all, -1, 0 or 1", setAcks},
		"retries":            number(0, func(c *Config, n int) { c.Retries = orNegative(n) }),
		"batch.size":         number(0, func(c *Config, n int) { c.BatchSize = orNegative(n) }),
		"buffer.memory":      number(1, func(c *Config, n int) { c.BufferMemory = n }),
		"max.request.size":   number(1, func(c *Config, n int) { c.MaxRequestSize = n }),
		"linger.ms":          millis(0, func(c *Config, d time.Duration) { c.Linger = d }),
		"max.block.ms":       millis(0, func(c *Config, d time.Duration) { c.MaxBlock = orNegative(d) }),
		"request.timeout.ms": millis(1, func(c *Config, d time.Duration) { c.RequestTimeout = d }),
		"delivery.timeout.ms": millis(1, func(c *Config, d time.Duration) {
			c.DeliveryTimeout = d
		}),
		"max.in.flight.requests.per.connection": number(1, func(c *Config, n int) { c.MaxInFlight = n }),
		"compression.type":                      {"none, gzip, snappy, lz4 or zstd", setCompression},
		"compression.gzip.level":                levelOf(record.Gzip, "1 to 9, or -1"),
		"compression.lz4.level":                 levelOf(record.LZ4, "1 to 17"),
		"compression.zstd.level":                levelOf(record.Zstd, "-131072 to 22"),
		"partitioner.class":                     {"DefaultPartitioner or RoundRobinPartitioner, with or without Kafka's package name", setPartitioner},
		"enable.idempotence":                    {"false (idempotence is yet to come)", func(_ *Config, v string) bool { return strings.EqualFold(v, "false") }},
	}
}

func setAcks(c *Config, value string) bool {
	switch value {
	case "1":
		c.Acks = AcksLeader
	case "all", "-1":
		c.Acks = AcksAll
	case "0":
		c.Acks = AcksNone
	default:
		return false
	}
	return true
}

func setCompression(c *Config, value string) bool {
	var err error
	c.Compression, err = ParseCompression(value)
	return err == nil
}

func levelOf(codec record.Compression, allowed string) property {
	return property{allowed, func(_ *Config, v string) bool {
		n, err := strconv.Atoi(v)
		if err == nil {
			_, err = compress.NewCodec(codec, n)
		}
		return err == nil && (n != 0 || codec == record.Zstd)
	}}
}

func setPartitioner(c *Config, value string) bool {
	class := value[strings.LastIndex(value, ".")+1:]
	switch class {
	case "DefaultPartitioner":
		c.Partitioner = nil
	case "RoundRobinPartitioner":
		c.Partitioner = NewRoundRobinPartitioner()
	default:
		return false
	}
	return true
}

func number(least int64, set func(*Config, int)) property {
	return property{fmt.Sprintf("a number from %d up", least), func(c *Config, v string) bool {
		n, err := strconv.ParseInt(v, 10, strconv.IntSize)
		if err != nil || n < least {
			return false
		}
		set(c, int(n))
		return true
	}}
}

const maxMillis = math.MaxInt64 / int64(time.Millisecond)

func millis(least int64, set func(*Config, time.Duration)) property {
	return property{fmt.Sprintf("a number of milliseconds from %d up", least), func(c *Config, v string) bool {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < least || n > maxMillis {
			return false
		}
		set(c, time.Duration(n)*time.Millisecond)
		return true
	}}
}

// orNegative turns Kafka's 0 into the Config's, where 0 is the default.
func orNegative[T ~int | ~int64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}
