package consumer

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A groupProtocol decides what this consumer says to its group, and when.
//
// It is a state machine and nothing else: step is told what happened and what time it is, and
// returns what has to be done about it. It never waits, reads a clock or holds a connection, so a
// test can take it through a day of rebalances in a loop. The Consumer owns it, calls it with its
// lock held and carries the actions out (see membership.go).
//
// There are two: classic, for brokers that know groups (0.9 and later), and local, which gives
// this consumer every partition when there is no group to share them with. A protocol whose
// assignor runs in the broker (KIP-848) would be a third.
type groupProtocol interface {
	step(now time.Time, ev event) []action
	// deadline is when evTick is wanted next; zero means that only events move it.
	deadline() time.Time
	// watched lists the topics whose partition counts it wants to hear of (evCounts).
	watched() []string
}

// An event is something that happened.
type event interface{}

type (
	// evTick: the deadline has come.
	evTick struct{}
	// evPoll: the application is alive: it is in Poll or Records, or takes record after record.
	evPoll struct{}
	// evSubscribe: the topics that this consumer wants to read, as the subscription stands now.
	evSubscribe struct{ topics []string }
	// evCounts: the number of partitions of each watched topic that exists.
	evCounts struct{ counts map[string]int32 }
	// evGaveUp: the application has let go of its partitions, as actRevoke or actLose asked.
	evGaveUp struct{}
	// evLeave: the application is done with the group and holds nothing any more.
	evLeave struct{}

	// evCoordinator answers actFindCoordinator.
	evCoordinator struct {
		node int32
		err  error
	}
	// evJoined answers actJoin.
	evJoined struct {
		round      int
		err        error // no answer, or an answer with a wire.ErrorCode
		memberID   string
		generation int32
		protocol   string
		leader     bool
		members    []joinedMember // of the leader only
	}
	// evAssigned answers actAssign.
	evAssigned struct {
		round       int
		err         error
		assignments map[string][]byte
		counts      map[string]int32 // the partition counts it was made from
	}
	// evSynced answers actSync.
	evSynced struct {
		round      int
		err        error
		partitions []wire.TopicPartition
	}
	// evHeartbeat answers actHeartbeat.
	evHeartbeat struct {
		beat int
		sent time.Time
		err  error
	}
	// evFenced: the coordinator refused a commit made as this member of this generation.
	evFenced struct {
		memberID   string
		generation int32
		err        error
	}
)

// joinedMember is one member as the leader hears of it: its id and its undecoded subscription.
type joinedMember struct {
	id, instanceID string
	metadata       []byte
}

// An action is something to do.
type action interface{}

type (
	// actFindCoordinator: look the coordinator up; evCoordinator answers.
	actFindCoordinator struct{}
	// actForgetCoordinator: the one that is known is not it, or can't be reached. With
	// disconnect its connection is of no use any more either.
	actForgetCoordinator struct{ node int32 }
	// actJoin, actAssign, actSync and actHeartbeat are the steps of the classic protocol.
	actJoin struct {
		round    int
		node     int32
		memberID string
		topics   []string
	}
	actAssign struct {
		round    int
		protocol string
		members  []joinedMember
	}
	actSync struct {
		round       int
		node        int32
		memberID    string
		generation  int32
		protocol    string
		assignments map[string][]byte
	}
	actHeartbeat struct {
		beat       int
		node       int32
		memberID   string
		generation int32
	}
	// actLeave: tell the coordinator. A join that is still on its way is given up first.
	actLeave struct {
		node     int32 // -1: unknown, look it up
		memberID string
		reason   string
		joining  bool
	}
	// actTake: the application is to have these partitions and no others.
	actTake struct {
		memberID   string
		generation int32
		partitions []wire.TopicPartition
	}
	// actRevoke: the application is to give its partitions up, and may still commit; evGaveUp follows.
	actRevoke struct{}
	// actLose: the partitions may be someone else's already; evGaveUp follows.
	actLose struct{ reason error }
	// actReport: the application has to hear of this error.
	actReport struct{ err error }
)
