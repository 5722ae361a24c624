package producer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// corruptTries is how often a batch may be answered CORRUPT_MESSAGE before what
// was sent is looked at: damage on the way does not come three times.
const corruptTries = 3

// fault is a record of a batch that the broker refuses.
type fault struct {
	index   int32  // in the batch as sent
	message string // what the broker said of it
}

// refused decides about a batch in which the broker refuses records: those are
// looked for, and fail; the others are sent again without them.
func (s *sender) refused(b *batch, a *answer, now time.Time) {
	err := error(a.ErrorCode)
	faults := blamed(a, b)
	message := messageOf(a, b)
	switch {
	case len(faults) > 0: // the broker says which
	case a.ErrorCode == wire.ErrCorruptMessage:
		if b.corrupt++; b.corrupt < corruptTries && s.mayRetry(b) {
			s.retry(b, err, now)
			return
		}
		c, damage := s.inspect(b)
		if damage != nil {
			err = fmt.Errorf("%w: the batch is damaged in the memory of this program: %w", err, damage)
			break
		}
		if c.keyless == nil && s.mayRetry(b) {
			s.retry(b, err, now)
			return
		}
		if faults = c.keyless; faults != nil {
			err = fmt.Errorf("%w: the batch's own checksum is right, but %d of its %d records have no key; brokers before 2.4 answer so where the topic is compacted (cleanup.policy)", err, len(faults), b.records)
		}
	case message == "":
		if b.records > 1 && s.cfg.Retries > 0 {
			s.halve(b, err, now)
			return
		}
		if c, damage := s.inspect(b); damage == nil {
			err = fmt.Errorf("%w: the broker gave no reason; check: %s", err, c.causes())
		}
	}
	if len(faults) > 0 && len(faults) < int(b.records) && s.cfg.Retries > 0 && s.takeOut(b, faults, err) == nil {
		return
	}
	s.fail(b, err, message, now)
	s.acc.pool.put(b)
}

// takeOut has records of a batch fail with err when their turn comes, in order,
// and the others sent again.
func (s *sender) takeOut(b *batch, faults []fault, err error) error {
	var sizes []int32
	var messages []*string // nil: of records that nothing is wrong with
	end := int32(0)
	for i := range faults {
		f := &faults[i]
		if f.index > end {
			sizes, messages = append(sizes, f.index-end), append(messages, nil)
			end = f.index
		}
		if n := len(sizes); n > 0 && messages[n-1] != nil && *messages[n-1] == f.message {
			sizes[n-1]++
		} else {
			sizes, messages = append(sizes, 1), append(messages, &f.message)
		}
		end++
	}
	if b.records > end {
		sizes, messages = append(sizes, b.records-end), append(messages, nil)
	}
	parts, splitErr := s.divide(b, sizes...)
	if splitErr != nil {
		return splitErr
	}
	for i, message := range messages {
		if message != nil {
			parts[i].err, parts[i].message = err, *message
		}
	}
	s.replace(b, parts, err)
	return nil
}

// blamed are the records that the broker names as wrong (KIP-467), in order.
func blamed(a *answer, b *batch) []fault {
	var faults []fault
	for i := range a.RecordErrors {
		one := &a.RecordErrors[i]
		if one.BatchIndex < 0 || one.BatchIndex >= b.records {
			continue
		}
		f := fault{index: one.BatchIndex}
		if message := cmp.Or(one.BatchIndexErrorMessage, a.ErrorMessage); message != nil {
			f.message = *message
		}
		faults = append(faults, f)
	}
	slices.SortStableFunc(faults, func(x, y fault) int { return cmp.Compare(x.index, y.index) })
	return slices.CompactFunc(faults, func(x, y fault) bool { return x.index == y.index })
}

// content is what a batch that was refused holds.
type content struct {
	keyless        []fault
	records        int
	largest        int   // bytes of the largest record's key and value
	oldest, newest int64 // timestamps
	compressed     bool
	timeless       bool
}

// inspect reads a batch that was sent. An error says that it is damaged.
func (s *sender) inspect(b *batch) (c content, err error) {
	reader := record.NewReader(b.data)
	whole, err := reader.Next()
	if err == nil {
		err = whole.Check()
	}
	if err != nil {
		return c, err
	}
	records, err := whole.Records(ownCodecs{s.acc.codec}, nil, 0)
	if err != nil {
		return c, err
	}
	c.compressed, c.timeless = whole.Compression != record.None, b.format == record.V0
	var rec record.Record
	for {
		ok, err := records.Next(&rec)
		if !ok || err != nil {
			return c, err
		}
		if rec.Key == nil {
			c.keyless = append(c.keyless, fault{index: int32(c.records)})
		}
		if c.records == 0 {
			c.oldest = rec.Timestamp
		}
		c.oldest, c.newest = min(c.oldest, rec.Timestamp), max(c.newest, rec.Timestamp)
		c.largest = max(c.largest, len(rec.Key)+len(rec.Value))
		c.records++
	}
}

// causes names what brokers are known to refuse records like these for.
func (c *content) causes() string {
	var all []string
	if n := len(c.keyless); n > 0 {
		all = append(all, fmt.Sprintf("a key, which a compacted topic (cleanup.policy) wants: %d of %s without one", n, plural(c.records, "record")))
	}
	if c.compressed {
		all = append(all, fmt.Sprintf("max.decompressed.message.bytes (from 4.4), as the largest record has %d bytes", c.largest))
	}
	if !c.timeless {
		bounds := "message.timestamp.before.max.ms and message.timestamp.after.max.ms (message.timestamp.difference.max.ms before 3.6)"
		all = append(all, fmt.Sprintf("%s, as the timestamps are from %s to %s", bounds, stampOf(c.oldest), stampOf(c.newest)))
	}
	if len(all) == 0 {
		return "the broker's log"
	}
	return strings.Join(all, "; ")
}

func stampOf(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
