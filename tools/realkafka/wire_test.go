package realkafka

import (
	"reflect"
	"testing"
)

// answerV1 is a Metadata v1 answer: broker 7 at h:258, in no rack, the
// controller; topic "t" with partition 2 led by 7.
var answerV1 = []byte{
	0, 0, 0, 1, 0, 0, 0, 7, 0, 1, 'h', 0, 0, 1, 2, 0xff, 0xff,
	0, 0, 0, 7,
	0, 0, 0, 1, 0, 3, 0, 1, 't', 0,
	0, 0, 0, 1, 0, 9, 0, 0, 0, 2, 0, 0, 0, 7,
	0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 7,
}

func TestParseMetadata(t *testing.T) {
	got, err := parseMetadata(answerV1, 1)
	want := metadata{
		brokers:    map[int32]string{7: "h:258"},
		controller: 7,
		topics:     map[string]topicMetadata{"t": {code: 3, partitions: map[int32]int32{2: 7}}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	empty, err := parseMetadata(make([]byte, 8), 0)
	if err != nil || len(empty.brokers)+len(empty.topics) != 0 || empty.controller != -1 {
		t.Errorf("nothing is read as %v, %v", empty, err)
	}
}

func TestDamagedAnswers(t *testing.T) {
	for n := range answerV1 {
		if _, err := parseMetadata(answerV1[:n], 1); err == nil {
			t.Errorf("the first %d bytes of an answer are accepted", n)
		}
	}
	if _, err := parseMetadata([]byte{0x7f, 0xff, 0xff, 0xff, 0}, 0); err == nil {
		t.Error("an answer of two billion brokers in one byte is accepted")
	}
	if _, _, err := parseCreateTopics([]byte{0, 0, 0, 1, 0, 1, 't'}, 0); err == nil {
		t.Error("half an answer to CreateTopics is accepted")
	}
}

func TestParseCreateTopics(t *testing.T) {
	code, message, err := parseCreateTopics([]byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 't', 0, 36, 0, 2, 'n', 'o'}, 2)
	if code != 36 || message != "no" || err != nil {
		t.Errorf("version 2: %d %q %v", code, message, err)
	}
	code, _, err = parseCreateTopics([]byte{0, 0, 0, 1, 0, 1, 't', 0, 41}, 0)
	if code != 41 || err != nil {
		t.Errorf("version 0: %d %v", code, err)
	}
}
