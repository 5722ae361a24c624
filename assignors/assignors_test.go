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

// TestVectors compares with what kafka-python 1.2.1 assigned.
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
			for id, topics := range v.Subscriptions {
				members = append(members, Member{ID: id, Topics: topics})
			}
			counts := map[string]int32{}
			for topic, ids := range v.Partitions {
				counts[topic] = int32(len(ids))
			}
			for _, c := range []struct {
				Assignor
				want assigned
			}{{Range(), v.Range}, {RoundRobin(), v.RoundRobin}} {
				got := share(t, c, members, counts)
				checkComplete(t, members, counts, got)
				for id, list := range c.want {
					if want := partitionsOf(t, list); !slices.Equal(got[id], want) {
						t.Errorf("%s: %s got %v, want %v", c.Protocol().Name, id, got[id], want)
					}
				}
			}
		})
	}
}

// share has the assignor share out topics with that many partitions.
func share(t *testing.T, a Assignor, members []Member, counts map[string]int32) map[string][]wire.TopicPartition {
	t.Helper()
	assigned, err := a.Assign(Group{Members: members, Topics: topicsOf(counts)})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]wire.TopicPartition{}
	for id, m := range assigned.Members {
		got[id] = m.Partitions
	}
	return got
}

func topicsOf(counts map[string]int32) map[string]Topic {
	topics := map[string]Topic{}
	for topic, n := range counts {
		topics[topic] = Topic{Partitions: n}
	}
	return topics
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
			random.Shuffle(len(m.Topics), func(i, j int) { m.Topics[i], m.Topics[j] = m.Topics[j], m.Topics[i] })
			if !alike {
				m.Topics = append(m.Topics[:random.IntN(len(names)+1)], "no-such-topic")
			}
			members = append(members, m)
		}
		for _, a := range []Assignor{Range(), RoundRobin()} {
			got := share(t, a, members, counts)
			checkComplete(t, members, counts, got)
			shuffled := slices.Clone(members)
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if again := share(t, a, shuffled, counts); !maps.EqualFunc(got, again, slices.Equal) {
				t.Fatalf("%s depends on the order of members: %v and %v", a.Protocol().Name, got, again)
			}
			if !alike {
				continue
			}
			sizes := make([]int, 0, len(got))
			for _, tps := range got {
				sizes = append(sizes, len(tps))
			}
			most := 1
			if a.Protocol().Name == "range" {
				most = len(counts) // one for each topic
			}
			if slices.Max(sizes)-slices.Min(sizes) > most {
				t.Errorf("%s: %v of %v is uneven", a.Protocol().Name, sizes, counts)
			}
		}
	}
}

// A topic named twice counts once: kafka-python 1.2.1's range loses a partition
// then.
func TestTopicNamedTwice(t *testing.T) {
	counts := map[string]int32{"t": 2, "u": 3}
	once := []Member{{ID: "a", Topics: []string{"t", "u"}}, {ID: "b", Topics: []string{"u", "t"}}}
	twice := []Member{{ID: "a", Topics: []string{"t", "u", "t"}}, {ID: "b", Topics: []string{"u", "t"}}}
	for _, a := range []Assignor{Range(), RoundRobin()} {
		got, want := share(t, a, twice, counts), share(t, a, once, counts)
		if !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: %v, want %v as when it is named once", a.Protocol().Name, got, want)
		}
	}
}

// A member that is listed twice, which no coordinator does, loses nothing.
func TestMemberListedTwice(t *testing.T) {
	members := []Member{{ID: "a", Topics: []string{"t"}}, {ID: "b", Topics: []string{"t"}}, {ID: "a", Topics: []string{"t"}}}
	for _, a := range []Assignor{Range(), RoundRobin()} {
		got := share(t, a, members, map[string]int32{"t": 6})
		checkComplete(t, members, map[string]int32{"t": 6}, got)
		if len(got) != 2 {
			t.Errorf("%s: %v", a.Protocol().Name, got)
		}
	}
}

// Java's order: static members by instance id, then the others by member id.
func TestOrderOfMembers(t *testing.T) {
	topics := []string{"t"}
	members := []Member{
		{ID: "b", Topics: topics}, {ID: "a", Topics: topics},
		{ID: "c", InstanceID: "z", Topics: topics}, {ID: "d", InstanceID: "y", Topics: topics},
	}
	for _, a := range []Assignor{Range(), RoundRobin()} {
		got := share(t, a, members, map[string]int32{"t": 4})
		for i, id := range []string{"d", "c", "a", "b"} {
			if want := []wire.TopicPartition{{Topic: "t", Partition: int32(i)}}; !slices.Equal(got[id], want) {
				t.Errorf("%s: %s got %v, want %v", a.Protocol().Name, id, got[id], want)
			}
		}
	}
}

// Topics are dealt out by name, in whatever order they were subscribed to.
func TestOrderOfTopics(t *testing.T) {
	members := []Member{{ID: "a", Topics: []string{"u", "t"}}, {ID: "b", Topics: []string{"u", "t"}}}
	got := share(t, RoundRobin(), members, map[string]int32{"t": 1, "u": 1})
	if got["a"][0].Topic != "t" || got["b"][0].Topic != "u" {
		t.Errorf("%v, want t for a and u for b", got)
	}
}

func TestStaticMembersKeepTheirPlaces(t *testing.T) {
	counts := map[string]int32{"t": 2}
	at := func(one, two string) wire.TopicPartition {
		members := []Member{{ID: one, InstanceID: "a", Topics: []string{"t"}}, {ID: two, InstanceID: "b", Topics: []string{"t"}}}
		return share(t, Range(), members, counts)[one][0]
	}
	if before, after := at("m-1", "m-2"), at("m-9", "m-2"); before != after {
		t.Errorf("instance a had %v, and %v under another member id", before, after)
	}
}

// A group larger than most: 500 members, 500 topics.
func BenchmarkAssign(b *testing.B) {
	counts := map[string]int32{}
	var topics []string
	for i := range 500 {
		topics = append(topics, fmt.Sprint("topic-", i))
		counts[topics[i]] = 20
	}
	var members []Member
	for i := range 500 {
		members = append(members, Member{ID: fmt.Sprint("member-", i), Topics: topics})
	}
	group := Group{Members: members, Topics: topicsOf(counts)}
	for _, a := range []Assignor{Range(), RoundRobin()} {
		b.Run(a.Protocol().Name, func(b *testing.B) {
			for b.Loop() {
				a.Assign(group)
			}
		})
	}
}
