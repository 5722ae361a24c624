package msg_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// jsonMessage is what every message has beside wire.Message.
type jsonMessage interface {
	AppendJSON(dst []byte, version int16) ([]byte, error)
	DecodeJSON(src []byte, version int16) error
}

// Every message in every version goes to JSON and back without a loss, and the
// JSON is one that others can read.
func TestJSONRoundTrip(t *testing.T) {
	for _, k := range kinds() {
		for version := k.versions.Min; version <= k.versions.Max; version++ {
			for way, f := range fillers(uint64(version)) {
				_, want := k.filled(t, f, version)
				m := k.make()
				if err := m.Decode(want, version); err != nil {
					t.Fatal(err)
				}
				text, err := m.(jsonMessage).AppendJSON([]byte("x"), version)
				if err != nil || text[0] != 'x' || !json.Valid(text[1:]) {
					t.Fatalf("%s v%d, %s: %v: %s", k.name, version, way, err, text)
				}
				again := k.make()
				if err := again.(jsonMessage).DecodeJSON(text[1:], version); err != nil {
					t.Fatalf("%s v%d, %s: %v: %s", k.name, version, way, err, text)
				}
				if got, err := again.Append(nil, version); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s v%d, %s: %v\n%s\n got %x\nwant %x", k.name, version, way, err, text, got, want)
				}
			}
		}
	}
}

func TestJSON(t *testing.T) {
	m := msg.NewMetadataRequest()
	m.Topics = []msg.MetadataRequestTopic{{Name: new("a\"<ż")}, {Name: nil, TopicID: [16]byte{1}}}
	text, err := m.AppendJSON(nil, 12)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", " "); err != nil {
		t.Fatal(err)
	}
	want := `{"topics":[{"topicId":"AAAAAAAAAAAAAAAAAAAAAA","name":"a\"\u003cż"},{"topicId":"AQAAAAAAAAAAAAAAAAAAAA","name":null}],` +
		`"allowAutoTopicCreation":true,"includeTopicAuthorizedOperations":false}`
	if string(text) != want {
		t.Errorf("%s\nwant %s", text, want)
	}
	if _, err := m.AppendJSON(nil, 3); err == nil {
		t.Error("a version that can't carry a topic's id")
	}
}

// What is left out is at its default; what would be lost is an error that says
// where it is.
func TestDecodeJSON(t *testing.T) {
	m := msg.NewFetchRequest()
	if err := m.DecodeJSON([]byte(`{"topics":[{"topic":"t","partitions":[{}]}]}`), 11); err != nil {
		t.Fatal(err)
	}
	want := msg.NewFetchRequest()
	want.Topics = []msg.FetchRequestTopic{{Topic: "t", Partitions: make([]msg.FetchRequestTopicPartition, 1)}}
	want.Topics[0].Partitions[0].SetDefaults()
	a, err := m.Append(nil, 11)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.DecodeJSON([]byte(`{"_unknownTaggedFields":[{"tag":4294967295,"data":""},{"tag":9,"data":""}]}`), 12); err != nil || m.UnknownTags.Len() != 2 {
		t.Errorf("tags out of order: %v", err)
	}
	b, err := want.Append(nil, 11)
	if err != nil || !slices.Equal(a, b) {
		t.Errorf("%v: %x, want %x", err, a, b)
	}
	for text, problem := range map[string]string{
		`{"topics":[{"topc":"t"}]}`: `FetchRequest v11: topics[0]: no field "topc" here`,
		`{"clusterId":"c"}`:         `FetchRequest v11: this version has no field "clusterId"; versions 12-18 have`, // Append drops it
		`{"replicaState":{}}`:       `FetchRequest v11: this version has no field "replicaState"; versions 15-18 have`,
		`{"topics":[{"topic":5}]}`:  `FetchRequest v11: topics[0].topic: want a string, not 5`,
		`{"topics":{}}`:             `FetchRequest v11: topics: want an array, not {}`,
		`{"topics":null}`:           `FetchRequest v11: topics: want an array, not null`,
		`[]`:                        `FetchRequest v11: want an object, not []`,
		`{"maxWaitMs":3000000000}`:  `FetchRequest v11: maxWaitMs: want a whole number from -2147483648 to 2147483647, not 3000000000`,
		`{"isolationLevel":1.5}`:    `FetchRequest v11: isolationLevel: want a whole number from -128 to 127, not 1.5`,
		`{"topics":[{"topic":"` + strings.Repeat("x", 1<<15) + `"}]}`: `FetchRequest v11: topics[0].topic: 32768 bytes, and a string has at most 32767`,
		`{"_unknownTaggedFields":[{"tag":1,"data":""}]}`:              `FetchRequest v11: _unknownTaggedFields: this version has no tagged fields`,
		`{} {}`: `FetchRequest v11: there is more after the JSON value`,
		`{`:     `FetchRequest v11: unexpected EOF`,
	} {
		if err := m.DecodeJSON([]byte(text), 11); err == nil || err.Error() != problem {
			t.Errorf("%.60s: %v, want %s", text, err, problem)
		}
	}
	for text, problem := range map[string]string{
		`{"_unknownTaggedFields":[{"tag":1,"data":"?"}]}`:                        `FetchRequest v12: _unknownTaggedFields: illegal base64 data at input byte 0`,
		`{"_unknownTaggedFields":[{"tag":9,"data":""},{"tag":9,"data":"AA=="}]}`: `FetchRequest v12: UnknownTags: tag 9 does not come after tag 9; they must ascend`,
		`{"clusterId":5}`: `FetchRequest v12: clusterId: want a string, not 5`,
	} {
		if err := m.DecodeJSON([]byte(text), 12); err == nil || err.Error() != problem {
			t.Errorf("%.60s: %v, want %s", text, err, problem)
		}
	}
	if err := m.DecodeJSON([]byte(`{}`), 99); err == nil || err.Error() != "FetchRequest v99: no such version; there are 0-18" {
		t.Error(err)
	}
}
