package producer_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/barnabas-kafka/barnabas/producer"
)

// consumedRecord stands for a consumer.Record, which can be sent on as it is.
type consumedRecord struct{}

func (consumedRecord) Content() (key, value []byte, headers []producer.Header, timestamp time.Time) {
	return []byte("k"), []byte("v"), []producer.Header{{Key: "trace", Value: []byte("1")}}, time.UnixMilli(1700000000000)
}

func ExampleNewRecord() {
	rec := producer.NewRecord("copy-of-my-topic", consumedRecord{})
	trace, _ := rec.Header("trace")
	fmt.Printf("%s: %s = %s, trace %s\n", rec.Topic, rec.Key, rec.Value, trace)
	// Output: copy-of-my-topic: k = v, trace 1
}

// What sends through a function of its own is tested without a cluster.
func ExampleSettledFuture() {
	md := producer.RecordMetadata{TopicPartition: producer.TopicPartition{Topic: "my-topic", Partition: 2}, Offset: 7}
	written := producer.SettledFuture(md, nil)
	failed := producer.SettledFuture(md, errors.New("the disk is full"))
	fmt.Println(written.Wait(context.Background()))
	fmt.Println(failed.Wait(context.Background()))
	// Output:
	// my-topic/2@7 <nil>
	// my-topic/2@-1 the disk is full
}
