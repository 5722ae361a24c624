package record

import (
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// A Reader goes over bytes that hold batches, as a fetch brings them. It is a
// value: a copy reads on from the same place.
type Reader struct {
	b    []byte
	pos  int
	base int // of b in the stream that it is a part of, for errors
}

// NewReader returns a Reader of b, which must not change while anything read
// from it is in use.
func NewReader(b []byte) Reader { return Reader{b: b} }

// Reset makes r read b.
func (r *Reader) Reset(b []byte) { *r = Reader{b: b} }

// A Batch is the head of a batch of records. Of v0 and v1 a Batch is a run of
// plain messages with the same attributes, or one wrapper, which holds those that
// were compressed together. What a format lacks is -1, or false.
type Batch struct {
	Format        Format
	Compression   Compression // may be one that nobody knows; Records says so
	LogAppendTime bool        // the timestamps are the broker's, not the producer's
	Transactional bool
	Control       bool // holds control records, such as the end of a transaction, which are no data
	// DeleteHorizon is when, in milliseconds, the tombstones and control records in
	// the batch may be removed from a compacted log; -1 until the log cleaner has
	// set it (KIP-534).
	DeleteHorizon int64
	// BaseOffset is the first record's offset or, where that was compacted away,
	// the offset that it had. Of a wrapper of v0 or v1 it is -1: unknown.
	BaseOffset int64
	// LastOffset is the last record's offset or, where that was compacted away in
	// v2, the offset that it had. Reading goes on at the next offset, also when no
	// record is left.
	LastOffset           int64
	MaxTimestamp         int64 // in milliseconds
	PartitionLeaderEpoch int32
	ProducerID           int64
	ProducerEpoch        int16
	BaseSequence         int32
	// NumRecords is how many records the batch says it holds; 0 is possible after
	// compaction. Of a wrapper of v0 or v1 it is -1: unknown.
	NumRecords int
	// Size is how many bytes the batch has, as it came.
	Size int

	raw      []byte
	position int // in the Reader's bytes
}

// Next returns the next batch, without unpacking it or looking at its CRC. It
// returns io.EOF at the end, a *PartialError when the bytes end inside a batch, or
// a *CorruptError; it stays there.
func (r *Reader) Next() (Batch, error) {
	raw, f, err := r.whole(r.pos)
	if err != nil {
		return Batch{}, err
	}
	b := Batch{Format: f, BaseOffset: int64At(raw, offsetAt), DeleteHorizon: -1, raw: raw, position: r.base + r.pos}
	if f == V2 {
		err = b.readHead()
	} else {
		err = b.readMessageHead()
		if err == nil && b.Compression == None {
			r.extend(&b)
		}
	}
	if err != nil {
		return Batch{}, err
	}
	b.Size = len(b.raw)
	r.pos += b.Size
	return b, nil
}

// whole returns the batch or message at pos.
func (r *Reader) whole(pos int) ([]byte, Format, error) {
	rest := r.b[pos:]
	corrupt := func(at int, err error) ([]byte, Format, error) {
		return nil, 0, place{offset: int64At(rest, offsetAt), position: r.base + pos}.corrupt(at, false, err)
	}
	switch {
	case len(rest) == 0:
		return nil, 0, io.EOF
	case len(rest) < logHead:
		return nil, 0, r.partial(pos, 0)
	}
	size, least, f := int64(int32At(rest, sizeAt))+logHead, messageHeadV0+messageLengths, V0
	if len(rest) > magicAt {
		f = Format(rest[magicAt])
		switch f {
		case V0, V1:
			least = messageHead(f) + messageLengths
		case V2:
			least = batchHead
		default:
			return corrupt(magicAt, fmt.Errorf("it has message format %d, and v0 to v2 are known", rest[magicAt]))
		}
	}
	switch {
	case size < int64(least):
		return corrupt(sizeAt, fmt.Errorf("it has %d bytes, where format %v needs %d", size, f, least))
	case size > int64(len(rest)):
		return nil, 0, r.partial(pos, int(min(size, math.MaxInt)))
	}
	return rest[:size:size], f, nil
}

// partial is the error for a batch of that size, 0 where it is not known.
func (r *Reader) partial(pos, size int) error {
	e := &PartialError{Position: r.base + pos, Offset: -1, Size: size, Have: len(r.b) - pos}
	if e.Have >= sizeAt {
		e.Offset = int64At(r.b, pos+offsetAt)
	}
	return e
}

// extend adds to a plain message those that follow with the same attributes, as
// long as offsets ascend.
func (r *Reader) extend(b *Batch) {
	end := r.pos + len(b.raw)
	for {
		m, f, err := r.whole(end)
		if err != nil || f != b.Format || m[messageAttributesAt] != b.raw[messageAttributesAt] {
			break // what is wrong, if anything, is the next batch's
		}
		offset := int64At(m, offsetAt)
		if offset < b.LastOffset || offset == math.MaxInt64 {
			break
		}
		b.LastOffset = offset
		if f == V1 {
			b.MaxTimestamp = max(b.MaxTimestamp, int64At(m, messageTimestampAt))
		}
		b.NumRecords++
		end += len(m)
	}
	b.raw = r.b[r.pos:end:end]
}

// readHead reads the head of a v2 batch.
func (b *Batch) readHead() error {
	attributes := int16At(b.raw, attributesAt)
	b.Compression = Compression(attributes & compressionMask)
	b.LogAppendTime = attributes&logAppendTimeBit != 0
	b.Transactional = attributes&transactionalBit != 0
	b.Control = attributes&controlBit != 0
	if attributes&deleteHorizonBit != 0 {
		b.DeleteHorizon = int64At(b.raw, baseTimestampAt)
	}
	b.MaxTimestamp = int64At(b.raw, maxTimestampAt)
	b.PartitionLeaderEpoch = int32At(b.raw, leaderEpochAt)
	b.ProducerID = int64At(b.raw, producerIDAt)
	b.ProducerEpoch = int16At(b.raw, producerEpochAt)
	b.BaseSequence = int32At(b.raw, baseSequenceAt)
	b.NumRecords = int(int32At(b.raw, countAt))
	lastOffsetDelta := int64(int32At(b.raw, lastOffsetDeltaAt))
	switch {
	case lastOffsetDelta < 0 || b.BaseOffset > math.MaxInt64-1-lastOffsetDelta:
		return b.corrupt(lastOffsetDeltaAt, fmt.Errorf("the last offset is %d after the first", lastOffsetDelta))
	case b.NumRecords < 0:
		return b.corrupt(countAt, fmt.Errorf("%d records", b.NumRecords))
	}
	b.LastOffset = b.BaseOffset + lastOffsetDelta
	return nil
}

// readMessageHead reads the head of a v0 or v1 message.
func (b *Batch) readMessageHead() error {
	if b.BaseOffset == math.MaxInt64 {
		return b.corrupt(offsetAt, fmt.Errorf("offset %d, which none can follow", b.BaseOffset))
	}
	attributes := b.raw[messageAttributesAt]
	b.Compression = Compression(attributes & compressionMask)
	b.LastOffset, b.NumRecords = b.BaseOffset, 1
	if b.Compression != None {
		b.BaseOffset, b.NumRecords = -1, -1
	}
	b.MaxTimestamp, b.PartitionLeaderEpoch = -1, -1
	b.ProducerID, b.ProducerEpoch, b.BaseSequence = -1, -1, -1
	if b.Format == V1 {
		b.LogAppendTime = attributes&logAppendTimeBit != 0
		b.MaxTimestamp = int64At(b.raw, messageTimestampAt)
	}
	return nil
}

// Raw are the bytes of the batch. They alias what the Reader was given.
func (b *Batch) Raw() []byte { return b.raw }

// Check compares the batch with its CRC, or each message of a run with its own.
// Where they differ it returns a *CorruptError in which errors.Is finds ErrCRC.
// The messages inside a wrapper have CRCs, too; Records.Next compares these.
func (b *Batch) Check() error {
	if b.Format == V2 {
		return b.checkCRC(crcAt, crc32.Checksum(b.raw[attributesAt:], castagnoli))
	}
	for at := 0; at < len(b.raw); {
		end := at + logHead + int(int32At(b.raw, at+sizeAt))
		if err := b.checkCRC(at+messageCRCAt, crc32.ChecksumIEEE(b.raw[at+magicAt:end])); err != nil {
			return err
		}
		at = end
	}
	return nil
}

func (b *Batch) checkCRC(at int, want uint32) error {
	if got := uint32(int32At(b.raw, at)); got != want {
		return b.corrupt(at, fmt.Errorf("%w: it says %08x, and its bytes give %08x", ErrCRC, got, want))
	}
	return nil
}

func (b *Batch) corrupt(at int, err error) error {
	return b.place().corrupt(at, false, err)
}

// place is where the batch is, for errors.
func (b *Batch) place() place {
	return place{offset: int64At(b.raw, offsetAt), position: b.position}
}
