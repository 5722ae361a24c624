package consumer

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/assignors"
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

// Members of a mixed group write any version, and what can be read of it counts.
func TestSubscriptionsOfOtherClients(t *testing.T) {
	s := msg.NewConsumerProtocolSubscription()
	s.Topics, s.UserData, s.RackID = []string{"t", "u"}, []byte("data"), new("r")
	s.OwnedPartitions = []msg.ConsumerProtocolSubscriptionOwnedPartition{{Topic: "t", Partitions: []int32{0}}}
	for version := range int16(4) {
		b, err := s.Append(binary.BigEndian.AppendUint16(nil, uint16(version)), version)
		if err != nil {
			t.Fatal(err)
		}
		newer := append(slices.Clone(b), "what is to come"...)
		newer[1] = 9
		const front = 2 + 4 + 2*3 + 4 + 4 // what all versions have
		for name, b := range map[string][]byte{"": b, ", newer": newer, ", ended after the user data": b[:front]} {
			topics, data, err := decodeSubscription(b)
			if err != nil || !slices.Equal(topics, s.Topics) || string(data) != "data" {
				t.Errorf("version %d%s: topics %q, data %q, error %v", version, name, topics, data, err)
			}
		}
	}
	for _, test := range []struct {
		name   string
		hex    string
		topics []string
		data   []byte
		says   string // of the error
	}{
		{"kafka-go, version 1 without owned partitions", "0001" + "00000001" + "000174" + "00000000", []string{"t"}, []byte{}, ""},
		{"null user data", "0000" + "00000001" + "000174" + "ffffffff", []string{"t"}, nil, ""},
		{"topics named twice, and one without a name", "0000" + "00000004" + "000175" + "000174" + "0000" + "000175" + "00000000", []string{"u", "t"}, []byte{}, ""},
		{"a null topic among others", "0000" + "00000003" + "000175" + "ffff" + "000174" + "00000000", []string{"u", "t"}, []byte{}, ""},
		{"null topics", "0000" + "ffffffff" + "00000000", nil, []byte{}, ""},
		{"a version below 0", "ffff" + "00000001" + "000174" + "00000000", []string{"t"}, []byte{}, ""},
		{"no user data", "0000" + "00000001" + "000174", []string{"t"}, nil, "no user data"},
		{"half a length of user data", "0000" + "00000001" + "000174" + "0000", []string{"t"}, nil, "no user data"},
		{"user data cut off", "0000" + "00000001" + "000174" + "00000009" + "00", []string{"t"}, nil, "no user data"},
		{"topics cut off", "0000" + "00000003" + "000174" + "000175" + "0009", []string{"t", "u"}, nil, "1 topics are missing"},
		{"far too many topics", "0000" + "7fffffff" + "000174", []string{"t"}, nil, "2147483646 topics are missing"},
		{"a version alone", "0000", nil, nil, "no number of topics"},
		{"a byte", "00", nil, nil, "no number of topics"},
		{"nothing", "", nil, nil, "no number of topics of a subscription in its 0 bytes"},
	} {
		b, err := hex.DecodeString(test.hex)
		if err != nil {
			t.Fatal(err)
		}
		topics, data, err := decodeSubscription(b)
		if !slices.Equal(topics, test.topics) || !bytes.Equal(data, test.data) || (data == nil) != (test.data == nil) || (err == nil) != (test.says == "") ||
			err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: topics %q, data %x, error %v", test.name, topics, data, err)
		}
	}
}

// An assignment ends with its partitions, or with user data that may be missing.
func TestAssignmentsOfOtherLeaders(t *testing.T) {
	for _, test := range []struct {
		hex  string
		want []TopicPartition
		ok   bool
	}{
		{"0001" + "00000002" + "000174" + "00000002" + "00000000" + "00000002" + "000175" + "00000000", tps("t", 0, 2), true},
		{"0009" + "00000001" + "000174" + "00000001" + "00000003" + "ffffffff" + "0102", tps("t", 3), true},
		{"0000" + "ffffffff" + "ffffffff", nil, true},
		{"0000" + "00000001" + "000174" + "ffffffff", nil, true},
		{"0000" + "00000001" + "000174" + "00000002" + "00000000", nil, false},
		{"0000" + "7fffffff" + "000174" + "7fffffff", nil, false},
		{"0000", nil, false},
	} {
		b, err := hex.DecodeString(test.hex)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeAssignment(b)
		if want := test.want; test.ok != (err == nil) || !slices.Equal(got, want) && len(want)+len(got) > 0 {
			t.Errorf("%s: %v, %v; want %v", test.hex, got, err, want)
		}
	}
}

// Whatever a member sends, what its topics are is found out wherever they are readable, and nothing
// panics or takes more memory than there are bytes.
func FuzzGroupData(f *testing.F) {
	f.Add([]byte(nil), uint8(1), []byte("t,u"))
	f.Add([]byte{0, 1, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 0}, uint8(3), []byte("orders"))
	f.Add([]byte{0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 1, 't'}, uint8(9), []byte{})
	f.Add([]byte{0, 0, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0}, uint8(0), []byte(",,"))
	f.Fuzz(func(t *testing.T, b []byte, version uint8, names []byte) {
		topics, data, _ := decodeSubscription(b)
		size := len(data)
		for _, topic := range topics {
			size += 2 + len(topic)
		}
		if size > len(b) {
			t.Fatalf("topics %q and data %x of %x", topics, data, b)
		}
		if got, err := decodeAssignment(b); err == nil {
			again, err := encodeAssignment(got)
			back, err2 := decodeAssignment(again)
			if err != nil || err2 != nil || len(back) != len(got) {
				t.Fatalf("%v came back as %v; errors %v, %v", got, back, err, err2)
			}
		}

		// Topics and user data, whatever comes behind them.
		var want []string
		whole := []byte{0, version, 0, 0, 0, 0}
		for name := range strings.SplitSeq(string(names), ",") {
			if len(name) > 1000 {
				return
			}
			whole = binary.BigEndian.AppendUint16(whole, uint16(len(name)))
			whole = append(whole, name...)
			whole[5]++
			if name != "" && !slices.Contains(want, name) {
				want = append(want, name)
			}
			if whole[5] == 0 {
				return // too many
			}
		}
		whole = append(whole, 0, 0, 0, 4, 'd', 'a', 't', 'a')
		topics, data, err := decodeSubscription(append(whole, b...))
		if err != nil || !slices.Equal(topics, want) || string(data) != "data" {
			t.Fatalf("topics %q, want %q; data %q, error %v", topics, want, data, err)
		}
	})
}

// What an assignor of the application must not do is an error, not two members with one partition.
func TestAssignmentIsChecked(t *testing.T) {
	members := []assignors.Member{{ID: "a", Topics: []string{"t"}}, {ID: "b", Topics: []string{"t"}}}
	for says, gave := range map[string]map[string]assignors.MemberAssignment{
		"":                          {"a": {Partitions: tps("t", 1, 0)}},
		"t/0 twice":                 {"a": {Partitions: tps("t", 0)}, "b": {Partitions: tps("t", 0)}},
		`"c", which is no member`:   {"c": {}},
		"t/2, which does not exist": {"a": {Partitions: tps("t", 2)}},
		"t/-1, which":               {"a": {Partitions: tps("t", -1)}},
		"u/0, which does not":       {"a": {Partitions: tps("u", 0)}},
	} {
		encoded, err := assign(fixed{assignors.Range(), gave}, members, map[string]int32{"t": 2, "u": 0})
		if says == "" {
			// The member that was left out has an assignment all the same.
			if none, err2 := decodeAssignment(encoded["b"]); err != nil || err2 != nil || len(none) > 0 || len(encoded["b"]) == 0 {
				t.Errorf("%x, errors %v and %v", encoded, err, err2)
			}
		} else if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), `assignor "range"`) {
			t.Errorf("error %v, want one that says %s", err, says)
		}
	}
}

// fixed gives what it is told to.
type fixed struct {
	assignors.Assignor
	gave map[string]assignors.MemberAssignment
}

func (f fixed) Assign(assignors.Group) (assignors.Assignment, error) {
	return assignors.Assignment{Members: f.gave}, nil
}
