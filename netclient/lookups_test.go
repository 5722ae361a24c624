package netclient

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// askedWhile counts the requests of an API while 500 goroutines ask for 6 s, one
// after the other and each with contexts of that length.
func askedWhile(t *testing.T, cluster *kafkatest.Cluster, key wire.APIKey, patience time.Duration, ask func(context.Context) error) int {
	before := cluster.Requests(key)
	ctx := within(t, 6*time.Second)
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond)
			for ctx.Err() == nil {
				one, cancel := context.WithTimeout(ctx, patience)
				if err := ask(one); err == nil || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	return cluster.Requests(key) - before
}

// TestRequestsDoNotGrowWithCallers: one question with one backoff, which all who
// want its answer wait for.
func TestRequestsDoNotGrowWithCallers(t *testing.T) {
	for _, patience := range []time.Duration{10 * time.Second, 30 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, kafkatest.NoAutoCreate(), kafkatest.Logger(quiet))
			cluster.Control(wire.KeyFindCoordinator, func(r kafkatest.Request) kafkatest.Action {
				return kafkatest.Action{Error: wire.ErrCoordinatorNotAvailable}
			})
			c, _ := clusterClient(t, cluster)
			if err := c.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			for what, ask := range map[string]func(context.Context) error{
				"Topic":       func(ctx context.Context) error { _, err := c.Topic(ctx, "missing"); return err },
				"EnsureTopic": func(ctx context.Context) error { _, err := c.EnsureTopic(ctx, "missing"); return err },
			} {
				if n := askedWhile(t, cluster, wire.KeyMetadata, patience, ask); n < 5 || n > 11 {
					t.Errorf("%s, each for %v: 500 callers made %d requests in 6 s", what, patience, n)
				}
			}
			n := askedWhile(t, cluster, wire.KeyFindCoordinator, patience, func(ctx context.Context) error {
				_, err := c.Coordinator(ctx, GroupCoordinator, "g")
				return err
			})
			if n < 5 || n > 11 {
				t.Errorf("Coordinator, each for %v: 500 callers made %d requests in 6 s", patience, n)
			}
		})
	}
}

// TestRefreshesDoNotGrowWithCallers: what was asked for a moment ago is not asked
// for again at once, however many callers ask again and again.
func TestRefreshesDoNotGrowWithCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Topic("t", 1), kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		for _, topics := range [][]string{nil, {"t"}, {"missing"}} {
			before := cluster.Requests(wire.KeyMetadata)
			var wg sync.WaitGroup
			for began := range 100 {
				wg.Go(func() {
					for started := time.Now(); time.Since(started) < 3*time.Second; {
						if _, err := c.RefreshMetadata(t.Context(), topics...); err != nil {
							t.Error(err)
						}
						time.Sleep(time.Duration(1+began) * time.Millisecond)
					}
				})
			}
			wg.Wait()
			if n := cluster.Requests(wire.KeyMetadata) - before; n > 40 {
				t.Errorf("%q: 100 callers made %d requests in 3 s", topics, n)
			}
		}
	})
}

// TestLookupIsAbandoned: nothing is asked for nobody, and who comes later gets an
// answer.
func TestLookupIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.NoAutoCreate(), kafkatest.Logger(quiet))
		c, _ := clusterClient(t, cluster)
		hold := make(chan struct{})
		remove := cluster.Control(wire.KeyMetadata, func(r kafkatest.Request) kafkatest.Action {
			if len(r.Message.(*msg.MetadataRequest).Topics) == 0 {
				return kafkatest.Action{}
			}
			return kafkatest.Action{Hold: hold}
		})
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Topic(within(t, time.Second), "t"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		late := make(chan error, 1)
		go func() { _, err := c.Topic(within(t, time.Minute), "t"); late <- err }()
		synctest.Wait()
		remove()
		cluster.CreateTopic("t", 1, 1)
		close(hold)
		if err := <-late; err != nil {
			t.Errorf("who came later: %v", err)
		}
		if _, err := c.Topic(within(t, 3*time.Second), "missing"); !errors.Is(err, wire.ErrUnknownTopicOrPartition) {
			t.Errorf("got %v", err)
		}
		time.Sleep(2 * time.Second)
		before := cluster.Requests(wire.KeyMetadata)
		time.Sleep(time.Minute)
		if n := cluster.Requests(wire.KeyMetadata) - before; n > 0 {
			t.Errorf("%d requests for nobody", n)
		}
		c.topics.mu.Lock()
		defer c.topics.mu.Unlock()
		if len(c.topics.running) > 0 {
			t.Error("a look-up that nobody waits for is kept")
		}
	})
}

// TestLookupsShareTheirError: all callers get the answer that ends a look-up.
func TestLookupsShareTheirError(t *testing.T) {
	f := startFake(t, "2.8")
	f.topics["secret"] = wire.ErrTopicAuthorizationFailed
	c := newTestClient(t, nil, f.addr())
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := c.Topic(within(t, 10*time.Second), "secret"); !errors.Is(err, wire.ErrTopicAuthorizationFailed) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c.Close()
	if _, err := c.Topic(t.Context(), "secret"); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if got := fmt.Sprint(c.topics.running); got != "map[]" {
		t.Errorf("after Close: %s", got)
	}
}
