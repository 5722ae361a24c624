package kafkatest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// A testClient is a connection on which requests are sent and answered one by
// one.
type testClient struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	id   int32
}

// dial connects to a broker of the cluster.
func dial(t *testing.T, c *Cluster, node int32) *testClient {
	t.Helper()
	conn, err := c.Dial(context.Background(), "tcp", c.Addr(node))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &testClient{t: t, conn: conn, in: bufio.NewReader(conn)}
}

// send sends a request.
func (c *testClient) send(version int16, req wire.Request) {
	c.t.Helper()
	c.id++
	frame, err := wire.AppendRequest(nil, version, c.id, "test", req)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write(frame); err != nil {
		c.t.Fatal(err)
	}
}

// receive reads the response to the last request.
func (c *testClient) receive(version int16, resp wire.Response) error {
	c.t.Helper()
	frame, err := wire.ReadFrame(c.in, nil, 100<<20)
	if err != nil {
		return err
	}
	h, body, err := wire.DecodeResponseHeader(frame, resp.APIKey(), version)
	if err != nil {
		c.t.Fatal(err)
	}
	if h.CorrelationID != c.id {
		c.t.Fatalf("correlation id %d, want %d", h.CorrelationID, c.id)
	}
	if err := resp.Decode(body, version); err != nil {
		c.t.Fatal(err)
	}
	return nil
}

// ask sends a request and reads its response.
func ask[R wire.Response](c *testClient, version int16, req interface {
	wire.Request
}, resp R) R {
	c.t.Helper()
	c.send(version, req)
	if err := c.receive(version, resp); err != nil {
		c.t.Fatalf("%v v%d: %v", req.APIKey(), version, err)
	}
	return resp
}

// wantClosed checks that the broker closes the connection without an answer.
func (c *testClient) wantClosed(why string) {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if b, err := c.in.ReadByte(); err != io.EOF {
		c.t.Errorf("%s: read %d, %v; want a closed connection", why, b, err)
	}
}

// batch makes a batch of the values, as a producer sends it.
func batch(t *testing.T, format record.Format, codec record.Codec, timestamp int64, values ...string) []byte {
	t.Helper()
	var b record.Builder
	b.Reset(format, nil)
	for i, value := range values {
		if err := b.Append(timestamp+int64(i), []byte("key"), []byte(value), nil); err != nil {
			t.Fatal(err)
		}
	}
	data, err := b.Seal(codec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if format == record.V2 {
		record.Stamp(data, -1, -1, -1)
	}
	return data
}

// produceRequest makes a request for one partition.
func produceRequest(topic string, id wire.UUID, partition int32, acks int16, data []byte) *msg.ProduceRequest {
	req := msg.NewProduceRequest()
	req.Acks, req.TimeoutMs = acks, 1000
	req.TopicData = []msg.ProduceRequestTopicData{{Name: topic, TopicID: id, PartitionData: []msg.ProduceRequestTopicDataPartitionData{{Index: partition, Records: data}}}}
	return req
}

// produceOne produces to one partition and returns the answer for it.
func (c *testClient) produceOne(version int16, req *msg.ProduceRequest) msg.ProduceResponseResponsePartitionResponse {
	c.t.Helper()
	return ask(c, version, req, new(msg.ProduceResponse)).Responses[0].PartitionResponses[0]
}

// fetchRequest makes a request for one partition that doesn't wait.
func fetchRequest(topic string, id wire.UUID, partition int32, offset int64) *msg.FetchRequest {
	req := msg.NewFetchRequest()
	req.MaxBytes = 50 << 20
	req.Topics = []msg.FetchRequestTopic{{Topic: topic, TopicID: id, Partitions: make([]msg.FetchRequestTopicPartition, 1)}}
	p := &req.Topics[0].Partitions[0]
	p.SetDefaults()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = partition, offset, 1<<20
	return req
}

// fetchOne fetches from one partition.
func (c *testClient) fetchOne(version int16, req *msg.FetchRequest) msg.FetchResponseResponsePartition {
	c.t.Helper()
	return ask(c, version, req, new(msg.FetchResponse)).Responses[0].Partitions[0]
}

// A got is a record that was read.
type got struct {
	offset    int64
	timestamp int64
	value     string
}

// read reads fetched records, up to a batch that is cut off.
func read(t *testing.T, data []byte, codecs record.Codecs) (all []got) {
	t.Helper()
	for reader := record.NewReader(data); ; {
		b, err := reader.Next()
		if err == io.EOF || errors.Is(err, record.ErrPartial) {
			return all
		}
		if err == nil {
			err = b.Check()
		}
		if err != nil {
			t.Fatal(err)
		}
		records, err := b.Records(codecs, nil, 0)
		for rec := (record.Record{}); ; {
			ok := false
			if err == nil {
				ok, err = records.Next(&rec)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			all = append(all, got{rec.Offset, rec.Timestamp, string(rec.Value)})
		}
	}
}
