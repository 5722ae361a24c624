package kafkatest

import (
	"regexp"
	"slices"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// softwareName is what a client's software name and version must look like
// (KIP-511).
var softwareName = regexp.MustCompile(`^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$`)

// apiVersionsOf tells which versions of which APIs the release has, of those
// that kafkatest implements.
func apiVersionsOf(c *call, req *msg.APIVersionsRequest) *msg.APIVersionsResponse {
	cluster := c.broker.cluster
	if c.version >= 3 && !(softwareName.MatchString(req.ClientSoftwareName) && softwareName.MatchString(req.ClientSoftwareVersion)) {
		return apiVersionsError(c, req, wire.ErrInvalidRequest)
	}
	switch knowsCluster, knowsNode := req.ClusterID != nil, req.NodeID != -1; { // v5, KIP-1242
	case knowsCluster != knowsNode:
		return apiVersionsError(c, req, wire.ErrInvalidRequest)
	case knowsCluster && (*req.ClusterID != cluster.id || req.NodeID != c.broker.id):
		return apiVersionsError(c, req, rebootstrapRequired)
	}
	resp := msg.NewAPIVersionsResponse()
	for key, v := range cluster.versions {
		resp.APIKeys = append(resp.APIKeys, msg.APIVersionsResponseAPIKey{APIKey: int16(key), MinVersion: v.Min, MaxVersion: v.Max})
	}
	slices.SortFunc(resp.APIKeys, func(a, b msg.APIVersionsResponseAPIKey) int { return int(a.APIKey) - int(b.APIKey) })
	return resp
}

// rebootstrapRequired tells a client that it talks to another broker than it
// believes.
const rebootstrapRequired = wire.ErrorCode(129)

func apiVersionsError(_ *call, _ *msg.APIVersionsRequest, code wire.ErrorCode) *msg.APIVersionsResponse {
	resp := msg.NewAPIVersionsResponse()
	resp.ErrorCode = code
	return resp
}

// unsupportedAPIVersions is the answer, in v0, to a version of ApiVersions that
// the release does not have. From 2.4 on it tells those that it has.
func (b *broker) unsupportedAPIVersions() wire.Response {
	resp := apiVersionsError(nil, nil, wire.ErrUnsupportedVersion)
	if b.cluster.config.release.at(2, 4) {
		v := b.cluster.versions[wire.KeyAPIVersions]
		resp.APIKeys = []msg.APIVersionsResponseAPIKey{{APIKey: int16(wire.KeyAPIVersions), MinVersion: v.Min, MaxVersion: v.Max}}
	}
	return resp
}
