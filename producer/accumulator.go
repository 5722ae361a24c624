package producer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// accumulator is where records wait: for each partition the open batch, into
// which Send encodes, and the queue of those that are closed. What all
// partitions share is here; each has its own lock, held for the length of a copy.
type accumulator struct {
	cfg    *Config      // with defaults
	codec  record.Codec // nil: none
	pool   *bufferPool
	gens   *generations
	now    func() time.Time
	notify func(*partition) // tells the sender to look at a partition; must not block

	tick atomic.Uint32 // counts while batches are open, so that their clocks are not too late
	open atomic.Int32  // batches that are open
}

// partition is where the records of one partition wait.
type partition struct {
	topic string
	id    int32

	mu     sync.Mutex    // guards what follows
	open   *batch        // the batch that records are put into, or nil
	queue  fifo[*batch]  // closed batches, by ascending seq
	seq    int64         // of the next batch
	format record.Format // for the next batch: what the leader speaks, as far as known
	listed bool          // the sender was told, and has not looked yet
	used   bool          // something was sent since quiet ones were last looked for
	gone   bool          // it was quiet: another one may be in its place

	sending // the sender's own
}

// name is the partition's name.
func (p *partition) name() TopicPartition { return TopicPartition{Topic: p.topic, Partition: p.id} }

// append puts a record into the partition's open batch, or into a new one. For
// the memory of that it waits, if it must, until ctx ends or MaxBlock is over.
func (a *accumulator) append(ctx context.Context, p *partition, rec *Record, done func(RecordMetadata, error), block *blocking) (Future, error) {
	var memory *batch // waited for, and not used yet
	for {
		f, need, err := a.tryAppend(p, rec, done, &memory)
		if err == nil && need > 0 {
			memory, err = a.waitForMemory(ctx, p, need, block)
			if err == nil {
				continue
			}
		}
		if memory != nil { // someone else opened a batch meanwhile
			a.pool.put(memory)
		}
		return f, err
	}
}

// tryAppend is append without waiting: need is how many bytes of memory it
// lacks, 0 when it is done.
func (a *accumulator) tryAppend(p *partition, rec *Record, done func(RecordMetadata, error), memory **batch) (f Future, need int, err error) {
	var closed *batch
	tell := false
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return f, 0, errForgotten
	}
	p.used = true
	if p.open != nil && !a.fits(p.open, rec) {
		closed, tell = a.closeOpen(p), true
	}
	if p.open == nil {
		need, err = a.openBatch(p, rec, memory)
		tell = true
	}
	if p.open != nil {
		f, err = a.add(p.open, rec, done)
		tell = tell || a.full(p.open)
		if p.open.builder.Len() == 0 {
			a.undoOpen(p)
		}
	}
	tell = tell && p.list()
	p.mu.Unlock()
	if closed != nil {
		a.seal(closed)
	}
	if tell {
		a.notify(p)
	}
	return f, need, err
}

// fits reports whether a record may join an open batch.
func (a *accumulator) fits(b *batch, rec *Record) bool {
	if b.format < record.V2 && len(rec.Headers) > 0 {
		return false
	}
	return b.builder.Size()+b.builder.RecordSize(rec.Key, rec.Value, rec.Headers) <= a.cfg.BatchSize
}

// full reports whether an open batch need not wait for more.
func (a *accumulator) full(b *batch) bool { return b.builder.Size() >= a.cfg.BatchSize }

// openBatch opens a batch for a record; need is how many bytes of memory that
// lacks. The caller holds p.mu.
func (a *accumulator) openBatch(p *partition, rec *Record, memory **batch) (need int, err error) {
	size := recordSize(p.format, rec.Key, rec.Value, rec.Headers)
	if err := a.check(p, rec, size); err != nil {
		return 0, err
	}
	b := *memory
	*memory = nil
	if b != nil && cap(b.buf) < size {
		a.pool.put(b) // the format has changed since
		b = nil
	}
	if b == nil {
		if b, err = a.pool.get(size); b == nil {
			return size, err
		}
	}
	if b.gen = a.gens.enter(); b.gen == nil {
		a.pool.put(b)
		return 0, ErrClosed
	}
	b.partition, b.result = p, newResult(p.name())
	b.seq, b.format, b.node = p.seq, p.format, -1
	b.opened = a.now()
	b.clock.set(b.opened, a.tick.Load())
	b.builder.Reset(p.format, b.buf)
	p.seq++
	p.open = b
	a.open.Add(1)
	return 0, nil
}

// undoOpen takes back a batch whose first record could not be encoded. The
// caller holds p.mu.
func (a *accumulator) undoOpen(p *partition) {
	b := p.open
	p.open = nil
	a.open.Add(-1)
	a.gens.leave(b.gen)
	a.pool.put(b)
}

// check refuses records that can't be sent in the partition's format, or at all.
// size is that of a batch with this record alone. The caller holds p.mu.
func (a *accumulator) check(p *partition, rec *Record, size int) error {
	switch {
	case len(rec.Headers) > 0 && p.format < record.V2:
		return errHeaders
	case size > a.cfg.MaxRequestSize:
		return &RecordTooLargeError{TopicPartition: p.name(), Size: size, Limit: a.cfg.MaxRequestSize, Property: "max.request.size"}
	case size > a.cfg.BufferMemory:
		return &RecordTooLargeError{TopicPartition: p.name(), Size: size, Limit: a.cfg.BufferMemory, Property: "buffer.memory"}
	case size > record.DefaultLimit && a.codec != nil:
		return &RecordTooLargeError{TopicPartition: p.name(), Size: size, Limit: record.DefaultLimit, Property: "MaxUnpackedBytes of consumers, by default,"}
	}
	return nil
}

var errHeaders = errors.New("the record has headers, and the partition's leader is older than 0.11, which brought them")

// add encodes a record into an open batch. The caller holds the partition's
// lock.
func (a *accumulator) add(b *batch, rec *Record, done func(RecordMetadata, error)) (Future, error) {
	var timestamp int64
	if rec.Timestamp.IsZero() {
		timestamp = b.clock.now(a.tick.Load(), a.now)
	} else {
		timestamp = rec.Timestamp.UnixMilli()
	}
	index := int32(b.builder.Len())
	if err := b.builder.Append(timestamp, rec.Key, rec.Value, rec.Headers); err != nil {
		return Future{}, fmt.Errorf("encoding: %w", err)
	}
	if done != nil {
		b.calls = append(b.calls, call{done, index, timestamp})
	}
	return Future{b.result, index, timestamp}, nil
}

// waitForMemory waits for the memory of a batch of p.
func (a *accumulator) waitForMemory(ctx context.Context, p *partition, need int, block *blocking) (*batch, error) {
	began := a.now()
	b, err := a.pool.wait(ctx, need, block.left(began))
	if err != nil && !errors.Is(err, ErrClosed) {
		err = &BufferFullError{TopicPartition: p.name(), Need: need, Memory: a.cfg.BufferMemory, Waited: a.now().Sub(began), Err: err}
	}
	return b, err
}

// closeOpen puts the open batch into the queue. Where it is to be compressed, it
// is returned, and the caller seals it after giving the lock back: its place is
// taken. Otherwise it is sealed, and may be gone as soon as the lock is. The
// caller holds p.mu.
func (a *accumulator) closeOpen(p *partition) *batch {
	b := p.open
	p.open = nil
	a.open.Add(-1)
	b.records = int32(b.builder.Len())
	b.result.left = b.records
	p.queue.push(b)
	if a.codec != nil {
		return b
	}
	b.data, b.err = b.builder.Seal(nil, nil)
	b.buf, b.sealed = b.data, true
	return nil
}

// seal compresses a closed batch, and makes it visible to the sender. The caller
// does not hold the partition's lock.
func (a *accumulator) seal(b *batch) {
	data, err := b.builder.Seal(a.codec, a.pool.scratch())
	p := b.partition
	if err == nil {
		a.pool.keep(b.buf)
	}
	p.mu.Lock()
	if b.err = err; err == nil {
		b.data, b.buf = data, data
	}
	b.sealed = true
	tell := p.list()
	p.mu.Unlock()
	if tell {
		a.notify(p)
	}
}

// list says that the sender is to be told of the partition, and reports whether
// that is news. The caller holds p.mu.
func (p *partition) list() bool {
	news := !p.listed
	p.listed = true
	return news
}

// head gives the partition's first batch if it can be sent now. An open one that
// is due is closed and sealed for it. The sender calls it.
func (a *accumulator) head(p *partition, hurry bool, now time.Time) *batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queue.len() == 0 && p.open != nil && !now.Before(a.due(p.open, hurry)) {
		if b := a.closeOpen(p); b != nil {
			p.mu.Unlock()
			a.seal(b)
			p.mu.Lock()
		}
	}
	if p.queue.len() == 0 || !(*p.queue.at(0)).sealed {
		return nil
	}
	return *p.queue.at(0)
}

// due is when an open batch may be sent: at once when it is full, to be flushed,
// or when others wait for memory (hurry).
func (a *accumulator) due(b *batch, hurry bool) time.Time {
	if hurry || a.cfg.Linger == 0 || b.gen.ended.Load() || a.full(b) {
		return b.opened
	}
	return b.opened.Add(a.cfg.Linger)
}

// waiting says what the sender is to do about a partition: ready when a batch
// can be sent, or else when to look again. A batch that is being sealed is
// told of when that is done. It also gives the batch whose delivery timeout is
// next. The sender calls it.
func (a *accumulator) waiting(p *partition, hurry bool, now time.Time) (ready bool, at, expiry time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listed = false
	switch {
	case p.queue.len() > 0:
		b := *p.queue.at(0)
		if !b.sealed {
			return false, time.Time{}, time.Time{}
		}
		return true, time.Time{}, b.opened.Add(a.cfg.DeliveryTimeout)
	case p.open != nil:
		at = a.due(p.open, hurry)
		return !now.Before(at), at, p.open.opened.Add(a.cfg.DeliveryTimeout)
	}
	return false, time.Time{}, time.Time{}
}

// pop takes the first batch out of the queue; it is the sender's from then on.
func (p *partition) pop() *batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.pop()
}

// putBack puts a batch where it belongs in the queue, which is the front unless
// others were put back before it.
func (p *partition) putBack(b *batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := 0
	for i < p.queue.len() && (*p.queue.at(i)).before(b) {
		i++
	}
	p.queue.insert(i, b)
}

// expired takes out the first batch if its delivery timeout is over. The sender
// calls it until there is none.
func (a *accumulator) expired(p *partition, now time.Time) *batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	over := func(b *batch) bool { return !now.Before(b.opened.Add(a.cfg.DeliveryTimeout)) }
	if p.queue.len() == 0 && p.open != nil && over(p.open) {
		if b := a.closeOpen(p); b != nil {
			b.sealed = true // nobody will want its data
		}
	}
	if p.queue.len() == 0 || !(*p.queue.at(0)).sealed || !over(*p.queue.at(0)) {
		return nil
	}
	return p.queue.pop()
}

// drop takes out every batch, also those that are being sealed, which must not
// be used again.
func (a *accumulator) drop(p *partition) []*batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil {
		a.closeOpen(p)
	}
	var all []*batch
	for p.queue.len() > 0 {
		all = append(all, p.queue.pop())
	}
	return all
}

// setFormat is told what the partition's leader speaks.
func (p *partition) setFormat(f record.Format) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.format = f
}
