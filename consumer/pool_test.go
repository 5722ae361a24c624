package consumer

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// This file is about CommitFinished: what a pool of workers finishes is committed, and nothing else.

// take reads n records with Records, or with Poll.
func (w *world) take(c *Consumer, n int, poll bool) (got []Record) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 10*time.Minute)
	defer cancel()
	if !poll {
		for r, err := range c.Records(ctx) {
			if err != nil {
				w.Fatalf("%d records, then %v", len(got), err)
			}
			if got = append(got, r); len(got) == n {
				return got
			}
		}
	}
	for len(got) < n {
		polled, err := c.Poll(ctx, time.Second)
		if err != nil {
			w.Fatalf("%d records, then %v", len(got), err)
		}
		got = slices.AppendSeq(got, polled.All())
	}
	return got
}

func bothWays(t *testing.T, f func(w *world, poll bool)) {
	t.Run("records", func(t *testing.T) {
		forGroupVersions(t, func(w *world) { f(w, false) }, kafkatest.Topic("t", 1))
	})
	t.Run("poll", func(t *testing.T) {
		forGroupVersions(t, func(w *world) { f(w, true) }, kafkatest.Topic("t", 1))
	})
}

func TestContractCommitFinished(t *testing.T) {
	bothWays(t, func(w *world, poll bool) {
		w.count("t", 1, 10)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, CommitMode: CommitFinished})
		finish := func(recs []Record, order ...int) {
			for _, i := range order {
				c.Finish(recs[i])
			}
			time.Sleep(6 * time.Second) // AutoCommitInterval is 5 s
		}
		recs := w.take(c, 10, poll)
		finish(recs)
		w.committed("g", 0) // nothing was named, though it was followed by the next
		finish(recs, 2, 1, 7)
		w.committed("g", 0)
		finish(recs, 0)
		w.committed("g", 3)
		finish(recs, 3, 3, 5)
		w.committed("g", 4)
		w.must(c.Commit(w.ctx)) // finishes nothing
		w.committed("g", 4)
		w.none(c)
		c.Finish(recs[4].Clone())
		w.must(c.Commit(w.ctx))
		w.committed("g", 6)
		c.Finish(recs[6])
		w.close(c)
		w.committed("g", 8)
		c.Finish(recs[8]) // too late

		// The next member begins with what was not finished.
		c = w.consumer("d", Config{GroupID: "g", Topics: []string{"t"}, CommitMode: CommitFinished})
		recs = w.take(c, 2, poll)
		if recs[0].Offset != 8 {
			w.Errorf("the next member begins at %d", recs[0].Offset)
		}
		w.must(c.CommitRecords(w.ctx, recs[1]))
		w.committed("g", 8)
		w.must(c.CommitRecords(w.ctx, recs...))
		w.committed("g", 10)
		w.close(c)
	})
}

func TestContractCommitFinishedOverSeeks(t *testing.T) {
	bothWays(t, func(w *world, poll bool) {
		w.count("t", 1, 20)
		c := w.consumer("c", Config{GroupID: "g", CommitMode: CommitFinished})
		tp := tps("t", 0)[0]
		w.must(c.Assign(tp))
		committed := func(want int64) {
			w.Helper()
			w.must(c.Commit(w.ctx))
			w.committed("g", want)
		}
		recs := w.take(c, 20, poll)
		for _, r := range recs[:5] {
			c.Finish(r)
		}
		w.must(c.Seek(tp, 10))
		old := recs
		c.Finish(old[15]) // is read again
		c.Finish(old[5])  // is not, so it has to be finished
		committed(6)
		recs = w.take(c, 10, poll)
		c.Finish(recs[0]) // 10
		committed(6)
		for _, r := range old[6:10] {
			c.Finish(r)
		}
		committed(11)
		w.must(c.SeekToEnd()) // 11 to 19 are in hand
		w.none(c)
		committed(11)
		w.count("t", 1, 1)
		more := w.take(c, 1, poll)
		c.Finish(more[0])
		committed(11)
		for _, r := range recs[1:] {
			c.Finish(r)
		}
		committed(21)
		// With nothing in hand, a position that was sought is committed as it is.
		w.must(c.Seek(tp, 3))
		committed(3)
		w.must(c.Seek(tp, 18))
		committed(18)
		c.Finish(more[0])
		c.Finish(old[18])
		committed(18)
		w.close(c)
	})
}

// What a partition's earlier assignment handed out counts no more when the partition comes back.
func TestContractCommitFinishedOverRebalances(t *testing.T) {
	forGroupVersions(t, func(w *world) {
		w.count("t", 1, 10)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, CommitMode: CommitFinished})
		recs := w.take(c, 10, false)
		for _, r := range recs[:3] {
			c.Finish(r)
		}
		w.must(c.Unsubscribe(w.ctx))
		w.committed("g", 3)
		for _, r := range recs[3:6] {
			c.Finish(r)
		}
		if err := c.CommitRecords(w.ctx, recs[6]); !errors.Is(err, ErrNotAssigned) {
			w.Errorf("CommitRecords of a partition that was given up: %v", err)
		}
		w.must(c.Subscribe("t"))
		again := w.take(c, 7, false)
		if again[0].Offset != 3 {
			w.Errorf("read again from %d", again[0].Offset)
		}
		c.Finish(recs[3])
		c.Finish(recs[4])
		if err := c.CommitRecords(w.ctx, recs[6]); !errors.Is(err, ErrNotAssigned) {
			w.Errorf("CommitRecords of an earlier assignment's record: %v", err)
		}
		c.Finish(again[0])
		w.close(c)
		w.committed("g", 4)
	}, kafkatest.Topic("t", 1))
}

// OnRevoked may wait for the workers: what they finish meanwhile is committed too.
func TestContractCommitFinishedInOnRevoked(t *testing.T) {
	forGroupVersions(t, func(w *world) {
		w.count("t", 1, 3)
		var recs []Record
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, CommitMode: CommitFinished,
			OnRevoked: func(_ context.Context, c *Consumer, _ []TopicPartition) {
				for _, r := range recs {
					c.Finish(r)
				}
			}})
		recs = w.take(c, 3, false)
		w.close(c)
		w.committed("g", 3)
	}, kafkatest.Topic("t", 1))
}

// Offsets without a record are nobody's to finish: those that compaction left, markers of
// transactions, and what comes after the last record of a batch.
func TestFinishedOverGaps(t *testing.T) {
	marker := func(at int64) []byte {
		var b record.Builder
		b.Reset(record.V2, nil)
		if err := b.AppendMarker(1, record.ControlCommit, 0); err != nil {
			t.Fatal(err)
		}
		out, err := b.Seal(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		record.Stamp(out, -1, -1, -1)
		place(out, at)
		return out
	}
	for name, log := range map[string]struct {
		raw []byte
		end int64
	}{
		"compacted": {batchAt(t, record.V1, record.None, 3, 4, 9, 15), 16},
		"markers":   {slices.Concat(marker(0), batchAt(t, record.V2, record.None, 1, 2), marker(3), marker(4), batchAt(t, record.V2, record.None, 5), marker(6)), 7},
		"only one":  {marker(0), 1},
	} {
		for _, poll := range []bool{false, true} {
			c := newTestConsumer(t, nowhere(t), Config{CommitMode: CommitFinished})
			if err := c.Assign(tps("t", 0)...); err != nil {
				t.Fatal(err)
			}
			c.mu.Lock()
			p := c.subs.order[0]
			p.seek(0)
			p.push(newChunk(p, &fetchNode{}, log.raw, 0, log.end))
			c.mu.Unlock()
			var recs []Record
			if poll {
				polled, err := c.Poll(t.Context(), 0)
				if err != nil {
					t.Fatal(err)
				}
				recs = slices.Collect(polled.All())
			} else {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				for r, err := range c.Records(ctx) {
					if err == nil {
						recs = append(recs, r)
					}
				}
				cancel()
			}
			for i, r := range slices.Backward(recs) {
				if i > 0 && p.done() >= log.end {
					t.Errorf("%s: all is finished before all was", name)
				}
				c.Finish(r)
			}
			if p.done() != log.end {
				t.Errorf("%s: finished up to %d, want %d", name, p.done(), log.end)
			}
		}
	}
}

// A damaged batch that is sought past does not keep the commit back, and what was before it and is
// not finished does.
func TestFinishedOverDamage(t *testing.T) {
	for _, poll := range []bool{false, true} {
		c := newTestConsumer(t, nowhere(t), Config{CommitMode: CommitFinished})
		if err := c.Assign(tps("t", 0)...); err != nil {
			t.Fatal(err)
		}
		bad := batchAt(t, record.V2, record.None, 5, 6)
		bad[len(bad)-1] ^= 1
		raw := slices.Concat(batchAt(t, record.V2, record.None, 0, 1), bad, batchAt(t, record.V2, record.None, 7))
		tp := tps("t", 0)[0]
		c.mu.Lock()
		p := c.subs.order[0]
		p.seek(0)
		p.push(newChunk(p, &fetchNode{}, raw, 0, 8))
		c.mu.Unlock()
		var recs []Record
		var failed error
		if poll {
			polled, err := c.Poll(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			recs = slices.Collect(polled.All())
			_, failed = c.Poll(t.Context(), 0)
		} else {
			for r, err := range c.Records(t.Context()) {
				if failed = err; err != nil {
					break
				}
				recs = append(recs, r)
			}
		}
		if e, ok := errors.AsType[*CorruptRecordError](failed); !ok || e.Offset != 5 && e.Offset != 2 || len(recs) != 2 {
			t.Fatalf("%v, after %d records", failed, len(recs))
		}
		if err := c.Seek(tp, 7); err != nil {
			t.Fatal(err)
		}
		c.Finish(recs[1])
		if p.done() != 0 {
			t.Errorf("finished up to %d with 0 in hand", p.done())
		}
		c.Finish(recs[0])
		if p.done() != 7 {
			t.Errorf("finished up to %d, want 7", p.done())
		}
	}
}

// Members with pools of workers come, are killed, leave and come back; no record is skipped.
func TestPoolsSkipNothing(t *testing.T) {
	const records, partitions = 200, 2
	for seed := range uint64(12) {
		inWorld(t, func(w *world) {
			random := rand.New(rand.NewPCG(seed, 1))
			w.count("t", partitions, records)
			p := &pools{world: w, done: map[TopicPartition]map[int64]bool{}}
			for _, tp := range tps("t", 0, 1) {
				p.done[tp] = map[int64]bool{}
			}
			for life := 0; p.left(partitions*records) > 0; life++ {
				if life > 100 {
					w.Fatalf("seed %d: %d records are left after %d lives", seed, p.left(partitions*records), life)
				}
				var members sync.WaitGroup
				for m := range 1 + random.IntN(2) {
					seed, lifetime, kill := random.Uint64(), time.Duration(1+random.IntN(20))*time.Second, random.IntN(2) == 0
					members.Go(func() { p.live("member"+string(rune('a'+m)), seed, lifetime, kill) })
				}
				members.Wait()
				p.check()
			}
		}, kafkatest.Topic("t", partitions))
	}
}

// pools knows what all workers have done.
type pools struct {
	*world
	mu   sync.Mutex // guards done
	done map[TopicPartition]map[int64]bool
}

func (p *pools) left(all int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, done := range p.done {
		all -= len(done)
	}
	return all
}

// check compares what is committed with what is done.
func (p *pools) check() {
	c, err := New(p.writer, Config{GroupID: "g"})
	if err != nil {
		p.Fatal(err)
	}
	defer c.Close()
	committed, err := c.Committed(p.ctx, tps("t", 0, 1)...)
	p.must(err)
	for tp, o := range committed {
		for at := range o.Offset {
			if !p.done[tp][at] {
				p.Fatalf("%v is committed up to %d, and %d is not done", tp, o.Offset, at)
			}
		}
	}
}

// live is a member's life, which ends in good order or with its client.
func (p *pools) live(id string, seed uint64, lifetime time.Duration, kill bool) {
	client := p.client(id)
	c, err := New(client, Config{GroupID: "g", Topics: []string{"t"}, AutoOffsetReset: ResetEarliest,
		CommitMode: CommitFinished, AutoCommitInterval: 100 * time.Millisecond, SessionTimeout: 10 * time.Second})
	if err != nil {
		p.Error(err)
		return
	}
	jobs := make(chan Record, 10)
	var workers sync.WaitGroup
	for i := range 5 {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		workers.Go(func() {
			for r := range jobs {
				time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
				p.mu.Lock()
				p.done[r.TopicPartition()][r.Offset] = true
				p.mu.Unlock()
				c.Finish(r)
			}
		})
	}
	ctx, cancel := context.WithTimeout(p.ctx, lifetime)
	defer cancel()
	for r, err := range c.Records(ctx) {
		if err == nil {
			jobs <- r
		}
	}
	if kill {
		client.Close()
	}
	close(jobs)
	workers.Wait()
	if err := c.Close(); err != nil && !kill && !errors.Is(err, ErrSessionExpired) && !netclient.IsRetriable(err) {
		p.Error(err)
	}
}

// Commits carry the epoch of the leader that wrote the last record before them.
func TestCommitsCarryTheLeaderEpoch(t *testing.T) {
	forVersions(t, func(w *world) {
		if !w.atLeast("0.8.2.2") {
			return
		}
		w.count("t", 1, 2)
		if err := w.cluster.MoveLeader("t", 0, 2); err != nil {
			w.Fatal(err)
		}
		w.count("t", 1, 2)
		want := func(offset int64, epoch int32) {
			w.Helper()
			if !w.atLeast("2.3.1") {
				epoch = -1 // committed epochs came with 2.1
			}
			c := w.consumer("reader", Config{GroupID: "g"})
			got, err := c.Committed(w.ctx, tps("t", 0)...)
			w.must(err)
			if o := got[tps("t", 0)[0]]; o.Offset != offset || o.LeaderEpoch.Number() != epoch {
				w.Errorf("committed %d of epoch %v, want %d of %d", o.Offset, o.LeaderEpoch, offset, epoch)
			}
			w.close(c)
		}
		for _, mode := range []CommitMode{CommitFollowed, CommitFinished} {
			c := w.consumer("c", Config{GroupID: "g", CommitMode: mode})
			tp := tps("t", 0)[0]
			w.must(c.Assign(tp))
			w.must(c.Seek(tp, 0))
			w.must(c.Commit(w.ctx))
			want(0, -1) // nothing was read
			recs := w.take(c, 4, true)
			for i, r := range recs {
				w.must(c.CommitRecords(w.ctx, r))
				want(int64(i+1), int32(i/2))
			}
			w.must(c.Commit(w.ctx))
			want(4, 1)
			w.close(c)
			// The position that was looked up is committed with the epoch it was committed with.
			c = w.consumer("c", Config{GroupID: "g", CommitMode: mode})
			w.must(c.Assign(tp))
			w.none(c)
			w.close(c)
			want(4, 1)
		}
	}, kafkatest.Topic("t", 1), kafkatest.Brokers(2))
}

// A record that no Poll returned is not this consumer's to finish.
func TestMadeRecordsAreNotFinished(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 10)
		c := w.consumer("c", Config{GroupID: "g", Topics: []string{"t"}, CommitMode: CommitFinished})
		w.take(c, 10, true)
		made := Record{Topic: "t", Offset: 5}
		c.Finish(made)
		if err := c.CommitRecords(w.ctx, made); !errors.Is(err, ErrNotAssigned) {
			w.Errorf("CommitRecords: %v", err)
		}
		w.close(c)
		w.committed("g", 0)
	}, kafkatest.Topic("t", 1))
}
