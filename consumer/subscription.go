package consumer

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// TopicPartition names a partition of a topic.
type TopicPartition = wire.TopicPartition

// subscriptionMode is how the assignment comes about.
type subscriptionMode int8

const (
	modeNone     subscriptionMode = iota
	modeAssigned                  // by hand, with Assign
	modeTopics                    // by the group, from topic names
	modePattern                   // by the group, from a pattern
)

// subscriptionState is all that is known of what this consumer reads: the subscription, the
// assigned partitions, and for each one where it stands. Its one owner is the Consumer's lock.
type subscriptionState struct {
	mode    subscriptionMode
	pattern *regexp.Regexp
	topics  []string // sorted; with a pattern, those that match it now
	parts   map[TopicPartition]*partition
	order   []*partition // every assigned partition; fetches go through it in turn
	// byRecord: the application says of each record that it is finished (CommitFinished).
	byRecord bool
}

// lookup is what has to be found out before a partition can be read.
type lookup int8

const (
	lookupNone      lookup = iota // its position is known
	lookupCommitted               // the group's committed offset; without one, as the policy says
	lookupEarliest                // the log's start
	lookupLatest                  // the log's end
	lookupFailed                  // nothing can be; only a Seek helps
)

// partition is one assigned partition.
type partition struct {
	tp TopicPartition
	// jumps counts how often the position was moved other than by reading. A partition that is
	// given up makes its last one then.
	jumps uint32

	lookup  lookup
	looking bool // an answer is on its way

	incarnation      // of the topic that the position is in
	doubted     bool // the position may not exist: the leader is being asked where the log begins and ends

	// position is the offset of the next record to hand out; finished is the offset below which
	// the application is done with every record, and what is committed. Both hold when lookup
	// is lookupNone. While Records goes through a chunk, that is open, and the record that it
	// has in hand is ahead of both.
	position, finished int64
	open               *chunk
	// reading takes the place of finished where each record is finished by itself; its end is where
	// the position is. nil before there is one, and in the other modes.
	reading  *reading
	byRecord bool
	epochs   leaderEpochs // of what was fetched and is not finished

	paused              bool
	highWater, logStart int64 // as of the last fetch; -1 before it
	lastStable          int64
	endAt               time.Time // when that was

	// fault is an error that Poll has to return; a sticky one stops fetching until a Seek.
	fault    error
	sticky   bool
	reportAt time.Time // not (again) before this

	// The fetcher's.
	queue    []*chunk          // fetched and not handed out, in order
	buffered int               // bytes in queue
	fetchAt  int64             // the offset that follows the queue
	fetching *fetchNode        // where a fetch of it is on its way; nil: nowhere
	retryAt  time.Time         // no fetch and no look-up before this
	limit    int               // bytes to fetch at a time if more than MaxPartitionFetchBytes; 0: no more
	together int               // as many partitions may be asked for together, this one among them; 0: any number
	replica  int32             // read from this replica rather than the leader; -1: the leader
	until    time.Time         // ... until then
	backoff  netclient.Backoff // of fetches and look-ups
	trouble  trouble
}

// A question is about a partition as it was when it was asked. Whatever comes of it (records, an
// offset, an error) is looked at only while the question is current: never after a jump, and never
// after the partition was given up, even if it has been assigned again. So it holds the partition
// itself: one that is found by name may be another, which counts its jumps from zero.
type question struct {
	p     *partition
	jumps uint32
}

func (p *partition) ask() question { return question{p, p.jumps} }
func (q question) current() bool   { return q.p.jumps == q.jumps }

func newSubscriptionState() *subscriptionState {
	return &subscriptionState{parts: map[TopicPartition]*partition{}}
}

func newPartition(tp TopicPartition, start lookup) *partition {
	return &partition{tp: tp, lookup: start, highWater: -1, logStart: -1, lastStable: -1, replica: -1,
		incarnation: incarnation{leaderEpoch: -1, dropped: -1}}
}

// assign makes tps the assignment. Partitions that stay keep their position; new ones begin with
// start. It returns those that came and those that went, sorted.
func (s *subscriptionState) assign(tps []TopicPartition, start lookup) (added, removed []TopicPartition) {
	want := make(map[TopicPartition]bool, len(tps))
	for _, tp := range tps {
		want[tp] = true
		if s.parts[tp] == nil {
			p := newPartition(tp, start)
			p.byRecord = s.byRecord
			s.parts[tp] = p
			s.order = append(s.order, p)
			added = append(added, tp)
		}
	}
	s.order = slices.DeleteFunc(s.order, func(p *partition) bool {
		if want[p.tp] {
			return false
		}
		p.jump()
		delete(s.parts, p.tp)
		removed = append(removed, p.tp)
		return true
	})
	sortPartitions(added)
	sortPartitions(removed)
	return added, removed
}

// assigned lists the assigned partitions, sorted.
func (s *subscriptionState) assigned() []TopicPartition {
	tps := make([]TopicPartition, 0, len(s.order))
	for _, p := range s.order {
		tps = append(tps, p.tp)
	}
	sortPartitions(tps)
	return tps
}

// finishAll marks all that was handed out as finished.
func (s *subscriptionState) finishAll() {
	for _, p := range s.order {
		p.finish()
	}
}

// topicIDs are the ids of the topics in which positions are to be looked up.
func (s *subscriptionState) topicIDs(asked questions) topicIDs {
	ids := make(topicIDs, len(asked))
	for tp, q := range asked {
		ids[tp] = q.p.known()
	}
	return ids
}

// commits is the finished offset of every partition that has one.
func (s *subscriptionState) commits() map[TopicPartition]OffsetAndMetadata {
	offsets := make(map[TopicPartition]OffsetAndMetadata, len(s.order))
	for _, p := range s.order {
		if p.lookup == lookupNone {
			offsets[p.tp] = p.commit()
		}
	}
	return offsets
}

// commit is what there is to commit.
func (p *partition) commit() OffsetAndMetadata {
	done := p.done()
	p.epochs.forget(done)
	return OffsetAndMetadata{Offset: done, LeaderEpoch: p.epochs.before(done)}
}

// inHand is the offset of the record that Records handed out last and that the application still
// has; -1 when there is none.
func (p *partition) inHand() int64 {
	if p.open == nil {
		return -1
	}
	return p.open.hand.Load()
}

// next is the position: the offset of the record to be handed out next.
func (p *partition) next() int64 { return max(p.position, p.inHand()+1) }

// done is the offset below which everything is finished. The record in hand is not.
func (p *partition) done() int64 {
	if p.reading != nil {
		return p.reading.lowest()
	}
	return max(p.finished, p.inHand())
}

// finish marks all that was handed out of the partition as finished, the record in hand too.
func (p *partition) finish() {
	if p.lookup == lookupNone && p.reading == nil {
		p.finished = max(p.finished, p.next())
	}
}

// take opens a chunk, the next in line, for Records.
func (p *partition) take(c *chunk) {
	c.hand.Store(-1)
	p.open = c
}

// putBack ends the iteration's hold on a chunk: the rest of it is next in line again. What was in
// hand stays unfinished.
func (p *partition) putBack(c *chunk) {
	if p.open != c {
		return // the partition has jumped, or is gone
	}
	p.finished, p.position = p.done(), p.next()
	p.open = nil
	if p.position < c.end {
		p.queue = slices.Insert(p.queue, 0, c)
		p.reserve(c)
	}
}

// used ends a chunk that Records has gone through.
func (p *partition) used(c *chunk) {
	if p.open != c {
		return
	}
	p.open = nil
	p.position = c.end
	p.finish()
	p.reading.finish(c.cur.last, c.end)
}

// jump drops all that was fetched or is on its way for the partition.
func (p *partition) jump() {
	p.jumps++
	p.drop()
	if p.open != nil {
		p.position = p.next()
		p.open = nil
	}
	p.looking, p.doubted = false, false
	p.fetching = nil
}

// drop empties the queue; what was in it is fetched again.
func (p *partition) drop() {
	for _, c := range p.queue {
		p.unreserve(c)
	}
	p.queue = nil
	p.fetchAt = p.position
	if p.open != nil {
		p.fetchAt = p.open.end
	}
}

// seek moves the partition to an offset. Whatever was wrong before is forgotten.
func (p *partition) seek(offset int64) {
	p.restart(lookupNone)
	switch {
	case p.reading != nil:
		p.reading = p.reading.jump(p.position, offset)
	case p.byRecord:
		p.reading = newReading(offset)
	}
	p.position, p.finished, p.fetchAt = offset, offset, offset
	p.epochs = nil
}

// restart makes the partition's position a matter of look-up again.
func (p *partition) restart(l lookup) {
	p.jump()
	p.lookup = l
	p.fault, p.sticky, p.reportAt = nil, false, time.Time{}
	p.retryAt, p.limit, p.together = time.Time{}, 0, 0
	p.replica = -1
}

// fail makes Poll return err. A sticky error ends fetching at offset until a Seek; what is fetched
// before it is still handed out.
func (p *partition) fail(err error, sticky bool) {
	if p.fault != nil && p.sticky {
		return
	}
	p.fault, p.sticky = err, sticky
}

// failAt puts the position back to the record that can't be delivered, and makes Poll say why.
func (p *partition) failAt(offset int64, err error) {
	finished := min(max(p.finished, p.inHand()), offset)
	p.jump()
	p.finished, p.position, p.fetchAt = finished, offset, offset
	p.fail(err, true)
}

// readable says whether the next records of the partition may be asked for at a node. That a fetch
// is on its way to another one does not matter: the leader has moved, and the old one may be dead.
func (p *partition) readable(n *fetchNode) bool {
	return p.lookup == lookupNone && !p.doubted && !p.paused && !p.sticky && p.fetching != n
}

// push appends what was fetched.
func (p *partition) push(c *chunk) {
	p.queue = append(p.queue, c)
	p.fetchAt = c.end
	p.reserve(c)
}

// pop takes the first chunk from the queue; nil when there is none to hand out now.
func (p *partition) pop() *chunk {
	if p.paused || len(p.queue) == 0 {
		return nil
	}
	c := p.queue[0]
	p.queue = slices.Delete(p.queue, 0, 1)
	p.unreserve(c)
	return c
}

func (p *partition) reserve(c *chunk) {
	p.buffered += len(c.raw)
	c.node.used += len(c.raw)
}

func (p *partition) unreserve(c *chunk) {
	p.buffered -= len(c.raw)
	c.node.used -= len(c.raw)
}

func sortPartitions(tps []TopicPartition) { slices.SortFunc(tps, comparePartitions) }

func comparePartitions(a, b TopicPartition) int {
	if c := strings.Compare(a.Topic, b.Topic); c != 0 {
		return c
	}
	return int(a.Partition) - int(b.Partition)
}
