package e2e

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire"
)

// TestRollingUpgrade upgrades a cluster broker by broker, and takes one back, under
// a client that asks all the time and a producer and a consumer that lose nothing:
// what each broker is and speaks is found out again.
func TestRollingUpgrade(t *testing.T) {
	for _, c := range []struct {
		from, to         string
		fromLine, toLine string
		api              wire.APIKey // one of which they speak different versions
		fromBest, toBest int16
		properties       map[string]string
	}{
		// Across the border between the two ways to find out what a broker speaks.
		{"0.9.0.1", "0.10.2.2", "0.9", "0.10.2", wire.KeyListOffsets, 0, 1,
			map[string]string{"inter.broker.protocol.version": "0.9.0.0", "log.message.format.version": "0.9.0.0"}},
		{"3.9.2", "4.4.0", "3.9", "4.4", wire.KeyFetch, 17, 18, nil},
	} {
		t.Run(c.from+" to "+c.to, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: c.from, Brokers: 3, Properties: c.properties})
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			u := newUpgrade(ctx, t, cluster)
			feed, reader, sent := u.traffic()
			step := func(i int, version string, lines ...string) {
				t.Helper()
				if err := cluster.Broker(i).Upgrade(ctx, version); err != nil {
					t.Fatal(err)
				}
				u.wantLines(lines...)
				u.wantBest(i, c.api, map[bool]int16{true: c.toBest, false: c.fromBest}[version == c.to])
			}
			u.wantLines(c.fromLine, c.fromLine, c.fromLine)
			u.wantBest(0, c.api, c.fromBest)
			step(0, c.to, c.toLine, c.fromLine, c.fromLine)
			step(0, c.from, c.fromLine, c.fromLine, c.fromLine)
			step(0, c.to, c.toLine, c.fromLine, c.fromLine)
			step(1, c.to, c.toLine, c.toLine, c.fromLine)
			step(2, c.to, c.toLine, c.toLine, c.toLine)
			u.finish()
			if status := feed.wait(2 * time.Minute); status != 0 {
				t.Fatalf("produce: exit status %d:\n%s", status, feed.stderr())
			}
			wantAll(t, barnabas(t, "", "consume", "-b", addrs(cluster), "-t", "kept", "-f", asSent, "-e"), sent)
			defer func() {
				if t.Failed() {
					t.Logf("the consumer has read %d of %d and says:\n%s", distinct(reader.lines()), len(sent), reader.stderr())
				}
			}()
			eventually(t, time.Minute, "the consumer has read everything", func() bool { return distinct(reader.lines()) == len(sent) })
			reader.terminate()
		})
	}
}

// upgrade is a client that asks the leaders of partitions all the time.
type upgrade struct {
	t       *testing.T
	cluster *realkafka.Cluster
	ctx     context.Context
	stop    context.CancelFunc
	router  *router
	callers sync.WaitGroup
}

func newUpgrade(ctx context.Context, t *testing.T, cluster *realkafka.Cluster) *upgrade {
	t.Helper()
	for _, topic := range []string{"routed", "kept"} {
		if err := cluster.CreateTopic(ctx, topic, parts, 3); err != nil {
			t.Fatal(err)
		}
		wantLeaders(ctx, t, cluster, topic)
	}
	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if _, err := client.EnsureTopic(ctx, "routed"); err != nil {
		t.Fatal(err)
	}
	u := &upgrade{t: t, cluster: cluster, router: &router{t: t, client: client, pool: client.NewPool(netclient.PoolConfig{Name: "upgrade"})}}
	u.ctx, u.stop = context.WithCancel(ctx)
	var count atomic.Int64
	for range 4 {
		u.callers.Go(func() {
			for u.ctx.Err() == nil {
				u.ask(int(count.Add(1)))
			}
		})
	}
	t.Cleanup(u.finish)
	return u
}

// ask asks once, and wants an answer or a failure with a cause that an upgrade
// explains.
func (u *upgrade) ask(i int) {
	results, err := u.router.ask(u.ctx, int32(i%parts), fmt.Sprint(i))
	if results != 1 {
		u.t.Errorf("request %d got %d results", i, results)
	}
	_, unsupported := errors.AsType[*netclient.UnsupportedError](err)
	switch {
	case err == nil || u.ctx.Err() != nil:
		time.Sleep(5 * time.Millisecond)
		return
	case unsupported || errors.Is(err, wire.ErrUnsupportedVersion):
		u.t.Errorf("request %d was for another release: %v", i, err)
	}
	u.router.checkCause(i, err)
	u.router.client.UpdateMetadataSoon()
	time.Sleep(20 * time.Millisecond)
}

func (u *upgrade) finish() {
	u.stop()
	u.callers.Wait()
}

// traffic starts a producer that wants every replica's word, and a consumer.
func (u *upgrade) traffic() (feed, reader *process, sent []string) {
	sent = keyed(0, 20_000)
	feed = start(u.t, slowly(sent, 30*time.Second), "produce", "-b", addrs(u.cluster), "-t", "kept", "-K", "|",
		"-X", "linger.ms=5", "-X", "max.block.ms=60000")
	reader = start(u.t, nil, "consume", "-b", addrs(u.cluster), "-t", "kept", "-f", asSent)
	return feed, reader, sent
}

// wantLines waits until the client knows each broker for what it is, from
// connections that its users ask for.
func (u *upgrade) wantLines(lines ...string) {
	u.t.Helper()
	var got []string
	defer func() {
		if u.t.Failed() {
			u.t.Logf("the brokers are taken for %q, want %q", got, lines)
		}
	}()
	eventually(u.t, 30*time.Second, "the brokers are "+strings.Join(lines, ", "), func() bool {
		got = nil
		for i := range lines {
			conn, err := u.router.pool.Conn(u.ctx, u.cluster.Broker(i).ID())
			if err != nil {
				got = append(got, err.Error())
			} else if got = append(got, conn.Release().String()); got[i] != u.router.client.Release(conn.Node()).String() {
				u.t.Errorf("the connection is to a %s, the client says %v", got[i], u.router.client.Release(conn.Node()))
			}
		}
		return strings.Join(got, " ") == strings.Join(lines, " ")
	})
}

// wantBest looks at the version that is used with a broker.
func (u *upgrade) wantBest(i int, api wire.APIKey, want int16) {
	u.t.Helper()
	conn, err := u.router.pool.Conn(u.ctx, u.cluster.Broker(i).ID())
	if err != nil {
		u.t.Fatal(err)
	}
	if best, err := conn.Version(api, 1<<15-1); err != nil || best != want {
		u.t.Errorf("%v is used in version %d with broker %d (%v), want %d", api, best, i, err, want)
	}
}
