package kafkatest

import (
	"fmt"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
)

// MoveLeader gives a partition another leader, in a new epoch. The broker need
// not be one of its replicas; -1 leaves the partition without a leader. Moving a
// partition of __consumer_offsets moves the coordinator of its groups. It is an
// error when there is no such partition or broker.
func (c *Cluster) MoveLeader(topic string, partition, node int32) error {
	c.tb.Helper()
	return c.done(c.moveLeader(topic, partition, node))
}

func (c *Cluster) moveLeader(topic string, partition, node int32) error {
	p, err := c.knownPartition(topic, partition)
	if err == nil && node != -1 {
		_, err = c.knownBroker(node)
	}
	if err != nil {
		return err
	}
	p.setLeader(node, false)
	if topic == offsetsTopic {
		c.groups.moved(partition)
	}
	return nil
}

// MoveCoordinator makes a broker the coordinator of a group, and of those that
// share its partition of __consumer_offsets. It is an error when there is no such
// broker.
func (c *Cluster) MoveCoordinator(group string, node int32) error {
	c.tb.Helper()
	c.groups.ensureTopic()
	return c.done(c.moveLeader(offsetsTopic, offsetsPartitionOf(group), node))
}

// Leader is the leader of a partition and its epoch; the leader is -1 when there
// is none. Where there is no such partition it fails the test of Start, or both
// are -1.
func (c *Cluster) Leader(topic string, partition int32) (node, epoch int32) {
	c.tb.Helper()
	p, err := c.knownPartition(topic, partition)
	if c.done(err) != nil {
		return -1, -1
	}
	return p.leadership()
}

// FallBehind has a partition's replica on a broker hold the records below end
// alone, as one that has not caught up after a restart. To a Fetch of v11 or
// later it answers with what it has, as followers do since 2.4 (KIP-392), if that
// names no leader epoch or the newest; in place of the leader it does not lag. A
// negative end lets it catch up. It is an error when the broker has no such
// replica.
func (c *Cluster) FallBehind(topic string, partition, node int32, end int64) error {
	c.tb.Helper()
	return c.done(c.fallBehind(topic, partition, node, end))
}

func (c *Cluster) fallBehind(topic string, partition, node int32, end int64) error {
	p, err := c.knownPartition(topic, partition)
	if err != nil {
		return err
	}
	if !slices.Contains(p.replicas, node) {
		return fmt.Errorf("kafkatest: broker %d has no replica of %s/%d: %w", node, topic, partition, wire.ErrReplicaNotAvailable)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if delete(p.behind, node); end >= 0 && p.leader != node {
		if p.behind == nil {
			p.behind = make(map[int32]int64)
		}
		p.behind[node] = end
	}
	p.tell()
	return nil
}

// StopBroker stops a broker as if it had been killed: its connections and its
// port are closed, and another replica that is up leads its partitions, if there
// is one. It is an error when there is no such broker, and none when it is
// stopped already.
func (c *Cluster) StopBroker(node int32) error {
	c.tb.Helper()
	b, err := c.knownBroker(node)
	if c.done(err) != nil {
		return err
	}
	b.stop()
	c.electAll()
	return nil
}

// StartBroker starts a broker that was stopped, on its old address. Partitions
// that had no leader get one again. It is an error when there is no such broker,
// or it can't listen.
func (c *Cluster) StartBroker(node int32) error {
	c.tb.Helper()
	b, err := c.knownBroker(node)
	if err == nil {
		err = b.start()
	}
	if c.done(err) != nil {
		return err
	}
	c.electAll()
	return nil
}

// electAll gives every partition whose leader is gone another one.
func (c *Cluster) electAll() {
	_, up := c.upBrokers()
	for _, t := range c.allTopics() {
		for _, p := range t.partitions {
			live, _ := p.liveReplicas(up)
			leader, _ := p.leadership()
			if next := elect(leader, live); next != leader && !up(leader) {
				p.setLeader(next, false)
				if t.internal {
					c.groups.moved(p.id)
				}
			}
		}
	}
}

// Freeze has a broker keep its connections and take new ones, but answer nothing
// until Thaw, as a process that is stopped with SIGSTOP. It is an error when
// there is no such broker, or it does not run.
func (c *Cluster) Freeze(node int32) error {
	c.tb.Helper()
	return c.done(c.freeze(node))
}

func (c *Cluster) freeze(node int32) error {
	b, err := c.knownBroker(node)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.run == nil {
		return fmt.Errorf("kafkatest: broker %d is stopped: %w", node, wire.ErrBrokerNotAvailable)
	}
	if b.run.thawed == nil {
		b.run.thawed = make(chan struct{})
	}
	return nil
}

// Thaw lets a frozen broker answer again. It is an error when there is no such
// broker, and none when it is not frozen, or was stopped meanwhile.
func (c *Cluster) Thaw(node int32) error {
	c.tb.Helper()
	b, err := c.knownBroker(node)
	if c.done(err) != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.run != nil && b.run.thawed != nil {
		close(b.run.thawed)
		b.run.thawed = nil
	}
	return nil
}

// DeleteRecords moves the start of a partition's log to the offset, as retention
// does. It is an error when there is no such partition.
func (c *Cluster) DeleteRecords(topic string, partition int32, before int64) error {
	c.tb.Helper()
	p, err := c.knownPartition(topic, partition)
	if c.done(err) != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.deleteBefore(before)
	p.tell()
	return nil
}
