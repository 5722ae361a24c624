package netclient

import (
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// everyAnswer has one of each that wire knows.
func everyAnswer() []wire.Response {
	return []wire.Response{
		new(msg.ProduceResponse), new(msg.FetchResponse), new(msg.ListOffsetsResponse), new(msg.MetadataResponse),
		new(msg.OffsetCommitResponse), new(msg.OffsetFetchResponse), new(msg.FindCoordinatorResponse), new(msg.JoinGroupResponse),
		new(msg.HeartbeatResponse), new(msg.LeaveGroupResponse), new(msg.SyncGroupResponse), new(msg.DescribeGroupsResponse),
		new(msg.ListGroupsResponse), new(msg.SaslHandshakeResponse), new(msg.APIVersionsResponse), new(msg.CreateTopicsResponse),
		new(msg.DeleteTopicsResponse), new(msg.DeleteRecordsResponse), new(msg.InitProducerIDResponse),
		new(msg.OffsetForLeaderEpochResponse), new(msg.AddPartitionsToTxnResponse), new(msg.AddOffsetsToTxnResponse),
		new(msg.EndTxnResponse), new(msg.WriteTxnMarkersResponse), new(msg.TxnOffsetCommitResponse), new(msg.DescribeAclsResponse),
		new(msg.CreateAclsResponse), new(msg.DeleteAclsResponse), new(msg.DescribeConfigsResponse), new(msg.AlterConfigsResponse),
		new(msg.AlterReplicaLogDirsResponse), new(msg.DescribeLogDirsResponse), new(msg.SaslAuthenticateResponse),
		new(msg.CreatePartitionsResponse), new(msg.CreateDelegationTokenResponse), new(msg.RenewDelegationTokenResponse),
		new(msg.ExpireDelegationTokenResponse), new(msg.DescribeDelegationTokenResponse), new(msg.DeleteGroupsResponse),
		new(msg.ElectLeadersResponse), new(msg.IncrementalAlterConfigsResponse), new(msg.AlterPartitionReassignmentsResponse),
		new(msg.ListPartitionReassignmentsResponse), new(msg.OffsetDeleteResponse), new(msg.DescribeClientQuotasResponse),
		new(msg.AlterClientQuotasResponse), new(msg.DescribeUserScramCredentialsResponse), new(msg.AlterUserScramCredentialsResponse),
		new(msg.DescribeQuorumResponse), new(msg.UpdateFeaturesResponse), new(msg.DescribeClusterResponse),
		new(msg.DescribeProducersResponse), new(msg.UnregisterBrokerResponse), new(msg.DescribeTransactionsResponse),
		new(msg.ListTransactionsResponse), new(msg.ConsumerGroupHeartbeatResponse), new(msg.ConsumerGroupDescribeResponse),
		new(msg.GetTelemetrySubscriptionsResponse), new(msg.PushTelemetryResponse), new(msg.ListConfigResourcesResponse),
		new(msg.DescribeTopicPartitionsResponse), new(msg.ShareGroupHeartbeatResponse), new(msg.ShareGroupDescribeResponse),
		new(msg.ShareFetchResponse), new(msg.ShareAcknowledgeResponse), new(msg.AddRaftVoterResponse), new(msg.RemoveRaftVoterResponse),
		new(msg.StreamsGroupHeartbeatResponse), new(msg.StreamsGroupDescribeResponse), new(msg.DescribeShareGroupOffsetsResponse),
		new(msg.AlterShareGroupOffsetsResponse), new(msg.DeleteShareGroupOffsetsResponse),
		new(msg.StreamsGroupTopologyDescriptionUpdateResponse), new(msg.UnregisterControllerResponse),
	}
}
