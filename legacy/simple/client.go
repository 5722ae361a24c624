package simple

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// DefaultTimeout bounds every call of a Client, as in kafka-python.
const DefaultTimeout = 120 * time.Second

// Client is kafka-python's SimpleClient: blocking requests, routed by leader.
// It may be used by several goroutines.
//
// Deprecated: use netclient.Client, or a producer or consumer on it.
type Client struct {
	// Timeout bounds each call; 0 is DefaultTimeout. Set it before the first.
	Timeout time.Duration

	net  *netclient.Client
	pool *netclient.Pool // connections of its own: a produce may wait for replicas
	owns bool            // Close closes net too
}

// NewClient connects to a cluster, from one or more "host:port" (the port is
// 9092 by default), and waits until a broker has answered.
//
// Deprecated: use netclient.New.
func NewClient(hosts ...string) (*Client, error) {
	net, err := netclient.New(netclient.Config{BootstrapServers: hosts})
	if err != nil {
		return nil, err
	}
	c := FromClient(net)
	c.owns = true
	ctx, cancel := c.context()
	defer cancel()
	if err := net.Ping(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// FromClient makes a Client that shares the connections and metadata of client,
// which stays its owner's to close.
//
// Deprecated: a bridge for code on its way to the new API.
func FromClient(client *netclient.Client) *Client {
	return &Client{net: client, pool: client.NewPool(netclient.PoolConfig{Name: "simple"})}
}

// NetClient returns the client underneath, for the code that has moved.
func (c *Client) NetClient() *netclient.Client { return c.net }

// Close closes the connections that the Client made.
func (c *Client) Close() error {
	err := c.pool.Close()
	if c.owns {
		err = errors.Join(err, c.net.Close())
	}
	return err
}

func (c *Client) context() (context.Context, context.CancelFunc) {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	return context.WithTimeout(context.Background(), timeout)
}

// LoadMetadataForTopics asks for the topics anew; without any, for every topic
// of the cluster (kafka-python: load_metadata_for_topics).
//
// Deprecated: netclient.Client.RefreshMetadata.
func (c *Client) LoadMetadataForTopics(topics ...string) error {
	ctx, cancel := c.context()
	defer cancel()
	var err error
	if len(topics) == 0 {
		_, err = c.net.RefreshAllTopics(ctx)
	} else {
		_, err = c.net.RefreshMetadata(ctx, topics...)
	}
	return err
}

// EnsureTopicExists waits until the topic has partitions; where the broker
// makes topics by itself, that makes it (kafka-python: ensure_topic_exists).
//
// Deprecated: netclient.Client.Topic.
func (c *Client) EnsureTopicExists(topic string) error {
	_, err := c.PartitionIDs(topic)
	return err
}

// PartitionIDs returns the topic's partitions in order, waiting until they are
// known (kafka-python: get_partition_ids_for_topic).
//
// Deprecated: producer.Producer.PartitionsFor.
func (c *Client) PartitionIDs(topic string) ([]int32, error) {
	ctx, cancel := c.context()
	defer cancel()
	found, err := c.net.EnsureTopic(ctx, topic)
	if err != nil {
		return nil, err
	}
	ids := make([]int32, len(found.Partitions))
	for i, p := range found.Partitions {
		ids[i] = p.ID
	}
	return ids, nil
}

// HasMetadataForTopic tells whether the topic's partitions are known, without
// asking (kafka-python: has_metadata_for_topic).
//
// Deprecated: netclient.Client.Metadata.
func (c *Client) HasMetadataForTopic(topic string) bool {
	found := c.net.Metadata().Topic(topic)
	return found != nil && len(found.Partitions) > 0
}

// A Message is what a ProduceRequestPayload carries (kafka-python:
// create_message).
type Message struct {
	Key, Value []byte // nil is null
}

// A ProduceRequestPayload is messages for one partition; they are written
// together or not at all.
type ProduceRequestPayload struct {
	Topic     string
	Partition int32
	Messages  []Message
}

// A ProduceResponse is what became of one payload.
type ProduceResponse struct {
	Topic     string
	Partition int32
	Offset    int64 // of the first message; -1 with NoAcks
	Err       error // what the broker or the way to it had against the payload, or nil
}

// SendProduceRequest sends each payload to its partition's leader, waits for
// the answers, and returns one response per payload, in their order. The error
// joins those of the responses (kafka-python: send_produce_request with
// fail_on_error). Nothing is retried. Each topic-partition may occur once.
//
// Deprecated: producer.Producer.Send.
func (c *Client) SendProduceRequest(payloads []ProduceRequestPayload, acks Acks, ackTimeout time.Duration) ([]ProduceResponse, error) {
	ctx, cancel := c.context()
	defer cancel()
	responses := make([]ProduceResponse, len(payloads))
	byLeader := map[int32][]int{}
	seen := map[wire.TopicPartition]bool{}
	for i, p := range payloads {
		tp := wire.TopicPartition{Topic: p.Topic, Partition: p.Partition}
		if seen[tp] {
			return nil, fmt.Errorf("two payloads for %s/%d in one request; join their messages", p.Topic, p.Partition)
		}
		seen[tp] = true
		responses[i] = ProduceResponse{Topic: p.Topic, Partition: p.Partition, Offset: -1}
		leader, err := c.leader(ctx, tp)
		if err != nil {
			responses[i].Err = err
			continue
		}
		byLeader[leader] = append(byLeader[leader], i)
	}
	for leader, indexes := range byLeader {
		if err := c.produce(ctx, leader, payloads, indexes, acks, ackTimeout, responses); err != nil {
			for _, i := range indexes {
				responses[i].Err = fmt.Errorf("producing to %s/%d: %w", payloads[i].Topic, payloads[i].Partition, err)
			}
		}
	}
	return responses, c.judge(responses)
}

// judge joins the responses' errors, and has stale metadata refreshed.
func (c *Client) judge(responses []ProduceResponse) error {
	var errs []error
	for _, r := range responses {
		if r.Err != nil {
			errs = append(errs, r.Err)
		}
	}
	if len(errs) > 0 {
		c.net.UpdateMetadataSoon()
	}
	return errors.Join(errs...)
}

func (c *Client) leader(ctx context.Context, tp wire.TopicPartition) (int32, error) {
	topic, err := c.net.EnsureTopic(ctx, tp.Topic)
	if err != nil {
		return 0, err
	}
	known := slices.ContainsFunc(topic.Partitions, func(p netclient.Partition) bool { return p.ID == tp.Partition })
	if !known {
		return 0, fmt.Errorf("topic %q has no partition %d; it has %d, from 0", tp.Topic, tp.Partition, len(topic.Partitions))
	}
	leader, _, ok := c.net.Metadata().Leader(tp)
	if !ok {
		return 0, fmt.Errorf("%s/%d has no leader now: %w", tp.Topic, tp.Partition, wire.ErrLeaderNotAvailable)
	}
	return leader, nil
}

// maxProduceVersion is the last before topic names give way to topic ids.
const maxProduceVersion = 11

// produce sends the payloads of one leader in one request.
func (c *Client) produce(ctx context.Context, leader int32, payloads []ProduceRequestPayload, indexes []int, acks Acks, ackTimeout time.Duration, responses []ProduceResponse) error {
	conn, err := c.pool.Conn(ctx, leader)
	if err != nil {
		return err
	}
	version, err := conn.Version(wire.KeyProduce, maxProduceVersion)
	if err != nil {
		return err
	}
	req := msg.NewProduceRequest()
	req.Acks, req.TimeoutMs = acks.wire(), int32(min(ackTimeout.Milliseconds(), math.MaxInt32))
	for _, i := range indexes {
		records, err := encode(payloads[i].Messages, conn.Release().MaxMessageFormat())
		if err != nil {
			return err
		}
		req.TopicData = append(req.TopicData, msg.ProduceRequestTopicData{
			Name:          payloads[i].Topic,
			PartitionData: []msg.ProduceRequestTopicDataPartitionData{{Index: payloads[i].Partition, Records: records}},
		})
	}
	if acks == NoAcks {
		return sendOnly(ctx, conn, version, req)
	}
	var resp msg.ProduceResponse
	if err := conn.DoVersion(ctx, version, req, &resp); err != nil {
		return err
	}
	return match(&resp, indexes, responses)
}

// encode makes one batch of the messages.
func encode(messages []Message, format int8) ([]byte, error) {
	var b record.Builder
	b.Reset(record.Format(format), nil)
	now := time.Now().UnixMilli()
	for _, m := range messages {
		if err := b.Append(now, m.Key, m.Value, nil); err != nil {
			return nil, err
		}
	}
	batch, err := b.Seal(nil, nil)
	if err == nil && record.Format(format) == record.V2 {
		record.Stamp(batch, -1, -1, -1)
	}
	return batch, err
}

// sendOnly writes a request that has no answer.
func sendOnly(ctx context.Context, conn *netclient.Conn, version int16, req *msg.ProduceRequest) error {
	body, err := req.Append(nil, version)
	if err != nil {
		return err
	}
	written := make(chan error, 1)
	err = conn.Start(netclient.Call{
		Key: wire.KeyProduce, Version: version, Body: [][]byte{body}, NoResponse: true,
		Done: func(_ []byte, err error) { written <- err },
	})
	if err != nil {
		return err
	}
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// match takes the answers over into the responses.
func match(resp *msg.ProduceResponse, indexes []int, responses []ProduceResponse) error {
	type answer struct {
		offset int64
		code   wire.ErrorCode
	}
	answers := map[wire.TopicPartition]answer{}
	for _, t := range resp.Responses {
		for _, p := range t.PartitionResponses {
			answers[wire.TopicPartition{Topic: t.Name, Partition: p.Index}] = answer{p.BaseOffset, p.ErrorCode}
		}
	}
	for _, i := range indexes {
		r := &responses[i]
		a, ok := answers[wire.TopicPartition{Topic: r.Topic, Partition: r.Partition}]
		if !ok {
			return fmt.Errorf("the broker's answer says nothing of %s/%d", r.Topic, r.Partition)
		}
		if r.Offset = a.offset; a.code != wire.ErrNone {
			r.Offset, r.Err = -1, fmt.Errorf("producing to %s/%d: %w", r.Topic, r.Partition, a.code)
		}
	}
	return nil
}
