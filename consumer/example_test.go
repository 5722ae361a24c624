package consumer_test

import (
	"context"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// exampleClient is a client of a cluster that has these records in topic my-topic.
func exampleClient(values ...string) (client *netclient.Client, end func()) {
	cluster, err := kafkatest.New(kafkatest.Topic("my-topic", 1))
	if err != nil {
		log.Fatal(err)
	}
	client, err = netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial})
	if err != nil {
		log.Fatal(err)
	}
	var b record.Builder
	b.Reset(record.V2, nil)
	for i, v := range values {
		b.Append(int64(i), nil, []byte(v), nil)
	}
	batch, err := b.Seal(nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	record.Stamp(batch, -1, -1, -1)
	req := msg.NewProduceRequest()
	req.Acks = -1
	req.TopicData = []msg.ProduceRequestTopicData{{Name: "my-topic", PartitionData: []msg.ProduceRequestTopicDataPartitionData{{Records: batch}}}}
	topic, err := client.Topic(context.Background(), "my-topic")
	if err != nil {
		log.Fatal(err)
	}
	req.TopicData[0].TopicID = topic.ID
	if err := client.RequestTo(context.Background(), topic.Partitions[0].Leader, req, &msg.ProduceResponse{}); err != nil {
		log.Fatal(err)
	}
	return client, func() { client.Close(); cluster.Close() }
}

// Records come one by one, from a topic whose partitions are shared with the rest of the group.
// What was read is committed, so another consumer of the group goes on from there.
func Example() {
	client, end := exampleClient("first", "second", "third")
	defer end()
	ctx := context.Background()

	c, err := consumer.New(client, consumer.Config{
		GroupID: "my-group", Topics: []string{"my-topic"}, AutoOffsetReset: consumer.ResetEarliest,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close() // commits, leaves the group
	for rec, err := range c.Records(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s:%d:%d: %s\n", rec.Topic, rec.Partition, rec.Offset, rec.Value)
		if rec.Offset == 2 {
			c.Finish(rec) // done with it, although there is no next one
			break
		}
	}
	// Output:
	// my-topic:0:0: first
	// my-topic:0:1: second
	// my-topic:0:2: third
}

// Poll returns what has come, and Commit says that all of it is done.
func ExampleConsumer_Poll() {
	client, end := exampleClient("first", "second", "third")
	defer end()
	ctx := context.Background()

	c, err := consumer.New(client, consumer.Config{
		GroupID: "my-group", Topics: []string{"my-topic"}, AutoOffsetReset: consumer.ResetEarliest, CommitMode: consumer.CommitManual,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	for n := 0; n < 3; {
		recs, err := c.Poll(ctx, 500*time.Millisecond)
		if err != nil {
			log.Fatal(err)
		}
		for tp, records := range recs.Partitions() {
			for rec := range records {
				fmt.Printf("%v: %s\n", tp, rec.Value)
				n++
			}
		}
		if err := c.Commit(ctx); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// my-topic/0: first
	// my-topic/0: second
	// my-topic/0: third
}

// A pool of workers: records are finished in any order, and what is committed never passes one that
// is not.
func ExampleConsumer_Finish() {
	client, end := exampleClient("first", "second", "third")
	defer end()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	c, err := consumer.New(client, consumer.Config{
		GroupID: "my-group", Topics: []string{"my-topic"}, AutoOffsetReset: consumer.ResetEarliest,
		CommitMode: consumer.CommitFinished,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close() // commits what is finished, leaves the group

	jobs := make(chan consumer.Record)
	var workers sync.WaitGroup
	var done atomic.Int32
	for range 4 {
		workers.Go(func() {
			for rec := range jobs {
				handle(rec)
				c.Finish(rec)
				if done.Add(1) == 3 {
					cancel()
				}
			}
		})
	}
	for rec, err := range c.Records(ctx) {
		if err != nil {
			continue // the end of ctx ends the loop
		}
		jobs <- rec
	}
	close(jobs)
	workers.Wait()
	if err := c.Commit(context.Background()); err != nil {
		log.Fatal(err)
	}
	tp := wire.TopicPartition{Topic: "my-topic", Partition: 0}
	committed, err := c.Committed(context.Background(), tp)
	fmt.Println(committed[tp].Offset, err)
	// Output: 3 <nil>
}

func handle(consumer.Record) {}

// Without a group: one partition, from an offset on, up to where the log ends now.
func ExampleConsumer_Assign() {
	client, end := exampleClient("first", "second", "third")
	defer end()
	ctx := context.Background()

	c, err := consumer.New(client, consumer.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	tp := wire.TopicPartition{Topic: "my-topic", Partition: 0}
	last, err := c.EndOffsets(ctx, tp)
	if err != nil {
		log.Fatal(err)
	}
	if err := c.Assign(tp); err != nil {
		log.Fatal(err)
	}
	if err := c.Seek(tp, 1); err != nil {
		log.Fatal(err)
	}
	for rec, err := range c.Records(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d: %s\n", rec.Offset, rec.Value)
		if rec.Offset == last[tp]-1 {
			break
		}
	}
	// Output:
	// 1: second
	// 2: third
}
