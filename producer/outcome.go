package producer

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// answer is what a broker said of one partition.
type answer = msg.ProduceResponseResponsePartitionResponse

// finished takes the outcome of a request, and gives each of its batches its
// result or its place in the queue.
func (s *sender) finished(r *request, now time.Time) {
	r.broker.inFlight--
	s.wait(r.broker)
	s.decode(r)
	s.meter.finished(r, s.response.ThrottleTimeMs, now)
	for i, b := range r.batches {
		p := r.partitions[i]
		at := slices.Index(p.inFlight, b)
		p.inFlight = slices.Delete(p.inFlight, at, at+1)
		a := s.answers[wire.TopicPartition{Topic: p.topic, Partition: p.id}]
		switch {
		case r.err != nil:
			s.failed(b, r.err, nil, now)
		case s.cfg.Acks == AcksNone:
			s.succeeded(b, -1, noTimestamp, now)
		case a == nil:
			s.failed(b, errUnmentioned, nil, now)
		case a.ErrorCode != wire.ErrNone:
			s.failed(b, a.ErrorCode, a, now)
		default:
			s.succeeded(b, a.BaseOffset, a.LogAppendTimeMs, now)
		}
	}
	for _, p := range r.partitions {
		s.look(p, now)
	}
	s.requests.put(r)
}

// decode reads the answer to a request into response and answers.
func (s *sender) decode(r *request) {
	clear(s.answers)
	s.response.ThrottleTimeMs = 0
	if r.err != nil || s.cfg.Acks == AcksNone {
		return
	}
	if err := s.response.Decode(r.body, r.version); err != nil {
		r.err = fmt.Errorf("answer of broker %d to Produce v%d: %w", r.broker.node, r.version, err)
		return
	}
	for i := range s.response.Responses {
		topic := &s.response.Responses[i]
		for j := range topic.PartitionResponses {
			a := &topic.PartitionResponses[j]
			s.answers[wire.TopicPartition{Topic: topic.Name, Partition: a.Index}] = a
		}
	}
}

// succeeded gives the records of a batch their offsets.
func (s *sender) succeeded(b *batch, offset, appendTime int64, now time.Time) {
	p := b.partition
	p.backoff.Reset()
	p.retryAt = time.Time{}
	if !b.given {
		s.give(b, outcome{from: b.first, count: b.records, offset: offset, appendTime: appendTime, timeless: b.format == record.V0}, now)
	}
	s.acc.pool.put(b)
}

// failed decides what becomes of a batch that was not acknowledged: it is sent
// again, in parts if it was too large, or fails. a is what the broker said, or
// nil.
func (s *sender) failed(b *batch, err error, a *answer, now time.Time) {
	if b.given {
		s.acc.pool.put(b)
		return
	}
	b.unsure = b.unsure || mayBeWritten(err)
	s.doubtMetadata(b.partition, err)
	switch {
	case tooLarge(err) && b.records > 1 && s.cfg.Retries > 0:
		splitErr := s.split(b)
		if splitErr == nil {
			s.meter.split(now)
			return
		}
		err = fmt.Errorf("%w; and splitting it: %w", err, splitErr)
	case netclient.SafeToRetry(err):
		b.attempts-- // nothing of it was sent
		s.retry(b, err, now)
		return
	case retriable(err) && b.attempts <= s.cfg.Retries:
		s.retry(b, err, now)
		return
	}
	s.fail(b, err, messageOf(a, b), now)
	s.acc.pool.put(b)
}

// doubtMetadata asks for new metadata when an error may come from a leader that
// has moved. If the broker said so itself, it gets nothing more of the partition
// until there is news.
func (s *sender) doubtMetadata(p *partition, err error) {
	code, ok := errors.AsType[wire.ErrorCode](err)
	if ok && !code.RefreshMetadata() {
		return
	}
	s.cluster.refresh()
	if ok {
		p.stale = s.metadata
	}
}

// retriable reports whether an error may pass.
func retriable(err error) bool {
	// A connection that this program closed, while neither the client nor the
	// producer is closed, made room for one to the broker's new address.
	return netclient.IsRetriable(err) || errors.Is(err, netclient.ErrClosed)
}

// mayBeWritten reports whether a batch that failed like this may be in the log
// all the same.
func mayBeWritten(err error) bool {
	if code, ok := errors.AsType[wire.ErrorCode](err); ok {
		return code == wire.ErrRequestTimedOut || code == wire.ErrNotEnoughReplicasAfterAppend
	}
	return !netclient.SafeToRetry(err)
}

func tooLarge(err error) bool {
	return errors.Is(err, wire.ErrMessageTooLarge) || errors.Is(err, wire.ErrRecordListTooLarge)
}

// retry puts a batch back into its place.
func (s *sender) retry(b *batch, err error, now time.Time) {
	p := b.partition
	b.last = err
	p.retryAt = now.Add(p.backoff.Next())
	p.putBack(b)
	s.meter.retried(b.records, now)
	s.log.Warn("producer: records are sent again", "topic", p.topic, "partition", p.id, "records", b.records, "attempts", b.attempts, "error", err)
}

// fail gives the records of a batch an error. The batch is still the caller's.
func (s *sender) fail(b *batch, err error, message string, now time.Time) {
	p := b.partition
	e := &DeliveryError{
		TopicPartition: p.name(), Records: int(b.records), Attempts: b.attempts, Node: b.node,
		MaybeWritten: b.unsure, Message: message, Err: err,
	}
	if b.attempts > 0 {
		e.Bytes = len(b.data)
	}
	s.give(b, outcome{from: b.first, count: b.records, offset: -1, appendTime: noTimestamp, err: e}, now)
}

// give gives the records of a batch their result and calls their callbacks.
func (s *sender) give(b *batch, o outcome, now time.Time) {
	b.given = true
	if o.err != nil {
		s.meter.failed(b.records, now)
	}
	b.result.add(o)
	for i := range b.calls {
		c := &b.calls[i]
		c.done(o.metadata(b.result, c.index, c.timestamp))
	}
	s.acc.gens.leave(b.gen)
}

// messageOf is what a broker said besides the error code, of the batch or of one
// of its records (KIP-467).
func messageOf(a *answer, b *batch) string {
	if a == nil {
		return ""
	}
	message := ""
	if a.ErrorMessage != nil {
		message = *a.ErrorMessage
	}
	for i := range a.RecordErrors {
		if one := &a.RecordErrors[i]; one.BatchIndexErrorMessage != nil {
			return fmt.Sprintf("%s: record %d of %d: %s", message, one.BatchIndex, b.records, *one.BatchIndexErrorMessage)
		}
	}
	return message
}

// abort fails everything that has no result yet, and says how many records that
// were. Nothing is sent afterwards, and no memory is used again.
func (s *sender) abort(parts []*partition, err error, now time.Time) (records int) {
	fail := func(b *batch) {
		if !b.given {
			records += int(b.records)
			s.fail(b, err, "", now)
		}
	}
	for _, p := range parts {
		for _, b := range p.inFlight {
			b.unsure = true
			fail(b)
		}
		for _, b := range s.acc.drop(p) {
			fail(b)
		}
	}
	return records
}
