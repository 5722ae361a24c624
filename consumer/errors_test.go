package consumer

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

func TestIsFinal(t *testing.T) {
	if ErrClosed != netclient.ErrClosed {
		t.Error("there are two ErrClosed")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("the operator said stop")
	cancel(stop)
	if err := ended(ctx); !errors.Is(err, context.Canceled) || !errors.Is(err, stop) {
		t.Errorf("the error of a ctx that was cancelled is %v", err)
	}
	tp := TopicPartition{Topic: "t"}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{ended(ctx), true},
		{fmt.Errorf("reading: %w", ended(ctx)), true},
		{ErrClosed, true},
		{ErrBusy, true},
		{ErrNoSubscription, true},
		{fmt.Errorf("joining: %w", wire.ErrFencedInstanceID), true},
		{&PartitionError{TopicPartition: tp, Op: "fetch", Err: wire.ErrTopicAuthorizationFailed}, false},
		{&PartitionError{TopicPartition: tp, Op: "fetch", Err: context.DeadlineExceeded}, false}, // a request's, not the caller's
		{&CorruptRecordError{TopicPartition: tp}, false},
		{&NoOffsetError{tp}, false},
		{ErrMaxPollExceeded, false},
		{ErrSessionExpired, false},
	} {
		if got := IsFinal(c.err); got != c.want {
			t.Errorf("IsFinal(%v) = %v", c.err, got)
		}
	}
}

// An iteration ends by itself after a final error, and only then.
func TestFinalErrorsEndTheIteration(t *testing.T) {
	inWorld(t, func(w *world) {
		read := func(c *Consumer, ctx context.Context, until func(error) bool) (last error) {
			for _, err := range c.Records(ctx) {
				if err != nil {
					if last = err; until(err) {
						break
					}
				}
			}
			return last
		}
		forever := func(error) bool { return false }
		c := w.consumer("c", Config{})
		if err := read(c, w.ctx, forever); !errors.Is(err, ErrNoSubscription) {
			w.Errorf("without a subscription: %v", err)
		}
		w.must(c.Assign(tps("t", 0)...))
		ctx, cancel := context.WithCancelCause(w.ctx)
		stop := errors.New("stop")
		cancel(stop)
		if err := read(c, ctx, forever); !errors.Is(err, stop) || !errors.Is(err, context.Canceled) {
			w.Errorf("cancelled: %v", err)
		}
		w.close(c)
		if err := read(c, w.ctx, forever); !errors.Is(err, ErrClosed) {
			w.Errorf("closed: %v", err)
		}
		// The partition's error comes again: the iteration has continued.
		d := w.consumer("d", Config{})
		w.must(d.Assign(tps("t", 7)...))
		n := 0
		d.mu.Lock()
		d.subs.order[0].fail(&NoOffsetError{tps("t", 7)[0]}, true)
		d.mu.Unlock()
		if err := read(d, w.ctx, func(error) bool { n++; return n == 3 }); IsFinal(err) || n != 3 {
			w.Errorf("%d errors, the last: %v", n, err)
		}
	}, kafkatest.Topic("t", 1))
}

func TestDial(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 2)
		config := netclient.Config{BootstrapServers: w.cluster.Addrs(), Dial: w.cluster.Dial}
		c, err := Dial(config, Config{Topics: []string{"t"}, AutoOffsetReset: ResetEarliest})
		if err != nil {
			w.Fatal(err)
		}
		w.want(w.poll(c, 2), "t/0@0=0", "t/0@1=1")
		w.close(c)
		select {
		case <-c.client.Done():
		default:
			w.Error("the consumer is closed, and the client that it made is not")
		}
		if _, err := Dial(config, Config{FetchMinBytes: 1 << 40}); err == nil {
			w.Error("a wrong Config was taken")
		}
		if _, err := Dial(netclient.Config{BootstrapServers: []string{"a:b:c"}}, Config{}); err == nil {
			w.Error("a wrong Config of the client was taken")
		}
	}, kafkatest.Topic("t", 1))
}
