package consumer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// This file sends commits. An offset is one of a topic, not of a name: where brokers take ids (4.2 and
// later) it is sent with the topic's id, and where they don't, only as long as the name still means
// that topic, as far as that can be known.

// commitSet is offsets to commit.
type commitSet map[TopicPartition]commitOffset

type commitOffset struct {
	OffsetAndMetadata
	incarnation      // of the topic that the offset is in
	watched     bool // a fetch is on its way that will say so if that topic goes
}

// commitSet adds to offsets of assigned partitions what is known of their topics.
func (s *subscriptionState) commitSet(offsets map[TopicPartition]OffsetAndMetadata) commitSet {
	set := make(commitSet, len(offsets))
	for tp, o := range offsets {
		if p := s.parts[tp]; p != nil {
			set[tp] = commitOffset{o, p.incarnation, p.byID && p.fetching != nil}
		}
	}
	return set
}

func (set commitSet) topicIDs() topicIDs {
	ids := make(topicIDs, len(set))
	for tp, o := range set {
		ids[tp] = o.known()
	}
	return ids
}

// commit sends offsets, again and again as long as that can help and is wanted. It takes those out of
// the set that are committed, and those that never will be; its error names each of these.
func (c *Consumer) commit(ctx context.Context, member membership, offsets commitSet, again bool) error {
	backoff := c.newBackoff()
	failed := map[TopicPartition]error{}
	for len(offsets) > 0 {
		sent := time.Now()
		refused, gone, err := c.sendCommit(ctx, member, offsets)
		maps.Copy(failed, gone)
		if err == nil {
			if len(refused) < len(offsets) {
				c.meter.committed(time.Since(sent), time.Now())
			}
			err = offsets.answered(refused, failed)
		}
		if err == nil {
			continue
		}
		give := !again || !retriable(err) || ctx.Err() != nil
		if !give {
			if late := sleep(ctx, backoff.Next()); late != nil {
				give, err = true, fmt.Errorf("%w; last: %w", late, err)
			}
		}
		if give && len(refused) == 0 && len(failed) == 0 {
			return c.commitError(err) // nobody was asked
		}
		if give {
			for tp := range offsets {
				failed[tp] = cmp.Or(refused[tp], err)
			}
			break
		}
	}
	if err := partitionErrors("commit an offset", failed); err != nil {
		return c.commitError(err)
	}
	return nil
}

// answered takes out of the set what the broker has committed and what it never will, which goes into
// failed. It returns why some of the rest was refused, if any is left.
func (set commitSet) answered(refused, failed map[TopicPartition]error) (err error) {
	for _, tp := range sortedKeys(set) {
		switch e := refused[tp]; {
		case e == nil:
			delete(set, tp)
		case !retriable(e):
			failed[tp] = e
			delete(set, tp)
		default:
			err = cmp.Or(err, e)
		}
	}
	return err
}

// sendCommit sends offsets once. It returns what the broker refused, and takes out of the set what
// belongs to topics that are gone.
func (c *Consumer) sendCommit(ctx context.Context, member membership, offsets commitSet) (refused, gone map[TopicPartition]error, err error) {
	conn, err := c.offsetStore(ctx)
	if err != nil {
		return nil, nil, err
	}
	version, err := conn.Version(wire.KeyOffsetCommit, offsetsVersion(offsets.topicIDs()))
	if err != nil {
		return nil, nil, noStorage(err)
	}
	if unsure := c.unsure(offsets); version <= lastNamedOffsets && len(unsure) > 0 {
		if gone, err = c.dropVanished(ctx, offsets, unsure); err != nil || len(offsets) == 0 {
			return nil, gone, err
		}
	}
	var resp msg.OffsetCommitResponse
	if err := conn.DoVersion(ctx, version, c.offsetCommit(version, member, offsets), &resp); err != nil {
		c.client.ForgetCoordinator(netclient.GroupCoordinator, c.cfg.GroupID)
		return nil, gone, err
	}
	names := offsets.topicIDs().names()
	refused = map[TopicPartition]error{}
	suspect := map[TopicPartition]wire.ErrorCode{}
	for _, t := range resp.Topics {
		if version > lastNamedOffsets {
			t.Name = names[t.TopicID]
		}
		for _, p := range t.Partitions {
			tp := TopicPartition{Topic: t.Name, Partition: p.PartitionIndex}
			if p.ErrorCode == wire.ErrNone {
				continue
			}
			refused[tp] = c.commitRefused(member, tp, p.ErrorCode)
			if p.ErrorCode == wire.ErrUnknownTopicOrPartition || p.ErrorCode == wire.ErrUnknownTopicID {
				suspect[tp] = p.ErrorCode
			}
		}
	}
	if len(suspect) == 0 {
		return refused, gone, nil
	}
	vanished, err := c.dropVanished(ctx, offsets, suspect)
	maps.DeleteFunc(refused, func(tp TopicPartition, _ error) bool { return vanished[tp] != nil })
	maps.Copy(vanished, gone)
	return refused, vanished, err
}

// unsure lists what may belong to a topic that is gone: no fetch waits for its records, as where a
// partition is paused, and nobody has spoken of its id for a while.
func (c *Consumer) unsure(offsets commitSet) map[TopicPartition]wire.ErrorCode {
	unsure := map[TopicPartition]wire.ErrorCode{}
	since := time.Now().Add(-500 * time.Millisecond)
	for tp, o := range offsets {
		if o.missing || o.id != (wire.UUID{}) && !o.watched && o.heard.Before(since) {
			unsure[tp] = wire.ErrNone
		}
	}
	return unsure
}

// dropVanished asks the cluster about topics that may be gone, because brokers have said so or nobody
// has spoken of them for a while. What is of a topic that is gone it takes out of the set, and logs,
// once for each topic. Where topics have no ids, what a broker refused is taken out too: the name may
// mean another topic by the time it is sent again.
func (c *Consumer) dropVanished(ctx context.Context, offsets commitSet, suspect map[TopicPartition]wire.ErrorCode) (gone map[TopicPartition]error, err error) {
	gone = map[TopicPartition]error{}
	topics := map[string]bool{}
	for tp := range suspect {
		topics[tp.Topic] = true
	}
	md, err := c.client.RefreshMetadata(ctx, slices.Sorted(maps.Keys(topics))...)
	if err != nil {
		md = nil
	}
	deleted := map[string][]TopicPartition{}
	for _, tp := range sortedKeys(suspect) {
		o, code := offsets[tp], suspect[tp]
		var t *netclient.Topic
		if md != nil {
			t = md.Topic(tp.Topic)
		}
		switch {
		case t != nil && o.isGone(t):
			deleted[tp.Topic] = append(deleted[tp.Topic], tp)
			gone[tp] = fmt.Errorf("%w (%w)", ErrTopicDeleted, cmp.Or(code, wire.ErrUnknownTopicOrPartition))
		case code != wire.ErrNone && o.id == (wire.UUID{}):
			gone[tp] = fmt.Errorf("%w; its topic is too new, or was deleted and made again", code)
		case t == nil:
			err = cmp.Or(err, error(wire.ErrLeaderNotAvailable)) // there is no telling now
			continue
		default:
			o.heard = md.AsOf()
			offsets[tp] = o
			continue
		}
		delete(offsets, tp)
	}
	for topic, tps := range deleted {
		if c.firstDeleted(topic) {
			c.log.Warn("offsets of a topic that was deleted are not committed", "group", c.cfg.GroupID, "topic", topic, "partitions", len(tps), "partition", tps[0].Partition)
		}
	}
	return gone, err
}

// firstDeleted reports whether it was not said yet that this topic was deleted.
func (c *Consumer) firstDeleted(topic string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.due.deleted[topic]
	c.due.deleted[topic] = true
	return first
}

// lastNamedOffsets is the last version of OffsetCommit and OffsetFetch that names topics; the next
// one needs their ids.
const lastNamedOffsets = 9

// offsetsVersion is the version of OffsetCommit and OffsetFetch to ask for at most.
func offsetsVersion(topics topicIDs) int16 {
	if topics.known() {
		return math.MaxInt16
	}
	return lastNamedOffsets
}

// offsetCommit makes the request.
func (c *Consumer) offsetCommit(version int16, member membership, offsets commitSet) *msg.OffsetCommitRequest {
	req := msg.NewOffsetCommitRequest()
	req.GroupID = c.cfg.GroupID
	if version >= 1 {
		req.GenerationIDOrMemberEpoch, req.MemberID = member.generation, member.id
	}
	if version >= 7 && member.generation >= 0 {
		req.GroupInstanceID = c.instanceID()
	}
	at := map[string]int{}
	for _, tp := range sortedKeys(offsets) {
		o := offsets[tp]
		i, ok := at[tp.Topic]
		if !ok {
			i = len(req.Topics)
			at[tp.Topic] = i
			t := msg.OffsetCommitRequestTopic{Name: tp.Topic}
			if version > lastNamedOffsets {
				t.Name, t.TopicID = "", o.id
			}
			req.Topics = append(req.Topics, t)
		}
		var p msg.OffsetCommitRequestTopicPartition
		p.SetDefaults()
		p.PartitionIndex, p.CommittedOffset, p.CommittedMetadata = tp.Partition, o.Offset, new(o.Metadata)
		p.CommittedLeaderEpoch = o.LeaderEpoch.Number() // not sent before version 6
		req.Topics[i].Partitions = append(req.Topics[i].Partitions, p)
	}
	return req
}

// commitRefused makes an error of a partition's code, and tells the protocol what it means for the
// membership.
func (c *Consumer) commitRefused(member membership, tp TopicPartition, code wire.ErrorCode) error {
	err := error(code)
	switch code {
	case wire.ErrNotCoordinator, wire.ErrCoordinatorNotAvailable:
		c.client.ForgetCoordinator(netclient.GroupCoordinator, c.cfg.GroupID)
		return err
	case wire.ErrUnknownMemberID, wire.ErrIllegalGeneration, wire.ErrFencedInstanceID, wire.ErrRebalanceInProgress:
	default:
		return err
	}
	if member.generation < 0 {
		return fmt.Errorf("%w (the group has members; partitions assigned by hand need a group of their own)", err)
	}
	c.mu.Lock()
	c.step(evFenced{memberID: member.id, generation: member.generation, err: &PartitionError{TopicPartition: tp, Op: "commit an offset", Err: code}})
	c.mu.Unlock()
	if code == wire.ErrRebalanceInProgress {
		return err
	}
	return fmt.Errorf("%w: %w", ErrSessionExpired, err)
}

// offsetStore is a connection to a broker that takes this group's offsets: the coordinator, or, on
// 0.8.1, any broker.
func (c *Consumer) offsetStore(ctx context.Context) (*netclient.Conn, error) {
	broker, err := c.client.Coordinator(ctx, netclient.GroupCoordinator, c.cfg.GroupID)
	if err == nil {
		return c.group.Conn(ctx, broker.ID)
	}
	if !errors.Is(err, netclient.ErrNoCoordinator) {
		return nil, err
	}
	err = netclient.ErrNoBrokers
	for _, b := range c.client.Metadata().Brokers() {
		var conn *netclient.Conn
		if conn, err = c.group.Conn(ctx, b.ID); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// noStorage turns a missing API into what that means.
func noStorage(err error) error {
	if _, ok := errors.AsType[*netclient.UnsupportedError](err); ok {
		return fmt.Errorf("%w: %w", ErrNoOffsetStorage, err)
	}
	return err
}
