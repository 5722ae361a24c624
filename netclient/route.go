package netclient

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/barnabas-kafka/barnabas/wire"
)

// AnyBroker is what Responsible returns for a request that every broker can answer.
const AnyBroker int32 = -1

// Route sends a request to the broker that is responsible for what it names: the
// leader of the partitions, the coordinator of the group or the transactional id,
// the controller, the broker whose configuration it is, or any. See Responsible.
//
// Where the answer says of everything in it that it was the wrong broker (NOT_COORDINATOR,
// NOT_CONTROLLER, and but for Produce NOT_LEADER_OR_FOLLOWER), Route finds the
// right one and asks again, with RetryBackoff, until ctx ends. Any other error in the answer is
// the caller's: see ErrorsIn.
func (c *Client) Route(ctx context.Context, req wire.Request, resp wire.Response) error {
	backoff := c.cfg.retryBackoff()
	for {
		node, err := c.Responsible(ctx, req)
		if err != nil {
			return err
		}
		if node == AnyBroker {
			err = c.Request(ctx, req, resp)
		} else {
			err = c.RequestTo(ctx, node, req, resp)
		}
		if err != nil || !wrongBroker(req, resp) {
			return err
		}
		c.forgetRoute(req)
		if c.sleep(ctx, backoff.Next()) != nil {
			return nil // the answer says enough
		}
		if _, err := c.RefreshMetadata(ctx); err != nil {
			return nil
		}
	}
}

// wrongBroker reports whether an answer says so of everything in it.
func wrongBroker(req wire.Request, resp wire.Response) bool {
	errs := ErrorsIn(resp)
	return len(errs) > 0 && !slices.ContainsFunc(errs, func(e ItemError) bool {
		switch e.Code {
		case wire.ErrNotCoordinator, wire.ErrNotController:
			return false
		case wire.ErrNotLeaderOrFollower: // of a batch that may have been written all the same
			return req.APIKey() == wire.KeyProduce
		}
		return true
	})
}

// forgetRoute drops the coordinators of what a request names.
func (c *Client) forgetRoute(req wire.Request) {
	if t, keys := coordinated(req); len(keys) > 0 {
		for _, key := range keys {
			c.ForgetCoordinator(t, key)
		}
	}
}

// Responsible returns the id of the broker that a request has to be sent to because
// of what it names, AnyBroker if every broker can answer. That is the
// leader of its partitions, the coordinator of its groups or transactional ids,
// the controller, or the broker whose configuration it names. It asks the cluster, and waits until ctx
// ends, as Topic and Coordinator do. A request that names things
// of several brokers is an error: each has to be asked for its own.
//
// What each broker answers for itself alone (ListGroups, ListTransactions,
// DescribeLogDirs, DescribeCluster) goes to any: use RequestTo for a certain one.
func (c *Client) Responsible(ctx context.Context, req wire.Request) (node int32, err error) {
	switch req.APIKey() {
	case wire.KeyProduce, wire.KeyFetch, wire.KeyListOffsets, wire.KeyDeleteRecords, wire.KeyOffsetForLeaderEpoch,
		wire.KeyDescribeProducers, wire.KeyShareFetch, wire.KeyShareAcknowledge:
		return c.leaderOf(ctx, req)
	case wire.KeyCreateTopics, wire.KeyDeleteTopics, wire.KeyCreatePartitions, wire.KeyElectLeaders, wire.KeyAlterPartitionReassignments,
		wire.KeyListPartitionReassignments, wire.KeyAlterUserScramCredentials, wire.KeyUpdateFeatures:
		return c.controller(ctx)
	case wire.KeyDescribeConfigs, wire.KeyAlterConfigs, wire.KeyIncrementalAlterConfigs:
		return configuredBroker(req)
	}
	t, keys := coordinated(req)
	node = AnyBroker
	for i, key := range keys {
		b, err := c.Coordinator(ctx, t, key)
		switch {
		case errors.Is(err, ErrNoCoordinator):
			return AnyBroker, nil // offsets of 0.8.1 are any broker's
		case err != nil:
			return AnyBroker, err
		case i > 0 && b.ID != node:
			return AnyBroker, severalBrokers(req, fmt.Sprintf("%q", keys[0]), node, fmt.Sprintf("%q", key), b.ID)
		}
		node = b.ID
	}
	return node, nil
}

func severalBrokers(req wire.Request, one string, node int32, other string, otherNode int32) error {
	return fmt.Errorf("%s: broker %d is responsible for %s, and broker %d for %s: ask each for its own", req.APIKey(), node, one, otherNode, other)
}

// coordinated are the groups, or the transactional ids, whose coordinator has to be
// asked.
func coordinated(req wire.Request) (t CoordinatorType, keys []string) {
	v := reflect.ValueOf(req).Elem()
	switch req.APIKey() {
	case wire.KeyOffsetCommit, wire.KeyOffsetFetch, wire.KeyJoinGroup, wire.KeyHeartbeat, wire.KeyLeaveGroup, wire.KeySyncGroup,
		wire.KeyDescribeGroups, wire.KeyDeleteGroups, wire.KeyOffsetDelete, wire.KeyTxnOffsetCommit, wire.KeyConsumerGroupHeartbeat,
		wire.KeyConsumerGroupDescribe, wire.KeyShareGroupHeartbeat, wire.KeyShareGroupDescribe, wire.KeyStreamsGroupHeartbeat,
		wire.KeyStreamsGroupDescribe, wire.KeyDescribeShareGroupOffsets, wire.KeyAlterShareGroupOffsets, wire.KeyDeleteShareGroupOffsets,
		wire.KeyStreamsGroupTopologyDescriptionUpdate:
		return GroupCoordinator, textsOf(v, "GroupID", "Groups", "GroupsNames", "GroupIDs")
	case wire.KeyInitProducerID, wire.KeyAddPartitionsToTxn, wire.KeyAddOffsetsToTxn, wire.KeyEndTxn, wire.KeyDescribeTransactions:
		return TransactionCoordinator, textsOf(v, "TransactionalID", "V3AndBelowTransactionalID", "TransactionalIDs", "Transactions")
	}
	return 0, nil
}

// textsOf are the texts in the fields of those names: one, a list, or a list of parts
// that have such fields.
func textsOf(v reflect.Value, fields ...string) (all []string) {
	for _, name := range fields {
		f := v.FieldByName(name)
		switch {
		case !f.IsValid():
		case f.Kind() == reflect.Slice:
			for i := range f.Len() {
				if e := f.Index(i); e.Kind() == reflect.Struct {
					all = append(all, textsOf(e, fields...)...)
				} else {
					all = append(all, e.String())
				}
			}
		default:
			if text := textOf(v, name); text != "" {
				all = append(all, text)
			}
		}
	}
	return all
}

// leaderOf is the leader of all partitions that a request names.
func (c *Client) leaderOf(ctx context.Context, req wire.Request) (int32, error) {
	node := AnyBroker
	var first wire.TopicPartition
	for _, p := range partitionsIn(reflect.ValueOf(req).Elem()) {
		tp := wire.TopicPartition{Topic: p.topic, Partition: p.id}
		if tp.Topic == "" {
			var ok bool
			if tp.Topic, ok = c.Metadata().named(p.topicID); !ok {
				return AnyBroker, fmt.Errorf("%s: no topic of the id %s is in use: look it up by its name first", req.APIKey(), p.topicID)
			}
		}
		leader, err := c.awaitLeader(ctx, tp)
		if err != nil {
			return AnyBroker, err
		}
		if node != AnyBroker && leader != node {
			return AnyBroker, severalBrokers(req, first.String(), node, tp.String(), leader)
		}
		node, first = leader, tp
	}
	return node, nil
}

// named is the name of a topic of that id.
func (m *Metadata) named(id wire.UUID) (string, bool) {
	for t := range m.Topics() {
		if t.ID == id {
			return t.Name, true
		}
	}
	return "", false
}

// awaitLeader waits until a partition has a leader.
func (c *Client) awaitLeader(ctx context.Context, tp wire.TopicPartition) (int32, error) {
	backoff := c.cfg.retryBackoff()
	for {
		t, err := c.Topic(ctx, tp.Topic)
		if err != nil {
			return AnyBroker, err
		}
		p := t.Partition(tp.Partition)
		switch {
		case p == nil && backoff.Failures() == 0: // it may have been added since
		case p == nil:
			return AnyBroker, fmt.Errorf("topic %q has no partition %d, but %d", tp.Topic, tp.Partition, len(t.Partitions))
		case p.Leader >= 0:
			return p.Leader, nil
		}
		if err := c.sleep(ctx, backoff.Next()); err != nil {
			return AnyBroker, &waitError{what: fmt.Sprintf("a leader of %s", tp), err: err, last: wire.ErrLeaderNotAvailable}
		}
		if _, err := c.RefreshMetadata(ctx, tp.Topic); err != nil {
			return AnyBroker, err
		}
	}
}

// namedPartition is a partition that a request names.
type namedPartition struct {
	topic   string // empty: topicID names it
	topicID wire.UUID
	id      int32
}

// partitionsIn finds the partitions in a request, which are numbers, or parts with
// a number, inside a part that names a topic.
func partitionsIn(v reflect.Value) (all []namedPartition) {
	var topic namedPartition
	topic.topic = firstText(v, "Topic", "Name", "TopicName")
	if id := v.FieldByName("TopicID"); id.IsValid() {
		topic.topicID = id.Interface().(wire.UUID)
	}
	isTopic := topic != namedPartition{}
	for i := range v.NumField() {
		list := v.Field(i)
		if list.Kind() != reflect.Slice {
			continue
		}
		for j := range list.Len() {
			e := list.Index(j)
			switch {
			case isTopic && e.Kind() == reflect.Int32:
				topic.id = int32(e.Int())
				all = append(all, topic)
			case isTopic && e.Kind() == reflect.Struct:
				if id, ok := partitionOf(e); ok {
					topic.id = id
					all = append(all, topic)
				}
			case e.Kind() == reflect.Struct:
				all = append(all, partitionsIn(e)...)
			}
		}
	}
	return all
}

func firstText(v reflect.Value, fields ...string) string {
	for _, field := range fields {
		if text := textOf(v, field); text != "" {
			return text
		}
	}
	return ""
}

// The types of resources in requests for configurations that belong to one broker.
const (
	brokerResource       = 4
	brokerLoggerResource = 8
)

// configuredBroker is the broker whose configuration a request names.
func configuredBroker(req wire.Request) (int32, error) {
	node := AnyBroker
	resources := reflect.ValueOf(req).Elem().FieldByName("Resources")
	for i := range resources.Len() {
		r := resources.Index(i)
		name := textOf(r, "ResourceName")
		t := r.FieldByName("ResourceType").Int()
		if name == "" || t != brokerResource && t != brokerLoggerResource {
			continue // the name is empty for what holds for all brokers
		}
		id, err := strconv.ParseInt(name, 10, 32)
		if err != nil {
			return AnyBroker, fmt.Errorf("%s: %q is no broker's id", req.APIKey(), name)
		}
		if node != AnyBroker && int32(id) != node {
			return AnyBroker, severalBrokers(req, fmt.Sprint("its configuration"), node, "its own", int32(id))
		}
		node = int32(id)
	}
	return node, nil
}
