package consumer

import (
	"encoding/binary"
	"errors"
	"sync/atomic"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// chunk is what one fetch brought of one partition: whole batches, not decoded.
type chunk struct {
	question          // that was answered with it
	reading  *reading // that its records belong to; nil unless each is finished by itself
	node     *fetchNode
	raw      []byte
	end      int64 // the offset that follows the last batch

	// hand is the offset of the record that Records handed out last, -1 before the first. The
	// iteration writes it once per record, without the lock.
	hand    atomic.Int64
	cur     cursor      // where the iteration stands; used by whoever has the chunk out of the queue
	poll    int         // the Poll that returned it
	counted atomic.Bool // by the metrics, after an iteration over what Poll returned
}

// cursor reads a chunk's records in order. It is a value: a copy reads on from the same place.
type cursor struct {
	rest    []byte // the batches that were not begun
	this    []byte // from the batch on that was begun last
	batch   record.Batch
	records record.Records
	at      int64         // the offset at which reading goes on
	last    int64         // the offset after the last record read; at first where the chunk begins
	skipped int64         // offsets without a record between the last record read and the one before
	count   int           // records read
	slab    []wire.Header // the headers of the records read last, with room for more
	inside  bool          // records belongs to batch and is not exhausted
	checked bool          // the CRCs were checked in advance
}

// readOptions are what a cursor has to know of the Config.
type readOptions struct {
	codecs  record.Codecs
	skipCRC bool
	limit   int // bytes that a batch may unpack to
}

// next reads the next wanted record. It returns errChunkEnd at the end; with any other error, at is the
// offset that can't be read.
func (u *cursor) next(o *readOptions, rec *record.Record) error {
	for {
		if u.inside {
			ok, err := u.records.Next(rec)
			if err != nil {
				return err
			}
			if ok {
				if rec.Offset < u.at {
					continue
				}
				u.at = rec.Offset + 1
				u.last, u.skipped = u.at, rec.Offset-u.last
				u.count++
				return nil
			}
			u.inside = false
			u.at = u.batch.LastOffset + 1 // a record may have an offset outside of its batch
		}
		if err := u.begin(o); err != nil {
			return err
		}
	}
}

// slabHeaders bounds, in headers, how much memory is taken in advance for those of a batch.
const slabHeaders = 512

// headers returns the headers of a record of the batch that is being read. Records share slabs: one
// is made for many of them, and its memory is not used again.
func (u *cursor) headers(rec *record.Record) []wire.Header {
	n := rec.Headers.Len()
	if n == 0 {
		return nil
	}
	if cap(u.slab)-len(u.slab) < n {
		ahead := int(min(u.batch.LastOffset-rec.Offset+1, slabHeaders))
		u.slab = make([]wire.Header, 0, max(n, min(n*ahead, slabHeaders)))
	}
	from := len(u.slab)
	u.slab = rec.Headers.AppendTo(u.slab)
	return u.slab[from:len(u.slab):len(u.slab)]
}

// errChunkEnd says that a cursor has read everything.
var errChunkEnd = errors.New("end of the fetched records")

func newChunk(p *partition, n *fetchNode, raw []byte, from, end int64) *chunk {
	c := &chunk{question: p.ask(), reading: p.reading, node: n, raw: raw, end: end, cur: cursor{rest: raw, at: from, last: from}}
	c.hand.Store(-1)
	return c
}

// begin goes on to the next batch.
func (u *cursor) begin(o *readOptions) (err error) {
	if len(u.rest) == 0 {
		return errChunkEnd
	}
	u.this = u.rest
	if u.batch, err = nextBatch(u.rest, !o.skipCRC && !u.checked); err != nil {
		return err
	}
	u.rest = u.rest[u.batch.Size:]
	if u.batch.LastOffset < u.at {
		return nil
	}
	u.at = max(u.at, u.batch.BaseOffset)
	if u.batch.Control {
		u.at = u.batch.LastOffset + 1
		return nil
	}
	u.records, err = u.batch.Records(o.codecs, nil, o.limit)
	u.records.SkipCRC = o.skipCRC // those inside a compressed message, of old brokers
	u.inside = err == nil
	return err
}

// check compares every batch that was not begun with its CRC. At the first that is damaged it cuts
// the chunk and returns the offset, the batch and what comes after it, and what is wrong.
func (c *chunk) check() (at int64, bad []byte, err error) {
	at = c.cur.at
	for size := 0; size < len(c.cur.rest); {
		b, err := nextBatch(c.cur.rest[size:], true)
		if err != nil {
			bad = c.cur.rest[size:]
			c.cur.rest, c.end = c.cur.rest[:size], at
			return at, bad, err
		}
		size += b.Size
		at = max(at, b.LastOffset+1)
	}
	c.cur.checked = true
	return 0, nil, nil
}

// nextBatch reads the head of the first batch in b and compares it with its CRC if check says so.
// Of a run of messages it gives those before the first that is damaged.
func nextBatch(b []byte, check bool) (record.Batch, error) {
	r := record.NewReader(b)
	batch, err := r.Next()
	if err != nil || !check {
		return batch, err
	}
	if err = batch.Check(); err == nil || batch.NumRecords <= 1 || batch.Format == record.V2 {
		return batch, err
	}
	for good := 0; ; {
		r := record.NewReader(b[good : good+12+int(binary.BigEndian.Uint32(b[good+8:]))])
		one, _ := r.Next()
		if one.Check() != nil {
			if good == 0 {
				return batch, err
			}
			r.Reset(b[:good])
			return r.Next()
		}
		good += one.Size
	}
}

func (c *chunk) empty() bool { return len(c.cur.rest) == 0 && !c.cur.inside }

func (c *Consumer) readOptions() readOptions {
	return readOptions{codecs: c.codecs, skipCRC: c.cfg.SkipCRCCheck, limit: c.cfg.MaxUnpackedBytes}
}
