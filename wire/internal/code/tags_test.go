package code_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func tag(number uint32, data string) wire.Tag { return wire.Tag{Number: number, Data: []byte(data)} }

// Unknown tagged fields and those of the schema go out together, ascending.
func TestTagsAreMerged(t *testing.T) {
	partition := msg.FetchResponseResponsePartition{UnknownTags: &wire.Tags{tag(3, "x"), tag(200, "")}}
	partition.SetDefaults()
	partition.UnknownTags = &wire.Tags{tag(3, "x"), tag(200, "")}
	partition.CurrentLeader.LeaderID = 5   // tag 1
	partition.DivergingEpoch.EndOffset = 9 // tag 0
	m := msg.FetchResponse{Responses: []msg.FetchResponseResponse{{Partitions: []msg.FetchResponseResponsePartition{partition}}}}
	m.UnknownTags = &wire.Tags{tag(0, "node endpoints, which version 12 has not")}
	b, err := m.Append(nil, 12)
	if err != nil {
		t.Fatal(err)
	}
	section := "\x04" + "\x00\x0d\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x09\x00" + "\x01\x09\x00\x00\x00\x05\xff\xff\xff\xff\x00" + "\x03\x01x" + "\xc8\x01\x00"
	if !strings.Contains(string(b), section) {
		t.Errorf("%x does not hold %x", b, section)
	}
	var got msg.FetchResponse
	if err := got.Decode(b, 12); err != nil {
		t.Fatal(err)
	}
	if again, err := got.Append(nil, 12); err != nil || !bytes.Equal(again, b) {
		t.Errorf("%x became %x, %v", b, again, err)
	}
	if got.UnknownTags.Len() != 1 || got.Responses[0].Partitions[0].UnknownTags.Len() != 2 || got.Responses[0].Partitions[0].CurrentLeader.LeaderID != 5 {
		t.Errorf("%+v", got)
	}
	if _, err := got.Append(nil, 11); err == nil || !strings.Contains(err.Error(), "UnknownTags") {
		t.Errorf("version 11 has no tags: %v", err)
	}
}

func TestTagsAscend(t *testing.T) {
	for _, tags := range []wire.Tags{{tag(2, ""), tag(1, "")}, {tag(1, ""), tag(1, "")}} {
		for name, m := range map[string]wire.Message{
			"a struct without tags of its own": &msg.HeartbeatRequest{UnknownTags: &tags},
			"a struct with tags of its own":    &msg.FetchResponse{UnknownTags: &tags},
		} {
			if b, err := m.Append(nil, max(4, m.(wire.Response).APIKey().FirstFlexible())); err == nil || !strings.Contains(err.Error(), "ascend") {
				t.Errorf("%s: %x, %v", name, b, err)
			}
		}
	}
}

// A tag that is unknown to one version can be a field's in another.
func TestTagOfAField(t *testing.T) {
	m := msg.FetchResponse{UnknownTags: &wire.Tags{tag(0, "\x01")}}
	for _, version := range []int16{12, 16} {
		if b, err := m.Append(nil, version); err != nil || !strings.HasSuffix(string(b), "\x01\x00\x01\x01") {
			t.Errorf("v%d: %x, %v", version, b, err)
		}
	}
	m.NodeEndpoints = []msg.FetchResponseNodeEndpoint{{NodeID: 1}}
	if b, err := m.Append(nil, 16); err == nil || !strings.Contains(err.Error(), "tag 0") {
		t.Errorf("twice: %x, %v", b, err)
	}
}

func TestBadTags(t *testing.T) {
	for name, section := range map[string]string{
		"more tags than bytes":           "\x05\x01\x00",
		"hostile count":                  "\xff\xff\xff\xff\x0f",
		"longer than the message":        "\x01\x05\x10abc",
		"hostile size":                   "\x01\x05\xff\xff\xff\xff\x0f",
		"no number":                      "\x01",
		"a known tag longer than it is":  "\x01\x00\x03\x01\x00\x00",
		"a known tag shorter than it is": "\x01\x00\x01\x03\x00\x00\x00",
	} {
		m := msg.NewFetchResponse()
		b, err := m.Append(nil, 16)
		if err != nil || b[len(b)-1] != 0 {
			t.Fatal(b, err)
		}
		if err := m.Decode(append(b[:len(b)-1], section...), 16); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
