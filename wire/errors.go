package wire

import "fmt"

// An ErrorCode is a broker's answer to the question what went wrong. It is an
// error and comparable: errors.Is(err, wire.ErrNotLeaderOrFollower) finds it in
// what wraps it.
type ErrorCode int16

// The error codes of Kafka 4.4, by Kafka's names.
const (
	ErrUnknownServerError                     ErrorCode = -1
	ErrNone                                   ErrorCode = 0
	ErrOffsetOutOfRange                       ErrorCode = 1
	ErrCorruptMessage                         ErrorCode = 2
	ErrUnknownTopicOrPartition                ErrorCode = 3
	ErrInvalidFetchSize                       ErrorCode = 4
	ErrLeaderNotAvailable                     ErrorCode = 5
	ErrNotLeaderOrFollower                    ErrorCode = 6
	ErrRequestTimedOut                        ErrorCode = 7
	ErrBrokerNotAvailable                     ErrorCode = 8
	ErrReplicaNotAvailable                    ErrorCode = 9
	ErrMessageTooLarge                        ErrorCode = 10
	ErrStaleControllerEpoch                   ErrorCode = 11
	ErrOffsetMetadataTooLarge                 ErrorCode = 12
	ErrNetworkException                       ErrorCode = 13
	ErrCoordinatorLoadInProgress              ErrorCode = 14
	ErrCoordinatorNotAvailable                ErrorCode = 15
	ErrNotCoordinator                         ErrorCode = 16
	ErrInvalidTopicException                  ErrorCode = 17
	ErrRecordListTooLarge                     ErrorCode = 18
	ErrNotEnoughReplicas                      ErrorCode = 19
	ErrNotEnoughReplicasAfterAppend           ErrorCode = 20
	ErrInvalidRequiredAcks                    ErrorCode = 21
	ErrIllegalGeneration                      ErrorCode = 22
	ErrInconsistentGroupProtocol              ErrorCode = 23
	ErrInvalidGroupID                         ErrorCode = 24
	ErrUnknownMemberID                        ErrorCode = 25
	ErrInvalidSessionTimeout                  ErrorCode = 26
	ErrRebalanceInProgress                    ErrorCode = 27
	ErrInvalidCommitOffsetSize                ErrorCode = 28
	ErrTopicAuthorizationFailed               ErrorCode = 29
	ErrGroupAuthorizationFailed               ErrorCode = 30
	ErrClusterAuthorizationFailed             ErrorCode = 31
	ErrInvalidTimestamp                       ErrorCode = 32
	ErrUnsupportedSaslMechanism               ErrorCode = 33
	ErrIllegalSaslState                       ErrorCode = 34
	ErrUnsupportedVersion                     ErrorCode = 35
	ErrTopicAlreadyExists                     ErrorCode = 36
	ErrInvalidPartitions                      ErrorCode = 37
	ErrInvalidReplicationFactor               ErrorCode = 38
	ErrInvalidReplicaAssignment               ErrorCode = 39
	ErrInvalidConfig                          ErrorCode = 40
	ErrNotController                          ErrorCode = 41
	ErrInvalidRequest                         ErrorCode = 42
	ErrUnsupportedForMessageFormat            ErrorCode = 43
	ErrPolicyViolation                        ErrorCode = 44
	ErrOutOfOrderSequenceNumber               ErrorCode = 45
	ErrDuplicateSequenceNumber                ErrorCode = 46
	ErrInvalidProducerEpoch                   ErrorCode = 47
	ErrInvalidTxnState                        ErrorCode = 48
	ErrInvalidProducerIDMapping               ErrorCode = 49
	ErrInvalidTransactionTimeout              ErrorCode = 50
	ErrConcurrentTransactions                 ErrorCode = 51
	ErrTransactionCoordinatorFenced           ErrorCode = 52
	ErrTransactionalIDAuthorizationFailed     ErrorCode = 53
	ErrSecurityDisabled                       ErrorCode = 54
	ErrOperationNotAttempted                  ErrorCode = 55
	ErrKafkaStorageError                      ErrorCode = 56
	ErrLogDirNotFound                         ErrorCode = 57
	ErrSaslAuthenticationFailed               ErrorCode = 58
	ErrUnknownProducerID                      ErrorCode = 59
	ErrReassignmentInProgress                 ErrorCode = 60
	ErrDelegationTokenAuthDisabled            ErrorCode = 61
	ErrDelegationTokenNotFound                ErrorCode = 62
	ErrDelegationTokenOwnerMismatch           ErrorCode = 63
	ErrDelegationTokenRequestNotAllowed       ErrorCode = 64
	ErrDelegationTokenAuthorizationFailed     ErrorCode = 65
	ErrDelegationTokenExpired                 ErrorCode = 66
	ErrInvalidPrincipalType                   ErrorCode = 67
	ErrNonEmptyGroup                          ErrorCode = 68
	ErrGroupIDNotFound                        ErrorCode = 69
	ErrFetchSessionIDNotFound                 ErrorCode = 70
	ErrInvalidFetchSessionEpoch               ErrorCode = 71
	ErrListenerNotFound                       ErrorCode = 72
	ErrTopicDeletionDisabled                  ErrorCode = 73
	ErrFencedLeaderEpoch                      ErrorCode = 74
	ErrUnknownLeaderEpoch                     ErrorCode = 75
	ErrUnsupportedCompressionType             ErrorCode = 76
	ErrStaleBrokerEpoch                       ErrorCode = 77
	ErrOffsetNotAvailable                     ErrorCode = 78
	ErrMemberIDRequired                       ErrorCode = 79
	ErrPreferredLeaderNotAvailable            ErrorCode = 80
	ErrGroupMaxSizeReached                    ErrorCode = 81
	ErrFencedInstanceID                       ErrorCode = 82
	ErrEligibleLeadersNotAvailable            ErrorCode = 83
	ErrElectionNotNeeded                      ErrorCode = 84
	ErrNoReassignmentInProgress               ErrorCode = 85
	ErrGroupSubscribedToTopic                 ErrorCode = 86
	ErrInvalidRecord                          ErrorCode = 87
	ErrUnstableOffsetCommit                   ErrorCode = 88
	ErrThrottlingQuotaExceeded                ErrorCode = 89
	ErrProducerFenced                         ErrorCode = 90
	ErrResourceNotFound                       ErrorCode = 91
	ErrDuplicateResource                      ErrorCode = 92
	ErrUnacceptableCredential                 ErrorCode = 93
	ErrInconsistentVoterSet                   ErrorCode = 94
	ErrInvalidUpdateVersion                   ErrorCode = 95
	ErrFeatureUpdateFailed                    ErrorCode = 96
	ErrPrincipalDeserializationFailure        ErrorCode = 97
	ErrSnapshotNotFound                       ErrorCode = 98
	ErrPositionOutOfRange                     ErrorCode = 99
	ErrUnknownTopicID                         ErrorCode = 100
	ErrDuplicateBrokerRegistration            ErrorCode = 101
	ErrBrokerIDNotRegistered                  ErrorCode = 102
	ErrInconsistentTopicID                    ErrorCode = 103
	ErrInconsistentClusterID                  ErrorCode = 104
	ErrTransactionalIDNotFound                ErrorCode = 105
	ErrFetchSessionTopicIDError               ErrorCode = 106
	ErrIneligibleReplica                      ErrorCode = 107
	ErrNewLeaderElected                       ErrorCode = 108
	ErrOffsetMovedToTieredStorage             ErrorCode = 109
	ErrFencedMemberEpoch                      ErrorCode = 110
	ErrUnreleasedInstanceID                   ErrorCode = 111
	ErrUnsupportedAssignor                    ErrorCode = 112
	ErrStaleMemberEpoch                       ErrorCode = 113
	ErrMismatchedEndpointType                 ErrorCode = 114
	ErrUnsupportedEndpointType                ErrorCode = 115
	ErrUnknownControllerID                    ErrorCode = 116
	ErrUnknownSubscriptionID                  ErrorCode = 117
	ErrTelemetryTooLarge                      ErrorCode = 118
	ErrInvalidRegistration                    ErrorCode = 119
	ErrTransactionAbortable                   ErrorCode = 120
	ErrInvalidRecordState                     ErrorCode = 121
	ErrShareSessionNotFound                   ErrorCode = 122
	ErrInvalidShareSessionEpoch               ErrorCode = 123
	ErrFencedStateEpoch                       ErrorCode = 124
	ErrInvalidVoterKey                        ErrorCode = 125
	ErrDuplicateVoter                         ErrorCode = 126
	ErrVoterNotFound                          ErrorCode = 127
	ErrInvalidRegularExpression               ErrorCode = 128
	ErrRebootstrapRequired                    ErrorCode = 129
	ErrStreamsInvalidTopology                 ErrorCode = 130
	ErrStreamsInvalidTopologyEpoch            ErrorCode = 131
	ErrStreamsTopologyFenced                  ErrorCode = 132
	ErrShareSessionLimitReached               ErrorCode = 133
	ErrGroupDeletionFailed                    ErrorCode = 134
	ErrStreamsTopologyDescriptionUpdateFailed ErrorCode = 135
	ErrControllerIDNotRegistered              ErrorCode = 136
)

// Error is the protocol's name of the code.
func (c ErrorCode) Error() string { return c.String() }

// String is the protocol's name of the code, such as NOT_LEADER_OR_FOLLOWER.
func (c ErrorCode) String() string {
	if info := c.info(); info.name != "" {
		return info.name
	}
	return fmt.Sprintf("ERROR_CODE_%d", int16(c))
}

// Err is the code as an error: nil for ErrNone.
func (c ErrorCode) Err() error {
	if c == ErrNone {
		return nil
	}
	return c
}

// Retriable tells whether the same request may succeed later.
func (c ErrorCode) Retriable() bool { return c.info().retriable }

// RefreshMetadata tells whether what is known of the cluster is stale and should
// be asked for anew.
func (c ErrorCode) RefreshMetadata() bool { return c.info().metadata }

type errorInfo struct {
	name                string
	retriable, metadata bool
}

func (c ErrorCode) info() errorInfo {
	if i := int(c) + 1; i >= 0 && i < len(errorInfos) { // the codes begin at -1
		return errorInfos[i]
	}
	return errorInfo{}
}

// errorInfos has the code c at c + 1.
var errorInfos = [...]errorInfo{
	ErrUnknownServerError + 1:                     {"UNKNOWN_SERVER_ERROR", false, false},
	ErrNone + 1:                                   {"NONE", false, false},
	ErrOffsetOutOfRange + 1:                       {"OFFSET_OUT_OF_RANGE", false, false},
	ErrCorruptMessage + 1:                         {"CORRUPT_MESSAGE", true, false},
	ErrUnknownTopicOrPartition + 1:                {"UNKNOWN_TOPIC_OR_PARTITION", true, true},
	ErrInvalidFetchSize + 1:                       {"INVALID_FETCH_SIZE", false, false},
	ErrLeaderNotAvailable + 1:                     {"LEADER_NOT_AVAILABLE", true, true},
	ErrNotLeaderOrFollower + 1:                    {"NOT_LEADER_OR_FOLLOWER", true, true},
	ErrRequestTimedOut + 1:                        {"REQUEST_TIMED_OUT", true, false},
	ErrBrokerNotAvailable + 1:                     {"BROKER_NOT_AVAILABLE", false, false},
	ErrReplicaNotAvailable + 1:                    {"REPLICA_NOT_AVAILABLE", true, true},
	ErrMessageTooLarge + 1:                        {"MESSAGE_TOO_LARGE", false, false},
	ErrStaleControllerEpoch + 1:                   {"STALE_CONTROLLER_EPOCH", false, false},
	ErrOffsetMetadataTooLarge + 1:                 {"OFFSET_METADATA_TOO_LARGE", false, false},
	ErrNetworkException + 1:                       {"NETWORK_EXCEPTION", true, true},
	ErrCoordinatorLoadInProgress + 1:              {"COORDINATOR_LOAD_IN_PROGRESS", true, false},
	ErrCoordinatorNotAvailable + 1:                {"COORDINATOR_NOT_AVAILABLE", true, false},
	ErrNotCoordinator + 1:                         {"NOT_COORDINATOR", true, false},
	ErrInvalidTopicException + 1:                  {"INVALID_TOPIC_EXCEPTION", false, false},
	ErrRecordListTooLarge + 1:                     {"RECORD_LIST_TOO_LARGE", false, false},
	ErrNotEnoughReplicas + 1:                      {"NOT_ENOUGH_REPLICAS", true, false},
	ErrNotEnoughReplicasAfterAppend + 1:           {"NOT_ENOUGH_REPLICAS_AFTER_APPEND", true, false},
	ErrInvalidRequiredAcks + 1:                    {"INVALID_REQUIRED_ACKS", false, false},
	ErrIllegalGeneration + 1:                      {"ILLEGAL_GENERATION", false, false},
	ErrInconsistentGroupProtocol + 1:              {"INCONSISTENT_GROUP_PROTOCOL", false, false},
	ErrInvalidGroupID + 1:                         {"INVALID_GROUP_ID", false, false},
	ErrUnknownMemberID + 1:                        {"UNKNOWN_MEMBER_ID", false, false},
	ErrInvalidSessionTimeout + 1:                  {"INVALID_SESSION_TIMEOUT", false, false},
	ErrRebalanceInProgress + 1:                    {"REBALANCE_IN_PROGRESS", false, false},
	ErrInvalidCommitOffsetSize + 1:                {"INVALID_COMMIT_OFFSET_SIZE", false, false},
	ErrTopicAuthorizationFailed + 1:               {"TOPIC_AUTHORIZATION_FAILED", false, false},
	ErrGroupAuthorizationFailed + 1:               {"GROUP_AUTHORIZATION_FAILED", false, false},
	ErrClusterAuthorizationFailed + 1:             {"CLUSTER_AUTHORIZATION_FAILED", false, false},
	ErrInvalidTimestamp + 1:                       {"INVALID_TIMESTAMP", false, false},
	ErrUnsupportedSaslMechanism + 1:               {"UNSUPPORTED_SASL_MECHANISM", false, false},
	ErrIllegalSaslState + 1:                       {"ILLEGAL_SASL_STATE", false, false},
	ErrUnsupportedVersion + 1:                     {"UNSUPPORTED_VERSION", false, false},
	ErrTopicAlreadyExists + 1:                     {"TOPIC_ALREADY_EXISTS", false, false},
	ErrInvalidPartitions + 1:                      {"INVALID_PARTITIONS", false, false},
	ErrInvalidReplicationFactor + 1:               {"INVALID_REPLICATION_FACTOR", false, false},
	ErrInvalidReplicaAssignment + 1:               {"INVALID_REPLICA_ASSIGNMENT", false, false},
	ErrInvalidConfig + 1:                          {"INVALID_CONFIG", false, false},
	ErrNotController + 1:                          {"NOT_CONTROLLER", true, false},
	ErrInvalidRequest + 1:                         {"INVALID_REQUEST", false, false},
	ErrUnsupportedForMessageFormat + 1:            {"UNSUPPORTED_FOR_MESSAGE_FORMAT", false, false},
	ErrPolicyViolation + 1:                        {"POLICY_VIOLATION", false, false},
	ErrOutOfOrderSequenceNumber + 1:               {"OUT_OF_ORDER_SEQUENCE_NUMBER", false, false},
	ErrDuplicateSequenceNumber + 1:                {"DUPLICATE_SEQUENCE_NUMBER", false, false},
	ErrInvalidProducerEpoch + 1:                   {"INVALID_PRODUCER_EPOCH", false, false},
	ErrInvalidTxnState + 1:                        {"INVALID_TXN_STATE", false, false},
	ErrInvalidProducerIDMapping + 1:               {"INVALID_PRODUCER_ID_MAPPING", false, false},
	ErrInvalidTransactionTimeout + 1:              {"INVALID_TRANSACTION_TIMEOUT", false, false},
	ErrConcurrentTransactions + 1:                 {"CONCURRENT_TRANSACTIONS", true, false},
	ErrTransactionCoordinatorFenced + 1:           {"TRANSACTION_COORDINATOR_FENCED", false, false},
	ErrTransactionalIDAuthorizationFailed + 1:     {"TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false, false},
	ErrSecurityDisabled + 1:                       {"SECURITY_DISABLED", false, false},
	ErrOperationNotAttempted + 1:                  {"OPERATION_NOT_ATTEMPTED", false, false},
	ErrKafkaStorageError + 1:                      {"KAFKA_STORAGE_ERROR", true, true},
	ErrLogDirNotFound + 1:                         {"LOG_DIR_NOT_FOUND", false, false},
	ErrSaslAuthenticationFailed + 1:               {"SASL_AUTHENTICATION_FAILED", false, false},
	ErrUnknownProducerID + 1:                      {"UNKNOWN_PRODUCER_ID", false, false},
	ErrReassignmentInProgress + 1:                 {"REASSIGNMENT_IN_PROGRESS", false, false},
	ErrDelegationTokenAuthDisabled + 1:            {"DELEGATION_TOKEN_AUTH_DISABLED", false, false},
	ErrDelegationTokenNotFound + 1:                {"DELEGATION_TOKEN_NOT_FOUND", false, false},
	ErrDelegationTokenOwnerMismatch + 1:           {"DELEGATION_TOKEN_OWNER_MISMATCH", false, false},
	ErrDelegationTokenRequestNotAllowed + 1:       {"DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false, false},
	ErrDelegationTokenAuthorizationFailed + 1:     {"DELEGATION_TOKEN_AUTHORIZATION_FAILED", false, false},
	ErrDelegationTokenExpired + 1:                 {"DELEGATION_TOKEN_EXPIRED", false, false},
	ErrInvalidPrincipalType + 1:                   {"INVALID_PRINCIPAL_TYPE", false, false},
	ErrNonEmptyGroup + 1:                          {"NON_EMPTY_GROUP", false, false},
	ErrGroupIDNotFound + 1:                        {"GROUP_ID_NOT_FOUND", false, false},
	ErrFetchSessionIDNotFound + 1:                 {"FETCH_SESSION_ID_NOT_FOUND", true, false},
	ErrInvalidFetchSessionEpoch + 1:               {"INVALID_FETCH_SESSION_EPOCH", true, false},
	ErrListenerNotFound + 1:                       {"LISTENER_NOT_FOUND", true, true},
	ErrTopicDeletionDisabled + 1:                  {"TOPIC_DELETION_DISABLED", false, false},
	ErrFencedLeaderEpoch + 1:                      {"FENCED_LEADER_EPOCH", true, true},
	ErrUnknownLeaderEpoch + 1:                     {"UNKNOWN_LEADER_EPOCH", true, false},
	ErrUnsupportedCompressionType + 1:             {"UNSUPPORTED_COMPRESSION_TYPE", false, false},
	ErrStaleBrokerEpoch + 1:                       {"STALE_BROKER_EPOCH", false, false},
	ErrOffsetNotAvailable + 1:                     {"OFFSET_NOT_AVAILABLE", true, false},
	ErrMemberIDRequired + 1:                       {"MEMBER_ID_REQUIRED", false, false},
	ErrPreferredLeaderNotAvailable + 1:            {"PREFERRED_LEADER_NOT_AVAILABLE", true, true},
	ErrGroupMaxSizeReached + 1:                    {"GROUP_MAX_SIZE_REACHED", false, false},
	ErrFencedInstanceID + 1:                       {"FENCED_INSTANCE_ID", false, false},
	ErrEligibleLeadersNotAvailable + 1:            {"ELIGIBLE_LEADERS_NOT_AVAILABLE", true, true},
	ErrElectionNotNeeded + 1:                      {"ELECTION_NOT_NEEDED", true, true},
	ErrNoReassignmentInProgress + 1:               {"NO_REASSIGNMENT_IN_PROGRESS", false, false},
	ErrGroupSubscribedToTopic + 1:                 {"GROUP_SUBSCRIBED_TO_TOPIC", false, false},
	ErrInvalidRecord + 1:                          {"INVALID_RECORD", false, false},
	ErrUnstableOffsetCommit + 1:                   {"UNSTABLE_OFFSET_COMMIT", true, false},
	ErrThrottlingQuotaExceeded + 1:                {"THROTTLING_QUOTA_EXCEEDED", true, false},
	ErrProducerFenced + 1:                         {"PRODUCER_FENCED", false, false},
	ErrResourceNotFound + 1:                       {"RESOURCE_NOT_FOUND", false, false},
	ErrDuplicateResource + 1:                      {"DUPLICATE_RESOURCE", false, false},
	ErrUnacceptableCredential + 1:                 {"UNACCEPTABLE_CREDENTIAL", false, false},
	ErrInconsistentVoterSet + 1:                   {"INCONSISTENT_VOTER_SET", false, false},
	ErrInvalidUpdateVersion + 1:                   {"INVALID_UPDATE_VERSION", false, false},
	ErrFeatureUpdateFailed + 1:                    {"FEATURE_UPDATE_FAILED", false, false},
	ErrPrincipalDeserializationFailure + 1:        {"PRINCIPAL_DESERIALIZATION_FAILURE", false, false},
	ErrSnapshotNotFound + 1:                       {"SNAPSHOT_NOT_FOUND", false, false},
	ErrPositionOutOfRange + 1:                     {"POSITION_OUT_OF_RANGE", false, false},
	ErrUnknownTopicID + 1:                         {"UNKNOWN_TOPIC_ID", true, true},
	ErrDuplicateBrokerRegistration + 1:            {"DUPLICATE_BROKER_REGISTRATION", false, false},
	ErrBrokerIDNotRegistered + 1:                  {"BROKER_ID_NOT_REGISTERED", false, false},
	ErrInconsistentTopicID + 1:                    {"INCONSISTENT_TOPIC_ID", true, true},
	ErrInconsistentClusterID + 1:                  {"INCONSISTENT_CLUSTER_ID", false, false},
	ErrTransactionalIDNotFound + 1:                {"TRANSACTIONAL_ID_NOT_FOUND", false, false},
	ErrFetchSessionTopicIDError + 1:               {"FETCH_SESSION_TOPIC_ID_ERROR", true, false},
	ErrIneligibleReplica + 1:                      {"INELIGIBLE_REPLICA", false, false},
	ErrNewLeaderElected + 1:                       {"NEW_LEADER_ELECTED", false, false},
	ErrOffsetMovedToTieredStorage + 1:             {"OFFSET_MOVED_TO_TIERED_STORAGE", false, false},
	ErrFencedMemberEpoch + 1:                      {"FENCED_MEMBER_EPOCH", false, false},
	ErrUnreleasedInstanceID + 1:                   {"UNRELEASED_INSTANCE_ID", false, false},
	ErrUnsupportedAssignor + 1:                    {"UNSUPPORTED_ASSIGNOR", false, false},
	ErrStaleMemberEpoch + 1:                       {"STALE_MEMBER_EPOCH", false, false},
	ErrMismatchedEndpointType + 1:                 {"MISMATCHED_ENDPOINT_TYPE", false, false},
	ErrUnsupportedEndpointType + 1:                {"UNSUPPORTED_ENDPOINT_TYPE", false, false},
	ErrUnknownControllerID + 1:                    {"UNKNOWN_CONTROLLER_ID", false, false},
	ErrUnknownSubscriptionID + 1:                  {"UNKNOWN_SUBSCRIPTION_ID", false, false},
	ErrTelemetryTooLarge + 1:                      {"TELEMETRY_TOO_LARGE", false, false},
	ErrInvalidRegistration + 1:                    {"INVALID_REGISTRATION", false, false},
	ErrTransactionAbortable + 1:                   {"TRANSACTION_ABORTABLE", false, false},
	ErrInvalidRecordState + 1:                     {"INVALID_RECORD_STATE", false, false},
	ErrShareSessionNotFound + 1:                   {"SHARE_SESSION_NOT_FOUND", true, false},
	ErrInvalidShareSessionEpoch + 1:               {"INVALID_SHARE_SESSION_EPOCH", true, false},
	ErrFencedStateEpoch + 1:                       {"FENCED_STATE_EPOCH", false, false},
	ErrInvalidVoterKey + 1:                        {"INVALID_VOTER_KEY", false, false},
	ErrDuplicateVoter + 1:                         {"DUPLICATE_VOTER", false, false},
	ErrVoterNotFound + 1:                          {"VOTER_NOT_FOUND", false, false},
	ErrInvalidRegularExpression + 1:               {"INVALID_REGULAR_EXPRESSION", false, false},
	ErrRebootstrapRequired + 1:                    {"REBOOTSTRAP_REQUIRED", false, false},
	ErrStreamsInvalidTopology + 1:                 {"STREAMS_INVALID_TOPOLOGY", false, false},
	ErrStreamsInvalidTopologyEpoch + 1:            {"STREAMS_INVALID_TOPOLOGY_EPOCH", false, false},
	ErrStreamsTopologyFenced + 1:                  {"STREAMS_TOPOLOGY_FENCED", false, false},
	ErrShareSessionLimitReached + 1:               {"SHARE_SESSION_LIMIT_REACHED", true, false},
	ErrGroupDeletionFailed + 1:                    {"GROUP_DELETION_FAILED", false, false},
	ErrStreamsTopologyDescriptionUpdateFailed + 1: {"STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED", false, false},
	ErrControllerIDNotRegistered + 1:              {"CONTROLLER_ID_NOT_REGISTERED", false, false},
}
