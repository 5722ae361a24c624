package e2e

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// TestUnreadable has in one partition what the consumer's limits refuse. Its
// error says where to Seek, that passes it, and the other partition is read all
// the while.
func TestUnreadable(t *testing.T) {
	for _, version := range []string{"0.8.2.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: version, Partitions: 2})
			addrs := netclient.Config{BootstrapServers: cluster.Addrs()}
			t.Run("a batch that unpacks to too much", func(t *testing.T) {
				writeAround(t, addrs, producer.Config{Compression: producer.Gzip}, "unpacked", bytes.Repeat([]byte("x"), 900_000))
				next := readPast(t, addrs, consumer.Config{MaxUnpackedBytes: 100_000}, "unpacked", func(err error) (int64, bool) {
					e, ok := errors.AsType[*consumer.BatchTooLargeError](err)
					if !ok || e.Partition != 1 || e.Offset != 1 || e.Limit != 100_000 {
						return 0, false
					}
					return e.Next, true
				})
				if next != 2 {
					t.Errorf("it says to Seek to %d, want 2", next)
				}
			})
			t.Run("an answer that is too large", func(t *testing.T) {
				writeAround(t, addrs, producer.Config{}, "answer", bytes.Repeat([]byte("x"), 300_000))
				small := addrs
				small.MaxResponseSize = 200_000
				next := readPast(t, small, consumer.Config{FetchMaxBytes: 100_000}, "answer", func(err error) (int64, bool) {
					e, ok := errors.AsType[*consumer.RecordTooLargeError](err)
					if !ok || e.Partition != 1 || e.Offset != 1 {
						return 0, false
					}
					return e.Next, true
				})
				if next != 2 {
					t.Errorf("it says to Seek to %d, want 2", next)
				}
			})
		})
	}
}

// writeAround writes a small record to both partitions, a large one and a small one
// after it to the second.
func writeAround(t *testing.T, client netclient.Config, cfg producer.Config, topic string, large []byte) {
	t.Helper()
	cfg.BatchSize = -1 // a batch for each record
	p, err := producer.Dial(client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, rec := range []producer.Record{
		{Partition: producer.ToPartition(0), Value: []byte("a")},
		{Partition: producer.ToPartition(1), Value: []byte("b")},
		{Partition: producer.ToPartition(1), Value: large},
		{Partition: producer.ToPartition(1), Value: []byte("after")},
	} {
		rec.Topic = topic
		if _, err := p.SendWait(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
	}
}

// readPast reads both partitions, past what is refused, and returns where the error
// says to go on.
func readPast(t *testing.T, client netclient.Config, cfg consumer.Config, topic string, refused func(error) (next int64, ok bool)) (next int64) {
	t.Helper()
	cfg.AutoOffsetReset = consumer.ResetEarliest
	c, err := consumer.Dial(client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	second := consumer.TopicPartition{Topic: topic, Partition: 1}
	if err := c.Assign(consumer.TopicPartition{Topic: topic}, second); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	got := map[string]bool{}
	for rec, err := range c.Records(ctx) {
		if err == nil {
			got[string(rec.Value)] = true
		} else if at, ok := refused(err); !ok {
			t.Fatalf("read %v, then: %v", got, err)
		} else if next == 0 && got["a"] && got["b"] {
			next = at
			if err := c.Seek(second, next); err != nil {
				t.Fatal(err)
			}
		}
		if got["after"] {
			return next
		}
	}
	t.Fatal("the records ended")
	return 0
}
