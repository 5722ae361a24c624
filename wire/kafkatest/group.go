package kafkatest

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// A groupState is where a group's rebalance stands.
type groupState int

const (
	groupEmpty               groupState = iota // no members; there may be offsets
	groupPreparingRebalance                    // members join
	groupCompletingRebalance                   // the leader has been asked for the assignment
	groupStable                                // every member has its assignment
)

// newMemberTimeout is for how long a member that has never been in the group may
// wait in its first JoinGroup.
const newMemberTimeout = 5 * time.Minute

// A group is a consumer group as its coordinator knows it: the classic protocol
// as a state machine. It takes the time as an argument and no lock. Where a
// request has to wait, the answer is given later, through the function that came
// with it; exactly once.
type group struct {
	id           string
	release      release
	initialDelay time.Duration

	state        groupState
	protocolType string
	protocol     string // chosen by the members' votes
	generation   int32
	leader       string               // its member id
	members      []*member            // in the order in which they came
	pending      map[string]time.Time // ids given out with MEMBER_ID_REQUIRED (KIP-394), until when they are good

	joinDeadline time.Time // when a rebalance goes on without those who have not joined; zero: not waiting
	joinLatest   time.Time // while an empty group waits for more members: no longer than that; else zero
	syncDeadline time.Time // when those who have not asked for their assignment are thrown out; zero: not waiting
}

// A member of a group.
type member struct {
	id               string
	instanceID       *string // of a static member (KIP-345)
	clientID, host   string
	sessionTimeout   time.Duration
	rebalanceTimeout time.Duration
	protocols        []msg.JoinGroupRequestProtocol // in the order of its preference
	assignment       []byte

	isNew    bool                         // never was in a generation
	deadline time.Time                    // when it is thrown out; zero while it waits for us
	joined   func(*msg.JoinGroupResponse) // answers its JoinGroup; nil when none waits
	synced   func(*msg.SyncGroupResponse)
	hasSync  bool // it has asked for its assignment in this generation
}

func newGroup(id string, r release, initialDelay time.Duration) *group {
	return &group{id: id, release: r, initialDelay: initialDelay, pending: make(map[string]time.Time)}
}

// member returns the member of that id, nil when there is none.
func (g *group) member(id string) *member {
	for _, m := range g.members {
		if m.id == id {
			return m
		}
	}
	return nil
}

// static returns the static member of that instance id, nil when there is none.
func (g *group) static(instanceID *string) *member {
	for _, m := range g.members {
		if instanceID != nil && m.instanceID != nil && *m.instanceID == *instanceID {
			return m
		}
	}
	return nil
}

// find finds the member that speaks, by its id and, when it is static, its
// instance id, whose member id must be the newest.
func (g *group) find(id string, instanceID *string) (*member, wire.ErrorCode) {
	if instanceID != nil {
		if m := g.static(instanceID); m != nil && m.id != id {
			return nil, wire.ErrFencedInstanceID
		} else if m == nil {
			return nil, wire.ErrUnknownMemberID
		}
	}
	if m := g.member(id); m != nil {
		return m, wire.ErrNone
	}
	return nil, wire.ErrUnknownMemberID
}

// heard is called for everything that shows that the member lives.
func (m *member) heard(now time.Time) { m.deadline = now.Add(m.sessionTimeout) }

// heartbeat keeps a member in the group.
func (g *group) heartbeat(now time.Time, id string, instanceID *string, generation int32) wire.ErrorCode {
	m, code := g.find(id, instanceID)
	switch {
	case code != wire.ErrNone:
		return code
	case generation != g.generation:
		return wire.ErrIllegalGeneration
	}
	if m.joined == nil && m.synced == nil {
		m.heard(now)
	}
	// Before 2.6 also those hear it who have joined and not synced yet.
	if g.state == groupPreparingRebalance || g.state == groupCompletingRebalance && !g.release.at(2, 6) {
		return wire.ErrRebalanceInProgress
	}
	return wire.ErrNone
}

// leave takes a member out.
func (g *group) leave(now time.Time, id string, instanceID *string) wire.ErrorCode {
	if _, ok := g.pending[id]; ok {
		delete(g.pending, id)
		g.tryCompleteJoin(now)
		return wire.ErrNone
	}
	m, code := g.find(id, instanceID)
	if id == "" && instanceID != nil { // whoever removes static members need not know their member ids
		if m = g.static(instanceID); m != nil {
			code = wire.ErrNone
		}
	}
	if code != wire.ErrNone {
		return code
	}
	g.remove(now, m)
	return wire.ErrNone
}

// remove takes a member out, and the others share its partitions.
func (g *group) remove(now time.Time, m *member) {
	g.drop(m, wire.ErrUnknownMemberID)
	switch g.state {
	case groupStable, groupCompletingRebalance:
		g.prepareRebalance(now)
	case groupPreparingRebalance:
		g.tryCompleteJoin(now)
	}
}

// drop forgets a member and answers what it waits for with the error.
func (g *group) drop(m *member, code wire.ErrorCode) {
	g.members = slices.DeleteFunc(g.members, func(other *member) bool { return other == m })
	m.fail(code)
}

// fail answers what the member waits for with an error.
func (m *member) fail(code wire.ErrorCode) {
	m.answerJoin(joinFailed(m.id, code))
	m.answerSync(syncFailed(code))
}

func (m *member) answerJoin(resp *msg.JoinGroupResponse) {
	if m.joined != nil {
		m.joined(resp)
		m.joined = nil
	}
}

func (m *member) answerSync(resp *msg.SyncGroupResponse) {
	if m.synced != nil {
		m.synced(resp)
		m.synced = nil
	}
}

// deadline is when tick is to be called next; zero: not before something else
// happens.
func (g *group) deadline() (next time.Time) {
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, m := range g.members {
		sooner(m.deadline)
	}
	for _, t := range g.pending {
		sooner(t)
	}
	sooner(g.joinDeadline)
	sooner(g.syncDeadline)
	return next
}

// tick does what the time that has passed demands.
func (g *group) tick(now time.Time) {
	due := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	for id, until := range g.pending {
		if due(until) {
			delete(g.pending, id)
			g.tryCompleteJoin(now)
		}
	}
	for _, m := range slices.Clone(g.members) {
		if due(m.deadline) {
			g.remove(now, m)
		}
	}
	if due(g.joinDeadline) {
		g.joinTimedOut(now)
	}
	if due(g.syncDeadline) {
		g.syncTimedOut(now)
	}
}

// moved is what happens when another broker becomes the coordinator: whoever
// waits is told, and those who were members have a whole session timeout to find
// it.
func (g *group) moved(now time.Time) {
	clear(g.pending)
	for _, m := range slices.Clone(g.members) {
		if m.isNew { // the new coordinator has never heard of it
			g.drop(m, wire.ErrNotCoordinator)
			continue
		}
		m.fail(wire.ErrNotCoordinator)
		m.heard(now)
	}
	if g.state == groupPreparingRebalance {
		g.tryCompleteJoin(now)
	}
}

// checkCommit tells whether a member may commit: in its generation, while the
// group does not wait for an assignment. Without members, anyone may who claims
// no generation.
func (g *group) checkCommit(now time.Time, id string, instanceID *string, generation int32) wire.ErrorCode {
	if generation < 0 && g.state == groupEmpty {
		return wire.ErrNone
	}
	m, code := g.find(id, instanceID)
	switch {
	case code != wire.ErrNone:
		return code
	case generation != g.generation:
		return wire.ErrIllegalGeneration
	}
	if m.joined == nil && m.synced == nil {
		m.heard(now)
	}
	if g.state == groupCompletingRebalance {
		return wire.ErrRebalanceInProgress
	}
	return wire.ErrNone
}

// newMemberID makes a member id as brokers do: the client's id and something
// random.
func newMemberID(prefix string) string {
	return prefix + "-" + strings.ToLower(rand.Text())
}

// stateName is the group's state as DescribeGroups tells it.
func (g *group) stateName() string {
	switch g.state {
	case groupPreparingRebalance:
		return "PreparingRebalance"
	case groupCompletingRebalance:
		if !g.release.at(1, 1) {
			return "AwaitingSync"
		}
		return "CompletingRebalance"
	case groupStable:
		return "Stable"
	default:
		return "Empty"
	}
}

// gone tells whether nothing is left of the group that its release would keep:
// 0.9 forgets a group, and its generation, with the last member.
func (g *group) gone() bool {
	return g.state == groupEmpty && len(g.pending) == 0 && !g.release.at(0, 10)
}
