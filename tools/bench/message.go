package main

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A message is one that each library has a type for, and our value of it. The
// values of the others are decoded from what ours is encoded to, so that all
// hold the same.
type message struct {
	name      string
	version   int16
	ours      wire.Message
	newOurs   func() wire.Message
	newKmsg   func() kmsgMessage
	newSarama func() any
	decode    target
	encode    target
}

// A kmsgMessage is a request or response of kmsg's.
type kmsgMessage interface {
	kmsg.UnsafeReadFrom
	SetVersion(int16)
	ReadFrom([]byte) error
	AppendTo([]byte) []byte
}

func (m *message) bytes() ([]byte, error) { return m.ours.Append(nil, m.version) }

// lastDecoded keeps what is decoded from staying on the stack.
var lastDecoded any

// decodeCase is decoding into a new value. Only the last value is kept: what the
// others decoded would make work for everybody's garbage collections.
func (m *message) decodeCase() (benchCase, error) {
	src, err := m.bytes()
	if err != nil {
		return benchCase{}, err
	}
	m.ours, lastDecoded = nil, nil
	return benchCase{fmt.Sprintf("%s v%d decode", m.name, m.version), []contender{
		{ours, func() error {
			v := m.newOurs()
			lastDecoded = v
			return v.Decode(src, m.version)
		}},
		{kmsgSafe, func() error {
			v := m.newKmsg()
			lastDecoded = v
			v.SetVersion(m.version)
			return v.ReadFrom(src)
		}},
		{kmsgUnsafe, func() error {
			v := m.newKmsg()
			lastDecoded = v
			v.SetVersion(m.version)
			return v.UnsafeReadFrom(src)
		}},
		{saramas, func() error {
			v := newSaramaMessage(m.newSarama())
			lastDecoded = v
			return v.decode(src, m.version)
		}},
	}, m.decode}, nil
}

// encodeCase is encoding into memory that is there.
func (m *message) encodeCase() (benchCase, error) {
	src, err := m.bytes()
	if err != nil {
		return benchCase{}, err
	}
	fromKmsg, fromSarama, err := m.others(src)
	if err != nil {
		return benchCase{}, err
	}
	dst := make([]byte, 0, 2*len(src))
	return benchCase{fmt.Sprintf("%s v%d encode", m.name, m.version), []contender{
		{ours, func() (err error) {
			dst, err = m.ours.Append(dst[:0], m.version)
			return err
		}},
		{kmsgSafe, func() error {
			dst = fromKmsg.AppendTo(dst[:0])
			return nil
		}},
		{saramas, func() error {
			_, err := fromSarama.encode()
			return err
		}},
	}, m.encode}, nil
}

// others are the values of the other libraries.
func (m *message) others(src []byte) (kmsgMessage, saramaMessage, error) {
	k := m.newKmsg()
	k.SetVersion(m.version)
	if err := k.ReadFrom(src); err != nil {
		return nil, saramaMessage{}, fmt.Errorf("kmsg does not read our %s: %w", m.name, err)
	}
	s := newSaramaMessage(m.newSarama())
	if err := s.decode(src, m.version); err != nil {
		return nil, saramaMessage{}, fmt.Errorf("sarama does not read our %s: %w", m.name, err)
	}
	return k, s, nil
}
