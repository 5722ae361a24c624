package record

import (
	"errors"
	"io"

	"github.com/barnabas-kafka/barnabas/wire"
)

// What a broker does to the batches that it is sent, before it keeps them.

// Place gives the records of one produced batch, or of all messages of a set,
// their offsets, from base on, and the batch its leader epoch, in place. It
// returns how many offsets were given. The CRCs are checked first, and set
// anew where they cover what changed. Compressed V0 and V1 messages hold offsets
// of their own, which only unpacking shows, and which not every producer counts
// right: they are refused with ErrRepack.
func Place(produced []byte, base int64, leaderEpoch int32) (count int, err error) {
	r := NewReader(produced)
	for {
		b, err := r.Next()
		if err == io.EOF {
			return count, nil
		}
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			return count, err
		}
		n, err := b.place(base+int64(count), leaderEpoch)
		if err != nil {
			return count, err
		}
		count += n
	}
}

// ErrRepack says that a batch can't be placed without packing it again.
var ErrRepack = errors.New("a compressed message set has its offsets inside")

func (b *Batch) place(base int64, leaderEpoch int32) (int, error) {
	switch {
	case b.Format == V2:
		putInt64(b.raw, 0, base) // neither is covered by the CRC
		putInt32(b.raw, v2LeaderEpoch, leaderEpoch)
		return int(b.LastOffset-b.BaseOffset) + 1, nil
	case b.Compression == None:
		n := 0
		for rest := b.raw; len(rest) > 0; n++ {
			m, _, _ := cutMessage(rest)
			putInt64(m, 0, base+int64(n))
			rest = rest[len(m):]
		}
		return n, nil
	}
	return 0, ErrRepack
}

// Repack packs a batch anew, in another format or with another codec (nil:
// none), its records at the offsets from base on. Headers can't go below V2:
// ErrNoHeaders. The result of V2 is stamped as not idempotent.
func Repack(b *Batch, codecs Codecs, to Format, codec Codec, base int64) ([]byte, error) {
	records, err := b.Records(codecs, nil, 0)
	if err != nil {
		return nil, err
	}
	if to != V2 {
		return repackMessages(&records, to, codec, base)
	}
	var builder Builder
	builder.Reset(V2, nil)
	var rec Record
	for {
		ok, err := records.Next(&rec)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if err := builder.Append(rec.Timestamp, rec.Key, rec.Value, headersOf(&rec)); err != nil {
			return nil, err
		}
	}
	out, err := builder.Seal(codec, nil)
	if err != nil {
		return nil, err
	}
	Stamp(out, -1, -1, -1)
	putInt64(out, 0, base)
	return out, nil
}

// repackMessages writes messages whose offsets are final.
func repackMessages(records *Records, to Format, codec Codec, base int64) ([]byte, error) {
	var set []byte
	var rec Record
	count, newest := int64(0), int64(-1)
	for {
		ok, err := records.Next(&rec)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if rec.Headers.Len() > 0 {
			return nil, ErrNoHeaders
		}
		offset := count
		if codec == nil || to == V0 {
			offset += base
		}
		set = appendMessage(set, to, 0, offset, rec.Timestamp, rec.Key, rec.Value)
		newest = max(newest, rec.Timestamp)
		count++
	}
	if codec == nil || count == 0 {
		return set, nil
	}
	value, err := codec.Compress([]byte{}, set, to)
	if err != nil {
		return nil, err
	}
	return appendMessage(nil, to, int8(codec.Compression()), base+count-1, newest, nil, value), nil
}

// Convert writes a batch as a producer would send it, in another format: what
// it does when the leader turns out to speak an older one.
func Convert(batch []byte, codecs Codecs, to Format, codec Codec) ([]byte, error) {
	var out []byte
	r := NewReader(batch)
	for {
		b, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		part, err := Repack(&b, codecs, to, codec, 0)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
}

// headersOf lists the headers of a record.
func headersOf(rec *Record) []wire.Header {
	if rec.Headers.Len() == 0 {
		return nil
	}
	headers := make([]wire.Header, 0, rec.Headers.Len())
	for key, value := range rec.Headers.All() {
		headers = append(headers, wire.Header{Key: key, Value: value})
	}
	return headers
}
