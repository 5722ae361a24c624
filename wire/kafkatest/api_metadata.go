package kafkatest

import (
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// metadata tells which brokers are up, and about topics: those asked for, which
// it may make, or all.
func metadata(c *call, req *msg.MetadataRequest) *msg.MetadataResponse {
	cluster := c.broker.cluster
	running, up := cluster.upBrokers()
	if len(cluster.allTopics()) == 0 && !cluster.config.release.at(0, 9) {
		running = nil // brokers of 0.8 learn of each other with the first topic
	}
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
		out.ErrorCode = wire.ErrInvalidTopicException
	case cluster.config.noAutoCreate || !create:
		out.ErrorCode = wire.ErrUnknownTopicOrPartition
	default:
		cluster.CreateTopic(name, cluster.config.partitions, 1) // another client may have been faster
		out.ErrorCode = cluster.config.release.topicBeingMade()
	}
	return out
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
