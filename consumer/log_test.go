package consumer

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// blocking is a handler that lets nothing through before it is closed, and then calls the consumer.
type blocking struct {
	slog.Handler
	until chan struct{}
	then  func()
}

func (b blocking) Handle(ctx context.Context, r slog.Record) error {
	<-b.until
	b.then()
	return b.Handler.Handle(ctx, r)
}

func TestLoggerKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		until := make(chan struct{})
		l := &logger{to: slog.New(blocking{slog.NewTextHandler(&out, nil), until, func() {}})}
		for i := range maxLines + 7 {
			l.Warn(fmt.Sprint("line ", i))
		}
		l.Debug("not wanted")
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		l.wait(ctx)
		if out.Len() != 0 {
			t.Fatal("the handler let something through")
		}
		close(until)
		l.wait(t.Context())
		l.wait(t.Context())
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) < maxLines || !strings.Contains(lines[1], "line 1\"") || !strings.Contains(lines[len(lines)-1], "dropped") {
			t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
		}
	})
}

// A handler that blocks costs no membership, and may call the consumer.
func TestBlockingLogHandler(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 3)
		until := make(chan struct{})
		var c *Consumer
		handler := blocking{slog.NewTextHandler(w.log, nil), until, func() { c.Assignment() }}
		client, err := netclient.New(netclient.Config{BootstrapServers: w.cluster.Addrs(), Dial: w.cluster.Dial, Logger: slog.New(handler)})
		w.must(err)
		w.Cleanup(func() { client.Close() })
		lost := false
		c, err = New(client, Config{GroupID: "g", Topics: []string{"t"}, AutoOffsetReset: ResetEarliest,
			OnLost: func(context.Context, *Consumer, []TopicPartition) { lost = true }})
		w.must(err)
		w.Cleanup(func() { c.Close() })
		w.poll(c, 3)
		remove := w.cluster.Control(wire.KeyFetch, func(kafkatest.Request) kafkatest.Action {
			return kafkatest.Action{Error: wire.ErrUnknownServerError}
		})
		w.none(c) // which is worth a line after three seconds
		time.Sleep(2 * time.Minute)
		remove()
		w.count("t", 1, 1)
		w.want(w.poll(c, 1), "t/0@3=0")
		if lost {
			w.Error("the member was thrown out")
		}
		close(until)
		w.second()
		if !w.log.has("not being read") {
			w.Error("what was logged is lost")
		}
		w.close(c)
	}, kafkatest.Topic("t", 1))
}
