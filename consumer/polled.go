package consumer

import (
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// Polled is what one Poll returned: batches of records that are unpacked and decoded while you
// iterate, each time again. The zero Polled is empty. It stays good after the next Poll.
type Polled struct {
	c      *Consumer
	chunks []*chunk
	made   [][]Record // by NewPolled, for each partition
}

// NewPolled makes what a Poll would return of records, for tests of what is done with it. They are
// taken by partition, in the order given.
func NewPolled(records ...Record) Polled {
	var r Polled
	for _, rec := range records {
		i := slices.IndexFunc(r.made, func(of []Record) bool { return of[0].TopicPartition() == rec.TopicPartition() })
		if i < 0 {
			i = len(r.made)
			r.made = append(r.made, nil)
		}
		r.made[i] = append(r.made[i], rec)
	}
	return r
}

// Empty says that Poll found nothing before its timeout.
func (r Polled) Empty() bool { return len(r.chunks) == 0 && len(r.made) == 0 }

// All iterates over the records, partition after partition, each in the order of its offsets.
// Where a batch can't be unpacked or decoded it ends for that partition: the position stays
// before that record, and the next Poll says what is wrong.
func (r Polled) All() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		for _, records := range r.Partitions() {
			for rec := range records {
				if !yield(rec) {
					return
				}
			}
		}
	}
}

// Partitions iterates over the partitions, each with its records as All would yield them.
func (r Polled) Partitions() iter.Seq2[TopicPartition, iter.Seq[Record]] {
	return func(yield func(TopicPartition, iter.Seq[Record]) bool) {
		for _, records := range r.made {
			if !yield(records[0].TopicPartition(), slices.Values(records)) {
				return
			}
		}
		for _, ch := range r.chunks {
			if !yield(ch.p.tp, func(yield func(Record) bool) { r.c.each(ch, yield) }) {
				return
			}
		}
	}
}

// each yields the records of a chunk that Poll returned; false when the body wants no more.
func (c *Consumer) each(ch *chunk, yield func(Record) bool) bool {
	cur := ch.cur
	cur.slab = nil // whatever room it has left is for one iteration only
	before := cur.count
	defer func() {
		if ch.counted.CompareAndSwap(false, true) {
			c.meter.consumed(cur.count-before, time.Now())
		}
	}()
	options := c.readOptions()
	var rec record.Record
	for {
		if err := cur.next(&options, &rec); err != nil {
			if !errors.Is(err, errChunkEnd) {
				ch.reading.finish(cur.last, cur.at)
				c.undeliverable(ch, cur.at, cur.this, err)
			} else {
				ch.reading.finish(cur.last, ch.end)
			}
			return true
		}
		if !yield(newRecord(ch, &cur, &rec)) {
			return false
		}
	}
}
