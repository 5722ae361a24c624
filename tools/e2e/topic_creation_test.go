package e2e

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestOnlyProducersCreateTopics: on brokers that create what is asked for, a look-up
// as a consumer's creates nothing, a producer's does, and a topic that was deleted
// stays deleted.
func TestOnlyProducersCreateTopics(t *testing.T) {
	for _, version := range []string{"0.8.0", "0.8.2.2", "0.10.2.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: version})
			open := func() *netclient.Client {
				c, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				return c
			}
			c, other := open(), open()
			within := func(d time.Duration) context.Context {
				ctx, cancel := context.WithTimeout(t.Context(), d)
				t.Cleanup(cancel)
				return ctx
			}
			exists := func(topic string) bool {
				t.Helper()
				md, err := other.RefreshAllTopics(within(20 * time.Second))
				if err != nil {
					t.Fatal(err)
				}
				return md.Topic(topic) != nil
			}
			if _, err := c.EnsureTopic(within(30*time.Second), "made"); err != nil || !exists("made") {
				t.Fatalf("a producer's look-up: %v", err)
			}
			_, err := c.Topic(within(3*time.Second), "typo")
			if !errors.Is(err, wire.ErrUnknownTopicOrPartition) {
				t.Errorf("a consumer's look-up: %v", err)
			}
			if md, err := c.RefreshMetadata(within(10*time.Second), "typo", "made"); err != nil || md.Topic("typo").Err != wire.ErrUnknownTopicOrPartition || md.Topic("made").Err != wire.ErrNone {
				t.Errorf("a refresh: %+v, %v", md, err)
			}
			wrong(t, 1, "", []string{"typo"}, "consume", "-b", addrs(cluster), "-t", "typo", "-e", "-X", "max.block.ms=3000")
			if exists("typo") {
				t.Error("it was created")
			}
			if _, err := c.Topic(within(10*time.Second), "made"); err != nil {
				t.Errorf("one that exists: %v", err)
			}

			req := &msg.DeleteTopicsRequest{TopicNames: []string{"made"}, Topics: []msg.DeleteTopicsRequestTopic{{Name: new("made")}}, TimeoutMs: 10_000}
			var resp msg.DeleteTopicsResponse
			if cluster.Version() >= "4" { // which has topics in another place
				req.TopicNames = nil
			} else {
				req.Topics = nil
			}
			if err := c.Route(within(20*time.Second), req, &resp); errors.As(err, new(*netclient.UnsupportedError)) || version[:3] == "0.8" {
				return // deleting came with 0.10.1
			} else if err != nil || len(netclient.ErrorsIn(&resp)) > 0 {
				t.Fatalf("deleting: %v, %v", err, netclient.ErrorsIn(&resp))
			}
			for deadline := time.Now().Add(time.Minute); exists("made"); time.Sleep(200 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the topic is not deleted")
				}
			}
			if _, err := c.RefreshMetadata(within(10*time.Second), "made"); err != nil {
				t.Fatal(err)
			}
			failed, ok := errors.AsType[*netclient.TopicError](second(c.EnsureTopic(within(3*time.Second), "made")))
			if !ok || !failed.Existed || exists("made") {
				t.Errorf("a deleted topic that a producer wants: %v; it exists: %v", failed, exists("made"))
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }
