package consumer

import (
	"context"
	"fmt"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// Committed is the group's committed offset of each partition, from the broker; a partition without
// one is missing from the answer. It waits as Commit does.
func (c *Consumer) Committed(ctx context.Context, partitions ...TopicPartition) (map[TopicPartition]OffsetAndMetadata, error) {
	if err := c.commitable(); err != nil {
		return nil, err
	}
	ctx, stop := c.bound(ctx)
	defer stop()
	backoff := c.newBackoff()
	for {
		offsets, errs, err := c.fetchOffsets(ctx, partitions)
		for tp, e := range errs {
			if err == nil || !retriable(e) {
				err = &PartitionError{TopicPartition: tp, Op: "look up the committed offset", Err: e}
			}
		}
		switch {
		case err == nil:
			return offsets, nil
		case !retriable(err):
			return nil, err
		}
		if late := sleep(ctx, backoff.Next()); late != nil {
			return nil, fmt.Errorf("consumer: committed offsets of group %q: %w; last: %w", c.cfg.GroupID, late, err)
		}
	}
}

// fetchOffsets asks once for committed offsets. errs holds what went wrong with single partitions.
func (c *Consumer) fetchOffsets(ctx context.Context, tps []TopicPartition) (offsets map[TopicPartition]OffsetAndMetadata, errs map[TopicPartition]error, err error) {
	offsets, errs = map[TopicPartition]OffsetAndMetadata{}, map[TopicPartition]error{}
	if len(tps) == 0 {
		return offsets, errs, nil
	}
	conn, err := c.offsetStore(ctx)
	if err != nil {
		return nil, nil, err
	}
	version, err := conn.Version(wire.KeyOffsetFetch, lastNamedOffsets)
	if err != nil {
		return nil, nil, noStorage(err)
	}
	var resp msg.OffsetFetchResponse
	if err := conn.DoVersion(ctx, version, c.offsetFetch(version, tps), &resp); err != nil {
		c.client.ForgetCoordinator(netclient.GroupCoordinator, c.cfg.GroupID)
		return nil, nil, err
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
				take(t.Name, p.PartitionIndex, p.CommittedOffset, p.CommittedLeaderEpoch, p.Metadata, p.ErrorCode)
			}
		}
	}
	if code != 0 {
		return nil, nil, fmt.Errorf("consumer: committed offsets of group %q: %w", c.cfg.GroupID, c.storeError(code))
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
func (c *Consumer) offsetFetch(version int16, tps []TopicPartition) *msg.OffsetFetchRequest {
	req := msg.NewOffsetFetchRequest()
	byTopic := map[string][]int32{}
	for _, tp := range tps {
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
		group.Topics = append(group.Topics, msg.OffsetFetchRequestGroupTopic{Name: topic, PartitionIndexes: partitions})
	}
	req.Groups = append(req.Groups, group)
	return req
}
