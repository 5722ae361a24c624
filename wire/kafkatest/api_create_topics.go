package kafkatest

import (
	"fmt"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// createTopics makes topics. Their configs are accepted and change nothing.
func createTopics(c *call, req *msg.CreateTopicsRequest) *msg.CreateTopicsResponse {
	cluster := c.broker.cluster
	if running, _ := cluster.upBrokers(); !cluster.config.release.kraft() && len(running) > 0 && running[0] != c.broker {
		return createTopicsError(c, req, wire.ErrNotController)
	}
	resp := msg.NewCreateTopicsResponse()
	for i := range req.Topics {
		in := &req.Topics[i]
		out := msg.CreateTopicsResponseTopic{}
		out.SetDefaults()
		out.Name = in.Name
		t, err := cluster.createTopic(in, req.ValidateOnly)
		if err != nil {
			out.ErrorCode = codeOf(err)
			if c.version >= 1 {
				out.ErrorMessage = new(err.Error())
			}
		} else {
			out.TopicID = t.id
			if c.version >= 5 {
				out.NumPartitions, out.ReplicationFactor = int32(len(t.partitions)), int16(len(t.partitions[0].replicas))
				out.Configs = []msg.CreateTopicsResponseTopicConfig{}
			}
		}
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// createTopic makes one topic, or only looks whether it could.
func (c *Cluster) createTopic(in *msg.CreateTopicsRequestTopic, validateOnly bool) (*topic, error) {
	replicas, err := c.replicasFor(in)
	if err == nil {
		err = checkTopic(in.Name, len(replicas))
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if validateOnly && c.topics[in.Name] == nil {
		return newTopic(in.Name, replicas, 0), nil
	}
	return c.addTopic(in.Name, replicas)
}

// replicasFor are the replicas that the topic is to have: as assigned, or spread
// over the brokers. -1 is the default of partitions and of replicas (KIP-464).
func (c *Cluster) replicasFor(in *msg.CreateTopicsRequestTopic) ([][]int32, error) {
	if len(in.Assignments) > 0 {
		replicas := make([][]int32, len(in.Assignments))
		for _, a := range in.Assignments {
			known := !slices.ContainsFunc(a.BrokerIDs, func(id int32) bool { return c.broker(id) == nil })
			if a.PartitionIndex < 0 || int(a.PartitionIndex) >= len(replicas) || len(a.BrokerIDs) == 0 || !known {
				return nil, fmt.Errorf("kafkatest: partition %d on %v: %w", a.PartitionIndex, a.BrokerIDs, wire.ErrInvalidReplicaAssignment)
			}
			replicas[a.PartitionIndex] = slices.Clone(a.BrokerIDs)
		}
		return replicas, nil
	}
	partitions, n := int(in.NumPartitions), int(in.ReplicationFactor)
	if partitions == -1 {
		partitions = c.config.partitions
	}
	if n == -1 {
		n = 1
	}
	if n < 1 || n > len(c.brokers) {
		return nil, fmt.Errorf("kafkatest: %d replicas on %d brokers: %w", n, len(c.brokers), wire.ErrInvalidReplicationFactor)
	}
	if err := checkPartitions(partitions); err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return assign(len(c.brokers), partitions, n, len(c.topics)), nil
}

func createTopicsError(_ *call, req *msg.CreateTopicsRequest, code wire.ErrorCode) *msg.CreateTopicsResponse {
	resp := msg.NewCreateTopicsResponse()
	for i := range req.Topics {
		out := msg.CreateTopicsResponseTopic{}
		out.SetDefaults()
		out.Name, out.ErrorCode = req.Topics[i].Name, code
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}
