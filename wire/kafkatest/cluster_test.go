package kafkatest

import (
	"slices"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// askMetadata asks for the named topics, or for all.
func (c *testClient) askMetadata(version int16, names ...string) *msg.MetadataResponse {
	c.t.Helper()
	req := msg.NewMetadataRequest()
	if len(names) == 0 && version > 0 {
		req.Topics = nil
	}
	for _, name := range names {
		req.Topics = append(req.Topics, msg.MetadataRequestTopic{Name: &name})
	}
	return ask(c, version, req, new(msg.MetadataResponse))
}

func TestMetadata(t *testing.T) {
	c := Start(t, Version("2.8.2"), Brokers(3), Partitions(2), Topic("known", 4))
	client := dial(t, c, 2)
	resp := client.askMetadata(9)
	if len(resp.Brokers) != 3 || resp.Brokers[1].Host != "broker-2.kafkatest" || resp.Brokers[1].Port != 9092 || resp.ControllerID != 1 || *resp.ClusterID != c.id {
		t.Errorf("%+v", resp)
	}
	if len(resp.Topics) != 1 || *resp.Topics[0].Name != "known" || len(resp.Topics[0].Partitions) != 4 {
		t.Fatalf("%+v", resp.Topics)
	}
	for i, p := range resp.Topics[0].Partitions {
		if want := int32(i%3 + 1); p.LeaderID != want || len(p.ReplicaNodes) != 3 || !slices.Equal(p.ReplicaNodes, p.IsrNodes) || p.LeaderEpoch != 0 {
			t.Errorf("%+v, want leader %d", p, want)
		}
	}

	// A topic is made by asking for it; the answer to that has no partitions yet.
	if topic := client.askMetadata(9, "new").Topics[0]; topic.ErrorCode != wire.ErrLeaderNotAvailable || len(topic.Partitions) != 0 {
		t.Errorf("%+v", topic)
	}
	if topic := client.askMetadata(9, "new").Topics[0]; topic.ErrorCode != wire.ErrNone || len(topic.Partitions) != 2 {
		t.Errorf("%+v", topic)
	}
	req := msg.NewMetadataRequest()
	req.Topics, req.AllowAutoTopicCreation = []msg.MetadataRequestTopic{{Name: new("other")}}, false
	for range 2 {
		if topic := ask(client, 9, req, new(msg.MetadataResponse)).Topics[0]; topic.ErrorCode != wire.ErrUnknownTopicOrPartition {
			t.Errorf("%+v", topic)
		}
	}
	if topic := client.askMetadata(9, "no/name").Topics[0]; topic.ErrorCode != wire.ErrInvalidTopicException {
		t.Errorf("%+v", topic)
	}

	// From 3.3 on topics can be asked for by id.
	c = Start(t, Topic("known", 1), NoAutoCreate())
	client = dial(t, c, 1)
	req.Topics = []msg.MetadataRequestTopic{{TopicID: c.topics["known"].id}, {TopicID: wire.UUID{1}}}
	topics := ask(client, 12, req, new(msg.MetadataResponse)).Topics
	if *topics[0].Name != "known" || topics[1].ErrorCode != wire.ErrUnknownTopicID {
		t.Errorf("%+v", topics)
	}
	for range 2 {
		if topic := client.askMetadata(12, "new").Topics[0]; topic.ErrorCode != wire.ErrUnknownTopicOrPartition {
			t.Errorf("without auto-creation: %+v", topic)
		}
	}
}

// Brokers of 0.8 tell only of those that have a replica of a topic in the answer.
func TestMetadataOf08NamesFewBrokers(t *testing.T) {
	for _, version := range []string{"0.8.0", "0.8.1.1", "0.8.2.2"} {
		c := Start(t, Version(version))
		client := dial(t, c, 1)
		if resp := client.askMetadata(0); len(resp.Brokers) != 0 {
			t.Errorf("%s: %+v", version, resp)
		}
		if resp := client.askMetadata(0, "t"); len(resp.Brokers) != 0 || resp.Topics[0].ErrorCode != wire.ErrLeaderNotAvailable {
			t.Errorf("%s: %+v", version, resp)
		}
		if resp := client.askMetadata(0, "t"); len(resp.Brokers) != 1 || resp.Topics[0].ErrorCode != wire.ErrNone {
			t.Errorf("%s: %+v", version, resp)
		}
		if resp := client.askMetadata(0, "no name"); len(resp.Brokers) != 0 {
			t.Errorf("%s: %+v", version, resp)
		}
	}
}

func TestCreateTopics(t *testing.T) {
	c := Start(t, Version("2.8.2"), Brokers(2), Partitions(3), Topic("there", 1))
	create := func(node int32, topic msg.CreateTopicsRequestTopic, only bool) msg.CreateTopicsResponseTopic {
		req := msg.NewCreateTopicsRequest()
		req.Topics, req.ValidateOnly = []msg.CreateTopicsRequestTopic{topic}, only
		return ask(dial(t, c, node), 7, req, new(msg.CreateTopicsResponse)).Topics[0]
	}
	for _, test := range []struct {
		what  string
		topic msg.CreateTopicsRequestTopic
		want  wire.ErrorCode
	}{
		{"new", msg.CreateTopicsRequestTopic{Name: "a", NumPartitions: 4, ReplicationFactor: 2}, wire.ErrNone},
		{"again", msg.CreateTopicsRequestTopic{Name: "a", NumPartitions: 4, ReplicationFactor: 2}, wire.ErrTopicAlreadyExists},
		{"defaults", msg.CreateTopicsRequestTopic{Name: "b", NumPartitions: -1, ReplicationFactor: -1}, wire.ErrNone},
		{"many replicas", msg.CreateTopicsRequestTopic{Name: "c", NumPartitions: 1, ReplicationFactor: 3}, wire.ErrInvalidReplicationFactor},
		{"no partitions", msg.CreateTopicsRequestTopic{Name: "c", NumPartitions: 0, ReplicationFactor: 1}, wire.ErrInvalidPartitions},
		{"a bad name", msg.CreateTopicsRequestTopic{Name: "c d", NumPartitions: 1, ReplicationFactor: 1}, wire.ErrInvalidTopicException},
		{"assigned", msg.CreateTopicsRequestTopic{Name: "d", NumPartitions: -1, ReplicationFactor: -1, Assignments: []msg.CreateTopicsRequestTopicAssignment{{BrokerIDs: []int32{2}}}}, wire.ErrNone},
		{"assigned to nobody", msg.CreateTopicsRequestTopic{Name: "e", NumPartitions: -1, ReplicationFactor: -1, Assignments: []msg.CreateTopicsRequestTopicAssignment{{BrokerIDs: []int32{7}}}}, wire.ErrInvalidReplicaAssignment},
	} {
		if out := create(1, test.topic, false); out.ErrorCode != test.want {
			t.Errorf("%s: %v, want %v", test.what, out.ErrorCode, test.want)
		}
	}
	if n := len(c.topics["a"].partitions); n != 4 {
		t.Errorf("a has %d partitions", n)
	}
	if n := len(c.topics["b"].partitions); n != 3 {
		t.Errorf("b has %d partitions", n)
	}
	if leader, _ := c.Leader("d", 0); leader != 2 {
		t.Errorf("d's leader is %d", leader)
	}
	if out := create(1, msg.CreateTopicsRequestTopic{Name: "f", NumPartitions: 1, ReplicationFactor: 1}, true); out.ErrorCode != wire.ErrNone || c.topics["f"] != nil {
		t.Errorf("only validated: %v, made %v", out.ErrorCode, c.topics["f"])
	}
	if out := create(2, msg.CreateTopicsRequestTopic{Name: "g", NumPartitions: 1, ReplicationFactor: 1}, false); out.ErrorCode != wire.ErrNotController {
		t.Errorf("not at the controller: %v", out.ErrorCode)
	}
}

func TestListOffsets(t *testing.T) {
	c := Start(t, Version("3.5.2"), Topic("t", 1))
	client := dial(t, c, 1)
	gzip, _ := compress.New().Codec(record.Gzip)
	client.produceOne(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 1000, "a", "b", "c")))
	client.produceOne(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, gzip, 2000, "d", "e")))
	client.produceOne(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 1500, "f")))
	c.DeleteRecords("t", 0, 1)
	list := func(version int16, timestamp int64) msg.ListOffsetsResponseTopicPartition {
		req := msg.NewListOffsetsRequest()
		req.Topics = []msg.ListOffsetsRequestTopic{{Name: "t", Partitions: make([]msg.ListOffsetsRequestTopicPartition, 1)}}
		req.Topics[0].Partitions[0].SetDefaults()
		req.Topics[0].Partitions[0].Timestamp = timestamp
		if version == 0 {
			req.Topics[0].Partitions[0].MaxNumOffsets = 10
		}
		return ask(client, version, req, new(msg.ListOffsetsResponse)).Topics[0].Partitions[0]
	}
	for _, test := range []struct{ timestamp, offset, at int64 }{
		{latestTimestamp, 6, -1}, {earliestTimestamp, 1, -1}, {maxTimestamp, 4, 2001},
		{0, 1, 1001}, {1001, 1, 1001}, {1002, 2, 1002}, {1003, 3, 2000}, {2001, 4, 2001}, {2002, -1, -1},
	} {
		if p := list(7, test.timestamp); p.ErrorCode != wire.ErrNone || p.Offset != test.offset || p.Timestamp != test.at {
			t.Errorf("ListOffsets of %d: %+v, want offset %d at %d", test.timestamp, p, test.offset, test.at)
		}
	}
	if p := list(6, maxTimestamp); p.ErrorCode != wire.ErrUnsupportedVersion {
		t.Errorf("ListOffsets v6 of %d: %+v", maxTimestamp, p)
	}
	for timestamp, want := range map[int64][]int64{latestTimestamp: {6, 1}, earliestTimestamp: {1}, 0: {}} {
		if p := list(0, timestamp); !slices.Equal(p.OldStyleOffsets, want) {
			t.Errorf("ListOffsets v0 of %d: %v, want %v", timestamp, p.OldStyleOffsets, want)
		}
	}
}

// Offsets committed with v0 and with later versions live side by side.
func TestOffsets(t *testing.T) {
	for _, release := range []string{"0.8.1.1", "0.8.2.2", "0.9.0.1", "2.8.2", "3.9.2", "4.4.0"} {
		c := Start(t, Version(release), Topic("t", 2))
		c.groups.ensureTopic()
		client, topic := dial(t, c, 1), c.topics["t"]
		for v := c.versions[wire.KeyOffsetCommit].Min; v <= c.versions[wire.KeyOffsetCommit].Max; v++ {
			req := requestFor(t, wire.KeyOffsetCommit, v, topic).(*msg.OffsetCommitRequest)
			req.Topics[0].Partitions[0].CommittedOffset = 100 + int64(v)
			resp := ask(client, v, req, new(msg.OffsetCommitResponse)).Topics[0].Partitions
			want, missing := wire.ErrNone, wire.ErrUnknownTopicOrPartition
			if !c.config.release.at(0, 11) {
				missing = wire.ErrNone
			}
			if v == 0 && c.config.release.kraft() {
				want, missing = wire.ErrUnsupportedVersion, wire.ErrUnsupportedVersion
			}
			if resp[0].ErrorCode != want || resp[1].ErrorCode != missing {
				t.Errorf("%s: OffsetCommit v%d: %+v", release, v, resp)
			}
		}
		for v := c.versions[wire.KeyOffsetFetch].Min; v <= c.versions[wire.KeyOffsetFetch].Max; v++ {
			resp := ask(client, v, requestFor(t, wire.KeyOffsetFetch, v, topic).(*msg.OffsetFetchRequest), new(msg.OffsetFetchResponse))
			offset, other := int64(100+c.versions[wire.KeyOffsetCommit].Max), wire.ErrNone
			note := "note"
			if v == 0 {
				offset, other, note = 100, wire.ErrUnknownTopicOrPartition, ""
			}
			type partition struct {
				offset int64
				note   string
				code   wire.ErrorCode
			}
			var is []partition
			if v < 8 {
				for _, p := range resp.Topics[0].Partitions {
					is = append(is, partition{p.CommittedOffset, *p.Metadata, p.ErrorCode})
				}
			} else {
				for _, p := range resp.Groups[0].Topics[0].Partitions {
					is = append(is, partition{p.CommittedOffset, *p.Metadata, p.ErrorCode})
				}
			}
			want := []partition{{offset, note, wire.ErrNone}, {-1, "", other}}
			if v == 0 && c.config.release.kraft() {
				want = []partition{{-1, "", wire.ErrUnsupportedVersion}, {-1, "", wire.ErrUnsupportedVersion}}
			}
			if !slices.Equal(is, want) {
				t.Errorf("%s: OffsetFetch v%d: %+v, want %+v", release, v, is, want)
			}
		}
	}
}

// With null for topics all that a group has committed is told.
func TestOffsetFetchAll(t *testing.T) {
	c := Start(t, Version("2.8.2"), Topic("t", 2), Topic("u", 1))
	c.groups.ensureTopic()
	client := dial(t, c, 1)
	for _, name := range []string{"u", "t"} {
		ask(client, 2, requestFor(t, wire.KeyOffsetCommit, 2, c.topics[name]).(*msg.OffsetCommitRequest), new(msg.OffsetCommitResponse))
	}
	req := msg.NewOffsetFetchRequest()
	req.GroupID, req.Topics = "commits", nil
	resp := ask(client, 2, req, new(msg.OffsetFetchResponse))
	if len(resp.Topics) != 2 || resp.Topics[0].Name != "t" || resp.Topics[1].Partitions[0].CommittedOffset != 42 {
		t.Errorf("%+v", resp.Topics)
	}
	req.Topics = []msg.OffsetFetchRequestTopic{}
	if resp := ask(client, 2, req, new(msg.OffsetFetchResponse)); len(resp.Topics) != 0 {
		t.Errorf("of no topic: %+v", resp.Topics)
	}
}

// TestDeleteTopic: what is created again is another topic, and nobody's commits
// are left.
func TestDeleteTopic(t *testing.T) {
	c := Start(t, Topic("t", 1))
	before := c.topic("t", wire.UUID{}).id
	c.groups.offsets.commit("g", wire.TopicPartition{Topic: "t"}, committedOffset{offset: 5})
	c.groups.offsets.commit("g", wire.TopicPartition{Topic: "u"}, committedOffset{offset: 6})
	c.DeleteTopic("t")
	if c.topic("t", wire.UUID{}) != nil || c.topic("", before) != nil {
		t.Error("it is still there")
	}
	if left := c.groups.offsets["g"]; len(left) != 1 {
		t.Errorf("commits: %v", left)
	}
	c.CreateTopic("t", 2, 1)
	if again := c.topic("t", wire.UUID{}); again.id == before || len(again.partitions) != 2 {
		t.Errorf("made again it is %+v", again)
	}
}
