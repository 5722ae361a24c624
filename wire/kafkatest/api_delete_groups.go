package kafkatest

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// deleteGroups deletes groups without members, and what they committed.
func deleteGroups(c *call, req *msg.DeleteGroupsRequest) *msg.DeleteGroupsResponse {
	groups := c.broker.cluster.groups
	return deleteGroupsResponse(req, func(id string) wire.ErrorCode {
		return groups.with(c.broker, id, false, func(g *group, _ time.Time) wire.ErrorCode {
			switch {
			case g != nil && len(g.members) > 0:
				return wire.ErrNonEmptyGroup
			case g == nil && groups.offsets[id] == nil:
				return wire.ErrGroupIDNotFound
			}
			delete(groups.groups, id)
			delete(groups.offsets, id)
			return wire.ErrNone
		})
	})
}

func deleteGroupsResponse(req *msg.DeleteGroupsRequest, remove func(id string) wire.ErrorCode) *msg.DeleteGroupsResponse {
	resp := msg.NewDeleteGroupsResponse()
	for _, id := range req.GroupsNames {
		out := msg.DeleteGroupsResponseResult{}
		out.SetDefaults()
		out.GroupID, out.ErrorCode = id, remove(id)
		resp.Results = append(resp.Results, out)
	}
	return resp
}

func deleteGroupsError(_ *call, req *msg.DeleteGroupsRequest, code wire.ErrorCode) *msg.DeleteGroupsResponse {
	return deleteGroupsResponse(req, func(string) wire.ErrorCode { return code })
}
