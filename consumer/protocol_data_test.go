package consumer

import (
	"encoding/hex"
	"log/slog"
	"slices"
	"testing"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// The bytes are those recorded from kafka-python 1.2.1.
func TestGroupDataIsWhatOthersWrite(t *testing.T) {
	for _, a := range []assignors.Assignor{assignors.Range(), assignors.RoundRobin()} {
		got, err := encodeSubscription(a, []string{"foobar"})
		if want := "0000000000010006666f6f62617200000000"; err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: %x, %v; want %s", a.Protocol().Name, got, err, want)
		}
	}
	got, err := encodeAssignment(tps("foobar", 0, 1))
	if want := "0000000000010006666f6f626172000000020000000000000001" + "00000000"; err != nil || hex.EncodeToString(got) != want {
		t.Errorf("%x, %v; want %s", got, err, want)
	}
	back, err := decodeAssignment(got)
	if err != nil || !slices.Equal(back, tps("foobar", 0, 1)) {
		t.Errorf("%v, %v", back, err)
	}
	if none, err := decodeAssignment(nil); err != nil || len(none) != 0 {
		t.Errorf("no bytes: %v, %v", none, err)
	}
}

// Members of a mixed group write any version; what can't be read gets nothing and harms nobody.
func TestSubscriptionsOfOtherClients(t *testing.T) {
	c := &Consumer{log: &logger{to: slog.New(slog.DiscardHandler)}}
	s := msg.NewConsumerProtocolSubscription()
	s.Topics, s.RackID = []string{"t", "u"}, new("r")
	s.OwnedPartitions = []msg.ConsumerProtocolSubscriptionOwnedPartition{{Topic: "t", Partitions: []int32{0}}}
	var joined []joinedMember
	for version := range int16(4) {
		b, err := s.Append(wire.AppendInt16(nil, version), version)
		if err != nil {
			t.Fatal(err)
		}
		joined = append(joined, joinedMember{id: string('a' + rune(version)), metadata: b})
	}
	newer := slices.Clone(joined[3].metadata)
	newer[1] = 9
	joined = append(joined, joinedMember{id: "newer", metadata: newer}, joinedMember{id: "broken", metadata: []byte{0}})
	members, topics := c.decodeMembers(joined)
	if !slices.Equal(topics, []string{"t", "u"}) || len(members) != len(joined) {
		t.Fatalf("topics %v of %d members", topics, len(members))
	}
	for _, m := range members {
		want := s.Topics
		if m.ID == "broken" {
			want = nil
		}
		if !slices.Equal(m.Topics, want) {
			t.Errorf("%s subscribes to %v", m.ID, m.Topics)
		}
	}
}
