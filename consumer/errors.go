package consumer

import (
	"context"
	"errors"
	"fmt"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// Errors to compare with errors.Is.
var (
	// ErrClosed: the Consumer, or the client under it, is closed. It is netclient.ErrClosed.
	ErrClosed = netclient.ErrClosed
	// ErrBusy: another Poll or Records is running; a Consumer serves one at a time.
	ErrBusy = errors.New("consumer: another Poll or Records is running")
	// ErrNoSubscription: there is nothing to read, because neither Subscribe nor Assign was called.
	ErrNoSubscription = errors.New("consumer: nothing to read; call Subscribe or Assign first")
	// ErrSubscriptionMode: subscribing by name, by pattern, and assigning by hand exclude each other.
	ErrSubscriptionMode = errors.New("consumer: Subscribe, SubscribePattern and Assign exclude each other; Unsubscribe first")
	// ErrNotAssigned: the partition is not assigned to this consumer.
	ErrNotAssigned = errors.New("not assigned to this consumer")
	// ErrNoGroup: offsets can't be committed or looked up without a GroupID.
	ErrNoGroup = errors.New("consumer: no GroupID, so there is nobody to commit offsets for")
	// ErrNoOffsetStorage: the brokers can't keep offsets (0.8.0).
	ErrNoOffsetStorage = errors.New("the brokers keep no committed offsets (that began with 0.8.1)")
	// ErrMaxPollExceeded: this consumer left the group because the application stayed away from
	// Poll for longer than MaxPollInterval. The next Poll joins again.
	ErrMaxPollExceeded = errors.New("this consumer left the group")
	// ErrTopicDeleted: an offset was not committed, because its topic was deleted, or deleted and
	// made again. Trying again does not help.
	ErrTopicDeleted = errors.New("the topic was deleted, or deleted and made again")
	// ErrSessionExpired: the group went on without this consumer. Poll joins it again.
	ErrSessionExpired = errors.New("this consumer is no longer a member of the group's generation")
)

// OffsetOutOfRangeError says that the position of a partition does not exist in its log and
// AutoOffsetReset is ResetNone. It comes again until a Seek.
type OffsetOutOfRangeError struct {
	TopicPartition
	Offset int64 // the position that was asked for
	// Start and End are what the log holds, as its leader says: the first offset, and the one that
	// the next record will get.
	Start, End int64
}

func (e *OffsetOutOfRangeError) Error() string {
	return fmt.Sprintf("consumer: %s has no offset %d, its log is from %d to %d, and AutoOffsetReset is none; Seek to an offset in it, SeekToBeginning or SeekToEnd to go on",
		partitionName(e.TopicPartition), e.Offset, e.Start, e.End)
}

// Unwrap is wire.ErrOffsetOutOfRange.
func (e *OffsetOutOfRangeError) Unwrap() error { return wire.ErrOffsetOutOfRange }

// NoOffsetError says that there is no committed offset to start from and AutoOffsetReset is
// ResetNone. It comes again until a Seek.
type NoOffsetError struct{ TopicPartition }

func (e *NoOffsetError) Error() string {
	return fmt.Sprintf("consumer: no committed offset for %s and AutoOffsetReset is none; Seek, SeekToBeginning or SeekToEnd to begin",
		partitionName(e.TopicPartition))
}

// RecordTooLargeError says that the next record, or batch of records, of a partition is larger
// than what can be fetched: than FetchMaxBytes on brokers before 0.10.1, which cut what they send,
// or than the client's MaxResponseSize on newer ones, which send a batch whole. It comes again until
// a Seek.
type RecordTooLargeError struct {
	TopicPartition
	Offset int64 // the position that can't be passed
	Next   int64 // where to Seek to pass it: the offset after it; the one after Offset when that can't be seen
	Size   int   // bytes of the record or batch; 0 when that can't be seen
	Limit  int   // bytes that an answer may have
	Err    error // the answer that was too large; nil when the broker cut it
}

func (e *RecordTooLargeError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("consumer: the record at offset %d of %s, or the batch that it is in, is too large: %v; "+
			"raise MaxResponseSize of the client to read it, or Seek past it, to %d or further, to go on without it",
			e.Offset, partitionName(e.TopicPartition), e.Err, e.Next)
	}
	return fmt.Sprintf("consumer: the record at offset %d of %s needs %d bytes and a fetch may take %d; "+
		"raise FetchMaxBytes (fetch.max.bytes) to read it, or Seek past it, to %d, to go on without it",
		e.Offset, partitionName(e.TopicPartition), e.Size, e.Limit, e.Next)
}

// Unwrap is wire.ErrMessageTooLarge, and Err if there is one.
func (e *RecordTooLargeError) Unwrap() []error {
	if e.Err == nil {
		return []error{wire.ErrMessageTooLarge}
	}
	return []error{wire.ErrMessageTooLarge, e.Err}
}

// BatchTooLargeError says that a batch of records unpacks to more than MaxUnpackedBytes. It comes
// again until a Seek past it; to read it, make a consumer with a higher limit.
type BatchTooLargeError struct {
	TopicPartition
	Offset int64 // the position: the first record of the batch, or the first wanted
	Next   int64 // where to Seek to pass it: the offset after the batch
	Limit  int   // MaxUnpackedBytes
	Err    error // says it, in its chain a *record.LimitError
}

func (e *BatchTooLargeError) Error() string {
	return fmt.Sprintf("consumer: the batch at offset %d of %s unpacks to more than %d bytes; "+
		"raise MaxUnpackedBytes to read it, or Seek past it, to %d, to go on without it",
		e.Offset, partitionName(e.TopicPartition), e.Limit, e.Next)
}

func (e *BatchTooLargeError) Unwrap() error { return e.Err }

// CorruptRecordError says that what was fetched is damaged or can't be decoded. The records before
// it were delivered. It comes again until a Seek, past it or to fetch it again.
type CorruptRecordError struct {
	TopicPartition
	Offset int64 // of the record, or the first of the batch
	Next   int64 // where to Seek to pass it: the offset after the batch; the one after Offset when that can't be seen
	Err    error
}

func (e *CorruptRecordError) Error() string {
	return fmt.Sprintf("consumer: can't read %s at offset %d: %v; Seek past it, to %d, to go on, or to %d to fetch it again",
		partitionName(e.TopicPartition), e.Offset, e.Err, e.Next, e.Offset)
}

func (e *CorruptRecordError) Unwrap() error { return e.Err }

// PartitionError says what went wrong with one partition, and what was tried.
type PartitionError struct {
	TopicPartition
	Op  string // "fetch", "look up the committed offset"
	Err error
}

func (e *PartitionError) Error() string {
	return fmt.Sprintf("consumer: %s: %s: %v", e.Op, partitionName(e.TopicPartition), e.Err)
}

func (e *PartitionError) Unwrap() error { return e.Err }

// CommitError says that offsets were not committed.
type CommitError struct {
	GroupID string
	Err     error
}

func (e *CommitError) Error() string {
	return fmt.Sprintf("consumer: commit for group %q: %v", e.GroupID, e.Err)
}

func (e *CommitError) Unwrap() error { return e.Err }

func partitionName(tp TopicPartition) string {
	return fmt.Sprintf("partition %d of topic %q", tp.Partition, tp.Topic)
}

// IsFinal reports whether err ends an iteration of Records: the end of ctx, ErrClosed, ErrBusy,
// ErrNoSubscription, or that another member took this one's GroupInstanceID
// (wire.ErrFencedInstanceID). After any other error the iteration continues, and so may a loop of
// Polls, for which it holds as well.
func IsFinal(err error) bool {
	if _, ended := errors.AsType[*endedError](err); ended {
		return true
	}
	return errors.Is(err, ErrClosed) || errors.Is(err, ErrBusy) || errors.Is(err, ErrNoSubscription) ||
		errors.Is(err, wire.ErrFencedInstanceID)
}

// endedError is the error of a Poll or Records whose ctx has ended.
type endedError struct{ err, cause error }

// ended returns the error of a ctx that has ended.
func ended(ctx context.Context) error { return &endedError{ctx.Err(), context.Cause(ctx)} }

func (e *endedError) Error() string { return fmt.Sprintf("consumer: %v", e.cause) }

func (e *endedError) Unwrap() []error { return []error{e.err, e.cause} }

// retriable says whether trying again later can help.
func retriable(err error) bool {
	return netclient.IsRetriable(err) || errors.Is(err, context.DeadlineExceeded)
}

// An assignorError is what an assignor of the application failed with.
type assignorError struct {
	name string
	err  error
}

func (e *assignorError) Error() string {
	return fmt.Sprintf("consumer: assignor %q: %v", e.name, e.err)
}
func (e *assignorError) Unwrap() error { return e.err }
