package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// A consumed record can be sent on as it is.
var _ producer.Content = consumer.Record{}

// TestSafeByDefault sends with the zero Config, as users begin. Nobody looks at a
// Future: what is lost must show in the errors of Flush and Close.
func TestSafeByDefault(t *testing.T) {
	for version, topics := range map[string]int{"0.8.0": 20, "4.4.0": 60} { // 0.8.0 takes a second for a topic
		t.Run(version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: version, Partitions: 4})
			s := &safe{cluster: netclient.Config{BootstrapServers: cluster.Addrs(), Logger: slog.New(slog.DiscardHandler)}}
			t.Run("topics made a moment ago", func(t *testing.T) { s.testNewTopics(t, topics) })
			t.Run("sent on", s.testSentOn)
			t.Run("acks=0", s.testSilentRefusal)
		})
	}
}

type safe struct{ cluster netclient.Config }

// testNewTopics: brokers refuse records for topics that they have just made, for
// a moment. None is lost by it.
func (s *safe) testNewTopics(t *testing.T, topics int) {
	const all = 6000
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p, err := producer.Dial(s.cluster, producer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var senders sync.WaitGroup
	var names []string
	for n := range topics {
		topic := fmt.Sprintf("new-%d", n)
		names = append(names, topic)
		senders.Go(func() {
			for i := range all / topics {
				if _, err := p.Send(ctx, producer.Record{Topic: topic, Value: fmt.Appendf(nil, "%s/%d", topic, i)}); err != nil {
					t.Errorf("%s, record %d: %v", topic, i, err)
					return
				}
			}
		})
	}
	senders.Wait()
	if err := errors.Join(p.Flush(ctx), p.Close()); err != nil {
		t.Error(err)
	}
	if got := s.read(ctx, t, all, names...); len(got) != all {
		t.Errorf("%d of %d records are there", len(got), all)
	}
}

// read reads topics until it has seen n values, or nothing comes any more.
func (s *safe) read(ctx context.Context, t *testing.T, n int, topics ...string) map[string]consumer.Record {
	t.Helper()
	c, err := consumer.Dial(s.cluster, consumer.Config{Topics: topics, AutoOffsetReset: consumer.ResetEarliest})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	seen := map[string]consumer.Record{}
	for idle := 0; len(seen) < n && idle < 10; idle++ {
		got, err := c.Poll(ctx, time.Second)
		if err != nil {
			t.Error(err)
		}
		for rec := range got.All() {
			seen[string(rec.Value)] = rec
			idle = 0
		}
	}
	return seen
}

// testSentOn: a record that was read is sent to another topic with all that it
// had, also one of nothing.
func (s *safe) testSentOn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := producer.Dial(s.cluster, producer.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, rec := range []producer.Record{{}, {Key: []byte("k"), Value: []byte("v"), Timestamp: time.UnixMilli(1_700_000_000_123)}} {
		rec.Topic = "from"
		if _, err := p.SendWait(ctx, rec); err != nil {
			t.Fatal(err)
		}
	}
	for _, rec := range s.read(ctx, t, 2, "from") {
		if _, err := p.SendWait(ctx, producer.NewRecord("to", rec)); err != nil {
			t.Fatal(err)
		}
	}
	from, to := s.read(ctx, t, 2, "from"), s.read(ctx, t, 2, "to")
	if len(to) != 2 {
		t.Fatalf("%d records came through: %v", len(to), to)
	}
	if rec := to[""]; rec.Key != nil || rec.Value != nil || !rec.Timestamp.Equal(from[""].Timestamp) {
		t.Errorf("the record of nothing became %+v", rec)
	}
	if rec := to["v"]; string(rec.Key) != "k" || !rec.Timestamp.Equal(from["v"].Timestamp) {
		t.Errorf("the record became %+v", rec)
	}
}

// testSilentRefusal: with acks=0 a broker refuses by closing the connection, and
// the log says so.
func (s *safe) testSilentRefusal(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	log := &lockedLog{}
	cluster := s.cluster
	cluster.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p, err := producer.Dial(cluster, producer.Config{Acks: producer.AcksNone, MaxRequestSize: 10 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.SendWait(ctx, producer.Record{Topic: "silent", Value: make([]byte, 5<<20)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "a warning", func() bool {
		return strings.Contains(log.String(), "a broker closed the connection, which with acks=0 is how it refuses records")
	})
	t.Log(log.String())
}

// lockedLog keeps what several goroutines write.
type lockedLog struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
