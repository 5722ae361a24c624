package simple_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/legacy/simple"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

const topic = "my-topic"

// onEach runs a test on an old and on the newest release, with a topic of two
// partitions.
func onEach(t *testing.T, test func(t *testing.T, client *simple.Client)) {
	for _, version := range []string{"0.8.2.2", "0.9.0.1", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster := kafkatest.Start(t, kafkatest.Version(version), kafkatest.Topic(topic, 2))
			net, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { net.Close() })
			client := simple.FromClient(net)
			client.Timeout = 10 * time.Second
			t.Cleanup(func() { client.Close() })
			test(t, client)
		})
	}
}

func newProducer(t *testing.T, client *simple.Client, config simple.ProducerConfig) *simple.Producer {
	t.Helper()
	p, err := simple.NewProducer(client, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	return p
}

func newConsumer(t *testing.T, client *simple.Client, group string, config simple.ConsumerConfig) *simple.Consumer {
	t.Helper()
	c, err := simple.NewConsumer(client, group, topic, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop() })
	return c
}

func values(messages []simple.OffsetAndMessage) (out []string) {
	for _, m := range messages {
		out = append(out, string(m.Message.Value))
	}
	slices.Sort(out)
	return out
}

func TestSendProduceRequest(t *testing.T) {
	onEach(t, func(t *testing.T, client *simple.Client) {
		two := []simple.Message{{Value: []byte("a")}, {Key: []byte("k"), Value: []byte("b")}}
		payloads := []simple.ProduceRequestPayload{
			{Topic: topic, Partition: 1, Messages: two},
			{Topic: topic, Partition: 0, Messages: two[:1]},
			{Topic: topic, Partition: 7, Messages: two},
		}
		responses, err := client.SendProduceRequest(payloads, simple.LocalWrite, time.Second)
		if err == nil || responses[2].Err == nil {
			t.Errorf("no error for a partition that is not there: %+v", responses)
		}
		responses, err = client.SendProduceRequest(payloads[:2], simple.ClusterCommit, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if r := responses[0]; r.Partition != 1 || r.Offset != 2 {
			t.Errorf("the first response is %+v, want offset 2 of partition 1, after the two before", r)
		}
		if r := responses[1]; r.Partition != 0 || r.Offset != 1 {
			t.Errorf("the second response is %+v, want offset 1 of partition 0", r)
		}
		if _, err := client.SendProduceRequest([]simple.ProduceRequestPayload{payloads[0], payloads[0]}, simple.LocalWrite, time.Second); err == nil {
			t.Error("a partition twice in one request, and no error")
		}
		if responses, err := client.SendProduceRequest(payloads[:1], simple.NoAcks, time.Second); err != nil || responses[0].Offset != -1 {
			t.Errorf("without acks: %+v, %v; want offset -1", responses, err)
		}
	})
}

// The messages of one call go to one partition, those of the next call to the
// next.
func TestProducerTakesTurns(t *testing.T) {
	onEach(t, func(t *testing.T, client *simple.Client) {
		p := newProducer(t, client, simple.ProducerConfig{OrderedStart: true})
		var got []string
		for _, n := range []int{2, 1, 2} {
			messages := slices.Repeat([][]byte{[]byte("m")}, n)
			responses, err := p.SendMessages(topic, messages...)
			if err != nil || len(responses) != 1 {
				t.Fatalf("%+v, %v", responses, err)
			}
			got = append(got, fmt.Sprintf("%d@%d", responses[0].Partition, responses[0].Offset))
		}
		if want := []string{"0@0", "1@0", "0@2"}; !slices.Equal(got, want) {
			t.Errorf("partition@offset of each call: %v, want %v", got, want)
		}
		if _, err := p.SendMessages(topic, []byte("m"), nil); err == nil {
			t.Error("a nil message without a key, and no error")
		}
	})
}

func TestAsync(t *testing.T) {
	onEach(t, func(t *testing.T, client *simple.Client) {
		p := newProducer(t, client, simple.ProducerConfig{Async: true, BatchSendEveryN: 3, BatchSendEveryT: time.Hour})
		c := newConsumer(t, client, "", simple.ConsumerConfig{})
		send := func(i int) {
			if responses, err := p.SendMessages(topic, fmt.Append(nil, i)); err != nil || responses != nil {
				t.Fatalf("%+v, %v; want nothing at once", responses, err)
			}
		}
		for i := range 3 {
			send(i)
		}
		got, err := c.GetMessages(3, 5*time.Second)
		if err != nil || !slices.Equal(values(got), []string{"0", "1", "2"}) {
			t.Fatalf("after three messages: %v, %v", values(got), err)
		}
		send(3)
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		if got, err := c.GetMessages(1, 5*time.Second); err != nil || !slices.Equal(values(got), []string{"3"}) {
			t.Errorf("Stop sent %v (error %v), want the fourth", values(got), err)
		}
	})
}

func TestConsumer(t *testing.T) {
	onEach(t, func(t *testing.T, client *simple.Client) {
		p := newProducer(t, client, simple.ProducerConfig{})
		for i := range 10 {
			if _, err := p.SendMessages(topic, fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		c := newConsumer(t, client, "group", simple.ConsumerConfig{IterTimeout: 2 * time.Second})
		first, err := c.GetMessages(4, 5*time.Second)
		if err != nil || len(first) != 4 {
			t.Fatalf("%v, %v; want four messages", values(first), err)
		}
		if err := c.Stop(); err != nil {
			t.Fatal(err)
		}
		again := newConsumer(t, client, "group", simple.ConsumerConfig{IterTimeout: 2 * time.Second})
		rest := first
		for m, err := range again.Messages() {
			if err != nil {
				t.Fatal(err)
			}
			rest = append(rest, m)
		}
		if want := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}; !slices.Equal(values(rest), want) {
			t.Errorf("the group read %v, want %v", values(rest), want)
		}
		if m, err := again.GetMessage(50 * time.Millisecond); m != nil || err != nil {
			t.Errorf("at the end: %v, %v; want nothing", m, err)
		}
		if _, err := simple.NewConsumer(client, "", topic, simple.ConsumerConfig{Partitions: []int32{5}}); err == nil {
			t.Error("a partition that is not there, and no error")
		}
	})
}

func TestErrorsCanBeTold(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.Topic(topic, 1))
	net, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	client := simple.FromClient(net)
	client.Timeout = time.Second
	if err := client.EnsureTopicExists("no such name"); !errors.Is(err, wire.ErrInvalidTopicException) {
		t.Errorf("a name that no topic can have: %v", err)
	}
}

func Example() {
	cluster, err := kafkatest.New(kafkatest.Topic("my-topic", 1)) // a broker inside this process
	if err != nil {
		panic(err)
	}
	defer cluster.Close()
	net, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial})
	if err != nil {
		panic(err)
	}
	defer net.Close()

	client := simple.FromClient(net)
	defer client.Close()
	p, err := simple.NewProducer(client, simple.ProducerConfig{})
	if err != nil {
		panic(err)
	}
	defer p.Stop()
	responses, err := p.SendMessages("my-topic", []byte("this method"), []byte("is variadic"))
	fmt.Println(responses[0].Offset, err)

	c, err := simple.NewConsumer(client, "my-group", "my-topic", simple.ConsumerConfig{})
	if err != nil {
		panic(err)
	}
	defer c.Stop()
	messages, err := c.GetMessages(2, time.Second)
	for _, m := range messages {
		fmt.Printf("%d: %s\n", m.Offset, m.Message.Value)
	}
	// Output:
	// 0 <nil>
	// 0: this method
	// 1: is variadic
}
