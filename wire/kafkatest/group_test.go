package kafkatest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// A groupTest drives a group with a made-up clock. Members have names; their ids
// are what the group gave them.
type groupTest struct {
	t     *testing.T
	g     *group
	now   time.Time
	ids   map[string]string
	joins map[string]*msg.JoinGroupResponse // the last answers
	syncs map[string]*msg.SyncGroupResponse
}

func newGroupTest(t *testing.T) *groupTest {
	return &groupTest{
		t: t, g: newGroup("g", newest, 0), now: time.Unix(1_000_000, 0),
		ids: make(map[string]string), joins: make(map[string]*msg.JoinGroupResponse), syncs: make(map[string]*msg.SyncGroupResponse),
	}
}

// advance lets time pass, tick by tick.
func (gt *groupTest) advance(d time.Duration) {
	end := gt.now.Add(d)
	for next := gt.g.deadline(); !next.IsZero() && !next.After(end); next = gt.g.deadline() {
		gt.now = next
		gt.g.tick(gt.now)
	}
	gt.now = end
}

// join sends a JoinGroup with the member's current id; protocols default to
// range.
func (gt *groupTest) join(name string, protocols ...string) { gt.joinAs(name, nil, protocols...) }

func (gt *groupTest) joinAs(name string, instance *string, protocols ...string) {
	gt.t.Helper()
	if protocols == nil {
		protocols = []string{"range"}
	}
	req := joinRequest{JoinGroupRequest: msg.NewJoinGroupRequest(), version: 3, clientID: name, host: "/10.0.0.1"}
	req.MemberID, req.GroupInstanceID, req.ProtocolType = gt.ids[name], instance, "consumer"
	req.SessionTimeoutMs, req.RebalanceTimeoutMs = 10_000, 60_000
	for _, p := range protocols {
		req.Protocols = append(req.Protocols, msg.JoinGroupRequestProtocol{Name: p, Metadata: []byte(name + " wants " + p)})
	}
	delete(gt.joins, name)
	gt.g.join(gt.now, req, func(resp *msg.JoinGroupResponse) {
		if gt.joins[name] != nil {
			gt.t.Fatalf("%s: two answers to a join", name)
		}
		gt.joins[name] = resp
		if resp.ErrorCode == wire.ErrNone {
			gt.ids[name] = resp.MemberID
		}
	})
}

// sync sends a SyncGroup; the leader's assigns each member its own name.
func (gt *groupTest) sync(name string) {
	gt.t.Helper()
	req := msg.NewSyncGroupRequest()
	req.MemberID, req.GenerationID = gt.ids[name], gt.g.generation
	if gt.g.leader == req.MemberID {
		for name, id := range gt.ids {
			req.Assignments = append(req.Assignments, msg.SyncGroupRequestAssignment{MemberID: id, Assignment: []byte(name)})
		}
	}
	delete(gt.syncs, name)
	gt.g.sync(gt.now, req, func(resp *msg.SyncGroupResponse) {
		if gt.syncs[name] != nil {
			gt.t.Fatalf("%s: two answers to a sync", name)
		}
		gt.syncs[name] = resp
	})
}

func (gt *groupTest) heartbeat(name string) wire.ErrorCode {
	return gt.g.heartbeat(gt.now, gt.ids[name], nil, gt.g.generation)
}

// stable makes a stable group of the members; the first is the leader.
func (gt *groupTest) stable(names ...string) {
	gt.t.Helper()
	for i, name := range names {
		gt.join(name)
		for _, before := range names[:i] {
			gt.join(before)
		}
	}
	for _, name := range slices.Backward(names) {
		gt.wantJoin(name, wire.ErrNone)
		gt.sync(name)
	}
	for _, name := range names {
		gt.wantSync(name, wire.ErrNone)
	}
}

func (gt *groupTest) wantJoin(name string, code wire.ErrorCode) {
	gt.t.Helper()
	if resp := gt.joins[name]; resp == nil {
		gt.t.Fatalf("%s's join was not answered", name)
	} else if resp.ErrorCode != code {
		gt.t.Fatalf("%s's join: %v, want %v", name, resp.ErrorCode, code)
	}
}

func (gt *groupTest) wantSync(name string, code wire.ErrorCode) {
	gt.t.Helper()
	if resp := gt.syncs[name]; resp == nil {
		gt.t.Fatalf("%s's sync was not answered", name)
	} else if resp.ErrorCode != code {
		gt.t.Fatalf("%s's sync: %v, want %v", name, resp.ErrorCode, code)
	} else if code == wire.ErrNone && string(resp.Assignment) != name {
		gt.t.Fatalf("%s was assigned %q", name, resp.Assignment)
	}
}

func (gt *groupTest) wantWaiting(names ...string) {
	gt.t.Helper()
	for _, name := range names {
		if gt.joins[name] != nil {
			gt.t.Fatalf("%s's join was answered: %+v", name, gt.joins[name])
		}
	}
}

func (gt *groupTest) wantHeartbeat(name string, code wire.ErrorCode) {
	gt.t.Helper()
	if is := gt.heartbeat(name); is != code {
		gt.t.Fatalf("%s's heartbeat: %v, want %v", name, is, code)
	}
}

func TestGroupGenerations(t *testing.T) {
	gt := newGroupTest(t)
	gt.stable("a")
	if gt.g.generation != 1 || gt.g.leader != gt.ids["a"] {
		t.Fatalf("generation %d, leader %s", gt.g.generation, gt.g.leader)
	}
	gt.wantHeartbeat("a", wire.ErrNone)

	// b comes: a hears of it in its next heartbeat, and joins again.
	gt.join("b")
	gt.wantWaiting("b")
	gt.wantHeartbeat("a", wire.ErrRebalanceInProgress)
	gt.join("a")
	gt.wantJoin("a", wire.ErrNone)
	gt.wantJoin("b", wire.ErrNone)
	leader, follower := gt.joins["a"], gt.joins["b"]
	if leader.GenerationID != 2 || follower.GenerationID != 2 || len(leader.Members) != 2 || len(follower.Members) != 0 ||
		follower.Leader != gt.ids["a"] || string(leader.Members[1].Metadata) != "b wants range" {
		t.Fatalf("leader %+v\nfollower %+v", leader, follower)
	}

	// b waits for the assignment that a brings.
	gt.sync("b")
	if gt.syncs["b"] != nil {
		t.Fatal("b's sync was answered before a's")
	}
	gt.sync("a")
	gt.wantSync("a", wire.ErrNone)
	gt.wantSync("b", wire.ErrNone)

	// Who claims another generation, or is another, is refused.
	if code := gt.g.heartbeat(gt.now, gt.ids["a"], nil, 1); code != wire.ErrIllegalGeneration {
		t.Errorf("heartbeat of generation 1: %v", code)
	}
	if code := gt.g.heartbeat(gt.now, "who", nil, 2); code != wire.ErrUnknownMemberID {
		t.Errorf("heartbeat of a stranger: %v", code)
	}

	// a leaves: b leads, alone.
	if code := gt.g.leave(gt.now, gt.ids["a"], nil); code != wire.ErrNone {
		t.Fatalf("leave: %v", code)
	}
	gt.wantHeartbeat("a", wire.ErrUnknownMemberID)
	gt.wantHeartbeat("b", wire.ErrRebalanceInProgress)
	gt.join("b")
	gt.wantJoin("b", wire.ErrNone)
	if gt.g.generation != 3 || gt.g.leader != gt.ids["b"] {
		t.Errorf("generation %d, leader %s", gt.g.generation, gt.g.leader)
	}
	gt.sync("b")
	gt.g.leave(gt.now, gt.ids["b"], nil)
	if gt.g.state != groupEmpty || gt.g.generation != 4 || !gt.g.deadline().IsZero() {
		t.Errorf("state %s, generation %d, deadline %v", gt.g.stateName(), gt.g.generation, gt.g.deadline())
	}
}

func TestGroupSessionTimeout(t *testing.T) {
	gt := newGroupTest(t)
	gt.stable("a", "b")
	for range 5 { // b is silent
		gt.advance(4 * time.Second)
		gt.heartbeat("a")
	}
	gt.wantHeartbeat("b", wire.ErrUnknownMemberID)
	gt.wantHeartbeat("a", wire.ErrRebalanceInProgress)
	gt.join("a")
	gt.wantJoin("a", wire.ErrNone)
	if len(gt.joins["a"].Members) != 1 {
		t.Errorf("members: %+v", gt.joins["a"].Members)
	}
}

// Who waits for others is not thrown out meanwhile, and those who don't come have
// as long as the rebalance timeout, even though they send heartbeats.
func TestGroupRebalanceTimeout(t *testing.T) {
	gt := newGroupTest(t)
	gt.stable("a", "b")
	gt.join("c")
	gt.join("b")
	for range 13 {
		gt.advance(4 * time.Second)
		gt.wantHeartbeat("a", wire.ErrRebalanceInProgress)
		gt.wantWaiting("b", "c")
	}
	gt.advance(9 * time.Second)
	gt.wantJoin("b", wire.ErrNone)
	gt.wantJoin("c", wire.ErrNone)
	gt.wantHeartbeat("a", wire.ErrUnknownMemberID)
	if gt.g.leader == gt.ids["a"] || len(gt.g.members) != 2 {
		t.Errorf("leader %s of %d", gt.g.leader, len(gt.g.members))
	}
}

func TestGroupLeaderDiesBeforeItAssigns(t *testing.T) {
	gt := newGroupTest(t)
	gt.join("a")
	gt.sync("a")
	gt.join("b")
	gt.join("a")
	gt.wantJoin("b", wire.ErrNone)
	gt.sync("b") // waits
	gt.advance(10 * time.Second)
	gt.wantSync("b", wire.ErrRebalanceInProgress)
	gt.join("b")
	gt.wantJoin("b", wire.ErrNone)
	if gt.g.leader != gt.ids["b"] || len(gt.g.members) != 1 {
		t.Errorf("leader %s of %d", gt.g.leader, len(gt.g.members))
	}
}

// A member that lives but never asks for its assignment is thrown out.
func TestGroupMemberNeverSyncs(t *testing.T) {
	gt := newGroupTest(t)
	gt.stable("a", "b")
	gt.join("c")
	gt.join("b")
	gt.join("a")
	gt.sync("b")
	gt.sync("a")
	gt.wantSync("b", wire.ErrNone)
	for range 16 {
		gt.advance(4 * time.Second)
		for _, name := range []string{"a", "b", "c"} {
			gt.heartbeat(name)
		}
	}
	gt.wantHeartbeat("c", wire.ErrUnknownMemberID)
	gt.wantHeartbeat("a", wire.ErrRebalanceInProgress)
}

func TestGroupVotes(t *testing.T) {
	gt := newGroupTest(t)
	gt.join("a", "x", "y", "z")
	gt.sync("a")
	gt.join("b", "z", "y")
	gt.join("c", "z", "y")
	gt.join("a", "x", "y", "z")
	gt.wantJoin("a", wire.ErrNone)
	if gt.g.protocol != "z" {
		t.Errorf("protocol %s, want z: two of three prefer it", gt.g.protocol)
	}
	gt.join("d", "x")
	gt.wantJoin("d", wire.ErrInconsistentGroupProtocol)
	if len(gt.g.members) != 3 {
		t.Errorf("%d members", len(gt.g.members))
	}
}

// A follower that joins again with the same subscription gets the same answer;
// one with another causes a rebalance, as does the leader.
func TestGroupRejoin(t *testing.T) {
	gt := newGroupTest(t)
	gt.stable("a", "b")
	generation := gt.g.generation
	gt.join("b")
	gt.wantJoin("b", wire.ErrNone)
	if gt.joins["b"].GenerationID != generation || gt.g.state != groupStable {
		t.Errorf("the follower's join changed something: %s, %+v", gt.g.stateName(), gt.joins["b"])
	}
	gt.join("b", "range", "more")
	gt.wantWaiting("b")
	gt.wantHeartbeat("a", wire.ErrRebalanceInProgress)
	gt.join("a")
	gt.wantJoin("b", wire.ErrNone)
	gt.sync("b")
	gt.sync("a")
	gt.join("a")
	gt.wantWaiting("a")
}

func TestGroupMemberIDRequired(t *testing.T) {
	gt := newGroupTest(t)
	req := joinRequest{JoinGroupRequest: msg.NewJoinGroupRequest(), version: 4, clientID: "me"}
	req.SessionTimeoutMs, req.RebalanceTimeoutMs, req.ProtocolType = 10_000, 60_000, "consumer"
	req.Protocols = []msg.JoinGroupRequestProtocol{{Name: "range"}}
	var resp *msg.JoinGroupResponse
	reply := func(r *msg.JoinGroupResponse) { resp = r }
	gt.g.join(gt.now, req, reply)
	if resp.ErrorCode != wire.ErrMemberIDRequired || resp.MemberID == "" || len(gt.g.members) != 0 {
		t.Fatalf("%+v", resp)
	}
	req.MemberID = resp.MemberID
	gt.g.join(gt.now, req, reply)
	if resp.ErrorCode != wire.ErrNone || resp.MemberID != req.MemberID || resp.GenerationID != 1 {
		t.Fatalf("%+v", resp)
	}

	// An id that nobody uses is good for a session timeout.
	gt = newGroupTest(t)
	req.MemberID = ""
	gt.g.join(gt.now, req, reply)
	gt.advance(10 * time.Second)
	req.MemberID = resp.MemberID
	gt.g.join(gt.now, req, reply)
	if resp.ErrorCode != wire.ErrUnknownMemberID {
		t.Fatalf("%+v", resp)
	}
}

func TestGroupStaticMember(t *testing.T) {
	gt := newGroupTest(t)
	gt.joinAs("a", new("one"))
	gt.sync("a")
	gt.joinAs("b", new("two"))
	gt.joinAs("a", new("one"))
	gt.sync("b")
	gt.sync("a")
	gt.wantSync("b", wire.ErrNone)
	generation, old := gt.g.generation, gt.ids["b"]

	// b restarts: no rebalance, the same assignment, and its old self is fenced.
	gt.ids["b"] = ""
	gt.joinAs("b", new("two"))
	gt.wantJoin("b", wire.ErrNone)
	if gt.g.generation != generation || gt.g.state != groupStable || gt.ids["b"] == old {
		t.Errorf("generation %d, %s", gt.g.generation, gt.g.stateName())
	}
	if code := gt.g.heartbeat(gt.now, old, new("two"), generation); code != wire.ErrFencedInstanceID {
		t.Errorf("the old self's heartbeat: %v", code)
	}
	gt.sync("b")
	if string(gt.syncs["b"].Assignment) != "b" {
		t.Errorf("assigned %q", gt.syncs["b"].Assignment)
	}

	// It is removed by its instance id alone.
	if code := gt.g.leave(gt.now, "", new("two")); code != wire.ErrNone || len(gt.g.members) != 1 {
		t.Errorf("leave: %v, %d members", code, len(gt.g.members))
	}
}

func TestGroupInitialDelay(t *testing.T) {
	gt := newGroupTest(t)
	gt.g.initialDelay = 3 * time.Second
	gt.join("a")
	gt.advance(2 * time.Second)
	gt.join("b")
	gt.advance(2 * time.Second)
	gt.wantWaiting("a", "b")
	gt.advance(time.Second)
	gt.wantJoin("a", wire.ErrNone)
	gt.wantJoin("b", wire.ErrNone)
	if gt.g.generation != 1 {
		t.Errorf("generation %d", gt.g.generation)
	}
}

func TestGroupCommits(t *testing.T) {
	gt := newGroupTest(t)
	check := func(what, id string, generation int32, want wire.ErrorCode) {
		t.Helper()
		if code := gt.g.checkCommit(gt.now, id, nil, generation); code != want {
			t.Errorf("%s: %v, want %v", what, code, want)
		}
	}
	check("no members", "", -1, wire.ErrNone)
	gt.join("a")
	check("before the assignment", gt.ids["a"], 1, wire.ErrRebalanceInProgress)
	gt.sync("a")
	check("stable", gt.ids["a"], 1, wire.ErrNone)
	check("another generation", gt.ids["a"], 2, wire.ErrIllegalGeneration)
	check("no member", "", -1, wire.ErrUnknownMemberID)
	gt.join("b")
	check("while others join", gt.ids["a"], 1, wire.ErrNone)
	gt.g.leave(gt.now, gt.ids["a"], nil)
	check("after leaving", gt.ids["a"], 1, wire.ErrUnknownMemberID)
}

// However requests and time mix, every join and sync is answered in the end, and
// the group comes to rest.
func TestGroupAnswersEverything(t *testing.T) {
	for seed := range 300 {
		gt := newGroupTest(t)
		random := rand.New(rand.NewPCG(1, uint64(seed)))
		asked, answered := 0, 0
		for range 200 {
			name := fmt.Sprint("member ", random.IntN(5))
			switch random.IntN(7) {
			case 0, 1:
				asked++
				req := joinRequest{JoinGroupRequest: msg.NewJoinGroupRequest(), version: int16(3 + random.IntN(2))}
				req.MemberID, req.ProtocolType, req.SessionTimeoutMs, req.RebalanceTimeoutMs = gt.ids[name], "consumer", 10_000, 60_000
				if random.IntN(3) == 0 {
					req.GroupInstanceID = new(name)
				}
				for _, p := range []string{"x", "y", "z"}[random.IntN(2):] {
					req.Protocols = append(req.Protocols, msg.JoinGroupRequestProtocol{Name: p})
				}
				gt.g.join(gt.now, req, func(resp *msg.JoinGroupResponse) {
					answered++
					gt.ids[name] = resp.MemberID
				})
			case 2, 3:
				asked++
				req := msg.NewSyncGroupRequest()
				req.MemberID, req.GenerationID = gt.ids[name], gt.g.generation
				gt.g.sync(gt.now, req, func(*msg.SyncGroupResponse) { answered++ })
			case 4:
				gt.g.heartbeat(gt.now, gt.ids[name], nil, gt.g.generation)
			case 5:
				gt.advance(time.Duration(random.IntN(5000)) * time.Millisecond)
			case 6:
				if random.IntN(4) == 0 {
					gt.g.moved(gt.now)
				} else {
					gt.g.leave(gt.now, gt.ids[name], nil)
				}
			}
		}
		gt.advance(time.Hour)
		if asked != answered || gt.g.state != groupEmpty || !gt.g.deadline().IsZero() {
			t.Fatalf("seed %d: asked %d times, answered %d; %s, next deadline %v", seed, asked, answered, gt.g.stateName(), gt.g.deadline())
		}
	}
}
