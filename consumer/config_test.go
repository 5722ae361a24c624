package consumer

import (
	"errors"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/netclient"
)

func TestZeroConfigIsTheSpecifiedDefault(t *testing.T) {
	got := Config{}.withDefaults()
	for name, ok := range map[string]bool{
		"auto.offset.reset":         got.AutoOffsetReset == ResetLatest,
		"enable.auto.commit":        got.CommitMode == CommitFollowed,
		"auto.commit.interval.ms":   got.AutoCommitInterval == 5*time.Second,
		"session.timeout.ms":        got.SessionTimeout == 30*time.Second,
		"heartbeat.interval.ms":     got.HeartbeatInterval == 3*time.Second,
		"max.poll.interval.ms":      got.MaxPollInterval == 5*time.Minute,
		"fetch.min.bytes":           got.FetchMinBytes == 1,
		"fetch.max.wait.ms":         got.FetchMaxWait == 500*time.Millisecond,
		"max.partition.fetch.bytes": got.MaxPartitionFetchBytes == 1<<20,
		"fetch.max.bytes":           got.FetchMaxBytes == 50<<20,
		"check.crcs":                !got.SkipCRCCheck,
		"request.timeout.ms":        got.RequestTimeout == 40*time.Second,
		"assignors":                 len(got.Assignors) == 2 && got.Assignors[0].Protocol().Name == "range" && got.Assignors[1].Protocol().Name == "roundrobin",
	} {
		if !ok {
			t.Errorf("%s has another default: %+v", name, got)
		}
	}
	zero := Config{FetchMinBytes: -1, FetchMaxWait: -1}.withDefaults()
	if zero.FetchMinBytes != 0 || zero.FetchMaxWait != 0 {
		t.Errorf("negative is not Kafka's 0: %+v", zero)
	}
}

func TestValidateNamesEveryMistake(t *testing.T) {
	bad := Config{
		Topics: []string{"t", ""}, Pattern: regexp.MustCompile("t"),
		AutoOffsetReset: 7, GroupInstanceID: "i", SessionTimeout: -1, MaxPartitionFetchBytes: -1, FetchMaxBytes: 1 << 40,
		FetchMaxWait: time.Hour, Assignors: []assignors.Assignor{assignors.Range(), assignors.Range(), nil},
	}
	err := bad.Validate()
	for _, want := range []string{"Pattern", "empty name", "AutoOffsetReset", "GroupInstanceID", "SessionTimeout",
		"MaxPartitionFetchBytes", "FetchMaxBytes", "FetchMaxWait", `"range" twice`, "Assignors[2]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in: %v", want, err)
		}
	}
	// kafka-python's texts say lower, its code allows equal.
	equal := Config{HeartbeatInterval: 40 * time.Second, SessionTimeout: 40 * time.Second}
	if err := equal.Validate(); err != nil {
		t.Error(err)
	}
	waits := Config{FetchMaxWait: 10 * time.Second, RequestTimeout: 10 * time.Second}
	if err := waits.Validate(); err == nil || !strings.Contains(err.Error(), "FetchMaxWait") {
		t.Errorf("a fetch that may wait as long as its request: %v", err)
	}
	waits.FetchMaxWait--
	if err := waits.Validate(); err != nil {
		t.Error(err)
	}
	longer := Config{HeartbeatInterval: 40 * time.Second}
	if err := longer.Validate(); err == nil {
		t.Error("a heartbeat interval longer than the session was accepted")
	}
}

func TestParseProperties(t *testing.T) {
	client, c, err := ParseProperties(map[string]string{
		"bootstrap.servers": "a:1,b:2", "client.id": "me", "request.timeout.ms": "7000",
		"group.id": "g", "auto.offset.reset": "smallest", "enable.auto.commit": "false", "auto.commit.interval.ms": "1000",
		"session.timeout.ms": "10000", "heartbeat.interval.ms": "1000", "max.poll.interval.ms": "60000",
		"fetch.min.bytes": "0", "fetch.max.wait.ms": "0", "max.partition.fetch.bytes": "1000", "fetch.max.bytes": "2000",
		"partition.assignment.strategy": "roundrobin, org.apache.kafka.clients.consumer.RangeAssignor", "check.crcs": "false",
		"group.instance.id": "i", "client.rack": "r", "isolation.level": "read_uncommitted",
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(client.BootstrapServers) != 2 || client.ClientID != "me" || client.RequestTimeout != 7*time.Second {
		t.Errorf("client: %+v", client)
	}
	if c.GroupID != "g" || c.AutoOffsetReset != ResetEarliest || c.CommitMode != CommitManual || c.AutoCommitInterval != time.Second ||
		c.SessionTimeout != 10*time.Second || c.HeartbeatInterval != time.Second || c.MaxPollInterval != time.Minute ||
		c.FetchMinBytes != -1 || c.FetchMaxWait != -1 || c.MaxPartitionFetchBytes != 1000 || c.FetchMaxBytes != 2000 ||
		len(c.Assignors) != 2 || c.Assignors[0].Protocol().Name != "roundrobin" || c.Assignors[1].Protocol().Name != "range" ||
		!c.SkipCRCCheck || c.GroupInstanceID != "i" || c.ClientRack != "r" || c.RequestTimeout != 7*time.Second {
		t.Errorf("consumer: %+v", c)
	}
	_, _, err = ParseProperties(map[string]string{
		"auto.offset.reset": "middle", "enable.auto.commit": "yes", "fetch.min.bytes": "-1", "session.timeout.ms": "x",
		"partition.assignment.strategy": "sticky", "isolation.level": "read_committed", "bogus": "1", "linger.ms": "5",
	})
	for _, want := range []string{"auto.offset.reset=middle", "earliest", "enable.auto.commit=yes", "true or false", "fetch.min.bytes=-1",
		"session.timeout.ms=x", "partition.assignment.strategy=sticky", "isolation.level=read_committed", "property: bogus"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
}

// TestParsePropertiesInOrder: the same mistakes make the same text, by name, whatever the order of a map.
func TestParsePropertiesInOrder(t *testing.T) {
	_, _, err := ParseProperties(map[string]string{
		"session.timeout.ms": "x", "auto.offset.reset": "x", "fetch.min.bytes": "x", "check.crcs": "x", "max.poll.interval.ms": "x",
		"fetch.max.bytes": "x", "heartbeat.interval.ms": "x", "zz": "x", "mm": "x", "aa": "x", "kk": "x", "ee": "x",
	})
	if err == nil {
		t.Fatal("no error")
	}
	at := -1
	for _, want := range []string{"auto.offset.reset=", "check.crcs=", "fetch.max.bytes=", "fetch.min.bytes=", "heartbeat.interval.ms=",
		"max.poll.interval.ms=", "session.timeout.ms=", "aa, ee, kk, mm, zz"} {
		next := strings.Index(err.Error(), want)
		if next <= at {
			t.Fatalf("%s is not in its place in: %v", want, err)
		}
		at = next
	}
}

// TestParsePropertiesOfJava: what stands in every Java file does not stop anyone.
func TestParsePropertiesOfJava(t *testing.T) {
	client, c, err := ParseProperties(map[string]string{
		"bootstrap.servers": "a:1", "key.deserializer": "org.apache.kafka.common.serialization.StringDeserializer", "value.deserializer": "x",
		"partition.assignment.strategy": "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
		"group.protocol":                "CONSUMER", "max.poll.records": "10", "acks": "all", "exclude.internal.topics": "true", "fetch.max.bytes": "0",
	})
	if err != nil || len(c.Assignors) != 1 || c.FetchMaxBytes != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	want := []string{"acks", "group.protocol", "key.deserializer", "max.poll.records", "partition.assignment.strategy", "value.deserializer"}
	if got := slices.Sorted(maps.Keys(client.Ignored)); !slices.Equal(got, want) {
		t.Errorf("ignored: %v", client.Ignored)
	}
	for _, bad := range []string{"EARLIEST", "by_duration:P1D"} {
		if _, _, err := ParseProperties(map[string]string{"auto.offset.reset": bad}); err == nil {
			t.Errorf("auto.offset.reset=%s is taken", bad)
		}
	}
	if _, _, err := ParseProperties(map[string]string{"partition.assignment.strategy": "org.apache.kafka.clients.consumer.StickyAssignor"}); err == nil {
		t.Error("an assignor that is not there is taken")
	}
}

// nowhere is a client of a cluster that isn't there.
func nowhere(t testing.TB) *netclient.Client {
	t.Helper()
	client, err := netclient.New(netclient.Config{BootstrapServers: []string{"127.0.0.1:1"}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func newTestConsumer(t testing.TB, client *netclient.Client, cfg Config) *Consumer {
	t.Helper()
	c, err := New(client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestWaysToSubscribeExcludeEachOther(t *testing.T) {
	c := newTestConsumer(t, nowhere(t), Config{})
	pattern := regexp.MustCompile("t")
	if err := c.Subscribe(); err == nil {
		t.Error("subscribed to nothing")
	}
	if _, err := c.Poll(t.Context(), 0); !errors.Is(err, ErrNoSubscription) {
		t.Errorf("Poll with nothing to read: %v", err)
	}
	if _, err := c.Poll(t.Context(), -1); err == nil {
		t.Error("Poll took a negative timeout")
	}
	if err := errors.Join(c.Assign(tps("t", 0)...), c.Assign(tps("t", 1)...)); err != nil {
		t.Error(err)
	}
	if err := c.Subscribe("t"); !errors.Is(err, ErrSubscriptionMode) {
		t.Errorf("Subscribe after Assign: %v", err)
	}
	if err := errors.Join(c.Assign(), c.Subscribe("t", "t"), c.Subscribe("u")); err != nil {
		t.Error(err)
	}
	if got := c.Subscription(); len(got) != 1 || got[0] != "u" {
		t.Errorf("subscription %v", got)
	}
	if err := c.SubscribePattern(pattern); !errors.Is(err, ErrSubscriptionMode) {
		t.Errorf("SubscribePattern after Subscribe: %v", err)
	}
	if err := c.Assign(tps("t", 0)...); !errors.Is(err, ErrSubscriptionMode) {
		t.Errorf("Assign after Subscribe: %v", err)
	}
	if err := errors.Join(c.Unsubscribe(t.Context()), c.SubscribePattern(pattern)); err != nil {
		t.Error(err)
	}
	if err := c.Assign(TopicPartition{Topic: "t", Partition: -1}); err == nil {
		t.Error("assigned partition -1")
	}
	if err := c.Commit(t.Context()); !errors.Is(err, ErrNoGroup) {
		t.Errorf("Commit without a group: %v", err)
	}
}

func TestNewWithoutClient(t *testing.T) {
	if c, err := New(nil, Config{}); c != nil || err == nil || !strings.Contains(err.Error(), "Dial") {
		t.Errorf("%v, %v", c, err)
	}
}
