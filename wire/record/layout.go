package record

import (
	"encoding/binary"
	"hash/crc32"
)

// Where the fields of a V2 batch are. The CRC covers what comes after it.
const (
	v2Length          = 8
	v2LeaderEpoch     = 12
	v2Magic           = 16
	v2CRC             = 17
	v2Attributes      = 21
	v2LastOffsetDelta = 23
	v2BaseTimestamp   = 27
	v2MaxTimestamp    = 35
	v2ProducerID      = 43
	v2ProducerEpoch   = 51
	v2BaseSequence    = 53
	v2Count           = 57
	v2Records         = 61
)

// Where the fields of a V0 or V1 message are. The size counts what comes after
// it, the CRC covers what comes after it. V1 has a timestamp before the key.
const (
	msgSize       = 8
	msgCRC        = 12
	msgMagic      = 16
	msgAttributes = 17
	msgTimestamp  = 18 // V1
	msgKeyV0      = 18
	msgKeyV1      = 26
)

// The bits of attributes.
const (
	attrCompression   = 0x07
	attrLogAppendTime = 0x08
	attrTransactional = 0x10 // V2
	attrControl       = 0x20 // V2
)

// prefix is the size of what batches and messages begin with: an offset and the
// size of the rest.
const prefix = 12

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func int16At(b []byte, at int) int16 { return int16(binary.BigEndian.Uint16(b[at:])) }
func int32At(b []byte, at int) int32 { return int32(binary.BigEndian.Uint32(b[at:])) }
func int64At(b []byte, at int) int64 { return int64(binary.BigEndian.Uint64(b[at:])) }

func putInt16(b []byte, at int, v int16) { binary.BigEndian.PutUint16(b[at:], uint16(v)) }
func putInt32(b []byte, at int, v int32) { binary.BigEndian.PutUint32(b[at:], uint32(v)) }
func putInt64(b []byte, at int, v int64) { binary.BigEndian.PutUint64(b[at:], uint64(v)) }

func keyAt(f Format) int {
	if f == V0 {
		return msgKeyV0
	}
	return msgKeyV1
}
