package consumer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// One broker that is gone, or refuses, is a line of log, however many partitions it leads, and another
// each minute.
func TestOneLinePerCause(t *testing.T) {
	for what, trouble := range map[string]func(w *world){
		"a dead broker": func(w *world) { w.cluster.StopBroker(2) },
		"a frozen one":  func(w *world) { w.cluster.Freeze(2) },
		"errors": func(w *world) {
			w.cluster.Control(wire.KeyFetch, func(r kafkatest.Request) (a kafkatest.Action) {
				if r.Node == 2 {
					a.Error = wire.ErrKafkaStorageError
				}
				return a
			})
		},
		"an offset that is gone, and nothing for it": func(w *world) {
			w.cluster.Control(wire.KeyListOffsets, func(r kafkatest.Request) (a kafkatest.Action) {
				if r.Node == 2 {
					a.Error = wire.ErrKafkaStorageError
				}
				return a
			})
		},
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.must(w.cluster.CreateTopic("t", 40, 1))
				c := w.consumer("c", Config{Topics: []string{"t"}})
				for range 5 {
					w.must(second(c.Poll(w.ctx, time.Second)))
				}
				trouble(w)
				if strings.Contains(what, "offset") {
					w.must(c.SeekToBeginning())
				}
				for range 170 {
					w.must(second(c.Poll(w.ctx, time.Second)))
				}
				if n := w.log.count("partitions are not being read"); n < 3 || n > 9 {
					w.Errorf("%d lines in three minutes", n)
				}
				if !w.log.has("partitions=20 ") {
					w.Error("no line counts the partitions")
				}
			}, kafkatest.Brokers(2))
		})
	}
}

// A member that has left because the application stayed away says so, and that nothing can be
// committed, once.
func TestNoCommitsAfterMaxPoll(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 4)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, MaxPollInterval: time.Minute})
		w.poll(c, 4)
		time.Sleep(time.Hour)
		if n := w.log.count("commit"); n != 1 || !w.log.has("can be committed any more") {
			w.Errorf("%d lines about commits", n)
		}
		if _, err := c.Poll(w.ctx, time.Minute); !errors.Is(err, ErrMaxPollExceeded) {
			w.Errorf("Poll: %v", err)
		}
		w.want(w.poll(c, 4), "t/0@0=0", "t/0@1=1", "t/0@2=2", "t/0@3=3")
		if n := w.log.count("commit"); n != 1 {
			w.Errorf("%d lines about commits", n)
		}
	}, kafkatest.Topic("t", 1))
}

// Automatic commits that fail are a line when that lasts, and another each minute.
func TestFailingCommits(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 4)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, AutoCommitInterval: time.Second})
		w.poll(c, 4)
		remove := w.cluster.Control(wire.KeyOffsetCommit, func(kafkatest.Request) kafkatest.Action {
			return kafkatest.Action{Error: wire.ErrTopicAuthorizationFailed}
		})
		for range 170 {
			w.must(second(c.Poll(w.ctx, time.Second)))
		}
		if n := w.log.count("automatic commits fail"); n != 3 {
			w.Errorf("%d lines in three minutes", n)
		}
		remove()
		for range 170 {
			w.must(second(c.Poll(w.ctx, time.Second)))
		}
		if n := w.log.count("automatic commits fail"); n != 3 {
			w.Errorf("%d lines after it has passed", n)
		}
		ctx, stop := context.WithTimeout(w.ctx, time.Minute)
		defer stop()
		w.must(c.Shutdown(ctx))
	}, kafkatest.Topic("t", 1))
}
