package main

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestSameMessages: all hold the same, and so do the same work. What another
// library decoded from our bytes, it encodes to the same bytes.
func TestSameMessages(t *testing.T) {
	for _, newMessage := range messages() {
		m := newMessage()
		t.Run(m.name, func(t *testing.T) {
			want, err := m.bytes()
			if err != nil {
				t.Fatal(err)
			}
			fromKmsg, fromSarama, err := m.others(want)
			if err != nil {
				t.Fatal(err)
			}
			if got := fromKmsg.AppendTo(nil); !bytes.Equal(got, want) {
				t.Errorf("kmsg encodes to other bytes: %d of them, want %d", len(got), len(want))
			}
			got, err := fromSarama.encode()
			if err != nil {
				t.Fatal(err)
			}
			if got := inOrder(t, m, got); !bytes.Equal(got, want) {
				t.Errorf("sarama encodes to other bytes: %d of them, want %d", len(got), len(want))
			}
		})
	}
}

// inOrder decodes with ours, sorts topics and partitions, of which sarama has
// maps, and encodes with ours.
func inOrder(t *testing.T, m *message, src []byte) []byte {
	decoded := m.newOurs()
	if err := decoded.Decode(src, m.version); err != nil {
		t.Fatal(err)
	}
	sortTopics(decoded)
	b, err := decoded.Append(nil, m.version)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sortTopics(m wire.Message) {
	switch m := m.(type) {
	case *msg.FetchRequest:
		slices.SortFunc(m.Topics, func(a, b msg.FetchRequestTopic) int { return strings.Compare(a.Topic, b.Topic) })
		for _, topic := range m.Topics {
			slices.SortFunc(topic.Partitions, func(a, b msg.FetchRequestTopicPartition) int { return cmp.Compare(a.Partition, b.Partition) })
		}
	case *msg.FetchResponse:
		slices.SortFunc(m.Responses, func(a, b msg.FetchResponseResponse) int { return strings.Compare(a.Topic, b.Topic) })
		for _, topic := range m.Responses {
			slices.SortFunc(topic.Partitions, func(a, b msg.FetchResponseResponsePartition) int {
				return cmp.Compare(a.PartitionIndex, b.PartitionIndex)
			})
		}
	case *msg.ProduceResponse:
		slices.SortFunc(m.Responses, func(a, b msg.ProduceResponseResponse) int { return strings.Compare(a.Name, b.Name) })
		for _, topic := range m.Responses {
			slices.SortFunc(topic.PartitionResponses, func(a, b msg.ProduceResponseResponsePartitionResponse) int {
				return cmp.Compare(a.Index, b.Index)
			})
		}
	case *msg.OffsetCommitRequest:
		slices.SortFunc(m.Topics, func(a, b msg.OffsetCommitRequestTopic) int { return strings.Compare(a.Name, b.Name) })
		for _, topic := range m.Topics {
			slices.SortFunc(topic.Partitions, func(a, b msg.OffsetCommitRequestTopicPartition) int {
				return cmp.Compare(a.PartitionIndex, b.PartitionIndex)
			})
		}
	case *msg.OffsetCommitResponse:
		slices.SortFunc(m.Topics, func(a, b msg.OffsetCommitResponseTopic) int { return strings.Compare(a.Name, b.Name) })
		for _, topic := range m.Topics {
			slices.SortFunc(topic.Partitions, func(a, b msg.OffsetCommitResponseTopicPartition) int {
				return cmp.Compare(a.PartitionIndex, b.PartitionIndex)
			})
		}
	}
}

// TestSameRecords: all write the same bytes. That all read the same out of
// these, each run of a case compares.
func TestSameRecords(t *testing.T) {
	records := testRecords(1000)
	for _, f := range formats() {
		want, err := oursEncode(f, records, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, lib := range recordLibraries() {
			t.Run(f.String()+"/"+lib.name, func(t *testing.T) {
				got, err := lib.encode(f, records, make([]byte, 0, 2*len(want)))
				if err == nil && lib.unwrap != nil {
					got, err = lib.unwrap(got, f)
				}
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("other bytes: %d of them, want %d", len(got), len(want))
				}
			})
		}
	}
}

// TestDamagedRecords: all look at the CRCs. Each finds a wrong bit
// in a value.
func TestDamagedRecords(t *testing.T) {
	records := testRecords(1000)
	for _, f := range formats() {
		batch, err := oursEncode(f, records, nil)
		if err != nil {
			t.Fatal(err)
		}
		batch[len(batch)-50] ^= 1 // of the last value
		for _, lib := range recordLibraries() {
			t.Run(f.String()+"/"+lib.name, func(t *testing.T) {
				src := batch
				if lib.wrap != nil {
					if src, err = lib.wrap(batch, f); err != nil {
						t.Fatal(err)
					}
				}
				if err := lib.read(f, src, new(tally)); err == nil {
					t.Error("no error")
				}
			})
		}
	}
}

// TestTable: a line for each case, and the misses are counted.
func TestTable(t *testing.T) {
	var out strings.Builder
	missed, err := run(&out, "^(batch|OffsetCommit response)", 1, true)
	if err != nil {
		t.Fatal(err)
	}
	if want := 3 + 4; strings.Count(out.String(), "\n") != want { // what comes first, and four cases
		t.Errorf("want %d lines:\n%s", want, out.String())
	}
	if got := strings.Count(out.String(), "MISSED"); got != missed {
		t.Errorf("%d missed, but %d in the table", missed, got)
	}
	if _, err := run(&out, "(", 1, true); err == nil {
		t.Error("-filter: no error")
	}
	if _, err := run(&out, "", 0, true); err == nil {
		t.Error("-rounds: no error")
	}
}

func TestVerdicts(t *testing.T) {
	c := benchCase{name: "x", target: target{0.5, fewerAllocs()}}
	for _, test := range []struct {
		ours, kmsg result
		allocs     allocTarget
		want       int
	}{
		{result{50, 1}, result{100, 2}, fewerAllocs(), 0},
		{result{51, 1}, result{100, 2}, fewerAllocs(), 1},
		{result{51, 2}, result{100, 2}, fewerAllocs(), 2},
		{result{50, 0}, result{100, 0}, noAllocs(), 0},
		{result{50, 1}, result{100, 2}, noAllocs(), 1},
		{result{50, 10}, result{100, 100}, allocsRatio(0.1), 0},
		{result{50, 11}, result{100, 100}, allocsRatio(0.1), 1},
	} {
		c.target.allocs = test.allocs
		var out strings.Builder
		if got := writeLine(&out, c, map[string]result{ours: test.ours, kmsgSafe: test.kmsg}); got != test.want {
			t.Errorf("%d missed, want %d: %s", got, test.want, out.String())
		}
	}
}

// BenchmarkOurs runs our side of each case: something to profile.
func BenchmarkOurs(b *testing.B) {
	for _, newCase := range cases() {
		c, err := newCase()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.contenders[0].run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
