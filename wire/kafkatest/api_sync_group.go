package kafkatest

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// syncGroup hands out the assignment, and waits until the leader has brought it.
func syncGroup(c *call, req *msg.SyncGroupRequest) *msg.SyncGroupResponse {
	answer := make(chan *msg.SyncGroupResponse, 1)
	code := c.broker.cluster.groups.withMembers(c.broker, req.GroupID, func(g *group, now time.Time) wire.ErrorCode {
		g.sync(now, req, func(resp *msg.SyncGroupResponse) { answer <- resp })
		return wire.ErrNone
	})
	if code != wire.ErrNone {
		return syncFailed(code)
	}
	select {
	case resp := <-answer:
		return resp
	case <-c.ctx.Done():
		return nil
	}
}

func syncGroupError(_ *call, _ *msg.SyncGroupRequest, code wire.ErrorCode) *msg.SyncGroupResponse {
	return syncFailed(code)
}
