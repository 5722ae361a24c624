package consumer

import (
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// An incarnation is what tells a topic from another one that has or had its name: a position in the
// one is none in the other. From 2.8 on that is the topic's id. Before, only a leader epoch that goes
// back shows that a topic was made again (from 2.4 on), or an offset beyond the end of its log.
type incarnation struct {
	// fresh: the cluster was asked about the topic since the partition was assigned. What was known
	// before that may be of a former leader, or of a former topic.
	fresh, asked bool

	id     wire.UUID // zero: unknown
	former wire.UUID // the one before it, which a broker that is behind may still name; else zero

	leaderEpoch int32     // the newest that is known; -1: unknown
	missing     bool      // the cluster says that there is no such topic
	heard       time.Time // when the cluster last spoke of the topic by its id
	byID        bool      // ... fetches do so

	// dropped is the position in the former topic, -1 if there was none. A commit by name that was on
	// its way when the topic was made again may have put it into the new one.
	dropped int64
}

// known is the topic's id; zero if it is unknown, or of a topic that is gone.
func (i *incarnation) known() wire.UUID {
	if i.missing {
		return wire.UUID{}
	}
	return i.id
}

// follow compares the incarnation with what the cluster says about the topic now. It reports whether
// that is another one.
func (i *incarnation) follow(t *netclient.Topic, partition int32, asOf time.Time) (remade bool) {
	if !i.fresh || t == nil {
		return false
	}
	i.missing = t.Err == wire.ErrUnknownTopicOrPartition || t.Err == wire.ErrUnknownTopicID
	if t.Err != wire.ErrNone || i.stranger(t) {
		return false
	}
	epoch := int32(-1)
	if p := t.Partition(partition); p != nil {
		epoch = p.LeaderEpoch
	}
	var none wire.UUID
	switch {
	case t.ID == i.id: // where there are no ids, netclient has made sure that the epoch did go back
		remade = t.ID == none && epoch >= 0 && epoch < i.leaderEpoch
	case i.id == none:
		i.id = t.ID
	case t.ID != none:
		remade = true
		i.id, i.former = t.ID, i.id
	}
	i.leaderEpoch = epoch
	if t.ID != none && asOf.After(i.heard) {
		i.heard = asOf
	}
	return remade
}

// isGone reports whether the cluster says that the topic is there no longer, or is another one now.
func (i *incarnation) isGone(t *netclient.Topic) bool {
	var none wire.UUID
	return t.Err == wire.ErrUnknownTopicOrPartition || t.Err == wire.ErrUnknownTopicID || t.ID != i.id && t.ID != none && i.id != none
}

// stranger reports whether a broker that is behind speaks of a topic that is gone.
func (i *incarnation) stranger(t *netclient.Topic) bool {
	return t.ID == i.former && t.ID != (wire.UUID{})
}

// is reports whether what the cluster says about a topic is about this incarnation, as far as that
// can be known.
func (i *incarnation) is(t *netclient.Topic) bool {
	var none wire.UUID
	return i.fresh && t != nil && (t.ID == i.id || t.ID == none || i.id == none && !i.stranger(t))
}

// leader is the partition's leader and its epoch (-1: unknown), as far as they are those of the topic
// that the position is in.
func (p *partition) leader(md *netclient.Metadata) (node, epoch int32, ok bool) {
	t := md.Topic(p.tp.Topic)
	if !p.is(t) {
		return -1, -1, false
	}
	part := t.Partition(p.tp.Partition)
	if part == nil || part.Leader < 0 {
		return -1, -1, false
	}
	return part.Leader, part.LeaderEpoch, true
}

// remade drops the position, which was in a topic that is gone.
func (p *partition) remade(start lookup) {
	p.dropped = -1
	if p.lookup == lookupNone {
		p.dropped = p.done()
	}
	p.restart(start)
	p.reading, p.epochs = nil, nil
	p.highWater, p.logStart, p.lastStable, p.endAt = -1, -1, -1, time.Time{}
}

// believe follows the cluster's word about the topics that are read: a position in a topic that has
// been made again is dropped, and looked up in the new one. The caller holds c.mu.
func (c *Consumer) believe(md *netclient.Metadata) {
	type dropped struct {
		example  *partition
		position int64
		was      wire.UUID
		n        int
	}
	var topics map[string]*dropped
	for _, p := range c.subs.order {
		position, was := p.position, p.id
		if !p.follow(md.Topic(p.tp.Topic), p.tp.Partition, md.AsOf()) {
			continue
		}
		if topics == nil {
			topics = map[string]*dropped{}
		}
		if topics[p.tp.Topic] == nil {
			topics[p.tp.Topic] = &dropped{p, position, was, 0}
		}
		topics[p.tp.Topic].n++
		p.remade(c.startLookup())
	}
	for topic, d := range topics {
		delete(c.due.deleted, topic)
		c.log.Warn("a topic was deleted and made again; positions in the old one are dropped, and looked up in the new one",
			"topic", topic, "partitions", d.n, "partition", d.example.tp.Partition, "position", d.position, "was", d.was, "is", d.example.id)
	}
	if topics != nil {
		c.attend()
		c.wake()
	}
}
