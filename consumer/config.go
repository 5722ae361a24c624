package consumer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// ResetPolicy says where to start reading a partition when there is no committed offset, or when
// the offset asked for does not exist (any more).
type ResetPolicy int8

const (
	ResetLatest   ResetPolicy = iota // at the end: only what is written from now on
	ResetEarliest                    // at the first record that the broker still has
	ResetNone                        // nowhere: Poll returns a *NoOffsetError or an *OffsetOutOfRangeError until a Seek
)

// String is the value of auto.offset.reset: "latest", "earliest" or "none".
func (p ResetPolicy) String() string {
	switch p {
	case ResetLatest:
		return "latest"
	case ResetEarliest:
		return "earliest"
	case ResetNone:
		return "none"
	}
	return fmt.Sprintf("ResetPolicy(%d)", int8(p))
}

// CommitMode says what is committed, and when.
type CommitMode int8

const (
	// CommitFollowed commits automatically what was followed by the next: a record of Records when
	// the iteration asks for the next one, what a Poll returned when Poll is called again. It is for
	// applications that handle one record, or what one Poll returned, before they ask for more.
	CommitFollowed CommitMode = iota
	// CommitFinished commits automatically what Finish has named, from any goroutine and in any
	// order: of each partition the lowest offset that is not finished. It is for applications that
	// hand records to workers. Every record has to be finished at some time: one that never is keeps
	// what comes after it in its partition from being committed.
	CommitFinished
	// CommitManual commits only in Commit, CommitRecords and CommitOffsets.
	CommitManual
)

// String is "followed", "finished" or "manual".
func (m CommitMode) String() string {
	switch m {
	case CommitFollowed:
		return "followed"
	case CommitFinished:
		return "finished"
	case CommitManual:
		return "manual"
	}
	return fmt.Sprintf("CommitMode(%d)", int8(m))
}

// A RebalanceFunc hears of partitions that come or go. It runs in the goroutine that is in Poll,
// Records, Unsubscribe or Close, with its ctx, while no record is delivered; heartbeats go on
// beside it. It may call every method of c but Poll, Records, Unsubscribe and Close.
type RebalanceFunc func(ctx context.Context, c *Consumer, partitions []TopicPartition)

// Config says what to read and how. Its zero value reads without a group, from the end, with the
// defaults that each field names; New copies it. For the fields where Kafka's 0 is not its
// default, 0 is the default here, and a negative value means Kafka's 0.
type Config struct {
	// GroupID is the group to share partitions with and to commit offsets for. Default: "", no
	// group: a subscription gets every partition, nothing is committed, and reading starts where
	// AutoOffsetReset says. Kafka: group.id. (kafka-python's default was a group that all shared.)
	GroupID string

	// GroupInstanceID makes this a static member (KIP-345): it does not leave the group at Close,
	// and gets its partitions back when it returns within SessionTimeout. Brokers before 2.3
	// ignore it. Default: "", a dynamic member. Kafka: group.instance.id.
	GroupInstanceID string

	// Topics subscribes to these topics, as Subscribe does. Default: none.
	Topics []string

	// Pattern subscribes to every topic whose name has a match of it at its start, as
	// SubscribePattern does. Default: nil, none.
	Pattern *regexp.Regexp

	// AutoOffsetReset is where to start without an offset, and where to go on when the position is
	// outside of the log, as the partition's leader says; that is logged. Default: ResetLatest.
	// Kafka: auto.offset.reset.
	AutoOffsetReset ResetPolicy

	// CommitMode says which records are finished. What is finished is committed every
	// AutoCommitInterval, before a rebalance and at Close, unless this is CommitManual. Default:
	// CommitFollowed. Kafka: enable.auto.commit; false is CommitManual.
	CommitMode CommitMode

	// AutoCommitInterval is the time between automatic commits. Default: 5 s; negative: a
	// millisecond. Kafka: auto.commit.interval.ms.
	AutoCommitInterval time.Duration

	// SessionTimeout is how long the group waits for a heartbeat before it gives this member's
	// partitions to others. The broker bounds it. Default: 30 s. Kafka: session.timeout.ms.
	SessionTimeout time.Duration

	// HeartbeatInterval is the time between heartbeats, at most SessionTimeout and better a
	// third of it or less. Default: 3 s. Kafka: heartbeat.interval.ms.
	HeartbeatInterval time.Duration

	// MaxPollInterval is how long the application may stay away from Poll, or with one record of
	// Records, before this member leaves the group (ErrMaxPollExceeded), and how long the
	// group waits for members at a rebalance. Default: 5 minutes. Kafka: max.poll.interval.ms.
	// Brokers before 0.10.1 wait for members only SessionTimeout.
	MaxPollInterval time.Duration

	// Assignors are the ways to share out partitions that this member knows, the preferred one
	// first; the group uses one that all members know. Default: range, then round robin.
	// Kafka: partition.assignment.strategy.
	Assignors []assignors.Assignor

	// OnAssigned is called with the partitions that came, before they are read: a place to Seek.
	// They are the ones that this consumer did not have; those that it kept are not among them, and
	// Assignment lists all. A group that has every member give up everything before it shares out
	// again, as those of this version's assignors do, keeps none; don't rely on that. It is called
	// after every rebalance, with none when none came.
	OnAssigned RebalanceFunc
	// OnRevoked is called with the partitions that are about to go, not with those that stay, while
	// a Commit of them still works and before anyone else can get them. The automatic commit was
	// done already; with CommitFinished, what is finished when OnRevoked returns is committed
	// after it as well. It is not called when nothing goes, as before the first assignment.
	OnRevoked RebalanceFunc
	// OnLost is called with the partitions that went without a chance to give them up: they may be
	// someone else's already, because the membership is over, and a commit is refused. It is called
	// instead of OnRevoked, also when the automatic commit before OnRevoked finds that out. The README
	// lists what ends a membership how.
	OnLost RebalanceFunc

	// FetchMinBytes is the least that a broker gathers before it answers a fetch, unless
	// FetchMaxWait is over. Default: 1; negative: 0, answer at once. Kafka: fetch.min.bytes.
	FetchMinBytes int
	// FetchMaxWait is how long a broker waits for FetchMinBytes. Default: 500 ms; negative: 0.
	// Kafka: fetch.max.wait.ms.
	FetchMaxWait time.Duration
	// MaxPartitionFetchBytes is the most to fetch of one partition at a time, and about what is
	// kept of it while the application reads what came before. A larger record is fetched all
	// the same, up to FetchMaxBytes. Default: 1 MiB. Kafka: max.partition.fetch.bytes.
	MaxPartitionFetchBytes int
	// FetchMaxBytes is the most memory, in bytes as fetched, for what was fetched and not handed
	// to the application, all brokers together. Default: 50 MiB. Kafka: fetch.max.bytes.
	FetchMaxBytes int
	// MaxUnpackedBytes is the most memory, in bytes, that one compressed batch may unpack to. One
	// that needs more stops its partition with a *BatchTooLargeError, which says where it ends.
	// Default: 128 MiB. (Kafka has no such limit.)
	MaxUnpackedBytes int
	// SkipCRCCheck does not compare what was fetched with its checksum. Default: false.
	// Kafka: check.crcs, negated.
	SkipCRCCheck bool

	// RequestTimeout is how long a request of this consumer may wait for its answer, and the
	// bound of a call whose ctx has no deadline. It must be more than FetchMaxWait. JoinGroup and
	// SyncGroup may wait for the rebalance timeout and 5 s. Default: 40 s.
	// Kafka: request.timeout.ms.
	RequestTimeout time.Duration

	// ClientID names this consumer in the broker's logs and quotas and in metrics. Default: the
	// client's. Kafka: client.id.
	ClientID string
	// ClientRack is where this consumer stands: a broker whose replica selector knows of racks
	// then names the nearest replica to fetch from (KIP-392). Default: "". Kafka: client.rack.
	ClientRack string
}

const (
	defaultAutoCommitInterval     = 5 * time.Second
	defaultSessionTimeout         = 30 * time.Second
	defaultHeartbeatInterval      = 3 * time.Second
	defaultMaxPollInterval        = 5 * time.Minute
	defaultFetchMinBytes          = 1
	defaultFetchMaxWait           = 500 * time.Millisecond
	defaultMaxPartitionFetchBytes = 1 << 20
	defaultFetchMaxBytes          = 50 << 20
	defaultRequestTimeout         = 40 * time.Second
)

// Validate gives every mistake in the Config, joined into one error, or nil.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Topics) > 0 && c.Pattern != nil {
		bad("Topics and Pattern are both set; a consumer subscribes by name or by pattern")
	}
	if slices.Contains(c.Topics, "") {
		bad("Topics has an empty name")
	}
	if c.AutoOffsetReset < ResetLatest || c.AutoOffsetReset > ResetNone {
		bad("AutoOffsetReset is %d; allowed are ResetLatest, ResetEarliest and ResetNone", int8(c.AutoOffsetReset))
	}
	if c.CommitMode < CommitFollowed || c.CommitMode > CommitManual {
		bad("CommitMode is %d; allowed are CommitFollowed, CommitFinished and CommitManual", int8(c.CommitMode))
	}
	if c.GroupInstanceID != "" && c.GroupID == "" {
		bad("GroupInstanceID is %q without a GroupID", c.GroupInstanceID)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"SessionTimeout", c.SessionTimeout}, {"HeartbeatInterval", c.HeartbeatInterval},
		{"MaxPollInterval", c.MaxPollInterval}, {"RequestTimeout", c.RequestTimeout},
	} {
		if d.value < 0 {
			bad("%s is %v; it can't be negative", d.name, d.value)
		}
	}
	if c.MaxPartitionFetchBytes < 0 || c.MaxPartitionFetchBytes > math.MaxInt32 {
		bad("MaxPartitionFetchBytes is %d; it must be from 1 to 2147483647", c.MaxPartitionFetchBytes)
	}
	if c.FetchMaxBytes < 0 || c.FetchMaxBytes > math.MaxInt32 {
		bad("FetchMaxBytes is %d; it must be from 1 to 2147483647", c.FetchMaxBytes)
	}
	if c.FetchMinBytes > math.MaxInt32 {
		bad("FetchMinBytes is %d; it must be at most 2147483647", c.FetchMinBytes)
	}
	if c.MaxUnpackedBytes < 0 {
		bad("MaxUnpackedBytes is %d; it can't be negative", c.MaxUnpackedBytes)
	}
	full := c.withDefaults()
	if full.HeartbeatInterval > full.SessionTimeout {
		bad("HeartbeatInterval (%v) is more than SessionTimeout (%v); a third of it is usual", full.HeartbeatInterval, full.SessionTimeout)
	}
	if full.FetchMaxWait >= full.RequestTimeout {
		bad("FetchMaxWait (%v) must be less than RequestTimeout (%v)", full.FetchMaxWait, full.RequestTimeout)
	}
	names := map[string]bool{}
	for i, a := range c.Assignors {
		switch {
		case a == nil:
			bad("Assignors[%d] is nil", i)
		case a.Protocol().Name == "":
			bad("Assignors[%d] (%T) has no name", i, a)
		case names[a.Protocol().Name]:
			bad("Assignors has %q twice", a.Protocol().Name)
		default:
			names[a.Protocol().Name] = true
		}
	}
	return errors.Join(errs...)
}

// withDefaults is the Config with every default filled in, and Kafka's 0 for what was negative.
func (c Config) withDefaults() Config {
	c.AutoCommitInterval = cmp.Or(c.AutoCommitInterval, defaultAutoCommitInterval)
	if c.AutoCommitInterval < 0 {
		c.AutoCommitInterval = time.Millisecond
	}
	c.SessionTimeout = cmp.Or(c.SessionTimeout, defaultSessionTimeout)
	c.HeartbeatInterval = cmp.Or(c.HeartbeatInterval, defaultHeartbeatInterval)
	c.MaxPollInterval = cmp.Or(c.MaxPollInterval, defaultMaxPollInterval)
	c.FetchMinBytes = max(cmp.Or(c.FetchMinBytes, defaultFetchMinBytes), 0)
	c.FetchMaxWait = max(cmp.Or(c.FetchMaxWait, defaultFetchMaxWait), 0)
	c.MaxPartitionFetchBytes = cmp.Or(c.MaxPartitionFetchBytes, defaultMaxPartitionFetchBytes)
	c.FetchMaxBytes = cmp.Or(c.FetchMaxBytes, defaultFetchMaxBytes)
	c.MaxUnpackedBytes = cmp.Or(c.MaxUnpackedBytes, record.DefaultLimit)
	c.RequestTimeout = cmp.Or(c.RequestTimeout, defaultRequestTimeout)
	c.Topics = slices.Clone(c.Topics)
	if len(c.Assignors) == 0 {
		c.Assignors = []assignors.Assignor{assignors.Range(), assignors.RoundRobin()}
	} else {
		c.Assignors = slices.Clone(c.Assignors)
	}
	return c
}
