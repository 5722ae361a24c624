package kafkatest

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// leaveGroup takes a member out of its group; from v3 on several, each with an
// error of its own (KIP-345).
func leaveGroup(c *call, req *msg.LeaveGroupRequest) *msg.LeaveGroupResponse {
	resp := msg.NewLeaveGroupResponse()
	resp.ErrorCode = c.broker.cluster.groups.withMembers(c.broker, req.GroupID, func(g *group, now time.Time) wire.ErrorCode {
		if c.version < 3 {
			return g.leave(now, req.MemberID, nil)
		}
		for _, m := range req.Members {
			resp.Members = append(resp.Members, msg.LeaveGroupResponseMember{
				MemberID: m.MemberID, GroupInstanceID: m.GroupInstanceID, ErrorCode: g.leave(now, m.MemberID, m.GroupInstanceID),
			})
		}
		return wire.ErrNone
	})
	return resp
}

func leaveGroupError(_ *call, _ *msg.LeaveGroupRequest, code wire.ErrorCode) *msg.LeaveGroupResponse {
	resp := msg.NewLeaveGroupResponse()
	resp.ErrorCode = code
	return resp
}
