package producer

import (
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// split puts two halves of a batch, which the broker refused as it is, into its
// place (KIP-126). The batch is used up then, unless there is an error.
func (s *sender) split(b *batch, why error) error {
	half := b.records / 2
	parts, err := s.divide(b, half, b.records-half)
	if err == nil {
		s.replace(b, parts, why)
	}
	return err
}

// divide returns the records of a batch as several, of so many each. They share
// its result, each for its own records, and its attempts don't count against
// Retries.
func (s *sender) divide(b *batch, sizes ...int32) ([]*batch, error) {
	parts := make([]*batch, len(sizes))
	first := b.first
	for i, size := range sizes {
		parts[i] = &batch{
			partition: b.partition, result: b.result, gen: b.gen, seq: b.seq, format: b.format, opened: b.opened,
			first: first, records: size, sealed: true,
			unsure: b.unsure, node: b.node, attempts: b.attempts, forgiven: b.attempts,
		}
		first += size
	}
	if err := s.encodeParts(b, parts); err != nil {
		return nil, err
	}
	for _, c := range b.calls {
		i := 0
		for c.index >= parts[i].first+parts[i].records {
			i++
		}
		parts[i].calls = append(parts[i].calls, c)
	}
	return parts, nil
}

// replace puts parts of a batch into its place.
func (s *sender) replace(b *batch, parts []*batch, why error) {
	s.acc.gens.split(b.gen, len(parts)-1)
	for _, part := range parts {
		part.last = why
		b.partition.putBack(part)
	}
	s.acc.pool.put(b)
}

// encodeParts encodes the records of a batch again, as many as each of the parts
// has.
func (s *sender) encodeParts(b *batch, parts []*batch) error {
	reader := record.NewReader(b.data)
	whole, err := reader.Next()
	if err != nil {
		return err
	}
	records, err := whole.Records(ownCodecs{s.acc.codec}, nil, 0)
	if err != nil {
		return err
	}
	for _, part := range parts {
		part.builder.Reset(b.format, nil)
		for range part.records {
			var rec record.Record
			if _, err := records.Next(&rec); err != nil {
				return err
			}
			if err := part.builder.Append(rec.Timestamp, rec.Key, rec.Value, headersOf(&rec)); err != nil {
				return err
			}
		}
		if part.data, err = part.builder.Seal(s.acc.codec, nil); err != nil {
			return err
		}
	}
	return nil
}

func headersOf(rec *record.Record) []wire.Header {
	var headers []wire.Header
	for key, value := range rec.Headers.All() {
		headers = append(headers, wire.Header{Key: key, Value: value})
	}
	return headers
}
