//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

const (
	firstBroker    = 1
	manyBrokers    = 1000
	manyTopics     = 1000
	manyPartitions = 100_000
)

// broker answers on a free port, which it prints, until its standard input ends.
func broker() error {
	cluster, err := kafkatest.New(kafkatest.TCP(), kafkatest.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	defer cluster.Close()
	addr := cluster.Addrs()[0]
	many := manyMetadata(addr)
	cluster.Control(wire.KeyMetadata, func(r kafkatest.Request) kafkatest.Action {
		if r.Message.(*msg.MetadataRequest).Topics == nil { // all of them
			return kafkatest.Action{Response: many}
		}
		return kafkatest.Action{}
	})
	fmt.Println(addr)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// startBroker starts this program as the broker.
func startBroker() (addr string, stop func(), err error) {
	program, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(program, "-broker")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		in.Close()
		cmd.Wait()
	}
	addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the broker did not start: %w", err)
	}
	return strings.TrimSpace(addr), stop, nil
}

// manyMetadata is the answer of a large cluster: each partition has three
// replicas. Its first broker is the one at addr.
func manyMetadata(addr string) *msg.MetadataResponse {
	resp := msg.NewMetadataResponse()
	host, port, _ := strings.Cut(addr, ":")
	resp.ControllerID = firstBroker
	for i := range int32(manyBrokers) {
		b := msg.MetadataResponseBroker{NodeID: firstBroker + i, Host: fmt.Sprintf("broker-%d.example.com", i), Port: 9092, Rack: new(fmt.Sprintf("rack-%d", i%3))}
		if i == 0 {
			b.Host = host
			fmt.Sscan(port, &b.Port)
		}
		resp.Brokers = append(resp.Brokers, b)
	}
	for i := range manyTopics {
		var t msg.MetadataResponseTopic
		t.SetDefaults()
		t.Name = new(fmt.Sprintf("some-topic-of-the-cluster-%d", i))
		t.TopicID = wire.UUID{15: byte(i), 14: byte(i >> 8), 0: 1}
		for p := range int32(manyPartitions / manyTopics) {
			replicas := []int32{firstBroker + (p+int32(i))%manyBrokers, firstBroker + (p+int32(i)+1)%manyBrokers, firstBroker + (p+int32(i)+2)%manyBrokers}
			t.Partitions = append(t.Partitions, msg.MetadataResponseTopicPartition{PartitionIndex: p, LeaderID: replicas[0], LeaderEpoch: 3, ReplicaNodes: replicas, IsrNodes: replicas})
		}
		resp.Topics = append(resp.Topics, t)
	}
	return resp
}
