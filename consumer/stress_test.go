package consumer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// Every method at any time, from any goroutine, while another member comes and goes and a broker
// restarts: nothing panics, nothing hangs, and offsets never go back without a reason.
func TestAnythingAtAnyTime(t *testing.T) {
	for _, v := range []string{"0.8.2.2", "0.9.0.1", "4.4.0"} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(v, "/", seed), func(t *testing.T) {
				inWorld(t, func(w *world) { anything(w, seed) }, kafkatest.Version(v), kafkatest.Topic("t", 4), kafkatest.Brokers(2))
			})
		}
	}
}

func anything(w *world, seed uint64) {
	w.count("t", 4, 50)
	c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, AutoCommitInterval: time.Second, MaxPartitionFetchBytes: 300})
	ctx, stop := context.WithTimeout(w.ctx, 2*time.Minute)
	defer stop()
	var wg sync.WaitGroup
	for i := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, i))
		wg.Go(func() {
			for ctx.Err() == nil {
				anyMethod(ctx, c, random)
				time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
			}
		})
	}
	wg.Go(func() { // another member
		for range 5 {
			m := w.member("m", nil)
			time.Sleep(7 * time.Second)
			m.leave()
		}
	})
	wg.Go(func() {
		time.Sleep(20 * time.Second)
		w.cluster.StopBroker(1)
		time.Sleep(5 * time.Second)
		w.must(w.cluster.StartBroker(1))
	})
	random := rand.New(rand.NewPCG(seed, 99))
	for ctx.Err() == nil {
		if random.IntN(2) == 0 {
			c.Poll(ctx, time.Duration(random.IntN(1000))*time.Millisecond)
			continue
		}
		n := random.IntN(100)
		for r, err := range c.Records(ctx) {
			if err == nil && r.Topic != "t" {
				w.Errorf("read %s", name(&r))
			}
			if n--; n < 0 {
				break
			}
		}
	}
	wg.Wait()
	if err := c.Close(); err != nil && !errors.Is(err, ErrSessionExpired) && !netclient.IsRetriable(err) {
		w.Errorf("Close: %v", err)
	}
}

func anyMethod(ctx context.Context, c *Consumer, random *rand.Rand) {
	tp := TopicPartition{Topic: "t", Partition: int32(random.IntN(4))}
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	switch random.IntN(12) {
	case 0:
		c.Seek(tp, int64(random.IntN(60)))
	case 1:
		c.SeekToBeginning()
	case 2:
		c.SeekToEnd(tp)
	case 3:
		c.Pause(tp)
	case 4, 5:
		c.Resume(c.Paused()...)
	case 6:
		c.Commit(ctx)
	case 7:
		c.CommitOffsets(ctx, map[TopicPartition]OffsetAndMetadata{tp: {Offset: 1}})
	case 8:
		c.Position(ctx, tp)
	case 9:
		c.Committed(ctx, tp)
		c.HighWater(tp)
	case 10:
		c.EndOffsets(ctx, tp)
		c.Subscription()
		c.GroupMetadata()
	case 11:
		if random.IntN(4) == 0 {
			c.Unsubscribe(ctx)
		}
		c.Subscribe("t")
	}
}

// Hostile bytes end in an error or in records, never in a panic or an endless loop.
func FuzzChunk(f *testing.F) {
	for _, format := range []record.Format{record.V0, record.V1, record.V2} {
		f.Add(batchAt(f, format, record.None, 10, 11, 12), int64(11))
		f.Add(batchAt(f, format, record.Gzip, 10, 11, 12), int64(0))
	}
	options := readOptions{codecs: compress.New(), skipCRC: true, limit: 1 << 20}
	f.Fuzz(func(t *testing.T, raw []byte, from int64) {
		if from < 0 {
			return
		}
		s := scan(raw, from, LeaderEpoch{})
		if s.end < from || len(s.raw) > len(raw) {
			t.Fatalf("scanned %d of %d bytes up to %d", len(s.raw), len(raw), s.end)
		}
		p := newPartition(TopicPartition{Topic: "t"}, lookupNone)
		p.seek(from)
		newChunk(p, &fetchNode{}, s.raw, from, s.end).check()
		c := newChunk(p, &fetchNode{}, s.raw, from, s.end)
		var rec record.Record
		for n := 0; ; n++ {
			at := c.cur.at
			if err := c.cur.next(&options, &rec); err != nil {
				return
			}
			if rec.Offset < at {
				t.Fatalf("offset %d after %d", rec.Offset, at-1)
			}
			if n > 1<<21 {
				t.Fatal("more records than bytes")
			}
		}
	})
}
