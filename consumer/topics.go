package consumer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// This file watches the topics: those that are wanted have to be known, with their leaders, and a
// pattern has to be compared with all there are.

// matchPattern finds the topics that match the pattern among all topics.
func (c *Consumer) matchPattern(md *netclient.Metadata) {
	if c.subs.pattern == nil {
		return
	}
	topics := []string{}
	for t := range md.Topics() {
		at := c.subs.pattern.FindStringIndex(t.Name)
		if at != nil && at[0] == 0 && !t.Internal && !strings.HasPrefix(t.Name, "__") && t.Err != wire.ErrUnknownTopicOrPartition {
			topics = append(topics, t.Name)
		}
	}
	slices.Sort(topics)
	if !slices.Equal(topics, c.subs.topics) {
		c.subs.topics = topics
		c.step(evSubscribe{topics: topics})
	}
}

// refreshStale asks for metadata when that at hand lacks something: all topics, a topic that is
// wanted, or the leader of a partition.
func (c *Consumer) refreshStale(md *netclient.Metadata, now time.Time) time.Time {
	all := c.subs.pattern != nil && !now.Before(c.due.allTopics)
	c.believe(md)
	stale := c.staleTopics(md, now)
	if !all && len(stale) == 0 {
		c.due.backoff = c.newBackoff()
		if c.subs.pattern != nil {
			return c.due.allTopics
		}
		return time.Time{}
	}
	if c.due.refreshing {
		return time.Time{}
	}
	unasked, first := c.subs.unasked()
	if now.Before(c.due.refreshAt) && !first {
		return c.due.refreshAt
	}
	c.due.refreshing = true
	c.wg.Go(func() {
		ctx, stop := c.shortly()
		defer stop()
		var found *netclient.Metadata
		var err error
		if all {
			found, err = c.client.RefreshAllTopics(ctx)
		} else {
			_, err = c.client.RefreshMetadata(ctx, stale...)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.due.refreshing = false
		c.due.refreshAt = time.Now().Add(c.due.backoff.Next())
		switch {
		case err != nil:
			c.due.unreached.note(time.Now(), err)
		default:
			c.due.unreached.over()
			for _, p := range unasked {
				p.fresh = true
			}
			c.believe(c.client.Metadata())
		}
		if err == nil && all {
			c.matchPattern(found)
			c.due.allTopics = time.Now().Add(max(c.client.Config().MetadataMaxAge, time.Millisecond))
		}
		c.wake()
	})
	return time.Time{}
}

// staleTopics lists the topics of which the metadata does not say all that is needed, and notes
// what is amiss with them.
func (c *Consumer) staleTopics(md *netclient.Metadata, now time.Time) []string {
	stale := map[string]bool{}
	var amiss, refused error
	topics := c.subs.topics
	if c.due.protocol != nil {
		topics = slices.Concat(topics, c.due.protocol.watched())
	}
	for _, name := range topics {
		if err := topicTrouble(md, name); err != nil {
			stale[name], amiss = true, err
		}
	}
	for _, p := range c.subs.order {
		if !p.fresh {
			stale[p.tp.Topic] = true
		}
		if err := leaderless(md, p.tp); err != nil {
			stale[p.tp.Topic] = true
			p.trouble.noteOf(now, -1, err)
		}
	}
	for name := range stale {
		if err := topicTrouble(md, name); err != nil && !retriable(err) {
			refused = err
		}
	}
	if refused != nil && c.due.topicErr == nil {
		c.attend()
	}
	c.due.topicErr = refused
	if amiss != nil {
		c.due.unknown.note(now, amiss)
	} else {
		c.due.unknown.over()
	}
	return slices.Sorted(maps.Keys(stale))
}

// unasked lists the partitions about whose topics the cluster was not asked since they were
// assigned. first reports whether one of them is not being asked about for the first time yet, which
// need not wait.
func (s *subscriptionState) unasked() (parts []*partition, first bool) {
	for _, p := range s.order {
		if p.fresh {
			continue
		}
		first = first || !p.asked
		p.asked = true
		parts = append(parts, p)
	}
	return parts, first
}

// topicTrouble says what the cluster, or nobody, says of a topic; nil if it is as it should be.
func topicTrouble(md *netclient.Metadata, name string) error {
	switch t := md.Topic(name); {
	case t == nil:
		return fmt.Errorf("nothing is known of topic %q yet: %w", name, wire.ErrLeaderNotAvailable)
	case t.Err != 0:
		return &netclient.TopicError{Topic: name, Err: t.Err}
	}
	return nil
}

// leaderless says why there is no leader to ask, nil if there is.
func leaderless(md *netclient.Metadata, tp TopicPartition) error {
	if _, _, ok := md.Leader(tp); ok {
		return nil
	}
	if err := topicTrouble(md, tp.Topic); err != nil {
		return err
	}
	if n := len(md.Topic(tp.Topic).Partitions); int(tp.Partition) >= n {
		return fmt.Errorf("topic %q has %d partitions, and no partition %d", tp.Topic, n, tp.Partition)
	}
	return wire.ErrLeaderNotAvailable
}

// partitionCounts is the number of partitions of each topic, 0 for one that does not exist. What
// the metadata can't tell at the moment stays as it was: a topic without leaders is not a topic
// without partitions.
func (c *Consumer) partitionCounts(md *netclient.Metadata, topics []string) map[string]int32 {
	counts := make(map[string]int32, len(topics))
	for _, name := range topics {
		switch t := md.Topic(name); {
		case t != nil && len(t.Partitions) > 0:
			c.due.counts[name] = int32(len(t.Partitions))
		case t != nil && t.Err == wire.ErrUnknownTopicOrPartition:
			delete(c.due.counts, name)
		}
		counts[name] = c.due.counts[name]
	}
	return counts
}
