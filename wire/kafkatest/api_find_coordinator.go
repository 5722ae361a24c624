package kafkatest

import (
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// groupKey is the type of a key that names a group; 1 would be a transactional
// id, which kafkatest has no coordinators for.
const groupKey = 0

// findCoordinator tells which broker coordinates groups. The first question in a
// cluster's life has __consumer_offsets made and answers that there is no
// coordinator yet, as real brokers do.
func findCoordinator(c *call, req *msg.FindCoordinatorRequest) *msg.FindCoordinatorResponse {
	if req.KeyType != groupKey {
		return findCoordinatorError(c, req, wire.ErrInvalidRequest)
	}
	groups := c.broker.cluster.groups
	ready := groups.ensureTopic()
	return coordinatorResponse(c, req, func(group string) (*broker, wire.ErrorCode) {
		if b := groups.coordinatorOf(group); ready && b != nil {
			return b, wire.ErrNone
		}
		return nil, wire.ErrCoordinatorNotAvailable
	})
}

func findCoordinatorError(c *call, req *msg.FindCoordinatorRequest, code wire.ErrorCode) *msg.FindCoordinatorResponse {
	return coordinatorResponse(c, req, func(string) (*broker, wire.ErrorCode) { return nil, code })
}

// coordinatorResponse answers for each key what find finds. From v4 on there are
// several (KIP-699).
func coordinatorResponse(c *call, req *msg.FindCoordinatorRequest, find func(string) (*broker, wire.ErrorCode)) *msg.FindCoordinatorResponse {
	resp := msg.NewFindCoordinatorResponse()
	keys := req.CoordinatorKeys
	if c.version < 4 {
		keys = []string{req.Key}
	}
	for _, key := range keys {
		out := msg.FindCoordinatorResponseCoordinator{Key: key, NodeID: -1, Port: -1}
		b, code := find(key)
		out.ErrorCode = code
		if b != nil {
			out.NodeID, out.Host, out.Port = b.id, b.host, b.port
		} else if c.version >= 1 {
			out.ErrorMessage = new(code.Error())
		}
		if c.version < 4 {
			resp.ErrorCode, resp.ErrorMessage, resp.NodeID, resp.Host, resp.Port = out.ErrorCode, out.ErrorMessage, out.NodeID, out.Host, out.Port
		} else {
			resp.Coordinators = append(resp.Coordinators, out)
		}
	}
	return resp
}
