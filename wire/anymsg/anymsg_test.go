package anymsg_test

import (
	"slices"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func TestKeys(t *testing.T) {
	keys := anymsg.Keys()
	if !slices.IsSorted(keys) || len(keys) < 70 {
		t.Errorf("keys %v", keys)
	}
	for _, key := range keys {
		req, ok := anymsg.NewRequest(key)
		resp, alsoOK := anymsg.NewResponse(key)
		if _, known := key.Versions(); !ok || !alsoOK || !known || req.APIKey() != key || resp.APIKey() != key || req.NewResponse().APIKey() != key {
			t.Errorf("%s: %T, %T", key, req, resp)
		}
	}
	for key := range wire.APIKey(200) { // no key is left out
		if _, known := key.Versions(); known != slices.Contains(keys, key) {
			t.Errorf("%s", key)
		}
	}
	if req, ok := anymsg.NewRequest(4); ok || req != nil {
		t.Errorf("%T", req)
	}
	if resp, ok := anymsg.NewResponse(-1); ok || resp != nil {
		t.Errorf("%T", resp)
	}
}

// New messages have Kafka's defaults, not Go's zeros.
func TestDefaults(t *testing.T) {
	req, _ := anymsg.NewRequest(wire.KeyMetadata)
	if !req.(*msg.MetadataRequest).AllowAutoTopicCreation {
		t.Error("a request's defaults")
	}
	resp, _ := anymsg.NewResponse(wire.KeyMetadata)
	if resp.(*msg.MetadataResponse).ControllerID != -1 {
		t.Error("a response's defaults")
	}
}

func TestData(t *testing.T) {
	for _, name := range anymsg.DataNames() {
		if data, ok := anymsg.NewData(name); !ok || data.Versions().Max < data.Versions().Min {
			t.Errorf("%s: %T", name, data)
		}
	}
	if data, ok := anymsg.NewData("ConsumerProtocolSubscription"); !ok || data.Versions().Max < 3 {
		t.Errorf("%T", data)
	}
	if data, ok := anymsg.NewData("MetadataRequest"); ok || data != nil {
		t.Errorf("%T", data)
	}
}
