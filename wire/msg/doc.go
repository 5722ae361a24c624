// Package msg holds the messages of Kafka's protocol that clients send and get:
// a request and a response for each API, in every version from the one that
// brokers of 0.8.0 spoke to those of 4.4, and the messages that travel inside
// others or in control records, such as ConsumerProtocolSubscription. Its code
// is generated from wire/defs.
//
//	req := msg.NewFindCoordinatorRequest()
//	req.Key = "my-group"
//	body, err := req.Append(nil, 0)
//
// Names are Kafka's, with Id as ID. The type of a field's struct is named after
// the struct around it and the field, in the singular: FetchRequest.Topics is a
// []FetchRequestTopic.
//
// # Fields and versions
//
// The comment of each field says which versions carry it, in which of them nil
// is null (elsewhere nil is empty), and Kafka's default where it is not Go's
// zero. Literals don't set the defaults; New functions and SetDefaults do:
//
//	AllowAutoTopicCreation bool // versions 4+; default true
//
// Append refuses a field that its version lacks and that is not at its default,
// so that nothing gets lost unseen. Where the comment says "ignored by other
// versions", Kafka's schema wants the value dropped instead. Mind a few of those:
// Fetch names topics by TopicID from version 13 on and drops their names, and
// Produce does the same.
//
// Fields of type *string, and slices that can be null, are nil for null.
// UnknownTags of each struct keeps the tagged fields that the schema does not
// know, so that a proxy passes them on; they go out by ascending number. nil is
// none.
//
// # JSON
//
// AppendJSON and DecodeJSON go to the JSON of Kafka's own tools and back: the
// fields of one version, by Kafka's names with a small first letter. There is no
// MarshalJSON, since a message without a version has none: encoding/json writes
// the Go struct.
//
// # Records
//
// Records are []byte here; package wire/record reads and writes them. Messages
// that have them also have AppendParts, which leaves them where they are.
package msg
