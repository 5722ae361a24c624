package producer

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// Config says how a Producer batches, sends and retries. Its zero value loses
// nothing that the cluster can keep: every in-sync replica acknowledges, and a
// record is sent again until DeliveryTimeout. How to reach the cluster, and what is
// common to all that stand on a client (retry backoff, logging, metrics), is in
// netclient.Config.
type Config struct {
	// Acks is who must have a record before it counts as written. Default:
	// AcksAll. Kafka and kafka-python: acks, whose default in kafka-python is
	// AcksLeader.
	Acks Acks

	// Retries is how often a batch is sent again after an error that may pass: a
	// leader that moved, a connection lost, an answer that did not come. Sending
	// again can write a batch twice, when only its answer was lost. A batch that
	// never left this program, because no connection stood or no leader was
	// known, waits for DeliveryTimeout whatever Retries says. Default: 0, as often
	// as DeliveryTimeout allows; negative: never, Kafka's 0. Kafka and
	// kafka-python: retries, whose default in kafka-python is 0.
	Retries int

	// BatchSize is the size in bytes, before compression, at which a batch is
	// full; a larger record travels alone. Each partition in use takes a buffer
	// of this size out of BufferMemory. More than MaxRequestSize, BufferMemory or
	// 128 MiB, what this library's consumer unpacks at most by default, counts as
	// that. Default: 16384; negative: one record per batch. Kafka:
	// batch.size; kafka-python: batch_size.
	BatchSize int

	// Linger is how long a batch that is not full waits for more records.
	// Records that arrive while a broker has MaxInFlight requests to answer
	// share a batch in any case. Default: 0, no wait. Kafka: linger.ms;
	// kafka-python: linger_ms.
	Linger time.Duration

	// BufferMemory bounds the memory, in bytes, for records that have no result
	// yet. When it is used up, Send waits, for MaxBlock at most. Default: 32 MiB.
	// Kafka: buffer.memory; kafka-python: buffer_memory.
	BufferMemory int

	// MaxBlock is how long Send and PartitionsFor may wait for a topic's metadata
	// and for buffer space, both together. Default: 60 s; negative: not at all.
	// Kafka: max.block.ms; kafka-python: max_block_ms.
	MaxBlock time.Duration

	// MaxRequestSize bounds, in bytes, the batches of one request, and so a
	// single record too: Send refuses a larger one. Brokers have their own bound,
	// message.max.bytes. Default: DefaultMaxRequestSize. Kafka: max.request.size;
	// kafka-python: max_request_size.
	MaxRequestSize int

	// MaxInFlight is how many requests may wait for an answer from one broker. A
	// partition has batches in at most one of them, which keeps its order, unless
	// Retries is negative. Default: 5. Kafka: max.in.flight.requests.per.connection;
	// kafka-python: max_in_flight_requests_per_connection.
	MaxInFlight int

	// RequestTimeout is how long a broker may wait for the replicas that Acks
	// asks for; half a second later the connection is given up, and with it all
	// requests on it. More than 2147483647 ms counts as that. Default: 30 s. Kafka:
	// request.timeout.ms; kafka-python: request_timeout_ms.
	RequestTimeout time.Duration

	// DeliveryTimeout bounds a record's whole way, from the opening of its batch:
	// waiting, sending and sending again. It must be longer than Linger. Default:
	// 120 s. Kafka: delivery.timeout.ms (KIP-91); kafka-python has none.
	DeliveryTimeout time.Duration

	// Compression is what batches are compressed with: Gzip, Snappy, LZ4 (brokers
	// of 0.8.2 or later) or Zstd (2.1 or later). Default: none. Kafka:
	// compression.type; kafka-python: compression_type.
	Compression Compression

	// CompressionLevel is the codec's own level: 1 (fast) to 9 for gzip, 1 to 17
	// for lz4, -131072 to 22 for zstd; snappy has none. Default: 0, the codec's
	// default. Kafka: compression.gzip.level, compression.lz4.level,
	// compression.zstd.level (KIP-390).
	CompressionLevel int

	// Partitioner chooses the partition of a record that names none. Default:
	// DefaultPartitioner. Kafka: partitioner.class; kafka-python: partitioner.
	Partitioner Partitioner

	// ClientID names this producer in the brokers' logs, quotas and metrics.
	// Default: the client's. Kafka: client.id; kafka-python: client_id.
	ClientID string
}

// Acks is who must have a record before it counts as written. A number means
// what Kafka means by it, or something safer: 1 is AcksLeader, -1 and 0 are
// AcksAll.
type Acks int8

const (
	// AcksAll: every in-sync replica, at least min.insync.replicas of them.
	// Kafka: acks=all or -1.
	AcksAll Acks = 0
	// AcksLeader: the partition's leader. If it fails at once afterwards, before
	// another replica has the record, the record is lost. Kafka: acks=1.
	AcksLeader Acks = 1
	// AcksNone: nobody. A record has its result when it is written to the
	// connection; its offset is -1. What the broker refuses is lost: it closes the
	// connection then, which is logged as a warning, and does not say why. Kafka:
	// acks=0.
	AcksNone Acks = -2
)

// acksAll is Kafka's number for AcksAll.
const acksAll Acks = -1

// String is the value of the property acks: "all", "1" or "0".
func (a Acks) String() string {
	switch a {
	case AcksAll, acksAll:
		return "all"
	case AcksLeader:
		return "1"
	case AcksNone:
		return "0"
	}
	return fmt.Sprintf("Acks(%d)", int8(a))
}

// wire is the number in a request.
func (a Acks) wire() int16 {
	switch a {
	case AcksLeader:
		return 1
	case AcksNone:
		return 0
	}
	return -1
}

// DefaultMaxRequestSize is what Config.MaxRequestSize is when it is 0, in bytes.
const DefaultMaxRequestSize = 1 << 20

const (
	defaultBatchSize       = 16 << 10
	defaultBufferMemory    = 32 << 20
	defaultMaxBlock        = 60 * time.Second
	defaultMaxInFlight     = 5
	defaultRequestTimeout  = 30 * time.Second
	defaultDeliveryTimeout = 120 * time.Second

	maxRequestTimeout = math.MaxInt32 * time.Millisecond // what a request has room for
)

// Validate gives every mistake in the Config, joined into one error, or nil.
func (c *Config) Validate() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	notNegative := func(name string, value int64) {
		if value < 0 {
			wrong("%s is %d; it can't be negative", name, value)
		}
	}
	if c.Acks < AcksNone || c.Acks > AcksLeader {
		wrong("Acks is %d; want AcksAll, AcksLeader or AcksNone", c.Acks)
	}
	notNegative("Linger", int64(c.Linger))
	notNegative("BufferMemory", int64(c.BufferMemory))
	notNegative("MaxRequestSize", int64(c.MaxRequestSize))
	notNegative("MaxInFlight", int64(c.MaxInFlight))
	notNegative("RequestTimeout", int64(c.RequestTimeout))
	notNegative("DeliveryTimeout", int64(c.DeliveryTimeout))
	if all := c.withDefaults(); c.Linger >= all.DeliveryTimeout && c.DeliveryTimeout >= 0 {
		wrong("Linger is %v and DeliveryTimeout %v; batches would expire while they linger", c.Linger, all.DeliveryTimeout)
	}
	if _, err := c.Compression.open(c.CompressionLevel); err != nil {
		errs = append(errs, fmt.Errorf("Compression, CompressionLevel: %w", err))
	}
	return errors.Join(errs...)
}

// withDefaults is the Config with every default filled in, and with 0 where
// Kafka has a 0.
func (c Config) withDefaults() Config {
	c.Retries = orDefault(c.Retries, math.MaxInt)
	c.BatchSize = orDefault(c.BatchSize, defaultBatchSize)
	c.BufferMemory = orDefault(c.BufferMemory, defaultBufferMemory)
	c.MaxBlock = orDefault(c.MaxBlock, defaultMaxBlock)
	c.MaxRequestSize = orDefault(c.MaxRequestSize, DefaultMaxRequestSize)
	c.MaxInFlight = orDefault(c.MaxInFlight, defaultMaxInFlight)
	c.RequestTimeout = min(orDefault(c.RequestTimeout, defaultRequestTimeout), maxRequestTimeout)
	c.DeliveryTimeout = orDefault(c.DeliveryTimeout, defaultDeliveryTimeout)
	// A batch must fit into a request and into the memory, and be readable.
	c.BatchSize = min(c.BatchSize, c.MaxRequestSize, c.BufferMemory, record.DefaultLimit)
	return c
}

func orDefault[T ~int | ~int64](value, byDefault T) T {
	if value == 0 {
		return byDefault
	}
	return max(value, 0)
}
