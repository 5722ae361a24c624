package producer

import (
	"fmt"
	"slices"
	"time"

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
			s.writtenSilently(r.broker, b, now)
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
	p.taken = max(p.taken, len(b.data))
	if !b.given {
		s.give(b, outcome{from: b.first, count: b.records, offset: offset, appendTime: appendTime, timeless: b.format == record.V0}, now)
	}
	s.acc.pool.put(b)
}

// failed decides what becomes of a batch that was not acknowledged. a is what the
// broker said of it, or nil.
func (s *sender) failed(b *batch, err error, a *answer, now time.Time) {
	if b.given {
		s.acc.pool.put(b)
		return
	}
	v := judge(err, a)
	b.unsure = b.unsure || v.written.mayBeWritten(s.cfg.Acks)
	s.doubtMetadata(b.partition, a)
	if v.next == halve {
		b.partition.taken = 0
	}
	switch {
	case v.next == sendIt:
		b.attempts--
		s.retry(b, err, now)
	case v.next == search:
		s.refused(b, a, now)
	case v.next == halve && b.records > 1 && len(b.partition.inFlight) == 0:
		// Behind others that are in flight, as without retries when the broker refuses
		// a size that it took before, halves would come out of order.
		s.halve(b, err, now)
	case v.next == sendAgain && s.mayRetry(b):
		s.retry(b, err, now)
	default:
		s.fail(b, err, messageOf(a, b), now)
		s.acc.pool.put(b)
	}
}

// mayRetry reports whether Retries allows that a batch is sent again.
func (s *sender) mayRetry(b *batch) bool { return b.attempts-b.forgiven <= s.cfg.Retries }

// halve splits a batch that the broker refused for being too large, or for
// something in it.
func (s *sender) halve(b *batch, err error, now time.Time) {
	splitErr := s.split(b, err)
	if splitErr == nil {
		s.meter.split(now)
		return
	}
	s.fail(b, fmt.Errorf("%w; and splitting it: %w", err, splitErr), "", now)
	s.acc.pool.put(b)
}

// doubtMetadata asks for new metadata when an attempt may have failed because the
// leader has moved: a is what the broker said, nil when it said nothing. If it says
// so itself, it gets nothing more of the partition until there is news.
func (s *sender) doubtMetadata(p *partition, a *answer) {
	if a != nil && !a.ErrorCode.RefreshMetadata() {
		return
	}
	s.cluster.refresh()
	if a != nil {
		p.stale = s.metadata
	}
}

// retry puts a batch back into its place.
func (s *sender) retry(b *batch, err error, now time.Time) {
	p := b.partition
	b.last = err
	p.retryAt = now.Add(p.backoff.Next())
	p.putBack(b)
	s.meter.retried(b.records, now)
	s.reports.add("producer: records are sent again", deliveryError(b, err, ""), 1)
}

// fail gives the records of a batch an error. The batch is still the caller's.
func (s *sender) fail(b *batch, err error, message string, now time.Time) {
	e := deliveryError(b, err, message)
	s.reports.add("producer: records failed", e, 1)
	s.failures.add(e)
	s.give(b, outcome{from: b.first, count: b.records, offset: -1, appendTime: noTimestamp, err: e}, now)
}

// deliveryError says why a batch was not acknowledged.
func deliveryError(b *batch, err error, message string) *DeliveryError {
	e := &DeliveryError{
		TopicPartition: b.partition.name(), Records: int(b.records), Attempts: b.attempts, Node: b.node,
		MaybeWritten: b.unsure, Message: message, Err: err,
	}
	if b.attempts > 0 {
		e.Bytes = len(b.data)
	}
	return e
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
