package kafkatest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

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
