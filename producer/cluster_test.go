package producer

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// newClient makes a client of a cluster, closed when the test ends.
func newClient(t testing.TB, cluster *kafkatest.Cluster) *netclient.Client {
	t.Helper()
	client, err := netclient.New(netclient.Config{
		BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// newProducer makes a producer with a client of its own, closed when the test
// ends.
func newProducer(t testing.TB, cluster *kafkatest.Cluster, cfg Config) *Producer {
	t.Helper()
	p, err := New(newClient(t, cluster), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// quiet keeps a cluster from telling why it refuses what it is told to refuse.
var quiet = kafkatest.Logger(slog.New(slog.DiscardHandler))

func mustSend(t testing.TB, p *Producer, rec Record) Future {
	t.Helper()
	f, err := p.Send(context.Background(), rec)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustWait(t testing.TB, f Future) RecordMetadata {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	md, err := f.Wait(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return md
}

// written is a record as a broker keeps it.
type written struct {
	offset    int64
	timestamp int64
	key       string
	value     string
	null      bool // key and value
	headers   []wire.Header
	format    record.Format
	codec     record.Compression
}

// readLog reads a partition from the start, at its leader.
func readLog(t testing.TB, cluster *kafkatest.Cluster, topic string, partition int32) []written {
	t.Helper()
	ctx := context.Background()
	client := newClient(t, cluster)
	pool := client.NewPool(netclient.PoolConfig{})
	defer pool.Close()
	in, err := client.EnsureTopic(ctx, topic)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Conn(ctx, in.Partition(partition).Leader)
	if err != nil {
		t.Fatal(err)
	}
	version, err := conn.Version(wire.KeyFetch, 12) // topics by name
	if err != nil {
		t.Fatal(err)
	}
	var log []written
	for {
		req := msg.NewFetchRequest()
		req.MaxBytes = 100 << 20
		fetch := msg.FetchRequestTopicPartition{}
		fetch.SetDefaults()
		fetch.Partition, fetch.FetchOffset, fetch.PartitionMaxBytes = partition, int64(len(log)), 100<<20
		req.Topics = []msg.FetchRequestTopic{{Topic: topic, Partitions: []msg.FetchRequestTopicPartition{fetch}}}
		var resp msg.FetchResponse
		if err := conn.DoVersion(ctx, version, req, &resp); err != nil {
			t.Fatal(err)
		}
		data := resp.Responses[0].Partitions[0]
		if data.ErrorCode != wire.ErrNone {
			t.Fatalf("fetch: %v", data.ErrorCode)
		}
		if len(data.Records) == 0 {
			return log
		}
		log = append(log, readRecords(t, data.Records)...)
	}
}

func readRecords(t testing.TB, data []byte) (all []written) {
	t.Helper()
	reader := record.NewReader(data)
	for {
		b, err := reader.Next()
		if err != nil {
			return all
		}
		records, err := b.Records(compress.New(), nil, 0)
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			t.Fatal(err)
		}
		var rec record.Record
		for ok, err := records.Next(&rec); ok || err != nil; ok, err = records.Next(&rec) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, written{rec.Offset, rec.Timestamp, string(rec.Key), string(rec.Value), rec.Key == nil && rec.Value == nil, headersOf(&rec), b.Format, b.Compression})
		}
	}
}
