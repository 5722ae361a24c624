package producer

import (
	"fmt"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// gather makes a request of one batch each of the partitions in a broker's line,
// as many as fit; nil when there turns out to be none.
func (s *sender) gather(br *broker, now time.Time) *request {
	version, err := br.link.Version(wire.KeyProduce, maxProduceVersion)
	r := s.requests.get(br, version)
	for range br.line.len() {
		p := *br.line.at(0)
		b := s.next(p, br, now)
		for b != nil && !s.prepare(b, r, err, now) {
			b = s.next(p, br, now)
		}
		if b != nil && len(r.batches) > 0 && r.size+len(b.data) > s.cfg.MaxRequestSize {
			break
		}
		br.line.pop()
		p.placed = false
		if b != nil {
			p.pop()
			s.stamp(b)
			p.inFlight, p.link = append(p.inFlight, b), br.link
			r.add(b)
		}
		s.look(p, now)
	}
	if len(r.batches) == 0 {
		s.requests.put(r)
		return nil
	}
	return r
}

// next gives the batch of a partition that may be sent to a broker now, nil if
// it has none.
func (s *sender) next(p *partition, br *broker, now time.Time) *batch {
	if node, ok := s.leader(p); !ok || node != br.node {
		return nil
	}
	if !s.mayJoin(p) {
		return nil
	}
	return s.acc.head(p, s.hurry, now)
}

// prepare makes sure that the first batch of a partition can be sent with a
// request; versionErr says why no request could be. If not, the batch gets its
// result, and prepare returns false.
func (s *sender) prepare(b *batch, r *request, versionErr error, now time.Time) bool {
	err := b.err
	if err == nil {
		err = versionErr
	}
	if err == nil {
		err = s.checkCodec(r)
	}
	if format := formatOf(r.version); err == nil && b.format != format {
		b.partition.setFormat(format)
		err = s.convert(b, format)
	}
	if err == nil {
		return true
	}
	b.partition.pop()
	s.fail(b, err, b.message, now)
	s.acc.pool.put(b)
	return false
}

// checkCodec reports whether the broker of a request can read what is compressed
// with the codec in use.
func (s *sender) checkCodec(r *request) error {
	since := ""
	switch codec := s.cfg.Compression.id(); {
	case codec == record.Zstd && r.version < zstdSince:
		since = "2.1"
	case codec == record.LZ4 && r.version == 0 && !r.link.Release().AtLeast("0.8.2"):
		since = "0.8.2"
	default:
		return nil
	}
	return fmt.Errorf("%w: compression.type=%s needs release %s or later, and broker %d is %s", ErrUnsupported, s.cfg.Compression, since, r.broker.node, r.link.Release())
}

// convert encodes a batch again in the format that the leader speaks: another
// one than was expected when the batch was opened.
func (s *sender) convert(b *batch, format record.Format) error {
	data, err := record.Convert(b.data, ownCodecs{s.acc.codec}, format, s.acc.codec)
	if err != nil {
		return fmt.Errorf("encoding for a broker that speaks message format %d: %w", format, err)
	}
	b.data, b.format, b.stamped = data, format, false
	return nil
}

// stamp gives a batch its producer id, epoch and sequence, and its CRC, when it
// is taken for the first time.
func (s *sender) stamp(b *batch) {
	if b.stamped {
		return
	}
	b.stamped = true
	if b.format == record.V2 {
		record.Stamp(b.data, s.identity.id, s.identity.epoch, -1)
	}
}

// start sends a request.
func (s *sender) start(r *request, now time.Time) {
	for _, b := range r.batches {
		b.attempts++
		b.node = r.broker.node
	}
	r.broker.inFlight++
	r.started = now
	s.meter.started(r, now)
	call, err := r.encode()
	if err == nil {
		err = r.link.Start(call)
	}
	if err != nil {
		r.body, r.err = nil, err
		s.finished(r, now)
	}
}
