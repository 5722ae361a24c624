package consumer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// This file finds out where logs begin and end, and which offset belongs to a time.

// Timestamps that ask ListOffsets for an end of the log.
const (
	latestTimestamp   = -1
	earliestTimestamp = -2
)

// OffsetAndTimestamp is a record found by its time.
type OffsetAndTimestamp struct {
	Offset int64
	// Timestamp is the record's; zero on brokers before 0.10.1, which don't tell it.
	Timestamp time.Time
}

// BeginningOffsets is the offset of the first record that each partition still has. It waits,
// asking again where that can help, until ctx ends, RequestTimeout if that has no deadline.
func (c *Consumer) BeginningOffsets(ctx context.Context, partitions ...TopicPartition) (map[TopicPartition]int64, error) {
	return c.logEnds(ctx, partitions, earliestTimestamp)
}

// EndOffsets is the offset that the next record of each partition will get. It waits as
// BeginningOffsets does.
func (c *Consumer) EndOffsets(ctx context.Context, partitions ...TopicPartition) (map[TopicPartition]int64, error) {
	return c.logEnds(ctx, partitions, latestTimestamp)
}

func (c *Consumer) logEnds(ctx context.Context, partitions []TopicPartition, which int64) (map[TopicPartition]int64, error) {
	times := make(map[TopicPartition]int64, len(partitions))
	for _, tp := range partitions {
		times[tp] = which
	}
	found, err := c.listOffsets(ctx, times)
	if err != nil {
		return nil, err
	}
	offsets := make(map[TopicPartition]int64, len(found))
	for tp, f := range found {
		offsets[tp] = f.Offset
	}
	return offsets, nil
}

// OffsetsForTimes is, for each partition, the first record with that timestamp or a later one; a
// partition without one is missing from the answer. It waits as BeginningOffsets does.
//
// Brokers before 0.10.1 know only when each file of a log was last written. From them the offset is
// that of the last file that was begun before the time, or the beginning of the log: reading from
// there finds everything since that time, and some that is older.
func (c *Consumer) OffsetsForTimes(ctx context.Context, times map[TopicPartition]time.Time) (map[TopicPartition]OffsetAndTimestamp, error) {
	millis := make(map[TopicPartition]int64, len(times))
	for tp, t := range times {
		if t.UnixMilli() < 0 {
			return nil, fmt.Errorf("consumer: OffsetsForTimes: %v is before 1970", t)
		}
		millis[tp] = t.UnixMilli()
	}
	return c.listOffsets(ctx, millis)
}

// listOffsets asks the leaders for the offset at each partition's timestamp, again and again until
// all have answered.
func (c *Consumer) listOffsets(ctx context.Context, times map[TopicPartition]int64) (map[TopicPartition]OffsetAndTimestamp, error) {
	if err := c.usable(); err != nil {
		return nil, err
	}
	ctx, stop := c.bound(ctx)
	defer stop()
	found := make(map[TopicPartition]OffsetAndTimestamp, len(times))
	left := maps.Clone(times)
	backoff := c.newBackoff()
	for {
		md, err := c.metadataFor(ctx, left)
		if err != nil {
			return nil, fmt.Errorf("consumer: offsets of %s: %w", names(left), err)
		}
		errs := map[TopicPartition]error{}
		for tp, r := range c.askLeaders(ctx, md, left) {
			switch {
			case r.err == nil:
				delete(left, tp)
				if r.offset >= 0 {
					found[tp] = OffsetAndTimestamp{Offset: r.offset, Timestamp: r.time}
				}
			case !retriable(r.err) && ctx.Err() == nil:
				return nil, &PartitionError{TopicPartition: tp, Op: "look up an offset", Err: r.err}
			default:
				errs[tp] = r.err
			}
		}
		if len(left) == 0 {
			return found, nil
		}
		c.client.UpdateMetadataSoon()
		if err := sleep(ctx, backoff.Next()); err != nil {
			for tp, e := range errs {
				err = fmt.Errorf("%w; last: %s: %w", err, partitionName(tp), e)
				break
			}
			return nil, fmt.Errorf("consumer: offsets of %s: %w", names(left), err)
		}
	}
}

// metadataFor is metadata that names these topics' leaders, as far as there are any.
func (c *Consumer) metadataFor(ctx context.Context, times map[TopicPartition]int64) (*netclient.Metadata, error) {
	md := c.client.Metadata()
	missing := map[string]bool{}
	for tp := range times {
		if leaderless(md, tp) != nil {
			missing[tp.Topic] = true
		}
	}
	if len(missing) == 0 {
		return md, nil
	}
	md, err := c.client.RefreshMetadata(ctx, slices.Sorted(maps.Keys(missing))...)
	if err != nil && !retriable(err) {
		return nil, err
	}
	for tp := range times {
		t := md.Topic(tp.Topic)
		if t != nil && t.Err == 0 && len(t.Partitions) > 0 && int(tp.Partition) >= len(t.Partitions) {
			return nil, leaderless(md, tp)
		}
		if t != nil && t.Err != 0 && !t.Err.Retriable() {
			return nil, &netclient.TopicError{Topic: t.Name, Err: t.Err}
		}
	}
	return md, nil
}

// listed is one partition's answer.
type listed struct {
	offset int64 // -1: no such record
	time   time.Time
	err    error
}

// askLeaders sends one ListOffsets to each leader at once, and collects what comes back.
func (c *Consumer) askLeaders(ctx context.Context, md *netclient.Metadata, times map[TopicPartition]int64) map[TopicPartition]listed {
	results := make(map[TopicPartition]listed, len(times))
	byLeader := map[int32]map[TopicPartition]int64{}
	for tp, t := range times {
		node, _, ok := md.Leader(tp)
		if !ok {
			results[tp] = listed{err: leaderless(md, tp)}
			continue
		}
		if byLeader[node] == nil {
			byLeader[node] = map[TopicPartition]int64{}
		}
		byLeader[node][tp] = t
	}
	var wg sync.WaitGroup
	var mu sync.Mutex // guards results
	for node, asked := range byLeader {
		wg.Go(func() {
			answers, err := c.askLeader(ctx, node, asked)
			mu.Lock()
			defer mu.Unlock()
			for tp := range asked {
				r, ok := answers[tp]
				switch {
				case err != nil:
					r = listed{err: err}
				case !ok:
					r = listed{err: fmt.Errorf("broker %d left it out of its answer: %w", node, wire.ErrUnknownServerError)}
				}
				results[tp] = r
			}
		})
	}
	wg.Wait()
	return results
}

// askLeader asks one broker.
func (c *Consumer) askLeader(ctx context.Context, node int32, times map[TopicPartition]int64) (map[TopicPartition]listed, error) {
	req := msg.NewListOffsetsRequest()
	at := map[string]int{}
	for _, tp := range sortedKeys(times) {
		i, ok := at[tp.Topic]
		if !ok {
			i = len(req.Topics)
			at[tp.Topic] = i
			req.Topics = append(req.Topics, msg.ListOffsetsRequestTopic{Name: tp.Topic})
		}
		var p msg.ListOffsetsRequestTopicPartition
		p.SetDefaults()
		p.PartitionIndex, p.Timestamp = tp.Partition, times[tp]
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, p)
	}
	var resp msg.ListOffsetsResponse
	if err := c.client.RequestTo(ctx, node, req, &resp); err != nil {
		return nil, err
	}
	answers, unanswered := map[TopicPartition]listed{}, map[TopicPartition]int64{}
	for i := range resp.Topics {
		for j := range resp.Topics[i].Partitions {
			p := &resp.Topics[i].Partitions[j]
			tp := TopicPartition{Topic: resp.Topics[i].Name, Partition: p.PartitionIndex}
			r := listed{offset: p.Offset, err: p.ErrorCode.Err()}
			if p.Timestamp >= 0 {
				r.time = time.UnixMilli(p.Timestamp)
			}
			switch {
			case len(p.OldStyleOffsets) > 0:
				r.offset = p.OldStyleOffsets[0]
			case p.OldStyleOffsets != nil && r.err == nil && times[tp] >= 0:
				unanswered[tp] = earliestTimestamp
			}
			answers[tp] = r
		}
	}
	return c.oldAnswers(ctx, node, unanswered, answers)
}

// oldAnswers mends what version 0 of ListOffsets answers: for a time before that of the first file
// it names no offset, where the beginning of the log is meant.
func (c *Consumer) oldAnswers(ctx context.Context, node int32, unanswered map[TopicPartition]int64, answers map[TopicPartition]listed) (map[TopicPartition]listed, error) {
	if len(unanswered) == 0 {
		return answers, nil
	}
	earliest, err := c.askLeader(ctx, node, unanswered)
	maps.Copy(answers, earliest)
	return answers, err
}

// startLookups sends for the positions that are not known. The caller holds c.mu.
func (c *Consumer) startLookups(md *netclient.Metadata, now time.Time) (next time.Time) {
	if c.closing {
		return next
	}
	committed := map[TopicPartition]uint32{}
	times := map[int32]map[TopicPartition]int64{}
	epochs := map[TopicPartition]uint32{}
	for _, p := range c.subs.order {
		if p.lookup == lookupNone || p.looking {
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
			committed[p.tp] = p.epoch
		default:
			node, _, ok := md.Leader(p.tp)
			if !ok {
				continue // manage looks after that
			}
			if times[node] == nil {
				times[node] = map[TopicPartition]int64{}
			}
			times[node][p.tp] = latestTimestamp
			if p.lookup == lookupEarliest {
				times[node][p.tp] = earliestTimestamp
			}
			epochs[p.tp] = p.epoch
		}
		p.looking = true
	}
	if len(committed) > 0 {
		c.wg.Go(func() { c.resolveCommitted(committed) })
	}
	for node, asked := range times {
		c.wg.Go(func() { c.resolveEnds(node, asked, epochs) })
	}
	return next
}

// resolveEnds moves partitions to the beginning or the end of their logs.
func (c *Consumer) resolveEnds(node int32, asked map[TopicPartition]int64, epochs map[TopicPartition]uint32) {
	ctx, stop := c.bound(c.ctx)
	defer stop()
	answers, err := c.askLeader(ctx, node, asked)
	c.mu.Lock()
	defer c.mu.Unlock()
	for tp := range asked {
		p := c.subs.parts[tp]
		if p == nil || p.epoch != epochs[tp] {
			continue
		}
		r, ok := answers[tp]
		switch {
		case err != nil:
			r.err = err
		case !ok || r.err == nil && r.offset < 0:
			r.err = fmt.Errorf("broker %d gave no offset: %w", node, wire.ErrUnknownServerError)
		}
		if r.err != nil {
			c.lookupFailed(p, "look up the end of the log", r.err)
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
func (c *Consumer) resolveCommitted(epochs map[TopicPartition]uint32) {
	ctx, stop := c.bound(c.ctx)
	defer stop()
	offsets, errs, err := c.fetchOffsets(ctx, sortedKeys(epochs))
	c.mu.Lock()
	defer c.mu.Unlock()
	for tp, epoch := range epochs {
		p := c.subs.parts[tp]
		if p == nil || p.epoch != epoch {
			continue
		}
		failed := err
		if failed == nil {
			failed = errs[tp]
		}
		committed, ok := offsets[tp]
		switch {
		case errors.Is(failed, ErrNoOffsetStorage):
			p.restart(c.resetLookup())
		case failed != nil:
			c.lookupFailed(p, "look up the committed offset", failed)
		case ok:
			p.seek(committed.Offset)
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
func (c *Consumer) lookupFailed(p *partition, what string, err error) {
	now := time.Now()
	p.looking = false
	p.trouble.note(now, err)
	p.retryAt = now.Add(p.backoff.Next())
	c.client.UpdateMetadataSoon()
	if !retriable(err) && c.ctx.Err() == nil {
		p.retryAt = now.Add(max(p.retryAt.Sub(now), time.Second))
		p.fail(&PartitionError{TopicPartition: p.tp, Op: what, Err: err}, false)
		c.attend()
	}
}

func (c *Consumer) usable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	return nil
}

func sortedKeys[V any](m map[TopicPartition]V) []TopicPartition {
	return slices.SortedFunc(maps.Keys(m), comparePartitions)
}

func names[V any](m map[TopicPartition]V) string {
	tps := sortedKeys(m)
	switch len(tps) {
	case 0:
		return "no partition"
	case 1:
		return partitionName(tps[0])
	}
	return fmt.Sprintf("%s and %d more", partitionName(tps[0]), len(tps)-1)
}
