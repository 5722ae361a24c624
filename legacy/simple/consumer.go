package simple

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/wire"
)

// DefaultGetTimeout is how long GetMessage and GetMessages wait by default.
const DefaultGetTimeout = 100 * time.Millisecond

// ConsumerConfig is the configuration of a Consumer; its zero value is
// kafka-python's default.
type ConsumerConfig struct {
	// ManualCommit leaves committing to Commit. (auto_commit=False)
	ManualCommit bool
	// AutoCommitEveryN commits after so many messages. Default 100. (auto_commit_every_n)
	AutoCommitEveryN int
	// AutoCommitEveryT commits at least so often while messages are read.
	// Default 5 s. (auto_commit_every_t)
	AutoCommitEveryT time.Duration
	// Partitions to read. Default all of the topic. (partitions)
	Partitions []int32
	// IterTimeout ends Messages when nothing came for so long. Default 0: never. (iter_timeout)
	IterTimeout time.Duration
	// AutoOffsetReset is where reading goes on when the offset wanted is not in
	// the log any more. Default ResetLatest. (auto_offset_reset: largest, smallest)
	AutoOffsetReset consumer.ResetPolicy
	// MaxBufferSize is the most that is fetched of a partition at once, in bytes;
	// it must be at least the size of the largest message. Default 1 MiB.
	// (max_buffer_size, whose default was 32 KiB)
	MaxBufferSize int
}

func (c ConsumerConfig) withDefaults() ConsumerConfig {
	if c.AutoCommitEveryN == 0 {
		c.AutoCommitEveryN = 100
	}
	if c.AutoCommitEveryT == 0 {
		c.AutoCommitEveryT = 5 * time.Second
	}
	return c
}

// OffsetAndMessage is a message and where it stood.
type OffsetAndMessage struct {
	Partition int32
	Offset    int64
	Message   Message
}

// Consumer is kafka-python's SimpleConsumer: it reads all partitions of one
// topic, whoever else reads them, and commits under a group's name. It is for
// one goroutine at a time.
//
// Deprecated: use consumer.Consumer.
type Consumer struct {
	client   *Client
	config   ConsumerConfig
	topic    string
	group    string
	consumer *consumer.Consumer

	buffer    []OffsetAndMessage            // fetched, not handed out
	consumed  map[wire.TopicPartition]int64 // next offset of each partition, by what was handed out
	uncounted int                           // handed out since the last commit
	committed time.Time                     // when the last commit was
	stopOnce  sync.Once
}

// NewConsumer makes a Consumer of the topic. With a group it goes on where the
// group has committed; where nothing was, and without a group (""), it begins
// at offset 0.
//
// Deprecated: use consumer.New.
func NewConsumer(client *Client, group, topic string, config ConsumerConfig) (*Consumer, error) {
	config = config.withDefaults()
	modern, err := consumer.New(client.net, consumer.Config{
		GroupID: group, CommitMode: consumer.CommitManual,
		AutoOffsetReset: config.AutoOffsetReset, MaxPartitionFetchBytes: config.MaxBufferSize,
	})
	if err != nil {
		return nil, err
	}
	c := &Consumer{client: client, config: config, topic: topic, group: group, consumer: modern,
		consumed: map[wire.TopicPartition]int64{}, committed: time.Now()}
	if err := c.begin(); err != nil {
		modern.Close()
		return nil, err
	}
	return c, nil
}

// begin assigns the partitions and seeks to where each begins.
func (c *Consumer) begin() error {
	ids, err := c.client.PartitionIDs(c.topic)
	if err != nil {
		return err
	}
	if len(c.config.Partitions) > 0 {
		for _, id := range c.config.Partitions {
			if !slices.Contains(ids, id) {
				return fmt.Errorf("topic %q has no partition %d; it has %d, from 0", c.topic, id, len(ids))
			}
		}
		ids = c.config.Partitions
	}
	tps := make([]wire.TopicPartition, len(ids))
	for i, id := range ids {
		tps[i] = wire.TopicPartition{Topic: c.topic, Partition: id}
	}
	if err := c.consumer.Assign(tps...); err != nil {
		return err
	}
	ctx, cancel := c.client.context()
	defer cancel()
	for _, tp := range tps {
		offset, err := c.firstOffset(ctx, tp)
		if err == nil {
			err = c.consumer.Seek(tp, offset)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Consumer) firstOffset(ctx context.Context, tp wire.TopicPartition) (int64, error) {
	if c.group == "" {
		return 0, nil
	}
	committed, err := c.consumer.Committed(ctx, tp)
	if err != nil || committed[tp].Offset < 0 {
		return 0, err
	}
	return committed[tp].Offset, nil
}

// GetMessage returns the next message, or nil when none came within the
// timeout (0: DefaultGetTimeout).
//
// Deprecated: use consumer.Consumer.Poll or Records.
func (c *Consumer) GetMessage(timeout time.Duration) (*OffsetAndMessage, error) {
	messages, err := c.GetMessages(1, timeout)
	if len(messages) == 0 {
		return nil, err
	}
	return &messages[0], err
}

// GetMessages returns up to count messages; fewer when the timeout (0:
// DefaultGetTimeout) ends first. Messages that come with an error are good.
//
// Deprecated: use consumer.Consumer.Poll.
func (c *Consumer) GetMessages(count int, timeout time.Duration) ([]OffsetAndMessage, error) {
	if timeout <= 0 {
		timeout = DefaultGetTimeout
	}
	deadline := time.Now().Add(timeout)
	var out []OffsetAndMessage
	for len(out) < count {
		if len(c.buffer) == 0 {
			wait := time.Until(deadline)
			if wait <= 0 {
				break
			}
			if err := c.fill(wait); err != nil {
				return out, errors.Join(err, c.handOut(out))
			}
			continue
		}
		n := min(count-len(out), len(c.buffer))
		out = append(out, c.buffer[:n]...)
		c.buffer = c.buffer[n:]
	}
	return out, c.handOut(out)
}

// fill fetches what there is, waiting for it at most the given time.
func (c *Consumer) fill(wait time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout()+wait)
	defer cancel()
	recs, err := c.consumer.Poll(ctx, wait)
	if err != nil {
		return err
	}
	for rec := range recs.All() {
		c.buffer = append(c.buffer, OffsetAndMessage{Partition: rec.Partition, Offset: rec.Offset, Message: Message{Key: rec.Key, Value: rec.Value}})
	}
	return nil
}

func (c *Consumer) timeout() time.Duration {
	if c.client.Timeout > 0 {
		return c.client.Timeout
	}
	return DefaultTimeout
}

// handOut counts what the application gets, and commits when it is time.
func (c *Consumer) handOut(messages []OffsetAndMessage) error {
	if c.config.ManualCommit || c.group == "" {
		c.note(messages)
		return nil
	}
	// What was handed out before is finished now; what is handed out here is not.
	var err error
	if c.uncounted >= c.config.AutoCommitEveryN || c.uncounted > 0 && time.Since(c.committed) >= c.config.AutoCommitEveryT {
		err = c.Commit()
	}
	c.note(messages)
	return err
}

func (c *Consumer) note(messages []OffsetAndMessage) {
	for _, m := range messages {
		c.consumed[wire.TopicPartition{Topic: c.topic, Partition: m.Partition}] = m.Offset + 1
	}
	c.uncounted += len(messages)
}

// Messages iterates over the messages as they come. It ends after IterTimeout
// without one, and goes on after an error.
//
// Deprecated: use consumer.Consumer.Records.
func (c *Consumer) Messages() iter.Seq2[OffsetAndMessage, error] {
	return func(yield func(OffsetAndMessage, error) bool) {
		last := time.Now()
		for c.config.IterTimeout <= 0 || time.Since(last) < c.config.IterTimeout {
			m, err := c.GetMessage(DefaultGetTimeout)
			switch {
			case m != nil:
				last = time.Now()
				if !yield(*m, err) {
					return
				}
			case err != nil:
				if !yield(OffsetAndMessage{}, err) {
					return
				}
			}
		}
	}
}

// Commit commits what was handed out; nothing when nothing was since the last
// commit, or without a group.
//
// Deprecated: use consumer.Consumer.Commit.
func (c *Consumer) Commit() error {
	if c.group == "" || c.uncounted == 0 {
		return nil
	}
	ctx, cancel := c.client.context()
	defer cancel()
	offsets := make(map[wire.TopicPartition]consumer.OffsetAndMetadata, len(c.consumed))
	for tp, next := range c.consumed {
		offsets[tp] = consumer.OffsetAndMetadata{Offset: next}
	}
	if err := c.consumer.CommitOffsets(ctx, offsets); err != nil {
		return err
	}
	c.uncounted, c.committed = 0, time.Now()
	return nil
}

// Stop commits, unless ManualCommit says otherwise, and ends the Consumer. The
// client stays open.
//
// Deprecated: use consumer.Consumer.Close.
func (c *Consumer) Stop() error {
	var err error
	c.stopOnce.Do(func() {
		if !c.config.ManualCommit {
			err = c.Commit()
		}
		ctx, cancel := c.client.context()
		defer cancel()
		err = errors.Join(err, c.consumer.Shutdown(ctx))
	})
	return err
}
