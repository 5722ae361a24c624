package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/legacy/simple"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// TestSimple runs the first example of SimpleClient, SimpleProducer and
// SimpleConsumer in kafka-python's documentation on an old and on a new broker.
func TestSimple(t *testing.T) {
	for _, version := range []string{"0.8.2.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: version, Partitions: 2})
			client, err := simple.NewClient(cluster.Addrs()...)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			t.Run("SimpleClient", func(t *testing.T) { simpleClient(t, client) })
			t.Run("SimpleProducer", func(t *testing.T) { simpleProducer(t, client) })
			t.Run("SimpleConsumer", func(t *testing.T) { simpleConsumer(t, client) })
		})
	}
}

func simpleClient(t *testing.T, client *simple.Client) {
	if err := client.EnsureTopicExists("my-topic"); err != nil {
		t.Fatal(err)
	}
	payload := simple.ProduceRequestPayload{Topic: "my-topic", Partition: 0, Messages: []simple.Message{{Value: []byte("some message")}}}
	var responses []simple.ProduceResponse
	var err error
	for range 5 {
		if responses, err = client.SendProduceRequest([]simple.ProduceRequestPayload{payload}, simple.LocalWrite, time.Second); err == nil {
			break
		}
		client.LoadMetadataForTopics()
		time.Sleep(time.Second)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r := responses[0]; r.Topic != "my-topic" || r.Partition != 0 || r.Err != nil || r.Offset != 0 {
		t.Errorf("the response is %+v, want offset 0 of my-topic/0", r)
	}
}

func simpleProducer(t *testing.T, client *simple.Client) {
	p, err := simple.NewProducer(client, simple.ProducerConfig{Async: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.SendMessages("my-topic", []byte("async message")); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	batched, err := simple.NewProducer(client, simple.ProducerConfig{Async: true, BatchSendEveryN: 20, BatchSendEveryT: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 { // the twentieth and the fortieth send, long before the minute is over
		if _, err := batched.SendMessages("my-topic", fmt.Appendf(nil, "batched %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := batched.Stop(); err != nil {
		t.Fatal(err)
	}
	sync, err := simple.NewProducer(client, simple.ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer sync.Stop()
	responses, err := sync.SendMessages("my-topic", []byte("this method"), []byte("is variadic"))
	if err != nil || len(responses) != 1 || responses[0].Offset < 0 {
		t.Errorf("SendMessages: %+v, %v; want one response with an offset", responses, err)
	}
}

func simpleConsumer(t *testing.T, client *simple.Client) {
	const want = 1 + 1 + 40 + 2
	read := func(group string) map[string]int {
		c, err := simple.NewConsumer(client, group, "my-topic", simple.ConsumerConfig{IterTimeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]int{}
		for m, err := range c.Messages() {
			if err != nil {
				t.Fatal(err)
			}
			if values[string(m.Message.Value)]++; len(values) == want {
				break
			}
		}
		if err := c.Stop(); err != nil {
			t.Fatal(err)
		}
		return values
	}
	values := read("my-group")
	if len(values) != want || values["some message"] != 1 || values["async message"] != 1 || values["batched 39"] != 1 || values["is variadic"] != 1 {
		t.Errorf("read %d different messages, want %d: %v", len(values), want, values)
	}
	if again := read("my-group"); len(again) > 0 {
		t.Errorf("the group read %d old messages", len(again))
	}
}
