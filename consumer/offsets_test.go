package consumer

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// The time ends while the metadata is asked for that does not name a leader yet.
func TestOffsetsWithoutMetadata(t *testing.T) {
	inWorld(t, func(w *world) {
		w.cluster.CreateTopic("t", 2, 1)
		c := w.consumer("c", Config{})
		tp := TopicPartition{Topic: "t", Partition: 1}
		if _, err := c.EndOffsets(w.ctx, tp); err != nil {
			w.Fatal(err)
		}
		node, _ := w.cluster.Leader("t", 1)
		w.cluster.StopBroker(node)
		ctx, stop := context.WithTimeout(w.ctx, 5*time.Second)
		defer stop()
		if _, err := c.EndOffsets(ctx, tp); !errors.Is(err, context.DeadlineExceeded) {
			w.Errorf("without a leader: %v", err)
		}
		w.cluster.Freeze(3 - node)
		ctx, stop = context.WithTimeout(w.ctx, 5*time.Second)
		defer stop()
		if _, err := c.EndOffsets(ctx, tp); !errors.Is(err, context.DeadlineExceeded) {
			w.Errorf("without an answer: %v", err)
		}
	}, kafkatest.Brokers(2))
}
