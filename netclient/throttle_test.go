package netclient

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestThrottleTime: the throttle time of every API's answer is found from the
// version on that leaves it to the client, and not taken from anything else.
func TestThrottleTime(t *testing.T) {
	const ms = 123_456_789
	unseen := map[wire.APIKey]bool{}
	for key := range wire.APIKey(1000) {
		if _, known := key.Versions(); known {
			unseen[key] = true
		}
	}
	for _, resp := range everyAnswer() {
		key := resp.APIKey()
		found := 0
		if d, ok := resp.(interface{ SetDefaults() }); ok {
			d.SetDefaults()
		}
		// What is beside the throttle time must not look like it.
		fill := reflect.ValueOf(resp).Elem()
		field := fill.FieldByName("ThrottleTimeMs")
		for i := range fill.NumField() {
			switch f := fill.Field(i); f.Kind() {
			case reflect.Int16, reflect.Int32, reflect.Int64:
				if fill.Type().Field(i).Name != "ErrorCode" {
					f.SetInt(77)
				}
			}
		}
		if field.IsValid() {
			field.SetInt(ms)
		}
		versions, _ := key.Versions()
		for version := versions.Min; version <= versions.Max; version++ {
			body, err := resp.Append(nil, version)
			if err != nil {
				continue // a field that this version lacks is not at its default
			}
			want := time.Duration(0)
			if field.IsValid() && version >= throttleFrom(key) {
				want = ms * time.Millisecond
				found++
			}
			if got := throttleTime(key, version, body); got != want {
				t.Errorf("%v v%d: %v, want %v", key, version, got, want)
			}
		}
		if found > 0 || !field.IsValid() {
			delete(unseen, key)
		}
	}
	if len(unseen) > 0 {
		t.Errorf("not looked at: %v", unseen)
	}
}

// TestThrottleFrom: versions that Kafka's Java client 4.4.0 gives, some for each
// rule.
func TestThrottleFrom(t *testing.T) {
	for key, want := range map[wire.APIKey]int16{
		wire.KeyProduce: 6, wire.KeyFetch: 8, wire.KeyListOffsets: 3, wire.KeyMetadata: 6, wire.KeyOffsetCommit: 4, wire.KeyOffsetFetch: 4,
		wire.KeyFindCoordinator: 2, wire.KeyJoinGroup: 3, wire.KeyHeartbeat: 2, wire.KeyAPIVersions: 2, wire.KeyCreateTopics: 3,
		wire.KeyDeleteTopics: 2, wire.KeyDeleteRecords: 1, wire.KeyInitProducerID: 1, wire.KeyEndTxn: 1, wire.KeyDescribeConfigs: 2,
		wire.KeyAlterConfigs: 1, wire.KeyDeleteGroups: 1, wire.KeyElectLeaders: 0, wire.KeyShareFetch: 0,
	} {
		if got := throttleFrom(key); got != want {
			t.Errorf("%v: %d, want %d", key, got, want)
		}
	}
}

func TestThrottleTimeOfOddAnswers(t *testing.T) {
	unsupported := append(binary.BigEndian.AppendUint16(nil, uint16(wire.ErrUnsupportedVersion)), 0, 0, 0, 1, 0, 18, 0, 0, 0, 3) // in v0
	for name, body := range map[string][]byte{"empty": nil, "short": {1, 2, 3}, "negative": {0xff, 0xff, 0xff, 0xff}, "unsupported": unsupported} {
		for _, key := range []wire.APIKey{wire.KeyProduce, wire.KeyAPIVersions, wire.KeyHeartbeat, 12345} {
			if name == "unsupported" && key != wire.KeyAPIVersions {
				continue
			}
			if got := throttleTime(key, 4, body); got != 0 {
				t.Errorf("%s answer to %v: %v", name, key, got)
			}
		}
	}
}

// throttledWorld is a cluster of two brokers that answers Heartbeat with a
// throttle time of 5 s, and a client of it that says what it hears.
func throttledWorld(t *testing.T, change func(*Config)) (*kafkatest.Cluster, *Client) {
	cluster := kafkatest.Start(t, kafkatest.Brokers(2), kafkatest.Logger(quiet))
	cluster.Control(wire.KeyHeartbeat, func(kafkatest.Request) kafkatest.Action {
		return kafkatest.Action{Response: &msg.HeartbeatResponse{ThrottleTimeMs: 5000}}
	})
	cfg := Config{BootstrapServers: cluster.Addrs(), Logger: quiet, Dial: cluster.Dial}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cluster, c
}

// took is how long a request waits for its answer.
func took(t *testing.T, ask func() error) time.Duration {
	t.Helper()
	started := time.Now()
	if err := ask(); err != nil {
		t.Error(err)
	}
	return time.Since(started)
}

// TestThrottled: nothing is sent on a connection for as long as the broker says,
// whoever asks for it, and everything on others.
func TestThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster, c := throttledWorld(t, nil)
		ctx := t.Context()
		pool := c.NewPool(PoolConfig{})
		conn, err := pool.Conn(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		other, err := pool.Conn(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		heartbeat := func(conn *Conn, version int16) func() error {
			return func() error {
				return conn.DoVersion(ctx, version, msg.NewHeartbeatRequest(), new(msg.HeartbeatResponse))
			}
		}
		if d := took(t, heartbeat(conn, 1)); d != 0 {
			t.Errorf("the first waited for %v", d)
		}
		if d := took(t, heartbeat(conn, 4)); d != 0 {
			t.Errorf("after an answer in v1, where the broker itself has waited: %v", d)
		}
		time.Sleep(time.Second)
		before := cluster.Requests(wire.KeyHeartbeat)
		called := make(chan time.Time, 1)
		err = conn.Start(Call{Key: wire.KeyHeartbeat, Version: 0, Body: [][]byte{make([]byte, 8)}, Done: func([]byte, error) { called <- time.Now() }})
		if err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		if d := took(t, heartbeat(other, 0)); d != 0 {
			t.Errorf("on another connection: %v", d)
		}
		if d := took(t, heartbeat(conn, 0)); d != 4*time.Second {
			t.Errorf("the next waited for %v, want what is left of 5s", d)
		}
		if d := (<-called).Sub(started); d != 4*time.Second {
			t.Errorf("Start waited for %v", d)
		}
		if n := cluster.Requests(wire.KeyHeartbeat) - before; n != 3 {
			t.Errorf("%d requests came to the brokers, want 3", n)
		}
		if d := took(t, heartbeat(conn, 0)); d != 0 {
			t.Errorf("afterwards: %v", d)
		}
	})
}

// TestThrottledTooLong: a request that can't wait so long fails alone, unsent.
func TestThrottledTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := throttledWorld(t, nil)
		ctx := t.Context()
		conn, err := c.NewPool(PoolConfig{}).Conn(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(timeout time.Duration) error {
			return conn.DoTimeout(ctx, timeout, msg.NewHeartbeatRequest(), new(msg.HeartbeatResponse))
		}
		took(t, func() error { return ask(0) })
		patient := make(chan time.Duration)
		go func() { patient <- took(t, func() error { return ask(0) }) }()
		for _, timeout := range []time.Duration{2 * time.Second, time.Second} {
			started := time.Now()
			err := ask(timeout)
			if _, ok := errors.AsType[*TimeoutError](err); !ok || !SafeToRetry(err) || !strings.Contains(err.Error(), "quota") || time.Since(started) != timeout {
				t.Errorf("after %v: %v", time.Since(started), err)
			}
		}
		if d := <-patient; d != 5*time.Second || conn.Err() != nil {
			t.Errorf("the patient one waited for %v, %v", d, conn.Err())
		}
		took(t, func() error { return ask(10 * time.Second) })
		conn.Close() // while it is throttled
	})
}

// TestThrottledIsSeen, and a request that any broker can answer goes to another.
func TestThrottledIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		var log bytes.Buffer
		registry := metrics.New(metrics.Config{})
		_, c := throttledWorld(t, func(cfg *Config) {
			cfg.ClientID, cfg.Metrics = "me", registry
			cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			cfg.Trace = &Trace{Throttled: func(i ThrottleInfo) { heard = append(heard, fmt.Sprint(i.Node, i.Key, i.Duration)) }}
		})
		ctx := t.Context()
		for node := range int32(2) {
			if _, err := c.shared.Conn(ctx, node+1); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.RequestTo(ctx, 1, msg.NewHeartbeatRequest(), new(msg.HeartbeatResponse)); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			d := took(t, func() error { return c.Request(ctx, msg.NewMetadataRequest(), new(msg.MetadataResponse)) })
			if d != 0 {
				t.Errorf("a request for any broker waited for %v", d)
			}
		}
		if fmt.Sprint(heard) != "[1 Heartbeat 5s]" {
			t.Errorf("heard %v", heard)
		}
		for _, name := range []string{"throttle-time-total", "throttle-time-max"} {
			if got := metric(t, registry, name, "me"); got != 5000 {
				t.Errorf("%s is %v", name, got)
			}
		}
		if line := "level=DEBUG msg=\"kafka: the broker's quota pauses the connection\""; !strings.Contains(log.String(), line) || !strings.Contains(log.String(), "by=Heartbeat for=5s") {
			t.Errorf("logged %s", log.String())
		}
	})
}
