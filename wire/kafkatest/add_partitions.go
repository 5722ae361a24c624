package kafkatest

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
)

// AddPartitions makes a topic have that many partitions, more than it has. The
// new ones have as many replicas as the old ones, and are empty.
func (c *Cluster) AddPartitions(name string, total int) error {
	c.tb.Helper()
	return c.done(c.addPartitions(name, total))
}

func (c *Cluster) addPartitions(name string, total int) error {
	if err := checkPartitions(total); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.topics[name]
	if old == nil {
		return fmt.Errorf("kafkatest: topic %q: %w", name, wire.ErrUnknownTopicOrPartition)
	}
	had := len(old.partitions)
	if total <= had {
		return fmt.Errorf("kafkatest: topic %q has %d partitions already: %w", name, had, wire.ErrInvalidPartitions)
	}
	// Topics don't change; the grown one takes the old one's place.
	grown := newTopic(name, assign(len(c.brokers), total, len(old.partitions[0].replicas), 0), c.config.retentionBytes)
	grown.id = old.id
	copy(grown.partitions, old.partitions)
	for _, p := range grown.partitions[had:] {
		live, _ := p.liveReplicas(c.up)
		p.setLeader(elect(-1, live), true)
	}
	c.topics[name], c.byID[grown.id] = grown, grown
	return nil
}
