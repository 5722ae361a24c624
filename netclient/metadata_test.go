package netclient

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// said is an answer to Metadata with one broker and one topic of one partition.
func said(topic string, leader, epoch int32, id byte) *msg.MetadataResponse {
	resp := msg.NewMetadataResponse()
	resp.Brokers = []msg.MetadataResponseBroker{{NodeID: 1, Host: "one", Port: 9092}, {NodeID: 2, Host: "two", Port: 9092, Rack: new("r")}}
	resp.ClusterID, resp.ControllerID = new("c"), 2
	resp.Topics = []msg.MetadataResponseTopic{{Name: &topic, TopicID: wire.UUID{id}, Partitions: []msg.MetadataResponseTopicPartition{
		{PartitionIndex: 0, LeaderID: leader, LeaderEpoch: epoch, ReplicaNodes: []int32{1, 2}, IsrNodes: []int32{leader}}}}}
	return resp
}

// next is the snapshot after an answer to a question about all that is in use.
func next(md *Metadata, resp *msg.MetadataResponse, version int16) *Metadata {
	return md.merge(answered{resp: resp, version: version, source: "b:1", at: time.Now()})
}

func TestMetadataQuestions(t *testing.T) {
	resp := said("t", 1, 7, 0)
	p := resp.Topics[0].Partitions
	resp.Topics[0].Partitions = []msg.MetadataResponseTopicPartition{{PartitionIndex: 5, LeaderID: -1}, p[0], {PartitionIndex: 1, LeaderID: 2, LeaderEpoch: 9}}
	now := time.Unix(5, 0)
	md := emptyMetadata().merge(answered{resp: resp, version: 12, source: "boot:9092", at: now})
	if ids := fmt.Sprint(md.Brokers()); ids != "[{1 one 9092 } {2 two 9092 r}]" {
		t.Errorf("brokers %s", ids)
	}
	if md.ControllerID() != 2 || md.ClusterID() != "c" || !md.AsOf().Equal(now) {
		t.Errorf("controller %d, cluster %q, as of %v", md.ControllerID(), md.ClusterID(), md.AsOf())
	}
	if b, ok := md.Broker(2); !ok || b.Addr() != "two:9092" {
		t.Errorf("broker 2 is %v", b)
	}
	topic := md.Topic("t")
	if ids := []int32{topic.Partitions[0].ID, topic.Partitions[1].ID, topic.Partitions[2].ID}; !slices.Equal(ids, []int32{0, 1, 5}) {
		t.Errorf("partitions %v are not sorted", ids)
	}
	if topic.Partition(5) == nil || topic.Partition(2) != nil || topic.Partition(-1) != nil {
		t.Error("Partition finds the wrong ones")
	}
	for tp, want := range map[wire.TopicPartition]string{
		{Topic: "t", Partition: 0}: "1 7 true",
		{Topic: "t", Partition: 1}: "2 9 true",
		{Topic: "t", Partition: 5}: "-1 -1 false", // no leader now
		{Topic: "t", Partition: 9}: "-1 -1 false",
		{Topic: "u", Partition: 0}: "-1 -1 false",
	} {
		node, epoch, ok := md.Leader(tp)
		if got := fmt.Sprint(node, epoch, ok); got != want {
			t.Errorf("the leader of %v is %s, want %s", tp, got, want)
		}
	}
}

// TestOldEpochNeverReplacesNewer: an answer from a broker that lags behind does
// not undo what is known; a topic made anew does.
func TestOldEpochNeverReplacesNewer(t *testing.T) {
	tp := wire.TopicPartition{Topic: "t"}
	leader := func(md *Metadata) string { n, e, _ := md.Leader(tp); return fmt.Sprint(n, " ", e) }
	merge := func(md *Metadata, resp *msg.MetadataResponse, version int16) *Metadata {
		return next(md, resp, version)
	}
	md := merge(emptyMetadata(), said("t", 1, 5, 1), 12)
	if md = merge(md, said("t", 2, 4, 1), 12); leader(md) != "1 5" {
		t.Errorf("after an older epoch the leader is %s", leader(md))
	}
	if md = merge(md, said("t", 2, 6, 1), 12); leader(md) != "2 6" {
		t.Errorf("after a newer epoch the leader is %s", leader(md))
	}
	if again := merge(md, said("t", 1, 0, 9), 12); leader(again) != "1 0" {
		t.Errorf("after the topic was made anew the leader is %s", leader(again))
	}
	for range 5 {
		if md = merge(md, said("t", 1, 0, 1), 12); leader(md) != "2 6" {
			t.Errorf("after an older epoch of the same topic the leader is %s", leader(md))
		}
	}
	if lagging := merge(md, said("t", 1, 5, 0), 9); leader(lagging) != "2 6" {
		t.Errorf("after an older epoch from a broker that knows no ids the leader is %s", leader(lagging))
	}
	moving := said("t", 1, 5, 1)
	moving.Topics[0].ErrorCode, moving.Topics[0].Partitions = wire.ErrLeaderNotAvailable, nil
	if after := merge(merge(merge(md, moving, 12), moving, 12), said("t", 1, 5, 1), 12); leader(after) != "2 6" {
		t.Errorf("after an error that passes, and an older epoch, the leader is %s", leader(after))
	}
	// Where topics have no id, only insisting tells that it was made anew.
	noID := merge(emptyMetadata(), said("t", 2, 6, 0), 9)
	for i, want := range []string{"2 6", "2 6", "1 0"} {
		if noID = merge(noID, said("t", 1, 0, 0), 9); leader(noID) != want {
			t.Errorf("answer %d with an older epoch: the leader is %s, want %s", i+1, leader(noID), want)
		}
	}
	if md = merge(md, said("t", 2, 3, 1), 8); leader(md) != "2 -1" {
		t.Errorf("epochs before v9 are not reliable, got %s", leader(md))
	}
}

// TestAnswerWithoutBrokers: 0.8 names none while a topic is being made.
func TestAnswerWithoutBrokers(t *testing.T) {
	known := next(emptyMetadata(), said("t", 1, -1, 0), 0)
	blank := &msg.MetadataResponse{Topics: []msg.MetadataResponseTopic{
		{Name: new("t"), ErrorCode: wire.ErrLeaderNotAvailable}, {Name: new("u"), ErrorCode: wire.ErrLeaderNotAvailable}}}
	md := next(known, blank, 0)
	if len(md.Brokers()) != 2 || !md.Topic("t").usable() {
		t.Errorf("what was known is gone: brokers %v, topic %+v", md.Brokers(), md.Topic("t"))
	}
	if u := md.Topic("u"); u == nil || u.Err != wire.ErrLeaderNotAvailable {
		t.Errorf("the new topic is %+v", u)
	}
	if md = next(known, said("u", 1, -1, 0), 0); md.Topic("t") != nil {
		t.Error("a topic that was not asked for is kept")
	}
}

func TestErrorReplacesTopicElsewhere(t *testing.T) {
	known := next(emptyMetadata(), said("t", 1, 3, 0), 12)
	resp := said("t", 1, 3, 0)
	resp.Topics[0].ErrorCode, resp.Topics[0].Partitions = wire.ErrUnknownTopicOrPartition, nil
	if md := next(known, resp, 12); md.Topic("t").usable() {
		t.Error("a deleted topic looks usable")
	}
}

func BenchmarkMergeLargeCluster(b *testing.B) {
	resp := msg.NewMetadataResponse()
	for i := range int32(1000) {
		resp.Brokers = append(resp.Brokers, msg.MetadataResponseBroker{NodeID: i, Host: fmt.Sprint("broker-", i), Port: 9092})
	}
	for i := range 1000 {
		var t msg.MetadataResponseTopic
		t.SetDefaults()
		t.Name = new(fmt.Sprint("topic-", i))
		for p := range int32(100) {
			t.Partitions = append(t.Partitions, msg.MetadataResponseTopicPartition{PartitionIndex: p, LeaderID: p, ReplicaNodes: []int32{1, 2, 3}, IsrNodes: []int32{1, 2, 3}})
		}
		resp.Topics = append(resp.Topics, t)
	}
	bytes, err := resp.Append(nil, 12)
	if err != nil {
		b.Fatal(err)
	}
	md := emptyMetadata()
	b.ReportAllocs()
	for b.Loop() {
		var resp msg.MetadataResponse
		if err := resp.Decode(bytes, 12); err != nil {
			b.Fatal(err)
		}
		md = next(md, &resp, 12)
	}
}

// FuzzMetadata: no answer makes the client panic or lose its way, whatever it
// says.
func FuzzMetadata(f *testing.F) {
	for _, version := range []int16{0, 1, 12} {
		resp := said("t", 1, 5, 0)
		if version < 1 {
			resp.Brokers[1].Rack = nil
		}
		if b, err := resp.Append(nil, version); err == nil {
			f.Add(b, version)
		}
	}
	known := next(emptyMetadata(), said("t", 1, 5, 0), 12)
	f.Fuzz(func(t *testing.T, b []byte, version int16) {
		metadataLayout(b)
		var resp msg.MetadataResponse
		if resp.Decode(b, version) != nil {
			return
		}
		md := next(known, &resp, version)
		md.Brokers()
		for topic := range md.Topics() {
			for _, p := range topic.Partitions {
				md.Leader(wire.TopicPartition{Topic: topic.Name, Partition: p.ID})
			}
		}
	})
}
