package producer

import (
	"errors"
	"fmt"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// tickEvery is how often the batches that are open learn that time has passed.
// The timestamps of records may be behind by it.
const tickEvery = 10 * time.Millisecond

// run is the sender's goroutine. It ends when the producer or the client is
// closed.
func (p *Producer) run() {
	defer close(p.stopped)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	tick.Stop()
	ticking := false
	changed := p.client.MetadataChanged()
	maxIdle := p.client.Config().MetadataMaxIdle
	for {
		now := time.Now()
		p.hear(now)
		next := earliest(p.sender.drain(now), p.topics.forgetQuiet(now, maxIdle))
		if !ticking && p.acc.open.Load() > 0 {
			tick.Reset(tickEvery)
			ticking = true
		}
		if !next.IsZero() { // an earlier time that is left wakes it once for nothing
			timer.Reset(next.Sub(now))
		}
		select {
		case <-p.inbox.wake:
		case <-timer.C:
		case <-tick.C:
			p.acc.tick.Add(1)
			if p.acc.open.Load() == 0 {
				tick.Stop()
				ticking = false
			}
		case <-changed:
			changed = p.client.MetadataChanged()
			p.sender.metadataChanged(time.Now())
		case <-p.giveUp:
			p.stop()
			return
		case <-p.client.Done():
			p.stop()
			return
		}
	}
}

// hear tells the sender what has happened.
func (p *Producer) hear(now time.Time) {
	news := p.inbox.take()
	for _, r := range news.answered {
		p.sender.finished(r, now)
	}
	for _, c := range news.connected {
		if c.ended {
			p.sender.ended(c.node, c.link, c.err, now)
		} else {
			p.sender.connected(c.node, c.link, c.err, now)
		}
	}
	hurry := p.acc.pool.exhausted()
	began := hurry && !p.sender.hurry
	p.sender.hurry = hurry
	for _, part := range news.partitions {
		p.sender.look(part, now)
	}
	if news.all || began {
		p.sender.lookAll(now)
	}
}

// stop ends the sender: what has no result yet fails, and the connections are
// closed.
func (p *Producer) stop() {
	p.close() // when it was the client that was closed
	cause := errClientClosed
	select {
	case <-p.giveUp:
		cause = p.giveUpCause
	default:
	}
	tally := p.sender.failures.begin()
	early := tally.records
	err := fmt.Errorf("the %w", closedError{cause})
	n := p.sender.abort(p.topics.partitions(), err, time.Now())
	p.sender.reports.end()
	p.closeErr = p.sender.failures.end(tally, true)
	if n > 0 && early > 0 { // the example is one of those before
		p.closeErr = errors.Join(p.closeErr, fmt.Errorf("%s of these: the %w", plural(n, "record"), closedError{cause}))
	}
	p.conns.Close()
	p.connecting.Wait()
	p.sender.meter.close()
	if p.owner {
		p.client.Close()
	}
}

// clusterOf is the cluster of a Producer's sender.
type clusterOf struct{ *Producer }

func (c clusterOf) leader(topic string, partition int32) (int32, bool) {
	node, _, ok := c.client.Metadata().Leader(wire.TopicPartition{Topic: topic, Partition: partition})
	return node, ok
}

// whyNoLeader is about a partition that was there when it was first sent to.
func (c clusterOf) whyNoLeader(topic string, partition int32) error {
	t := c.client.Metadata().Topic(topic)
	switch {
	case t == nil:
		return &netclient.TopicError{Topic: topic, Err: wire.ErrUnknownTopicOrPartition, Existed: true}
	case t.Err != wire.ErrNone:
		return &netclient.TopicError{Topic: topic, Err: t.Err, Existed: true}
	}
	switch p := t.Partition(partition); {
	case p == nil:
		return &PartitionError{TopicPartition: TopicPartition{Topic: topic, Partition: partition}, Partitions: len(t.Partitions)}
	case p.Err != wire.ErrNone:
		return fmt.Errorf("%w: %w", errNoLeader, p.Err)
	}
	return errNoLeader
}

func (c clusterOf) refresh() { c.client.UpdateMetadataSoon() }

func (c clusterOf) connect(node int32) {
	c.connecting.Go(func() {
		conn, err := c.conns.Conn(c.client.Context(), node)
		c.inbox.connected(connection{node: node, link: conn, err: err})
		if err == nil && c.cfg.Acks == AcksNone {
			<-conn.Closed()
			c.inbox.connected(connection{node: node, link: conn, err: conn.Err(), ended: true})
		}
	})
}
