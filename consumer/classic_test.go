package consumer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// machine takes a groupProtocol through its life, with a clock of its own. Each step says what
// happens and what the protocol must want done about it, in words.
type machine struct {
	t   *testing.T
	m   groupProtocol
	now time.Time

	beat int // of the heartbeat that was sent last; an evHeartbeat without one answers it
}

var testClassic = classicConfig{session: 30 * time.Second, heartbeat: 3 * time.Second, maxPoll: 5 * time.Minute}

// steady is a backoff without jitter: 100 ms, 200 ms, ... a second.
func steady() netclient.Backoff {
	return netclient.Backoff{Rand: func() float64 { return 0.5 }}
}

func newClassicMachine(t *testing.T, cfg classicConfig) *machine {
	return &machine{t: t, m: newClassic(cfg, steady()), now: time.Unix(1000, 0)}
}

func (x *machine) step(ev event, want ...string) {
	x.t.Helper()
	var got []string
	if hb, ok := ev.(evHeartbeat); ok && hb.beat == 0 {
		hb.beat = x.beat
		ev = hb
	}
	for _, a := range x.m.step(x.now, ev) {
		if hb, ok := a.(actHeartbeat); ok {
			x.beat = hb.beat
		}
		got = append(got, words(a))
	}
	if _, tick := ev.(evTick); tick && !x.m.deadline().IsZero() && !x.m.deadline().After(x.now) {
		x.t.Fatalf("after a tick the deadline is %v, and it is %v: the clock would tick for ever", x.m.deadline(), x.now)
	}
	if !slices.Equal(got, want) {
		x.t.Fatalf("%T%+v:\n got %q\nwant %q", ev, ev, got, want)
	}
}

// pass lets time go by and ticks.
func (x *machine) pass(d time.Duration, want ...string) {
	x.t.Helper()
	x.now = x.now.Add(d)
	x.step(evTick{}, want...)
}

// wait checks how far away the deadline is.
func (x *machine) wait(want time.Duration) {
	x.t.Helper()
	if got := x.m.deadline().Sub(x.now); got != want {
		x.t.Fatalf("deadline in %v, want %v", got, want)
	}
}

func (x *machine) state(want memberState) {
	x.t.Helper()
	if got := x.m.(*classic).state; got != want {
		x.t.Fatalf("state is %v, want %v", got, want)
	}
}

func words(a action) string {
	switch a := a.(type) {
	case actFindCoordinator:
		return "find"
	case actForgetCoordinator:
		return fmt.Sprintf("forget %d", a.node)
	case actJoin:
		return fmt.Sprintf("join %d as %q for %s", a.node, a.memberID, strings.Join(a.topics, ","))
	case actAssign:
		return fmt.Sprintf("assign %s to %d", a.protocol, len(a.members))
	case actSync:
		return fmt.Sprintf("sync %d as %q/%d with %d", a.node, a.memberID, a.generation, len(a.assignments))
	case actHeartbeat:
		return fmt.Sprintf("heartbeat %d as %q/%d", a.node, a.memberID, a.generation)
	case actLeave:
		s := fmt.Sprintf("leave %d as %q", a.node, a.memberID)
		if a.joining {
			s += " while joining"
		}
		return s
	case actTake:
		return fmt.Sprintf("take %q/%d %v", a.memberID, a.generation, a.partitions)
	case actRevoke:
		return "revoke"
	case actLose:
		return "lose"
	case actReport:
		return "report"
	}
	return fmt.Sprintf("%T", a)
}

func tps(topic string, partitions ...int32) (tps []TopicPartition) {
	for _, p := range partitions {
		tps = append(tps, TopicPartition{Topic: topic, Partition: p})
	}
	return tps
}

// lost is what a request that got no answer returns.
var errLost = &netclient.ConnError{Op: "Heartbeat", Err: io.EOF}

func refused(code wire.ErrorCode) error { return fmt.Errorf("refused: %w", code) }

// join takes the machine from its first Poll to a stable member with t/0 and t/1.
func (x *machine) join() {
	x.t.Helper()
	x.step(evSubscribe{topics: []string{"t"}})
	x.step(evPoll{}, "find")
	x.step(evCoordinator{node: 1}, `join 1 as "" for t`)
	x.step(evJoined{round: 1, memberID: "m", generation: 7, protocol: "range"}, `sync 1 as "m"/7 with 0`)
	x.step(evSynced{round: 1, partitions: tps("t", 0, 1)}, `take "m"/7 [t/0 t/1]`)
	x.state(memberStable)
}

func TestClassicJoinsWhenTheApplicationPolls(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.step(evSubscribe{topics: []string{"t"}})
	x.step(evTick{})
	if !x.m.deadline().IsZero() {
		t.Error("wants the clock before the first Poll")
	}
	x = newClassicMachine(t, testClassic)
	x.join()
	x.wait(3 * time.Second)
}

func TestClassicLeaderAssigns(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.step(evSubscribe{topics: []string{"t"}})
	x.step(evPoll{}, "find")
	x.step(evCoordinator{node: 1}, `join 1 as "" for t`)
	// KIP-394: the coordinator names the member first.
	x.step(evJoined{round: 1, memberID: "m", err: refused(wire.ErrMemberIDRequired)}, `join 1 as "m" for t`)
	x.step(evJoined{round: 2, memberID: "m", generation: 1, protocol: "range", leader: true, members: make([]joinedMember, 2)}, "assign range to 2")
	x.step(evAssigned{round: 2, assignments: map[string][]byte{"m": nil, "n": nil}, counts: map[string]int32{"t": 2}}, `sync 1 as "m"/1 with 2`)
	x.step(evSynced{round: 2, partitions: tps("t", 0)}, `take "m"/1 [t/0]`)
	if got := x.m.watched(); !slices.Equal(got, []string{"t"}) {
		t.Errorf("watches %v", got)
	}
	x.step(evCounts{counts: map[string]int32{"t": 2}})
	x.step(evCounts{counts: map[string]int32{"t": 3}}, "revoke")
	x.step(evGaveUp{}, `join 1 as "m" for t`)
}

func TestClassicHeartbeats(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.join()
	x.pass(2999 * time.Millisecond)
	x.pass(time.Millisecond, `heartbeat 1 as "m"/7`)
	x.pass(time.Second) // one at a time
	x.step(evHeartbeat{sent: x.now.Add(-time.Second)})
	x.wait(2 * time.Second)
	// A rebalance: the application gives up what it has, then joins. Heartbeats go on meanwhile.
	x.pass(2*time.Second, `heartbeat 1 as "m"/7`)
	x.step(evHeartbeat{sent: x.now, err: refused(wire.ErrRebalanceInProgress)}, "revoke")
	x.state(memberReleasing)
	x.pass(3*time.Second, `heartbeat 1 as "m"/7`)
	x.step(evHeartbeat{sent: x.now, err: refused(wire.ErrRebalanceInProgress)})
	x.step(evGaveUp{}, `join 1 as "m" for t`)
	x.step(evHeartbeat{sent: x.now, err: refused(wire.ErrUnknownMemberID)}) // too late to matter
	x.step(evJoined{round: 2, memberID: "m", generation: 8, protocol: "range"}, `sync 1 as "m"/8 with 0`)
	// Somebody else came meanwhile.
	x.step(evSynced{round: 2, err: refused(wire.ErrRebalanceInProgress)}, `join 1 as "m" for t`)
}

func TestClassicIsThrownOut(t *testing.T) {
	for _, code := range []wire.ErrorCode{wire.ErrUnknownMemberID, wire.ErrIllegalGeneration} {
		x := newClassicMachine(t, testClassic)
		x.join()
		x.pass(3*time.Second, `heartbeat 1 as "m"/7`)
		x.step(evHeartbeat{sent: x.now, err: refused(code)}, "lose")
		x.pass(time.Minute) // no heartbeat, and no join before the application has let go
		id := "m"
		if code == wire.ErrUnknownMemberID {
			id = ""
		}
		x.step(evPoll{})
		x.step(evGaveUp{}, fmt.Sprintf("join 1 as %q for t", id))
	}
	// A commit finds it out as well, but only one of this generation.
	x := newClassicMachine(t, testClassic)
	x.join()
	x.step(evFenced{memberID: "m", generation: 6, err: refused(wire.ErrUnknownMemberID)})
	x.step(evFenced{memberID: "m", generation: 7, err: refused(wire.ErrUnknownMemberID)}, "lose")
}

// An answer that comes late says nothing about what was asked since.
func TestClassicStaleAnswers(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.join()
	x.pass(3*time.Second, `heartbeat 1 as "m"/7`)
	x.step(evHeartbeat{err: refused(wire.ErrNotCoordinator)}, "forget 1")
	x.pass(100*time.Millisecond, "find")
	x.step(evCoordinator{node: 2}, `heartbeat 2 as "m"/7`)
	x.step(evHeartbeat{beat: 1, err: errLost}) // of the old coordinator: the new one is not forgotten
	x.step(evHeartbeat{beat: 1, err: refused(wire.ErrUnknownMemberID)})
	x.state(memberStable)
	x.pass(time.Second) // the second heartbeat is still on its way
	x.step(evHeartbeat{sent: x.now})

	// A commit as an earlier member, in a generation with the same number.
	x.step(evFenced{memberID: "l", generation: 7, err: refused(wire.ErrUnknownMemberID)})
	x.state(memberStable)

	// The coordinator can't be found, and nobody needs it any more.
	x.pass(2*time.Second, `heartbeat 2 as "m"/7`)
	x.step(evHeartbeat{err: refused(wire.ErrNotCoordinator)}, "forget 2")
	x.pass(time.Second, "find")
	x.step(evLeave{}, `leave -1 as "m"`)
	x.step(evCoordinator{err: errors.New("no such luck")})
	x.state(memberIdle)
}

func TestClassicSessionExpires(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.join()
	x.pass(3*time.Second, `heartbeat 1 as "m"/7`)
	x.step(evHeartbeat{err: errLost}, "forget 1")
	x.pass(100*time.Millisecond, "find")
	x.step(evCoordinator{err: errLost})
	x.pass(200*time.Millisecond, "find")
	x.step(evCoordinator{node: 2}, `heartbeat 2 as "m"/7`) // in time: still a member
	x.step(evHeartbeat{sent: x.now})
	x.pass(3*time.Second, `heartbeat 2 as "m"/7`)
	// From here on, silence. 30 s after the last heartbeat that was answered, others may have the
	// partitions.
	x.pass(26 * time.Second)
	x.wait(time.Second)
	x.pass(time.Second, "forget 2", "lose")
	x.step(evGaveUp{})
	x.pass(time.Second, "find")
	x.pass(time.Second) // it takes its time
	x.step(evCoordinator{node: 2}, `join 2 as "m" for t`)
}

func TestClassicMaxPollInterval(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.join()
	beats := 0
	for range 99 {
		x.pass(3*time.Second, `heartbeat 1 as "m"/7`)
		x.step(evHeartbeat{sent: x.now})
		beats++
	}
	x.pass(3*time.Second, `leave 1 as "m"`, "lose", "report")
	x.state(memberIdle)
	if !x.m.deadline().IsZero() {
		t.Error("an idle member wants the clock")
	}
	x.pass(time.Hour)
	// The next Poll has the application let go, then joins as a new member.
	x.step(evPoll{})
	x.step(evGaveUp{}, `join 1 as "" for t`)
	// A poll in between starts the interval anew.
	x = newClassicMachine(t, testClassic)
	x.join()
	x.now = x.now.Add(4 * time.Minute)
	x.step(evPoll{}, `heartbeat 1 as "m"/7`)
	x.step(evHeartbeat{sent: x.now})
	x.pass(4*time.Minute, "forget 1", "lose") // the session, not the interval
}

func TestClassicJoinErrors(t *testing.T) {
	retried := map[wire.ErrorCode]string{
		wire.ErrCoordinatorLoadInProgress: `join 1 as "m" for t`,
		wire.ErrRebalanceInProgress:       `join 1 as "m" for t`,
		wire.ErrUnknownMemberID:           `join 1 as "" for t`,
		wire.ErrNotCoordinator:            "find",
		wire.ErrCoordinatorNotAvailable:   "find",
	}
	for code, want := range retried {
		x := newClassicMachine(t, testClassic)
		x.join()
		x.step(evFenced{memberID: "m", generation: 7, err: refused(wire.ErrIllegalGeneration)}, "lose")
		x.step(evGaveUp{}, `join 1 as "m" for t`)
		var forget []string
		if want == "find" {
			forget = []string{"forget 1"}
		}
		x.step(evJoined{round: 2, err: refused(code)}, forget...)
		x.wait(100 * time.Millisecond)
		x.pass(100*time.Millisecond, want)
	}
	for _, code := range []wire.ErrorCode{wire.ErrGroupAuthorizationFailed, wire.ErrInconsistentGroupProtocol,
		wire.ErrInvalidSessionTimeout, wire.ErrInvalidGroupID, wire.ErrGroupMaxSizeReached} {
		x := newClassicMachine(t, testClassic)
		x.step(evSubscribe{topics: []string{"t"}})
		x.step(evPoll{}, "find")
		x.step(evCoordinator{node: 1}, `join 1 as "" for t`)
		x.step(evJoined{round: 1, err: refused(code)}, "report")
		x.step(evTick{})
		x.step(evPoll{}) // not at once
		x.pass(100*time.Millisecond, `join 1 as "" for t`)
	}
}

func TestClassicFencedInstanceStaysOut(t *testing.T) {
	cfg := testClassic
	cfg.static = true
	x := newClassicMachine(t, cfg)
	x.join()
	x.pass(3*time.Second, `heartbeat 1 as "m"/7`)
	x.step(evHeartbeat{err: refused(wire.ErrFencedInstanceID)}, "lose", "report")
	x.step(evGaveUp{})
	x.pass(time.Hour)
	x.step(evPoll{}, "report")
	x.step(evPoll{}, "report")
}

func TestClassicLeaves(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.join()
	x.step(evLeave{}, `leave 1 as "m"`)
	x.step(evPoll{})
	x.pass(time.Hour)

	x = newClassicMachine(t, testClassic)
	x.step(evSubscribe{topics: []string{"t"}})
	x.step(evPoll{}, "find")
	x.step(evCoordinator{node: 1}, `join 1 as "" for t`)
	x.step(evLeave{}, `leave 1 as "" while joining`)
	x.step(evJoined{round: 1, memberID: "m", generation: 1}) // nobody waits for it any more

	cfg := testClassic
	cfg.static = true
	x = newClassicMachine(t, cfg)
	x.join()
	x.step(evLeave{}) // its place is kept for it
}

func TestClassicNewTopics(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.join()
	x.step(evSubscribe{topics: []string{"t"}}) // the same
	x.step(evSubscribe{topics: []string{"t", "u"}}, "revoke")
	x.step(evGaveUp{}, `join 1 as "m" for t,u`)
	// They change again while the join is on its way: what comes of it is not taken.
	x.step(evSubscribe{topics: []string{"u"}})
	x.step(evJoined{round: 2, memberID: "m", generation: 8}, `sync 1 as "m"/8 with 0`)
	x.step(evSynced{round: 2, partitions: tps("t", 0)}, `join 1 as "m" for u`)
}

func TestClassicLosesTheCoordinatorWhileJoining(t *testing.T) {
	x := newClassicMachine(t, testClassic)
	x.step(evSubscribe{topics: []string{"t"}})
	x.step(evPoll{}, "find")
	x.step(evCoordinator{err: errors.New("no such luck")}, "report")
	x.state(memberIdle)
	x.step(evPoll{})
	x.pass(100*time.Millisecond, "find")
	x.step(evCoordinator{node: 1}, `join 1 as "" for t`)
	x.step(evJoined{round: 1, err: errLost}) // of another round
	x.state(memberJoining)
	x.step(evJoined{round: 2, err: errLost}, "forget 1")
	x.wait(200 * time.Millisecond) // the second failure in a row
	x.pass(200*time.Millisecond, "find")
}

func TestLocalTakesEverything(t *testing.T) {
	x := &machine{t: t, m: &local{}, now: time.Unix(1000, 0)}
	x.step(evSubscribe{topics: []string{"u", "t"}})
	x.step(evCounts{counts: map[string]int32{"t": 1, "u": 0}})
	x.step(evPoll{}, `take ""/-1 [t/0]`)
	x.step(evPoll{})
	x.step(evCounts{counts: map[string]int32{"t": 2, "u": 1}}, `take ""/-1 [t/0 t/1 u/0]`)
	x.step(evSubscribe{topics: []string{"u"}}, `take ""/-1 [u/0]`)
	x.step(evLeave{})
}
