package producer

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

func TestConfigDefaults(t *testing.T) {
	var c Config
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	got := c.withDefaults()
	want := Config{
		Acks: AcksAll, Retries: math.MaxInt, BatchSize: 16384, BufferMemory: 33554432, MaxBlock: time.Minute, MaxRequestSize: 1048576,
		MaxInFlight: 5, RequestTimeout: 30 * time.Second, DeliveryTimeout: 120 * time.Second,
	}
	if got != want {
		t.Errorf("defaults are %+v\nwant %+v", got, want)
	}
	if got := (Config{BatchSize: -1, MaxBlock: -1, Retries: -1}).withDefaults(); got.BatchSize != 0 || got.MaxBlock != 0 || got.Retries != 0 {
		t.Errorf("negative values became BatchSize %d, MaxBlock %v, Retries %d; want Kafka's 0", got.BatchSize, got.MaxBlock, got.Retries)
	}
	if got := (Config{RequestTimeout: math.MaxInt64}).withDefaults(); got.RequestTimeout.Milliseconds() != math.MaxInt32 {
		t.Errorf("a RequestTimeout of ever is %v", got.RequestTimeout)
	}
	if got := (Config{BatchSize: 5000, MaxRequestSize: 1000}).withDefaults(); got.BatchSize != 1000 {
		t.Errorf("a batch of %d bytes in requests of 1000", got.BatchSize)
	}
}

func TestConfigValidateJoinsMistakes(t *testing.T) {
	c := Config{
		Acks: 9, Linger: -1, BufferMemory: -1, MaxRequestSize: -1, MaxInFlight: -1, RequestTimeout: -1,
		Compression: Snappy, CompressionLevel: 3,
	}
	err := c.Validate()
	for _, field := range []string{"Acks", "Linger", "BufferMemory", "MaxRequestSize", "MaxInFlight", "RequestTimeout", "CompressionLevel"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%v: says nothing about %s", err, field)
		}
	}
	for _, acks := range []Acks{2, -3, 127, -128} {
		if (&Config{Acks: acks}).Validate() == nil {
			t.Errorf("acks %d is accepted", acks)
		}
	}
	c = Config{Linger: time.Hour}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "DeliveryTimeout") {
		t.Errorf("a linger longer than the delivery timeout: %v", err)
	}
}

func TestParseProperties(t *testing.T) {
	client, c, err := ParseProperties(map[string]string{
		"bootstrap.servers": "a:1,b:2", "client.id": "me", "acks": "all", "retries": "2147483647", "batch.size": "0",
		"linger.ms": "5", "buffer.memory": "1000", "max.block.ms": "0", "max.request.size": "2000",
		"max.in.flight.requests.per.connection": "1", "request.timeout.ms": "3000", "delivery.timeout.ms": "9000",
		"compression.type": "gzip", "compression.gzip.level": "7", "compression.zstd.level": "-5", "retry.backoff.ms": "50",
		"partitioner.class": "org.apache.kafka.clients.producer.RoundRobinPartitioner", "enable.idempotence": "false",
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Partitioner.(*RoundRobinPartitioner); !ok {
		t.Errorf("the partitioner is %T", c.Partitioner)
	}
	c.Partitioner = nil
	want := Config{
		Acks: AcksAll, Retries: 2147483647, BatchSize: -1, Linger: 5 * time.Millisecond, BufferMemory: 1000, MaxBlock: -1,
		MaxRequestSize: 2000, MaxInFlight: 1, RequestTimeout: 3 * time.Second, DeliveryTimeout: 9 * time.Second,
		Compression: Gzip, CompressionLevel: 7,
	}
	if c != want {
		t.Errorf("producer.Config is %+v\nwant %+v", c, want)
	}
	if len(client.BootstrapServers) != 2 || client.ClientID != "me" || client.RetryBackoff != 50*time.Millisecond || client.RequestTimeout != 3*time.Second {
		t.Errorf("netclient.Config is %+v", client)
	}
}

// TestParsePropertiesZeros: where 0 is the Config's default, Kafka's 0 is
// another value.
func TestParsePropertiesZeros(t *testing.T) {
	_, c, err := ParseProperties(map[string]string{"retries": "0", "acks": "0", "batch.size": "0", "max.block.ms": "0"})
	if want := (Config{Retries: -1, Acks: AcksNone, BatchSize: -1, MaxBlock: -1}); err != nil || c != want {
		t.Errorf("%+v, %v\nwant %+v", c, err, want)
	}
}

func TestParsePropertiesNamesMistakes(t *testing.T) {
	for name, value := range map[string]string{
		"acks": "2", "retries": "-1", "batch.size": "many", "linger.ms": "-5", "compression.type": "zip",
		"compression.gzip.level": "12", "partitioner.class": "mine", "enable.idempotence": "yes",
		"max.in.flight.requests.per.connection": "0", "bootstrap.servers": ":::", "delivery.timeout.ms": "99999999999999999",
	} {
		_, _, err := ParseProperties(map[string]string{name: value})
		if err == nil || !strings.Contains(err.Error(), name+"="+value) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	var names []string
	many := map[string]string{"retries": "x", "linger.ms": "x", "batch.size": "x", "acks": "x", "max.block.ms": "x", "buffer.memory": "x", "delivery.timeout.ms": "x"}
	_, _, manyErr := ParseProperties(many)
	for line := range strings.Lines(manyErr.Error()) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	if !slices.IsSorted(names) || len(names) != len(many) {
		t.Errorf("mistakes are told in the order %q", names)
	}
	client, _, err := ParseProperties(map[string]string{"lingerms": "5", "group.id": "g", "acks": "1"})
	if err == nil || !strings.Contains(err.Error(), "no such client property: lingerms;") || client.Ignored["group.id"] != "it is a property of a consumer" {
		t.Errorf("unknown properties: %v; ignored: %v", err, client.Ignored)
	}
}

// TestParsePropertiesOfJava: what stands in every Java file does not stop anyone.
func TestParsePropertiesOfJava(t *testing.T) {
	client, c, err := ParseProperties(map[string]string{
		"bootstrap.servers": "a:1", "key.serializer": "org.apache.kafka.common.serialization.StringSerializer", "value.serializer": "x",
		"linger.ms": "0", "max.block.ms": "9223372036854775807", "enable.idempotence": "true", "partitioner.ignore.keys": "false",
		"compression.lz4.level": "9", "compression.zstd.level": "0",
	})
	if want := (Config{MaxBlock: c.MaxBlock}); err != nil || c != want || c.MaxBlock < 100*365*24*time.Hour {
		t.Errorf("%+v, %v", c, err)
	}
	if got := slices.Sorted(maps.Keys(client.Ignored)); !slices.Equal(got, []string{"enable.idempotence", "key.serializer", "value.serializer"}) {
		t.Errorf("ignored: %v", client.Ignored)
	}
}

// TestNothingUnreadable: nothing is written that a consumer with the default Config
// refuses to unpack.
func TestNothingUnreadable(t *testing.T) {
	const large = 400 << 20
	for _, c := range []Compression{{}, Zstd} {
		r := newRig(t, Config{BatchSize: large, MaxRequestSize: large, BufferMemory: large, Compression: c})
		if got := r.acc.cfg.BatchSize; got != record.DefaultLimit {
			t.Errorf("batches have up to %d bytes", got)
		}
		for _, size := range []int{record.DefaultLimit, record.DefaultLimit + 1} {
			err := r.acc.check(r.part(0), &Record{Topic: "t"}, size)
			if refused := c != (Compression{}) && size > record.DefaultLimit; refused != (err != nil) {
				t.Errorf("%v, %d bytes: %v", c, size, err)
			} else if e, ok := errors.AsType[*RecordTooLargeError](err); refused && (!ok || e.Limit != record.DefaultLimit) {
				t.Errorf("the error is %v", err)
			}
		}
	}
}

func TestNewWithoutClient(t *testing.T) {
	if p, err := New(nil, Config{}); p != nil || err == nil || !strings.Contains(err.Error(), "Dial") {
		t.Errorf("%v, %v", p, err)
	}
}
