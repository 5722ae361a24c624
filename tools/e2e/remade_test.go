package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestTopicMadeAgain deletes a topic under a consumer and creates it again. What
// is in the new one is read from its beginning, and no offset of the old one is
// committed in it. A consumer that waits for a topic does not create it.
func TestTopicMadeAgain(t *testing.T) {
	for _, version := range []string{"0.10.2.2", "2.8.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: version})
			r := &remade{cluster: cluster, log: &sharedLog{}, client: netclient.Config{BootstrapServers: cluster.Addrs()}}
			r.client.Logger = slog.New(slog.NewTextHandler(r.log, nil))
			t.Run("nothing is created", r.testNothingCreated)
			if version != "0.10.2.2" { // which has no topic ids
				t.Run("read on", func(t *testing.T) { r.test(t, "on", false) })
				t.Run("paused", func(t *testing.T) { r.test(t, "paused", true) })
				t.Run("commit of what is gone", r.testCommit)
			}
		})
	}
}

type remade struct {
	cluster *realkafka.Cluster
	client  netclient.Config
	log     *sharedLog
}

type sharedLog struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *sharedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *sharedLog) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.b.String(), text)
}

func (r *remade) create(t *testing.T, topic string) {
	t.Helper()
	eventually(t, 20*time.Second, "the topic is created", func() bool { // before 3.3 a name is free only a while after the deletion
		return r.cluster.CreateTopic(t.Context(), topic, 1, 1) == nil
	})
}

func (r *remade) delete(t *testing.T, topic string) {
	t.Helper()
	client, err := netclient.New(r.client)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	req := msg.NewDeleteTopicsRequest()
	req.TimeoutMs = 10_000
	req.Topics = []msg.DeleteTopicsRequestTopic{{Name: &topic}} // from v6 on, which 2.8.2 has
	resp := msg.NewDeleteTopicsResponse()
	if err = client.Route(t.Context(), req, resp); err == nil {
		for _, e := range netclient.ErrorsIn(resp) {
			err = errors.Join(err, &e)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the topic is gone", func() bool {
		md, err := client.RefreshMetadata(t.Context(), topic)
		return err == nil && md.Topic(topic).Err == wire.ErrUnknownTopicOrPartition
	})
}

func (r *remade) fill(t *testing.T, topic, what string, n int) {
	t.Helper()
	p, err := producer.Dial(r.client, producer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := p.Send(t.Context(), producer.Record{Topic: topic, Value: fmt.Append(nil, what, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func (r *remade) consumer(t *testing.T, cfg consumer.Config) *consumer.Consumer {
	t.Helper()
	cfg.AutoOffsetReset = consumer.ResetEarliest
	c, err := consumer.Dial(r.client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// read polls until n values with that beginning have come, or time is up.
func read(t *testing.T, c *consumer.Consumer, what string, n int) (got []string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); len(got) < n && time.Now().Before(end); {
		recs, err := c.Poll(t.Context(), 100*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for rec := range recs.All() {
			if strings.HasPrefix(string(rec.Value), what) {
				got = append(got, string(rec.Value))
			}
		}
	}
	return got
}

func (r *remade) test(t *testing.T, topic string, paused bool) {
	r.create(t, topic)
	r.fill(t, topic, "old", 100)
	tp := consumer.TopicPartition{Topic: topic}
	c := r.consumer(t, consumer.Config{GroupID: topic, Topics: []string{topic}, AutoCommitInterval: time.Second})
	if got := read(t, c, "old", 100); len(got) != 100 {
		t.Fatalf("read %d of the old topic", len(got))
	}
	read(t, c, "none", 0)
	if paused {
		c.Pause(tp)
	}
	r.delete(t, topic)
	r.create(t, topic)
	committed := func() int64 {
		offsets, err := c.Committed(t.Context(), tp)
		if err != nil {
			t.Fatal(err)
		}
		return offsets[tp].Offset
	}
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		if _, err := c.Poll(t.Context(), 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if at := committed(); at > 0 {
			t.Fatalf("offset %d is committed in a topic without records", at)
		}
	}
	r.fill(t, topic, "new", 150)
	if paused && slices.Contains(c.Assignment(), tp) {
		c.Resume(tp)
	}
	got := read(t, c, "new", 150)
	if len(got) != 150 || got[0] != "new0" || got[149] != "new149" {
		t.Errorf("read %d of the new topic's 150 records", len(got))
	}
	if err := c.Commit(t.Context()); err != nil || committed() != 150 {
		t.Errorf("Commit: %v; committed is %d", err, committed())
	}
}

// testCommit: what belonged to a topic that was deleted is not committed, and the
// error says why; what belongs to another is.
func (r *remade) testCommit(t *testing.T) {
	r.create(t, "gone")
	r.create(t, "here")
	r.fill(t, "gone", "a", 5)
	r.fill(t, "here", "a", 5)
	gone, here := consumer.TopicPartition{Topic: "gone"}, consumer.TopicPartition{Topic: "here"}
	c := r.consumer(t, consumer.Config{GroupID: "commit", CommitMode: consumer.CommitManual})
	if err := c.Assign(gone, here); err != nil {
		t.Fatal(err)
	}
	read(t, c, "a", 10)
	c.Pause(gone)
	r.delete(t, "gone")
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	if err := c.Commit(ctx); !errors.Is(err, consumer.ErrTopicDeleted) {
		t.Errorf("Commit: %v", err)
	}
	if offsets, err := c.Committed(ctx, gone, here); err != nil || offsets[here].Offset != 5 || len(offsets) != 1 {
		t.Errorf("committed: %v, %v", offsets, err)
	}
	if !r.log.has("offsets of a topic that was deleted are not committed") {
		t.Error("the log does not say so")
	}
}

// testNothingCreated: a consumer waits for a topic, and does not make it.
func (r *remade) testNothingCreated(t *testing.T) {
	c := r.consumer(t, consumer.Config{GroupID: "typo", Topics: []string{"typo"}})
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		c.Poll(t.Context(), time.Second)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	c.PartitionsFor(ctx, "typo")
	topics, err := c.Topics(t.Context())
	if err != nil || slices.Contains(topics, "typo") {
		t.Errorf("topics: %v, %v", topics, err)
	}
	r.create(t, "typo")
	r.fill(t, "typo", "a", 1)
	if got := read(t, c, "a", 1); len(got) != 1 {
		t.Error("the topic is not read when it is there")
	}
}
