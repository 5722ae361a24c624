package consumer

import (
	"context"
	"fmt"
	"maps"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// Committed is the group's committed offset of each partition, from the broker; a partition without
// one is missing from the answer. It waits as Commit does. Where some partitions fail, the answer has
// the others, and the error is a *PartitionErrors.
func (c *Consumer) Committed(ctx context.Context, partitions ...TopicPartition) (map[TopicPartition]OffsetAndMetadata, error) {
	if err := c.commitable(); err != nil {
		return nil, err
	}
	ctx, stop := c.bound(ctx)
	defer stop()
	offsets, failed := map[TopicPartition]OffsetAndMetadata{}, map[TopicPartition]error{}
	backoff := c.newBackoff()
	for left := partitions; len(left) > 0; {
		found, errs, err := c.fetchOffsets(ctx, c.topicIDs(left))
		maps.Copy(offsets, found)
		if err == nil {
			left = left[:0:0]
			for _, tp := range sortedKeys(errs) {
				if retriable(errs[tp]) {
					left, err = append(left, tp), errs[tp]
				} else {
					failed[tp] = errs[tp]
				}
			}
		}
		if err == nil {
			break
		}
		if retriable(err) {
			c.client.UpdateMetadataSoon() // an id may be that of a topic that is gone
			late := sleep(ctx, backoff.Next())
			if late == nil {
				continue
			}
			err = fmt.Errorf("%w; last: %w", late, err)
		}
		if len(left) == len(partitions) {
			return offsets, fmt.Errorf("consumer: committed offsets of group %q: %w", c.cfg.GroupID, err)
		}
		for _, tp := range left {
			failed[tp] = err
		}
		break
	}
	return offsets, partitionErrors("look up the committed offset", failed)
}

// topicIDs are partitions, each with the id of the topic that is meant; zero: unknown.
type topicIDs map[TopicPartition]wire.UUID

// known reports whether a request can name all these topics by their ids.
func (ids topicIDs) known() bool {
	for _, id := range ids {
		if id == (wire.UUID{}) {
			return false
		}
	}
	return true
}

// names maps the ids to the topics' names.
func (ids topicIDs) names() map[wire.UUID]string {
	names := make(map[wire.UUID]string, len(ids))
	for tp, id := range ids {
		names[id] = tp.Topic
	}
	return names
}

// topicIDs looks ids up: those of the positions where partitions are assigned, else what the metadata
// says.
func (c *Consumer) topicIDs(tps []TopicPartition) topicIDs {
	md := c.client.Metadata()
	ids := make(topicIDs, len(tps))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, tp := range tps {
		ids[tp] = wire.UUID{}
		if p := c.subs.parts[tp]; p != nil && p.fresh {
			ids[tp] = p.known()
		} else if t := md.Topic(tp.Topic); t != nil && t.Err == wire.ErrNone {
			ids[tp] = t.ID
		}
	}
	return ids
}

// fetchOffsets asks once for committed offsets. errs holds what went wrong with single partitions.
func (c *Consumer) fetchOffsets(ctx context.Context, topics topicIDs) (offsets map[TopicPartition]OffsetAndMetadata, errs map[TopicPartition]error, err error) {
	offsets, errs = map[TopicPartition]OffsetAndMetadata{}, map[TopicPartition]error{}
	if len(topics) == 0 {
		return offsets, errs, nil
	}
	conn, err := c.offsetStore(ctx)
	if err != nil {
		return nil, nil, err
	}
	version, err := conn.Version(wire.KeyOffsetFetch, offsetsVersion(topics))
	if err != nil {
		return nil, nil, noStorage(err)
	}
	var resp msg.OffsetFetchResponse
	if err := conn.DoVersion(ctx, version, c.offsetFetch(version, topics), &resp); err != nil {
		c.client.ForgetCoordinator(netclient.GroupCoordinator, c.cfg.GroupID)
		return nil, nil, err
	}
	name := func(topic string, _ wire.UUID) string { return topic }
	if version > lastNamedOffsets {
		names := topics.names()
		name = func(_ string, id wire.UUID) string { return names[id] }
	}
	take := func(topic string, partition int32, offset int64, epoch int32, metadata *string, code wire.ErrorCode) {
		tp := TopicPartition{Topic: topic, Partition: partition}
		switch {
		case code == wire.ErrUnknownTopicOrPartition && version == 0: // ZooKeeper's way to say that there is none
		case code != 0:
			errs[tp] = c.storeError(code)
		case offset >= 0:
			o := OffsetAndMetadata{Offset: offset, LeaderEpoch: netclient.ToLeaderEpoch(epoch)}
			if metadata != nil {
				o.Metadata = *metadata
			}
			offsets[tp] = o
		}
	}
	code := resp.ErrorCode
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			take(t.Name, p.PartitionIndex, p.CommittedOffset, p.CommittedLeaderEpoch, p.Metadata, p.ErrorCode)
		}
	}
	for _, g := range resp.Groups {
		code = g.ErrorCode
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				take(name(t.Name, t.TopicID), p.PartitionIndex, p.CommittedOffset, p.CommittedLeaderEpoch, p.Metadata, p.ErrorCode)
			}
		}
	}
	if code != 0 {
		return nil, nil, fmt.Errorf("group %q: %w", c.cfg.GroupID, c.storeError(code))
	}
	return offsets, errs, nil
}

// storeError drops a coordinator that says it is none.
func (c *Consumer) storeError(code wire.ErrorCode) error {
	if code == wire.ErrNotCoordinator || code == wire.ErrCoordinatorNotAvailable {
		c.client.ForgetCoordinator(netclient.GroupCoordinator, c.cfg.GroupID)
	}
	return code
}

// offsetFetch makes the request; from version 8 on it can ask for several groups.
func (c *Consumer) offsetFetch(version int16, topics topicIDs) *msg.OffsetFetchRequest {
	req := msg.NewOffsetFetchRequest()
	byTopic := map[string][]int32{}
	ids := map[string]wire.UUID{}
	for _, tp := range sortedKeys(topics) {
		ids[tp.Topic] = topics[tp]
		byTopic[tp.Topic] = append(byTopic[tp.Topic], tp.Partition)
	}
	if version < 8 {
		req.GroupID = c.cfg.GroupID
		for topic, partitions := range byTopic {
			req.Topics = append(req.Topics, msg.OffsetFetchRequestTopic{Name: topic, PartitionIndexes: partitions})
		}
		return req
	}
	var group msg.OffsetFetchRequestGroup
	group.SetDefaults()
	group.GroupID = c.cfg.GroupID
	for topic, partitions := range byTopic {
		t := msg.OffsetFetchRequestGroupTopic{Name: topic, PartitionIndexes: partitions}
		if version > lastNamedOffsets {
			t.Name, t.TopicID = "", ids[topic]
		}
		group.Topics = append(group.Topics, t)
	}
	req.Groups = append(req.Groups, group)
	return req
}
