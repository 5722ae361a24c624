package producer

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// TestDeletedTopicStaysDeleted: brokers create topics that are asked for, and yet a
// producer does not bring back one that was deleted under it. What waits for the
// topic fails, and says so; when its owner makes it again, it is written.
func TestDeletedTopicStaysDeleted(t *testing.T) {
	for _, release := range []string{"0.9.0.1", "0.10.2.2", "4.4.0"} {
		t.Run(release, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := kafkatest.Start(t, quiet, kafkatest.Version(release), kafkatest.Topic("t", 2), kafkatest.Topic("other", 1))
				p := newProducer(t, cluster, Config{Linger: 2 * time.Second, DeliveryTimeout: 30 * time.Second, MaxBlock: 10 * time.Second})
				for _, topic := range []string{"t", "other"} {
					mustWait(t, mustSend(t, p, Record{Topic: topic, Value: []byte("v")}))
				}
				waiting := mustSend(t, p, Record{Topic: "t", Partition: ToPartition(1), Value: []byte("waits")})
				cluster.DeleteTopic("t")
				_, err := waiting.Wait(context.Background())
				gone, ok := errors.AsType[*netclient.TopicError](err)
				if !ok || !gone.Existed || !errors.Is(err, ErrDeliveryTimeout) || !strings.Contains(err.Error(), "deleted") {
					t.Errorf("what waited: %v", err)
				}
				began := time.Now()
				_, err = p.Send(t.Context(), Record{Topic: "t", Value: []byte("late")})
				if gone, ok := errors.AsType[*netclient.TopicError](err); !ok || !gone.Existed || time.Since(began) != 10*time.Second {
					t.Errorf("sending after %v: %v", time.Since(began), err)
				}
				mustWait(t, mustSend(t, p, Record{Topic: "other", Value: []byte("v")}))
				if err := cluster.CreateTopic("t", 1, 1); err != nil { // as if it is there
					t.Fatal(err)
				}
				if md := mustWait(t, mustSend(t, p, Record{Topic: "t", Value: []byte("again")})); md.Offset != 0 {
					t.Errorf("in the topic that was made again: %+v", md)
				}
			})
		})
	}
}

// TestFewerPartitions: what waits for a partition that is gone, because the topic
// was made again with fewer, fails and says so.
func TestFewerPartitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 3))
		p := newProducer(t, cluster, Config{Linger: time.Second, DeliveryTimeout: 20 * time.Second})
		f := mustSend(t, p, Record{Topic: "t", Partition: ToPartition(2), Value: []byte("v")})
		cluster.DeleteTopic("t")
		if err := cluster.CreateTopic("t", 1, 1); err != nil {
			t.Fatal(err)
		}
		_, err := f.Wait(context.Background())
		if e, ok := errors.AsType[*PartitionError](err); !ok || e.Partitions != 1 || !errors.Is(err, ErrDeliveryTimeout) {
			t.Errorf("the error is %v", err)
		}
	})
}

// TestManySendersOneQuestion: any number of goroutines that send to a topic that is
// not there wait for the same few questions.
func TestManySendersOneQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.NoAutoCreate())
		p := newProducer(t, cluster, Config{MaxBlock: 6 * time.Second})
		if err := p.client.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := cluster.Requests(wire.KeyMetadata)
		var wg sync.WaitGroup
		for range 500 {
			wg.Go(func() {
				_, err := p.Send(t.Context(), Record{Topic: "nowhere", Value: []byte("v")})
				if !errors.Is(err, wire.ErrUnknownTopicOrPartition) || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the error is %v", err)
				}
			})
		}
		wg.Wait()
		if n := cluster.Requests(wire.KeyMetadata) - before; n > 15 {
			t.Errorf("%d Metadata requests in 6 s", n)
		} else {
			t.Logf("%d Metadata requests in 6 s", n)
		}
	})
}
