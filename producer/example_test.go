package producer_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// The examples talk to a cluster in this process; yours has an address.
func startCluster() (netclient.Config, *kafkatest.Cluster) {
	cluster, err := kafkatest.New(kafkatest.Topic("my-topic", 1))
	if err != nil {
		log.Fatal(err)
	}
	return netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial}, cluster
}

func Example() {
	config, cluster := startCluster()
	defer cluster.Close()
	ctx := context.Background()

	p, err := producer.Dial(config, producer.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()

	future, err := p.Send(ctx, producer.Record{Topic: "my-topic", Key: []byte("foo"), Value: []byte("bar")})
	if err != nil {
		log.Fatal(err) // not accepted
	}
	written, err := future.Wait(ctx)
	if err != nil {
		log.Fatal(err) // not acknowledged
	}
	fmt.Printf("%s, partition %d, offset %d\n", written.Topic, written.Partition, written.Offset)
	// Output: my-topic, partition 0, offset 0
}

func ExampleProducer_SendFunc() {
	config, cluster := startCluster()
	defer cluster.Close()
	ctx := context.Background()

	p, err := producer.Dial(config, producer.Config{Linger: 5 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	for i := range 3 {
		value := fmt.Sprintf("message %d", i)
		err := p.SendFunc(ctx, producer.Record{Topic: "my-topic", Value: []byte(value)}, func(written producer.RecordMetadata, err error) {
			fmt.Println(value, "at offset", written.Offset, err)
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	// Close sends what waits, and waits for the callbacks.
	if err := p.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// message 0 at offset 0 <nil>
	// message 1 at offset 1 <nil>
	// message 2 at offset 2 <nil>
}

func ExampleParseProperties() {
	clientConfig, config, err := producer.ParseProperties(map[string]string{
		"bootstrap.servers": "broker1:9092,broker2:9092",
		"acks":              "all",
		"linger.ms":         "5",
		"compression.type":  "zstd",
	})
	fmt.Println(clientConfig.BootstrapServers, config.Acks, config.Linger, config.Compression, err)

	_, _, err = producer.ParseProperties(map[string]string{"acks": "most", "linger": "5"})
	fmt.Println(err)
	// Output:
	// [broker1:9092 broker2:9092] all 5ms zstd <nil>
	// acks=most: allowed is all, -1, 0 or 1
	// Kafka has no such client property: linger; check the spelling
}
