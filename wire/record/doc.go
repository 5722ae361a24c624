// Package record reads and writes what Kafka stores: record batches (message
// format v2, brokers from 0.11 on) and the message sets of v0 (to 0.9) and v1
// (0.10). It knows bytes only: no clock, no network, no compression library. A
// [Codec] packs and unpacks; those of Kafka are in module wire/compress.
//
// # Writing
//
// A [Builder] encodes each record when it is appended, straight into one buffer.
// Seal makes a batch of it; [Stamp] gives a v2 batch its producer's numbers and
// its CRC.
//
//	var b record.Builder
//	b.Reset(record.V2, nil)
//	err := b.Append(time.Now().UnixMilli(), key, value, nil)
//	batch, err := b.Seal(nil, nil) // nil: no compression
//	record.Stamp(batch, -1, -1, -1) // not idempotent
//
// [Convert] writes a batch again that is about to be sent, in another format.
// [Place] and [Repack] are a broker's: they give a batch its offsets.
//
// # Reading
//
// A [Reader] goes from batch to batch over fetched bytes, which may hold all
// formats one after another, without unpacking any. Records unpacks one batch;
// Next reads record after record and allocates nothing.
//
//	r := record.NewReader(fetched)
//	for {
//		batch, err := r.Next() // io.EOF at the end, ErrPartial where the rest was cut off
//		err = batch.Check()    // the CRC
//		records, err := batch.Records(codecs, nil, 0)
//		var rec record.Record
//		for {
//			ok, err := records.Next(&rec) // rec.Key and rec.Value alias the buffer
//		}
//	}
//
// A Reader, Batch and Records are values: a copy reads on from the same place.
//
// # What to expect
//
// A nil key, value or header value is null; an empty one is empty. Timestamps
// are milliseconds since 1970; -1 is none.
//
// Damaged or hostile bytes give a [*CorruptError] that names the batch's offset
// and the byte: never a panic or an endless loop. No more memory is taken than
// the bytes justify or the limit allows.
package record
