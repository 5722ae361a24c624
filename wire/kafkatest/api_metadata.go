package kafkatest

import (
	"errors"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// metadata tells which brokers are up, and about topics: those asked for, which
// it may make, or all.
func metadata(c *call, req *msg.MetadataRequest) *msg.MetadataResponse {
	cluster := c.broker.cluster
	running, up := cluster.upBrokers()
	resp := msg.NewMetadataResponse()
	all := req.Topics == nil || c.version == 0 && len(req.Topics) == 0
	resp.Topics = []msg.MetadataResponseTopic{}
	if all {
		for _, t := range cluster.allTopics() {
			resp.Topics = append(resp.Topics, c.describeTopic(t, up))
		}
	}
	for i := range req.Topics {
		resp.Topics = append(resp.Topics, c.findTopic(&req.Topics[i], req.AllowAutoTopicCreation, up))
	}
	for _, b := range running {
		if !cluster.config.release.at(0, 9) && !hasReplicaOn(resp.Topics, b.id) {
			continue // 0.8 names only the brokers of the topics in the answer
		}
		resp.Brokers = append(resp.Brokers, msg.MetadataResponseBroker{NodeID: b.id, Host: b.host, Port: b.port})
	}
	if c.version >= 1 && len(running) > 0 {
		resp.ControllerID = running[0].id
	}
	if c.version >= 2 {
		resp.ClusterID = &cluster.id
	}
	return resp
}

// findTopic answers for a topic that was asked for, by name or, with no name, by
// id. One that isn't there is made if it may be; the client learns of it when it
// asks again.
func (c *call) findTopic(in *msg.MetadataRequestTopic, create bool, up func(int32) bool) msg.MetadataResponseTopic {
	cluster := c.broker.cluster
	var name string
	if in.Name != nil {
		name = *in.Name
	}
	if t := cluster.topic(name, in.TopicID); t != nil {
		return c.describeTopic(t, up)
	}
	out := msg.MetadataResponseTopic{}
	out.SetDefaults()
	out.Name = in.Name
	out.Partitions = []msg.MetadataResponseTopicPartition{}
	switch {
	case in.Name == nil:
		out.TopicID, out.ErrorCode = in.TopicID, wire.ErrUnknownTopicID
	case !validTopicName(name):
		out.ErrorCode = cluster.config.release.invalidTopic()
	case cluster.config.noAutoCreate || !create:
		out.ErrorCode = wire.ErrUnknownTopicOrPartition
	default:
		err := cluster.makeTopic(name, cluster.config.partitions, 1) // another client may have been faster
		out.ErrorCode = cluster.config.release.topicBeingMade()
		if errors.Is(err, wire.ErrInvalidTopicException) && !cluster.config.release.kraft() {
			out.ErrorCode = wire.ErrInvalidTopicException
		}
	}
	return out
}

// hasReplicaOn tells whether one of the topics has a replica on the broker.
func hasReplicaOn(topics []msg.MetadataResponseTopic, node int32) bool {
	for _, t := range topics {
		for _, p := range t.Partitions {
			if slices.Contains(p.ReplicaNodes, node) {
				return true
			}
		}
	}
	return false
}

// invalidTopic is the answer to a name that no topic can have.
func (r release) invalidTopic() wire.ErrorCode {
	if !r.at(0, 8, 2) {
		return wire.ErrUnknownServerError
	}
	return wire.ErrInvalidTopicException
}

// topicBeingMade is the answer to the request that has a topic made.
func (r release) topicBeingMade() wire.ErrorCode {
	if r.kraft() {
		return wire.ErrUnknownTopicOrPartition
	}
	return wire.ErrLeaderNotAvailable
}

// describeTopic describes a topic and its partitions.
func (c *call) describeTopic(t *topic, up func(int32) bool) msg.MetadataResponseTopic {
	out := msg.MetadataResponseTopic{}
	out.SetDefaults()
	out.Name, out.TopicID, out.IsInternal = &t.name, t.id, t.internal
	for _, p := range t.partitions {
		live, offline := p.liveReplicas(up)
		part := msg.MetadataResponseTopicPartition{PartitionIndex: p.id, ReplicaNodes: p.replicas, IsrNodes: live, OfflineReplicas: offline}
		part.LeaderID, part.LeaderEpoch = p.leadership()
		switch {
		case !up(part.LeaderID):
			part.ErrorCode, part.LeaderID = wire.ErrLeaderNotAvailable, -1
		case c.version == 0 && len(offline) > 0:
			// v0 has no room for replicas that are down. The leader is good all the same.
			part.ErrorCode, part.ReplicaNodes = wire.ErrReplicaNotAvailable, live
		}
		out.Partitions = append(out.Partitions, part)
	}
	return out
}

func metadataError(c *call, req *msg.MetadataRequest, code wire.ErrorCode) *msg.MetadataResponse {
	resp := metadata(c, &msg.MetadataRequest{Topics: req.Topics})
	for i := range resp.Topics {
		resp.Topics[i].ErrorCode = code
		resp.Topics[i].Partitions = []msg.MetadataResponseTopicPartition{}
	}
	resp.ErrorCode = code // from v13 on
	return resp
}
