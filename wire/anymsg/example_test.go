package anymsg_test

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
)

// What a proxy does with a frame: any API, any version.
func ExampleNewRequest() {
	frame := []byte("\x00\x0a\x00\x00\x00\x00\x00\x07\x00\x02me\x00\x08my-group")
	header, body, err := wire.DecodeRequestHeader(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	req, ok := anymsg.NewRequest(header.APIKey)
	if !ok {
		fmt.Println("unknown", header.APIKey)
		return
	}
	if err := req.Decode(body, header.APIVersion); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s v%d from %s: %T\n", header.APIKey, header.APIVersion, *header.ClientID, req)
	// Output: FindCoordinator v0 from me: *msg.FindCoordinatorRequest
}
