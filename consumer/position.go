package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// Seek moves the position of an assigned partition: the next record comes from offset, or the first
// one after it. What was fetched for the old position is dropped, an error of the partition is
// forgotten, and from now on offset is what would be committed.
func (c *Consumer) Seek(tp TopicPartition, offset int64) error {
	if offset < 0 {
		return fmt.Errorf("consumer: Seek: there is no offset %d; SeekToBeginning and SeekToEnd find the ends", offset)
	}
	return c.jump([]TopicPartition{tp}, func(p *partition) { p.seek(offset) })
}

// SeekToBeginning moves assigned partitions, all of them if none is named, to the first record that
// the broker still has. It does not wait: the next Poll, Records or Position finds the offset out.
func (c *Consumer) SeekToBeginning(partitions ...TopicPartition) error {
	return c.jump(partitions, func(p *partition) { p.restart(lookupEarliest) })
}

// SeekToEnd moves assigned partitions, all of them if none is named, behind the last record. It
// does not wait: the next Poll, Records or Position finds the offset out.
func (c *Consumer) SeekToEnd(partitions ...TopicPartition) error {
	return c.jump(partitions, func(p *partition) { p.restart(lookupLatest) })
}

// jump changes positions; when a partition is not assigned it changes none.
func (c *Consumer) jump(tps []TopicPartition, to func(*partition)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	parts, err := c.named(tps)
	if err != nil {
		return err
	}
	for _, p := range parts {
		to(p)
	}
	c.attend()
	c.wake()
	return nil
}

// named finds assigned partitions, all if none is named. The caller holds c.mu.
func (c *Consumer) named(tps []TopicPartition) ([]*partition, error) {
	if c.closed {
		return nil, ErrClosed
	}
	if len(tps) == 0 {
		if len(c.subs.order) == 0 {
			return nil, fmt.Errorf("consumer: no partition is %w", ErrNotAssigned)
		}
		return slices.Clone(c.subs.order), nil
	}
	parts := make([]*partition, 0, len(tps))
	for _, tp := range tps {
		p := c.subs.parts[tp]
		if p == nil {
			return nil, fmt.Errorf("consumer: %s is %w", partitionName(tp), ErrNotAssigned)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// Position is the offset of the next record of an assigned partition that this consumer hands out.
// While it is not known, Position waits: until it was found out, the partition's error says that
// it can't be, or ctx ends, after RequestTimeout if that has no deadline.
func (c *Consumer) Position(ctx context.Context, tp TopicPartition) (int64, error) {
	ctx, stop := c.bound(ctx)
	defer stop()
	for {
		c.mu.Lock()
		parts, err := c.named([]TopicPartition{tp})
		if err != nil {
			c.mu.Unlock()
			return 0, err
		}
		p := parts[0]
		if p.lookup == lookupNone {
			defer c.mu.Unlock()
			return p.next(), nil
		}
		fault, trouble, changed := p.fault, p.trouble.err, c.change()
		c.mu.Unlock()
		if fault != nil {
			return 0, fault
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, fmt.Errorf("consumer: position of %s: %w", partitionName(tp), errors.Join(context.Cause(ctx), trouble))
		}
	}
}

// Pause stops handing out records of assigned partitions until Resume; they stay assigned. What
// Poll has returned already is not affected. A rebalance ends it.
func (c *Consumer) Pause(partitions ...TopicPartition) error { return c.setPaused(partitions, true) }

// Resume ends a Pause.
func (c *Consumer) Resume(partitions ...TopicPartition) error { return c.setPaused(partitions, false) }

func (c *Consumer) setPaused(tps []TopicPartition, paused bool) error {
	if len(tps) == 0 {
		return nil
	}
	return c.jump(tps, func(p *partition) { p.paused = paused })
}

// Paused lists the paused partitions, sorted.
func (c *Consumer) Paused() []TopicPartition {
	c.mu.Lock()
	defer c.mu.Unlock()
	tps := []TopicPartition{}
	for _, p := range c.subs.order {
		if p.paused {
			tps = append(tps, p.tp)
		}
	}
	sortPartitions(tps)
	return tps
}

// HighWater is the offset that follows the last record of an assigned partition that consumers may
// read, as the broker knew it that answered the last fetch (a follower may be a little behind); ok is false before the first. Lag has it for all partitions.
func (c *Consumer) HighWater(tp TopicPartition) (offset int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.subs.parts[tp]
	if p == nil || p.highWater < 0 {
		return 0, false
	}
	return p.highWater, true
}

// PartitionsFor describes a topic's partitions, by ascending id. It waits until the topic is known,
// which this creates on no broker, or ctx ends, RequestTimeout if that has no deadline.
func (c *Consumer) PartitionsFor(ctx context.Context, topic string) ([]netclient.Partition, error) {
	if err := c.usable(); err != nil {
		return nil, err
	}
	ctx, stop := c.bound(ctx)
	defer stop()
	t, err := c.client.Topic(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("consumer: partitions: %w", err)
	}
	return slices.Clone(t.Partitions), nil
}

// Topics lists the cluster's topics, sorted, the brokers' internal ones too. It asks the cluster,
// and waits until ctx ends, RequestTimeout if that has no deadline.
func (c *Consumer) Topics(ctx context.Context) ([]string, error) {
	if err := c.usable(); err != nil {
		return nil, err
	}
	ctx, stop := c.bound(ctx)
	defer stop()
	md, err := c.client.RefreshAllTopics(ctx)
	if err != nil {
		return nil, fmt.Errorf("consumer: topics: %w", err)
	}
	topics := []string{}
	for t := range md.Topics() {
		if t.Err != wire.ErrUnknownTopicOrPartition {
			topics = append(topics, t.Name)
		}
	}
	slices.Sort(topics)
	return topics, nil
}
