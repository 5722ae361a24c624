package producer

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// batch is records of one partition that travel together. While it is open,
// records are encoded straight into buf; sealed, it is bytes. It has two owners:
// whoever gives its result, and the Write that may be reading it. Only when both
// are done with it, it goes back to the bufferPool.
//
// While it is open or in the partition's queue, the partition's lock guards it;
// whoever seals it has it for himself meanwhile; once taken out of the queue it
// is the sender's.
type batch struct {
	partition *partition
	result    *result
	gen       *generation
	seq       int64  // its place among the partition's batches
	reserved  int    // bytes of the bufferPool's count
	buf       []byte // the memory of what is encoded
	builder   record.Builder
	format    record.Format
	opened    time.Time
	clock     batchClock
	calls     []call // of its SendFunc records

	sealed  bool   // data is final, up to the CRC; or err is set
	data    []byte // the finished batch, in buf
	err     error  // why it can't be sent at all, or again
	message string // what the broker said besides, where err is its own

	first   int32 // the index in result of its first record: not 0 after a split
	records int32

	// What follows is the sender's.
	stamped  bool
	attempts int
	forgiven int   // attempts that don't count against Retries: those from before it was divided
	corrupt  int   // answers that called it corrupt
	node     int32 // the broker it was last sent to, -1 none
	last     error // why it was not acknowledged so far
	unsure   bool  // an earlier attempt may have been written nevertheless
	given    bool  // it has its result, but a request still holds data
}

// call is a SendFunc record's callback.
type call struct {
	done      func(RecordMetadata, error)
	index     int32
	timestamp int64
}

// reset makes b as good as new, but for its memory.
func (b *batch) reset() {
	clear(b.calls)
	*b = batch{buf: b.buf[:0], calls: b.calls[:0]}
}

// recordSize is how large a request's batch with this record alone can be, in
// bytes. For the older formats it is kafka-python's reckoning: an entry's head
// of 12 bytes, and 22 more of format 1 whatever the format is.
func recordSize(f record.Format, key, value []byte, headers []wire.Header) int {
	if f != record.V2 {
		return 12 + 22 + len(key) + len(value)
	}
	var b record.Builder
	var head [128]byte
	b.Reset(f, head[:])
	return b.Size() + b.RecordSize(key, value, headers)
}

// before reports whether b's records were accepted before those of other.
func (b *batch) before(other *batch) bool {
	if b.seq != other.seq {
		return b.seq < other.seq
	}
	return b.first < other.first // parts of a batch that was split
}

// A clock reading costs more than encoding a small record, so a batch reads the
// clock when it is opened, at every 32nd record, and when a tick has passed
// since it last did.
const readClockEvery = 32

// batchClock is the time that the records of a batch are stamped with. It never
// goes backwards.
type batchClock struct {
	millis int64
	tick   uint32 // of the ticker, when millis was read
	until  int32  // records until it is read again
}

// now gives the time for the next record; tick is the ticker's present count.
func (c *batchClock) now(tick uint32, read func() time.Time) int64 {
	if c.until == 0 || c.tick != tick {
		c.set(read(), tick)
	}
	c.until--
	return c.millis
}

func (c *batchClock) set(now time.Time, tick uint32) {
	c.millis = max(c.millis, now.UnixMilli())
	c.tick, c.until = tick, readClockEvery
}
