package kafkatest

import (
	"bytes"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// A joinRequest is a JoinGroup and what is known of who sent it.
type joinRequest struct {
	*msg.JoinGroupRequest
	version        int16
	clientID, host string
}

// join lets a member in, or in again. The reply comes when all have joined, or
// have had their time to.
func (g *group) join(now time.Time, req joinRequest, reply func(*msg.JoinGroupResponse)) {
	fail := func(code wire.ErrorCode) { reply(joinFailed(req.MemberID, code)) }
	if !g.fits(req.JoinGroupRequest) {
		fail(wire.ErrInconsistentGroupProtocol)
		return
	}
	_, pending := g.pending[req.MemberID]
	switch {
	case req.MemberID == "" && g.static(req.GroupInstanceID) != nil:
		g.replaceStatic(now, g.static(req.GroupInstanceID), req, reply)
	case req.MemberID == "" && req.GroupInstanceID == nil && req.version >= 4:
		id := newMemberID(req.clientID)
		g.pending[id] = now.Add(milliseconds(req.SessionTimeoutMs))
		reply(joinFailed(id, wire.ErrMemberIDRequired))
	case req.MemberID == "" && req.GroupInstanceID != nil:
		g.add(now, newMemberID(*req.GroupInstanceID), req, reply)
	case req.MemberID == "":
		g.add(now, newMemberID(req.clientID), req, reply)
	case pending:
		delete(g.pending, req.MemberID)
		g.add(now, req.MemberID, req, reply)
	default:
		m, code := g.find(req.MemberID, req.GroupInstanceID)
		if code != wire.ErrNone {
			fail(code)
			return
		}
		g.rejoin(now, m, req, reply)
	}
}

// fits tells whether the request's protocols have one that all members support.
func (g *group) fits(req *msg.JoinGroupRequest) bool {
	if len(g.members) == 0 {
		return req.ProtocolType != "" && len(req.Protocols) > 0
	}
	return req.ProtocolType == g.protocolType &&
		slices.ContainsFunc(req.Protocols, func(p msg.JoinGroupRequestProtocol) bool { return g.allSupport(p.Name) })
}

func (g *group) allSupport(protocol string) bool {
	return !slices.ContainsFunc(g.members, func(m *member) bool { return m.metadata(protocol) == nil })
}

// metadata is what the member said with that protocol; nil when it does not
// support it.
func (m *member) metadata(protocol string) []byte {
	for _, p := range m.protocols {
		if p.Name == protocol {
			return p.Metadata
		}
	}
	return nil
}

// add makes a new member.
func (g *group) add(now time.Time, id string, req joinRequest, reply func(*msg.JoinGroupResponse)) {
	if len(g.members) == 0 {
		g.protocolType = req.ProtocolType
	}
	m := &member{id: id, isNew: true, deadline: now.Add(newMemberTimeout)}
	m.update(req, reply)
	if req.GroupInstanceID != nil {
		m.instanceID = new(*req.GroupInstanceID)
	}
	g.members = append(g.members, m)
	switch {
	case g.state != groupPreparingRebalance:
		g.prepareRebalance(now)
	case !g.joinLatest.IsZero(): // one more has come: wait once more
		g.joinDeadline = earlier(now.Add(g.initialDelay), g.joinLatest)
	default:
		g.tryCompleteJoin(now)
	}
}

// update takes from the request what a member says anew each time it joins.
func (m *member) update(req joinRequest, reply func(*msg.JoinGroupResponse)) {
	m.answerJoin(joinFailed(m.id, wire.ErrRebalanceInProgress)) // an earlier one, over a connection that is likely gone
	m.joined = reply
	m.clientID, m.host = req.clientID, req.host
	m.sessionTimeout = milliseconds(req.SessionTimeoutMs)
	m.rebalanceTimeout = m.sessionTimeout // v0 has no other
	if req.version >= 1 {
		m.rebalanceTimeout = milliseconds(req.RebalanceTimeoutMs)
	}
	m.protocols = nil
	for _, p := range req.Protocols {
		m.protocols = append(m.protocols, msg.JoinGroupRequestProtocol{Name: p.Name, Metadata: append([]byte{}, p.Metadata...)})
	}
}

// rejoin is what happens when a member joins that is one already.
func (g *group) rejoin(now time.Time, m *member, req joinRequest, reply func(*msg.JoinGroupResponse)) {
	same := slices.EqualFunc(m.protocols, req.Protocols, func(a, b msg.JoinGroupRequestProtocol) bool {
		return a.Name == b.Name && bytes.Equal(a.Metadata, b.Metadata)
	})
	switch g.state {
	case groupPreparingRebalance:
		m.update(req, reply)
		m.deadline = time.Time{}
		g.tryCompleteJoin(now)
	case groupCompletingRebalance, groupStable:
		// One that did not hear the answer may ask again. A leader that asks while
		// the group is stable wants a rebalance.
		if same && (g.state == groupCompletingRebalance || m.id != g.leader) {
			m.heard(now)
			reply(g.joined(m))
			return
		}
		m.update(req, reply)
		m.deadline = time.Time{}
		g.prepareRebalance(now)
	default:
		reply(joinFailed(m.id, wire.ErrUnknownMemberID))
	}
}

// replaceStatic lets a static member in that has lost its member id: its
// predecessor is fenced off, and where its subscription is the same in a stable
// group, it goes on with the same assignment (KIP-345).
func (g *group) replaceStatic(now time.Time, m *member, req joinRequest, reply func(*msg.JoinGroupResponse)) {
	m.fail(wire.ErrFencedInstanceID)
	old := m.id
	m.id = newMemberID(*req.GroupInstanceID)
	if g.leader == old {
		g.leader = m.id
	}
	if g.state != groupStable {
		m.update(req, reply)
		m.deadline = time.Time{}
		if g.state == groupPreparingRebalance {
			g.tryCompleteJoin(now)
		} else {
			g.prepareRebalance(now)
		}
		return
	}
	before := m.metadata(g.protocol)
	m.update(req, nil)
	if !bytes.Equal(before, m.metadata(g.protocol)) {
		m.joined = reply
		m.deadline = time.Time{}
		g.prepareRebalance(now)
		return
	}
	m.heard(now)
	resp := g.joined(m)
	if req.version >= 9 {
		resp.SkipAssignment = m.id == g.leader // KIP-814
	} else if m.id == g.leader {
		// A leader of an older version would assign again; it is not to know.
		resp.Leader, resp.Members = old, nil
	}
	reply(resp)
}

// prepareRebalance asks all members to join again: they hear of it in their next
// heartbeat.
func (g *group) prepareRebalance(now time.Time) {
	for _, m := range g.members {
		m.answerSync(syncFailed(wire.ErrRebalanceInProgress))
		m.hasSync = false
		if m.deadline.IsZero() && m.joined == nil {
			m.heard(now) // it waited for its assignment
		}
	}
	empty := g.state == groupEmpty
	g.state = groupPreparingRebalance
	g.syncDeadline, g.joinLatest = time.Time{}, time.Time{}
	g.joinDeadline = now.Add(g.rebalanceTimeout())
	if empty && g.initialDelay > 0 {
		g.joinLatest = g.joinDeadline
		g.joinDeadline = earlier(now.Add(g.initialDelay), g.joinLatest)
		return
	}
	g.tryCompleteJoin(now)
}

// rebalanceTimeout is the largest of the members'.
func (g *group) rebalanceTimeout() (longest time.Duration) {
	for _, m := range g.members {
		longest = max(longest, m.rebalanceTimeout)
	}
	return longest
}

// tryCompleteJoin goes on when everyone has joined.
func (g *group) tryCompleteJoin(now time.Time) {
	waiting := slices.ContainsFunc(g.members, func(m *member) bool { return m.joined == nil })
	if g.state == groupPreparingRebalance && g.joinLatest.IsZero() && !waiting && len(g.pending) == 0 {
		g.completeJoin(now)
	}
}

// joinTimedOut goes on without the members that have not joined; static ones
// stay until their session ends.
func (g *group) joinTimedOut(now time.Time) {
	for _, m := range slices.Clone(g.members) {
		if m.joined == nil && m.instanceID == nil {
			g.drop(m, wire.ErrUnknownMemberID)
		}
	}
	if len(g.members) > 0 && !slices.ContainsFunc(g.members, func(m *member) bool { return m.joined != nil }) {
		g.joinDeadline = now.Add(max(g.rebalanceTimeout(), time.Second)) // nobody is there who could lead
		return
	}
	g.completeJoin(now)
}

// completeJoin begins the next generation and tells its members.
func (g *group) completeJoin(now time.Time) {
	g.joinDeadline, g.joinLatest = time.Time{}, time.Time{}
	g.generation++
	if len(g.members) == 0 {
		g.state, g.protocol, g.leader = groupEmpty, "", ""
		return
	}
	g.state = groupCompletingRebalance
	g.protocol = g.vote()
	if leader := g.member(g.leader); leader == nil || leader.joined == nil {
		i := slices.IndexFunc(g.members, func(m *member) bool { return m.joined != nil })
		g.leader = g.members[i].id
	}
	g.syncDeadline = now.Add(g.rebalanceTimeout())
	for _, m := range g.members {
		if m.joined != nil {
			m.heard(now)
		}
		m.isNew, m.assignment = false, nil
		m.answerJoin(g.joined(m))
	}
}

// vote chooses the protocol: each member votes for the first of its own that all
// support.
func (g *group) vote() string {
	var candidates []string
	votes := make(map[string]int)
	for _, m := range g.members {
		i := slices.IndexFunc(m.protocols, func(p msg.JoinGroupRequestProtocol) bool { return g.allSupport(p.Name) })
		name := m.protocols[i].Name
		if votes[name]++; votes[name] == 1 {
			candidates = append(candidates, name)
		}
	}
	return slices.MaxFunc(candidates, func(a, b string) int { return votes[a] - votes[b] })
}

// joined is the answer to a member that is in the current generation. The leader
// gets what all members said.
func (g *group) joined(m *member) *msg.JoinGroupResponse {
	resp := msg.NewJoinGroupResponse()
	resp.GenerationID, resp.Leader, resp.MemberID = g.generation, g.leader, m.id
	resp.ProtocolType, resp.ProtocolName = new(g.protocolType), new(g.protocol)
	resp.Members = []msg.JoinGroupResponseMember{}
	if m.id == g.leader {
		for _, other := range g.members {
			resp.Members = append(resp.Members, msg.JoinGroupResponseMember{
				MemberID: other.id, GroupInstanceID: other.instanceID, Metadata: other.metadata(g.protocol),
			})
		}
	}
	return resp
}

// joinFailed is the answer to a join that did not work.
func joinFailed(memberID string, code wire.ErrorCode) *msg.JoinGroupResponse {
	resp := msg.NewJoinGroupResponse()
	resp.ErrorCode, resp.MemberID = code, memberID
	resp.ProtocolName = new("") // null would not fit below v7
	return resp
}

// sync hands out the assignment: the leader brings it, the others wait for it.
func (g *group) sync(now time.Time, req *msg.SyncGroupRequest, reply func(*msg.SyncGroupResponse)) {
	m, code := g.find(req.MemberID, req.GroupInstanceID)
	switch {
	case code != wire.ErrNone:
	case req.GenerationID != g.generation:
		code = wire.ErrIllegalGeneration
	case req.ProtocolType != nil && *req.ProtocolType != g.protocolType,
		req.ProtocolName != nil && *req.ProtocolName != g.protocol:
		code = wire.ErrInconsistentGroupProtocol
	case g.state == groupPreparingRebalance:
		code = wire.ErrRebalanceInProgress
	}
	if code != wire.ErrNone {
		reply(syncFailed(code))
		return
	}
	m.hasSync = true
	if g.state == groupStable {
		m.heard(now)
		reply(g.syncResponse(m))
		return
	}
	m.answerSync(syncFailed(wire.ErrRebalanceInProgress)) // an earlier one
	m.synced = reply
	m.deadline = time.Time{}
	if m.id == g.leader {
		g.share(now, req.Assignments)
	}
}

// share keeps the leader's assignment and answers those who wait for it.
func (g *group) share(now time.Time, assignments []msg.SyncGroupRequestAssignment) {
	g.state = groupStable
	for _, m := range g.members {
		m.assignment = []byte{}
		for _, a := range assignments {
			if a.MemberID == m.id {
				m.assignment = append([]byte{}, a.Assignment...)
			}
		}
		if m.synced != nil {
			m.heard(now)
			m.answerSync(g.syncResponse(m))
		}
	}
}

// syncTimedOut throws those out who have joined but never asked for their
// assignment.
func (g *group) syncTimedOut(now time.Time) {
	g.syncDeadline = time.Time{}
	before := len(g.members)
	for _, m := range slices.Clone(g.members) {
		if !m.hasSync {
			g.drop(m, wire.ErrUnknownMemberID)
		}
	}
	if len(g.members) < before {
		g.prepareRebalance(now)
	}
}

func (g *group) syncResponse(m *member) *msg.SyncGroupResponse {
	resp := msg.NewSyncGroupResponse()
	resp.ProtocolType, resp.ProtocolName = new(g.protocolType), new(g.protocol)
	resp.Assignment = m.assignment
	return resp
}

// syncFailed is the answer to a sync that did not work.
func syncFailed(code wire.ErrorCode) *msg.SyncGroupResponse {
	resp := msg.NewSyncGroupResponse()
	resp.ErrorCode = code
	resp.Assignment = []byte{}
	return resp
}

func milliseconds(n int32) time.Duration { return time.Duration(n) * time.Millisecond }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
