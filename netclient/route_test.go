package netclient

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

func routedCluster(t *testing.T) (*kafkatest.Cluster, *Client) {
	cluster := kafkatest.Start(t, kafkatest.Brokers(3), kafkatest.Topic("t", 3), kafkatest.Logger(quiet))
	c, _ := clusterClient(t, cluster)
	return cluster, c
}

func listOffsets(partitions ...int32) *msg.ListOffsetsRequest {
	req := msg.NewListOffsetsRequest()
	req.ReplicaID = -1
	req.Topics = []msg.ListOffsetsRequestTopic{{Name: "t"}}
	for _, p := range partitions {
		req.Topics[0].Partitions = append(req.Topics[0].Partitions, msg.ListOffsetsRequestTopicPartition{PartitionIndex: p, CurrentLeaderEpoch: -1, Timestamp: -1, MaxNumOffsets: 1})
	}
	return req
}

// TestResponsible: by what a request names.
func TestResponsible(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := routedCluster(t)
		for node := range int32(3) {
			cluster.MoveLeader("t", node, node+1)
			cluster.MoveCoordinator(fmt.Sprint("g", node), node+1)
		}
		ctx := within(t, time.Minute)
		topic, err := c.Topic(ctx, "t")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		config := func(kind int8, name string) wire.Request {
			return &msg.DescribeConfigsRequest{Resources: []msg.DescribeConfigsRequestResource{{ResourceType: kind, ResourceName: name}}}
		}
		for what, want := range map[wire.Request]int32{
			listOffsets(0): 1, listOffsets(2): 3, listOffsets(): AnyBroker,
			&msg.ProduceRequest{TopicData: []msg.ProduceRequestTopicData{{Name: "t", PartitionData: []msg.ProduceRequestTopicDataPartitionData{{Index: 1}}}}}:                           2,
			&msg.FetchRequest{Topics: []msg.FetchRequestTopic{{TopicID: topic.ID, Partitions: []msg.FetchRequestTopicPartition{{Partition: 1}}}}}:                                       2,
			&msg.OffsetForLeaderEpochRequest{Topics: []msg.OffsetForLeaderEpochRequestTopic{{Topic: "t", Partitions: []msg.OffsetForLeaderEpochRequestTopicPartition{{Partition: 2}}}}}: 3,
			&msg.DescribeProducersRequest{Topics: []msg.DescribeProducersRequestTopic{{Name: "t", PartitionIndexes: []int32{1, 1}}}}:                                                    2,
			&msg.HeartbeatRequest{GroupID: "g1"}:                                            2,
			&msg.DescribeGroupsRequest{Groups: []string{"g2"}}:                              3,
			&msg.DeleteGroupsRequest{GroupsNames: []string{"g0"}}:                           1,
			&msg.OffsetFetchRequest{Groups: []msg.OffsetFetchRequestGroup{{GroupID: "g2"}}}: 3,
			&msg.CreateTopicsRequest{}:                                                      c.Metadata().ControllerID(),
			config(4, "2"):                                                                  2,
			config(4, ""):                                                                   AnyBroker,
			config(2, "1"):                                                                  AnyBroker,
			&msg.MetadataRequest{Topics: []msg.MetadataRequestTopic{{Name: new("t")}}}: AnyBroker,
			&msg.InitProducerIDRequest{}: AnyBroker,
			&msg.ListGroupsRequest{}:     AnyBroker,
		} {
			if node, err := c.Responsible(ctx, what); node != want || err != nil {
				t.Errorf("%s %+v: broker %d, %v; want %d", what.APIKey(), what, node, err, want)
			}
		}
		for what, want := range map[wire.Request]string{
			listOffsets(0, 1): "broker 1 is responsible for t/0, and broker 2 for t/1",
			&msg.DescribeGroupsRequest{Groups: []string{"g0", "g1"}}: `broker 1 is responsible for "g0", and broker 2 for "g1"`,
			listOffsets(7):      `topic "t" has no partition 7, but 3`,
			config(4, "nobody"): `"nobody" is no broker's id`,
		} {
			if _, err := c.Responsible(ctx, what); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", what.APIKey(), err, want)
			}
		}
	})
}

// TestRoute: an answer by the wrong broker is no answer, until ctx ends.
func TestRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := routedCluster(t)
		ctx := within(t, time.Minute)
		first, _ := cluster.Leader("t", 0)
		var resp msg.ListOffsetsResponse
		if err := c.Route(ctx, listOffsets(0), &resp); err != nil || len(ErrorsIn(&resp)) > 0 {
			t.Fatalf("%v, %v", err, ErrorsIn(&resp))
		}
		cluster.MoveLeader("t", 0, first%3+1)
		if err := c.Route(ctx, listOffsets(0), &resp); err != nil || len(ErrorsIn(&resp)) > 0 {
			t.Errorf("after the leader moved: %v, %v", err, ErrorsIn(&resp))
		}
		describe := &msg.DescribeGroupsRequest{Groups: []string{"g"}}
		for node := range int32(3) {
			cluster.MoveCoordinator("g", node+1)
			var resp msg.DescribeGroupsResponse
			if err := c.Route(ctx, describe, &resp); err != nil || len(resp.Groups) != 1 || errors.Is(resp.Groups[0].ErrorCode, wire.ErrNotCoordinator) {
				t.Errorf("coordinator %d: %v, %+v", node+1, err, resp)
			}
		}
		cluster.Control(wire.KeyListOffsets, func(kafkatest.Request) kafkatest.Action {
			return kafkatest.Action{Error: wire.ErrNotLeaderOrFollower}
		})
		before := cluster.Requests(wire.KeyListOffsets)
		err := c.Route(within(t, 5*time.Second), listOffsets(0), &resp)
		if asked := cluster.Requests(wire.KeyListOffsets) - before; err != nil || len(ErrorsIn(&resp)) != 1 || asked < 5 || asked > 10 {
			t.Errorf("for ever the wrong broker: %v, %v, %d requests", err, ErrorsIn(&resp), asked)
		}
	})
}

func TestErrorsIn(t *testing.T) {
	refused, other := wire.ErrTopicAuthorizationFailed, wire.ErrUnknownTopicOrPartition
	fetch := &msg.FetchResponse{ErrorCode: wire.ErrFetchSessionIDNotFound, Responses: []msg.FetchResponseResponse{
		{Topic: "a", Partitions: []msg.FetchResponseResponsePartition{{PartitionIndex: 4}, {PartitionIndex: 5, ErrorCode: other}}},
		{TopicID: wire.UUID{15: 1}, Partitions: []msg.FetchResponseResponsePartition{{ErrorCode: refused}}}}}
	for resp, want := range map[wire.Response][]string{
		&msg.FetchResponse{}: nil,
		fetch: {
			" FETCH_SESSION_ID_NOT_FOUND",
			`responses[0].partitions[1] "a", partition 5: UNKNOWN_TOPIC_OR_PARTITION`,
			`responses[1].partitions[0] topic id AAAAAAAAAAAAAAAAAAAAAQ, partition 0: TOPIC_AUTHORIZATION_FAILED`,
		},
		&msg.DeleteTopicsResponse{Responses: []msg.DeleteTopicsResponseResponse{{Name: new("t"), ErrorCode: refused, ErrorMessage: new("not yours")}}}: {
			`responses[0] "t": TOPIC_AUTHORIZATION_FAILED`},
		&msg.CreateAclsResponse{Results: []msg.CreateAclsResponseResult{{}, {ErrorCode: wire.ErrSecurityDisabled}}}: {
			`results[1] results[1]: SECURITY_DISABLED`},
	} {
		got := ErrorsIn(resp)
		if len(got) != len(want) {
			t.Errorf("%T: %v", resp, got)
			continue
		}
		for i, e := range got {
			if text := e.Path + " " + e.Error(); !strings.HasPrefix(text, want[i]) || !errors.Is(&e, e.Code) {
				t.Errorf("%T: %s, want %s", resp, text, want[i])
			}
		}
	}
	deleted := ErrorsIn(&msg.DeleteTopicsResponse{Responses: []msg.DeleteTopicsResponseResponse{{ErrorCode: refused, ErrorMessage: new("not yours")}}})
	if len(deleted) != 1 || deleted[0].Message != "not yours" || !strings.Contains(deleted[0].Error(), `"not yours"`) {
		t.Errorf("%+v", deleted)
	}
}

// TestEveryMessage: whatever a message is, its errors are found, and nothing
// panics.
func TestEveryMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := routedCluster(t)
		for _, req := range []wire.Request{
			new(msg.ProduceRequest), new(msg.FetchRequest), new(msg.ListOffsetsRequest), new(msg.DeleteRecordsRequest), new(msg.OffsetForLeaderEpochRequest),
			new(msg.DescribeProducersRequest), new(msg.ShareFetchRequest), new(msg.ShareAcknowledgeRequest), new(msg.CreateTopicsRequest),
			new(msg.OffsetCommitRequest), new(msg.OffsetFetchRequest), new(msg.JoinGroupRequest), new(msg.DescribeGroupsRequest), new(msg.DeleteGroupsRequest),
			new(msg.OffsetDeleteRequest), new(msg.TxnOffsetCommitRequest), new(msg.ConsumerGroupDescribeRequest), new(msg.DescribeShareGroupOffsetsRequest),
			new(msg.InitProducerIDRequest), new(msg.AddPartitionsToTxnRequest), new(msg.DescribeTransactionsRequest),
			new(msg.DescribeConfigsRequest), new(msg.AlterConfigsRequest), new(msg.IncrementalAlterConfigsRequest),
		} {
			c.Responsible(within(t, time.Second), req)
			fill(reflect.ValueOf(req).Elem())
			c.Responsible(within(t, time.Second), req) // does not panic
		}
		for _, resp := range everyAnswer() {
			if errs := ErrorsIn(resp); len(errs) > 0 {
				t.Errorf("%s: an empty answer has %v", resp.APIKey(), errs)
			}
			want := fill(reflect.ValueOf(resp).Elem())
			if errs := ErrorsIn(resp); len(errs) != want {
				t.Errorf("%s: %d of %d errors: %v", resp.APIKey(), len(errs), want, errs)
			}
		}
	})
}

// fill makes lists of one element and sets the error codes; it returns how many there are.
func fill(v reflect.Value) (codes int) {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Pointer && f.Type() != reflect.TypeFor[*wire.Tags]() {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		switch {
		case f.Type() == codeType:
			f.SetInt(1)
			codes++
		case f.Kind() == reflect.Struct:
			codes += fill(f)
		case f.Kind() == reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
			if f.Type().Elem().Kind() == reflect.Struct {
				codes += fill(f.Index(0))
			}
		}
	}
	return codes
}
