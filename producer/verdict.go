package producer

import (
	"errors"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// verdict is what an attempt that was not acknowledged means for its batch. The
// zero verdict is the one for an error that nothing is known of: the batch is given
// up, and may be written.
type verdict struct {
	next    next
	written doubt
}

// next is what becomes of a batch.
type next int8

const (
	giveUp    next = iota // it fails
	sendIt                // nothing of it was sent: it waits, and no attempt is counted
	sendAgain             // as often as Retries allows
	halve                 // in two parts, whatever Retries says; a record alone fails
	search                // the broker refuses records in it: those are looked for, the others sent again
)

// doubt is when a batch may be in the log although it was not acknowledged.
type doubt int8

const (
	maybe   doubt = iota // what the broker does before it answers so is not known, or it appends
	never                // it was refused before the broker appends
	withAll              // with acks=all the broker answers so also after it has appended, while it waits for the replicas
)

// verdicts are the error codes of which the broker's code shows when it answers
// Produce with them. The README has the table in words; a test holds the two, and
// what the sender does, to agree.
//
// With acks=all a broker appends, waits for the replicas, and looks the partition
// up again whenever one has fetched. What it finds then, such as that it leads the
// partition no longer, is its answer, although the records are in its log and the
// next leader may have them.
var verdicts = map[wire.ErrorCode]verdict{
	// The batch itself is refused.
	wire.ErrMessageTooLarge:             {halve, never},
	wire.ErrRecordListTooLarge:          {halve, never},
	wire.ErrCorruptMessage:              {search, never},
	wire.ErrInvalidRecord:               {search, never},
	wire.ErrInvalidTimestamp:            {search, never},
	wire.ErrUnsupportedCompressionType:  {giveUp, never},
	wire.ErrUnsupportedForMessageFormat: {giveUp, never},
	wire.ErrPolicyViolation:             {giveUp, never},

	// The request is.
	wire.ErrInvalidRequiredAcks: {giveUp, never},
	wire.ErrInvalidRequest:      {giveUp, never},
	wire.ErrUnsupportedVersion:  {giveUp, never},

	// So is whoever sent it, or the topic for all.
	wire.ErrTopicAuthorizationFailed:           {giveUp, never},
	wire.ErrClusterAuthorizationFailed:         {giveUp, never},
	wire.ErrTransactionalIDAuthorizationFailed: {giveUp, never},
	wire.ErrInvalidTopicException:              {giveUp, never},

	// The partition can't take it now.
	wire.ErrNotEnoughReplicas:         {sendAgain, never},
	wire.ErrNotLeaderOrFollower:       {sendAgain, withAll},
	wire.ErrUnknownTopicOrPartition:   {sendAgain, withAll},
	wire.ErrUnknownTopicID:            {sendAgain, withAll},
	wire.ErrThrottlingQuotaExceeded:   {sendAgain, never},
	wire.ErrCoordinatorLoadInProgress: {sendAgain, never},
	wire.ErrCoordinatorNotAvailable:   {sendAgain, never},
	wire.ErrNotCoordinator:            {sendAgain, never},
	wire.ErrConcurrentTransactions:    {sendAgain, never},

	// What goes by producer ids. A batch that was sent before under its number
	// has its doubt from then.
	wire.ErrOutOfOrderSequenceNumber: {giveUp, never},
	wire.ErrUnknownProducerID:        {giveUp, never},
	wire.ErrInvalidProducerEpoch:     {giveUp, never},
	wire.ErrProducerFenced:           {giveUp, never},
	wire.ErrInvalidProducerIDMapping: {giveUp, never},
	wire.ErrInvalidTxnState:          {giveUp, never},
	wire.ErrTransactionAbortable:     {giveUp, never},
	wire.ErrDuplicateSequenceNumber:  {giveUp, maybe},

	// It was appended, or may have been.
	wire.ErrNotEnoughReplicasAfterAppend: {sendAgain, maybe},
	wire.ErrRequestTimedOut:              {sendAgain, maybe},
	wire.ErrKafkaStorageError:            {sendAgain, maybe}, // the disk failed, before, while or after it was written to
	wire.ErrUnknownServerError:           {giveUp, maybe},
}

// verdictOf is the verdict about a batch that a broker answered with the code.
func verdictOf(code wire.ErrorCode) verdict {
	v, known := verdicts[code]
	if !known && code.Retriable() {
		v.next = sendAgain
	}
	return v
}

// judge is the verdict about an attempt that ended with err. a is what the broker
// said of the batch, nil when it said nothing.
func judge(err error, a *answer) verdict {
	switch {
	case a != nil:
		return verdictOf(a.ErrorCode)
	case netclient.SafeToRetry(err):
		return verdict{sendIt, never}
	case netclient.IsRetriable(err), errors.Is(err, netclient.ErrClosed):
		// A connection that this program closed, while neither the client nor the
		// producer is closed, made room for one to the broker's new address.
		return verdict{sendAgain, maybe}
	}
	return verdict{giveUp, maybe}
}

// mayBeWritten reports whether a batch with that doubt may be in the log.
func (d doubt) mayBeWritten(acks Acks) bool {
	return d == maybe || d == withAll && acks.wire() == acksAll.wire()
}
