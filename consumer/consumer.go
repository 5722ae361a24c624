package consumer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire/compress"
)

// GroupMetadata identifies this consumer in its group, for a transactional producer.
type GroupMetadata = netclient.ConsumerGroupMetadata

// Consumer reads topics. Its methods may be called from any goroutine, but only one Poll or
// Records runs at a time.
//
// Its goroutines are one that looks after what is due (manage.go), one per broker that it fetches
// from (fetcher.go), and one per request for anything else.
type Consumer struct {
	client *netclient.Client
	owner  bool // of client, which ends with the consumer
	cfg    Config
	log    *logger
	codecs *compress.Set
	meter  *meter
	// fetches and group are this consumer's own connections, because both kinds of requests wait
	// long at the broker: one per broker for fetching, one to the coordinator.
	fetches, group *netclient.Pool

	ctx    context.Context // ends with the consumer
	cancel context.CancelFunc
	wg     sync.WaitGroup // all its goroutines

	busy atomic.Bool // Poll or Records is running
	// attention counts what a running iteration must look at before its next record: a Seek, a
	// Pause, a rebalance, the end.
	attention atomic.Uint32
	wakeup    chan struct{} // wakes manage
	errand    chan struct{} // token: the right to run rebalance callbacks
	commits   chan struct{} // token: the right to commit, so that commits stay in order

	mu      sync.Mutex // guards what follows; never held over a wait or a callback
	subs    *subscriptionState
	nodes   map[int32]*fetchNode
	member  membership
	changed chan struct{} // closed at the next change that a waiting call may wait for; nil: nobody waits
	waiting bool          // Poll or Records waits for records
	open    *chunk        // what Records goes through
	last    *partition    // where Records put a chunk back
	turn    int           // the partition whose turn it is
	polls   int           // counts calls of Poll and Records
	due     managerState

	closing bool          // Shutdown has begun
	closed  bool          // Shutdown is done, or the client is closed
	done    chan struct{} // closed when Shutdown is done
	result  error         // of Shutdown
}

// Dial makes a client and a consumer on it. The client is the consumer's own: Close closes it too.
// Like New, it checks both Configs and does not wait for the network.
func Dial(client netclient.Config, cfg Config) (*Consumer, error) {
	cl, err := netclient.New(client)
	if err != nil {
		return nil, err
	}
	c, err := New(cl, cfg)
	if err != nil {
		return nil, errors.Join(err, cl.Close())
	}
	c.owner = true
	return c, nil
}

// New makes a consumer on a client. It checks cfg and does not wait for the network. The consumer
// uses the client's metadata, versions and credentials and has connections of its own for fetching
// and for its group.
func New(client *netclient.Client, cfg Config) (*Consumer, error) {
	if client == nil {
		return nil, errors.New("consumer: the client is nil; Dial makes a consumer with a client of its own")
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("consumer: %w", err)
	}
	cfg = cfg.withDefaults()
	cc := client.Config()
	cfg.ClientID = cmp.Or(cfg.ClientID, cc.ClientID)
	if cfg.FetchMaxBytes >= cc.MaxResponseSize {
		return nil, fmt.Errorf("consumer: FetchMaxBytes (%d) must be less than the client's MaxResponseSize (%d)", cfg.FetchMaxBytes, cc.MaxResponseSize)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &Consumer{
		client:  client,
		cfg:     cfg,
		log:     &logger{to: client.Logger()},
		codecs:  compress.New(),
		ctx:     ctx,
		cancel:  cancel,
		wakeup:  make(chan struct{}, 1),
		errand:  make(chan struct{}, 1),
		commits: make(chan struct{}, 1),
		subs:    newSubscriptionState(),
		nodes:   map[int32]*fetchNode{},
		member:  membership{generation: -1},
		due:     managerState{counts: map[string]int32{}, deleted: map[string]bool{}},
		done:    make(chan struct{}),
	}
	c.subs.byRecord = cfg.CommitMode == CommitFinished
	pool := func(name string) *netclient.Pool {
		return client.NewPool(netclient.PoolConfig{Name: name, ClientID: cfg.ClientID, RequestTimeout: cfg.RequestTimeout})
	}
	c.fetches, c.group = pool("fetch"), pool("group")
	c.meter = newMeter(client.Metrics(), cfg.ClientID)
	var err error
	switch {
	case cfg.Pattern != nil:
		err = c.SubscribePattern(cfg.Pattern)
	case len(cfg.Topics) > 0:
		err = c.Subscribe(cfg.Topics...)
	}
	c.wg.Go(c.manage)
	return c, err
}

// Subscribe reads these topics, sharing their partitions with the other members of the group, and
// replaces an earlier Subscribe. It returns at once; Poll and Records join the group. Without a
// GroupID, or on brokers before 0.9, this consumer reads every partition, and each new one. A
// topic that does not exist is read from when it appears.
func (c *Consumer) Subscribe(topics ...string) error {
	if len(topics) == 0 || slices.Contains(topics, "") {
		return errors.New("consumer: Subscribe needs the names of topics")
	}
	topics = slices.Compact(slices.Sorted(slices.Values(topics)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.subscribeMode(modeTopics); err != nil {
		return err
	}
	c.subs.topics = topics
	c.step(evSubscribe{topics: topics})
	c.wake()
	return nil
}

// SubscribePattern is Subscribe for every topic, now or later, whose name has a match of pattern
// that begins where the name begins; add "$" to match all of it. Kafka's internal topics are left
// out. New topics are found when the client's metadata is refreshed, within MetadataMaxAge.
func (c *Consumer) SubscribePattern(pattern *regexp.Regexp) error {
	if pattern == nil {
		return errors.New("consumer: SubscribePattern needs a pattern")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.subscribeMode(modePattern); err != nil {
		return err
	}
	c.subs.pattern = pattern
	c.due.allTopics = time.Time{} // look at once
	c.wake()
	return nil
}

// subscribeMode sets how partitions are found, and begins the group's protocol with the first
// subscription. The caller holds c.mu.
func (c *Consumer) subscribeMode(mode subscriptionMode) error {
	if c.closed || c.closing {
		return ErrClosed
	}
	if c.subs.mode != modeNone && c.subs.mode != mode {
		return ErrSubscriptionMode
	}
	c.subs.mode = mode
	if c.due.protocol == nil {
		c.due.protocol = c.newProtocol()
	}
	return nil
}

// Assign reads exactly these partitions, with no regard to other members of a group, and replaces
// an earlier Assign: a partition that stays keeps its position, a new one starts at the group's
// committed offset or where AutoOffsetReset says. Assign with none reads nothing, and allows
// Subscribe again.
func (c *Consumer) Assign(partitions ...TopicPartition) error {
	for _, tp := range partitions {
		if tp.Topic == "" || tp.Partition < 0 {
			return fmt.Errorf("consumer: Assign: there is no %s", partitionName(tp))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.closing {
		return ErrClosed
	}
	if c.subs.mode != modeNone && c.subs.mode != modeAssigned {
		return ErrSubscriptionMode
	}
	c.subs.mode = modeAssigned
	if len(partitions) == 0 {
		c.subs.mode = modeNone
	}
	c.subs.assign(partitions, c.startLookup())
	c.meter.assigned(len(c.subs.order))
	c.attend()
	c.wake()
	return nil
}

// startLookup is how a new partition finds its position.
func (c *Consumer) startLookup() lookup {
	if c.cfg.GroupID != "" {
		return lookupCommitted
	}
	return c.resetLookup()
}

// resetLookup is how a partition without an offset finds its position.
func (c *Consumer) resetLookup() lookup {
	switch c.cfg.AutoOffsetReset {
	case ResetEarliest:
		return lookupEarliest
	case ResetLatest:
		return lookupLatest
	}
	return lookupFailed
}

// Unsubscribe ends the subscription or the assignment: what the application finished is committed
// unless CommitMode is CommitManual, OnRevoked runs if the partitions came from a group, and the group is
// left. It waits for the commit until ctx ends, RequestTimeout if that has no deadline.
func (c *Consumer) Unsubscribe(ctx context.Context) error {
	ctx, stop := c.bound(ctx)
	defer stop()
	if err := c.takeErrand(ctx); err != nil {
		return err
	}
	defer c.endErrand()
	err := c.giveUp(ctx, true)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.step(evLeave{})
	c.due.protocol = nil
	c.due.errands = errands{}
	c.due.trouble.over()
	c.subs.mode, c.subs.topics, c.subs.pattern = modeNone, nil, nil
	return err
}

// Assignment lists the partitions that this consumer reads now, sorted.
func (c *Consumer) Assignment() []TopicPartition {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.subs.assigned()
}

// Subscription lists the topics that this consumer subscribes to, sorted; with a pattern, those
// that match it at present. It is empty after Assign.
func (c *Consumer) Subscription() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.subs.topics)
}

// GroupMetadata is this consumer's place in its group at present.
func (c *Consumer) GroupMetadata() GroupMetadata {
	c.mu.Lock()
	defer c.mu.Unlock()
	md := GroupMetadata{GroupID: c.cfg.GroupID, GenerationID: c.member.generation, MemberID: c.member.id}
	if c.cfg.GroupInstanceID != "" {
		md.GroupInstanceID = &c.cfg.GroupInstanceID
	}
	return md
}

// bound gives ctx the deadline that every wait has.
func (c *Consumer) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, c.cfg.RequestTimeout,
		&netclient.TimeoutError{What: "no success", After: c.cfg.RequestTimeout})
}

// attend makes a running iteration and every waiting call look at what has changed. The caller
// holds c.mu.
func (c *Consumer) attend() {
	c.attention.Add(1)
	c.news()
}

// news wakes the calls that wait for something. The caller holds c.mu.
func (c *Consumer) news() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// change is closed at the next news. The caller holds c.mu.
func (c *Consumer) change() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// wake makes manage look at what is due.
func (c *Consumer) wake() {
	select {
	case c.wakeup <- struct{}{}:
	default:
	}
}
