package assignors

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// TestVectors compares with what kafka-python 1.2.1 assigned. Where a member
// names a topic twice, its range loses partitions; ours must not.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/assignors.json")
	if err != nil {
		t.Fatal(err)
	}
	type assigned map[string][]json.RawMessage
	var data struct {
		Vectors []struct {
			Name          string
			Partitions    map[string][]int32
			Subscriptions map[string][]string
			Range         assigned
			RoundRobin    assigned `json:"roundrobin"`
		}
	}
	if err := json.Unmarshal(text, &data); err != nil {
		t.Fatal(err)
	}
	if len(data.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range data.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			var members []Member
			twice := false
			for id, topics := range v.Subscriptions {
				members = append(members, Member{ID: id, Topics: topics})
				twice = twice || len(slices.Compact(slices.Sorted(slices.Values(topics)))) < len(topics)
			}
			counts := map[string]int32{}
			for topic, ids := range v.Partitions {
				counts[topic] = int32(len(ids))
			}
			for _, c := range []struct {
				Assignor
				want assigned
			}{{Range(), v.Range}, {RoundRobin(), v.RoundRobin}} {
				got := c.Assign(members, counts)
				checkComplete(t, members, counts, got)
				if twice && c.Name() == "range" {
					continue
				}
				for id, list := range c.want {
					if want := partitionsOf(t, list); !slices.Equal(got[id], want) {
						t.Errorf("%s: %s got %v, want %v", c.Name(), id, got[id], want)
					}
				}
			}
		})
	}
}

// partitionsOf reads [["topic", [0, 1]], …].
func partitionsOf(t *testing.T, list []json.RawMessage) (tps []wire.TopicPartition) {
	t.Helper()
	for _, raw := range list {
		var pair [2]json.RawMessage
		var topic string
		var ids []int32
		if json.Unmarshal(raw, &pair) != nil || json.Unmarshal(pair[0], &topic) != nil || json.Unmarshal(pair[1], &ids) != nil {
			t.Fatalf("not a topic and its partitions: %s", raw)
		}
		for _, id := range ids {
			tps = append(tps, wire.TopicPartition{Topic: topic, Partition: id})
		}
	}
	return tps
}

// checkComplete wants every partition that somebody subscribes to assigned once,
// to a subscriber.
func checkComplete(t *testing.T, members []Member, counts map[string]int32, got map[string][]wire.TopicPartition) {
	t.Helper()
	wanted := map[wire.TopicPartition]bool{}
	for _, m := range members {
		for _, topic := range m.Topics {
			for p := range counts[topic] {
				wanted[wire.TopicPartition{Topic: topic, Partition: p}] = true
			}
		}
		if _, ok := got[m.ID]; !ok {
			t.Errorf("member %s is missing", m.ID)
		}
	}
	owner := map[wire.TopicPartition]string{}
	for id, tps := range got {
		i := slices.IndexFunc(members, func(m Member) bool { return m.ID == id })
		for _, tp := range tps {
			if other, taken := owner[tp]; taken {
				t.Errorf("%v went to %s and to %s", tp, other, id)
			}
			owner[tp] = id
			if i < 0 || !slices.Contains(members[i].Topics, tp.Topic) {
				t.Errorf("%v went to %s, which does not subscribe to it", tp, id)
			}
		}
	}
	for tp := range wanted {
		if _, ok := owner[tp]; !ok {
			t.Errorf("nobody got %v", tp)
		}
	}
}

// TestRandomGroups: whatever members subscribe to, every partition goes to one
// of them, the same whoever asks, and evenly where all want the same.
func TestRandomGroups(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		counts := map[string]int32{}
		for i := range random.IntN(6) {
			counts[fmt.Sprint("topic-", i)] = random.Int32N(20)
		}
		names := slices.Sorted(maps.Keys(counts))
		alike := random.IntN(2) == 0
		var members []Member
		for i := range 1 + random.IntN(7) {
			m := Member{ID: fmt.Sprint("member-", i), Topics: slices.Clone(names)}
			if random.IntN(3) == 0 {
				m.InstanceID = fmt.Sprint("instance-", 9-i)
			}
			if !alike {
				m.Topics = append(m.Topics[:random.IntN(len(names)+1)], "no-such-topic")
			}
			members = append(members, m)
		}
		for _, a := range []Assignor{Range(), RoundRobin()} {
			got := a.Assign(members, counts)
			checkComplete(t, members, counts, got)
			shuffled := slices.Clone(members)
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if again := a.Assign(shuffled, counts); !maps.EqualFunc(got, again, slices.Equal) {
				t.Fatalf("%s depends on the order of members: %v and %v", a.Name(), got, again)
			}
			if !alike {
				continue
			}
			sizes := make([]int, 0, len(got))
			for _, tps := range got {
				sizes = append(sizes, len(tps))
			}
			most := 1
			if a.Name() == "range" {
				most = len(counts) // one for each topic
			}
			if slices.Max(sizes)-slices.Min(sizes) > most {
				t.Errorf("%s: %v of %v is uneven", a.Name(), sizes, counts)
			}
		}
	}
}

func TestStaticMembersKeepTheirPlaces(t *testing.T) {
	counts := map[string]int32{"t": 2}
	at := func(one, two string) wire.TopicPartition {
		members := []Member{{ID: one, InstanceID: "a", Topics: []string{"t"}}, {ID: two, InstanceID: "b", Topics: []string{"t"}}}
		return Range().Assign(members, counts)[one][0]
	}
	if before, after := at("m-1", "m-2"), at("m-9", "m-2"); before != after {
		t.Errorf("instance a had %v, and %v under another member id", before, after)
	}
}
