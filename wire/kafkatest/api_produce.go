package kafkatest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// produce keeps the records. With acks 0 there is no answer; an error closes the
// connection then, so that the client notices something.
func produce(c *call, req *msg.ProduceRequest) *msg.ProduceResponse {
	resp := produceResponse(req)
	var failure error
	leaders := leaderHints{call: c, since: 10}
	for i := range req.TopicData {
		in, out := &req.TopicData[i], &resp.Responses[i]
		for j := range in.PartitionData {
			p := &out.PartitionResponses[j]
			base, start, err := c.produceTo(in.Name, in.TopicID, req.Acks, &in.PartitionData[j])
			if c.err != nil {
				return nil
			}
			if err != nil {
				failure = err
				p.ErrorCode = codeOf(err)
				if c.version >= 8 {
					p.ErrorMessage = new(err.Error())
				}
				p.CurrentLeader.LeaderID, p.CurrentLeader.LeaderEpoch = leaders.hint(p.ErrorCode, in.Name, in.TopicID, p.Index)
				continue
			}
			p.BaseOffset, p.LogStartOffset = base, start
		}
	}
	if req.Acks == 0 {
		if failure != nil {
			c.err = fmt.Errorf("produce with acks 0: %w", failure)
		}
		return nil
	}
	for _, b := range leaders.brokers {
		resp.NodeEndpoints = append(resp.NodeEndpoints, msg.ProduceResponseNodeEndpoint{NodeID: b.id, Host: b.host, Port: b.port})
	}
	return resp
}

// produceTo keeps the records of one partition.
func (c *call) produceTo(name string, id wire.UUID, acks int16, in *msg.ProduceRequestTopicDataPartitionData) (base, start int64, err error) {
	cluster := c.broker.cluster
	r := cluster.config.release
	if acks < -1 || acks > 1 && r.at(0, 8, 2) { // 0.8.0 and 0.8.1 take any number
		return -1, -1, fmt.Errorf("acks %d: %w", acks, r.invalidAcks())
	}
	p, code := cluster.partition(name, id, in.Index)
	if code != wire.ErrNone {
		return -1, -1, code
	}
	if in.Records == nil && c.version < 3 {
		c.err = refuse("produce with null for records")
		return -1, -1, c.err
	}
	chunk, err := checkRecords(in.Records, c.version, r, cluster.config.maxMessageBytes, cluster.codecs)
	if err != nil {
		return -1, -1, err
	}
	return p.append(c.broker.id, &chunk, cluster.codecs)
}

// codeOf is the error code that the error wraps.
func codeOf(err error) wire.ErrorCode {
	if err == nil {
		return wire.ErrNone
	}
	if code, ok := errors.AsType[wire.ErrorCode](err); ok {
		return code
	}
	return wire.ErrUnknownServerError
}

// produceResponse makes a response for the partitions of the request.
func produceResponse(req *msg.ProduceRequest) *msg.ProduceResponse {
	resp := msg.NewProduceResponse()
	resp.Responses = make([]msg.ProduceResponseResponse, len(req.TopicData))
	for i := range req.TopicData {
		in, out := &req.TopicData[i], &resp.Responses[i]
		out.SetDefaults()
		out.Name, out.TopicID = in.Name, in.TopicID
		out.PartitionResponses = make([]msg.ProduceResponseResponsePartitionResponse, len(in.PartitionData))
		for j := range in.PartitionData {
			p := &out.PartitionResponses[j]
			p.SetDefaults()
			p.Index, p.BaseOffset = in.PartitionData[j].Index, -1
		}
	}
	return resp
}

func produceError(c *call, req *msg.ProduceRequest, code wire.ErrorCode) *msg.ProduceResponse {
	if req.Acks == 0 {
		c.err = fmt.Errorf("produce with acks 0: %w", code)
		return nil
	}
	resp := produceResponse(req)
	for i := range resp.Responses {
		for j := range resp.Responses[i].PartitionResponses {
			resp.Responses[i].PartitionResponses[j].ErrorCode = code
		}
	}
	return resp
}

// leaderHints collects what newer versions tell along with an error about a
// partition's leader (KIP-951).
type leaderHints struct {
	call    *call
	since   int16 // the first version that tells it
	brokers []*broker
}

// hint is the leader and its epoch, -1 and -1 when it is not to be told.
func (h *leaderHints) hint(code wire.ErrorCode, name string, id wire.UUID, partition int32) (leader, epoch int32) {
	if h.call.version < h.since || code != wire.ErrNotLeaderOrFollower && code != wire.ErrFencedLeaderEpoch {
		return -1, -1
	}
	cluster := h.call.broker.cluster
	p, lookup := cluster.partition(name, id, partition)
	if lookup != wire.ErrNone {
		return -1, -1
	}
	leader, epoch = p.leadership()
	if b := cluster.broker(leader); b != nil && !slices.Contains(h.brokers, b) {
		h.brokers = append(h.brokers, b)
	}
	return leader, epoch
}
