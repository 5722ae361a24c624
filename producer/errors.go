package producer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// ErrClosed says that the producer, or the client that it stands on, was closed.
// It is netclient.ErrClosed.
var ErrClosed = netclient.ErrClosed

// ErrUnsupported says that the partition's leader is too old for what was asked.
var ErrUnsupported = errors.New("the broker is too old")

var (
	errEarlyTime   = errors.New("the timestamp is before 1970")
	errLateTime    = errors.New("the timestamp is too late: its milliseconds since 1970 don't fit into 64 bits")
	errNoTopic     = errors.New("the record names no topic")
	errNoLeader    = errors.New("no leader is known for it")
	errNotSent     = errors.New("its turn has not come; the broker may be slow to answer what was sent before")
	errNoAnswer    = errors.New("the broker has not answered yet")
	errUnmentioned = errors.New("the broker's answer says nothing about it")
)

var errClientClosed = errors.New("its client was closed")

// closedError is why records failed when the producer was closed.
type closedError struct {
	cause error // why not all of them were waited for
}

func (e closedError) Error() string {
	return fmt.Sprintf("producer was closed before they were acknowledged: %v", e.cause)
}

func (e closedError) Unwrap() []error { return []error{ErrClosed, e.cause} }

// RecordTooLargeError says that a record is larger than the Config allows. It
// was not accepted.
type RecordTooLargeError struct {
	TopicPartition
	Size     int    // bytes, encoded as a batch of its own, before compression
	Limit    int    // bytes
	Property string // whose limit: a Kafka property, or what consumers read
}

func (e *RecordTooLargeError) Error() string {
	return fmt.Sprintf("the record takes %d bytes, and %s allows %d; the broker (message.max.bytes) and the topic (max.message.bytes) have limits of their own", e.Size, e.Property, e.Limit)
}

// BufferFullError says that there was no space for a record in BufferMemory for
// as long as Send may wait. It was not accepted.
type BufferFullError struct {
	TopicPartition
	Need   int           // bytes that were wanted
	Memory int           // bytes of BufferMemory
	Waited time.Duration // in this call, for buffer space
	Err    error         // why the wait ended
}

func (e *BufferFullError) Error() string {
	return fmt.Sprintf("no space for %d bytes: the %d of buffer.memory are taken by records that have no result yet; waited %v: %v", e.Need, e.Memory, e.Waited.Round(time.Millisecond), e.Err)
}

func (e *BufferFullError) Unwrap() error { return e.Err }

// blockError is why a wait of Send ended when MaxBlock was over.
type blockError struct{ after time.Duration }

func (e blockError) Error() string { return fmt.Sprintf("max.block.ms, %v, is over", e.after) }

// Timeout is true, as in net.Error.
func (e blockError) Timeout() bool { return true }

func (e blockError) Is(target error) bool {
	return target == os.ErrDeadlineExceeded || target == context.DeadlineExceeded
}

// PartitionError says that a record names a partition that its topic hasn't. It
// was not accepted.
type PartitionError struct {
	TopicPartition
	Partitions int // how many the topic has
}

func (e *PartitionError) Error() string {
	return fmt.Sprintf("there is no partition %d; the topic has %d, from 0", e.Partition, e.Partitions)
}

// ErrDeliveryTimeout is in the chain of a DeliveryError whose records had no
// result within Config.DeliveryTimeout.
var ErrDeliveryTimeout = errors.New("delivery.timeout.ms is over")

// DeliveryError says why records that Send had accepted were not acknowledged.
// All records of a batch share one.
type DeliveryError struct {
	TopicPartition
	Records  int   // in the batch
	Bytes    int   // of the batch as sent, 0 if it never was
	Attempts int   // how often it was sent
	Node     int32 // the broker it was last sent to, -1 if it never was
	// MaybeWritten is false only where the broker refused before it appends, in
	// every attempt, or nothing was sent: then the records are in no log. It is true
	// when an answer has not come, when the broker answered after it may have
	// appended (NOT_LEADER_OR_FOLLOWER with acks=all, NOT_ENOUGH_REPLICAS_AFTER_APPEND,
	// …; the README has the table), and stays so whatever came later.
	MaybeWritten bool
	// Message is what the broker said besides the error code, from 2.4 on.
	Message string
	Err     error // the last cause: a wire.ErrorCode, a *netclient.ConnError, …
}

func (e *DeliveryError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "topic %q partition %d: %s not acknowledged", e.Topic, e.Partition, plural(e.Records, "record"))
	if e.Attempts > 0 {
		fmt.Fprintf(&b, " after %s, last to broker %d", plural(e.Attempts, "attempt"), e.Node)
	} else {
		b.WriteString(", never sent")
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Message != "" {
		fmt.Fprintf(&b, " (%s)", e.Message)
	}
	if errors.Is(e.Err, wire.ErrMessageTooLarge) {
		fmt.Fprintf(&b, "; alone in a batch it takes %d bytes", e.Bytes)
	}
	if e.MaybeWritten {
		b.WriteString("; the broker may have written what it did not acknowledge")
	}
	return b.String()
}

func (e *DeliveryError) Unwrap() error { return e.Err }

// timedOut is the cause of a DeliveryError that DeliveryTimeout brought about:
// last is what had failed before, or what was waited for.
func timedOut(after time.Duration, last error) error {
	return fmt.Errorf("%w (%v); %w", ErrDeliveryTimeout, after, last)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
