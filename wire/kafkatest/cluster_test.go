package kafkatest

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

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

// find asks for the group's coordinator until there is one.
func (c *testClient) find(group string) *msg.FindCoordinatorResponse {
	c.t.Helper()
	for range 10 {
		req := msg.NewFindCoordinatorRequest()
		req.Key = group
		if resp := ask(c, 0, req, new(msg.FindCoordinatorResponse)); resp.ErrorCode == wire.ErrNone {
			return resp
		}
	}
	c.t.Fatal("no coordinator")
	return nil
}

func TestFindCoordinator(t *testing.T) {
	c := Start(t, Brokers(3))
	client := dial(t, c, 1)
	req := msg.NewFindCoordinatorRequest()
	req.Key = "g"
	if resp := ask(client, 0, req, new(msg.FindCoordinatorResponse)); resp.ErrorCode != wire.ErrCoordinatorNotAvailable || resp.NodeID != -1 {
		t.Errorf("the first answer: %+v", resp)
	}
	first := client.find("g").NodeID
	// Java's hashes of these are 617330872, 103 and -2147483648, which has no
	// positive counterpart.
	for group, want := range map[string]int32{"kafkatest": 22, "g": 3, "polygenelubricants": 0} {
		if p := offsetsPartitionOf(group); p != want {
			t.Errorf("%s is in partition %d, want %d", group, p, want)
		}
	}
	heartbeat := msg.NewHeartbeatRequest()
	heartbeat.GroupID = "g"
	for node := range int32(3) {
		want := wire.ErrNotCoordinator
		if node+1 == first {
			want = wire.ErrUnknownMemberID
		}
		if resp := ask(dial(t, c, node+1), 0, heartbeat, new(msg.HeartbeatResponse)); resp.ErrorCode != want {
			t.Errorf("heartbeat at %d, coordinator %d: %v", node+1, first, resp.ErrorCode)
		}
	}
	c.StopBroker(first)
	if second := dial(t, c, first%3+1).find("g").NodeID; second == first {
		t.Errorf("the coordinator is still %d", second)
	}
	c.MoveCoordinator("g", first%3+1)
	if moved := dial(t, c, first%3+1).find("g").NodeID; moved != first%3+1 {
		t.Errorf("the coordinator was moved to %d and is %d", first%3+1, moved)
	}
	topics := dial(t, c, first%3+1).askMetadata(9).Topics
	if len(topics) != 1 || !topics[0].IsInternal || len(topics[0].Partitions) != 50 {
		t.Errorf("%d topics, internal %v", len(topics), topics[0].IsInternal)
	}
}

// A groupMember is a member of the group "g" over the wire, in the newest
// versions that the cluster has.
type groupMember struct {
	*testClient
	c       *Cluster
	id      string
	gen     int32
	leader  bool
	members []msg.JoinGroupResponseMember
}

func (m *groupMember) join() wire.ErrorCode {
	req := msg.NewJoinGroupRequest()
	req.GroupID, req.MemberID, req.ProtocolType, req.SessionTimeoutMs, req.RebalanceTimeoutMs = "g", m.id, "consumer", 10_000, 30_000
	req.Protocols = []msg.JoinGroupRequestProtocol{{Name: "range"}}
	resp := ask(m.testClient, m.c.versions[wire.KeyJoinGroup].Max, req, new(msg.JoinGroupResponse))
	m.id, m.gen, m.leader, m.members = resp.MemberID, resp.GenerationID, resp.Leader == resp.MemberID, resp.Members
	if resp.ErrorCode == wire.ErrMemberIDRequired {
		return m.join()
	}
	return resp.ErrorCode
}

func (m *groupMember) sync() (string, wire.ErrorCode) {
	req := msg.NewSyncGroupRequest()
	req.GroupID, req.MemberID, req.GenerationID = "g", m.id, m.gen
	if m.leader {
		for _, other := range m.members {
			req.Assignments = append(req.Assignments, msg.SyncGroupRequestAssignment{MemberID: other.MemberID, Assignment: []byte("for " + other.MemberID)})
		}
	}
	resp := ask(m.testClient, m.c.versions[wire.KeySyncGroup].Max, req, new(msg.SyncGroupResponse))
	return string(resp.Assignment), resp.ErrorCode
}

func (m *groupMember) heartbeat() wire.ErrorCode {
	req := msg.NewHeartbeatRequest()
	req.GroupID, req.MemberID, req.GenerationID = "g", m.id, m.gen
	return ask(m.testClient, m.c.versions[wire.KeyHeartbeat].Max, req, new(msg.HeartbeatResponse)).ErrorCode
}

// run is what a member does for its life: join, sync, and heartbeats every three
// seconds, until stop is closed. It counts the generations it was in.
func (m *groupMember) run(stop <-chan struct{}) (generations int) {
	for {
		switch code := m.join(); code {
		case wire.ErrNone:
		case wire.ErrUnknownMemberID:
			m.id = ""
			continue
		default:
			m.t.Errorf("join: %v", code)
			return generations
		}
		assignment, code := m.sync()
		for code == wire.ErrNone {
			if assignment != "for "+m.id {
				m.t.Errorf("%s was assigned %q", m.id, assignment)
			}
			select {
			case <-stop:
				return generations + 1
			case <-time.After(3 * time.Second):
				code = m.heartbeat()
			}
		}
		if code != wire.ErrRebalanceInProgress {
			m.t.Errorf("heartbeat or sync: %v", code)
			return generations
		}
		generations++
	}
}

func TestGroupOverTheWire(t *testing.T) {
	for _, release := range []string{"0.9.0.1", "0.10.2.2", "2.8.2", "4.4.0"} {
		synctest.Test(t, func(t *testing.T) {
			c := Start(t, Version(release))
			dial(t, c, 1).find("g")
			member := func() *groupMember { return &groupMember{testClient: dial(t, c, 1), c: c} }
			start, stop, stopSecond := time.Now(), make(chan struct{}), make(chan struct{})
			first, second := make(chan int), make(chan int)
			go func() { first <- member().run(stop) }()
			time.Sleep(time.Hour)
			go func() { second <- member().run(stopSecond) }()
			time.Sleep(time.Hour)
			close(stopSecond) // without leaving: its session ends
			if n := <-second; n != 1 {
				t.Errorf("%s: the second was in %d generations, want 1", release, n)
			}
			time.Sleep(time.Hour)
			close(stop)
			if n := <-first; n != 3 {
				t.Errorf("%s: the first was in %d generations, want 3", release, n)
			}
			if d := time.Since(start); d < 3*time.Hour {
				t.Errorf("%v have passed", d)
			}
		})
	}
}

func TestGroupCoordinatorMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start(t, Brokers(2))
		node := dial(t, c, 1).find("g").NodeID
		member := func() *groupMember { return &groupMember{testClient: dial(t, c, node), c: c} }
		a, b, stranger := member(), member(), member()
		a.join()
		a.sync()
		waiting := make(chan wire.ErrorCode)
		go func() { waiting <- b.join() }()
		synctest.Wait()
		a.join()
		if code := <-waiting; code != wire.ErrNone {
			t.Fatalf("join: %v", code)
		}
		a.sync()
		b.sync()
		for _, m := range []*groupMember{stranger, b} {
			go func() { waiting <- m.join() }()
			synctest.Wait()
		}
		c.MoveCoordinator("g", 3-node)
		for range 2 {
			if code := <-waiting; code != wire.ErrNotCoordinator {
				t.Errorf("who waited for the join: %v", code)
			}
		}
		if code := a.heartbeat(); code != wire.ErrNotCoordinator {
			t.Errorf("heartbeat at the old coordinator: %v", code)
		}
		a.testClient = dial(t, c, 3-node)
		if code := a.heartbeat(); code != wire.ErrRebalanceInProgress {
			t.Errorf("heartbeat at the new coordinator: %v", code)
		}
	})
}

func TestDescribeAndListGroups(t *testing.T) {
	c := Start(t)
	client := dial(t, c, 1)
	client.find("g")
	m := &groupMember{testClient: client, c: c}
	m.join()
	m.sync()
	req := msg.NewDescribeGroupsRequest()
	req.Groups = []string{"g", "none"}
	groups := ask(client, 6, req, new(msg.DescribeGroupsResponse)).Groups
	if g := groups[0]; g.GroupState != "Stable" || g.ProtocolType != "consumer" || g.ProtocolData != "range" || len(g.Members) != 1 ||
		g.Members[0].ClientID != "test" || g.Members[0].ClientHost != "/client.kafkatest" || string(g.Members[0].MemberAssignment) != "for "+m.id {
		t.Errorf("%+v", g)
	}
	if g := groups[1]; g.GroupState != "Dead" || g.ErrorCode != wire.ErrGroupIDNotFound {
		t.Errorf("%+v", g)
	}
	list := msg.NewListGroupsRequest()
	list.StatesFilter = []string{"stable"}
	if resp := ask(client, 5, list, new(msg.ListGroupsResponse)); len(resp.Groups) != 1 || resp.Groups[0].GroupID != "g" || resp.Groups[0].GroupType != "classic" {
		t.Errorf("%+v", resp)
	}
	list.StatesFilter = []string{"Empty"}
	if resp := ask(client, 5, list, new(msg.ListGroupsResponse)); len(resp.Groups) != 0 {
		t.Errorf("%+v", resp)
	}
}

func TestControl(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start(t, Topic("t", 1))
		id := c.topics["t"].id
		var mu sync.Mutex // guards the next two
		var action Action
		var seen []Request
		remove := c.Control(wire.KeyProduce, func(r Request) Action {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r)
			return action
		})
		act := func(a Action) {
			mu.Lock()
			defer mu.Unlock()
			action = a
		}
		end := func() int64 {
			return dial(t, c, 1).fetchOne(17, fetchRequest("t", id, 0, 0)).HighWatermark
		}
		produce := produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, "a"))
		closed := func(what string, written int64) {
			t.Helper()
			before := end()
			client := dial(t, c, 1)
			client.send(9, produce)
			client.wantClosed(what)
			if n := end() - before; n != written {
				t.Errorf("%s: %d records were written, want %d", what, n, written)
			}
		}
		unanswered := func(what string, written int64) {
			t.Helper()
			before := end()
			client := dial(t, c, 1)
			client.send(9, produce)
			client.conn.SetReadDeadline(time.Now().Add(time.Hour))
			if _, err := client.in.ReadByte(); err == io.EOF || err == nil {
				t.Errorf("%s: %v, want no answer", what, err)
			}
			if n := end() - before; n != written {
				t.Errorf("%s: %d records were written, want %d", what, n, written)
			}
		}
		act(Action{Lose: true, Close: true})
		closed("closed before", 0)
		act(Action{Close: true})
		closed("closed after", 1)
		act(Action{Lose: true})
		unanswered("lost", 0)
		act(Action{NoAnswer: true})
		unanswered("not answered", 1)

		client := dial(t, c, 1)
		act(Action{Error: wire.ErrNotEnoughReplicas})
		if p := client.produceOne(9, produce); p.ErrorCode != wire.ErrNotEnoughReplicas {
			t.Errorf("%v", p.ErrorCode)
		}
		act(Action{Response: &msg.ProduceResponse{ThrottleTimeMs: 77}})
		if resp := ask(client, 9, produce, new(msg.ProduceResponse)); resp.ThrottleTimeMs != 77 {
			t.Errorf("%+v", resp)
		}
		act(Action{Delay: time.Minute})
		start := time.Now()
		if p := client.produceOne(9, produce); p.ErrorCode != wire.ErrNone || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", p.ErrorCode, time.Since(start))
		}
		hold := make(chan struct{})
		act(Action{Hold: hold})
		time.AfterFunc(time.Hour, func() { close(hold) })
		start = time.Now()
		if p := client.produceOne(9, produce); p.ErrorCode != wire.ErrNone || time.Since(start) != time.Hour {
			t.Errorf("%v after %v", p.ErrorCode, time.Since(start))
		}
		remove()
		client.produceOne(9, produce)
		mu.Lock()
		defer mu.Unlock()
		if len(seen) != 8 || c.Requests(wire.KeyProduce) != 9 {
			t.Errorf("saw %d requests of %d", len(seen), c.Requests(wire.KeyProduce))
		}
		if r := seen[7]; r.Node != 1 || r.Key != wire.KeyProduce || r.Version != 9 || r.ClientID != "test" || r.Message.(*msg.ProduceRequest).Acks != 1 {
			t.Errorf("%+v", r)
		}
	})
}

func TestStopAndStartBroker(t *testing.T) {
	for name, network := range map[string][]Option{"memory": nil, "TCP": {TCP()}} {
		t.Run(name, func(t *testing.T) {
			c := Start(t, append(network, Version("2.8.2"), Brokers(2), Topic("t", 1))...)
			c.CreateTopic("lonely", 1, 1)
			lonely, _ := c.Leader("lonely", 0)
			first, second := dial(t, c, 1), dial(t, c, 2)
			first.produceOne(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, "a")))
			c.StopBroker(1)
			first.wantClosed("a stopped broker")
			if _, err := c.Dial(context.Background(), "tcp", c.Addr(1)); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("Dial: %v", err)
			}
			resp := second.askMetadata(9, "t")
			p := resp.Topics[0].Partitions[0]
			if len(resp.Brokers) != 1 || resp.ControllerID != 2 || p.LeaderID != 2 || p.LeaderEpoch != 1 || !slices.Equal(p.IsrNodes, []int32{2}) || !slices.Equal(p.OfflineReplicas, []int32{1}) {
				t.Errorf("%+v", resp)
			}
			// v0 has an error for replicas that are down, and the leader is good all the same.
			if p := second.askMetadata(0, "t").Topics[0].Partitions[0]; p.ErrorCode != wire.ErrReplicaNotAvailable || p.LeaderID != 2 || len(p.ReplicaNodes) != 1 {
				t.Errorf("%+v", p)
			}
			if p := second.produceOne(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, "b"))); p.ErrorCode != wire.ErrNone || p.BaseOffset != 1 {
				t.Errorf("%+v", p)
			}
			// Each epoch's batches say so.
			data := second.fetchOne(12, fetchRequest("t", wire.UUID{}, 0, 0)).Records
			reader := record.NewReader(data)
			for epoch := range int32(2) {
				if b, err := reader.Next(); err != nil || b.PartitionLeaderEpoch != epoch {
					t.Errorf("batch of leader epoch %d: %+v, %v", epoch, b, err)
				}
			}

			c.StopBroker(2)
			if leader, _ := c.Leader("t", 0); leader != -1 {
				t.Errorf("leader %d without brokers", leader)
			}
			if err := c.StartBroker(1); err != nil {
				t.Fatal(err)
			}
			if p := dial(t, c, 1).fetchOne(12, fetchRequest("t", wire.UUID{}, 0, 0)); len(read(t, p.Records, nil)) != 2 {
				t.Errorf("after the restart: %+v", p)
			}
			if lonely == 2 {
				if p := dial(t, c, 1).askMetadata(9, "lonely").Topics[0].Partitions[0]; p.ErrorCode != wire.ErrLeaderNotAvailable || p.LeaderID != -1 {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Start(t, Brokers(2))
		frozen, other := dial(t, c, 1), dial(t, c, 2)
		if !c.Freeze(1) || c.Freeze(7) {
			t.Error("Freeze")
		}
		frozen.send(9, msg.NewMetadataRequest())
		if resp := other.askMetadata(9); len(resp.Brokers) != 2 {
			t.Errorf("%+v", resp)
		}
		c.CreateTopic("t", 1, 1)
		c.MoveLeader("t", 0, 1)
		dial(t, c, 1).send(9, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V2, nil, 0, "a")))
		synctest.Wait()
		if end := c.topics["t"].partitions[0].log.end; end != 0 {
			t.Errorf("a frozen broker has written %d records", end)
		}
		start := time.Now()
		time.AfterFunc(time.Hour, func() { c.Thaw(1) })
		if err := frozen.receive(9, new(msg.MetadataResponse)); err != nil || time.Since(start) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestDialInMemory(t *testing.T) {
	c := Start(t)
	if _, err := c.Dial(context.Background(), "tcp", "example.com:9092"); func() bool {
		var dns *net.DNSError
		return !errors.As(err, &dns) || !dns.IsNotFound
	}() {
		t.Errorf("Dial elsewhere: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := c.Dial(ctx, "tcp", c.Addr(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial with a cancelled context: %v", err)
	}
	if c.Addr(2) != "" || len(c.Addrs()) != 1 || c.Addrs()[0] != "broker-1.kafkatest:9092" {
		t.Errorf("addresses: %q, %q", c.Addr(2), c.Addrs())
	}
}
