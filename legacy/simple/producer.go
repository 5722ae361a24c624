package simple

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/producer"
)

// Acks says whose word a send waits for (kafka-python: req_acks).
type Acks int8

const (
	LocalWrite    Acks = iota // the leader's: ACK_AFTER_LOCAL_WRITE, the default
	NoAcks                    // nobody's: ACK_NOT_REQUIRED
	ClusterCommit             // all in-sync replicas': ACK_AFTER_CLUSTER_COMMIT
)

// wire is the number on the wire.
func (a Acks) wire() int16 { return [...]int16{LocalWrite: 1, NoAcks: 0, ClusterCommit: -1}[a] }

func (a Acks) modern() producer.Acks {
	return [...]producer.Acks{LocalWrite: producer.AcksLeader, NoAcks: producer.AcksNone, ClusterCommit: producer.AcksAll}[a]
}

// ProducerConfig is the configuration of a Producer; its zero value is
// kafka-python's default.
type ProducerConfig struct {
	// Acks says whose word a send waits for. Default LocalWrite. (req_acks)
	Acks Acks
	// AckTimeout is how long the leader waits for replicas. Default 1 s. (ack_timeout)
	AckTimeout time.Duration
	// Codec compresses what a send carries. Default none. (codec)
	Codec producer.Compression
	// Async makes SendMessages return at once; messages are sent in the background. (async)
	Async bool
	// BatchSendEveryN is how many messages wait in asynchronous mode before they
	// are sent, counted over all partitions. Default 20. (batch_send_every_n)
	BatchSendEveryN int
	// BatchSendEveryT is how long a message waits at most in asynchronous mode.
	// Default 20 s. (batch_send_every_t)
	BatchSendEveryT time.Duration
	// StopTimeout bounds Stop. Default 30 s. (async_stop_timeout)
	StopTimeout time.Duration
	// OrderedStart begins with the first partition of each topic, not with a
	// random one. (random_start=False)
	OrderedStart bool
}

func (c ProducerConfig) withDefaults() ProducerConfig {
	if c.AckTimeout == 0 {
		c.AckTimeout = time.Second
	}
	if c.BatchSendEveryN == 0 {
		c.BatchSendEveryN = 20
	}
	if c.BatchSendEveryT == 0 {
		c.BatchSendEveryT = 20 * time.Second
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 30 * time.Second
	}
	return c
}

// maxAge is how long an asynchronous message is tried after it has waited for
// others; kafka-python tries for ever, and takes no new ones meanwhile.
const maxAge = 2 * time.Minute

// Producer is kafka-python's SimpleProducer: the messages of one call go to one
// partition, those of the next call to the next. It may be used by several
// goroutines.
//
// Deprecated: use producer.Producer.
type Producer struct {
	client *Client
	config ProducerConfig
	send   *producer.Producer

	mu     sync.Mutex     // guards what follows
	next   map[string]int // the turn of each topic
	queued int            // asynchronous messages since the last flush
	failed []error        // asynchronous messages that were not written
	flush  sync.WaitGroup
}

// NewProducer makes a Producer on the client.
//
// Deprecated: use producer.New.
func NewProducer(client *Client, config ProducerConfig) (*Producer, error) {
	if config.BatchSendEveryN < 0 || config.BatchSendEveryT < 0 {
		return nil, fmt.Errorf("BatchSendEveryN %d, BatchSendEveryT %v: want positive values, or 0 for the default", config.BatchSendEveryN, config.BatchSendEveryT)
	}
	if config.Acks < LocalWrite || config.Acks > ClusterCommit {
		return nil, fmt.Errorf("Acks %d: want LocalWrite, NoAcks or ClusterCommit", config.Acks)
	}
	config = config.withDefaults()
	modern := producer.Config{Acks: config.Acks.modern(), Retries: -1, Compression: config.Codec, RequestTimeout: config.AckTimeout}
	if config.Async {
		modern.Linger = config.BatchSendEveryT
		modern.Retries = 0 // async_retry_limit=None: as long as a message is not too old
		modern.DeliveryTimeout = config.BatchSendEveryT + maxAge
	}
	send, err := producer.New(client.net, modern)
	if err != nil {
		return nil, err
	}
	return &Producer{client: client, config: config, send: send, next: map[string]int{}}, nil
}

// SendMessages sends the messages to the topic's next partition. In synchronous
// mode it waits for the answer and returns the offset of the first message, in
// a slice as kafka-python does (empty with NoAcks); in asynchronous mode it
// returns nil at once.
//
// Deprecated: use producer.Producer.Send.
func (p *Producer) SendMessages(topic string, messages ...[]byte) ([]ProduceResponse, error) {
	for i, m := range messages {
		if m == nil {
			return nil, fmt.Errorf("message %d is nil: a null value needs a key", i)
		}
	}
	partition, err := p.turn(topic)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	if p.config.Async {
		return nil, p.sendAsync(topic, partition, messages)
	}
	ctx, cancel := p.client.context()
	defer cancel()
	futures := make([]producer.Future, len(messages))
	for i, m := range messages {
		futures[i], err = p.send.Send(ctx, producer.Record{Topic: topic, Partition: producer.ToPartition(partition), Value: m})
		if err != nil {
			return nil, err
		}
	}
	if p.config.Acks == NoAcks {
		return []ProduceResponse{}, p.send.Flush(ctx)
	}
	response := ProduceResponse{Topic: topic, Partition: partition, Offset: -1}
	for i, f := range futures {
		written, err := f.Wait(ctx)
		if err != nil {
			response.Err = errors.Join(response.Err, err)
		} else if i == 0 {
			response.Offset = written.Offset
		}
	}
	return []ProduceResponse{response}, response.Err
}

// turn returns the partition whose turn it is.
func (p *Producer) turn(topic string) (int32, error) {
	ids, err := p.client.PartitionIDs(topic)
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n, known := p.next[topic]
	if !known && !p.config.OrderedStart {
		n = rand.IntN(len(ids))
	}
	p.next[topic] = n + 1
	return ids[n%len(ids)], nil
}

// sendAsync hands the messages over; each BatchSendEveryN-th starts a flush.
func (p *Producer) sendAsync(topic string, partition int32, messages [][]byte) error {
	ctx, cancel := p.client.context()
	defer cancel()
	for _, m := range messages {
		err := p.send.SendFunc(ctx, producer.Record{Topic: topic, Partition: producer.ToPartition(partition), Value: m}, p.sent)
		if err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queued += len(messages); p.queued >= p.config.BatchSendEveryN {
		p.queued = 0
		p.flush.Go(func() {
			ctx, cancel := p.client.context()
			defer cancel()
			p.send.Flush(ctx) // what fails is told to sent
		})
	}
	return nil
}

func (p *Producer) sent(_ producer.RecordMetadata, err error) {
	if err == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = append(p.failed, err)
}

// Stop sends what waits, for StopTimeout at most, and ends the Producer. Its
// error joins those of the asynchronous messages that were not written. The
// client stays open.
//
// Deprecated: use producer.Producer.Close.
func (p *Producer) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), p.config.StopTimeout)
	defer cancel()
	err := p.send.Shutdown(ctx)
	if _, counted := errors.AsType[*producer.UnacknowledgedError](err); counted {
		err = nil // each of them has its error, here or from SendMessages
	}
	p.flush.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return errors.Join(append(p.failed, err)...)
}
