package producer

import (
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// split puts two halves of a batch, which the broker found too large, into its
// place (KIP-126). They give their parts of its result. It is used up then,
// unless there is an error.
func (s *sender) split(b *batch) error {
	halves := [2]*batch{}
	for i := range halves {
		halves[i] = &batch{
			partition: b.partition, result: b.result, gen: b.gen, seq: b.seq, format: b.format,
			opened: b.opened, last: wire.ErrMessageTooLarge, unsure: b.unsure, node: b.node, sealed: true,
		}
	}
	first, second := halves[0], halves[1]
	first.first, first.records = b.first, b.records/2
	second.first, second.records = b.first+first.records, b.records-first.records
	if err := s.encodeParts(b, halves[:]); err != nil {
		return err
	}
	for _, c := range b.calls {
		half := first
		if c.index >= second.first {
			half = second
		}
		half.calls = append(half.calls, c)
	}
	s.acc.gens.split(b.gen, 1)
	b.partition.putBack(first)
	b.partition.putBack(second)
	s.acc.pool.put(b)
	return nil
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
