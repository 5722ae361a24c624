package netclient

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// decodedMetadata is an answer as it comes from the network, with all that its
// parts share.
func decodedMetadata(t testing.TB, epoch func(i int) int32, topics ...string) *msg.MetadataResponse {
	resp := msg.NewMetadataResponse()
	for i := range int32(3) {
		resp.Brokers = append(resp.Brokers, msg.MetadataResponseBroker{NodeID: i, Host: fmt.Sprint("broker-", i), Port: 9092})
	}
	for i, name := range topics {
		resp.Topics = append(resp.Topics, msg.MetadataResponseTopic{Name: &name, TopicID: wire.UUID{1}, Partitions: []msg.MetadataResponseTopicPartition{
			{LeaderEpoch: epoch(i), ReplicaNodes: []int32{0, 1, 2}, IsrNodes: []int32{0, 1, 2}}}})
	}
	b, err := resp.Append(nil, 12)
	if err != nil {
		t.Fatal(err)
	}
	var got msg.MetadataResponse
	if err := got.Decode(b, 12); err != nil {
		t.Fatal(err)
	}
	return &got
}

func never(int) int32 { return 0 }

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestTopicKeepsNothingElse: whoever keeps a topic, or a snapshot per topic, does not
// keep the others as often.
func TestTopicKeepsNothingElse(t *testing.T) {
	const n = 10_000
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("topic-", i)
	}
	before := heap()
	md := emptyMetadata()
	topics := make([]*Topic, n)
	for i, name := range names {
		md = md.merge(answered{resp: decodedMetadata(t, never, name), version: 12, partial: true})
		topics[i] = md.Topic(name)
	}
	if each := (heap() - before) / n; each > 800 {
		t.Errorf("%d topics, asked for one after the other, take %d bytes each", n, each)
	}
	before = heap()
	for i := range 20 {
		resp := decodedMetadata(t, func(j int) int32 { return min(1, max(0, int32(i-j%20+1))) }, names...)
		md = md.merge(answered{resp: resp, version: 12})
		for j := range topics {
			changes := j%20 == i
			now := md.Topic(names[j])
			if now == topics[j] == changes {
				t.Fatalf("topic %d after refresh %d, which changes it: %v, is the same: %v", j, i, changes, now == topics[j])
			}
			topics[j] = now
		}
	}
	if each := (heap() - before) / n; each > 100 {
		t.Errorf("20 refreshes, each with changes of other topics, keep %d more bytes per topic", each)
	}
	runtime.KeepAlive(topics)
}

// TestQuietTopics: a new topic costs one small request, however many are known; all
// are asked for when the snapshot is old, and none when nobody looks them up.
func TestQuietTopics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3_000
		cluster := kafkatest.Start(t, kafkatest.Logger(quiet))
		var topics, bytes atomic.Int64
		cluster.Control(wire.KeyMetadata, func(r kafkatest.Request) kafkatest.Action {
			topics.Store(int64(len(r.Message.(*msg.MetadataRequest).Topics)))
			return kafkatest.Action{}
		})
		c, err := New(Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: quiet, Trace: &Trace{RequestDone: func(i RequestInfo) {
			if i.Key == wire.KeyMetadata {
				bytes.Store(int64(i.Written + i.Read))
			}
		}}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for i := range n {
			cluster.CreateTopic(fmt.Sprint("t", i), 1, 1)
		}
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := cluster.Requests(wire.KeyMetadata)
		for i := range n {
			if _, err := c.EnsureTopic(t.Context(), fmt.Sprint("t", i)); err != nil {
				t.Fatal(err)
			}
			if topics.Load() != 1 || bytes.Load() > 500 {
				t.Fatalf("new topic %d: %d topics were asked for, in %d bytes with the answer", i, topics.Load(), bytes.Load())
			}
		}
		if made := cluster.Requests(wire.KeyMetadata) - before; made != n {
			t.Errorf("%d new topics made %d requests", n, made)
		}
		time.Sleep(5*time.Minute + time.Second)
		if asked := topics.Load(); asked != n {
			t.Errorf("after 5 minutes %d topics were asked for", asked)
		}
		time.Sleep(11 * time.Minute)
		if asked := topics.Load(); asked != 0 {
			t.Errorf("%d topics are asked for that nobody has looked up for 16 minutes", asked)
		}
		for range c.Metadata().Topics() {
			t.Error("a topic that nobody looks up is kept")
			break
		}
		if c.mu.Lock(); len(c.refresh.inUse) > 0 {
			t.Errorf("%d are in use", len(c.refresh.inUse))
		}
		c.mu.Unlock()
	})
}

// BenchmarkNewTopic is what a new topic costs beside those that are known.
func BenchmarkNewTopic(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			names := make([]string, n)
			for i := range names {
				names[i] = fmt.Sprint("topic-", i)
			}
			md := emptyMetadata().merge(answered{resp: decodedMetadata(b, never, names...), version: 12})
			one := answered{resp: decodedMetadata(b, never, "new"), version: 12, partial: true}
			b.ReportAllocs()
			for b.Loop() {
				md.merge(one)
			}
		})
	}
}
