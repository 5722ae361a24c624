package producer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
)

// Producer sends records to a cluster. All methods may be called from any
// goroutine.
type Producer struct {
	cfg    Config // with defaults
	client *netclient.Client
	owner  bool            // of the client, which is closed at the end then
	conns  *netclient.Pool // its own, one connection per broker
	topics topics
	acc    *accumulator
	inbox  *inbox
	sender *sender // belongs to run

	closing   context.Context // ends when Close begins
	beginning context.CancelFunc
	last      *generation // what Close waits for, set before closing ends
	closeOnce sync.Once

	giveUp      chan struct{} // closed when what is left is to fail
	giveUpCause error         // why, set before giveUp is closed
	giveUpOnce  sync.Once

	connecting sync.WaitGroup
	stopped    chan struct{} // closed when run has ended
	closeErr   error         // set before stopped is closed
}

// Dial makes a client and a Producer on it. The client is the Producer's own:
// closing the Producer closes it. Like New, Dial checks both Configs and does not
// wait for the network.
func Dial(client netclient.Config, cfg Config) (*Producer, error) {
	c, err := netclient.New(client)
	if err != nil {
		return nil, err
	}
	p, err := open(c, cfg, true)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return p, nil
}

// New makes a Producer. It checks the Config and does not wait for the network.
// The Producer must be closed before its client is.
func New(client *netclient.Client, cfg Config) (*Producer, error) {
	return open(client, cfg, false)
}

func open(client *netclient.Client, cfg Config, owner bool) (*Producer, error) {
	if client == nil {
		return nil, errors.New("producer: the client is nil; Dial makes a producer with a client of its own")
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("producer: %w", err)
	}
	codec, _ := cfg.Compression.open(cfg.CompressionLevel)
	shared := client.Config()
	p := &Producer{
		cfg: cfg.withDefaults(), client: client, owner: owner, inbox: newInbox(),
		giveUp: make(chan struct{}), stopped: make(chan struct{}),
	}
	if p.cfg.ClientID == "" {
		p.cfg.ClientID = shared.ClientID
	}
	p.closing, p.beginning = context.WithCancel(context.Background())
	p.topics.init()
	p.conns = client.NewPool(netclient.PoolConfig{Name: "producer", ClientID: p.cfg.ClientID, RequestTimeout: p.cfg.RequestTimeout})
	pool := newBufferPool(&p.cfg, p.inbox.ring)
	p.acc = &accumulator{cfg: &p.cfg, codec: codec, pool: pool, gens: newGenerations(), now: time.Now, notify: p.inbox.partition}
	p.sender = newSender(&p.cfg, p.acc, clusterOf{p}, senderOptions{
		log: client.Logger(), meter: newMeter(client.Metrics(), p.cfg.ClientID, pool),
		backoff: netclient.Backoff{Base: shared.RetryBackoff, Max: shared.RetryBackoffMax},
		answer:  p.inbox.answered,
	})
	go p.run()
	return p, nil
}

// Send accepts a record. If the topic is not known yet, or BufferMemory is used
// up, it waits: until ctx ends, and for Config.MaxBlock at most. An error means
// that the record was not accepted and is never sent; it may be a
// *netclient.TopicError, *BufferFullError, *RecordTooLargeError, *PartitionError
// or ErrClosed. Without one, the Future has the record's fate, and ctx has no
// more say in it.
//
// Everything in rec has been copied when Send returns. Send allocates nothing,
// but for what it does once per batch.
func (p *Producer) Send(ctx context.Context, rec Record) (Future, error) {
	return p.send(ctx, &rec, nil)
}

// SendWait is Send, followed by Future.Wait: it returns when the record is
// acknowledged, or with the error of either. If ctx ends during the wait, the
// error is its cause, and the record keeps its way.
func (p *Producer) SendWait(ctx context.Context, rec Record) (RecordMetadata, error) {
	f, err := p.Send(ctx, rec)
	if err != nil {
		return RecordMetadata{}, err
	}
	return f.Wait(ctx)
}

// SendFunc is Send with a callback instead of a Future. It is called once if
// SendFunc returns nil, and not otherwise: on the sender's goroutine, in order
// for each partition. It must not block: nothing is sent while it runs. Flush and
// Close wait for it, so it must not wait for them; and Send may wait for memory
// that only the sender can give back.
func (p *Producer) SendFunc(ctx context.Context, rec Record, done func(RecordMetadata, error)) error {
	_, err := p.send(ctx, &rec, done)
	return err
}

func (p *Producer) send(ctx context.Context, rec *Record, done func(RecordMetadata, error)) (Future, error) {
	block := blocking{limit: p.cfg.MaxBlock}
	var f Future
	err := check(rec)
	for again := err == nil; again; again = err == errForgotten {
		var part *partition
		if part, err = p.partitionOf(ctx, rec, &block); err == nil {
			f, err = p.acc.append(ctx, part, rec, done, &block)
			rec.Partition = ToPartition(part.id)
		}
	}
	if err != nil {
		return Future{}, sendError(rec.Topic, err)
	}
	return f, nil
}

// check refuses records that no broker would take.
func check(rec *Record) error {
	switch {
	case rec.Topic == "":
		return errNoTopic
	case rec.Timestamp.IsZero():
		return nil
	case rec.Timestamp.Before(time.UnixMilli(0)):
		return errEarlyTime
	case rec.Timestamp.After(time.UnixMilli(math.MaxInt64)):
		return errLateTime
	}
	return nil
}

func sendError(topic string, err error) error {
	if _, ok := errors.AsType[*netclient.TopicError](err); ok {
		return fmt.Errorf("producer: %w", err) // names the topic itself
	}
	return fmt.Errorf("producer: send to topic %q: %w", topic, err)
}

// partitionOf finds the partition of a record.
func (p *Producer) partitionOf(ctx context.Context, rec *Record, block *blocking) (*partition, error) {
	t, now, err := p.topic(ctx, rec.Topic, block)
	if err != nil {
		return nil, err
	}
	id, named := rec.Partition.ID()
	switch {
	case named:
	case p.cfg.Partitioner != nil:
		id = p.cfg.Partitioner.Partition(rec.Topic, rec.Key, now.ids, now.available)
	default:
		id = DefaultPartitioner{}.Partition(rec.Topic, rec.Key, now.ids, now.available)
	}
	if part := now.known(id); part != nil {
		return part, nil
	}
	part, err := p.partition(t, id)
	switch {
	case part != nil || err != nil:
		return part, err
	case named:
		return p.addedPartition(ctx, rec.Topic, id, block)
	}
	return nil, fmt.Errorf("the Partitioner chose %d: %w", id, &PartitionError{TopicPartition: TopicPartition{Topic: rec.Topic, Partition: id}, Partitions: len(now.ids)})
}

// PartitionsFor describes a topic's partitions, by ascending id. Like Send it
// waits until the topic is known, for Config.MaxBlock at most.
func (p *Producer) PartitionsFor(ctx context.Context, topic string) ([]netclient.Partition, error) {
	if topic == "" {
		return nil, fmt.Errorf("producer: partitions: %w", errNoTopic)
	}
	t, err := p.await(ctx, topic, &blocking{limit: p.cfg.MaxBlock})
	if err != nil {
		return nil, fmt.Errorf("producer: partitions of topic %q: %w", topic, err)
	}
	return slices.Clone(t.Partitions), nil
}

// Flush sends what waits, without lingering, and returns when every record that
// was accepted before has its result and its callback has returned. Its error is
// an *UnacknowledgedError if records failed since the last Flush, or says that ctx
// ended first.
func (p *Producer) Flush(ctx context.Context) error {
	tally := p.sender.failures.begin()
	gen := p.acc.gens.end(false)
	p.inbox.all()
	select {
	case <-gen.done:
		return p.sender.failures.end(tally, true)
	case <-ctx.Done():
		p.sender.failures.end(tally, false)
		return fmt.Errorf("producer: flush: records have no result yet: %w", context.Cause(ctx))
	}
}

// Close accepts no more records, flushes, and ends the goroutine and the
// connections of the producer. It takes DeliveryTimeout at most: by then every
// record has its result. Its error is an *UnacknowledgedError if records failed
// since the last Flush. Closing again waits for the same end, and returns the same
// error.
//
// Close must not be called from a callback: start it in a goroutine there.
func (p *Producer) Close() error { return p.Shutdown(context.Background()) }

// Shutdown is Close within ctx: when that ends, it fails what is left, with an
// error in whose chain is ErrClosed, and its own error counts it. While Close
// waits, Shutdown in another goroutine hastens it.
func (p *Producer) Shutdown(ctx context.Context) error {
	p.close()
	select {
	case <-p.last.done:
		p.fail(nil)
	case <-ctx.Done():
		p.fail(context.Cause(ctx))
	case <-p.stopped:
	}
	<-p.stopped
	return p.closeErr
}

// close begins to close: nothing more is accepted, nothing lingers.
func (p *Producer) close() {
	p.closeOnce.Do(func() {
		p.last = p.acc.gens.end(true)
		p.acc.pool.close(ErrClosed)
		p.beginning()
		p.inbox.all()
	})
}

// fail makes the sender fail what is left, and end.
func (p *Producer) fail(cause error) {
	p.giveUpOnce.Do(func() {
		p.giveUpCause = cause
		close(p.giveUp)
	})
}

// blocking is how long a call may still wait: MaxBlock from its first wait on.
type blocking struct {
	limit time.Duration
	until time.Time
}

func (b *blocking) left(now time.Time) time.Duration {
	if b.until.IsZero() {
		b.until = now.Add(b.limit)
	}
	return b.until.Sub(now)
}
