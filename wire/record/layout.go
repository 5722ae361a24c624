package record

import "encoding/binary"

// Every format begins with an offset and the size of what follows the two.
const (
	offsetAt = 0
	sizeAt   = 8
	logHead  = 12 // bytes of offset and size
	magicAt  = 16 // in all formats alike
)

// The layout of a v2 batch.
const (
	leaderEpochAt     = 12
	crcAt             = 17 // CRC32C of all that follows it
	attributesAt      = 21
	lastOffsetDeltaAt = 23
	baseTimestampAt   = 27
	maxTimestampAt    = 35
	producerIDAt      = 43
	producerEpochAt   = 51
	baseSequenceAt    = 53
	countAt           = 57
	batchHead         = 61
)

// The layout of a v0 or v1 message; v1 has a timestamp.
const (
	messageCRCAt        = 12 // CRC32 (IEEE) of all that follows it
	messageAttributesAt = 17
	messageTimestampAt  = 18
	messageHeadV0       = 18
	messageHeadV1       = 26
)

// The attributes. In v2 they are two bytes, in messages one.
const (
	compressionMask  = 0x07
	logAppendTimeBit = 0x08 // not in v0
	transactionalBit = 0x10 // v2 only, as the next
	controlBit       = 0x20
	deleteHorizonBit = 0x40 // KIP-534
)

// Sizes of records, in bytes.
const (
	messageLengths    = 8  // the lengths of a message's key and value
	minRecord         = 7  // a v2 record whose fields take a byte each
	maxRecordOverhead = 21 // a v2 record's length, attributes and deltas, at their longest
)

// messageHead is how many bytes of a message come before its key's length.
func messageHead(f Format) int {
	if f == V0 {
		return messageHeadV0
	}
	return messageHeadV1
}

func int16At(b []byte, i int) int16 { return int16(binary.BigEndian.Uint16(b[i:])) }
func int32At(b []byte, i int) int32 { return int32(binary.BigEndian.Uint32(b[i:])) }
func int64At(b []byte, i int) int64 { return int64(binary.BigEndian.Uint64(b[i:])) }

func putInt16(b []byte, i int, v int16) { binary.BigEndian.PutUint16(b[i:], uint16(v)) }
func putInt32(b []byte, i int, v int32) { binary.BigEndian.PutUint32(b[i:], uint32(v)) }
func putInt64(b []byte, i int, v int64) { binary.BigEndian.PutUint64(b[i:], uint64(v)) }
