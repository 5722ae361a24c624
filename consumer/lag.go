package consumer

import (
	"fmt"
	"slices"
	"time"
)

// PartitionLag says how far this consumer is behind the end of an assigned partition. Its fields are
// offsets, and lag is a difference of offsets: some of those between may have no record.
type PartitionLag struct {
	TopicPartition
	// Position is the offset of the next record to be handed out, -1 while it is being looked up.
	Position int64
	// Finished is the offset below which every record is finished, which is what an automatic commit
	// commits; -1 while the position is being looked up.
	Finished int64
	// HighWatermark is the offset after the last record that every in-sync replica has: the end of
	// what consumers may read. -1 before the first fetch.
	HighWatermark int64
	// LastStableOffset is the offset after the last record that belongs to no open transaction; -1
	// before the first fetch, and from brokers before 0.11.
	LastStableOffset int64
	// At is when a fetch brought the two; zero before the first. They age while nothing is fetched,
	// as when the partition is paused.
	At time.Time
}

// String is the partition with its position, its high watermark and what is finished.
func (l PartitionLag) String() string {
	return fmt.Sprintf("%v at %d of %d, finished below %d", l.TopicPartition, l.Position, l.HighWatermark, l.Finished)
}

// Unread is how far the position is behind the high watermark: Kafka's records-lag. It is -1 while
// one of the two is not known.
func (l PartitionLag) Unread() int64 { return behind(l.Position, l.HighWatermark) }

// Unfinished is how far the lowest unfinished record is behind the high watermark: what would be read
// again, and what is to be read, if another consumer took over after a commit. It is -1 while one of
// the two is not known.
func (l PartitionLag) Unfinished() int64 { return behind(l.Finished, l.HighWatermark) }

func behind(offset, end int64) int64 {
	if offset < 0 || end < 0 {
		return -1
	}
	return max(end-offset, 0)
}

// Lag returns how far this consumer is behind in every assigned partition, sorted. It asks no broker
// and does not wait: it says what is known, the ends as the last fetch of each partition told them.
func (c *Consumer) Lag() []PartitionLag {
	c.mu.Lock()
	defer c.mu.Unlock()
	lags := make([]PartitionLag, 0, len(c.subs.order))
	for _, p := range c.subs.order {
		l := PartitionLag{TopicPartition: p.tp, Position: -1, Finished: -1,
			HighWatermark: p.highWater, LastStableOffset: p.lastStable, At: p.endAt}
		if p.lookup == lookupNone {
			l.Position, l.Finished = p.next(), p.done()
		}
		lags = append(lags, l)
	}
	slices.SortFunc(lags, func(a, b PartitionLag) int { return comparePartitions(a.TopicPartition, b.TopicPartition) })
	return lags
}
