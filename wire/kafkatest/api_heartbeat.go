package kafkatest

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// heartbeat keeps a member in its group and tells it of rebalances.
func heartbeat(c *call, req *msg.HeartbeatRequest) *msg.HeartbeatResponse {
	cluster := c.broker.cluster
	if !cluster.config.release.at(0, 9) {
		return heartbeatError(c, req, wire.ErrUnknownServerError) // 0.8.2 knows the request, but has no groups
	}
	code := cluster.groups.withMembers(c.broker, req.GroupID, func(g *group, now time.Time) wire.ErrorCode {
		return g.heartbeat(now, req.MemberID, req.GroupInstanceID, req.GenerationID)
	})
	return heartbeatError(c, req, code)
}

func heartbeatError(_ *call, _ *msg.HeartbeatRequest, code wire.ErrorCode) *msg.HeartbeatResponse {
	resp := msg.NewHeartbeatResponse()
	resp.ErrorCode = code
	return resp
}
