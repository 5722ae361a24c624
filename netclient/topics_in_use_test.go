package netclient

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestTopicsInUse: only the topics that someone needs are asked for. Those that
// nobody looks up for five minutes are dropped, and come back when named.
func TestTopicsInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, kafkatest.Topic("t0", 1), kafkatest.Topic("t1", 1), kafkatest.Topic("t2", 1), kafkatest.Topic("t3", 1), kafkatest.Logger(quiet))
		var mu sync.Mutex
		var asked [][]string
		cluster.Control(wire.KeyMetadata, func(r kafkatest.Request) kafkatest.Action {
			var names []string
			for _, topic := range r.Message.(*msg.MetadataRequest).Topics {
				names = append(names, *topic.Name)
			}
			slices.Sort(names)
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, names)
			return kafkatest.Action{}
		})
		last := func() string {
			mu.Lock()
			defer mu.Unlock()
			return fmt.Sprint(asked[len(asked)-1])
		}
		c, _ := clusterClient(t, cluster)
		ctx := t.Context()
		for _, name := range []string{"t0", "t1", "t2"} {
			if _, err := c.Topic(ctx, name); err != nil {
				t.Fatal(err)
			}
		}
		started := time.Now()
		for minute := range 60 {
			time.Sleep(time.Minute)
			switch md := c.Metadata(); {
			case minute%4 == 0:
				if md.Topic("t0") == nil {
					t.Fatalf("t0, looked up every 4 minutes, is dropped after %v", time.Since(started))
				}
			case minute < 20 && minute%2 == 1:
				if _, _, ok := md.Leader(wire.TopicPartition{Topic: "t1"}); !ok {
					t.Fatalf("the leader of t1, wanted every 2 minutes, is not known after %v", time.Since(started))
				}
			}
			switch got := last(); {
			case minute < 4 && got != "[t2]", // a new topic is asked for alone
				minute >= 5 && minute < 9 && got != "[t0 t1 t2]",
				minute >= 11 && minute < 19 && got != "[t0 t1]",
				minute >= 31 && got != "[t0]":
				t.Fatalf("in minute %d %s were asked for", minute, got)
			}
		}
		time.Sleep(time.Second) // a refresh is due on the minute
		if topic, err := c.Topic(ctx, "t1"); err != nil || len(topic.Partitions) != 1 {
			t.Errorf("t1 after it was dropped: %+v, %v", topic, err)
		}
		if got := last(); got != "[t1]" {
			t.Errorf("then %s were asked for", got)
		}
	})
}

// TestTopicsInUseInAnOutage: topics that are looked up stay in use although
// nothing can be refreshed.
func TestTopicsInUseInAnOutage(t *testing.T) {
	r := newTestRefresh()
	r.inUse["used"], r.inUse["idle"] = topicUse{seen: at(0)}, topicUse{seen: at(0)}
	var resp msg.MetadataResponse
	for _, name := range []string{"used", "idle"} {
		resp.Topics = append(resp.Topics, msg.MetadataResponseTopic{Name: &name})
	}
	md := next(emptyMetadata(), &resp, 9)
	for minute := range 60 {
		md.Topic("used")
		round := r.begin(at(minute*60_000), md)
		_, used := round.topics["used"]
		if _, idle := round.topics["idle"]; idle != (minute < 5) || !used {
			t.Fatalf("in minute %d: %v", minute, round.topics)
		}
		r.failed(at(minute*60_000), round, nil)
	}
}

// TestTopicCreation: only EnsureTopic has a topic created, unless the Config forbids
// it, and only one that was never seen.
func TestTopicCreation(t *testing.T) {
	for _, release := range []string{"0.8.0", "0.8.2.2", "0.9.0.1", "0.10.2.2", "0.11.0.3", "2.8.2", "4.4.0"} {
		synctest.Test(t, func(t *testing.T) {
			cluster, err := kafkatest.New(kafkatest.Version(release), kafkatest.Topic("old", 1), kafkatest.Topic("other", 1), kafkatest.Logger(quiet))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cluster.Close() })
			c, _ := clusterClient(t, cluster)
			for _, name := range []string{"old", "other"} {
				if _, err := c.Topic(within(t, 5*time.Second), name); err != nil {
					t.Errorf("%s: %v", release, err)
				}
			}
			absent := func(what string, err error) {
				t.Helper()
				if !errors.Is(err, wire.ErrUnknownTopicOrPartition) || exists(cluster, "new") {
					t.Errorf("%s: %s: %v", release, what, err)
				}
			}
			_, err = c.Topic(within(t, 5*time.Second), "new")
			absent("a look-up", err)
			md, err := c.RefreshMetadata(within(t, 5*time.Second), "new")
			if err != nil || md.Topic("new") == nil || md.Topic("new").Err != wire.ErrUnknownTopicOrPartition || md.Topic("old") == nil {
				t.Errorf("%s: %+v, %v", release, md, err)
			}
			if all, err := c.RefreshAllTopics(within(t, 5*time.Second)); err != nil || all.Topic("other") == nil || all.Topic("new").Err != wire.ErrUnknownTopicOrPartition {
				t.Errorf("%s: %+v, %v", release, all, err)
			}
			cautious, _ := New(Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: quiet, NoTopicCreation: true})
			defer cautious.Close()
			_, err = cautious.EnsureTopic(within(t, 5*time.Second), "new")
			absent("with NoTopicCreation", err)

			if _, err := c.EnsureTopic(within(t, 5*time.Second), "new"); err != nil {
				t.Errorf("%s: %v", release, err)
			}
			cluster.DeleteTopic("new")
			time.Sleep(6 * time.Minute) // refreshes, by age
			for range 2 {
				_, err = c.EnsureTopic(within(t, 5*time.Second), "new")
				absent("after it was deleted", err)
				if !strings.Contains(fmt.Sprint(err), "someone has deleted it") {
					t.Errorf("%s: %v", release, err)
				}
				time.Sleep(time.Hour) // it is not in use any more
			}
		})
	}
}

func exists(cluster *kafkatest.Cluster, topic string) bool {
	node, _ := cluster.Leader(topic, 0)
	return node > 0
}

// TestNamesThatCollide: brokers create no topic beside one whose name differs only
// in dots and underscores, and those of KRaft don't say why. The error does, soon.
func TestNamesThatCollide(t *testing.T) {
	for _, release := range []string{"0.10.2.2", "4.4.0"} {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, kafkatest.Version(release), kafkatest.Topic("a_b", 1), kafkatest.Topic("ab", 1), kafkatest.Logger(quiet))
			c, _ := clusterClient(t, cluster)
			began := time.Now()
			_, err := c.EnsureTopic(t.Context(), "a.b")
			e, ok := errors.AsType[*TopicError](err)
			if !ok || e.Collides != "a_b" || !strings.Contains(err.Error(), `beside "a_b"`) || time.Since(began) > 2*time.Second {
				t.Errorf("%s: after %v: %v", release, time.Since(began), err)
			}
			if _, err := c.EnsureTopic(within(t, 10*time.Second), "a.c"); err != nil {
				t.Errorf("%s: a name that collides with none: %v", release, err)
			}
			if _, err := c.Topic(within(t, time.Second), "a.b"); !errors.Is(err, wire.ErrUnknownTopicOrPartition) && !errors.Is(err, wire.ErrInvalidTopicException) {
				t.Errorf("%s: the error is %v", release, err)
			}
		})
	}
}
