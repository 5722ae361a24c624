package wire_test

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// A request and its response, as they cross a connection.
func Example() {
	var conn bytes.Buffer // in place of a net.Conn

	req := msg.NewMetadataRequest()
	req.Topics = []msg.MetadataRequestTopic{{Name: new("my-topic")}}
	frame, err := wire.AppendRequest(nil, 9, 1, "my-client", req) // version 9, correlation id 1
	if err != nil {
		fmt.Println(err)
		return
	}
	conn.Write(frame)

	// The broker's end.
	frame, err = wire.ReadFrame(&conn, nil, 1<<20)
	if err != nil {
		fmt.Println(err)
		return
	}
	header, body, err := wire.DecodeRequestHeader(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	var got msg.MetadataRequest
	if err := got.Decode(body, header.APIVersion); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(header.APIKey, header.APIVersion, header.CorrelationID, *header.ClientID, *got.Topics[0].Name)

	// Output: Metadata 9 1 my-client my-topic
}

// A field that the version can't carry is an error, unless Kafka's schema says
// that it may be dropped.
func ExampleEncodeError() {
	req := msg.NewMetadataRequest()
	req.AllowAutoTopicCreation = false
	_, err := req.Append(nil, 3)
	fmt.Println(err)
	// Output: MetadataRequest v3: AllowAutoTopicCreation: this version has no such field, and it is not at its default, which SetDefaults sets
}

func ExampleDecodeError() {
	var resp msg.MetadataResponse
	err := resp.Decode([]byte{0, 0, 0, 1, 0, 0, 0}, 0) // one broker, and no more than a part of its id
	fmt.Println(err)
	// Output: MetadataResponse v0: Brokers: length 1 at byte 0 of 7
}

func ExampleErrorCode() {
	err := fmt.Errorf("produce to my-topic/0: %w", wire.ErrNotLeaderOrFollower)
	if code, ok := errors.AsType[wire.ErrorCode](err); ok {
		fmt.Println(code.String(), code.Retriable(), code.RefreshMetadata())
		fmt.Println(code.Meaning())
	}
	fmt.Println(errors.Is(err, wire.ErrNotLeaderOrFollower))
	// Output:
	// NOT_LEADER_OR_FOLLOWER true true
	// this broker does not lead the partition, or no longer has a replica of it
	// true
}

func ExampleAPIKey_Versions() {
	versions, ok := wire.KeyFetch.Versions()
	fmt.Println(wire.KeyFetch, versions, ok, "flexible from", wire.KeyFetch.FirstFlexible())
	// Output: Fetch 0-18 true flexible from 12
}
