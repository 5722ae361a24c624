package e2e

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestDeletedTopicStaysDeleted: brokers create the topics that they are asked for, up
// to 0.10 whatever the request says, and yet a producer that goes on sending does not
// bring back a topic that was deleted under it. When its owner makes it again, it is
// written.
func TestDeletedTopicStaysDeleted(t *testing.T) {
	for _, version := range []string{"0.10.2.2", "2.8.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			r := newRefusing(t, version, map[string]string{"delete.topic.enable": "true"}, producer.Config{MaxBlock: 3 * time.Second, DeliveryTimeout: 5 * time.Second})
			r.send(t, "v", nil, "t")
			r.send(t, "v", nil, "other")
			req := msg.NewDeleteTopicsRequest()
			req.TimeoutMs = 10_000
			if version == "0.10.2.2" { // the field has another name from version 6 on
				req.TopicNames = []string{"t"}
			} else {
				req.Topics = []msg.DeleteTopicsRequestTopic{{Name: new("t")}}
			}
			r.askController(req, new(msg.DeleteTopicsResponse))
			var gone *netclient.TopicError
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
				_, err := r.p.SendWait(r.ctx, producer.Record{Topic: "t", Value: []byte("late")})
				if errors.As(err, &gone) && !gone.Existed {
					t.Errorf("the error is %v", err)
				}
			}
			if gone == nil {
				t.Error("no error says that the topic is gone")
			} else {
				t.Log(gone)
			}
			if exists(r.ctx, t, r.client.Config().BootstrapServers, "t") {
				t.Fatal("the topic is back")
			}
			owner := msg.NewCreateTopicsRequest()
			owner.TimeoutMs = 10_000
			owner.Topics = []msg.CreateTopicsRequestTopic{{Name: "t", NumPartitions: 1, ReplicationFactor: 1}}
			r.askController(owner, new(msg.CreateTopicsResponse))
			r.send(t, "again", nil, "t")
			r.log(t, "again")
		})
	}
}

func (r *refusing) askController(req wire.Request, resp wire.Response) {
	r.t.Helper()
	if err := r.client.RequestController(r.ctx, req, resp); err != nil {
		r.t.Fatal(err)
	}
	for _, err := range netclient.ErrorsIn(resp) {
		r.t.Fatal(&err)
	}
}

// exists reports whether a cluster has the topic, without asking for it by name.
func exists(ctx context.Context, t *testing.T, servers []string, topic string) bool {
	t.Helper()
	client, err := netclient.New(netclient.Config{BootstrapServers: servers, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	md, err := client.RefreshAllTopics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	known := md.Topic(topic)
	return known != nil && known.Err == wire.ErrNone
}
