package kafkatest

import (
	"cmp"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// offsetFetch tells what groups committed: with v0 to what was ZooKeeper, with v1
// and later at their coordinator.
func offsetFetch(c *call, req *msg.OffsetFetchRequest) *msg.OffsetFetchResponse {
	return offsetFetchResponse(c, req, func(in *msg.OffsetFetchRequestGroup) (out msg.OffsetFetchResponseGroup) {
		groups := c.broker.cluster.groups
		switch {
		case c.version > 0:
			code := groups.with(c.broker, in.GroupID, false, func(*group, time.Time) wire.ErrorCode {
				out = c.fetchOffsets(in, groups.offsets[in.GroupID])
				return wire.ErrNone
			})
			if code != wire.ErrNone {
				return c.offsetsFailed(in, code)
			}
			return out
		case c.broker.cluster.config.release.kraft():
			return c.offsetsFailed(in, wire.ErrUnsupportedVersion)
		default:
			groups.mu.Lock()
			defer groups.mu.Unlock()
			return c.fetchOffsets(in, groups.zooKeeper[in.GroupID])
		}
	})
}

// fetchOffsets answers for one group: for the partitions asked for or, with null
// for topics, for all that have an offset.
func (c *call) fetchOffsets(in *msg.OffsetFetchRequestGroup, committed map[wire.TopicPartition]committedOffset) msg.OffsetFetchResponseGroup {
	out := msg.OffsetFetchResponseGroup{GroupID: in.GroupID, Topics: []msg.OffsetFetchResponseGroupTopic{}}
	topics := in.Topics
	if topics == nil {
		topics = c.committedTopics(committed)
	}
	for _, t := range topics {
		topic := msg.OffsetFetchResponseGroupTopic{Name: t.Name, TopicID: t.TopicID}
		name, code := t.Name, wire.ErrNone
		if c.version >= 10 {
			if known := c.broker.cluster.topic("", t.TopicID); known != nil {
				name = known.name
			} else {
				code = wire.ErrUnknownTopicID
			}
		}
		for _, id := range t.PartitionIndexes {
			p := msg.OffsetFetchResponseGroupTopicPartition{PartitionIndex: id, CommittedOffset: -1, CommittedLeaderEpoch: -1, Metadata: new(""), ErrorCode: code}
			offset, ok := committed[wire.TopicPartition{Topic: name, Partition: id}]
			switch {
			case c.version > 0 && c.hides(name, id), c.version == 0 && !ok:
				p.ErrorCode = wire.ErrUnknownTopicOrPartition
			case ok:
				p.CommittedOffset, p.CommittedLeaderEpoch, p.Metadata = offset.offset, offset.leaderEpoch, new(offset.metadata)
			}
			topic.Partitions = append(topic.Partitions, p)
		}
		out.Topics = append(out.Topics, topic)
	}
	return out
}

// hides tells whether the release looks, before it tells of an offset that is
// kept in Kafka, if there is such a partition. Only 0.8.2 does.
func (c *call) hides(name string, partition int32) bool {
	_, code := c.broker.cluster.partition(name, wire.UUID{}, partition)
	return code != wire.ErrNone && !c.broker.cluster.config.release.at(0, 9)
}

// committedTopics are the partitions that have an offset, as a request would
// name them.
func (c *call) committedTopics(all map[wire.TopicPartition]committedOffset) (topics []msg.OffsetFetchRequestGroupTopic) {
	partitions := make([]wire.TopicPartition, 0, len(all))
	for tp := range all {
		partitions = append(partitions, tp)
	}
	slices.SortFunc(partitions, func(a, b wire.TopicPartition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	for _, tp := range partitions {
		if n := len(topics); n == 0 || topics[n-1].Name != tp.Topic {
			t := msg.OffsetFetchRequestGroupTopic{Name: tp.Topic}
			if known := c.broker.cluster.topic(tp.Topic, wire.UUID{}); known != nil {
				t.TopicID = known.id
			}
			topics = append(topics, t)
		}
		last := &topics[len(topics)-1]
		last.PartitionIndexes = append(last.PartitionIndexes, tp.Partition)
	}
	return topics
}

// offsetsFailed answers the error for one group: for every partition below v2,
// for the whole group from there on.
func (c *call) offsetsFailed(in *msg.OffsetFetchRequestGroup, code wire.ErrorCode) msg.OffsetFetchResponseGroup {
	if c.version >= 2 {
		return msg.OffsetFetchResponseGroup{GroupID: in.GroupID, ErrorCode: code}
	}
	out := c.fetchOffsets(in, nil)
	for i := range out.Topics {
		for j := range out.Topics[i].Partitions {
			out.Topics[i].Partitions[j].ErrorCode = code
		}
	}
	return out
}

func offsetFetchError(c *call, req *msg.OffsetFetchRequest, code wire.ErrorCode) *msg.OffsetFetchResponse {
	return offsetFetchResponse(c, req, func(in *msg.OffsetFetchRequestGroup) msg.OffsetFetchResponseGroup {
		return c.offsetsFailed(in, code)
	})
}

// offsetFetchResponse makes the response of what answer says of each group. Up to
// v7 a request asks for one group, from v8 on for several (KIP-709); answer sees
// only the latter.
func offsetFetchResponse(c *call, req *msg.OffsetFetchRequest, answer func(*msg.OffsetFetchRequestGroup) msg.OffsetFetchResponseGroup) *msg.OffsetFetchResponse {
	resp := msg.NewOffsetFetchResponse()
	if c.version >= 8 {
		for i := range req.Groups {
			resp.Groups = append(resp.Groups, answer(&req.Groups[i]))
		}
		return resp
	}
	in := msg.OffsetFetchRequestGroup{GroupID: req.GroupID}
	for _, t := range req.Topics {
		in.Topics = append(in.Topics, msg.OffsetFetchRequestGroupTopic{Name: t.Name, PartitionIndexes: t.PartitionIndexes})
	}
	if req.Topics != nil && in.Topics == nil {
		in.Topics = []msg.OffsetFetchRequestGroupTopic{} // none is not null, which is all
	}
	out := answer(&in)
	resp.ErrorCode = out.ErrorCode
	for _, t := range out.Topics {
		topic := msg.OffsetFetchResponseTopic{Name: t.Name}
		for _, p := range t.Partitions {
			topic.Partitions = append(topic.Partitions, msg.OffsetFetchResponseTopicPartition{
				PartitionIndex: p.PartitionIndex, CommittedOffset: p.CommittedOffset, CommittedLeaderEpoch: p.CommittedLeaderEpoch, Metadata: p.Metadata, ErrorCode: p.ErrorCode,
			})
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}
