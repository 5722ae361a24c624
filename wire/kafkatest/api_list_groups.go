package kafkatest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// listGroups tells which groups this broker coordinates.
func listGroups(c *call, req *msg.ListGroupsRequest) *msg.ListGroupsResponse {
	groups := c.broker.cluster.groups
	groups.mu.Lock()
	defer groups.mu.Unlock()
	resp := msg.NewListGroupsResponse()
	for _, g := range groups.groups {
		state := g.stateName()
		if groups.coordinatorOf(g.id) == c.broker && listed(req.StatesFilter, state) && listed(req.TypesFilter, "classic") {
			resp.Groups = append(resp.Groups, msg.ListGroupsResponseGroup{GroupID: g.id, ProtocolType: g.protocolType, GroupState: state, GroupType: "classic"})
		}
	}
	slices.SortFunc(resp.Groups, func(a, b msg.ListGroupsResponseGroup) int { return cmp.Compare(a.GroupID, b.GroupID) })
	return resp
}

// listed tells whether the filter has the name, in whatever case, or nothing.
func listed(filter []string, name string) bool {
	return len(filter) == 0 || slices.ContainsFunc(filter, func(s string) bool { return strings.EqualFold(s, name) })
}

func listGroupsError(_ *call, _ *msg.ListGroupsRequest, code wire.ErrorCode) *msg.ListGroupsResponse {
	resp := msg.NewListGroupsResponse()
	resp.ErrorCode = code
	return resp
}
