package kafkatest

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
)

// DeleteTopic deletes a topic, and what groups have committed for it. One that is
// created under its name afterwards is another, with an id of its own.
func (c *Cluster) DeleteTopic(name string) error {
	c.tb.Helper()
	return c.done(c.deleteTopic(name))
}

func (c *Cluster) deleteTopic(name string) error {
	c.mu.Lock()
	old := c.topics[name]
	if old != nil {
		delete(c.topics, name)
		delete(c.byID, old.id)
	}
	c.mu.Unlock()
	if old == nil {
		return fmt.Errorf("kafkatest: topic %q: %w", name, wire.ErrUnknownTopicOrPartition)
	}
	for _, p := range old.partitions {
		p.setLeader(-1, false) // whoever waits for records hears of it
	}
	c.groups.forgetTopic(name)
	return nil
}

// forgetTopic drops what groups have committed for a topic.
func (c *coordinator) forgetTopic(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, committed := range c.offsets {
		for tp := range committed {
			if tp.Topic == name {
				delete(committed, tp)
			}
		}
	}
}
