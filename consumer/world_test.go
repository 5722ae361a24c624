package consumer

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// world is a cluster and what stands on it, in a bubble with a clock of its own: waiting takes no
// time, and a test that waits for ever fails at once.
type world struct {
	*testing.T
	cluster *kafkatest.Cluster
	ctx     context.Context
	writer  *netclient.Client
	pool    *netclient.Pool
	log     *logLines
}

func inWorld(t *testing.T, f func(w *world), opts ...kafkatest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		quiet := kafkatest.Logger(slog.New(slog.DiscardHandler))
		w := &world{T: t, ctx: t.Context(), cluster: kafkatest.Start(t, append(opts, quiet)...), log: &logLines{t: t}}
		w.writer = w.client("writer")
		w.pool = w.writer.NewPool(netclient.PoolConfig{Name: "writer"})
		f(w)
	})
}

// client is a client of the cluster, closed when the test ends.
func (w *world) client(id string) *netclient.Client {
	w.Helper()
	client, err := netclient.New(netclient.Config{
		BootstrapServers: w.cluster.Addrs(), Dial: w.cluster.Dial, ClientID: id, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { client.Close() })
	return client
}

// consumer is a consumer on a client of its own, as in a process of its own. It starts at the
// beginning unless cfg says otherwise.
func (w *world) consumer(id string, cfg Config) *Consumer {
	w.Helper()
	if cfg.AutoOffsetReset == ResetLatest {
		cfg.AutoOffsetReset = ResetEarliest
	}
	return w.exactly(id, cfg)
}

func (w *world) exactly(id string, cfg Config) *Consumer {
	w.Helper()
	c, err := New(w.client(id), cfg)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { c.Close() })
	return c
}

// write appends records with these values to a partition, as one batch.
func (w *world) write(topic string, partition int32, values ...string) {
	w.Helper()
	if _, err := w.writer.Topic(w.ctx, topic); err != nil {
		w.Fatal(err)
	}
	req := msg.NewProduceRequest()
	req.Acks, req.TimeoutMs = -1, 10_000
	for {
		node, _, _ := w.writer.Metadata().Leader(TopicPartition{Topic: topic, Partition: partition})
		conn, err := w.pool.Conn(w.ctx, node)
		var resp msg.ProduceResponse
		if err == nil {
			req.TopicData = []msg.ProduceRequestTopicData{{Name: topic, PartitionData: []msg.ProduceRequestTopicDataPartitionData{
				{Index: partition, Records: w.batch(conn, values)}}}}
			version, _ := conn.Version(wire.KeyProduce, 12)
			if err = conn.DoVersion(w.ctx, version, req, &resp); err == nil {
				err = resp.Responses[0].PartitionResponses[0].ErrorCode.Err()
			}
		}
		if err == nil {
			return
		}
		if !netclient.IsRetriable(err) {
			w.Fatalf("writing: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
		w.writer.RefreshMetadata(w.ctx)
	}
}

func (w *world) batch(conn *netclient.Conn, values []string) []byte {
	var b record.Builder
	b.Reset(record.Format(conn.Release().MaxMessageFormat()), nil)
	for _, v := range values {
		if err := b.Append(time.Now().UnixMilli(), nil, []byte(v), nil); err != nil {
			w.Fatal(err)
		}
	}
	out, err := b.Seal(nil, nil)
	if err != nil {
		w.Fatal(err)
	}
	if b.Format() == record.V2 {
		record.Stamp(out, -1, -1, -1)
	}
	return out
}

// count writes n records, "0" to "n-1", to each of a topic's partitions.
func (w *world) count(topic string, partitions, n int) {
	for p := range partitions {
		var values []string
		for i := range n {
			values = append(values, fmt.Sprint(i))
		}
		w.write(topic, int32(p), values...)
	}
}

// name is how tests speak of a record.
func name(r *Record) string {
	return fmt.Sprintf("%s/%d@%d=%s", r.Topic, r.Partition, r.Offset, r.Value)
}

// poll polls until n records have come, or a minute has passed, and returns them sorted.
func (w *world) poll(c *Consumer, n int) (got []string) {
	w.Helper()
	for deadline := time.Now().Add(time.Minute); len(got) < n && time.Now().Before(deadline); {
		recs, err := c.Poll(w.ctx, time.Second)
		if err != nil {
			w.Errorf("Poll: %v", err)
			return got
		}
		for r := range recs.All() {
			got = append(got, name(&r))
		}
	}
	slices.Sort(got)
	return got
}

// none checks that nothing comes for a while.
func (w *world) none(c *Consumer) {
	w.Helper()
	if recs, err := c.Poll(w.ctx, 5*time.Second); err != nil || !recs.Empty() {
		for r := range recs.All() {
			w.Errorf("read %s", name(&r))
		}
		w.Errorf("Poll: %v", err)
	}
}

// next is the next record of Records, and a break.
func (w *world) next(c *Consumer) string {
	w.Helper()
	for r, err := range c.Records(w.ctx) {
		if err != nil {
			w.Fatalf("Records: %v", err)
		}
		return name(&r)
	}
	return ""
}

func (w *world) want(got []string, want ...string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("got  %s\nwant %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

// committed checks the group's committed offset of t/0; -1 is none.
func (w *world) committed(group string, want int64) {
	w.Helper()
	w.committedOf(group, "t", 0, want)
}

func (w *world) committedOf(group, topic string, partition int32, want int64) {
	w.Helper()
	c, err := New(w.writer, Config{GroupID: group})
	if err != nil {
		w.Fatal(err)
	}
	defer c.Close()
	tp := TopicPartition{Topic: topic, Partition: partition}
	offsets, err := c.Committed(w.ctx, tp)
	if err != nil {
		w.Errorf("Committed: %v", err)
		return
	}
	got, ok := offsets[tp]
	if !ok {
		got.Offset = -1
	}
	if got.Offset != want {
		w.Errorf("%s of group %s is committed up to %d, want %d", tp, group, got.Offset, want)
	}
}

func (w *world) close(c *Consumer) {
	w.Helper()
	if err := c.Close(); err != nil {
		w.Errorf("Close: %v", err)
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Error(err)
	}
}

// logLines keeps what was logged, and shows it with a test that fails.
type logLines struct {
	t  *testing.T
	mu sync.Mutex // guards b
	b  strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Logf("%s", p)
	return l.b.Write(p)
}

func (l *logLines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.b.String(), text)
}

// count is how often text was logged.
func (l *logLines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// versions are releases between which the protocol changed for consumers.
var versions = []string{"0.8.0", "0.8.1.1", "0.8.2.2", "0.9.0.1", "0.10.0.1", "0.10.2.2", "0.11.0.3", "1.1.1", "2.3.1", "2.8.2", "3.9.2", "4.4.0"}

func forVersions(t *testing.T, f func(w *world), opts ...kafkatest.Option) {
	for _, v := range versions {
		t.Run(v, func(t *testing.T) { inWorld(t, f, append(slices.Clone(opts), kafkatest.Version(v))...) })
	}
}

// atLeast says whether the test runs against that one of versions or a newer one.
func (w *world) atLeast(version string) bool {
	i := slices.Index(versions, version)
	j := slices.IndexFunc(versions, func(v string) bool { return strings.HasSuffix(w.Name(), "/"+v) })
	return j >= i
}

// place gives a batch or a message set its offsets, as a broker does.
func place(b []byte, base int64) {
	if _, err := record.Place(b, base, 0); err != nil {
		panic(err)
	}
}

// restamp sets the checksum of a batch anew.
func restamp(b []byte) { record.Stamp(b, -1, -1, -1) }

// until does step again and again until ok, for ten minutes at most.
func (w *world) until(what string, ok func() bool, step func()) {
	w.Helper()
	for deadline := time.Now().Add(10 * time.Minute); !ok(); step() {
		if time.Now().After(deadline) {
			w.Fatalf("ten minutes have passed, and not yet: %s", what)
		}
	}
}

func (w *world) second() { time.Sleep(time.Second) }

// polls is a step that polls and drops what comes.
func (w *world) polls(c *Consumer) func() {
	return func() {
		w.Helper()
		_, err := c.Poll(w.ctx, time.Second)
		w.must(err)
	}
}
