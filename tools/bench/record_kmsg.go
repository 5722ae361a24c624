package main

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"

	"github.com/barnabas-kafka/barnabas/wire/record"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Where things are in a batch or message.
const (
	lengthAt     = 8  // of what comes after the length
	logHead      = 12 // what comes before that
	magicAt      = 16 // v0, v1: what comes after the CRC
	crcAt        = 17 // v2
	attributesAt = 21 // v2: what comes after the CRC
	batchHead    = 61
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errCRC     = errors.New("CRC mismatch")
	errShort   = errors.New("too few bytes")
)

// kmsg has the structs of batches and records. Lengths and CRCs are left to its
// users, and so is what comes after what in a batch.

func kmsgEncode(f record.Format, records []testRecord, dst []byte) ([]byte, error) {
	switch f {
	case record.V0:
		return kmsgEncodeV0(records, dst), nil
	case record.V1:
		return kmsgEncodeV1(records, dst), nil
	default:
		return kmsgEncodeV2(records, dst), nil
	}
}

func kmsgEncodeV2(records []testRecord, dst []byte) []byte {
	// The records come first, behind where the batch will be; AppendTo copies them.
	room := cap(dst) / 2
	buf := dst[:cap(dst)][room:room]
	rec := kmsg.NewRecord()
	for i := range records {
		delta := records[i].timestamp - records[0].timestamp
		rec.TimestampDelta64 = delta
		rec.OffsetDelta = int32(i)
		rec.Value = records[i].value
		rec.Length = int32(1 + varintLen(delta) + varintLen(int64(i)) + varintLen(-1) +
			varintLen(int64(len(rec.Value))) + len(rec.Value) + varintLen(0))
		buf = rec.AppendTo(buf)
	}
	batch := kmsg.NewRecordBatch()
	batch.Length = int32(batchHead - logHead + len(buf))
	batch.PartitionLeaderEpoch = -1
	batch.Magic = 2
	batch.LastOffsetDelta = int32(len(records) - 1)
	batch.FirstTimestamp = records[0].timestamp
	batch.MaxTimestamp = records[len(records)-1].timestamp
	batch.ProducerID = -1
	batch.ProducerEpoch = -1
	batch.FirstSequence = -1
	batch.NumRecords = int32(len(records))
	batch.Records = buf
	dst = batch.AppendTo(dst[:0])
	binary.BigEndian.PutUint32(dst[crcAt:], crc32.Checksum(dst[attributesAt:], castagnoli))
	return dst
}

func varintLen(v int64) int {
	zigzag := uint64(v<<1) ^ uint64(v>>63)
	return (bits.Len64(zigzag|1) + 6) / 7
}

func kmsgEncodeV1(records []testRecord, dst []byte) []byte {
	dst = dst[:0]
	m := kmsg.NewMessageV1()
	m.Magic = 1
	for i := range records {
		start := len(dst)
		m.Offset = int64(i)
		m.Timestamp = records[i].timestamp
		m.Value = records[i].value
		m.MessageSize = int32(22 + len(m.Value))
		dst = m.AppendTo(dst)
		putCRC(dst[start:])
	}
	return dst
}

func kmsgEncodeV0(records []testRecord, dst []byte) []byte {
	dst = dst[:0]
	m := kmsg.NewMessageV0()
	for i := range records {
		start := len(dst)
		m.Offset = int64(i)
		m.Value = records[i].value
		m.MessageSize = int32(14 + len(m.Value))
		dst = m.AppendTo(dst)
		putCRC(dst[start:])
	}
	return dst
}

// putCRC is for messages of v0 and v1.
func putCRC(message []byte) {
	binary.BigEndian.PutUint32(message[logHead:], crc32.ChecksumIEEE(message[magicAt:]))
}

func kmsgRead(f record.Format, src []byte, t *tally) error {
	for len(src) > 0 {
		if len(src) < logHead {
			return errShort
		}
		size := logHead + int(int32(binary.BigEndian.Uint32(src[lengthAt:])))
		if size < magicAt || size > len(src) {
			return errShort
		}
		var err error
		switch f {
		case record.V0:
			err = kmsgReadV0(src[:size], t)
		case record.V1:
			err = kmsgReadV1(src[:size], t)
		default:
			err = kmsgReadV2(src[:size], t)
		}
		if err != nil {
			return err
		}
		src = src[size:]
	}
	return nil
}

func kmsgReadV2(src []byte, t *tally) error {
	batch := kmsg.NewRecordBatch()
	if err := batch.ReadFrom(src); err != nil {
		return err
	}
	if crc32.Checksum(src[attributesAt:], castagnoli) != uint32(batch.CRC) {
		return errCRC
	}
	rest := batch.Records
	rec := kmsg.NewRecord()
	for range batch.NumRecords {
		length, n := binary.Varint(rest)
		if n <= 0 || length < 0 || length > int64(len(rest)-n) {
			return errShort
		}
		end := n + int(length)
		if err := rec.ReadFrom(rest[:end]); err != nil {
			return err
		}
		rest = rest[end:]
		t.add(batch.FirstOffset+int64(rec.OffsetDelta), batch.FirstTimestamp+rec.TimestampDelta64, rec.Value)
	}
	return nil
}

func kmsgReadV1(src []byte, t *tally) error {
	m := kmsg.NewMessageV1()
	if err := m.ReadFrom(src); err != nil {
		return err
	}
	if crc32.ChecksumIEEE(src[magicAt:]) != uint32(m.CRC) {
		return errCRC
	}
	t.add(m.Offset, m.Timestamp, m.Value)
	return nil
}

func kmsgReadV0(src []byte, t *tally) error {
	m := kmsg.NewMessageV0()
	if err := m.ReadFrom(src); err != nil {
		return err
	}
	if crc32.ChecksumIEEE(src[magicAt:]) != uint32(m.CRC) {
		return errCRC
	}
	t.add(m.Offset, -1, m.Value)
	return nil
}
