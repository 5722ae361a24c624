// Package record builds and reads what produce requests and fetch responses
// carry: record batches (format V2) and message sets (V0 and V1).
//
// A Builder encodes records one by one as they are appended, into a buffer that
// is in the end what goes out:
//
//	var b record.Builder
//	b.Reset(record.V2, buffer[:0])
//	err := b.Append(time.Now().UnixMilli(), key, value, nil)
//	batch, err := b.Seal(codec, nil)     // codec nil: not compressed
//	record.Stamp(batch, -1, -1, -1)      // producer id, epoch, sequence; the CRC
//
// A Reader goes over fetched bytes, which may hold several formats, batch by
// batch; a batch's records are unpacked and decoded only when they are asked
// for, and neither way allocates per record:
//
//	r := record.NewReader(fetched)
//	for {
//		batch, err := r.Next()           // io.EOF, ErrPartial, *CorruptError
//		err = batch.Check()              // the CRC
//		records, err := batch.Records(codecs, nil, 0)
//		var rec record.Record
//		for {
//			ok, err := records.Next(&rec)
//			…
//		}
//	}
//
// Codecs come from outside, as values: package wire/compress has Kafka's.
// Damaged bytes give a *CorruptError, never a panic; what a batch unpacks to is
// bounded by the caller.
package record
