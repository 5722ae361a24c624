package consumer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
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

// BeginningOffsets is the offset of the first record that each partition still has, as its leader says. It waits,
// asking again where that can help, until ctx ends, RequestTimeout if that has no deadline. Where
// some partitions fail, the answer has the others, and the error is a *PartitionErrors.
func (c *Consumer) BeginningOffsets(ctx context.Context, partitions ...TopicPartition) (map[TopicPartition]int64, error) {
	return c.logEnds(ctx, partitions, earliestTimestamp)
}

// EndOffsets is the offset that the next record of each partition will get, as its leader says. It waits, and
// fails, as BeginningOffsets does.
func (c *Consumer) EndOffsets(ctx context.Context, partitions ...TopicPartition) (map[TopicPartition]int64, error) {
	return c.logEnds(ctx, partitions, latestTimestamp)
}

func (c *Consumer) logEnds(ctx context.Context, partitions []TopicPartition, which int64) (map[TopicPartition]int64, error) {
	times := make(map[TopicPartition]int64, len(partitions))
	for _, tp := range partitions {
		times[tp] = which
	}
	found, err := c.listOffsets(ctx, times)
	offsets := make(map[TopicPartition]int64, len(found))
	for tp, f := range found {
		offsets[tp] = f.Offset
	}
	return offsets, err
}

// OffsetsForTimes is, for each partition, the first record with that timestamp or a later one; a
// partition without one is missing from the answer. It waits, and fails, as BeginningOffsets does.
//
// Brokers before 0.10.1 know only when each file of a log was last written. From them the offset is
// where the last file begins that was not written to after the time, or else the log: reading from
// there finds everything since that time, and some that is older.
func (c *Consumer) OffsetsForTimes(ctx context.Context, times map[TopicPartition]time.Time) (map[TopicPartition]OffsetAndTimestamp, error) {
	millis := make(map[TopicPartition]int64, len(times))
	for tp, t := range times {
		if t.Before(time.UnixMilli(0)) || t.After(time.UnixMilli(math.MaxInt64)) {
			return nil, fmt.Errorf("consumer: OffsetsForTimes: %v is before 1970, or too late for 64 bits of milliseconds", t)
		}
		millis[tp] = t.UnixMilli()
	}
	return c.listOffsets(ctx, millis)
}

// listOffsets asks the leaders for the offset at each partition's timestamp, again and again until
// all have answered. A partition that can't be answered for does not keep the others' answers back.
func (c *Consumer) listOffsets(ctx context.Context, times map[TopicPartition]int64) (map[TopicPartition]OffsetAndTimestamp, error) {
	if err := c.usable(); err != nil {
		return nil, err
	}
	ctx, stop := c.bound(ctx)
	defer stop()
	found := make(map[TopicPartition]OffsetAndTimestamp, len(times))
	failed := map[TopicPartition]error{}
	left := maps.Clone(times)
	fail := func(tp TopicPartition, err error) {
		failed[tp] = err
		delete(left, tp)
	}
	backoff := c.newBackoff()
	for len(left) > 0 {
		md, err := c.metadataFor(ctx, left, fail)
		last := map[TopicPartition]error{}
		for tp, r := range c.askLeaders(ctx, md, left) {
			switch {
			case r.err == nil:
				delete(left, tp)
				if r.offset >= 0 {
					found[tp] = OffsetAndTimestamp{Offset: r.offset, Timestamp: r.time}
				}
			case !retriable(r.err) && ctx.Err() == nil:
				fail(tp, r.err)
			default:
				last[tp] = cmp.Or(err, r.err)
			}
		}
		if len(left) == 0 {
			break
		}
		c.client.UpdateMetadataSoon()
		if err == nil || retriable(err) {
			err = sleep(ctx, backoff.Next())
		}
		if err != nil {
			for tp := range maps.Clone(left) {
				fail(tp, fmt.Errorf("%w; last: %w", err, last[tp]))
			}
		}
	}
	return found, partitionErrors("look up an offset", failed)
}

// metadataFor is metadata that names these topics' leaders, as far as there are any. It calls fail for
// the partitions that there are not and those of topics that can't be read; an error says that the
// metadata could not be refreshed.
func (c *Consumer) metadataFor(ctx context.Context, times map[TopicPartition]int64, fail func(TopicPartition, error)) (*netclient.Metadata, error) {
	md := c.client.Metadata()
	missing := map[string]bool{}
	for tp := range times {
		if leaderless(md, tp) != nil {
			missing[tp.Topic] = true
		}
	}
	var failed error
	for len(missing) > 0 {
		newer, err := c.client.RefreshMetadata(ctx, slices.Sorted(maps.Keys(missing))...)
		if bad, ok := errors.AsType[*netclient.TopicError](err); ok && missing[bad.Topic] {
			delete(missing, bad.Topic) // a name that can't be asked for
			for tp := range maps.Clone(times) {
				if tp.Topic == bad.Topic {
					fail(tp, err)
				}
			}
			continue
		}
		if failed = err; err == nil {
			md = newer
		}
		break
	}
	for tp := range maps.Clone(times) {
		t := md.Topic(tp.Topic)
		switch {
		case t == nil:
		case t.Err != 0 && !t.Err.Retriable():
			fail(tp, &netclient.TopicError{Topic: t.Name, Err: t.Err})
		case t.Err == 0 && len(t.Partitions) > 0 && int(tp.Partition) >= len(t.Partitions):
			fail(tp, leaderless(md, tp))
		}
	}
	return md, failed
}

// listed is one partition's answer.
type listed struct {
	offset int64 // -1: no such record
	time   time.Time
	err    error
}

// timeAsked is what ListOffsets is asked about a partition.
type timeAsked struct {
	timestamp   int64
	leaderEpoch int32 // as it is known here; -1: unknown
}

// askLeaders sends one ListOffsets to each leader at once, and collects what comes back.
func (c *Consumer) askLeaders(ctx context.Context, md *netclient.Metadata, times map[TopicPartition]int64) map[TopicPartition]listed {
	results := make(map[TopicPartition]listed, len(times))
	byLeader := map[int32]map[TopicPartition]timeAsked{}
	for tp, t := range times {
		node, epoch, ok := md.Leader(tp)
		if !ok {
			results[tp] = listed{err: leaderless(md, tp)}
			continue
		}
		if byLeader[node] == nil {
			byLeader[node] = map[TopicPartition]timeAsked{}
		}
		byLeader[node][tp] = timeAsked{t, epoch}
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

// askLeader asks one broker. It answers only for partitions that it leads, and only in the epoch that
// is known here.
func (c *Consumer) askLeader(ctx context.Context, node int32, times map[TopicPartition]timeAsked) (map[TopicPartition]listed, error) {
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
		p.PartitionIndex, p.Timestamp = tp.Partition, times[tp].timestamp
		p.CurrentLeaderEpoch = times[tp].leaderEpoch // not sent before version 4
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, p)
	}
	var resp msg.ListOffsetsResponse
	if err := c.client.RequestTo(ctx, node, req, &resp); err != nil {
		return nil, err
	}
	answers, unanswered := map[TopicPartition]listed{}, map[TopicPartition]timeAsked{}
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
			case p.OldStyleOffsets != nil && r.err == nil && times[tp].timestamp >= 0:
				unanswered[tp] = timeAsked{earliestTimestamp, -1}
			}
			answers[tp] = r
		}
	}
	return c.oldAnswers(ctx, node, unanswered, answers)
}

// oldAnswers mends what version 0 of ListOffsets answers: for a time before that of the first file
// it names no offset, where the beginning of the log is meant.
func (c *Consumer) oldAnswers(ctx context.Context, node int32, unanswered map[TopicPartition]timeAsked, answers map[TopicPartition]listed) (map[TopicPartition]listed, error) {
	if len(unanswered) == 0 {
		return answers, nil
	}
	earliest, err := c.askLeader(ctx, node, unanswered)
	maps.Copy(answers, earliest)
	return answers, err
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
