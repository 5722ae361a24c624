package anymsg_test

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
)

// Any API, any version.
func ExampleDecodeRequest() {
	frame := []byte("\x00\x0a\x00\x00\x00\x00\x00\x07\x00\x02me\x00\x08my-group")
	header, req, err := anymsg.DecodeRequest(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := req.AppendJSON(nil, header.APIVersion)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s v%d from %s: %s\n", header.APIKey, header.APIVersion, *header.ClientID, text)
	// Output: FindCoordinator v0 from me: {"key":"my-group"}
}

// A request written by hand: what is left out is at its default.
func ExampleNewRequest() {
	req, _ := anymsg.NewRequest(wire.KeyMetadata)
	if err := req.DecodeJSON([]byte(`{"topics": [{"name": "my-topic"}]}`), 9); err != nil {
		fmt.Println(err)
		return
	}
	frame, err := wire.AppendRequest(nil, 9, 1, "me", req)
	fmt.Printf("%q %v\n", frame, err)

	err = req.DecodeJSON([]byte(`{"topics": [{"nmae": "my-topic"}]}`), 9)
	fmt.Println(err)
	// Output:
	// "\x00\x00\x00\x1c\x00\x03\x00\t\x00\x00\x00\x01\x00\x02me\x00\x02\tmy-topic\x00\x01\x00\x00\x00" <nil>
	// MetadataRequest v9: topics[0]: no field "nmae" here
}
