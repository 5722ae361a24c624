package kafkatest

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// everyRelease has one of each line that differs.
var everyRelease = []string{
	"0.8.0", "0.8.1.1", "0.8.2.2", "0.9.0.1", "0.10.0.1", "0.10.1.1", "0.10.2.2", "0.11.0.3", "1.0.2", "1.1.1", "2.0.1", "2.1.1", "2.2.2", "2.3.1",
	"2.4.1", "2.5.1", "2.6.3", "2.7.2", "2.8.2", "3.0.2", "3.3.2", "3.5.2", "3.7.2", "3.8.1", "3.9.2", "4.0.2", "4.1.2", "4.2.2", "4.4.0",
}

// formatOf is the message format for that version of Produce.
func formatOf(version int16) record.Format {
	return min(max(record.Format(version-1), 0), record.V2)
}

// What is produced comes back with its offsets, in every version of Produce and
// Fetch of every release, with every codec that it knows.
func TestProduceAndFetchEveryVersion(t *testing.T) {
	codecs := compress.New()
	for _, version := range everyRelease {
		t.Run(version, func(t *testing.T) {
			c := Start(t, Version(version), Topic("t", 1))
			client, r, id := dial(t, c, 1), c.config.release, c.topics["t"].id
			var want []got
			for v := c.versions[wire.KeyProduce].Min; v <= c.versions[wire.KeyProduce].Max; v++ {
				if !c.accepts(wire.KeyProduce, v) {
					continue
				}
				format := min(formatOf(v), r.maxFormat())
				for compression := record.None; compression <= record.Zstd; compression++ {
					if !r.knows(compression) || compression == record.Zstd && v < 7 {
						continue
					}
					codec, _ := codecs.Codec(compression)
					one := fmt.Sprintf("v%d %v", v, compression)
					timestamp := int64(1_000_000 + len(want))
					p := client.produceOne(v, produceRequest("t", id, 0, -1, batch(t, format, codec, timestamp, one, "two", "three")))
					if p.ErrorCode != wire.ErrNone || p.BaseOffset != int64(len(want)) {
						t.Fatalf("Produce %s: %v at %d, want offset %d", one, p.ErrorCode, p.BaseOffset, len(want))
					}
					for i, value := range []string{one, "two", "three"} {
						g := got{int64(len(want)), timestamp + int64(i), value}
						if format == record.V0 {
							g.timestamp = -1
						}
						want = append(want, g)
					}
				}
			}
			for v := c.versions[wire.KeyFetch].Min; v <= c.versions[wire.KeyFetch].Max; v++ {
				for _, from := range []int{0, 1, 4, len(want) - 1} {
					p := client.fetchOne(v, fetchRequest("t", id, 0, int64(from)))
					all := read(t, p.Records, codecs)
					// The batch that holds the offset may begin before it.
					all = slices.DeleteFunc(all, func(g got) bool { return g.offset < int64(from) })
					if p.ErrorCode != wire.ErrNone || p.HighWatermark != int64(len(want)) || !slices.Equal(all, want[from:]) {
						t.Fatalf("Fetch v%d from %d: %v, high watermark %d\n got %v\nwant %v", v, from, p.ErrorCode, p.HighWatermark, all, want[from:])
					}
				}
			}
		})
	}
}

func TestFetchLimits(t *testing.T) {
	c := Start(t, Version("2.8.2"), Topic("t", 2))
	client := dial(t, c, 1)
	var size int
	for i := range 3 {
		data := batch(t, record.V2, nil, 0, fmt.Sprintf("record %d", i))
		size = len(data)
		for p := range int32(2) {
			client.produceOne(8, produceRequest("t", wire.UUID{}, p, 1, data))
		}
	}
	fetch := func(version int16, maxBytes, partitionMax int) (sizes [2]int) {
		req := fetchRequest("t", wire.UUID{}, 0, 0)
		req.MaxBytes = int32(maxBytes)
		req.Topics[0].Partitions = append(req.Topics[0].Partitions, req.Topics[0].Partitions[0])
		for i := range req.Topics[0].Partitions {
			req.Topics[0].Partitions[i].Partition = int32(i)
			req.Topics[0].Partitions[i].PartitionMaxBytes = int32(partitionMax)
		}
		for i, p := range ask(client, version, req, new(msg.FetchResponse)).Responses[0].Partitions {
			sizes[i] = len(p.Records)
		}
		return sizes
	}
	for _, test := range []struct {
		version           int16
		max, partitionMax int
		want              [2]int
		why               string
	}{
		{2, 0, size + 10, [2]int{size + 10, size + 10}, "v2 knows no limit of the response, and cuts messages off"},
		{2, 0, 10, [2]int{10, 10}, "v2 cuts the first message off, too"},
		{4, 10 * size, size + 10, [2]int{size + 10, size + 10}, "the last batch may be cut off"},
		{4, 10 * size, 10, [2]int{size, 0}, "one batch comes whole however large; a first one is not cut off"},
		{4, 1, 10 * size, [2]int{size, 0}, "also when it is larger than the response may be"},
		{4, -1, -1, [2]int{size, 0}, "nonsense is no more than nothing"},
		{2, -1, -1, [2]int{}, "nonsense is nothing"},
		{4, 4 * size, 10 * size, [2]int{3 * size, size}, "the response's limit is for all partitions"},
	} {
		if sizes := fetch(test.version, test.max, test.partitionMax); sizes != test.want {
			t.Errorf("Fetch v%d of at most %d, %d a partition: got %v bytes, want %v: %s", test.version, test.max, test.partitionMax, sizes, test.want, test.why)
		}
	}
}

func TestFetchWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start(t, Topic("t", 1))
		id := c.topics["t"].id
		reader, writer := dial(t, c, 1), dial(t, c, 1)
		start := time.Now()
		req := fetchRequest("t", id, 0, 0)
		req.MaxWaitMs, req.MinBytes = 500, 1

		// Nothing comes: it takes as long as it may.
		if p := reader.fetchOne(17, req); len(p.Records) > 0 || time.Since(start) != 500*time.Millisecond {
			t.Errorf("%d bytes after %v", len(p.Records), time.Since(start))
		}

		// Something comes, and is enough.
		start = time.Now()
		reader.send(17, req)
		time.Sleep(100 * time.Millisecond)
		data := batch(t, record.V2, nil, 0, "a")
		writer.produceOne(9, produceRequest("t", id, 0, 1, data))
		var resp msg.FetchResponse
		reader.receive(17, &resp)
		if n := len(resp.Responses[0].Partitions[0].Records); n != len(data) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("%d bytes after %v, want %d after 100 ms", n, time.Since(start), len(data))
		}

		// Something comes, but not enough.
		start = time.Now()
		req.MinBytes = int32(2*len(data) + 1)
		reader.send(17, req)
		time.Sleep(100 * time.Millisecond)
		writer.produceOne(9, produceRequest("t", id, 0, 1, data))
		reader.receive(17, &resp)
		if n := len(resp.Responses[0].Partitions[0].Records); n != 2*len(data) || time.Since(start) != 500*time.Millisecond {
			t.Errorf("%d bytes after %v, want %d after 500 ms", n, time.Since(start), 2*len(data))
		}

		// The leader goes away meanwhile.
		start = time.Now()
		reader.send(17, req)
		time.Sleep(100 * time.Millisecond)
		c.MoveLeader("t", 0, -1)
		reader.receive(17, &resp)
		if p := resp.Responses[0].Partitions[0]; p.ErrorCode != wire.ErrNotLeaderOrFollower || time.Since(start) != 100*time.Millisecond {
			t.Errorf("%v after %v", p.ErrorCode, time.Since(start))
		}
	})
}

func TestFetchErrors(t *testing.T) {
	c := Start(t, Brokers(2), Topic("t", 1))
	id := c.topics["t"].id
	client := dial(t, c, 1)
	for range 3 {
		client.produceOne(9, produceRequest("t", id, 0, 1, batch(t, record.V2, nil, 0, "a")))
	}
	c.DeleteRecords("t", 0, 1)
	for _, test := range []struct {
		offset int64
		want   wire.ErrorCode
	}{{0, wire.ErrOffsetOutOfRange}, {1, wire.ErrNone}, {3, wire.ErrNone}, {4, wire.ErrOffsetOutOfRange}, {-1, wire.ErrOffsetOutOfRange}} {
		if p := client.fetchOne(17, fetchRequest("t", id, 0, test.offset)); p.ErrorCode != test.want {
			t.Errorf("Fetch from %d: %v, want %v", test.offset, p.ErrorCode, test.want)
		}
	}
	if p := client.fetchOne(17, fetchRequest("t", id, 7, 0)); p.ErrorCode != wire.ErrUnknownTopicOrPartition {
		t.Errorf("no such partition: %v", p.ErrorCode)
	}
	if p := client.fetchOne(17, fetchRequest("", wire.UUID{1}, 0, 0)); p.ErrorCode != wire.ErrUnknownTopicID {
		t.Errorf("no such topic id: %v", p.ErrorCode)
	}
	if p := client.fetchOne(12, fetchRequest("nope", wire.UUID{}, 0, 0)); p.ErrorCode != wire.ErrUnknownTopicOrPartition {
		t.Errorf("no such topic: %v", p.ErrorCode)
	}

	// Who asks with an old idea of the leader hears of it, and of the new one.
	c.MoveLeader("t", 0, 2)
	req := fetchRequest("t", id, 0, 1)
	req.Topics[0].Partitions[0].CurrentLeaderEpoch = 0
	resp := ask(client, 17, req, new(msg.FetchResponse))
	p := resp.Responses[0].Partitions[0]
	if p.ErrorCode != wire.ErrFencedLeaderEpoch || p.CurrentLeader.LeaderID != 2 || p.CurrentLeader.LeaderEpoch != 1 {
		t.Errorf("at the old leader: %v, leader %+v", p.ErrorCode, p.CurrentLeader)
	}
	if len(resp.NodeEndpoints) != 1 || resp.NodeEndpoints[0].Host != "broker-2.kafkatest" {
		t.Errorf("node endpoints: %+v", resp.NodeEndpoints)
	}
	second := dial(t, c, 2)
	for epoch, want := range map[int32]wire.ErrorCode{-1: wire.ErrNone, 0: wire.ErrFencedLeaderEpoch, 1: wire.ErrNone, 2: wire.ErrUnknownLeaderEpoch} {
		req.Topics[0].Partitions[0].CurrentLeaderEpoch = epoch
		if p := second.fetchOne(17, req); p.ErrorCode != want {
			t.Errorf("leader epoch %d: %v, want %v", epoch, p.ErrorCode, want)
		}
	}
	if p := client.produceOne(9, produceRequest("t", id, 0, 1, batch(t, record.V2, nil, 0, "a"))); p.ErrorCode != wire.ErrNotLeaderOrFollower {
		t.Errorf("produce at the old leader: %v", p.ErrorCode)
	}
}

// TestFollowersAnswer: those that lag behind answer with what they have, and that
// an offset beyond does not exist.
func TestFollowersAnswer(t *testing.T) {
	c := Start(t, Brokers(3), Topic("t", 1))
	id := c.topics["t"].id
	for _, value := range []string{"a", "b", "c"} {
		c.Produce("t", 0, Record{Value: []byte(value)})
	}
	c.MoveLeader("t", 0, 2)
	c.FallBehind("t", 0, 1, 2)
	follower := dial(t, c, 1)
	fetch := func(version int16, offset int64, epoch int32) msg.FetchResponseResponsePartition {
		req := fetchRequest("t", id, 0, offset)
		req.Topics[0].Partitions[0].CurrentLeaderEpoch = epoch
		return follower.fetchOne(version, req)
	}
	one := len(fetch(17, 1, -1).Records)
	if p := fetch(17, 0, 1); p.ErrorCode != wire.ErrNone || len(p.Records) != 2*one || p.HighWatermark != 2 {
		t.Errorf("%v, %d bytes up to %d; one record takes %d", p.ErrorCode, len(p.Records), p.HighWatermark, one)
	}
	for _, test := range []struct {
		version int16
		offset  int64
		epoch   int32
		want    wire.ErrorCode
	}{
		{17, 3, -1, wire.ErrOffsetOutOfRange}, {11, 3, -1, wire.ErrOffsetOutOfRange}, {17, 3, 1, wire.ErrOffsetOutOfRange},
		{17, 3, 0, wire.ErrFencedLeaderEpoch}, {17, 3, 2, wire.ErrUnknownLeaderEpoch}, {10, 0, -1, wire.ErrNotLeaderOrFollower},
	} {
		if p := fetch(test.version, test.offset, test.epoch); p.ErrorCode != test.want {
			t.Errorf("v%d from %d in epoch %d: %v, want %v", test.version, test.offset, test.epoch, p.ErrorCode, test.want)
		}
	}
	c.FallBehind("t", 0, 1, -1)
	if p := fetch(17, 2, -1); p.ErrorCode != wire.ErrNone || len(p.Records) != one {
		t.Errorf("a replica that has caught up: %v, %d bytes", p.ErrorCode, len(p.Records))
	}
	c.FallBehind("t", 0, 1, 0)
	c.MoveLeader("t", 0, 1)
	if p := fetch(17, 2, 2); p.ErrorCode != wire.ErrNone || len(p.Records) != one {
		t.Errorf("as the leader: %v, %d bytes", p.ErrorCode, len(p.Records))
	}
}

func TestProduceErrors(t *testing.T) {
	good := func(t *testing.T) []byte { return batch(t, record.V2, nil, 0, "a value") }
	damaged := func(t *testing.T) []byte {
		data := good(t)
		data[len(data)-3]++
		return data
	}
	zstd, _ := compress.New().Codec(record.Zstd)
	for _, test := range []struct {
		what    string
		release string
		version int16
		acks    int16
		topic   string
		data    func(t *testing.T) []byte
		want    wire.ErrorCode
	}{
		{"a wrong CRC", "4.4.0", 9, -1, "t", damaged, wire.ErrCorruptMessage},
		{"half a batch", "4.4.0", 9, -1, "t", func(t *testing.T) []byte { return good(t)[:30] }, wire.ErrInvalidRecord},
		{"no batch", "4.4.0", 9, -1, "t", func(t *testing.T) []byte { return []byte{} }, wire.ErrInvalidRecord},
		{"two batches", "4.4.0", 9, -1, "t", func(t *testing.T) []byte { return append(good(t), good(t)...) }, wire.ErrInvalidRecord},
		{"a message of v1", "4.4.0", 3, -1, "t", func(t *testing.T) []byte { return batch(t, record.V1, nil, 0, "a") }, wire.ErrInvalidRecord},
		{"a message of v1", "1.0", 3, -1, "t", func(t *testing.T) []byte { return batch(t, record.V1, nil, 0, "a") }, wire.ErrCorruptMessage},
		{"zstd too early", "4.4.0", 6, -1, "t", func(t *testing.T) []byte { return batch(t, record.V2, zstd, 0, "a") }, wire.ErrUnsupportedCompressionType},
		{"too large", "4.4.0", 9, -1, "t", func(t *testing.T) []byte { return batch(t, record.V2, nil, 0, string(make([]byte, 1048588))) }, wire.ErrMessageTooLarge},
		{"too large", "0.9.0.1", 1, -1, "t", func(t *testing.T) []byte { return batch(t, record.V0, nil, 0, string(make([]byte, 1000012))) }, wire.ErrMessageTooLarge},
		{"acks 2", "4.4.0", 9, 2, "t", good, wire.ErrInvalidRequiredAcks},
		{"acks 2", "0.8.2.2", 0, 2, "t", func(t *testing.T) []byte { return batch(t, record.V0, nil, 0, "a") }, wire.ErrRequestTimedOut},
		{"acks 2", "0.8.1.1", 0, 2, "t", func(t *testing.T) []byte { return batch(t, record.V0, nil, 0, "a") }, wire.ErrNone},
		{"no such topic", "4.4.0", 9, -1, "nope", good, wire.ErrUnknownTopicOrPartition},
		{"a batch of v2", "0.10.2.2", 2, -1, "t", good, wire.ErrCorruptMessage},
		{"a batch of v2", "0.9.0.1", 1, -1, "t", good, wire.ErrCorruptMessage},
		{"a message of v1", "0.9.0.1", 1, -1, "t", func(t *testing.T) []byte { return batch(t, record.V1, nil, 0, "a") }, wire.ErrNone},
	} {
		c := Start(t, Version(test.release), Topic("t", 1))
		p := dial(t, c, 1).produceOne(test.version, produceRequest(test.topic, wire.UUID{}, 0, test.acks, test.data(t)))
		if p.ErrorCode != test.want || (test.want == wire.ErrNone) != (p.BaseOffset == 0) {
			t.Errorf("%s, %s: %v, offset %d; want %v", test.what, test.release, p.ErrorCode, p.BaseOffset, test.want)
		}
	}
}

// With acks 0 nothing is answered; after an error the connection is closed.
func TestProduceWithoutAcks(t *testing.T) {
	c := Start(t, Topic("t", 1))
	id := c.topics["t"].id
	client := dial(t, c, 1)
	client.send(9, produceRequest("t", wire.UUID{}, 0, 0, batch(t, record.V2, nil, 0, "a")))
	if p := client.fetchOne(17, fetchRequest("t", id, 0, 0)); len(read(t, p.Records, nil)) != 1 {
		t.Errorf("the record is not there: %+v", p)
	}
	client.send(9, produceRequest("nope", wire.UUID{}, 0, 0, batch(t, record.V2, nil, 0, "a")))
	client.wantClosed("an error with acks 0")
}

func TestRetention(t *testing.T) {
	c := Start(t, Topic("t", 1), RetentionBytes(200<<10))
	client, id := dial(t, c, 1), c.topics["t"].id
	for range 1000 {
		client.produceOne(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, string(make([]byte, 1000)))))
	}
	p := client.fetchOne(17, fetchRequest("t", id, 0, 999))
	if p.LogStartOffset < 500 || p.LogStartOffset > 950 || p.HighWatermark != 1000 {
		t.Errorf("the log is %d to %d", p.LogStartOffset, p.HighWatermark)
	}
	if p := client.fetchOne(17, fetchRequest("t", id, 0, 0)); p.ErrorCode != wire.ErrOffsetOutOfRange {
		t.Errorf("Fetch from 0: %v", p.ErrorCode)
	}
}
