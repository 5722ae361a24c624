package record

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ErrPartial is what a Reader returns at a batch or message that is cut off: a
// broker fills a fetch response up to the size asked for. When it is the first,
// the fetch was too small.
var ErrPartial = errors.New("the last batch is cut off")

// A Reader goes over fetched bytes batch by batch. They may hold batches and
// message sets of all formats. It looks at heads only.
type Reader struct {
	src []byte
	pos int
}

// NewReader returns a Reader of b.
func NewReader(b []byte) Reader { return Reader{src: b} }

// Reset makes it a Reader of b.
func (r *Reader) Reset(b []byte) { *r = Reader{src: b} }

// A Batch is a record batch (V2), a message with a set of others compressed
// into it, or a run of messages that are not compressed (V0, V1).
type Batch struct {
	// BaseOffset is the offset of the first record; -1 for compressed V0 and V1
	// messages, which tell only the last.
	BaseOffset int64
	// LastOffset is the offset of the last record that the batch had when it was
	// written; compaction may have removed it since.
	LastOffset           int64
	Format               Format
	Compression          Compression
	LogAppendTime        bool
	MaxTimestamp         int64 // ms; -1 in V0
	PartitionLeaderEpoch int32 // -1 before V2
	ProducerID           int64 // -1: none
	ProducerEpoch        int16
	BaseSequence         int32
	Transactional        bool
	Control              bool // markers of transactions and the like, not records
	NumRecords           int  // -1 for compressed V0 and V1 messages
	Size                 int  // bytes, as they are in what was read

	raw []byte
	at  int // where raw begins
}

// Next returns the next batch, io.EOF at the end, ErrPartial where the last one
// is cut off, or a *CorruptError, after which there is nothing more to read.
func (r *Reader) Next() (Batch, error) {
	whole, format, err := r.whole()
	if err != nil {
		return Batch{}, err
	}
	b := Batch{raw: whole, at: r.pos, Format: format, Size: len(whole)}
	if format == V2 {
		err = b.parseV2()
	} else {
		err = b.parseMessages(r.src[r.pos:])
	}
	r.pos += b.Size
	if err != nil {
		r.pos = len(r.src)
	}
	return b, err
}

// whole returns the next batch or message.
func (r *Reader) whole() ([]byte, Format, error) {
	rest := r.src[r.pos:]
	if len(rest) == 0 {
		return nil, 0, io.EOF
	}
	if len(rest) < prefix {
		return nil, 0, ErrPartial
	}
	corrupt := func(format string, args ...any) error {
		at := r.pos
		r.pos = len(r.src)
		return &CorruptError{Offset: int64At(rest, 0), At: at, Reason: fmt.Sprintf(format, args...)}
	}
	size := int64(int32At(rest, msgSize))
	if size < msgKeyV0+8-prefix {
		return nil, 0, corrupt("it says that it has %d bytes", size)
	}
	if size > int64(len(rest)-prefix) {
		return nil, 0, ErrPartial
	}
	whole := rest[: prefix+size : prefix+size]
	switch format := Format(whole[msgMagic]); {
	case format < V0 || format > V2:
		return nil, 0, corrupt("unknown message format %d", format)
	case format == V2 && len(whole) < v2Records, format == V1 && len(whole) < msgKeyV1+8:
		return nil, 0, corrupt("%d bytes are too few for message format %d", len(whole), format)
	default:
		return whole, format, nil
	}
}

// parseV2 reads the head of a record batch.
func (b *Batch) parseV2() error {
	raw := b.raw
	attributes := int16At(raw, v2Attributes)
	b.BaseOffset = int64At(raw, 0)
	b.LastOffset = b.BaseOffset + int64(int32At(raw, v2LastOffsetDelta))
	b.PartitionLeaderEpoch = int32At(raw, v2LeaderEpoch)
	b.Compression = Compression(attributes & attrCompression)
	b.LogAppendTime = attributes&attrLogAppendTime != 0
	b.Transactional = attributes&attrTransactional != 0
	b.Control = attributes&attrControl != 0
	b.MaxTimestamp = int64At(raw, v2MaxTimestamp)
	b.ProducerID = int64At(raw, v2ProducerID)
	b.ProducerEpoch = int16At(raw, v2ProducerEpoch)
	b.BaseSequence = int32At(raw, v2BaseSequence)
	b.NumRecords = int(int32At(raw, v2Count))
	if b.LastOffset < b.BaseOffset || b.NumRecords < 0 {
		return b.corrupt(0, "last offset %d, %d records", b.LastOffset, b.NumRecords)
	}
	return nil
}

// parseMessages reads the head of a message, and where it is not compressed the
// heads of those of its kind that follow.
func (b *Batch) parseMessages(rest []byte) error {
	b.PartitionLeaderEpoch, b.ProducerID, b.ProducerEpoch, b.BaseSequence = -1, -1, -1, -1
	attributes := b.raw[msgAttributes]
	b.LastOffset = int64At(b.raw, 0)
	b.Compression = Compression(attributes & attrCompression)
	b.MaxTimestamp = -1
	if b.Format == V1 {
		b.MaxTimestamp = int64At(b.raw, msgTimestamp)
		b.LogAppendTime = attributes&attrLogAppendTime != 0
	}
	if b.Compression != None {
		b.BaseOffset, b.NumRecords = -1, -1
		return nil
	}
	b.BaseOffset, b.NumRecords = b.LastOffset, 1
	run := Reader{src: rest, pos: b.Size}
	for {
		next, format, err := run.whole()
		if err != nil || format != b.Format || next[msgAttributes] != attributes {
			break // the Reader will say what is wrong there, if anything
		}
		b.LastOffset = int64At(next, 0)
		if format == V1 {
			b.MaxTimestamp = max(b.MaxTimestamp, int64At(next, msgTimestamp))
		}
		b.NumRecords++
		run.pos += len(next)
	}
	b.Size = run.pos
	b.raw = rest[:run.pos:run.pos]
	if b.LastOffset < b.BaseOffset {
		return b.corrupt(0, "offsets go back from %d to %d", b.BaseOffset, b.LastOffset)
	}
	return nil
}

func (b *Batch) corrupt(at int, format string, args ...any) error {
	offset := b.BaseOffset
	if offset < 0 {
		offset = b.LastOffset
	}
	return &CorruptError{Offset: offset, At: b.at + at, Reason: fmt.Sprintf(format, args...)}
}

// Raw returns the bytes of the batch.
func (b *Batch) Raw() []byte { return b.raw }

// Check compares the batch with its CRC; of messages, each with its own. Those
// inside a compressed message are covered by the outer one's.
func (b *Batch) Check() error {
	if b.Format == V2 {
		return b.compare(0, int32At(b.raw, v2CRC), crc32.Checksum(b.raw[v2Attributes:], castagnoli))
	}
	for at := 0; at < len(b.raw); {
		m := b.raw[at:]
		m = m[:prefix+int(int32At(m, msgSize))]
		if err := b.compare(at, int32At(m, msgCRC), crc32.ChecksumIEEE(m[msgMagic:])); err != nil {
			return err
		}
		at += len(m)
	}
	return nil
}

func (b *Batch) compare(at int, has int32, want uint32) error {
	if uint32(has) == want {
		return nil
	}
	return b.corrupt(at, "its checksum is %08x, and its contents have %08x", uint32(has), want)
}
