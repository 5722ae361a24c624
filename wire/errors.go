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

// Error is the protocol's name of the code and what it means.
func (c ErrorCode) Error() string {
	if meaning := c.Meaning(); meaning != "" {
		return c.String() + " (" + meaning + ")"
	}
	return c.String()
}

// Meaning says what the code means, and in some cases what to check, in a few
// words; empty for an unknown code.
func (c ErrorCode) Meaning() string { return c.info().meaning }

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

// Retriable reports whether Kafka's clients try again after this code
// (RetriableException in Java): the cause may pass. It need not. CORRUPT_MESSAGE is
// also how old brokers (0.11 is one) refuse a record without a key on a compacted topic,
// UNKNOWN_TOPIC_OR_PARTITION what they say of a topic that nobody will make, and
// after ELECTION_NOT_NEEDED there is nothing left to do; codes about a session want
// another request, not the same. So bound what is tried again, and look at what was
// sent where that can be seen.
func (c ErrorCode) Retriable() bool { return c.info().retriable }

// RefreshMetadata reports whether what is known of the cluster is stale and should
// be asked for again.
func (c ErrorCode) RefreshMetadata() bool { return c.info().metadata }

type errorInfo struct {
	name                string
	retriable, metadata bool
	meaning             string
}

func (c ErrorCode) info() errorInfo {
	if i := int(c) + 1; i >= 0 && i < len(errorInfos) { // the codes begin at -1
		return errorInfos[i]
	}
	return errorInfo{}
}

// errorInfos has the code c at c + 1.
var errorInfos = [...]errorInfo{
	ErrUnknownServerError + 1:                     {"UNKNOWN_SERVER_ERROR", false, false, "the broker failed in a way that it has no code for; its log says more"},
	ErrNone + 1:                                   {"NONE", false, false, "no error"},
	ErrOffsetOutOfRange + 1:                       {"OFFSET_OUT_OF_RANGE", false, false, "the partition has no such offset: it was deleted, or is not written yet"},
	ErrCorruptMessage + 1:                         {"CORRUPT_MESSAGE", true, false, "the records are damaged, or have no key where the topic is compacted"},
	ErrUnknownTopicOrPartition + 1:                {"UNKNOWN_TOPIC_OR_PARTITION", true, true, "this broker knows no such topic or partition"},
	ErrInvalidFetchSize + 1:                       {"INVALID_FETCH_SIZE", false, false, "the size to fetch is not one that the broker takes"},
	ErrLeaderNotAvailable + 1:                     {"LEADER_NOT_AVAILABLE", true, true, "the partition has no leader just now, as when it is being made or its leader went away"},
	ErrNotLeaderOrFollower + 1:                    {"NOT_LEADER_OR_FOLLOWER", true, true, "this broker does not lead the partition, or no longer has a replica of it"},
	ErrRequestTimedOut + 1:                        {"REQUEST_TIMED_OUT", true, false, "the broker gave up waiting, mostly for replicas, within the time that the request allowed"},
	ErrBrokerNotAvailable + 1:                     {"BROKER_NOT_AVAILABLE", false, false, "the broker that is needed is not running"},
	ErrReplicaNotAvailable + 1:                    {"REPLICA_NOT_AVAILABLE", true, true, "a replica is missing where one was expected; consumers need not care"},
	ErrMessageTooLarge + 1:                        {"MESSAGE_TOO_LARGE", false, false, "larger than the broker takes: see message.max.bytes, and max.message.bytes of the topic"},
	ErrStaleControllerEpoch + 1:                   {"STALE_CONTROLLER_EPOCH", false, false, "the message is of a controller that another one has replaced"},
	ErrOffsetMetadataTooLarge + 1:                 {"OFFSET_METADATA_TOO_LARGE", false, false, "the metadata with a committed offset is too long: see offset.metadata.max.bytes"},
	ErrNetworkException + 1:                       {"NETWORK_EXCEPTION", true, true, "the broker lost the connection to another one before the answer came"},
	ErrCoordinatorLoadInProgress + 1:              {"COORDINATOR_LOAD_IN_PROGRESS", true, false, "the coordinator has just taken over and is still reading its log"},
	ErrCoordinatorNotAvailable + 1:                {"COORDINATOR_NOT_AVAILABLE", true, false, "there is no coordinator yet: its topic is being made, or has no leader"},
	ErrNotCoordinator + 1:                         {"NOT_COORDINATOR", true, false, "another broker coordinates that group or transaction"},
	ErrInvalidTopicException + 1:                  {"INVALID_TOPIC_EXCEPTION", false, false, "the name is no legal one for a topic, or the topic is internal and can't be written to"},
	ErrRecordListTooLarge + 1:                     {"RECORD_LIST_TOO_LARGE", false, false, "the batch is larger than a segment of the log may be: see segment.bytes"},
	ErrNotEnoughReplicas + 1:                      {"NOT_ENOUGH_REPLICAS", true, false, "fewer replicas are in sync than min.insync.replicas wants; nothing was written"},
	ErrNotEnoughReplicasAfterAppend + 1:           {"NOT_ENOUGH_REPLICAS_AFTER_APPEND", true, false, "written, but then fewer replicas were in sync than min.insync.replicas wants"},
	ErrInvalidRequiredAcks + 1:                    {"INVALID_REQUIRED_ACKS", false, false, "acks can be -1, 0 or 1"},
	ErrIllegalGeneration + 1:                      {"ILLEGAL_GENERATION", false, false, "the group has gone on to another generation than the member believes"},
	ErrInconsistentGroupProtocol + 1:              {"INCONSISTENT_GROUP_PROTOCOL", false, false, "the member has no assignor, or no protocol type, in common with the rest of the group"},
	ErrInvalidGroupID + 1:                         {"INVALID_GROUP_ID", false, false, "the name of the group is empty or not allowed: check group.id"},
	ErrUnknownMemberID + 1:                        {"UNKNOWN_MEMBER_ID", false, false, "the group has no such member: it was away for longer than its session timeout, or has left"},
	ErrInvalidSessionTimeout + 1:                  {"INVALID_SESSION_TIMEOUT", false, false, "the session timeout is not between group.min.session.timeout.ms and group.max.session.timeout.ms"},
	ErrRebalanceInProgress + 1:                    {"REBALANCE_IN_PROGRESS", false, false, "the group is about to share its partitions anew; members have to join again"},
	ErrInvalidCommitOffsetSize + 1:                {"INVALID_COMMIT_OFFSET_SIZE", false, false, "too large for the topic of the offsets: shorten the metadata, or the assignment"},
	ErrTopicAuthorizationFailed + 1:               {"TOPIC_AUTHORIZATION_FAILED", false, false, "not allowed for that topic: check the ACLs of the principal"},
	ErrGroupAuthorizationFailed + 1:               {"GROUP_AUTHORIZATION_FAILED", false, false, "not allowed for that group: check the ACLs of the principal"},
	ErrClusterAuthorizationFailed + 1:             {"CLUSTER_AUTHORIZATION_FAILED", false, false, "not allowed for the cluster: check the ACLs of the principal"},
	ErrInvalidTimestamp + 1:                       {"INVALID_TIMESTAMP", false, false, "a timestamp is too far from the broker's clock: see message.timestamp.*.max.ms"},
	ErrUnsupportedSaslMechanism + 1:               {"UNSUPPORTED_SASL_MECHANISM", false, false, "the broker does not offer that mechanism: see sasl.enabled.mechanisms"},
	ErrIllegalSaslState + 1:                       {"ILLEGAL_SASL_STATE", false, false, "a step of a login came when none was due, as on a listener without SASL"},
	ErrUnsupportedVersion + 1:                     {"UNSUPPORTED_VERSION", false, false, "the broker does not speak that version of the API, or lacks what it asks for"},
	ErrTopicAlreadyExists + 1:                     {"TOPIC_ALREADY_EXISTS", false, false, "there is such a topic already"},
	ErrInvalidPartitions + 1:                      {"INVALID_PARTITIONS", false, false, "the number of partitions is below 1, or not above what the topic has"},
	ErrInvalidReplicationFactor + 1:               {"INVALID_REPLICATION_FACTOR", false, false, "fewer replicas than 1, or more than there are brokers"},
	ErrInvalidReplicaAssignment + 1:               {"INVALID_REPLICA_ASSIGNMENT", false, false, "the replicas named don't fit: unknown brokers, one twice, or not equally many"},
	ErrInvalidConfig + 1:                          {"INVALID_CONFIG", false, false, "a setting has an unknown name, or a value that it can't have"},
	ErrNotController + 1:                          {"NOT_CONTROLLER", true, false, "another broker is the controller"},
	ErrInvalidRequest + 1:                         {"INVALID_REQUEST", false, false, "the request contradicts itself or lacks something; the broker's log says more"},
	ErrUnsupportedForMessageFormat + 1:            {"UNSUPPORTED_FOR_MESSAGE_FORMAT", false, false, "the topic's message format is too old for that: see message.format.version"},
	ErrPolicyViolation + 1:                        {"POLICY_VIOLATION", false, false, "a policy of the cluster forbids it: see create.topic.policy and alter.config.policy"},
	ErrOutOfOrderSequenceNumber + 1:               {"OUT_OF_ORDER_SEQUENCE_NUMBER", false, false, "batches of this producer are missing before this one"},
	ErrDuplicateSequenceNumber + 1:                {"DUPLICATE_SEQUENCE_NUMBER", false, false, "the broker has that batch of this producer already"},
	ErrInvalidProducerEpoch + 1:                   {"INVALID_PRODUCER_EPOCH", false, false, "another producer with the same transactional id has taken over"},
	ErrInvalidTxnState + 1:                        {"INVALID_TXN_STATE", false, false, "the state of the transaction does not allow it, such as ending one that was never begun"},
	ErrInvalidProducerIDMapping + 1:               {"INVALID_PRODUCER_ID_MAPPING", false, false, "the transactional id belongs to another producer id by now"},
	ErrInvalidTransactionTimeout + 1:              {"INVALID_TRANSACTION_TIMEOUT", false, false, "longer than the broker allows: see transaction.max.timeout.ms"},
	ErrConcurrentTransactions + 1:                 {"CONCURRENT_TRANSACTIONS", true, false, "the last transaction of this producer is still being completed"},
	ErrTransactionCoordinatorFenced + 1:           {"TRANSACTION_COORDINATOR_FENCED", false, false, "the message is of a coordinator of transactions that another one has replaced"},
	ErrTransactionalIDAuthorizationFailed + 1:     {"TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false, false, "not allowed for that transactional id: check the ACLs of the principal"},
	ErrSecurityDisabled + 1:                       {"SECURITY_DISABLED", false, false, "the broker has no authorizer, or no credentials of that kind, configured"},
	ErrOperationNotAttempted + 1:                  {"OPERATION_NOT_ATTEMPTED", false, false, "left undone, as another part of the request failed"},
	ErrKafkaStorageError + 1:                      {"KAFKA_STORAGE_ERROR", true, true, "the disk under the partition failed: see the broker's log"},
	ErrLogDirNotFound + 1:                         {"LOG_DIR_NOT_FOUND", false, false, "the broker has no such directory among its log.dirs"},
	ErrSaslAuthenticationFailed + 1:               {"SASL_AUTHENTICATION_FAILED", false, false, "the login was refused: check the user name and password, or the token"},
	ErrUnknownProducerID + 1:                      {"UNKNOWN_PRODUCER_ID", false, false, "the broker has forgotten this producer, whose records are all deleted"},
	ErrReassignmentInProgress + 1:                 {"REASSIGNMENT_IN_PROGRESS", false, false, "the partition is being moved to other brokers"},
	ErrDelegationTokenAuthDisabled + 1:            {"DELEGATION_TOKEN_AUTH_DISABLED", false, false, "delegation tokens are not configured: see delegation.token.secret.key"},
	ErrDelegationTokenNotFound + 1:                {"DELEGATION_TOKEN_NOT_FOUND", false, false, "there is no such delegation token; it may have expired and been removed"},
	ErrDelegationTokenOwnerMismatch + 1:           {"DELEGATION_TOKEN_OWNER_MISMATCH", false, false, "only the owner of the delegation token and its renewers may do that"},
	ErrDelegationTokenRequestNotAllowed + 1:       {"DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false, false, "delegation tokens are given only over a connection that is authenticated without one"},
	ErrDelegationTokenAuthorizationFailed + 1:     {"DELEGATION_TOKEN_AUTHORIZATION_FAILED", false, false, "not allowed for that delegation token"},
	ErrDelegationTokenExpired + 1:                 {"DELEGATION_TOKEN_EXPIRED", false, false, "the delegation token is past its time: get a new one"},
	ErrInvalidPrincipalType + 1:                   {"INVALID_PRINCIPAL_TYPE", false, false, "the broker knows no principals of that type"},
	ErrNonEmptyGroup + 1:                          {"NON_EMPTY_GROUP", false, false, "the group still has members: stop them first"},
	ErrGroupIDNotFound + 1:                        {"GROUP_ID_NOT_FOUND", false, false, "there is no such group"},
	ErrFetchSessionIDNotFound + 1:                 {"FETCH_SESSION_ID_NOT_FOUND", true, false, "the broker has forgotten the fetch session; the next fetch starts a new one"},
	ErrInvalidFetchSessionEpoch + 1:               {"INVALID_FETCH_SESSION_EPOCH", true, false, "the fetch does not follow the last one of its session; the next starts a new one"},
	ErrListenerNotFound + 1:                       {"LISTENER_NOT_FOUND", true, true, "the leader has no listener of the name over which the request came"},
	ErrTopicDeletionDisabled + 1:                  {"TOPIC_DELETION_DISABLED", false, false, "topics can't be deleted here: see delete.topic.enable"},
	ErrFencedLeaderEpoch + 1:                      {"FENCED_LEADER_EPOCH", true, true, "the client knows an older leader of the partition than the broker"},
	ErrUnknownLeaderEpoch + 1:                     {"UNKNOWN_LEADER_EPOCH", true, false, "the client knows a newer leader of the partition than the broker"},
	ErrUnsupportedCompressionType + 1:             {"UNSUPPORTED_COMPRESSION_TYPE", false, false, "the broker, or the version of the request, does not know that codec"},
	ErrStaleBrokerEpoch + 1:                       {"STALE_BROKER_EPOCH", false, false, "the request names a broker that has been restarted since"},
	ErrOffsetNotAvailable + 1:                     {"OFFSET_NOT_AVAILABLE", true, false, "the new leader does not know yet up to where the partition may be read"},
	ErrMemberIDRequired + 1:                       {"MEMBER_ID_REQUIRED", false, false, "the member was given an id, with which it has to join again"},
	ErrPreferredLeaderNotAvailable + 1:            {"PREFERRED_LEADER_NOT_AVAILABLE", true, true, "the first of the partition's replicas is down or not in sync, and so can't lead"},
	ErrGroupMaxSizeReached + 1:                    {"GROUP_MAX_SIZE_REACHED", false, false, "the group is full: see group.max.size"},
	ErrFencedInstanceID + 1:                       {"FENCED_INSTANCE_ID", false, false, "another member with the same group.instance.id has taken over"},
	ErrEligibleLeadersNotAvailable + 1:            {"ELIGIBLE_LEADERS_NOT_AVAILABLE", true, true, "no replica that may lead is alive; only an unclean election would go on"},
	ErrElectionNotNeeded + 1:                      {"ELECTION_NOT_NEEDED", true, true, "the partition has that leader already"},
	ErrNoReassignmentInProgress + 1:               {"NO_REASSIGNMENT_IN_PROGRESS", false, false, "the partition is not being moved"},
	ErrGroupSubscribedToTopic + 1:                 {"GROUP_SUBSCRIBED_TO_TOPIC", false, false, "offsets of a topic that the group reads can't be deleted"},
	ErrInvalidRecord + 1:                          {"INVALID_RECORD", false, false, "a record breaks a rule of the topic or broker, such as one about keys, timestamps or sizes"},
	ErrUnstableOffsetCommit + 1:                   {"UNSTABLE_OFFSET_COMMIT", true, false, "an offset waits for its transaction to end"},
	ErrThrottlingQuotaExceeded + 1:                {"THROTTLING_QUOTA_EXCEEDED", true, false, "the quota for such changes is used up; the answer says how long to wait"},
	ErrProducerFenced + 1:                         {"PRODUCER_FENCED", false, false, "a newer producer with the same transactional id has taken over"},
	ErrResourceNotFound + 1:                       {"RESOURCE_NOT_FOUND", false, false, "the user or other resource that the request names does not exist"},
	ErrDuplicateResource + 1:                      {"DUPLICATE_RESOURCE", false, false, "the request names a resource twice"},
	ErrUnacceptableCredential + 1:                 {"UNACCEPTABLE_CREDENTIAL", false, false, "the SCRAM credential is not good enough: check the user name, salt and iterations"},
	ErrInconsistentVoterSet + 1:                   {"INCONSISTENT_VOTER_SET", false, false, "the sender or the receiver is none of the quorum's voters that the other knows"},
	ErrInvalidUpdateVersion + 1:                   {"INVALID_UPDATE_VERSION", false, false, "the new version, of a feature or of a partition's state, can't follow the one in force"},
	ErrFeatureUpdateFailed + 1:                    {"FEATURE_UPDATE_FAILED", false, false, "features could not be updated; the message with the code says why"},
	ErrPrincipalDeserializationFailure + 1:        {"PRINCIPAL_DESERIALIZATION_FAILURE", false, false, "a request that was passed on names a principal that can't be read: see principal.builder.class"},
	ErrSnapshotNotFound + 1:                       {"SNAPSHOT_NOT_FOUND", false, false, "there is no such snapshot of the cluster's metadata"},
	ErrPositionOutOfRange + 1:                     {"POSITION_OUT_OF_RANGE", false, false, "the snapshot has no byte at that position"},
	ErrUnknownTopicID + 1:                         {"UNKNOWN_TOPIC_ID", true, true, "this broker knows no topic with that id: it was deleted, or is too new"},
	ErrDuplicateBrokerRegistration + 1:            {"DUPLICATE_BROKER_REGISTRATION", false, false, "another broker with that id is running: check node.id"},
	ErrBrokerIDNotRegistered + 1:                  {"BROKER_ID_NOT_REGISTERED", false, false, "no broker with that id is registered"},
	ErrInconsistentTopicID + 1:                    {"INCONSISTENT_TOPIC_ID", true, true, "the topic has another id: it was deleted and made again"},
	ErrInconsistentClusterID + 1:                  {"INCONSISTENT_CLUSTER_ID", false, false, "the request is for another cluster"},
	ErrTransactionalIDNotFound + 1:                {"TRANSACTIONAL_ID_NOT_FOUND", false, false, "there is no such transactional id"},
	ErrFetchSessionTopicIDError + 1:               {"FETCH_SESSION_TOPIC_ID_ERROR", true, false, "the fetch session has topics by name and by id; the next fetch starts a new one"},
	ErrIneligibleReplica + 1:                      {"INELIGIBLE_REPLICA", false, false, "a replica named as in sync is fenced, shutting down, or was restarted meanwhile"},
	ErrNewLeaderElected + 1:                       {"NEW_LEADER_ELECTED", false, false, "the change was made, and gave the partition another leader"},
	ErrOffsetMovedToTieredStorage + 1:             {"OFFSET_MOVED_TO_TIERED_STORAGE", false, false, "the offset is in tiered storage, from where followers do not read"},
	ErrFencedMemberEpoch + 1:                      {"FENCED_MEMBER_EPOCH", false, false, "the group has taken the member out; it has to join again"},
	ErrUnreleasedInstanceID + 1:                   {"UNRELEASED_INSTANCE_ID", false, false, "another member has that group.instance.id still"},
	ErrUnsupportedAssignor + 1:                    {"UNSUPPORTED_ASSIGNOR", false, false, "the broker has no such assignor: see group.consumer.assignors"},
	ErrStaleMemberEpoch + 1:                       {"STALE_MEMBER_EPOCH", false, false, "the member has to learn its new epoch first, with its next heartbeat"},
	ErrMismatchedEndpointType + 1:                 {"MISMATCHED_ENDPOINT_TYPE", false, false, "the request was for a controller and came to a broker, or the other way round"},
	ErrUnsupportedEndpointType + 1:                {"UNSUPPORTED_ENDPOINT_TYPE", false, false, "that kind of endpoint is not known"},
	ErrUnknownControllerID + 1:                    {"UNKNOWN_CONTROLLER_ID", false, false, "there is no controller with that id"},
	ErrUnknownSubscriptionID + 1:                  {"UNKNOWN_SUBSCRIPTION_ID", false, false, "the client has an old subscription of metrics and has to ask for the new one"},
	ErrTelemetryTooLarge + 1:                      {"TELEMETRY_TOO_LARGE", false, false, "the client's metrics are larger than the broker takes: see telemetry.max.bytes"},
	ErrInvalidRegistration + 1:                    {"INVALID_REGISTRATION", false, false, "the controller does not take the broker as it registered itself"},
	ErrTransactionAbortable + 1:                   {"TRANSACTION_ABORTABLE", false, false, "the transaction can only be aborted; the producer can go on after that"},
	ErrInvalidRecordState + 1:                     {"INVALID_RECORD_STATE", false, false, "the record's lock ran out, or it was acknowledged already"},
	ErrShareSessionNotFound + 1:                   {"SHARE_SESSION_NOT_FOUND", true, false, "the broker has forgotten the share session; the next fetch starts a new one"},
	ErrInvalidShareSessionEpoch + 1:               {"INVALID_SHARE_SESSION_EPOCH", true, false, "the fetch does not follow the last one of its share session"},
	ErrFencedStateEpoch + 1:                       {"FENCED_STATE_EPOCH", false, false, "the state of the share group is newer than the request"},
	ErrInvalidVoterKey + 1:                        {"INVALID_VOTER_KEY", false, false, "the voter's key is not the one that the quorum knows"},
	ErrDuplicateVoter + 1:                         {"DUPLICATE_VOTER", false, false, "the quorum has that voter already"},
	ErrVoterNotFound + 1:                          {"VOTER_NOT_FOUND", false, false, "the quorum has no such voter"},
	ErrInvalidRegularExpression + 1:               {"INVALID_REGULAR_EXPRESSION", false, false, "the pattern is not one that the broker's RE2 can read"},
	ErrRebootstrapRequired + 1:                    {"REBOOTSTRAP_REQUIRED", false, false, "what the client knows of the cluster is of no use: start again from the bootstrap servers"},
	ErrStreamsInvalidTopology + 1:                 {"STREAMS_INVALID_TOPOLOGY", false, false, "the topology of the Streams application is not one that can run"},
	ErrStreamsInvalidTopologyEpoch + 1:            {"STREAMS_INVALID_TOPOLOGY_EPOCH", false, false, "the epoch of the topology is not one that can follow"},
	ErrStreamsTopologyFenced + 1:                  {"STREAMS_TOPOLOGY_FENCED", false, false, "the group has a newer topology than the member"},
	ErrShareSessionLimitReached + 1:               {"SHARE_SESSION_LIMIT_REACHED", true, false, "the broker has as many share sessions as it allows"},
	ErrGroupDeletionFailed + 1:                    {"GROUP_DELETION_FAILED", false, false, "the group could not be deleted; the message with the code says why"},
	ErrStreamsTopologyDescriptionUpdateFailed + 1: {"STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED", false, false, "the description of the topology was not stored; the message with the code says why"},
	ErrControllerIDNotRegistered + 1:              {"CONTROLLER_ID_NOT_REGISTERED", false, false, "no controller with that id is registered"},
}
