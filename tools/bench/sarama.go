package main

import (
	"unsafe"

	"github.com/IBM/sarama"
)

// sarama keeps the functions that turn messages to bytes and back to itself.
// The two below are linked to them by name. They take interfaces whose types
// are unexported as well; a value of such a type is made by type inference,
// from an exported method that has them in its signature.

//go:linkname saramaVersionedDecode github.com/IBM/sarama.versionedDecode
func saramaVersionedDecode(src []byte, message iface, version int16, registry iface) error

//go:linkname saramaEncode github.com/IBM/sarama.encode
func saramaEncode(message iface, registry iface) ([]byte, error)

// iface is an interface value as the compiler lays it out and passes it.
type iface struct{ table, data unsafe.Pointer }

func toIface[T any](message any) iface {
	value := message.(T)
	return *(*iface)(unsafe.Pointer(&value))
}

// saramaTypes makes a message of sarama's what versionedDecode and encode take.
// E has one method more than the interface that encode takes; methods are in
// the order of their names, and encode is the first of both.
func saramaTypes[M, D, E any](func(M, D) E) (decoder, encoder func(message any) iface) {
	return toIface[D], toIface[E]
}

// A saramaMessage is a message of sarama's.
type saramaMessage struct{ decoder, encoder iface }

func newSaramaMessage(message any) saramaMessage {
	decoder, encoder := saramaTypes((*sarama.MockMetadataResponse).For)
	return saramaMessage{decoder(message), encoder(message)}
}

func (m saramaMessage) decode(src []byte, version int16) error {
	return saramaVersionedDecode(src, m.decoder, version, iface{})
}

// encode makes the message's bytes, in the version that it was decoded in.
// sarama has no way to give it memory to write to.
func (m saramaMessage) encode() ([]byte, error) {
	return saramaEncode(m.encoder, iface{})
}
