package kafkatest

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// maxOffsetMetadata is the longest metadata (offset.metadata.max.bytes).
const maxOffsetMetadata = 4096

// offsetCommit keeps offsets of a group: v0 in what was ZooKeeper, where any
// broker takes them and nobody checks the group, v1 and later at the group's
// coordinator.
func offsetCommit(c *call, req *msg.OffsetCommitRequest) *msg.OffsetCommitResponse {
	groups, r := c.broker.cluster.groups, c.broker.cluster.config.release
	if c.version == 0 && r.kraft() {
		return offsetCommitError(c, req, wire.ErrUnsupportedVersion)
	}
	if c.version == 0 {
		groups.mu.Lock()
		defer groups.mu.Unlock()
		return commitResponse(c, req, func(tp wire.TopicPartition, offset committedOffset) wire.ErrorCode {
			groups.zooKeeper.commit(req.GroupID, tp, committedOffset{offset: offset.offset, leaderEpoch: -1}) // no metadata
			return wire.ErrNone
		})
	}
	var resp *msg.OffsetCommitResponse
	generation := req.GenerationIDOrMemberEpoch
	checked := r.at(0, 9) // 0.8.2 has no members to check
	create := generation < 0 || !checked
	code := groups.with(c.broker, req.GroupID, create, func(g *group, now time.Time) wire.ErrorCode {
		if g == nil {
			return wire.ErrIllegalGeneration
		}
		if checked {
			if code := g.checkCommit(now, req.MemberID, req.GroupInstanceID, generation); code != wire.ErrNone {
				return code
			}
		}
		resp = commitResponse(c, req, func(tp wire.TopicPartition, offset committedOffset) wire.ErrorCode {
			if len(offset.metadata) > maxOffsetMetadata {
				return wire.ErrOffsetMetadataTooLarge
			}
			groups.offsets.commit(req.GroupID, tp, offset)
			return wire.ErrNone
		})
		return wire.ErrNone
	})
	if code != wire.ErrNone {
		return offsetCommitError(c, req, code)
	}
	return resp
}

// commitResponse answers for each partition what commit says, or that there is
// no such partition.
func commitResponse(c *call, req *msg.OffsetCommitRequest, commit func(wire.TopicPartition, committedOffset) wire.ErrorCode) *msg.OffsetCommitResponse {
	resp := msg.NewOffsetCommitResponse()
	for _, in := range req.Topics {
		out := msg.OffsetCommitResponseTopic{Name: in.Name, TopicID: in.TopicID}
		for _, p := range in.Partitions {
			name, code := c.commitTo(in.Name, in.TopicID, p.PartitionIndex)
			if code == wire.ErrNone {
				offset := committedOffset{offset: p.CommittedOffset, leaderEpoch: p.CommittedLeaderEpoch}
				if p.CommittedMetadata != nil {
					offset.metadata = *p.CommittedMetadata
				}
				code = commit(wire.TopicPartition{Topic: name, Partition: p.PartitionIndex}, offset)
			}
			out.Partitions = append(out.Partitions, msg.OffsetCommitResponseTopicPartition{PartitionIndex: p.PartitionIndex, ErrorCode: code})
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// commitTo returns the name of the topic to whose partition an offset may be
// committed. Before 0.11 brokers look only whether there is such a topic.
func (c *call) commitTo(name string, id wire.UUID, partition int32) (string, wire.ErrorCode) {
	cluster := c.broker.cluster
	if !cluster.config.release.at(0, 11) {
		partition = 0
	}
	p, code := cluster.partition(name, id, partition)
	if code != wire.ErrNone {
		return "", code
	}
	return p.topic.name, wire.ErrNone
}

func offsetCommitError(_ *call, req *msg.OffsetCommitRequest, code wire.ErrorCode) *msg.OffsetCommitResponse {
	resp := msg.NewOffsetCommitResponse()
	for _, in := range req.Topics {
		out := msg.OffsetCommitResponseTopic{Name: in.Name, TopicID: in.TopicID}
		for _, p := range in.Partitions {
			out.Partitions = append(out.Partitions, msg.OffsetCommitResponseTopicPartition{PartitionIndex: p.PartitionIndex, ErrorCode: code})
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}
