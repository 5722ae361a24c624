package kafkatest

import (
	"math"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A coordinator holds the groups of the whole cluster. Which broker may speak
// for a group is decided as in Kafka: it is the leader of the group's partition
// of __consumer_offsets.
type coordinator struct {
	cluster *Cluster
	wake    chan struct{} // tells run that a deadline may have come nearer

	mu        sync.Mutex // guards the rest; held for one step of a state machine, never over a wait
	groups    map[string]*group
	offsets   offsets // what groups committed here, from v1 of OffsetCommit on
	zooKeeper offsets // and what they did with v0
}

// offsets are what groups committed.
type offsets map[string]map[wire.TopicPartition]committedOffset

// A committedOffset is what a group committed for a partition.
type committedOffset struct {
	offset      int64
	leaderEpoch int32
	metadata    string
}

func (o offsets) commit(group string, tp wire.TopicPartition, offset committedOffset) {
	if o[group] == nil {
		o[group] = make(map[wire.TopicPartition]committedOffset)
	}
	o[group][tp] = offset
}

func newCoordinator(c *Cluster) *coordinator {
	return &coordinator{
		cluster: c, wake: make(chan struct{}, 1),
		groups:    make(map[string]*group),
		offsets:   make(offsets),
		zooKeeper: make(offsets),
	}
}

// run throws out members whose time is over, until the cluster is closed.
func (c *coordinator) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if next := c.tick(time.Now()); next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(next))
		}
		select {
		case <-timer.C:
		case <-c.wake:
		case <-c.cluster.ctx.Done():
			return
		}
	}
}

// tick lets time pass for all groups and returns when to do so again; zero: when
// woken.
func (c *coordinator) tick(now time.Time) (next time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, g := range c.groups {
		g.tick(now)
		if g.gone() {
			delete(c.groups, id)
		}
		if t := g.deadline(); !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// moved is called when another broker leads that partition of
// __consumer_offsets.
func (c *coordinator) moved(partition int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.groups {
		if offsetsPartitionOf(g.id) == partition {
			g.moved(time.Now())
		}
	}
	c.poke()
}

// poke wakes run.
func (c *coordinator) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// with calls f on the group, with c.mu held, if the broker is its coordinator.
// The group is nil when there is none of that id; with create it is made.
func (c *coordinator) with(b *broker, id string, create bool, f func(g *group, now time.Time) wire.ErrorCode) wire.ErrorCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	if leader := c.coordinatorOf(id); leader != b {
		return wire.ErrNotCoordinator
	}
	g := c.groups[id]
	if g == nil && create {
		g = newGroup(id, c.cluster.config.release, c.cluster.config.initialDelay)
		c.groups[id] = g
	}
	code := f(g, time.Now())
	if g != nil && g.gone() {
		delete(c.groups, id)
	}
	c.poke()
	return code
}

// withMembers is with for requests of members, who have a group.
func (c *coordinator) withMembers(b *broker, id string, f func(g *group, now time.Time) wire.ErrorCode) wire.ErrorCode {
	if id == "" && c.cluster.config.release.at(2) {
		return wire.ErrInvalidGroupID
	}
	return c.with(b, id, false, func(g *group, now time.Time) wire.ErrorCode {
		if g == nil {
			return wire.ErrUnknownMemberID
		}
		return f(g, now)
	})
}

// coordinatorOf is the broker that coordinates the group, nil when there is none
// now.
func (c *coordinator) coordinatorOf(group string) *broker {
	p := c.cluster.topic(offsetsTopic, wire.UUID{}).partition(offsetsPartitionOf(group))
	if p == nil {
		return nil
	}
	leader, _ := p.leadership()
	return c.cluster.broker(leader)
}

// ensureTopic makes __consumer_offsets, and tells whether it was there.
func (c *coordinator) ensureTopic() (was bool) {
	cluster := c.cluster
	cluster.mu.Lock()
	defer cluster.mu.Unlock()
	if cluster.topics[offsetsTopic] != nil {
		return true
	}
	n := len(cluster.brokers)
	cluster.addTopic(offsetsTopic, assign(n, offsetsPartitions, min(n, 3), 0))
	return false
}

// offsetsPartitionOf is the group's partition of __consumer_offsets: Java's hash
// of the id, without its sign, modulo the number of partitions.
func offsetsPartitionOf(group string) int32 {
	var hash int32
	for _, unit := range utf16.Encode([]rune(group)) {
		hash = 31*hash + int32(unit)
	}
	if hash == math.MinInt32 {
		hash = 0
	}
	return max(hash, -hash) % offsetsPartitions
}
