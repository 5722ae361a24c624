package kafkatest

import (
	"github.com/barnabas-kafka/barnabas/wire"
)

// An api is how the requests of one API are answered; file api_<name>.go has its
// functions.
type api struct {
	newRequest func() wire.Request
	// handle does what is asked for. It returns nil when there is nothing to
	// answer, or sets call.err.
	handle func(*call, wire.Request) wire.Response
	// fail answers the error without doing anything.
	fail func(*call, wire.Request, wire.ErrorCode) wire.Response
}

// apis are the APIs that kafkatest implements. Which of them, in which versions,
// a cluster has, its release says.
var apis = map[wire.APIKey]api{
	wire.KeyProduce:         define(produce, produceError),
	wire.KeyFetch:           define(fetch, fetchError),
	wire.KeyListOffsets:     define(listOffsets, listOffsetsError),
	wire.KeyMetadata:        define(metadata, metadataError),
	wire.KeyAPIVersions:     define(apiVersionsOf, apiVersionsError),
	wire.KeyCreateTopics:    define(createTopics, createTopicsError),
	wire.KeyDeleteTopics:    define(deleteTopics, deleteTopicsError),
	wire.KeyFindCoordinator: define(findCoordinator, findCoordinatorError),
	wire.KeyJoinGroup:       define(joinGroup, joinGroupError),
	wire.KeySyncGroup:       define(syncGroup, syncGroupError),
	wire.KeyHeartbeat:       define(heartbeat, heartbeatError),
	wire.KeyLeaveGroup:      define(leaveGroup, leaveGroupError),
	wire.KeyOffsetCommit:    define(offsetCommit, offsetCommitError),
	wire.KeyOffsetFetch:     define(offsetFetch, offsetFetchError),
	wire.KeyDescribeGroups:  define(describeGroups, describeGroupsError),
	wire.KeyListGroups:      define(listGroups, listGroupsError),
	wire.KeyDeleteGroups:    define(deleteGroups, deleteGroupsError),

	wire.KeySaslHandshake:    define(saslHandshake, saslHandshakeError),
	wire.KeySaslAuthenticate: define(saslAuthenticate, saslAuthenticateError),
}

// define makes an api of functions on the messages' own types.
func define[Q, R any, Request interface {
	*Q
	wire.Request
}, Response interface {
	*R
	wire.Response
}](handle func(*call, Request) Response, fail func(*call, Request, wire.ErrorCode) Response) api {
	answer := func(r Response) wire.Response {
		if r == nil {
			return nil // not an interface that holds a nil pointer
		}
		return r
	}
	return api{
		newRequest: func() wire.Request { return Request(new(Q)) },
		handle:     func(c *call, r wire.Request) wire.Response { return answer(handle(c, r.(Request))) },
		fail: func(c *call, r wire.Request, code wire.ErrorCode) wire.Response {
			return answer(fail(c, r.(Request), code))
		},
	}
}
