package consumer

import (
	"errors"
	"fmt"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// This file finds out positions that are not known: new partitions start at a committed offset or
// where AutoOffsetReset says, and so do those whose position does not exist.

// startLookups sends for the positions that are not known. The caller holds c.mu.
func (c *Consumer) startLookups(md *netclient.Metadata, now time.Time) (next time.Time) {
	if c.closing {
		return next
	}
	committed := questions{}
	ends := map[int32]*endsAsked{}
	for _, p := range c.subs.order {
		if p.lookup == lookupNone || p.looking || !p.fresh {
			continue
		}
		if now.Before(p.retryAt) {
			if next.IsZero() || p.retryAt.Before(next) {
				next = p.retryAt
			}
			continue
		}
		switch p.lookup {
		case lookupFailed:
			if p.fault == nil {
				p.fail(&NoOffsetError{TopicPartition: p.tp}, true)
				c.attend()
			}
			continue
		case lookupCommitted:
			committed[p.tp] = p.ask()
		default:
			node, epoch, ok := p.leader(md)
			if !ok {
				continue // refreshStale looks after that
			}
			if ends[node] == nil {
				ends[node] = &endsAsked{questions: questions{}, times: map[TopicPartition]timeAsked{}}
			}
			ends[node].questions[p.tp] = p.ask()
			ends[node].times[p.tp] = timeAsked{p.lookup.timestamp(), epoch}
		}
		p.looking = true
	}
	if len(committed) > 0 {
		topics := c.subs.topicIDs(committed)
		c.wg.Go(func() { c.resolveCommitted(committed, topics) })
	}
	for node, asked := range ends {
		c.wg.Go(func() { c.resolveEnds(node, asked.questions, asked.times) })
	}
	return next
}

// questions are about partitions' positions, by name.
type questions map[TopicPartition]question

// endsAsked is what one leader is asked.
type endsAsked struct {
	questions questions
	times     map[TopicPartition]timeAsked
}

// timestamp asks ListOffsets for that end of a log.
func (l lookup) timestamp() int64 {
	if l == lookupEarliest {
		return earliestTimestamp
	}
	return latestTimestamp
}

// resolveEnds moves partitions to the beginning or the end of their logs.
func (c *Consumer) resolveEnds(node int32, asked questions, times map[TopicPartition]timeAsked) {
	ctx, stop := c.bound(c.ctx)
	defer stop()
	answers, err := c.askLeader(ctx, node, times)
	c.mu.Lock()
	defer c.mu.Unlock()
	for tp, q := range asked {
		if !q.current() {
			continue
		}
		p := q.p
		r, ok := answers[tp]
		switch {
		case err != nil:
			r.err = err
		case !ok || r.err == nil && r.offset < 0:
			r.err = fmt.Errorf("broker %d gave no offset: %w", node, wire.ErrUnknownServerError)
		}
		if r.err != nil {
			c.lookupFailed(p, node, "look up the end of the log", r.err)
			continue
		}
		c.log.Debug("position found", "topic", tp.Topic, "partition", tp.Partition, "offset", r.offset)
		p.seek(r.offset)
		p.trouble.over()
		p.backoff.Reset()
	}
	c.news()
	c.wake()
}

// resolveCommitted moves partitions to the group's committed offsets; those without one go where
// AutoOffsetReset says.
func (c *Consumer) resolveCommitted(asked questions, topics topicIDs) {
	ctx, stop := c.bound(c.ctx)
	defer stop()
	offsets, errs, err := c.fetchOffsets(ctx, topics)
	c.mu.Lock()
	defer c.mu.Unlock()
	for tp, q := range asked {
		if !q.current() {
			continue
		}
		p := q.p
		failed := err
		if failed == nil {
			failed = errs[tp]
		}
		committed, ok := offsets[tp]
		switch {
		case errors.Is(failed, ErrNoOffsetStorage):
			p.restart(c.resetLookup())
		case failed != nil:
			c.lookupFailed(p, -1, "look up the committed offset", failed)
		case ok && committed.Offset != p.dropped:
			p.seek(committed.Offset)
			p.epochs.note(committed.Offset-1, committed.LeaderEpoch)
			p.trouble.over()
			p.backoff.Reset()
		default:
			p.restart(c.resetLookup())
		}
	}
	c.news()
	c.wake()
}

// lookupFailed has a look-up tried again; what trying again may not change Poll hears of too.
func (c *Consumer) lookupFailed(p *partition, node int32, what string, err error) {
	now := time.Now()
	p.looking = false
	p.trouble.noteOf(now, node, err)
	p.retryAt = now.Add(p.backoff.Next())
	c.client.UpdateMetadataSoon()
	if !retriable(err) && !errors.Is(err, wire.ErrUnknownServerError) && c.ctx.Err() == nil {
		p.retryAt = now.Add(max(p.retryAt.Sub(now), time.Second))
		p.fail(p.triedAgain(what, err), false)
		c.attend()
	}
}
