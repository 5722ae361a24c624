package e2e

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire"
)

// TestKeylessToCompacted: a compacted topic takes no record without a key. Brokers
// before 2.4 call the whole batch corrupt, which Kafka calls retriable; later ones
// name the record. Either way it fails soon, and alone.
func TestKeylessToCompacted(t *testing.T) {
	for version, want := range map[string]string{
		"0.9.0.1": "1 of its 3 records have no key", "0.10.2.2": "1 of its 3 records have no key", "0.11.0.3": "1 of its 3 records have no key",
		"4.4.0": "without key",
	} {
		t.Run(version, func(t *testing.T) {
			r := newRefusing(t, version, map[string]string{"log.cleanup.policy": "compact"}, producer.Config{Linger: time.Second, Compression: producer.Gzip})
			began := time.Now()
			r.send(t, "before", []byte("k"), "")
			a, b, c := r.sendKey([]byte("a"), "a"), r.sendKey(nil, "b"), r.sendKey([]byte("c"), "c")
			r.written(t, a, c)
			code := wire.ErrInvalidRecord
			if version != "4.4.0" {
				code = wire.ErrCorruptMessage
			}
			r.refused(t, b, code, want)
			r.send(t, "after", []byte("k"), "")
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			r.log(t, "before a c after")
		})
	}
}

// TestDecompressedLimit: 4.4.0 refuses compressed records that unpack to too much,
// without saying why or which.
func TestDecompressedLimit(t *testing.T) {
	r := newRefusing(t, "4.4.0", map[string]string{"max.decompressed.message.bytes": "5000"}, producer.Config{Linger: time.Second, Compression: producer.Gzip})
	r.send(t, "before", []byte("k"), "")
	a, b, c := r.sendKey([]byte("a"), "a"), r.sendKey([]byte("b"), strings.Repeat("b", 9000)), r.sendKey([]byte("c"), "c")
	r.written(t, a, c)
	r.refused(t, b, wire.ErrInvalidRecord, "max.decompressed.message.bytes (from 4.4), as the largest record has 9001 bytes")
	r.log(t, "before a c")
}

// TestTooLargeWithoutRetries: a batch that is too large is split whatever Retries
// says, and a record that is fails alone.
func TestTooLargeWithoutRetries(t *testing.T) {
	for _, version := range []string{"0.9.0.1", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			r := newRefusing(t, version, map[string]string{"message.max.bytes": "2000", "replica.fetch.max.bytes": "2000"}, producer.Config{Linger: time.Second, Retries: -1})
			r.send(t, "before", nil, "")
			var fs []producer.Future
			want := "before"
			for i := range 20 {
				value := strings.Repeat(string(rune('a'+i)), 300)
				fs = append(fs, r.sendKey(nil, value))
				want += " " + value
			}
			large := r.sendKey(nil, strings.Repeat("x", 3000))
			last := r.sendKey(nil, "last")
			r.written(t, append(fs, last)...)
			r.refused(t, large, wire.ErrMessageTooLarge, "1 record not acknowledged")
			r.log(t, want+" last")
		})
	}
}

// TestNamesThatCollide: no broker creates a topic beside one whose name differs only
// in dots and underscores; those of KRaft say no more than that it is unknown.
func TestNamesThatCollide(t *testing.T) {
	for version, code := range map[string]wire.ErrorCode{"0.10.2.2": wire.ErrInvalidTopicException, "2.8.2": wire.ErrInvalidTopicException, "4.4.0": wire.ErrUnknownTopicOrPartition} {
		t.Run(version, func(t *testing.T) {
			r := newRefusing(t, version, nil, producer.Config{})
			r.send(t, "v", nil, "a_b")
			began := time.Now()
			_, err := r.p.Send(r.ctx, producer.Record{Topic: "a.b", Value: []byte("v")})
			e, ok := errors.AsType[*netclient.TopicError](err)
			if !ok || e.Collides != "a_b" || !errors.Is(err, code) || time.Since(began) > 10*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		})
	}
}

// refusing is a producer on a cluster that refuses some records.
type refusing struct {
	t      *testing.T
	ctx    context.Context
	client *netclient.Client
	p      *producer.Producer
}

func newRefusing(t *testing.T, version string, properties map[string]string, cfg producer.Config) *refusing {
	t.Helper()
	cluster := startCluster(t, realkafka.Config{Version: version, Properties: properties})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	p, err := producer.New(client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return &refusing{t, ctx, client, p}
}

// send writes a record, to topic "t" unless another is named. A topic that was made
// a moment ago may have no leader, which without retries fails the first ones.
func (r *refusing) send(t *testing.T, value string, key []byte, topic string) {
	t.Helper()
	if topic == "" {
		topic = "t"
	}
	for {
		_, err := r.p.SendWait(r.ctx, producer.Record{Topic: topic, Key: key, Value: []byte(value)})
		if err == nil {
			return
		}
		if r.ctx.Err() != nil || !netclient.IsRetriable(err) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (r *refusing) sendKey(key []byte, value string) producer.Future {
	r.t.Helper()
	f, err := r.p.Send(r.ctx, producer.Record{Topic: "t", Key: key, Value: []byte(value)})
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

func (r *refusing) written(t *testing.T, fs ...producer.Future) {
	t.Helper()
	for i, f := range fs {
		if _, err := f.Wait(r.ctx); err != nil {
			t.Fatalf("record %d: %v", i, err)
		}
	}
}

func (r *refusing) refused(t *testing.T, f producer.Future, code wire.ErrorCode, text string) {
	t.Helper()
	_, err := f.Wait(r.ctx)
	e, ok := errors.AsType[*producer.DeliveryError](err)
	if !ok || !errors.Is(err, code) || e.MaybeWritten || e.Records != 1 || !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %v", err)
	}
	t.Log(err)
}

// log compares the values in topic "t" with what is wanted, in order.
func (r *refusing) log(t *testing.T, want string) {
	t.Helper()
	c, err := consumer.New(r.client, consumer.Config{AutoOffsetReset: consumer.ResetEarliest})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Assign(consumer.TopicPartition{Topic: "t"})
	var got []string
	for rec, err := range c.Records(r.ctx) {
		if err != nil {
			t.Fatalf("%v; read so far: %v", err, got)
		}
		if got = append(got, string(rec.Value)); len(got) == len(strings.Fields(want)) {
			break
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("the log holds %v, want %s", got, want)
	}
}
