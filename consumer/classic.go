package consumer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// memberState is where a member of a classic group stands.
type memberState int8

const (
	memberIdle      memberState = iota // no member, and will not be one before the application polls
	memberReleasing                    // the application has to let go of its partitions before the next join
	memberUnjoined                     // ready to join, as soon as coordinator and backoff allow
	memberJoining                      // JoinGroup is on its way
	memberAssigning                    // the leader works out who gets what
	memberSyncing                      // SyncGroup is on its way
	memberStable                       // has an assignment
	memberFailed                       // another member took this one's place; nothing more will happen
)

var memberStateNames = [...]string{"idle", "releasing", "unjoined", "joining", "assigning", "syncing", "stable", "failed"}

func (s memberState) String() string { return memberStateNames[s] }

// classicConfig is what a classic member has to know of the Config.
type classicConfig struct {
	session   time.Duration
	heartbeat time.Duration
	maxPoll   time.Duration
	static    bool // has a group.instance.id: it does not leave, so that its restart disturbs nobody
}

// classic is a member of a group of the classic protocol: find the coordinator, join, let the
// leader assign, sync, and heartbeat until someone joins or leaves; then all over again.
//
// It is eager: before every join the application gives up all that it has.
type classic struct {
	cfg    classicConfig
	topics []string
	state  memberState
	// stale: what this member joined with (its topics) has changed since; join again once through.
	stale bool
	// holding: the application was given partitions and has not given them up.
	holding bool

	coordinator int32 // -1: unknown
	finding     bool
	backoff     netclient.Backoff
	retryAt     time.Time // no look-up and no join before this

	round      int    // counts joins; an answer to an older one is dropped
	memberID   string // kept over rebalances
	generation int32  // -1: not a member of any
	protocol   string
	counts     map[string]int32 // leader: partitions per topic of the group at the last assignment

	lastPoll time.Time // the application was last seen alive
	heardAt  time.Time // when the last request that the coordinator accepted was sent
	beatAt   time.Time // the next heartbeat is due
	beating  bool      // one is on its way
	beat     int       // counts heartbeats; an answer to an older one is dropped

	failure error // in memberFailed: why
}

func newClassic(cfg classicConfig, backoff netclient.Backoff) *classic {
	return &classic{cfg: cfg, backoff: backoff, coordinator: -1, generation: -1}
}

func (m *classic) watched() []string { return slices.Sorted(maps.Keys(m.counts)) }

func (m *classic) deadline() time.Time {
	if m.state == memberIdle || m.state == memberFailed {
		return time.Time{}
	}
	d := m.lastPoll.Add(m.cfg.maxPoll)
	sooner := func(t time.Time) {
		if t.Before(d) {
			d = t
		}
	}
	if m.coordinator < 0 && !m.finding || m.coordinator >= 0 && m.state == memberUnjoined {
		sooner(m.retryAt)
	}
	if m.alive() {
		sooner(m.heardAt.Add(m.cfg.session))
		if m.coordinator >= 0 && !m.beating {
			sooner(m.beatAt)
		}
	}
	return d
}

// alive says whether the coordinator expects heartbeats.
func (m *classic) alive() bool {
	return m.generation >= 0 && (m.state == memberStable || m.state == memberReleasing)
}

func (m *classic) step(now time.Time, ev event) []action {
	acts := m.handle(now, ev)
	return append(acts, m.proceed(now)...)
}

func (m *classic) handle(now time.Time, ev event) []action {
	switch ev := ev.(type) {
	case evTick:
		return m.expire(now)
	case evPoll:
		m.lastPoll = now
		if m.state == memberFailed {
			return []action{actReport{err: m.failure}}
		}
		if m.state == memberIdle && len(m.topics) > 0 {
			m.state = memberUnjoined
			if m.holding {
				m.state = memberReleasing
			}
		}
	case evSubscribe:
		return m.subscribe(ev.topics)
	case evCounts:
		if m.state == memberStable && m.counts != nil && !maps.Equal(m.counts, ev.counts) {
			return m.rejoin(endPartitions)
		}
	case evGaveUp:
		m.holding = false
		if m.state == memberReleasing {
			m.state = memberUnjoined
		}
	case evLeave:
		m.topics = nil
		m.holding = false
		return m.leave("the consumer is being closed or has unsubscribed")
	case evCoordinator:
		return m.found(now, ev)
	case evJoined:
		if ev.round == m.round && m.state == memberJoining {
			return m.joined(now, ev)
		}
	case evAssigned:
		if ev.round == m.round && m.state == memberAssigning {
			return m.assigned(now, ev)
		}
	case evSynced:
		if ev.round == m.round && m.state == memberSyncing {
			return m.synced(now, ev)
		}
	case evHeartbeat:
		if m.beating && ev.beat == m.beat {
			m.beating = false
			return m.beaten(now, ev.sent, ev.err)
		}
	case evFenced:
		if ev.memberID == m.memberID && ev.generation == m.generation && m.alive() {
			return m.beaten(now, m.heardAt, ev.err)
		}
	}
	return nil
}

// proceed sends what is due: the one place that looks at the clock to send something.
func (m *classic) proceed(now time.Time) []action {
	if m.state == memberIdle || m.state == memberFailed {
		return nil
	}
	if m.coordinator < 0 {
		if m.finding || now.Before(m.retryAt) {
			return nil
		}
		m.finding = true
		return []action{actFindCoordinator{}}
	}
	if m.state == memberUnjoined && !now.Before(m.retryAt) {
		m.state = memberJoining
		m.stale = false
		m.beating = false
		m.round++
		return []action{actJoin{round: m.round, node: m.coordinator, memberID: m.memberID, topics: m.topics}}
	}
	if m.alive() && !m.beating && !now.Before(m.beatAt) {
		m.beating = true
		m.beat++
		m.beatAt = now.Add(m.cfg.heartbeat)
		return []action{actHeartbeat{beat: m.beat, node: m.coordinator, memberID: m.memberID, generation: m.generation}}
	}
	return nil
}

// expire looks at the two clocks that end a membership: the application's and the session's.
func (m *classic) expire(now time.Time) []action {
	if m.state == memberIdle || m.state == memberFailed {
		return nil
	}
	if idle := now.Sub(m.lastPoll); idle >= m.cfg.maxPoll {
		err := fmt.Errorf("%w: the application did not come back for %v (MaxPollInterval is %v); "+
			"make less work of each Poll, or raise MaxPollInterval", ErrMaxPollExceeded, idle, m.cfg.maxPoll)
		acts := append(m.leave(err.Error()), m.end(endMaxPoll, err)...)
		return append(acts, actReport{err: err})
	}
	if m.alive() && now.Sub(m.heardAt) >= m.cfg.session {
		err := fmt.Errorf("%w: no heartbeat was answered for %v (SessionTimeout)", ErrSessionExpired, m.cfg.session)
		return append(m.forget(now), m.lost(endSession, err)...)
	}
	return nil
}

func (m *classic) subscribe(topics []string) []action {
	if slices.Equal(topics, m.topics) {
		return nil
	}
	m.topics = slices.Clone(topics)
	switch m.state {
	case memberStable:
		return m.rejoin(endSubscription)
	case memberJoining, memberAssigning, memberSyncing:
		m.stale = true
	}
	return nil
}

// rejoin leaves the generation in good order: first the application lets go, then a new join.
func (m *classic) rejoin(how ending) []action {
	m.state = memberReleasing
	return m.end(how, nil)
}

// lost ends a generation that is over whatever the application does.
func (m *classic) lost(how ending, reason error) []action {
	m.generation = -1
	m.counts = nil
	m.beating = false
	m.state = memberUnjoined
	if m.holding {
		m.state = memberReleasing
	}
	return m.end(how, reason)
}

// leave makes the member idle and tells the coordinator, if it can know of it.
func (m *classic) leave(reason string) []action {
	var acts []action
	inFlight := m.state == memberJoining || m.state == memberSyncing
	if (m.memberID != "" || inFlight) && !m.cfg.static {
		acts = append(acts, actLeave{node: m.coordinator, memberID: m.memberID, reason: reason, joining: inFlight})
	}
	m.idle()
	if !m.cfg.static {
		m.memberID = ""
	}
	return acts
}

func (m *classic) idle() {
	m.state = memberIdle
	m.round++
	m.generation = -1
	m.counts = nil
	m.beating = false
	m.stale = false
}

// fail gives up until the application polls again, and says why.
func (m *classic) fail(now time.Time, how ending, err error) []action {
	m.idle()
	m.retry(now)
	return append(m.end(how, err), actReport{err: err})
}

func (m *classic) retry(now time.Time) {
	m.retryAt = now.Add(m.backoff.Next())
}

// forget drops the coordinator: the next request needs a new look-up.
func (m *classic) forget(now time.Time) []action {
	if m.coordinator < 0 {
		return nil
	}
	node := m.coordinator
	m.coordinator = -1
	m.beating = false
	m.beatAt = now // as soon as there is one again
	m.retry(now)
	return []action{actForgetCoordinator{node: node}}
}

func (m *classic) found(now time.Time, ev evCoordinator) []action {
	m.finding = false
	if ev.err == nil {
		m.coordinator = ev.node
		return nil
	}
	if m.state == memberIdle || m.state == memberFailed {
		return nil // whoever asked has left since
	}
	if retriable(ev.err) {
		m.retry(now)
		return nil
	}
	return m.fail(now, endRefused, ev.err)
}

func (m *classic) joined(now time.Time, ev evJoined) []action {
	code, answered := errorCode(ev.err)
	_, ours := errors.AsType[*assignorError](ev.err)
	switch {
	case ev.err == nil:
	case ours: // it was not sent
		m.state = memberUnjoined
		m.retry(now)
		return []action{actReport{err: ev.err}}
	case !answered:
		m.state = memberUnjoined
		return m.forget(now)
	default:
		m.state = memberUnjoined
		switch code {
		case wire.ErrMemberIDRequired:
			m.memberID = ev.memberID
			return nil
		case wire.ErrUnknownMemberID:
			m.memberID = ""
			m.retry(now)
			return nil
		case wire.ErrNotCoordinator, wire.ErrCoordinatorNotAvailable:
			return m.forget(now)
		case wire.ErrCoordinatorLoadInProgress, wire.ErrRebalanceInProgress, wire.ErrIllegalGeneration:
			m.retry(now)
			return nil
		}
		return m.refused(now, ev.err, code)
	}
	m.memberID, m.generation, m.protocol = ev.memberID, ev.generation, ev.protocol
	m.heardAt, m.beatAt = now, now.Add(m.cfg.heartbeat)
	m.counts = nil
	if ev.leader {
		m.state = memberAssigning
		return []action{actAssign{round: m.round, protocol: ev.protocol, members: ev.members}}
	}
	return m.sync(nil)
}

func (m *classic) assigned(now time.Time, ev evAssigned) []action {
	if ev.err != nil {
		// Not syncing makes the coordinator rebalance after a session; joining again does it now.
		m.state = memberUnjoined
		m.retry(now)
		if _, ours := errors.AsType[*assignorError](ev.err); ours || !retriable(ev.err) {
			return []action{actReport{err: ev.err}}
		}
		return nil
	}
	m.counts = ev.counts
	return m.sync(ev.assignments)
}

func (m *classic) sync(assignments map[string][]byte) []action {
	m.state = memberSyncing
	if m.coordinator < 0 {
		m.state = memberUnjoined
		return nil
	}
	return []action{actSync{
		round: m.round, node: m.coordinator, memberID: m.memberID, generation: m.generation,
		protocol: m.protocol, assignments: assignments,
	}}
}

func (m *classic) synced(now time.Time, ev evSynced) []action {
	code, answered := errorCode(ev.err)
	switch {
	case ev.err == nil:
		m.backoff.Reset()
		m.heardAt, m.beatAt = now, now.Add(m.cfg.heartbeat)
		if m.stale {
			m.state = memberUnjoined
			return nil
		}
		m.state = memberStable
		m.holding = true
		return []action{actTake{memberID: m.memberID, generation: m.generation, partitions: ev.partitions}}
	case !answered:
		m.state = memberUnjoined
		return m.forget(now)
	}
	m.state = memberUnjoined
	switch code {
	case wire.ErrRebalanceInProgress:
		return nil // someone else came or went meanwhile: join again, at once
	case wire.ErrUnknownMemberID:
		m.memberID = ""
		m.retry(now)
		return nil
	case wire.ErrIllegalGeneration:
		m.retry(now)
		return nil
	case wire.ErrNotCoordinator, wire.ErrCoordinatorNotAvailable:
		return m.forget(now)
	case wire.ErrCoordinatorLoadInProgress:
		m.retry(now)
		return nil
	}
	return m.refused(now, ev.err, code)
}

// beaten takes in the answer to a heartbeat, or to a commit, which says the same things.
func (m *classic) beaten(now, sent time.Time, err error) []action {
	if !m.alive() {
		return nil
	}
	code, answered := errorCode(err)
	if err != nil && !answered {
		return m.forget(now)
	}
	switch code {
	case wire.ErrNone, wire.ErrRebalanceInProgress:
		if sent.After(m.heardAt) {
			m.heardAt = sent
		}
		m.backoff.Reset()
		if code == wire.ErrRebalanceInProgress && m.state == memberStable {
			return m.rejoin(endRebalance)
		}
		return nil
	case wire.ErrUnknownMemberID:
		m.memberID = ""
		return m.lost(endUnknown, fmt.Errorf("%w: the coordinator does not know this member any more: %w", ErrSessionExpired, err))
	case wire.ErrIllegalGeneration:
		return m.lost(endGeneration, fmt.Errorf("%w: the group has gone on to another generation: %w", ErrSessionExpired, err))
	case wire.ErrNotCoordinator, wire.ErrCoordinatorNotAvailable:
		return m.forget(now)
	case wire.ErrCoordinatorLoadInProgress:
		return nil // the next heartbeat asks again
	}
	return m.refused(now, err, code)
}

// refused handles the answers that trying again does not change.
func (m *classic) refused(now time.Time, err error, code wire.ErrorCode) []action {
	err = groupError(err, code)
	if code != wire.ErrFencedInstanceID {
		return m.fail(now, endRefused, err)
	}
	acts := m.fail(now, endFenced, err)
	m.state, m.failure = memberFailed, err
	return acts
}

// groupError says which setting to check about an answer that ends a membership;
// what it means the code itself says.
func groupError(err error, code wire.ErrorCode) error {
	hint := ""
	switch code {
	case wire.ErrGroupAuthorizationFailed:
		hint = "the credentials need READ on the group"
	case wire.ErrInconsistentGroupProtocol:
		hint = "check Assignors"
	case wire.ErrInvalidSessionTimeout:
		hint = "check SessionTimeout"
	case wire.ErrInvalidGroupID:
		hint = "check GroupID"
	case wire.ErrFencedInstanceID:
		hint = "check GroupInstanceID"
	default:
		return err
	}
	return fmt.Errorf("%w (%s)", err, hint)
}

// errorCode finds the broker's code in err; answered is false when no broker answered at all.
func errorCode(err error) (code wire.ErrorCode, answered bool) {
	if err == nil {
		return wire.ErrNone, true
	}
	if code, ok := errors.AsType[wire.ErrorCode](err); ok {
		return code, true
	}
	return wire.ErrUnknownServerError, false
}
