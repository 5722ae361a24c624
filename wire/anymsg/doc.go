// Package anymsg finds a message of Kafka's protocol by the key of its API or by
// its name, for programs that take whatever comes: proxies, decoders of traffic,
// brokers in tests. Clients don't need it; whoever imports it links the code of
// every message there is.
//
//	header, body, err := wire.DecodeRequestHeader(frame)
//	req, ok := anymsg.NewRequest(header.APIKey)
//	if !ok {
//		return fmt.Errorf("unknown API %d", header.APIKey)
//	}
//	err = req.Decode(body, header.APIVersion)
package anymsg

import "github.com/barnabas-kafka/barnabas/wire"

// Data is a message without a key: it travels inside another message or in a
// control record.
type Data interface {
	wire.Message
	// Versions are the versions that there are.
	Versions() wire.VersionRange
}
