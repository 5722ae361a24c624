package kafkatest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// requestFor makes a request that has something in every field that matters.
func requestFor(t *testing.T, key wire.APIKey, version int16, t1 *topic) wire.Request {
	id := wire.UUID{}
	name := t1.name
	switch key {
	case wire.KeyProduce:
		if version >= 13 {
			name, id = "", t1.id
		}
		return produceRequest(name, id, 0, 1, batch(t, formatOf(version), nil, 1, "a"))
	case wire.KeyFetch:
		if version >= 13 {
			name, id = "", t1.id
		}
		return fetchRequest(name, id, 0, 0)
	case wire.KeyListOffsets:
		req := msg.NewListOffsetsRequest()
		req.Topics = []msg.ListOffsetsRequestTopic{{Name: name, Partitions: make([]msg.ListOffsetsRequestTopicPartition, 2)}}
		for i := range req.Topics[0].Partitions {
			p := &req.Topics[0].Partitions[i]
			p.SetDefaults()
			p.PartitionIndex, p.Timestamp = int32(2*i), latestTimestamp // the second does not exist
		}
		return req
	case wire.KeyMetadata:
		req := msg.NewMetadataRequest()
		req.Topics = []msg.MetadataRequestTopic{{Name: &name}, {Name: new("new." + t1.name)}, {Name: new("?")}}
		return req
	case wire.KeyAPIVersions:
		req := msg.NewAPIVersionsRequest()
		req.ClientSoftwareName, req.ClientSoftwareVersion = "test", "1"
		return req
	case wire.KeyCreateTopics:
		req := msg.NewCreateTopicsRequest()
		req.Topics = []msg.CreateTopicsRequestTopic{{Name: "made", NumPartitions: 2, ReplicationFactor: 1}, {Name: "?", NumPartitions: 1, ReplicationFactor: 1}}
		return req
	case wire.KeyDeleteTopics:
		req := msg.NewDeleteTopicsRequest()
		if version >= 6 {
			req.Topics = []msg.DeleteTopicsRequestTopic{{Name: new("gone")}, {TopicID: wire.UUID{1}}}
		} else {
			req.TopicNames = []string{"gone", "?"}
		}
		return req
	case wire.KeyDeleteGroups:
		req := msg.NewDeleteGroupsRequest()
		req.GroupsNames = []string{"gone"}
		return req
	case wire.KeyFindCoordinator:
		req := msg.NewFindCoordinatorRequest()
		if version >= 4 {
			req.CoordinatorKeys = []string{"a", "b"}
		} else {
			req.Key = "a"
		}
		return req
	case wire.KeyJoinGroup:
		req := msg.NewJoinGroupRequest()
		req.GroupID, req.ProtocolType, req.SessionTimeoutMs, req.RebalanceTimeoutMs = fmt.Sprint("group of v", version), "consumer", 10_000, 10_000
		req.Protocols = []msg.JoinGroupRequestProtocol{{Name: "range"}}
		return req
	case wire.KeySyncGroup:
		req := msg.NewSyncGroupRequest()
		req.GroupID, req.MemberID = "g", "who"
		return req
	case wire.KeyHeartbeat:
		req := msg.NewHeartbeatRequest()
		req.GroupID, req.MemberID = "g", "who"
		return req
	case wire.KeyLeaveGroup:
		req := msg.NewLeaveGroupRequest()
		req.GroupID = "g"
		if version >= 3 {
			req.Members = []msg.LeaveGroupRequestMember{{MemberID: "who"}}
		} else {
			req.MemberID = "who"
		}
		return req
	case wire.KeyOffsetCommit:
		req := msg.NewOffsetCommitRequest()
		if version >= 10 {
			name, id = "", t1.id
		}
		req.GroupID = "commits"
		req.Topics = []msg.OffsetCommitRequestTopic{{Name: name, TopicID: id, Partitions: make([]msg.OffsetCommitRequestTopicPartition, 2)}}
		for i := range req.Topics[0].Partitions {
			p := &req.Topics[0].Partitions[i]
			p.SetDefaults()
			p.PartitionIndex, p.CommittedOffset, p.CommittedMetadata = int32(2*i), 42, new("note")
		}
		return req
	case wire.KeyOffsetFetch:
		req := msg.NewOffsetFetchRequest()
		if version >= 10 {
			name, id = "", t1.id
		}
		if version >= 8 {
			req.Groups = []msg.OffsetFetchRequestGroup{{GroupID: "commits", MemberEpoch: -1, Topics: []msg.OffsetFetchRequestGroupTopic{{Name: name, TopicID: id, PartitionIndexes: []int32{0, 1}}}}, {GroupID: "other", MemberEpoch: -1}}
		} else {
			req.GroupID = "commits"
			req.Topics = []msg.OffsetFetchRequestTopic{{Name: name, PartitionIndexes: []int32{0, 1}}}
		}
		return req
	case wire.KeyDescribeGroups:
		req := msg.NewDescribeGroupsRequest()
		req.Groups = []string{"g", "none"}
		return req
	case wire.KeyListGroups:
		return msg.NewListGroupsRequest()
	case wire.KeySaslHandshake:
		return &msg.SaslHandshakeRequest{Mechanism: "PLAIN"}
	case wire.KeySaslAuthenticate:
		return &msg.SaslAuthenticateRequest{AuthBytes: []byte("x")}
	}
	t.Fatalf("no request for %v", key)
	return nil
}

// answered sends a request of whatever type and returns the response.
func answered(t *testing.T, client *testClient, version int16, req wire.Request) wire.Response {
	t.Helper()
	return ask(client, version, req, req.NewResponse())
}

// Every version of every API that a release advertises is answered, with what
// was asked for and, where a control function says so, with an error.
func TestEveryAPIInEveryVersion(t *testing.T) {
	for _, version := range everyRelease {
		t.Run(version, func(t *testing.T) {
			c := Start(t, Version(version), Topic("t", 2))
			c.groups.ensureTopic()
			topic := c.topic("t", wire.UUID{})
			for _, key := range slices.Sorted(maps.Keys(c.versions)) {
				failing := false
				c.Control(key, func(Request) Action {
					if failing {
						return Action{Error: wire.ErrThrottlingQuotaExceeded}
					}
					return Action{}
				})
				for v := c.versions[key].Min; v <= c.versions[key].Max; v++ {
					if !c.accepts(key, v) {
						continue
					}
					failing = false
					client := dial(t, c, 1)
					resp := answered(t, client, v, requestFor(t, key, v, topic))
					failing = true
					failed := answered(t, client, v, requestFor(t, key, v, topic))
					// The code, 89, is nowhere in the answer without the fault.
					code := binary.BigEndian.AppendUint16(nil, uint16(wire.ErrThrottlingQuotaExceeded))
					if b, err := resp.Append(nil, v); err != nil || bytes.Contains(b, code) {
						t.Errorf("%v v%d: %v: %+v", key, v, err, resp)
					}
					if b, err := failed.Append(nil, v); err != nil || !bytes.Contains(b, code) {
						t.Errorf("%v v%d with an error: %v: %+v", key, v, err, failed)
					}
				}
			}
		})
	}
}

func TestAPIVersions(t *testing.T) {
	c := Start(t, Version("2.8.2"))
	client := dial(t, c, 1)
	resp := ask(client, 3, requestFor(t, wire.KeyAPIVersions, 3, &topic{}).(*msg.APIVersionsRequest), new(msg.APIVersionsResponse))
	if len(resp.APIKeys) != len(apis) || !slices.ContainsFunc(resp.APIKeys, func(k msg.APIVersionsResponseAPIKey) bool {
		return k.APIKey == 1 && k.MinVersion == 0 && k.MaxVersion == 12
	}) {
		t.Errorf("%+v", resp.APIKeys)
	}
	if resp := ask(client, 3, msg.NewAPIVersionsRequest(), new(msg.APIVersionsResponse)); resp.ErrorCode != wire.ErrInvalidRequest {
		t.Errorf("without a software name: %v", resp.ErrorCode)
	}

	for release, keys := range map[string]int{"0.10.2.2": 0, "2.3.1": 0, "2.4.1": 1, "4.3.1": 1} {
		c := Start(t, Version(release))
		client := dial(t, c, 1)
		client.send(5, msg.NewAPIVersionsRequest())
		frame, err := wire.ReadFrame(client.in, nil, 1000)
		if err != nil {
			t.Fatal(err)
		}
		var resp msg.APIVersionsResponse
		if err := resp.Decode(frame[4:], 0); err != nil || resp.ErrorCode != wire.ErrUnsupportedVersion || len(resp.APIKeys) != keys {
			t.Errorf("%s: ApiVersions v5: %v, %+v", release, err, resp)
		}
	}
}

// allTopicsRequest has null for topics, which v0 can't read.
func allTopicsRequest() *msg.MetadataRequest {
	req := msg.NewMetadataRequest()
	req.Topics = nil
	return req
}

// Requests that a release does not know.
func TestUnknownRequests(t *testing.T) {
	for _, test := range []struct {
		release string
		version int16
		req     wire.Request
		silent  bool // else closed
	}{
		{"0.8.0", 0, msg.NewOffsetFetchRequest(), false},
		{"0.8.1.1", 0, msg.NewFindCoordinatorRequest(), false},
		{"0.8.2.2", 0, msg.NewAPIVersionsRequest(), false},
		{"0.8.2.2", 2, requestFor(t, wire.KeyOffsetCommit, 2, &topic{}), false},
		{"0.8.2.2", 1, allTopicsRequest(), false}, // null for topics
		{"0.9.0.1", 0, msg.NewAPIVersionsRequest(), true},
		{"0.9.0.1", 1, msg.NewHeartbeatRequest(), true},
		{"0.9.0.1", 3, requestFor(t, wire.KeyOffsetCommit, 3, &topic{}), true},
		{"0.9.0.1", 1, allTopicsRequest(), true},
		{"0.10.0.1", 2, allTopicsRequest(), false},
		{"2.8.2", 0, msg.NewInitProducerIDRequest(), false},
		{"4.4.0", 2, requestFor(t, wire.KeyProduce, 2, &topic{}), false},
		{"4.4.0", 3, requestFor(t, wire.KeyFetch, 3, &topic{}), false},
	} {
		c := Start(t, Version(test.release), Topic("t", 1))
		client := dial(t, c, 1)
		client.send(test.version, test.req)
		if !test.silent {
			client.wantClosed(test.release + " " + test.req.APIKey().String())
			continue
		}
		// The connection goes on, and the next request is answered.
		if resp := ask(client, 0, msg.NewMetadataRequest(), new(msg.MetadataResponse)); len(resp.Brokers) != 1 {
			t.Errorf("%s: %+v", test.release, resp)
		}
	}
}

// Brokers below 0.10 read versions that are too high as what they know, and
// answer in that.
func TestVersionIsIgnoredBelow010(t *testing.T) {
	ask := func(release string, version int16, req wire.Request, resp wire.Response, as int16) {
		t.Helper()
		c := Start(t, Version(release), Topic("t", 1))
		client := dial(t, c, 1)
		client.send(version, req)
		frame, err := wire.ReadFrame(client.in, nil, 1<<20)
		if err != nil {
			t.Fatalf("%s, %v v%d: %v", release, req.APIKey(), version, err)
		}
		err = resp.Decode(frame[4:], as)
		if again, _ := resp.Append(nil, as); err != nil || !bytes.Equal(again, frame[4:]) {
			t.Errorf("%s, %v v%d is not answered as v%d: %v", release, req.APIKey(), version, as, err)
		}
	}
	metadata := msg.NewMetadataRequest()
	metadata.Topics = []msg.MetadataRequestTopic{}
	for _, release := range []string{"0.8.0", "0.8.1.1", "0.8.2.2", "0.9.0.1"} {
		ask(release, 1, metadata, new(msg.MetadataResponse), 0)
	}
	ask("0.8.2.2", 1, fetchRequest("t", wire.UUID{}, 0, 0), new(msg.FetchResponse), 0)
	ask("0.9.0.1", 2, fetchRequest("t", wire.UUID{}, 0, 0), new(msg.FetchResponse), 1)
	ask("0.8.1.1", 2, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V1, nil, 0, "a")), new(msg.ProduceResponse), 0)
	ask("0.9.0.1", 2, produceRequest("t", wire.UUID{}, 0, 1, batch(t, record.V1, nil, 0, "a")), new(msg.ProduceResponse), 1)

	// 0.8.1 takes the generation of v1 for the number of topics.
	var committed msg.OffsetCommitResponse
	ask("0.8.1.1", 1, requestFor(t, wire.KeyOffsetCommit, 1, &topic{name: "t"}), &committed, 0)
	if len(committed.Topics) != 0 {
		t.Errorf("0.8.1.1 answered OffsetCommit v1 with %+v", committed)
	}
}

// How netclient tells releases below 0.10 apart.
func TestHeartbeatTellsOldReleasesApart(t *testing.T) {
	for release, want := range map[string]wire.ErrorCode{"0.8.2.2": wire.ErrUnknownServerError, "0.9.0.1": wire.ErrUnknownMemberID, "2.8.2": wire.ErrInvalidGroupID} {
		c := Start(t, Version(release))
		c.groups.ensureTopic()
		if resp := ask(dial(t, c, 1), 0, msg.NewHeartbeatRequest(), new(msg.HeartbeatResponse)); resp.ErrorCode != want {
			t.Errorf("%s: %v, want %v", release, resp.ErrorCode, want)
		}
	}
}

// Whatever comes, the broker survives: it closes the connection and serves the
// next.
func TestHostileBytes(t *testing.T) {
	for _, release := range []string{"0.8.2.2", "0.9.0.1", "4.4.0"} {
		c := Start(t, Version(release), Topic("t", 1), TCP())
		c.groups.ensureTopic()
		random := rand.New(rand.NewPCG(1, 2))
		try := func(b []byte) {
			conn, err := net.Dial("tcp", c.Addrs()[0])
			if err != nil {
				t.Fatal(err)
			}
			conn.Write(b)
			conn.(*net.TCPConn).CloseWrite()
			// A join or a fetch may wait for as long as the random bytes say.
			conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			io.Copy(io.Discard, conn)
			conn.Close()
		}
		try([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		try([]byte{0xff, 0xff, 0xff, 0xff, 1, 2, 3})
		try([]byte{0, 0, 0, 0})
		try([]byte{0, 0, 0, 1, 0})
		for key, v := range c.versions {
			for version := v.Min; version <= v.Max; version++ {
				if !c.accepts(key, version) {
					continue
				}
				good, err := wire.AppendRequest(nil, version, 1, "test", requestFor(t, key, version, c.topic("t", wire.UUID{})))
				if err != nil {
					t.Fatal(err)
				}
				for range 10 {
					bad := bytes.Clone(good)
					for range 1 + random.IntN(3) {
						bad[8+random.IntN(len(bad)-8)] = byte(random.Uint32())
					}
					try(bad)
				}
				cut := good[:4+random.IntN(len(good)-4)]
				try(binary.BigEndian.AppendUint32(cut[:0], uint32(len(cut)-4)))
			}
		}
		if resp := ask(dial(t, c, 1), 0, msg.NewMetadataRequest(), new(msg.MetadataResponse)); len(resp.Brokers) != 1 {
			t.Errorf("%s: %+v", release, resp)
		}
	}
}

// Close ends every goroutine, with requests waiting everywhere.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, opts := range [][]Option{{TCP(), Brokers(3)}, {Brokers(3)}} {
		c, err := New(append(opts, Topic("t", 3), InitialRebalanceDelay(time.Minute))...)
		if err != nil {
			t.Fatal(err)
		}
		c.groups.ensureTopic()
		for node := range int32(3) {
			conn, err := c.Dial(t.Context(), "tcp", c.Addr(node+1))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			client := &testClient{t: t, conn: conn}
			req := fetchRequest("", c.topic("t", wire.UUID{}).id, node, 0)
			req.MaxWaitMs, req.MinBytes = 60_000, 1
			client.send(17, req)
			client.send(3, requestFor(t, wire.KeyJoinGroup, 3, &topic{}))
		}
		for node := range int32(3) {
			conn, _ := c.Dial(t.Context(), "tcp", c.Addr(node+1))
			defer conn.Close()
			(&testClient{t: t, conn: conn}).send(3, requestFor(t, wire.KeyJoinGroup, 3, &topic{}))
		}
		for c.Requests(wire.KeyJoinGroup) < 3 {
			time.Sleep(time.Millisecond)
		}
		c.Close()
		c.Close()
		if _, err := c.Dial(t.Context(), "tcp", c.Addr(1)); err == nil {
			t.Error("Dial after Close")
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, strings.TrimSpace(string(stacks)))
		}
	}
}

func TestOptions(t *testing.T) {
	for what, opt := range map[string]Option{
		"an old release":      Version("0.7.2"),
		"a future release":    Version("4.5.0"),
		"no release":          Version("newest"),
		"no brokers":          Brokers(0),
		"a bad topic":         Topic("a/b", 1),
		"no partitions":       Topic("t", 0),
		"no address":          TCP("127.0.0.1:99999"),
		"negative partitions": Partitions(-1),
	} {
		if c, err := New(opt); err == nil {
			c.Close()
			t.Errorf("%s: no error", what)
		} else if !strings.Contains(err.Error(), "kafkatest: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for version, want := range map[string]string{"0.9.0.1": "0.9.0.1", "0.8": "0.8.0.0", "2.8": "2.8.0", "4.4": "4.4.0"} {
		r, err := parseRelease(version)
		if err != nil || r.String() != want {
			t.Errorf("%s: %v, %v; want %s", version, r, err, want)
		}
	}
}
