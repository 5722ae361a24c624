package producer

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/properties"
)

// ParseProperties reads Kafka's own producer properties, "acks", "linger.ms" and
// so on, into the Config of a client and the Config of a producer on it, as the Java
// client does. It applies those named in the fields of the two. What Kafka knows and
// this producer has no use for, key.serializer for one, stands in the client's
// Config.Ignored, which its New logs. What Kafka does not know is an error. The error
// joins one for each mistake: the property, its value, and what is allowed.
//
// To log in with sasl.mechanism=OAUTHBEARER it needs oauth.FromProperties, of package
// netclient/oauth, as an argument.
func ParseProperties(props map[string]string, oauth ...netclient.OAuthLogin) (netclient.Config, Config, error) {
	client, rest, clientErr := netclient.ParseProperties(props, oauth...)
	d := draft{levels: map[Compression]int{}}
	rest, err := propertyTable().Read(rest, &d, client.Ignored)
	d.Linger = max(d.Linger, 0) // Kafka's 0 is the Config's
	d.RequestTimeout = client.RequestTimeout
	d.CompressionLevel = d.levels[d.Compression]
	// Kafka extends what nobody has set.
	if all := d.withDefaults(); d.DeliveryTimeout == 0 && all.Linger > all.DeliveryTimeout-all.RequestTimeout {
		d.DeliveryTimeout = all.Linger + min(all.RequestTimeout, math.MaxInt64-all.Linger)
	}
	if err = errors.Join(clientErr, err, properties.CheckRest(rest, client.Ignored)); err == nil {
		err = d.Validate()
	}
	return client, d.Config, err
}

// draft is a Config in the making. Kafka's properties have a level for each codec.
type draft struct {
	Config
	levels map[Compression]int
}

func propertyTable() properties.Table[draft] {
	number, one := properties.Range{Most: properties.MaxInt}, properties.Range{Least: 1, Most: properties.MaxInt}
	long := properties.Range{Most: properties.MaxLong}
	acks := func(word string, acks Acks) properties.Word[draft] {
		return properties.Word[draft]{Word: word, Set: func(d *draft) error { d.Acks = acks; return nil }}
	}
	return properties.Join(properties.Table[draft]{
		"acks":                properties.Words(acks("all", AcksAll), acks("-1", AcksAll), acks("0", AcksNone), acks("1", AcksLeader)),
		"retries":             properties.Number(number, -1, func(d *draft) *int { return &d.Retries }),
		"batch.size":          properties.Number(number, -1, func(d *draft) *int { return &d.BatchSize }),
		"buffer.memory":       properties.Number(properties.Range{Most: math.MaxInt}, 1, func(d *draft) *int { return &d.BufferMemory }),
		"max.request.size":    properties.Number(number, 1, func(d *draft) *int { return &d.MaxRequestSize }),
		"linger.ms":           properties.Millis(long, -1, func(d *draft) *time.Duration { return &d.Linger }),
		"max.block.ms":        properties.Millis(long, -1, func(d *draft) *time.Duration { return &d.MaxBlock }),
		"delivery.timeout.ms": properties.Millis(number, time.Millisecond, func(d *draft) *time.Duration { return &d.DeliveryTimeout }),

		"max.in.flight.requests.per.connection": properties.Number(one, 0, func(d *draft) *int { return &d.MaxInFlight }),

		"compression.type":       {Set: setCompression, Allowed: "none, gzip, snappy, lz4 or zstd"},
		"compression.gzip.level": levelOf(Gzip, properties.Range{Least: -1, Most: 9}, "1 to 9, or -1"),
		"compression.lz4.level":  levelOf(LZ4, properties.Range{Least: 1, Most: 17}, "1 to 17"),
		"compression.zstd.level": levelOf(Zstd, properties.Range{Least: -131072, Most: 22}, "-131072 to 22"),

		"partitioner.class": {Set: setPartitioner, Allowed: "RoundRobinPartitioner or kafka-python's DefaultPartitioner, with or without a package's name; " +
			"others are set in Config.Partitioner"},
		"partitioner.ignore.keys": without(false, "records with a key go to the key's partition; a Partitioner may do otherwise"),
		"partitioner.rack.aware":  without(false, "partitions are chosen without regard to racks"),
		"enable.idempotence":      without(false, "idempotence is yet to come: a batch that is sent again may be written twice"),
	}, propertiesWithout())
}

// propertiesWithout are those that have no effect.
func propertiesWithout() properties.Table[draft] {
	return properties.Join(
		properties.Without[draft]("keys and values are bytes: serialize them before Send", "key.serializer", "value.serializer"),
		properties.Without[draft]("it is about Java's classes", "interceptor.classes"),
		properties.Without[draft]("transactions are yet to come", "transactional.id", "transaction.timeout.ms", "transaction.two.phase.commit.enable"),
		properties.Without[draft]("records without a key go to a partition at random, of those that have a leader",
			"partitioner.adaptive.partitioning.enable", "partitioner.availability.timeout.ms"),
		properties.Without[draft]("partitions are chosen without regard to racks", "client.rack"),
		properties.Without[draft]("a batch takes its whole buffer at once", "buffer.memory.allocation.strategy"))
}

// without is a boolean of which one value is what this producer does.
func without(does bool, why properties.NoEffect) properties.Property[draft] {
	return properties.Bool(func(_ *draft, value bool) error {
		if value == does {
			return nil
		}
		return why
	})
}

func setCompression(d *draft, value string) (err error) {
	if d.Compression, err = ParseCompression(value); err != nil {
		return properties.ErrValue
	}
	return nil
}

// levelOf is the level of a codec. Only zstd has a level 0, its default.
func levelOf(codec Compression, r properties.Range, allowed string) properties.Property[draft] {
	var level int
	number := properties.Number(r, 0, func(*draft) *int { return &level })
	return properties.Property[draft]{Allowed: allowed, Set: func(d *draft, value string) error {
		if err := number.Set(d, value); err != nil || level == 0 && codec != Zstd {
			return properties.ErrValue
		}
		d.levels[codec] = level
		return nil
	}}
}

func setPartitioner(d *draft, value string) error {
	switch value[strings.LastIndex(value, ".")+1:] {
	case "DefaultPartitioner":
		d.Partitioner = nil
	case "RoundRobinPartitioner":
		d.Partitioner = NewRoundRobinPartitioner()
	default:
		return properties.ErrValue
	}
	return nil
}
