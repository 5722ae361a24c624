package consumer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// This file takes in what a fetch brought.

// scanned is what the headers of fetched bytes tell.
type scanned struct {
	raw     []byte       // the whole batches
	rest    []byte       // what comes after them
	end     int64        // the offset after the last of them
	partial int          // bytes that an incomplete batch at the end would have; 0: there is none, or it does not say
	cut     bool         // there is an incomplete batch at the end
	err     error        // what is wrong after raw
	epochs  leaderEpochs // where they change
}

// scan goes over the headers of batches and messages, which follow one of the leader epoch last. The
// rest is the application's to decode.
func scan(raw []byte, from int64, last LeaderEpoch) scanned {
	s := scanned{end: from}
	r := record.NewReader(raw)
	size := 0
	for {
		b, err := r.Next()
		switch {
		case err == nil:
			size += b.Size
			s.end = max(s.end, b.LastOffset+1)
			if epoch := netclient.ToLeaderEpoch(b.PartitionLeaderEpoch); epoch != last {
				s.epochs.note(b.BaseOffset, epoch)
				last = epoch
			}
			continue
		case errors.Is(err, record.ErrPartial):
			s.cut = true
			s.partial = announced(raw[size:])
		case !errors.Is(err, io.EOF):
			s.err = err
		}
		s.raw, s.rest = raw[:size:size], raw[size:]
		return s
	}
}

// announced is the size that an incomplete batch or message says it has. In every format the first
// 12 bytes are an offset and the number of bytes that follow.
func announced(partial []byte) int {
	if len(partial) < 12 {
		return 0
	}
	return int(binary.BigEndian.Uint32(partial[8:])) + 12
}

// takeIn queues the records of an answer and sees to its errors.
func (c *Consumer) takeIn(n *fetchNode, plan fetchPlan, sent time.Time, resp *msg.FetchResponse, names map[wire.UUID]string) {
	parts := make(map[TopicPartition]planned, len(plan.parts))
	for _, pl := range plan.parts {
		parts[pl.p.tp] = pl
	}
	type answer struct {
		planned
		*msg.FetchResponseResponsePartition
		scanned
	}
	answers := make([]answer, 0, len(plan.parts))
	for i := range resp.Responses {
		topic := resp.Responses[i].Topic
		if names != nil {
			topic = names[resp.Responses[i].TopicID]
		}
		for j := range resp.Responses[i].Partitions {
			fp := &resp.Responses[i].Partitions[j]
			if pl, ok := parts[TopicPartition{Topic: topic, Partition: fp.PartitionIndex}]; ok {
				answers = append(answers, answer{pl, fp, scan(fp.Records, pl.offset, pl.written)})
			}
		}
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	bytes := 0
	var doubted []planned
	for _, a := range answers {
		p := a.p
		if !a.current() {
			continue
		}
		if a.ErrorCode == wire.ErrNone {
			p.highWater, p.logStart, p.lastStable, p.endAt = a.HighWatermark, a.LogStartOffset, a.LastStableOffset, now
			if p.byID = names != nil; p.byID {
				p.heard = now
			}
		}
		if p.fetchAt != a.offset {
			continue // what was queued was dropped meanwhile, or came from another broker
		}
		bytes += len(a.raw)
		switch {
		case a.ErrorCode == wire.ErrOffsetOutOfRange && p.replica < 0:
			if p.doubt(now) {
				doubted = append(doubted, a.planned)
			}
		case a.ErrorCode != wire.ErrNone:
			c.fetchRefused(n, a.planned, a.ErrorCode, now)
		case a.PreferredReadReplica >= 0 && a.PreferredReadReplica != n.id:
			p.replica = a.PreferredReadReplica
			p.until = now.Add(max(c.client.Config().MetadataMaxAge, time.Second))
			c.wake()
		default:
			c.queue(n, a.planned, a.scanned, now)
		}
	}
	for _, pl := range plan.parts {
		if pl.current() && pl.p.fetching == n {
			pl.p.fetching, pl.p.together = nil, 0
		}
	}
	if len(doubted) > 0 {
		c.wg.Go(func() { c.checkRange(n.id, doubted) })
	}
	c.meter.fetched(now, now.Sub(sent), time.Duration(resp.ThrottleTimeMs)*time.Millisecond, bytes)
	c.news()
}

// queue puts what came of one partition into its queue.
func (c *Consumer) queue(n *fetchNode, pl planned, s scanned, now time.Time) {
	p := pl.p
	if len(s.raw) > 0 && s.end > pl.offset {
		p.push(newChunk(p, n, s.raw, pl.offset, s.end))
		for _, e := range s.epochs {
			p.epochs.note(e.from, e.epoch)
		}
		p.limit = 0
	}
	switch {
	case s.err != nil:
		p.fail(p.unreadable(s.end, s.rest, s.err), true)
		c.attend()
	case len(s.raw) > 0 && s.end == pl.offset:
		p.trouble.noteOf(now, n.id, fmt.Errorf("the broker was asked for offset %d and answered with older records only", pl.offset))
		p.retryAt = now.Add(p.backoff.Next())
		return
	case len(s.raw) == 0 && s.cut:
		c.tooLarge(pl, s)
	}
	p.trouble.over()
	p.backoff.Reset()
	if p.fault != nil && !p.sticky {
		p.fault = nil // it has passed
	}
}

// tooLarge handles a fetch that brought only the beginning of a record or batch. Brokers before
// 0.10.1 cut at PartitionMaxBytes; what is cut says how large it is, so the next fetch asks for
// that much.
func (c *Consumer) tooLarge(pl planned, s scanned) {
	p := pl.p
	need := s.partial
	if need <= pl.limit {
		need = 2 * pl.limit
	}
	if need <= c.cfg.FetchMaxBytes {
		p.limit = need
		return
	}
	p.fail(&RecordTooLargeError{TopicPartition: p.tp, Offset: pl.offset, Next: p.beyond(pl.offset, s.rest), Size: s.partial, Limit: max(pl.limit, c.cfg.FetchMaxBytes)}, true)
	c.attend()
}

// fetchRefused handles a partition's error code.
func (c *Consumer) fetchRefused(n *fetchNode, pl planned, code wire.ErrorCode, now time.Time) {
	p := pl.p
	switch {
	case p.replica >= 0 && code != wire.ErrTopicAuthorizationFailed:
		p.replica = -1 // whatever it is, the leader knows better
		c.wake()
	case code == wire.ErrCorruptMessage:
		p.fail(&CorruptRecordError{TopicPartition: p.tp, Offset: pl.offset, Next: pl.offset + 1, Err: fmt.Errorf("the broker says: %w", code)}, true)
		c.attend()
	case code.RefreshMetadata() || code.Retriable() || code == wire.ErrUnknownServerError: // which brokers say for moments while leaders move
		p.trouble.noteOf(now, n.id, code)
		p.retryAt = now.Add(p.backoff.Next())
		c.client.UpdateMetadataSoon()
	default:
		p.fail(p.triedAgain("fetch", code), false)
		p.retryAt = now.Add(max(p.backoff.Next(), time.Second))
		c.attend()
	}
}
