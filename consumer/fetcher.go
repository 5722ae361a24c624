package consumer

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// fetchNode is the loop that fetches from one broker: it sends a fetch, queues what came, and
// sends the next one while the application reads, as far as the budget allows. It begins when a
// partition has that broker for its leader and ends when none has.
type fetchNode struct {
	id      int32
	wake    chan struct{} // something about its partitions, or its room, has changed
	used    int           // bytes that were fetched and not handed out; guarded by Consumer.mu
	turn    int           // where the next fetch begins in the order of partitions
	backoff netclient.Backoff
}

// planned is one partition of a fetch, as it stood when the fetch was sent.
type planned struct {
	question
	offset  int64
	limit   int
	written LeaderEpoch // who wrote the last record before offset
	topic   wire.UUID   // the topic that offset is in; zero: unknown
	epoch   int32       // the leader's, as far as it is known here; -1: unknown
}

// fetchPlan is what to ask a broker for.
type fetchPlan struct {
	parts    []planned
	maxBytes int
	atOnce   bool // the broker is not to wait for records
}

// startFetches begins a loop for each broker that leads an assigned partition, and wakes those
// that run. The caller holds c.mu.
func (c *Consumer) startFetches(md *netclient.Metadata, now time.Time) {
	if c.closing {
		return
	}
	for _, n := range c.nodes {
		n.poke()
	}
	for _, p := range c.subs.order {
		id, _, ok := p.node(md, now)
		if !ok || c.nodes[id] != nil {
			continue
		}
		n := &fetchNode{id: id, wake: make(chan struct{}, 1), backoff: c.newBackoff()}
		c.nodes[id] = n
		c.wg.Go(func() { c.fetchFrom(n) })
	}
}

func (n *fetchNode) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// node is the broker to fetch the partition from: the replica that the leader named, or the leader.
// A fetch from either names the leader's epoch.
func (p *partition) node(md *netclient.Metadata, now time.Time) (node, epoch int32, ok bool) {
	node, epoch, ok = p.leader(md)
	if p.fresh && p.replica >= 0 && now.Before(p.until) {
		if _, known := md.Broker(p.replica); known {
			return p.replica, epoch, true
		}
	}
	return node, epoch, ok
}

// fetchFrom is the loop.
func (c *Consumer) fetchFrom(n *fetchNode) {
	req := msg.NewFetchRequest()
	var resp msg.FetchResponse
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for c.ctx.Err() == nil {
		now := time.Now()
		c.mu.Lock()
		plan, retry, used := c.planFetch(n, c.client.Metadata(), now)
		if !used {
			delete(c.nodes, n.id)
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		if len(plan.parts) == 0 {
			timer.Reset(retry.Sub(now))
			select {
			case <-n.wake:
			case <-timer.C:
			case <-c.ctx.Done():
			}
			continue
		}
		err := c.fetch(n, plan, req, &resp)
		if err == nil {
			n.backoff.Reset()
			continue
		}
		if errors.Is(err, netclient.ErrTooLarge) {
			c.answerTooLarge(plan, err)
			continue
		}
		c.fetchFailed(n, plan, err)
		sleep(c.ctx, n.backoff.Next())
	}
}

// planFetch says what to fetch from a broker now. An empty plan means to wait, at most until
// retry. It waits as long as any partition that could be read has enough in its queue: a fetch
// without that partition could sit at the broker for FetchMaxWait while the queue runs dry.
// used is false when no partition is fetched from this broker any more. The caller holds c.mu.
func (c *Consumer) planFetch(n *fetchNode, md *netclient.Metadata, now time.Time) (plan fetchPlan, retry time.Time, used bool) {
	share := c.cfg.FetchMaxBytes / max(1, len(c.nodes))
	if n.used > share/2 {
		c.reclaim(n)
	}
	retry = now.Add(time.Hour)
	full := n.used > share/2
	plan.maxBytes = max(share-n.used, 1)
	for i := range c.subs.order {
		p := c.subs.order[(n.turn+i)%len(c.subs.order)]
		id, epoch, ok := p.node(md, now)
		if !ok || id != n.id {
			continue
		}
		used = true
		switch {
		case !p.readable(n):
		case now.Before(p.retryAt):
			if p.retryAt.Before(retry) {
				retry = p.retryAt
			}
		case p.buffered >= c.cfg.MaxPartitionFetchBytes:
			full = true
		default:
			limit := max(min(c.cfg.MaxPartitionFetchBytes, c.cfg.FetchMaxBytes), p.limit)
			plan.parts = append(plan.parts, planned{question: p.ask(), offset: p.fetchAt, limit: limit,
				written: p.epochs.last(), topic: p.id, epoch: epoch})
		}
	}
	if full {
		plan.parts = nil
	}
	plan.narrow()
	return plan, retry, used
}

// narrow keeps only partitions that an answer that was too large may have been about, if there are
// any, and of them as many as may be asked for together.
func (f *fetchPlan) narrow() {
	most := 0
	for _, pl := range f.parts {
		if n := pl.p.together; n > 0 && (most == 0 || n < most) {
			most = n
		}
	}
	if most == 0 {
		return
	}
	f.parts = slices.DeleteFunc(f.parts, func(pl planned) bool { return pl.p.together == 0 })
	f.parts = f.parts[:min(most, len(f.parts))]
	f.atOnce = true
}

// answerTooLarge handles an answer larger than MaxResponseSize. A broker sends the first batch that
// it finds whole, however large, so one partition is to blame: asking again for half of them, and half
// of those, finds it, and the others are not kept waiting.
func (c *Consumer) answerTooLarge(plan fetchPlan, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pl := range plan.parts {
		if !pl.current() {
			continue
		}
		pl.p.fetching = nil
		pl.p.together = (len(plan.parts) + 1) / 2
		if len(plan.parts) == 1 {
			pl.p.together = 0
			pl.p.fail(&RecordTooLargeError{TopicPartition: pl.p.tp, Offset: pl.offset, Next: pl.offset + 1,
				Limit: c.client.Config().MaxResponseSize, Err: err}, true)
			c.attend()
		}
	}
}

// reclaim drops what is queued of partitions that are paused: it may stay so for long, and others
// need the room.
func (c *Consumer) reclaim(n *fetchNode) {
	for _, p := range c.subs.order {
		if p.paused && len(p.queue) > 0 && p.queue[0].node == n {
			p.drop()
		}
	}
}

// fetch sends one fetch and queues what came.
func (c *Consumer) fetch(n *fetchNode, plan fetchPlan, req *msg.FetchRequest, resp *msg.FetchResponse) error {
	conn, err := c.fetches.Conn(c.ctx, n.id)
	if err != nil {
		return err
	}
	version, names, err := c.fetchVersion(conn, plan)
	if err != nil {
		return err
	}
	if version < 3 {
		plan = plan.within(plan.maxBytes) // the request can't say how much in all
	}
	if !c.markFetching(n, &plan) {
		return nil
	}
	c.fillFetch(req, plan, version, names)
	sent := time.Now()
	if err := conn.DoVersion(c.ctx, version, req, resp); err != nil {
		return err
	}
	if err := resp.ErrorCode.Err(); err != nil {
		return fmt.Errorf("fetch from broker %d: %w", n.id, err)
	}
	c.takeIn(n, plan, sent, resp, names)
	return nil
}

// lastNamedFetch is the last version of Fetch that names topics; later ones need their ids.
const lastNamedFetch = 12

// fetchVersion chooses the version, and for those that identify topics by id maps each id to its
// name.
func (c *Consumer) fetchVersion(conn *netclient.Conn, plan fetchPlan) (int16, map[wire.UUID]string, error) {
	version, err := conn.Version(wire.KeyFetch, 1<<15-1)
	if err != nil || version <= lastNamedFetch {
		return version, nil, err
	}
	names := map[wire.UUID]string{}
	for _, pl := range plan.parts {
		if pl.topic == (wire.UUID{}) {
			version, err = conn.Version(wire.KeyFetch, lastNamedFetch)
			return version, nil, err
		}
		names[pl.topic] = pl.p.tp.Topic
	}
	return version, names, nil
}

// within keeps as many partitions as fit into bytes, one at least.
func (f fetchPlan) within(bytes int) fetchPlan {
	for i, pl := range f.parts {
		if bytes -= pl.limit; bytes < 0 && i > 0 {
			f.parts = f.parts[:i]
			break
		}
	}
	return f
}

// markFetching takes the partitions that have not moved since the plan was made.
func (c *Consumer) markFetching(n *fetchNode, plan *fetchPlan) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := plan.parts[:0]
	for _, pl := range plan.parts {
		if pl.current() && pl.p.fetchAt == pl.offset && pl.p.readable(n) {
			pl.p.fetching = n
			kept = append(kept, pl)
		}
	}
	plan.parts = kept
	n.turn++
	return len(kept) > 0
}

func (c *Consumer) fillFetch(req *msg.FetchRequest, plan fetchPlan, version int16, names map[wire.UUID]string) {
	req.SetDefaults()
	req.MaxWaitMs = milliseconds(c.cfg.FetchMaxWait)
	if plan.atOnce {
		req.MaxWaitMs = 0
	}
	req.MinBytes = int32(c.cfg.FetchMinBytes)
	if version >= 3 {
		req.MaxBytes = int32(plan.maxBytes)
	}
	req.RackID = c.cfg.ClientRack
	req.Topics = req.Topics[:0]
	at := map[string]int{}
	for _, pl := range plan.parts {
		i, ok := at[pl.p.tp.Topic]
		if !ok {
			i = len(req.Topics)
			at[pl.p.tp.Topic] = i
			t := msg.FetchRequestTopic{}
			t.SetDefaults()
			if names != nil {
				t.TopicID = pl.topic
			} else {
				t.Topic = pl.p.tp.Topic
			}
			req.Topics = append(req.Topics, t)
		}
		var fp msg.FetchRequestTopicPartition
		fp.SetDefaults()
		fp.Partition = pl.p.tp.Partition
		fp.FetchOffset = pl.offset
		fp.CurrentLeaderEpoch = pl.epoch // not sent before version 9
		fp.PartitionMaxBytes = int32(pl.limit)
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, fp)
	}
}

// fetchFailed frees the partitions of a fetch that got no answer.
func (c *Consumer) fetchFailed(n *fetchNode, plan fetchPlan, err error) {
	if c.ctx.Err() != nil {
		return
	}
	c.client.UpdateMetadataSoon()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	_, unsupported := errors.AsType[*netclient.UnsupportedError](err)
	for _, pl := range plan.parts {
		if !pl.current() || pl.p.fetching != n {
			continue
		}
		pl.p.fetching = nil
		pl.p.trouble.noteOf(now, n.id, err)
		if unsupported {
			pl.p.fail(pl.p.triedAgain("fetch", err), false)
			c.attend()
		}
	}
}
