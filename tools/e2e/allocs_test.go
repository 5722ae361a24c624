package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
)

const (
	allocRecords = 1_000_000
	allocSenders = 8
	// allocLimit is what the way of a record may cost; what it aims at is half of it.
	allocLimit = 0.02
)

// TestAllocations sends a million records and reads them back: neither may
// allocate per record. The broker is another process, so that what it does is
// not counted.
func TestAllocations(t *testing.T) {
	client, topic := allocSetUp(t)
	out := sendMany(t, client, topic, allocRecords)
	in := readMany(t, client, topic, allocRecords)
	t.Logf("allocations per record: %.4f out, %.4f in", out, in)
	if out > allocLimit || in > allocLimit {
		t.Errorf("allocations per record: %.4f out and %.4f in, want at most %.2f", out, in, allocLimit)
	}
}

// BenchmarkSend and BenchmarkRead show the time as well: 100-byte records,
// eight goroutines, batches of 1 MB, linger 5 ms.
func BenchmarkSend(b *testing.B) {
	client, topic := allocSetUp(b)
	sendMany(b, client, topic, 100_000) // connections, pools
	b.SetBytes(100)
	b.ResetTimer()
	allocs := sendMany(b, client, topic, b.N)
	b.ReportMetric(allocs, "allocs/record")
}

func BenchmarkRead(b *testing.B) {
	client, topic := allocSetUp(b)
	sendMany(b, client, topic, b.N)
	b.SetBytes(100)
	b.ResetTimer()
	allocs := readMany(b, client, topic, b.N)
	b.ReportMetric(allocs, "allocs/record")
}

// allocSetUp starts a broker in a second process.
func allocSetUp(tb testing.TB) (*netclient.Client, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "kafkatest")
	build := exec.Command("go", "build", "-o", path, "./cmd/kafkatest")
	build.Dir = filepath.Join("..", "..", "wire", "kafkatest")
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("building the broker: %v\n%s", err, out)
	}
	broker := exec.Command(path, "-addr", "127.0.0.1:0", "-partitions", "6")
	stdout, err := broker.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := broker.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		broker.Process.Kill()
		broker.Wait()
	})
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		tb.Fatalf("the broker did not say where it is: %v", err)
	}
	client, err := netclient.New(netclient.Config{BootstrapServers: []string{strings.TrimSpace(addr)}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { client.Close() })
	return client, fmt.Sprintf("allocs-%d", time.Now().UnixNano())
}

// sendMany sends n records from eight goroutines and returns the allocations
// per record.
func sendMany(tb testing.TB, client *netclient.Client, topic string, n int) float64 {
	tb.Helper()
	ctx := tb.Context()
	p, err := producer.New(client, producer.Config{
		BatchSize: 1 << 20, MaxRequestSize: 2 << 20, Linger: 5 * time.Millisecond, BufferMemory: 64 << 20,
	})
	if err != nil {
		tb.Fatal(err)
	}
	defer p.Close()
	if _, err := p.PartitionsFor(ctx, topic); err != nil {
		tb.Fatal(err)
	}
	var mu sync.Mutex
	var failure error
	done := func(_ producer.RecordMetadata, err error) {
		if err != nil {
			mu.Lock()
			failure = err
			mu.Unlock()
		}
	}
	allocs := allocations(func() {
		var senders sync.WaitGroup
		for sender := range allocSenders {
			senders.Go(func() {
				key, value := []byte(fmt.Sprintf("sender-%d", sender)), make([]byte, 90)
				for range (n + allocSenders - 1 - sender) / allocSenders {
					if err := p.SendFunc(ctx, producer.Record{Topic: topic, Key: key, Value: value}, done); err != nil {
						done(producer.RecordMetadata{}, err)
						return
					}
				}
			})
		}
		senders.Wait()
		if err := p.Flush(ctx); err != nil {
			tb.Error(err)
		}
	})
	if failure != nil {
		tb.Fatal(failure)
	}
	return allocs / float64(n)
}

// readMany reads n records and returns the allocations per record.
func readMany(tb testing.TB, client *netclient.Client, topic string, n int) float64 {
	tb.Helper()
	c, err := consumer.New(client, consumer.Config{Topics: []string{topic}, AutoOffsetReset: consumer.ResetEarliest})
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute)
	defer cancel()
	got := 0
	allocs := allocations(func() {
		for rec, err := range c.Records(ctx) {
			if err != nil {
				tb.Fatal(err)
			}
			if len(rec.Value) != 90 {
				tb.Fatalf("a value of %d bytes, want 90", len(rec.Value))
			}
			if got++; got == n {
				return
			}
		}
	})
	return allocs / float64(n)
}

// allocations counts what f allocates, in this process.
func allocations(f func()) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs)
}
