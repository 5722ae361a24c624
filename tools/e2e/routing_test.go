package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestRouting sends 100,000 requests to the leaders of partitions while brokers
// are killed, frozen and restarted and leaders and the controller move: each gets
// one result, its own answer or a failure with its cause, and soon after the
// cluster is whole all are answered again.
func TestRouting(t *testing.T) {
	for _, version := range []string{"0.9.0.1", "2.8.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) { testRouting(t, version) })
	}
}

const (
	routed  = 100_000
	callers = 16
	parts   = 6
)

func testRouting(t *testing.T, version string) {
	cluster := startCluster(t, realkafka.Config{Version: version, Brokers: 3})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	if err := cluster.CreateTopic(ctx, "routed", parts, 3); err != nil {
		t.Fatal(err)
	}
	wantLeaders(ctx, t, cluster, "routed")
	client, err := netclient.New(netclient.Config{
		BootstrapServers: cluster.Addrs(), RequestTimeout: 5 * time.Second, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.EnsureTopic(ctx, "routed"); err != nil {
		t.Fatal(err)
	}
	r := &router{t: t, client: client, pool: client.NewPool(netclient.PoolConfig{Name: "routing"})}
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for caller := range callers {
		all.Go(func() { r.call(ctx, caller) })
	}
	disturb(ctx, t, cluster)
	whole := time.Now()
	eventually(t, time.Minute, "every partition is answered for again", func() bool {
		for p := range int32(parts) {
			if _, err := r.ask(ctx, p, "after"); err != nil {
				return false
			}
		}
		return true
	})
	healthy := time.Since(whole)
	all.Wait()
	client.Close()
	for i := range r.results {
		if n := r.results[i].Load(); n != 1 {
			t.Fatalf("request %d got %d results", i, n)
		}
	}
	t.Logf("%d answered, %d failed; all well %v after the cluster was", r.answered.Load(), r.failed.Load(), healthy.Round(time.Millisecond))
	if version == "4.4.0" {
		wantMisroutingRefused(ctx, t, cluster)
	}
	if r.answered.Load() < routed/2 || r.failed.Load() == 0 {
		t.Errorf("%d requests answered, %d failed: that was no test", r.answered.Load(), r.failed.Load())
	}
}

// wantMisroutingRefused leads the connections for one broker to another: it
// refuses them, and takes those for itself.
func wantMisroutingRefused(ctx context.Context, t *testing.T, cluster *realkafka.Cluster) {
	t.Helper()
	b := cluster.Brokers()
	client, err := netclient.New(netclient.Config{BootstrapServers: []string{b[0].Addr()}, Logger: slog.New(slog.DiscardHandler),
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr == b[1].Addr() {
				addr = b[2].Addr()
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.RefreshMetadata(ctx); err != nil {
		t.Fatal(err)
	}
	pool := client.NewPool(netclient.PoolConfig{})
	if _, err := pool.Conn(ctx, b[1].ID()); !errors.Is(err, wire.ErrRebootstrapRequired) {
		t.Errorf("a connection for broker %d that leads to broker %d: %v", b[1].ID(), b[2].ID(), err)
	}
	if _, err := pool.Conn(ctx, b[2].ID()); err != nil {
		t.Error(err)
	}
}

// disturb does to the brokers what happens to brokers.
func disturb(ctx context.Context, t *testing.T, cluster *realkafka.Cluster) {
	t.Helper()
	b := cluster.Brokers()
	for _, step := range []struct {
		what string
		do   func() error
		then time.Duration
	}{
		{"kill 1", b[1].Kill, 4 * time.Second},
		{"restart 1", func() error { return b[1].Restart(ctx) }, 2 * time.Second},
		{"freeze 2", b[2].Freeze, 8 * time.Second}, // longer than the requests' timeout
		{"thaw 2", b[2].Thaw, 2 * time.Second},
		{"stop 0", b[0].Terminate, 3 * time.Second}, // its leaders, and its controller, move
		{"restart 0", func() error { return b[0].Restart(ctx) }, 0},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		time.Sleep(step.then)
	}
}

// A router sends requests to the leaders of partitions.
type router struct {
	t                *testing.T
	client           *netclient.Client
	pool             *netclient.Pool
	results          [routed]atomic.Int32
	answered, failed atomic.Int64
}

// call is one of the callers.
func (r *router) call(ctx context.Context, caller int) {
	for i := caller; i < routed && ctx.Err() == nil; i += callers {
		results, err := r.ask(ctx, int32(i%parts), fmt.Sprint(i))
		r.results[i].Add(results)
		if err == nil {
			r.answered.Add(1)
			time.Sleep(4 * time.Millisecond) // to be there for all that happens
			continue
		}
		r.failed.Add(1)
		r.checkCause(i, err)
		r.client.UpdateMetadataSoon()
		time.Sleep(20 * time.Millisecond)
	}
}

// checkCause wants a failure that can be told apart.
func (r *router) checkCause(i int, err error) {
	_, connection := errors.AsType[*netclient.ConnError](err)
	_, unknown := errors.AsType[*netclient.UnknownBrokerError](err)
	_, code := errors.AsType[wire.ErrorCode](err)
	if !connection && !unknown && !code && !errors.Is(err, errNoLeader) {
		r.t.Errorf("request %d failed: %T %v", i, err, err)
	}
}

var errNoLeader = errors.New("the partition has no leader")

// ask asks the leader for the partition's offsets and, so that its answer can't
// be taken for another one's, for those of a topic whose name nobody else
// says. It returns how many results came.
func (r *router) ask(ctx context.Context, partition int32, mark string) (results int32, err error) {
	node, _, ok := r.client.Metadata().Leader(wire.TopicPartition{Topic: "routed", Partition: partition})
	if !ok {
		return 1, errNoLeader
	}
	conn, err := r.pool.Conn(ctx, node)
	if err != nil {
		return 1, err
	}
	version, err := conn.Version(wire.KeyListOffsets, 1)
	if err != nil {
		return 1, err
	}
	req := msg.NewListOffsetsRequest()
	for _, topic := range []string{"routed", "mark-" + mark} {
		var at msg.ListOffsetsRequestTopicPartition
		at.SetDefaults()
		at.PartitionIndex, at.Timestamp = partition, -1 // the latest
		req.Topics = append(req.Topics, msg.ListOffsetsRequestTopic{Name: topic, Partitions: []msg.ListOffsetsRequestTopicPartition{at}})
	}
	body, err := req.Append(nil, version)
	if err != nil {
		return 1, err
	}
	var count atomic.Int32
	type result struct {
		body []byte
		err  error
	}
	done := make(chan result, 10) // for more than there may be
	err = conn.Start(netclient.Call{Key: wire.KeyListOffsets, Version: version, Body: [][]byte{body}, Done: func(body []byte, err error) {
		count.Add(1)
		done <- result{body, err}
	}})
	if err != nil {
		return 1, err
	}
	got := <-done
	if got.err != nil {
		return count.Load(), got.err
	}
	return count.Load(), check(got.body, version, partition, mark)
}

// check wants the answer to just that request.
func check(body []byte, version int16, partition int32, mark string) error {
	var resp msg.ListOffsetsResponse
	if err := resp.Decode(body, version); err != nil {
		return err
	}
	var code wire.ErrorCode
	marked := false
	for _, topic := range resp.Topics {
		if len(topic.Partitions) != 1 || topic.Partitions[0].PartitionIndex != partition {
			return fmt.Errorf("mixed up: %+v for partition %d", topic, partition)
		}
		switch topic.Name {
		case "routed":
			code = topic.Partitions[0].ErrorCode
		case "mark-" + mark:
			marked = true
		}
	}
	if !marked || len(resp.Topics) != 2 {
		return fmt.Errorf("mixed up: %+v for %s", resp, mark)
	}
	return code.Err()
}
