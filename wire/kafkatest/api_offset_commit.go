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
	groups := c.broker.cluster.groups
	if c.version == 0 {
		return commitResponse(c, req, func(tp wire.TopicPartition, offset committedOffset) wire.ErrorCode {
			groups.commitZooKeeper(req.GroupID, tp, offset.offset)
			return wire.ErrNone
		})
	}
	var resp *msg.OffsetCommitResponse
	generation := req.GenerationIDOrMemberEpoch
	checked := c.broker.cluster.config.release.at(0, 9) // 0.8.2 has no members to check
	code := groups.with(c.broker, req.GroupID, generation < 0 || !checked, func(g *group, now time.Time) wire.ErrorCode {
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
			g.offsets[tp] = offset
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
			known, code := c.broker.cluster.partition(in.Name, in.TopicID, p.PartitionIndex)
			if code == wire.ErrNone {
				offset := committedOffset{offset: p.CommittedOffset, leaderEpoch: p.CommittedLeaderEpoch}
				if p.CommittedMetadata != nil {
					offset.metadata = *p.CommittedMetadata
				}
				code = commit(wire.TopicPartition{Topic: known.topic.name, Partition: known.id}, offset)
			}
			out.Partitions = append(out.Partitions, msg.OffsetCommitResponseTopicPartition{PartitionIndex: p.PartitionIndex, ErrorCode: code})
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
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

// commitZooKeeper keeps an offset as v0 does: without metadata.
func (c *coordinator) commitZooKeeper(group string, tp wire.TopicPartition, offset int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.zooKeeper[group] == nil {
		c.zooKeeper[group] = make(map[wire.TopicPartition]int64)
	}
	c.zooKeeper[group][tp] = offset
}

// fetchZooKeeper returns what was kept.
func (c *coordinator) fetchZooKeeper(group string, tp wire.TopicPartition) (offset int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	offset, ok = c.zooKeeper[group][tp]
	return offset, ok
}
