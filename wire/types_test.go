package wire_test

import (
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

func TestUUID(t *testing.T) {
	for text, want := range map[string]wire.UUID{
		"AAAAAAAAAAAAAAAAAAAAAA": {},
		"AAAAAAAAAAAAAAAAAAAAAQ": {15: 1}, // Kafka's id of the metadata topic
		"_____________________w": {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		if got, err := wire.ParseUUID(text); err != nil || got != want || want.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA+", "AAAAAAAAAAAAAAAAAAAAA\nA", "00000000-0000-0000-0000-000000000000"} {
		if got, err := wire.ParseUUID(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestTopicPartition(t *testing.T) {
	counts := map[wire.TopicPartition]int{{Topic: "a", Partition: 1}: 5}
	tp := wire.TopicPartition{Topic: "a", Partition: 1}
	if counts[tp] != 5 || tp.String() != "a/1" {
		t.Error(tp, counts)
	}
}
