package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// TestEmptyCluster starts where a new user does: brokers of 0.8 that have no topic
// yet name no brokers either, not even the one that is asked. Later ones do.
func TestEmptyCluster(t *testing.T) {
	for _, release := range releases[:3] {
		t.Run(release.version, func(t *testing.T) {
			cluster := startCluster(t, realkafka.Config{Version: release.version})
			b := addrs(cluster)
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second) // for all that follows here, in place of one
			defer cancel()
			client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if err := client.Ping(ctx); err != nil {
				t.Fatalf("Ping: %v", err)
			}
			if brokers, is := client.Metadata().Brokers(), client.Release(-1).String(); len(brokers) != 0 || is != release.name {
				t.Errorf("the cluster names %v and is taken for %s, want none and %s", brokers, is, release.name)
			}
			wrong(t, 1, "", []string{"names no brokers", "release " + release.name, "produce to one"}, "probe", "-b", b)

			// Who reads makes no topic by naming it; who writes does.
			wrong(t, 1, "", []string{"consumed"}, "consume", "-b", b, "-t", "consumed", "-e", "-X", "max.block.ms=2000")
			wrong(t, 1, "", []string{"names no brokers"}, "probe", "-b", b)
			sent := keyed(0, 10)
			barnabas(t, text(sent), "produce", "-b", b, "-t", "produced", "-K", "|")
			wantSame(t, barnabas(t, "", "consume", "-b", b, "-t", "produced", "-f", asSent, "-e"), sent)
			if got, want := strings.Fields(strings.Join(barnabas(t, "", "probe", "-b", b), "\n")), []string{"0", b, release.name}; !slices.Equal(got, want) {
				t.Errorf("probe printed %q, want %q", got, want)
			}
			// The client that came first sees them, too.
			if topic, err := client.EnsureTopic(ctx, "produced"); err != nil || fmt.Sprint(topic.Partitions[0].Leader, client.Metadata().Brokers()) != "0 "+fmt.Sprint([]netclient.Broker{hostPort(t, b)}) {
				t.Errorf("the topic is %+v (%v), the brokers are %+v", topic, err, client.Metadata().Brokers())
			}
		})
	}
}

// hostPort is broker 0 at the address.
func hostPort(t *testing.T, addr string) netclient.Broker {
	t.Helper()
	b := netclient.Broker{}
	host, port, _ := strings.Cut(addr, ":")
	if _, err := fmt.Sscan(port, &b.Port); err != nil {
		t.Fatal(err)
	}
	b.Host = host
	return b
}
