package main

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// The bare loops know that the records have no key and no headers. They show
// what the bytes and their CRCs cost without a library.

func bareEncode(f record.Format, records []testRecord, dst []byte) ([]byte, error) {
	dst = dst[:0]
	if f == record.V2 {
		return bareEncodeV2(records, dst), nil
	}
	for i := range records {
		start, value := len(dst), records[i].value
		dst = binary.BigEndian.AppendUint64(dst, uint64(i))
		dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0, byte(f), 0)
		if f == record.V1 {
			dst = binary.BigEndian.AppendUint64(dst, uint64(records[i].timestamp))
		}
		dst = append(dst, 0xff, 0xff, 0xff, 0xff)
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
		dst = append(dst, value...)
		binary.BigEndian.PutUint32(dst[start+lengthAt:], uint32(len(dst)-start-logHead))
		putCRC(dst[start:])
	}
	return dst, nil
}

func bareEncodeV2(records []testRecord, dst []byte) []byte {
	dst = dst[:batchHead]
	first, last := records[0].timestamp, records[len(records)-1].timestamp
	for i := range records {
		delta, value := records[i].timestamp-first, records[i].value
		dst = binary.AppendVarint(dst, int64(4+varintLen(delta)+varintLen(int64(i))+varintLen(int64(len(value)))-1+len(value)))
		dst = append(dst, 0)
		dst = binary.AppendVarint(dst, delta)
		dst = binary.AppendVarint(dst, int64(i))
		dst = append(dst, 1) // -1: no key
		dst = binary.AppendVarint(dst, int64(len(value)))
		dst = append(dst, value...)
		dst = append(dst, 0)
	}
	head := binary.BigEndian
	head.PutUint64(dst, 0)
	head.PutUint32(dst[lengthAt:], uint32(len(dst)-logHead))
	head.PutUint32(dst[12:], 0xffffffff)
	dst[magicAt] = 2
	head.PutUint16(dst[attributesAt:], 0)
	head.PutUint32(dst[23:], uint32(len(records)-1))
	head.PutUint64(dst[27:], uint64(first))
	head.PutUint64(dst[35:], uint64(last))
	head.PutUint64(dst[43:], 1<<64-1)
	head.PutUint16(dst[51:], 0xffff)
	head.PutUint32(dst[53:], 0xffffffff)
	head.PutUint32(dst[57:], uint32(len(records)))
	head.PutUint32(dst[crcAt:], crc32.Checksum(dst[attributesAt:], castagnoli))
	return dst
}

func bareRead(f record.Format, src []byte, t *tally) error {
	if f == record.V2 {
		return bareReadV2(src, t)
	}
	valueAt := 26
	if f == record.V1 {
		valueAt = 34
	}
	for len(src) > 0 {
		if len(src) < valueAt {
			return errShort
		}
		size := logHead + int(binary.BigEndian.Uint32(src[lengthAt:]))
		if size < valueAt || size > len(src) {
			return errShort
		}
		if crc32.ChecksumIEEE(src[magicAt:size]) != binary.BigEndian.Uint32(src[logHead:]) {
			return errCRC
		}
		timestamp := int64(-1)
		if f == record.V1 {
			timestamp = int64(binary.BigEndian.Uint64(src[18:]))
		}
		t.add(int64(binary.BigEndian.Uint64(src)), timestamp, src[valueAt:size])
		src = src[size:]
	}
	return nil
}

func bareReadV2(src []byte, t *tally) error {
	if len(src) < batchHead {
		return errShort
	}
	if crc32.Checksum(src[attributesAt:], castagnoli) != binary.BigEndian.Uint32(src[crcAt:]) {
		return errCRC
	}
	base, first := int64(binary.BigEndian.Uint64(src)), int64(binary.BigEndian.Uint64(src[27:]))
	rest := src[batchHead:]
	for range binary.BigEndian.Uint32(src[57:]) {
		size, n := binary.Varint(rest)
		if n <= 0 || size < 6 || size > int64(len(rest)-n) {
			return errShort
		}
		body := rest[n : n+int(size)]
		rest = rest[n+int(size):]
		delta, n := binary.Varint(body[1:]) // behind the attributes
		at := 1 + n
		offset, m := binary.Varint(body[at:])
		at += m + 1 // and the key's length
		if n <= 0 || m <= 0 || at > len(body) {
			return errShort
		}
		length, n := binary.Varint(body[at:])
		at += n
		if n <= 0 || length < 0 || length > int64(len(body)-at) {
			return errShort
		}
		t.add(base+offset, first+delta, body[at:at+int(length)])
	}
	return nil
}
