package e2e

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// TestFailover kills one of three brokers under a producer that wants every
// replica's word, and under a group, and starts it again: nothing acknowledged
// is missing.
func TestFailover(t *testing.T) {
	for _, version := range []string{"0.8.2.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) { testFailover(t, version) })
	}
}

func testFailover(t *testing.T, version string) {
	const topic = "sturdy"
	cluster := startCluster(t, realkafka.Config{Version: version, Brokers: 3, Partitions: 6, Properties: map[string]string{
		"min.insync.replicas": "2", "unclean.leader.election.enable": "false",
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	if err := cluster.CreateTopic(ctx, topic, 6, 3); err != nil {
		t.Fatal(err)
	}
	wantLeaders(ctx, t, cluster, topic)
	sent := keyed(0, 30_000)
	feed := start(t, slowly(sent, 25*time.Second), "produce", "-b", addrs(cluster), "-t", topic, "-K", "|",
		"-X", "linger.ms=5", "-X", "max.block.ms=60000")
	readers := []*process{start(t, nil, "consume", "-b", addrs(cluster), "-t", topic, "-f", asSent, "-g", "sturdy")}
	if version != "0.8.2.2" { // 0.8 has no groups to share the work in
		readers = append(readers, start(t, nil, "consume", "-b", addrs(cluster), "-t", topic, "-f", asSent, "-g", "sturdy"))
	}
	read := func() (all []string) {
		for _, r := range readers {
			all = append(all, r.lines()...)
		}
		return all
	}
	eventually(t, time.Minute, "a part is read", func() bool { return len(read()) > len(sent)/5 })

	victim := cluster.Broker(1)
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
	atKill := len(read())
	eventually(t, 2*time.Minute, "reading goes on without the broker", func() bool { return len(read()) > atKill+1000 })
	if err := victim.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if status := feed.wait(3 * time.Minute); status != 0 {
		t.Fatalf("produce: exit status %d:\n%s", status, feed.stderr())
	}
	wantAll(t, barnabas(t, "", "consume", "-b", addrs(cluster), "-t", topic, "-f", asSent, "-e"), sent)
	eventually(t, 2*time.Minute, "the group has read everything", func() bool { return distinct(read()) == len(sent) })
	for _, r := range readers {
		r.terminate()
	}
}

// wantLeaders waits until each of the three brokers leads a part of the topic.
func wantLeaders(ctx context.Context, t *testing.T, cluster *realkafka.Cluster, topic string) {
	t.Helper()
	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	eventually(t, time.Minute, "every broker leads a partition", func() bool {
		md, err := client.RefreshMetadata(ctx, topic)
		if err != nil || md.Topic(topic) == nil {
			return false
		}
		leaders := map[int32]bool{}
		for _, p := range md.Topic(topic).Partitions {
			leaders[p.Leader] = p.Leader >= 0 && len(p.Replicas) == 3
		}
		return len(leaders) == 3 && !slices.Contains(slices.Collect(maps.Values(leaders)), false)
	})
}

func distinct(lines []string) int {
	seen := make(map[string]bool, len(lines))
	for _, line := range lines {
		seen[line] = true
	}
	return len(seen)
}
