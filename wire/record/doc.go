// Package record reads and writes what Kafka stores: record batches (message
// format v2, brokers from 0.11 on) and the message sets of v0 (to 0.9) and v1
// (0.10). It knows bytes only: no clock, no network, no compression library. A
// [Codec] packs and unpacks; those of Kafka are in module wire/compress.
//
// # Writing
//
// A [Builder] encodes each record when it is appended, straight into one buffer.
// Seal makes a batch of it; [Stamp] gives a v2 batch its producer's numbers (an
// idempotent or transactional producer has some) and its CRC.
//
//	var b record.Builder
//	b.Reset(record.V2, nil)
//	err := b.Append(time.Now().UnixMilli(), key, value, nil)
//	batch, err := b.Seal(nil, nil) // nil: no compression
//	record.Stamp(batch, -1, -1, -1) // not idempotent
//
// [Convert] writes a batch again that is about to be sent, in another format.
//
// A Builder also writes what only brokers do, for brokers, proxies and tests:
// batches of transactions and the markers that end these (AppendMarker), the time
// of appending (SetLogAppendTime), and what compaction leaves: gaps between
// offsets, batches without a record (Skip), and the time until which tombstones
// stay (SetDeleteHorizon). [Place] and [Repack] give a batch its offsets.
//
// # Reading
//
// A [Reader] goes from batch to batch over fetched bytes, which may hold all
// formats one after another, without unpacking any; a [Stream] does so over an
// io.Reader, such as a segment file of a broker's disk. Records unpacks one batch.
// Next reads record after record and allocates nothing; All is for loops.
//
//	r := record.NewReader(fetched)
//	for {
//		batch, err := r.Next() // io.EOF at the end, a *PartialError where the rest was cut off
//		err = batch.Check()    // the CRC
//		records, err := batch.Records(codecs, nil, 0)
//		var rec record.Record
//		for {
//			ok, err := records.Next(&rec) // rec.Key and rec.Value alias the buffer
//		}
//	}
//
// Records of a batch whose Control is set are no data: Record.Control reads them.
// Which transactions were aborted a Fetch response says, apart from the records.
//
// A Reader, Batch and Records are values: a copy reads on from the same place.
//
// # What to expect
//
// A nil key, value or header value is null; an empty one is empty. Timestamps
// are milliseconds since 1970; -1 is none. LogAppendTime of a batch or wrapper is
// the timestamp of all records in it.
//
// A [*PartialError] where bytes end inside a batch is ordinary at the end of a
// fetch. It has the size that the batch says it has; where there is no whole batch
// before it, the fetch was too small for it.
//
// What Kafka's validator takes and Java reads is read, and as Java reads it, even
// where no client should have written it: offsets outside of the batch's, lengths
// of null below -1, bytes behind a message's value, a part of a message at the end
// of what was compressed.
//
// Damaged or hostile bytes give a [*CorruptError] that names the batch's offset
// and the byte: never a panic or an endless loop. Reading takes no memory but for
// the error. Unpacking is bounded by the limit that Records is given, not by what
// the bytes say of themselves; while a buffer grows both it and the next are there.
// A message set in which compressed messages hold compressed messages, which no
// client has written on purpose, may take up to ten times that.
package record
