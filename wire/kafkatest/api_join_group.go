package kafkatest

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// joinGroup lets a member into a group, and waits until all have joined.
func joinGroup(c *call, req *msg.JoinGroupRequest) *msg.JoinGroupResponse {
	config := &c.broker.cluster.config
	session := milliseconds(req.SessionTimeoutMs)
	switch {
	case req.GroupID == "":
		return joinGroupError(c, req, wire.ErrInvalidGroupID)
	case session < config.minSession || session > config.maxSession:
		return joinGroupError(c, req, wire.ErrInvalidSessionTimeout)
	}
	answer := make(chan *msg.JoinGroupResponse, 1)
	create := req.MemberID == ""
	code := c.broker.cluster.groups.with(c.broker, req.GroupID, create, func(g *group, now time.Time) wire.ErrorCode {
		if g == nil {
			return wire.ErrUnknownMemberID
		}
		g.join(now, joinRequest{req, c.version, c.clientID, c.host}, func(resp *msg.JoinGroupResponse) { answer <- resp })
		return wire.ErrNone
	})
	if code != wire.ErrNone {
		return joinGroupError(c, req, code)
	}
	select {
	case resp := <-answer:
		return resp
	case <-c.ctx.Done():
		return nil
	}
}

func joinGroupError(_ *call, req *msg.JoinGroupRequest, code wire.ErrorCode) *msg.JoinGroupResponse {
	return joinFailed(req.MemberID, code)
}
