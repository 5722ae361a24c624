package record

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

// A message is one of v0 or v1.
type message struct {
	format     Format
	attributes byte
	offset     int64
	timestamp  int64 // -1 in v0
	key, value []byte
	size       int
}

func (m *message) compression() Compression { return Compression(m.attributes & compressionMask) }

// What can be wrong with a message.
var (
	errMessageEnd   = errors.New("it ends inside a message")
	errMessageMagic = errors.New("a message in a wrapper is neither v0 nor v1")
	errMessageKey   = errors.New("a message's key ends after the message")
	errMessageValue = errors.New("a message's value ends after the message")
	errNothing      = errors.New("there is no whole message in it")
	errNullWrapper  = errors.New("a compressed message whose value is null")
	errRelative     = errors.New("the offsets in a wrapper don't fit together")
	errNesting      = fmt.Errorf("compressed more than %d times over", maxNesting)
)

// parseMessage reads the message that b begins with.
func parseMessage(b []byte) (m message, err error) {
	err = m.parse(b)
	return m, err
}

func (m *message) parse(b []byte) error {
	if len(b) < messageHeadV0+messageLengths {
		return errMessageEnd
	}
	size := int64(int32At(b, sizeAt)) + logHead
	m.format = Format(b[magicAt])
	switch {
	case m.format != V0 && m.format != V1:
		return errMessageMagic
	case size < int64(messageHead(m.format)+messageLengths) || size > int64(len(b)):
		return errMessageEnd
	}
	m.size = int(size)
	b = b[:m.size]
	m.attributes = b[messageAttributesAt]
	m.offset, m.timestamp = int64At(b, offsetAt), -1
	if m.format == V1 {
		m.timestamp = int64At(b, messageTimestampAt)
	}
	i := messageHead(m.format)
	if m.key, i = messageBytes(b, i); i < 0 || i > len(b)-4 {
		return errMessageKey
	}
	if m.value, i = messageBytes(b, i); i < 0 { // brokers take what follows it
		return errMessageValue
	}
	return nil
}

// messageBytes reads a length and as many bytes at b[i], where 4 bytes are, and
// returns where they end, or -1 where they are not there. Every negative length
// is null: brokers take it.
func messageBytes(b []byte, i int) ([]byte, int) {
	n := int(int32At(b, i))
	i += 4
	switch {
	case n < 0:
		return nil, i
	case n > len(b)-i:
		return nil, -1
	}
	return b[i : i+n : i+n], i + n
}

// openMessages makes the messages of a batch of v0 or v1 ready: the plain ones
// that it has, or those that it wraps.
func (r *Records) openMessages(b *Batch, codecs Codecs, scratch []byte, limit int) error {
	if b.Compression == None {
		r.data = b.raw
		return nil
	}
	m, err := parseMessage(b.raw)
	if err != nil {
		return b.corrupt(0, err)
	}
	r.wrapped, r.unpacked = true, true
	r.data, r.base, err = unwrap(&m, codecs, scratch[:0], limit, 0)
	if _, ok := errors.AsType[*LimitError](err); ok {
		err = &LimitError{Limit: limit} // nested sets have what the others leave of it
	}
	if err != nil {
		return b.corrupt(messageHead(b.Format)+messageLengths+len(m.key), err)
	}
	return nil
}

// maxNesting is how often a message may be compressed. Old clients could be made
// to compress what was compressed already.
const maxNesting = 4

// unwrap unpacks a wrapper into dst and returns its messages, none of them
// compressed, and what to add to their offsets.
func unwrap(m *message, codecs Codecs, dst []byte, limit, depth int) (set []byte, base int64, err error) {
	switch {
	case depth == maxNesting:
		return nil, 0, errNesting
	case m.value == nil:
		return nil, 0, errNullWrapper
	}
	unpacked, err := unpack(codecs, m.compression(), dst, m.value, m.format, limit)
	if err != nil {
		return nil, 0, err
	}
	set, last, nested, err := scanSet(unpacked)
	if err == nil && len(set) == 0 && len(unpacked) > 0 {
		err = errNothing
	}
	if err != nil {
		return nil, 0, fmt.Errorf("what it unpacks to: %w", err)
	}
	if m.format == V1 {
		if base, err = relativeBase(m.offset, last); err != nil {
			return nil, 0, err
		}
	}
	if !nested {
		return set, base, nil
	}
	set, err = flatten(set, base, codecs, limit, depth)
	return set, 0, err
}

// scanSet goes over the heads of a set's messages. It returns the messages that
// are whole, the offset of the last one, and whether any is compressed itself. A
// part of a message at the end is left out, as at the end of what was fetched:
// brokers take it.
func scanSet(set []byte) (whole []byte, last int64, nested bool, err error) {
	for at := 0; ; {
		rest := set[at:]
		if len(rest) < logHead {
			return set[:at], last, nested, nil
		}
		size := int64(int32At(rest, sizeAt)) + logHead
		switch {
		case size < messageHeadV0+messageLengths:
			return nil, 0, false, errMessageEnd
		case size > int64(len(rest)):
			return set[:at], last, nested, nil
		}
		last = int64At(rest, offsetAt)
		nested = nested || rest[messageAttributesAt]&compressionMask != 0
		at += int(size)
	}
}

// relativeBase is what to add to the relative offsets in a wrapper, whose own
// offset is that of the last message in it. In what producers send, the wrapper's
// may be 0 whatever it holds.
func relativeBase(wrapper, last int64) (int64, error) {
	if last < 0 || wrapper < 0 {
		return 0, errRelative
	}
	return max(0, wrapper-last), nil
}

// flatten copies the messages of a set, with absolute offsets, and those of
// wrappers in the wrappers' place.
func flatten(set []byte, base int64, codecs Codecs, limit, depth int) (out []byte, err error) {
	for len(set) > 0 {
		m, err := parseMessage(set)
		if err != nil {
			return nil, err
		}
		inner, add := set[:m.size], base
		if m.compression() != None {
			if err := checkMessage(inner); err != nil {
				return nil, err
			}
			if m.offset, err = addOffset(m.offset, base); err != nil {
				return nil, err
			}
			inner, add, err = unwrap(&m, codecs, nil, limit-len(out), depth+1)
			if err != nil {
				return nil, err
			}
		}
		start := len(out)
		out = append(out, inner...)
		for at := start; at < len(out); at += logHead + int(int32At(out, at+sizeAt)) {
			offset, err := addOffset(int64At(out, at), add)
			if err != nil {
				return nil, err
			}
			putInt64(out, at, offset)
		}
		if len(out) > limit {
			return nil, &LimitError{Limit: limit}
		}
		set = set[m.size:]
	}
	return out, nil
}

func addOffset(offset, base int64) (int64, error) {
	if offset > math.MaxInt64-1-base {
		return 0, errRelative
	}
	return offset + base, nil
}

// nextMessage reads a message of v0 or v1.
func (r *Records) nextMessage(rec *Record) (bool, error) {
	if r.pos == len(r.data) {
		return false, nil
	}
	b := r.data[r.pos:]
	var m message
	err := m.parse(b)
	if err == nil && r.wrapped {
		if !r.SkipCRC {
			err = checkMessage(b[:m.size])
		}
		if m.offset < 0 && m.format == V1 || m.offset > math.MaxInt64-1-r.base {
			err = errRelative
		}
	}
	if err != nil {
		return false, r.corrupt(r.pos, err)
	}
	rec.Offset = r.base + m.offset
	rec.Timestamp, rec.LogAppendTime = m.timestamp, r.logAppendTime
	if r.wrapped && r.logAppendTime && m.format == V1 {
		rec.Timestamp = r.logAppend // the wrapper's; those inside are the producer's
	}
	rec.Key, rec.Value = m.key, m.value
	rec.Headers = Headers{}
	r.pos += m.size
	return true, nil
}

func checkMessage(b []byte) error {
	got, want := uint32(int32At(b, messageCRCAt)), crc32.ChecksumIEEE(b[magicAt:])
	if got != want {
		return fmt.Errorf("a message in a wrapper: %w: it says %08x, and its bytes give %08x", ErrCRC, got, want)
	}
	return nil
}
