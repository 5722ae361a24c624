package netclient

import (
	"hash/maphash"
	"iter"
	"maps"
)

// topicTable is the topics of a snapshot by name. It is never changed: with makes
// the next one, which shares all shards but those of the topics that differ. So a
// new topic costs the same, in time and in memory, beside ten topics and beside
// ten thousand.
type topicTable struct {
	shards [256]map[string]*Topic
}

var tableSeed = maphash.MakeSeed()

func shardOf(name string) int { return int(maphash.String(tableSeed, name) % 256) }

func (t *topicTable) get(name string) *Topic { return t.shards[shardOf(name)][name] }

func (t *topicTable) all() iter.Seq[*Topic] {
	return func(yield func(*Topic) bool) {
		for _, shard := range t.shards {
			for _, topic := range shard {
				if !yield(topic) {
					return
				}
			}
		}
	}
}

// with is the table with these topics in the place of those of the same name.
func (t *topicTable) with(topics []*Topic) *topicTable {
	var next *topicTable
	var own [256]bool // the shards that next does not share with t
	for _, topic := range topics {
		i := shardOf(topic.Name)
		if t.shards[i][topic.Name] == topic {
			continue
		}
		if next == nil {
			next = new(*t)
		}
		if !own[i] {
			own[i] = true
			next.shards[i] = maps.Clone(t.shards[i])
			if next.shards[i] == nil {
				next.shards[i] = make(map[string]*Topic, 1)
			}
		}
		next.shards[i][topic.Name] = topic
	}
	if next == nil {
		return t
	}
	return next
}
