package e2e

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestQuotas produces more than a quota allows. A broker of 2.0 or later says
// for how long it wants to hear nothing, and hears nothing for so long; an older
// one holds its answers back (KIP-219). No record is lost by it.
func TestQuotas(t *testing.T) {
	const clientID, quota = "greedy", "100000" // bytes per second
	for _, version := range []string{"0.10.2.2", "2.8.2", "4.4.0"} {
		t.Run(version, func(t *testing.T) {
			cfg := realkafka.Config{Version: version, Properties: map[string]string{"quota.window.num": "2", "quota.window.size.seconds": "1"}}
			if version == "0.10.2.2" {
				cfg.Properties["quota.producer.default"] = quota
			}
			cluster := startCluster(t, cfg)
			var pauses pauses
			client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), ClientID: clientID, Logger: slog.New(slog.DiscardHandler),
				Trace: &netclient.Trace{Throttled: pauses.throttled, RequestStart: pauses.written(t)}})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if version != "0.10.2.2" {
				setQuota(ctx, t, client, clientID, "producer_byte_rate", 100_000)
			}
			p, err := producer.New(client, producer.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			value := []byte(strings.Repeat("v", 50_000))
			began := time.Now()
			for range 12 { // six seconds' worth, of which the two windows forgive some
				future, err := p.Send(ctx, producer.Record{Topic: "t", Value: value})
				if err == nil {
					_, err = future.Wait(ctx)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			took, asked := time.Since(began).Round(time.Millisecond), pauses.total()
			t.Logf("%v for 600 kB; the broker asked for pauses of %v in all", took, asked)
			if sent := throughQuota(t, cluster, len(value)); sent != 12 {
				t.Errorf("%d records are there of 12", sent)
			}
			if took < time.Second {
				t.Errorf("the quota held nothing up: %v", took)
			}
			if (asked > 0) != (version != "0.10.2.2") {
				t.Errorf("it asked for pauses of %v", asked)
			}
		})
	}
}

// pauses are what brokers asked for.
type pauses struct {
	mu    sync.Mutex
	until map[string]time.Time // by the address; this client has one connection that produces
	all   time.Duration
}

func (p *pauses) throttled(info netclient.ThrottleInfo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if info.Key != wire.KeyProduce {
		return
	}
	if p.until == nil {
		p.until = map[string]time.Time{}
	}
	p.until[info.Addr] = time.Now().Add(info.Duration)
	p.all += info.Duration
}

// written wants nothing to be written within a pause.
func (p *pauses) written(t *testing.T) func(netclient.RequestInfo) {
	return func(info netclient.RequestInfo) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if left := time.Until(p.until[info.Addr]); info.Key == wire.KeyProduce && left > 5*time.Millisecond {
			t.Errorf("a request was written %v before the end of the pause", left)
		}
	}
}

func (p *pauses) total() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all
}

// setQuota limits a client id.
func setQuota(ctx context.Context, t *testing.T, client *netclient.Client, clientID, key string, value float64) {
	t.Helper()
	req := msg.NewAlterClientQuotasRequest()
	req.Entries = []msg.AlterClientQuotasRequestEntry{{
		Entity: []msg.AlterClientQuotasRequestEntryEntity{{EntityType: "client-id", EntityName: new(clientID)}},
		Ops:    []msg.AlterClientQuotasRequestEntryOp{{Key: key, Value: value}},
	}}
	var resp msg.AlterClientQuotasResponse
	if err := client.RequestController(ctx, req, &resp); err != nil {
		t.Fatal(err)
	}
	for _, entry := range resp.Entries {
		if err := entry.ErrorCode; err != wire.ErrNone {
			t.Fatal(err)
		}
	}
}

// throughQuota counts the records of topic t that have that size.
func throughQuota(t *testing.T, cluster *realkafka.Cluster, size int) (count int) {
	t.Helper()
	for _, line := range barnabas(t, "", "consume", "-b", addrs(cluster), "-t", "t", "-e") {
		if len(line) == size {
			count++
		}
	}
	return count
}
