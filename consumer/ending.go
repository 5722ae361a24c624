package consumer

// An ending is a way out of a generation: how a member comes to hold its partitions no longer.
type ending int8

const (
	endRebalance    ending = iota // a heartbeat or a commit is answered REBALANCE_IN_PROGRESS
	endSubscription               // the topics that this consumer wants have changed
	endPartitions                 // this member leads the group, and a topic has other partitions than it shared out
	endLeft                       // Unsubscribe, or Close
	endUnknown                    // a heartbeat or a commit is answered UNKNOWN_MEMBER_ID
	endGeneration                 // ... or ILLEGAL_GENERATION
	endFenced                     // ... or FENCED_INSTANCE_ID: another process has taken this static member's place
	endRefused                    // a heartbeat, or the search for the coordinator, is refused for good
	endSession                    // no heartbeat was answered for SessionTimeout
	endMaxPoll                    // the application stayed away for MaxPollInterval, so this member has left
	numEndings
)

// endings says of each ending what becomes of the partitions. Where the coordinator still waits for
// this member, nobody else can have them, and a commit works: they are revoked. Where it does not,
// or may not, they are lost. A revocation that has not reached OnRevoked yet becomes a loss when one
// of the other endings comes on top of it.
//
// Not listed, because they end no generation: a refused JoinGroup or SyncGroup (nothing is held
// then), an OffsetFetch (which names no member), Assign (no group shares its partitions out), and a
// client that is closed under its consumer, which calls nothing back.
var endings = [numEndings]struct{ lost bool }{
	endRebalance:    {lost: false},
	endSubscription: {lost: false},
	endPartitions:   {lost: false},
	endLeft:         {lost: false},
	endUnknown:      {lost: true},
	endGeneration:   {lost: true},
	endFenced:       {lost: true},
	endRefused:      {lost: true},
	endSession:      {lost: true},
	endMaxPoll:      {lost: true},
}

// end is what the application has to do about its partitions when a generation ends this way.
func (m *classic) end(how ending, reason error) []action {
	switch {
	case !endings[how].lost:
		return []action{actRevoke{}}
	case m.holding:
		return []action{actLose{reason: reason}}
	}
	return nil
}
