package producer

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"
)

// TestMurmur2 compares with what was recorded from kafka-python 1.2.1.
func TestMurmur2(t *testing.T) {
	var recorded struct {
		Vectors []struct {
			Key       string
			Murmur2   uint32
			Partition map[string]int32
		}
	}
	data, err := os.ReadFile("testdata/murmur2.json")
	if err == nil {
		err = json.Unmarshal(data, &recorded)
	}
	if err != nil || len(recorded.Vectors) < 20 {
		t.Fatalf("%d vectors, %v", len(recorded.Vectors), err)
	}
	for _, v := range recorded.Vectors {
		key, _ := hex.DecodeString(v.Key)
		if got := murmur2(key); got != v.Murmur2 {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, v.Murmur2)
		}
		for n, want := range v.Partition {
			count, _ := strconv.Atoi(n)
			all := ids(count)
			for _, p := range []Partitioner{DefaultPartitioner{}, Murmur2Partitioner{}} {
				if got := p.Partition("t", key, all, nil); got != want {
					t.Errorf("%T of %q among %s: %d, want %d", p, key, n, got, want)
				}
			}
		}
	}
}

// TestPartitionsOfOtherClients: where the clients that hash with murmur2 put these
// keys: kafka-clients 4.4.0, franz-go 1.22.3, librdkafka 2.16.0 with
// murmur2_random, kafka-python 3.0.12, aiokafka 0.14.0, kafkajs 2.2.4 and
// kafka-go 0.4.51 with Murmur2Balancer.
func TestPartitionsOfOtherClients(t *testing.T) {
	for key, want := range map[string]int32{"": 2, "a": 5, "key-1": 5, "ключ": 4} {
		for _, p := range []Partitioner{DefaultPartitioner{}, Murmur2Partitioner{}} {
			if got := p.Partition("t", []byte(key), ids(7), ids(7)); got != want {
				t.Errorf("%T puts %q in partition %d of 7, want %d", p, key, got, want)
			}
		}
	}
}

func ids(n int) []int32 {
	var all []int32
	for i := range n {
		all = append(all, int32(i))
	}
	return all
}

func TestNullKeyGoesWhereALeaderIs(t *testing.T) {
	all := ids(1000)
	if got := (DefaultPartitioner{}).Partition("t", nil, all, []int32{123}); got != 123 {
		t.Errorf("with 123 available: %d", got)
	}
	seen := map[int32]bool{}
	for range 2000 {
		seen[DefaultPartitioner{}.Partition("t", nil, ids(10), nil)] = true
	}
	if len(seen) != 10 {
		t.Errorf("with none available %d of 10 partitions were chosen", len(seen))
	}
	// kafka-python's Murmur2Partitioner hashes None as its name.
	if got, want := (Murmur2Partitioner{}).Partition("t", nil, all, nil), (DefaultPartitioner{}).Partition("t", []byte("None"), all, nil); got != want {
		t.Errorf("Murmur2Partitioner of a null key: %d, want %d", got, want)
	}
}

// TestRoundRobin follows what was recorded from kafka-python 1.2.1: a list that
// has changed begins the round again. There null and an empty list keep the last
// one; here a partitioner is always given the partitions.
func TestRoundRobin(t *testing.T) {
	var recorded struct {
		Scenarios []struct {
			Init  []int32 `json:"partitions_init"`
			Calls []struct {
				Key        string
				Partitions []int32
				Result     int32
			}
		}
	}
	data, err := os.ReadFile("testdata/partitioner_roundrobin.json")
	if err == nil {
		err = json.Unmarshal(data, &recorded)
	}
	if err != nil || len(recorded.Scenarios) != 2 {
		t.Fatalf("%d scenarios, %v", len(recorded.Scenarios), err)
	}
	for n, scenario := range recorded.Scenarios {
		r, partitions := NewRoundRobinPartitioner(), scenario.Init
		for i, call := range scenario.Calls {
			if len(call.Partitions) > 0 {
				partitions = call.Partitions
			}
			key, _ := hex.DecodeString(call.Key)
			if got := r.Partition("t", key, ids(20), slices.Clone(partitions)); got != call.Result {
				t.Errorf("scenario %d, call %d: %d, want %d", n, i, got, call.Result)
			}
			if other := r.Partition("other topic", nil, []int32{7}, nil); other != 7 {
				t.Errorf("scenario %d, call %d: the other topic got %d", n, i, other)
			}
		}
	}
}
