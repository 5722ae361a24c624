package producer

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// TestAllocations sends over TCP as a busy program does, and counts what is
// allocated for a record on the whole way: here by client and broker together,
// as they are in one process.
func TestAllocations(t *testing.T) {
	if testing.Short() {
		t.Skip("sends half a million records")
	}
	cluster := kafkatest.Start(t, quiet, kafkatest.TCP(), kafkatest.Topic("t", 6), kafkatest.RetentionBytes(1<<20))
	// So long a linger that batches go out full, however slow the machine: what a
	// request allocates is not of interest here.
	p := newProducer(t, cluster, Config{BatchSize: 1 << 20, Linger: time.Minute})
	const records, senders = 500_000, 8
	send := func(n int) {
		var all sync.WaitGroup
		for range senders {
			all.Go(func() {
				rec := Record{Topic: "t", Value: make([]byte, 100)}
				for range n / senders {
					if _, err := p.Send(context.Background(), rec); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		if err := p.Flush(context.Background()); err != nil {
			t.Error(err)
		}
	}
	send(records / 5) // connections, buffers
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	send(records)
	runtime.ReadMemStats(&after)
	perRecord := float64(after.Mallocs-before.Mallocs) / records
	t.Logf("%.4f allocations per record", perRecord)
	if perRecord > 0.02 {
		t.Errorf("%.4f allocations per record, want 0.02 at most", perRecord)
	}
}
