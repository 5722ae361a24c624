package kafkatest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// askMetadata is what a client would do: one request, one response.
func askMetadata(cluster *kafkatest.Cluster) (*msg.MetadataResponse, error) {
	conn, err := cluster.Dial(context.Background(), "tcp", cluster.Addrs()[0])
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	req := msg.NewMetadataRequest()
	req.Topics = nil // all
	frame, err := wire.AppendRequest(nil, 1, 1, "example", req)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(frame); err != nil {
		return nil, err
	}
	answer, err := wire.ReadFrame(conn, nil, 1<<20)
	if err != nil {
		return nil, err
	}
	_, body, err := wire.DecodeResponseHeader(answer, wire.KeyMetadata, 1)
	if err != nil {
		return nil, err
	}
	resp := msg.NewMetadataResponse()
	return resp, resp.Decode(body, 1)
}

// In a test, Start(t, …) does the same and closes the cluster at the end.
func Example() {
	cluster, err := kafkatest.New(kafkatest.Version("0.10.2.2"), kafkatest.Brokers(3), kafkatest.Topic("my-topic", 2))
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()

	resp, err := askMetadata(cluster)
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range resp.Brokers {
		fmt.Printf("broker %d at %s:%d\n", b.NodeID, b.Host, b.Port)
	}
	for _, t := range resp.Topics {
		fmt.Printf("topic %s, %d partitions\n", *t.Name, len(t.Partitions))
	}
	// Output:
	// broker 1 at broker-1.kafkatest:9092
	// broker 2 at broker-2.kafkatest:9092
	// broker 3 at broker-3.kafkatest:9092
	// topic my-topic, 2 partitions
}

// The first Metadata request is lost together with its connection.
func ExampleCluster_Control() {
	cluster, err := kafkatest.New()
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()
	cluster.Control(wire.KeyMetadata, func(kafkatest.Request) kafkatest.Action {
		if cluster.Requests(wire.KeyMetadata) == 1 {
			return kafkatest.Action{Lose: true, Close: true}
		}
		return kafkatest.Action{}
	})

	for range 2 {
		resp, err := askMetadata(cluster)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(len(resp.Brokers), "broker")
	}
	// Output:
	// EOF
	// 1 broker
}

func ExampleCluster_StopBroker() {
	cluster, err := kafkatest.New(kafkatest.Brokers(2), kafkatest.Topic("my-topic", 1))
	if err != nil {
		log.Fatal(err)
	}
	defer cluster.Close()

	fmt.Println(cluster.Leader("my-topic", 0))
	cluster.StopBroker(1)
	fmt.Println(cluster.Leader("my-topic", 0))
	// Output:
	// 1 0
	// 2 1
}
