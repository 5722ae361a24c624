package netclient

import (
	"errors"
	"fmt"
	"slices"
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
			case minute < 4 && got != "[t0 t1 t2]",
				minute >= 11 && minute < 19 && got != "[t0 t1]",
				minute >= 31 && got != "[t0]":
				t.Fatalf("in minute %d %s were asked for", minute, got)
			}
		}
		if topic, err := c.Topic(ctx, "t1"); err != nil || len(topic.Partitions) != 1 {
			t.Errorf("t1 after it was dropped: %+v, %v", topic, err)
		}
		if got := last(); got != "[t0 t1]" {
			t.Errorf("then %s were asked for", got)
		}
	})
}

// TestTopicsInUseInAnOutage: topics that are looked up stay in use although
// nothing can be refreshed.
func TestTopicsInUseInAnOutage(t *testing.T) {
	r := newTestRefresh()
	r.inUse["used"], r.inUse["idle"] = at(0), at(0)
	var resp msg.MetadataResponse
	for _, name := range []string{"used", "idle"} {
		resp.Topics = append(resp.Topics, msg.MetadataResponseTopic{Name: &name})
	}
	md := emptyMetadata().merge(&resp, 9, "", at(0))
	for minute := range 60 {
		md.Topic("used")
		waiting, topics, _ := r.begin(at(minute*60_000), md)
		if slices.Contains(topics, "idle") != (minute < 5) || !slices.Contains(topics, "used") {
			t.Fatalf("in minute %d: %v", minute, topics)
		}
		r.failed(at(minute*60_000), waiting, nil)
	}
}

// TestNoTopicCreation: brokers that can be told to make no topics are.
func TestNoTopicCreation(t *testing.T) {
	for release, makes := range map[string]bool{"0.9.0.1": true, "0.10.2.2": true, "0.11.0.3": false, "4.4.0": false} {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, kafkatest.Version(release), kafkatest.Topic("old", 1), kafkatest.Logger(quiet))
			c, err := New(Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: quiet, NoTopicCreation: true})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.Topic(within(t, time.Second), "old"); err != nil {
				t.Error(err)
			}
			_, err = c.Topic(within(t, 5*time.Second), "new")
			if made := err == nil; made != makes || !made && !errors.Is(err, wire.ErrUnknownTopicOrPartition) {
				t.Errorf("%s: the topic was made: %v; %v", release, made, err)
			}
		})
	}
}
