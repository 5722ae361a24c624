package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestOddBatches sends what no client should write, and reads all that the broker
// has taken. What it refuses is only
// logged. (tools/javacheck tries many more, without a broker.)
func TestOddBatches(t *testing.T) {
	for _, test := range []struct {
		version string
		produce int16 // the version of Produce
		format  record.Format
		taken   int // at least so many of the batches
	}{
		{"0.9.0.1", 1, record.V0, 4},
		{"0.10.2.2", 2, record.V1, 4},
		{"4.4.0", 12, record.V2, 8},
	} {
		t.Run(test.version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: test.version})
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			if err := cluster.CreateTopic(ctx, "odd", 1, 1); err != nil {
				t.Fatal(err)
			}
			client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			var want []string
			taken := 0
			for _, odd := range oddBatches(t, test.format) {
				if err := sendOdd(ctx, client, test.produce, odd.b); err != nil {
					t.Logf("%s: the broker refuses it: %v", odd.name, err)
					continue
				}
				taken++
				want = append(want, odd.want...)
			}
			if taken < test.taken {
				t.Errorf("%d batches were taken, want %d at least", taken, test.taken)
			}
			if got := readOdd(ctx, t, client, len(want)); !slices.Equal(got, want) {
				t.Errorf("read %q, want %q", got, want)
			}
		})
	}
}

type oddBatch struct {
	name string
	b    []byte
	want []string // the records' values
}

func sendOdd(ctx context.Context, client *netclient.Client, version int16, b []byte) error {
	topic, err := client.Topic(ctx, "odd")
	if err != nil {
		return err
	}
	pool := client.NewPool(netclient.PoolConfig{Name: "odd"})
	defer pool.Close()
	conn, err := pool.Conn(ctx, topic.Partitions[0].Leader)
	if err != nil {
		return err
	}
	req := msg.NewProduceRequest()
	req.Acks, req.TimeoutMs = -1, 10_000
	req.TopicData = []msg.ProduceRequestTopicData{{Name: "odd", PartitionData: []msg.ProduceRequestTopicDataPartitionData{{Records: b}}}}
	var resp msg.ProduceResponse
	if err := conn.DoVersion(ctx, version, req, &resp); err != nil {
		return err
	}
	return resp.Responses[0].PartitionResponses[0].ErrorCode.Err()
}

func readOdd(ctx context.Context, t *testing.T, client *netclient.Client, n int) (got []string) {
	c, err := consumer.New(client, consumer.Config{AutoOffsetReset: consumer.ResetEarliest})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Assign(consumer.TopicPartition{Topic: "odd"}); err != nil {
		t.Fatal(err)
	}
	for len(got) < n {
		polled, err := c.Poll(ctx, 5*time.Second)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		before := len(got)
		for r := range polled.All() {
			got = append(got, string(r.Value))
		}
		if len(got) == before && ctx.Err() != nil {
			t.Fatalf("no more than %q", got)
		}
	}
	return got
}

// oddBatches are batches of records "a" and "b", packed oddly, and odd records.
func oddBatches(t *testing.T, f record.Format) (all []oddBatch) {
	add := func(name string, b []byte, want ...string) { all = append(all, oddBatch{name, b, want}) }
	plain := plainOf(t, f, "a", "b")
	pack := func(c record.Compression, b []byte) []byte {
		codec, err := compress.NewCodec(c, 0)
		if err != nil {
			t.Fatal(err)
		}
		out, err := codec.Compress(nil, b, f)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	packed := func(name string, c record.Compression, parts ...[]byte) {
		add(c.String()+", "+name, oddWrap(f, c, 2, bytes.Join(parts, nil)), "a", "b")
	}
	half := len(plain) / 2
	packed("two members", record.Gzip, pack(record.Gzip, plain[:half]), pack(record.Gzip, plain[half:]))
	packed("zeros behind", record.Gzip, pack(record.Gzip, plain), make([]byte, 9))
	packed("two heads", record.Snappy, pack(record.Snappy, plain[:half]), pack(record.Snappy, plain[half:]))
	packed("3 bytes behind", record.Snappy, pack(record.Snappy, plain), []byte{1, 2, 3})
	versions := pack(record.Snappy, plain)
	versions[15] = 2
	packed("a later version", record.Snappy, versions)
	lz := pack(record.LZ4, plain)
	lz[len(lz)-1] |= 0x80
	packed("the high bit in the end mark", record.LZ4, lz)
	if f == record.V2 {
		zs := pack(record.Zstd, plain)
		packed("two frames", record.Zstd, pack(record.Zstd, plain[:half]), pack(record.Zstd, plain[half:]))
		packed("a part of a frame behind", record.Zstd, zs, zs[:9])
		add("offset deltas outside", oddWrap(f, record.None, 2, []byte{14, 0, 0, 0, 1, 2, 'a', 0, 14, 0, 0, 40, 1, 2, 'b', 0}), "a", "b")
		add("lengths of -2", oddWrap(f, record.None, 1, []byte{14, 0, 0, 0, 3, 2, 'a', 0}), "a")
		add("excess bits", oddWrap(f, record.None, 1, []byte{22, 0, 0, 0, 1, 0x82, 0x80, 0x80, 0x80, 0x70, 'a', 0}), "a")
		return all
	}
	if f == record.V0 {
		sum := pack(record.LZ4, plain)
		sum[6] ^= 0x55
		packed("any checksum of the header", record.LZ4, sum)
	}
	packed("a part of a message behind", record.Gzip, pack(record.Gzip, slices.Concat(plain, plain[:20])))
	add("a null of length -2", oddMessage(f, 0, 0xfffffffe, []byte("a"), nil), "a")
	add("bytes behind the value", oddMessage(f, 0, 0xffffffff, []byte("a"), []byte("xyz")), "a")
	return all
}

// plainOf are records of these values, as they are packed.
func plainOf(t *testing.T, f record.Format, values ...string) []byte {
	var b record.Builder
	b.Reset(f, nil)
	for _, v := range values {
		if err := b.Append(time.Now().UnixMilli(), nil, []byte(v), nil); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f == record.V2 {
		return out[61:]
	}
	return out
}

// oddWrap makes a batch of count records of what they are packed into.
func oddWrap(f record.Format, c record.Compression, count int32, packed []byte) []byte {
	if f != record.V2 {
		return oddMessage(f, byte(c), 0xffffffff, packed, nil, int64(count-1))
	}
	b := make([]byte, 61, 61+len(packed))
	b = append(b, packed...)
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	b[16] = 2
	binary.BigEndian.PutUint16(b[21:], uint16(c))
	binary.BigEndian.PutUint32(b[23:], uint32(count-1))
	binary.BigEndian.PutUint64(b[27:], uint64(time.Now().UnixMilli()))
	binary.BigEndian.PutUint64(b[35:], uint64(time.Now().UnixMilli()))
	binary.BigEndian.PutUint32(b[57:], uint32(count))
	record.Stamp(b, -1, -1, -1)
	return b
}

// oddMessage makes a message of v0 or v1 whose key is null, by that length.
func oddMessage(f record.Format, attributes byte, key uint32, value, rest []byte, offset ...int64) []byte {
	b := make([]byte, 16, 64+len(value))
	if len(offset) > 0 {
		binary.BigEndian.PutUint64(b, uint64(offset[0]))
	}
	b = append(b, byte(f), attributes)
	if f == record.V1 {
		b = binary.BigEndian.AppendUint64(b, uint64(time.Now().UnixMilli()))
	}
	b = binary.BigEndian.AppendUint32(b, key)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	b = append(append(b, value...), rest...)
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	binary.BigEndian.PutUint32(b[12:], crc32.ChecksumIEEE(b[16:]))
	return b
}
