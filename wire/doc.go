// Package wire is Kafka's protocol: bytes to structs and back, and nothing else.
// It knows no goroutine, clock or network, and its module requires no other.
// Clients, proxies, brokers and tools can stand on it alone.
//
// This package holds what every message needs: frames and headers, API keys with
// their versions and those that each release speaks (VersionsOf), error codes with
// their meanings, and the small types that all of barnabas shares (TopicPartition,
// Header, UUID). The messages are in
// package wire/msg, a generated file for each API, requests and responses in
// every version from the one that 0.8.0 spoke on; batches of records are in
// package wire/record; package wire/anymsg reads and writes any message, and
// whole frames, for proxies and the like.
//
//	req := msg.NewMetadataRequest()
//	req.Topics = []msg.MetadataRequestTopic{{Name: new("my-topic")}}
//	frame, err := wire.AppendRequest(nil, 9, 1, "my-client", req) // version 9, correlation id 1
//
// and, when the answer has come:
//
//	frame, err := wire.ReadFrame(conn, nil, 1<<20)
//	header, body, err := wire.DecodeResponseHeader(frame, wire.KeyMetadata, 9)
//	var resp msg.MetadataResponse
//	err = resp.Decode(body, 9)
//
// # What to expect of messages
//
// A field's comment says in which versions it travels. Decode gives the others
// their defaults; Append refuses a field that the version can't carry and that
// is not at its default, unless Kafka's schema lets it be dropped. SetDefaults,
// and the New functions of package msg, set Kafka's defaults, which are not
// always Go's zero.
//
// Decode copies strings, few blocks for a message, and lets []byte fields alias
// the input, which must outlive them. Small arrays share blocks, too: who keeps
// one keeps its block. Decoding into a used struct reuses its slices.
//
// Damaged input gives a *DecodeError that names the field and the byte. It never
// panics, and decoding n bytes allocates at most 64 times n, and 32 KiB. Bytes
// after the end of a message are ignored, as brokers do.
//
// AppendJSON and DecodeJSON, which all messages have, go to Kafka's own JSON and
// back.
package wire
