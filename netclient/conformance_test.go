package netclient

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestConformance goes through what kafka-python 1.2.1 was seen to do with hosts,
// connections, metadata and versions, as far as a user can tell and no other test
// shows it: hosts_test.go, conn_test.go, requests_test.go and detect_test.go have the
// rest. "fix" is where it was wrong and we are not; "differs" is where we chose otherwise.
//
// Each case runs in a bubble of testing/synctest, where waiting takes no time
// and times are exact.
func TestConformance(t *testing.T) {
	for _, c := range []struct {
		python string // what kafka-python does
		test   func(t *testing.T)
	}{
		{"without bootstrap_servers it asks localhost:9092", bootstrapsFromLocalhost},
		{"a refused bootstrap is no error of the constructor; differs: it is tried until somebody answers", bootstrapRefused},
		{"a connection reset while connecting is made again", resetWhileConnecting},
		{"a connect that takes longer than the timeout is given up", connectTimesOut},
		{"no new attempt for 50 ms after a failed one; differs: more after each, with a fifth of jitter", blackedOut},
		{"40 ms after an attempt 10 ms are left of its 50 (fix: 1.2.1 waits 50 again)", restOfTheBackoff},
		{"a lost connection makes the metadata be asked for", disconnectRefreshes},
		{"a broker that no metadata names can't be sent to (an assertion)", unknownNode},
		{"an answer that can't be decoded is an error that says so; differs: the connection stands", undecodableAnswer},
		{"0.8.2 answers GroupCoordinator with correlation id 0, which is taken; of other requests it is not", coordinatorQuirk},
		{"error 3 of one topic fails what waits for it", topicError},
		{"a partition with leader -1 is known, and not available", partitionWithoutLeader},
		{"partitions_for_topic of an unknown topic is None, not empty", unknownTopicIsNil},
		{"error 29 puts a topic among unauthorized_topics, and the others are there", unauthorizedTopic},
		{"an update requested right after a refresh waits retry_backoff_ms, 100, at most; differs: with a fifth of jitter", updateAfterRefresh},
		{"a broker that the newest answer lacks is still listed (fix: it is gone)", brokerGone},
		{"an error code in the answer to a probe is an answer", probeAnsweredWithError},
		{"no node: check_version raises NoBrokersAvailable", noBrokers},
		{"api_version '0.10.1' is not recognized (fix: it is a release), nonsense is not", pinnedReleases},
	} {
		t.Run(c.python, func(t *testing.T) { synctest.Test(t, c.test) })
	}
}

// dialer is a Config.Dial to a cluster that notes when it was called, and may
// fail.
type dialer struct {
	cluster *kafkatest.Cluster
	fail    func(ctx context.Context, attempt int) error // attempts count from 1

	mu    sync.Mutex
	times []time.Time
	addrs []string
}

func (d *dialer) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d.mu.Lock()
	d.times, d.addrs = append(d.times, time.Now()), append(d.addrs, addr)
	attempt := len(d.times)
	d.mu.Unlock()
	if d.fail != nil {
		if err := d.fail(ctx, attempt); err != nil {
			return nil, err
		}
	}
	return d.cluster.Dial(ctx, network, addr)
}

// pauses are the times between the calls.
func (d *dialer) pauses() (all []time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := 1; i < len(d.times); i++ {
		all = append(all, d.times[i].Sub(d.times[i-1]))
	}
	return all
}

// conformanceCluster is a cluster of one broker and a client of it with the
// default Config. The client is not connected yet.
func conformanceCluster(t *testing.T, fail func(ctx context.Context, attempt int) error) (*kafkatest.Cluster, *Client, *dialer) {
	t.Helper()
	cluster := kafkatest.Start(t, kafkatest.Version("2.8.2"), kafkatest.Topic("t", 1), kafkatest.Logger(quiet))
	d := &dialer{cluster: cluster, fail: fail}
	c, err := New(Config{BootstrapServers: cluster.Addrs(), Logger: quiet, Dial: d.Dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return cluster, c, d
}

// connected is conformanceCluster with a client that is connected.
func connected(t *testing.T) (*kafkatest.Cluster, *Client) {
	t.Helper()
	cluster, c, _ := conformanceCluster(t, nil)
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	return cluster, c
}

// refused fails the first attempts as a port does that nothing listens on.
func refused(attempts int) func(context.Context, int) error {
	return func(_ context.Context, attempt int) error {
		if attempt <= attempts {
			return syscall.ECONNREFUSED
		}
		return nil
	}
}

func bootstrapsFromLocalhost(t *testing.T) {
	d := &dialer{fail: refused(1 << 30)}
	c, err := New(Config{Logger: quiet, Dial: d.Dial})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Ping(within(t, time.Second))
	if len(d.addrs) == 0 || slices.ContainsFunc(d.addrs, func(addr string) bool { return addr != "localhost:9092" }) {
		t.Errorf("it dialed %q", d.addrs)
	}
}

func bootstrapRefused(t *testing.T) {
	_, c, d := conformanceCluster(t, refused(3))
	if n := len(c.Metadata().Brokers()); n != 0 || len(d.times) != 0 {
		t.Errorf("New dialed %d times, and knows %d brokers", len(d.times), n)
	}
	if err := c.Ping(within(t, time.Minute)); err != nil || len(d.times) < 4 {
		t.Errorf("after %d attempts: %v", len(d.times), err)
	}
}

func resetWhileConnecting(t *testing.T) {
	_, c, d := conformanceCluster(t, func(_ context.Context, attempt int) error {
		if attempt == 1 {
			return syscall.ECONNRESET
		}
		return nil
	})
	if err := c.Ping(within(t, time.Minute)); err != nil || len(d.times) != 2 {
		t.Errorf("after %d attempts: %v", len(d.times), err)
	}
}

func connectTimesOut(t *testing.T) {
	_, c, _ := conformanceCluster(t, func(ctx context.Context, attempt int) error {
		<-ctx.Done() // as a connect does that no packet answers
		return ctx.Err()
	})
	err := c.Ping(within(t, 15*time.Second))
	if timeout, ok := errors.AsType[*TimeoutError](err); !ok || timeout.After != 10*time.Second {
		t.Errorf("got %v, want that there is no connection within 10 s", err)
	}
}

func blackedOut(t *testing.T) {
	cluster, c := connected(t)
	d := &dialer{cluster: cluster, fail: refused(6)}
	c.cfg.Dial = d.Dial
	pool := c.NewPool(PoolConfig{})
	for range 6 {
		if _, err := pool.Conn(t.Context(), 1); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := pool.Conn(t.Context(), 1); err != nil {
		t.Error(err)
	}
	nominal := 50 * time.Millisecond
	for i, pause := range d.pauses() {
		if pause < nominal*8/10 || pause > nominal*12/10 {
			t.Errorf("attempt %d came %v after the one before, want %v and a fifth more or less", i+2, pause, nominal)
		}
		nominal = min(2*nominal, time.Second)
	}
}

func restOfTheBackoff(t *testing.T) {
	cluster, c := connected(t)
	d := &dialer{cluster: cluster, fail: refused(1)}
	c.cfg.Dial = d.Dial
	pool := c.NewPool(PoolConfig{})
	if _, err := pool.Conn(t.Context(), 1); err == nil {
		t.Error("the first attempt did not fail")
	}
	time.Sleep(40 * time.Millisecond)
	started := time.Now()
	if _, err := pool.Conn(t.Context(), 1); err != nil {
		t.Error(err)
	}
	if left := time.Since(started); left > 20*time.Millisecond {
		t.Errorf("after 40 ms of a backoff of 50, and 10 of jitter, %v were left", left)
	}
	time.Sleep(time.Hour) // idle long enough to be closed
	started = time.Now()
	if _, err := pool.Conn(t.Context(), 1); err != nil || time.Since(started) > 0 {
		t.Errorf("after a success it took %v, %v", time.Since(started), err)
	}
}

func disconnectRefreshes(t *testing.T) {
	cluster, c := connected(t)
	time.Sleep(time.Second)
	synctest.Wait()
	before, changed := cluster.Requests(wire.KeyMetadata), c.MetadataChanged()
	time.Sleep(time.Second)
	if n := cluster.Requests(wire.KeyMetadata); n != before {
		t.Errorf("%d requests for metadata while nothing happened", n-before)
	}
	defer cluster.Control(wire.KeyListGroups, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Close: true} })()
	if err := c.RequestTo(t.Context(), 1, msg.NewListGroupsRequest(), &msg.ListGroupsResponse{}); err == nil {
		t.Error("the connection was not lost")
	}
	select {
	case <-changed:
	case <-time.After(time.Second):
		t.Error("the metadata was not asked for")
	}
}

func unknownNode(t *testing.T) {
	_, c := connected(t)
	err := c.RequestTo(t.Context(), 77, msg.NewMetadataRequest(), &msg.MetadataResponse{})
	if unknown, ok := errors.AsType[*UnknownBrokerError](err); !ok || unknown.Node != 77 || !SafeToRetry(err) {
		t.Errorf("got %v", err)
	}
}

func undecodableAnswer(t *testing.T) {
	near, far := net.Pipe()
	conn, p := testConnOver(t, near, far, nil)
	go func() {
		for _, body := range []string{"\x00", "\x00\x00\x00\x00\x00\x00\x00\x00"} { // no answer; and one without brokers or topics
			h, _ := p.read()
			p.answer(h, body)
		}
	}()
	err := conn.DoVersion(t.Context(), 0, msg.NewMetadataRequest(), &msg.MetadataResponse{})
	if err == nil || !strings.Contains(err.Error(), "broker 1 at broker:9092: answer to Metadata v0") || SafeToRetry(err) {
		t.Errorf("got %v", err)
	}
	if err := conn.DoVersion(t.Context(), 0, msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

func coordinatorQuirk(t *testing.T) {
	for _, c := range []struct {
		key     wire.APIKey
		version int16
		taken   bool
	}{
		{wire.KeyFindCoordinator, 0, true},
		{wire.KeyFindCoordinator, 1, false},
		{wire.KeyMetadata, 0, false},
	} {
		near, far := net.Pipe()
		conn, p := testConnOver(t, near, far, nil)
		r := start(t, conn, "question", func(call *Call) { call.Key, call.Version = c.key, c.version })
		h, _ := p.read()
		h.CorrelationID = 0
		p.answer(h, "answer")
		if got := wait(t, r); (got.err == nil && got.body == "answer") != c.taken {
			t.Errorf("%s v%d answered with correlation id 0: %q, %v", c.key, c.version, got.body, got.err)
		}
		if stands := conn.Err() == nil; stands != c.taken {
			t.Errorf("%s v%d: afterwards the connection's error is %v", c.key, c.version, conn.Err())
		}
	}
}

// answerMetadata makes the cluster's broker say something else of its topics and brokers.
func answerMetadata(cluster *kafkatest.Cluster, topics []msg.MetadataResponseTopic, more ...msg.MetadataResponseBroker) (remove func()) {
	host, _, _ := net.SplitHostPort(cluster.Addr(1))
	return cluster.Control(wire.KeyMetadata, func(kafkatest.Request) kafkatest.Action {
		resp := msg.NewMetadataResponse()
		resp.Brokers = append(slices.Clone(more), msg.MetadataResponseBroker{NodeID: 1, Host: host, Port: 9092})
		resp.ControllerID, resp.Topics = 1, topics
		return kafkatest.Action{Response: resp}
	})
}

func topicSaid(name string, code wire.ErrorCode, leaders ...int32) msg.MetadataResponseTopic {
	var topic msg.MetadataResponseTopic
	topic.SetDefaults()
	topic.Name, topic.ErrorCode = &name, code
	for i, leader := range leaders {
		topic.Partitions = append(topic.Partitions, msg.MetadataResponseTopicPartition{PartitionIndex: int32(i), LeaderID: leader, ReplicaNodes: []int32{1}})
	}
	return topic
}

func topicError(t *testing.T) {
	cluster, c := connected(t)
	defer answerMetadata(cluster, []msg.MetadataResponseTopic{topicSaid("t", wire.ErrNone, 1), topicSaid("u", wire.ErrUnknownTopicOrPartition)})()
	_, err := c.Topic(within(t, time.Second), "u")
	if !errors.Is(err, wire.ErrUnknownTopicOrPartition) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err) // differs: it may appear, so it is waited for
	}
}

func partitionWithoutLeader(t *testing.T) {
	cluster, c := connected(t)
	defer answerMetadata(cluster, []msg.MetadataResponseTopic{topicSaid("t", wire.ErrNone, 1, -1)})()
	topic, err := c.Topic(t.Context(), "t")
	if err != nil || len(topic.Partitions) != 2 || topic.Partitions[1].Leader != -1 {
		t.Fatalf("got %+v, %v", topic, err)
	}
	for partition, available := range []bool{true, false} {
		if node, _, ok := c.Metadata().Leader(wire.TopicPartition{Topic: "t", Partition: int32(partition)}); ok != available {
			t.Errorf("the leader of partition %d is %d, %v", partition, node, ok)
		}
	}
}

func unknownTopicIsNil(t *testing.T) {
	_, c := connected(t)
	if topic := c.Metadata().Topic("nobody's"); topic != nil {
		t.Errorf("got %+v", topic)
	}
}

func unauthorizedTopic(t *testing.T) {
	cluster, c := connected(t)
	defer answerMetadata(cluster, []msg.MetadataResponseTopic{topicSaid("secret", wire.ErrTopicAuthorizationFailed), topicSaid("t", wire.ErrNone, 1)})()
	md, err := c.RefreshMetadata(t.Context(), "secret", "t")
	if err != nil {
		t.Fatal(err)
	}
	if secret := md.Topic("secret"); secret == nil || secret.Err != wire.ErrTopicAuthorizationFailed {
		t.Errorf("secret is %+v", secret)
	}
	if open := md.Topic("t"); open == nil || open.Err != wire.ErrNone || len(open.Partitions) != 1 {
		t.Errorf("t is %+v", open)
	}
}

func updateAfterRefresh(t *testing.T) {
	_, c := connected(t)
	if _, err := c.RefreshMetadata(t.Context()); err != nil {
		t.Fatal(err)
	}
	started, changed := time.Now(), c.MetadataChanged()
	c.UpdateMetadataSoon()
	<-changed
	if waited := time.Since(started); waited <= 0 || waited > 120*time.Millisecond {
		t.Errorf("it came after %v, want more than nothing and at most 120ms", waited)
	}
}

func brokerGone(t *testing.T) {
	cluster, c := connected(t)
	remove := answerMetadata(cluster, nil, msg.MetadataResponseBroker{NodeID: 2, Host: "two", Port: 9092})
	md, err := c.RefreshMetadata(t.Context())
	if err != nil || len(md.Brokers()) != 2 {
		t.Fatalf("got %v, %v", md.Brokers(), err)
	}
	remove()
	md, err = c.RefreshMetadata(t.Context())
	if _, listed := md.Broker(2); err != nil || listed || len(md.Brokers()) != 1 {
		t.Errorf("got %v, %v", md.Brokers(), err)
	}
}

// probeAnsweredWithError: a coordinator that is loading, or is elsewhere, does
// not make the broker older or unknown.
func probeAnsweredWithError(t *testing.T) {
	for _, code := range []wire.ErrorCode{wire.ErrCoordinatorNotAvailable, wire.ErrNotCoordinator, wire.ErrCoordinatorLoadInProgress} {
		cluster := kafkatest.Start(t, kafkatest.Version("0.9.0.1"), kafkatest.Logger(quiet))
		defer cluster.Control(wire.KeyHeartbeat, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Error: code} })()
		c, _ := clusterClient(t, cluster)
		if err := c.Ping(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got := c.Release(1).String(); got != "0.9" {
			t.Errorf("with %v it is taken for %s", code, got)
		}
	}
}

func noBrokers(t *testing.T) {
	_, c, _ := conformanceCluster(t, refused(1<<30))
	err := c.Ping(within(t, time.Second))
	if !errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "check the address") {
		t.Errorf("got %v", err)
	}
}

func pinnedReleases(t *testing.T) {
	for version, known := range map[string]bool{"": true, "auto": true, "0.8.1": true, "0.10.1": true, "0.10.0": true, "2.8": true, "0.7": false, "ten": false} {
		c, err := New(Config{APIVersion: version, Logger: quiet})
		if (err == nil) != known {
			t.Errorf("api_version %q: %v", version, err)
		}
		if err == nil {
			c.Close()
		} else if !strings.Contains(err.Error(), "allowed is auto or one of 0.8.0") {
			t.Errorf("no advice in: %v", err)
		}
	}
}
