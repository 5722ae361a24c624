// Package anymsg reads and writes any message of Kafka's protocol, for programs
// that take whatever comes: proxies, decoders of traffic, brokers in tests.
// Clients don't need it; whoever imports it links the code of every message there
// is.
//
//	header, req, err := anymsg.DecodeRequest(frame)
//	if err != nil {
//		return err
//	}
//	text, err := req.AppendJSON(nil, header.APIVersion)
//
// The JSON is Kafka's: the fields of that version by Kafka's names, as its own
// tools print them (kafka-dump-log, the request log). Bytes are base64; UUIDs are
// as Kafka prints them. Tagged fields at their default are left out. Those that
// the schema does not know, which Kafka leaves out, are in _unknownTaggedFields.
// DecodeJSON reads all of that back. Kafka leaves out what records hold: it prints
// "", or recordsSizeInBytes in the request log, which is refused as no field.
// Bytes that are not UTF-8 in a string can't be kept: JSON has none.
package anymsg
