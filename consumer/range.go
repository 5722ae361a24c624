package consumer

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// This file decides what becomes of a position that a broker says does not exist. Followers answer
// fetches too, and one that lags behind says it of an offset that its leader has. So the word of a
// broker only raises a doubt. The cluster is asked then who leads the partition; if that is the broker
// that was asked, in the epoch that was known, it is asked where the log begins and ends, which leaders
// alone answer. If the position is outside of that, and only then, it is reset.

// doubt stops fetching until the doubt is settled. It returns false while what was fetched before has
// not been read: that is good, whatever has become of the rest of the log.
func (p *partition) doubt(now time.Time) bool {
	if len(p.queue) > 0 || p.open != nil {
		p.retryAt = now.Add(max(p.backoff.Next(), time.Millisecond))
		return false
	}
	p.doubted = true
	return true
}

// logRange is what a log holds.
type logRange struct {
	start, end int64
	err        error // there is no telling now
	moved      bool  // the broker that was asked does not lead the partition, or in another epoch
}

// checkRange settles doubts about positions that a broker says do not exist.
func (c *Consumer) checkRange(node int32, doubted []planned) {
	ranges := c.logRanges(node, doubted)
	now := time.Now()
	resets := resets{node: node}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pl := range doubted {
		p, r := pl.p, ranges[pl.p.tp]
		if !pl.current() {
			continue
		}
		p.doubted = false
		switch {
		case r.moved: // the leader is asked next
			p.retryAt = now.Add(p.backoff.Next())
		case r.err != nil:
			p.trouble.noteOf(now, node, r.err)
			p.retryAt = now.Add(p.backoff.Next())
		case r.start <= pl.offset && pl.offset <= r.end:
			p.trouble.noteOf(now, node, fmt.Errorf("%w for offset %d, but the log is from %d to %d", wire.ErrOffsetOutOfRange, pl.offset, r.start, r.end))
			p.retryAt = now.Add(p.backoff.Next())
		default:
			resets.add(c, pl, r)
		}
	}
	resets.log(c)
	c.attend()
	c.wake()
}

// logRanges asks where logs begin and end, if that broker leads their partitions.
func (c *Consumer) logRanges(node int32, doubted []planned) map[TopicPartition]logRange {
	ctx, stop := c.shortly()
	defer stop()
	topics := make([]string, 0, len(doubted))
	for _, pl := range doubted {
		topics = append(topics, pl.p.tp.Topic)
	}
	ranges := make(map[TopicPartition]logRange, len(doubted))
	md, err := c.client.RefreshMetadata(ctx, topics...)
	starts, ends := map[TopicPartition]timeAsked{}, map[TopicPartition]timeAsked{}
	for _, pl := range doubted {
		tp := pl.p.tp
		switch {
		case err != nil:
			ranges[tp] = logRange{err: err}
		case !pl.ledBy(node, md):
			ranges[tp] = logRange{moved: true}
		default:
			starts[tp], ends[tp] = timeAsked{earliestTimestamp, pl.epoch}, timeAsked{latestTimestamp, pl.epoch}
		}
	}
	if len(starts) == 0 {
		return ranges
	}
	first, err := c.askLeader(ctx, node, starts)
	last := map[TopicPartition]listed{}
	if err == nil {
		last, err = c.askLeader(ctx, node, ends)
	}
	for tp := range starts {
		ranges[tp] = newLogRange(node, first, last, tp, err)
	}
	return ranges
}

// ledBy reports whether the broker leads the partition, in the epoch in which it was asked, and of the
// topic that it was asked about.
func (pl *planned) ledBy(node int32, md *netclient.Metadata) bool {
	leader, epoch, ok := md.Leader(pl.p.tp)
	return ok && leader == node && epoch == pl.epoch && md.Topic(pl.p.tp.Topic).ID == pl.topic
}

func newLogRange(node int32, first, last map[TopicPartition]listed, tp TopicPartition, err error) logRange {
	start, begins := first[tp]
	end, ends := last[tp]
	switch {
	case err != nil:
		return logRange{err: err}
	case start.err != nil:
		return logRange{err: start.err}
	case end.err != nil:
		return logRange{err: end.err}
	case !begins || !ends || start.offset < 0 || end.offset < 0:
		return logRange{err: fmt.Errorf("broker %d gave no offset: %w", node, wire.ErrUnknownServerError)}
	}
	return logRange{start: start.offset, end: end.offset}
}

// resets counts the positions that are reset because of one answer, for one line of log.
type resets struct {
	node    int32
	n       int
	example planned
	held    logRange
}

// add does with a position that does not exist as AutoOffsetReset says. The caller holds c.mu.
func (r *resets) add(c *Consumer, pl planned, held logRange) {
	p := pl.p
	to := held.end
	switch c.cfg.AutoOffsetReset {
	case ResetNone:
		p.fail(&OffsetOutOfRangeError{TopicPartition: p.tp, Offset: pl.offset, Start: held.start, End: held.end}, true)
		return
	case ResetEarliest:
		to = held.start
	}
	p.seek(to)
	p.trouble.over()
	p.backoff.Reset()
	if r.n++; r.n == 1 {
		r.example, r.held = pl, held
	}
	c.log.Debug("a position does not exist in the log; it is reset", "topic", p.tp.Topic, "partition", p.tp.Partition,
		"offset", pl.offset, "start", held.start, "end", held.end, "to", to)
}

func (r *resets) log(c *Consumer) {
	if r.n == 0 {
		return
	}
	c.log.Warn("positions do not exist in their logs; they are reset", "group", c.cfg.GroupID, "broker", r.node, "partitions", r.n, "to", c.cfg.AutoOffsetReset,
		slog.Group("example", "topic", r.example.p.tp.Topic, "partition", r.example.p.tp.Partition, "offset", r.example.offset, "start", r.held.start, "end", r.held.end))
}
