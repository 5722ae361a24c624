package kafkatest

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// describeGroups tells the state and the members of groups.
func describeGroups(c *call, req *msg.DescribeGroupsRequest) *msg.DescribeGroupsResponse {
	return describeGroupsResponse(req, func(out *msg.DescribeGroupsResponseGroup) wire.ErrorCode {
		return c.broker.cluster.groups.with(c.broker, out.GroupID, false, func(g *group, _ time.Time) wire.ErrorCode {
			if g != nil {
				c.describeGroup(g, out)
				return wire.ErrNone
			}
			out.GroupState = "Dead"
			if c.version >= 6 {
				return wire.ErrGroupIDNotFound // KIP-1043
			}
			return wire.ErrNone
		})
	})
}

func (c *call) describeGroup(g *group, out *msg.DescribeGroupsResponseGroup) {
	out.GroupState, out.ProtocolType = g.stateName(), g.protocolType
	for _, m := range g.members {
		member := msg.DescribeGroupsResponseGroupMember{
			MemberID: m.id, GroupInstanceID: m.instanceID, ClientID: m.clientID, ClientHost: m.host,
			MemberMetadata: []byte{}, MemberAssignment: []byte{},
		}
		if g.state == groupStable {
			out.ProtocolData = g.protocol
			member.MemberMetadata, member.MemberAssignment = m.metadata(g.protocol), m.assignment
		}
		out.Members = append(out.Members, member)
	}
}

func describeGroupsResponse(req *msg.DescribeGroupsRequest, describe func(*msg.DescribeGroupsResponseGroup) wire.ErrorCode) *msg.DescribeGroupsResponse {
	resp := msg.NewDescribeGroupsResponse()
	for _, id := range req.Groups {
		out := msg.DescribeGroupsResponseGroup{}
		out.SetDefaults()
		out.GroupID = id
		out.ErrorCode = describe(&out)
		resp.Groups = append(resp.Groups, out)
	}
	return resp
}

func describeGroupsError(_ *call, req *msg.DescribeGroupsRequest, code wire.ErrorCode) *msg.DescribeGroupsResponse {
	return describeGroupsResponse(req, func(*msg.DescribeGroupsResponseGroup) wire.ErrorCode { return code })
}
