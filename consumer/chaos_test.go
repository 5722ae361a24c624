package consumer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestChaos reads numbers with two members, whose workers finish them in any order, while leaders and
// coordinators move, requests and answers are lost, brokers refuse, and members come and go, each at
// random. It checks the contracts: nothing is committed before everything below it is finished, a
// partition is read without a gap, from no later than its lowest unfinished record, and in the end
// everything is finished and committed.
func TestChaos(t *testing.T) {
	for _, version := range []string{"0.9.0.1", "2.8.2", "4.4.0"} {
		for seed := range uint64(8) {
			t.Run(fmt.Sprint(version, "/", seed), func(t *testing.T) {
				inWorld(t, func(w *world) { newChaos(w, seed).run() },
					kafkatest.Version(version), kafkatest.Topic("t", chaosPartitions), kafkatest.Brokers(3))
			})
		}
	}
}

const (
	chaosPartitions = 3
	chaosRecords    = 200 // of each partition
)

type chaos struct {
	*world
	calm context.Context // ends when there are no more faults
	seed uint64

	mu     sync.Mutex // guards what follows
	random *rand.Rand
	done   [chaosPartitions]map[int64]bool // finished by any member, or about to be
	lowest [chaosPartitions]int64          // the lowest that is not
}

func newChaos(w *world, seed uint64) *chaos {
	c := &chaos{world: w, seed: seed, random: rand.New(rand.NewPCG(seed, 1))}
	for i := range c.done {
		c.done[i] = map[int64]bool{}
	}
	return c
}

func (c *chaos) run() {
	calm, calmDown := context.WithCancel(c.ctx)
	c.calm = calm
	remove := c.faults()
	watch := c.cluster.Control(wire.KeyOffsetCommit, func(r kafkatest.Request) kafkatest.Action {
		c.checkCommit(r.Message.(*msg.OffsetCommitRequest))
		return kafkatest.Action{}
	})
	defer watch()
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	var members sync.WaitGroup
	for i := range 2 {
		members.Go(func() { c.member(ctx, i) })
	}
	for n := range chaosRecords / 10 {
		for p := range int32(chaosPartitions) {
			var values []string
			for i := range 10 {
				values = append(values, fmt.Sprint(n*10+i))
			}
			if _, err := c.cluster.Produce("t", p, records(values)...); err != nil {
				c.Error(err)
			}
		}
		c.move()
		time.Sleep(time.Duration(c.intN(4000)) * time.Millisecond)
	}
	remove()
	calmDown()
	c.until("everything is finished and committed", c.complete, c.second)
	stop()
	members.Wait()
}

func records(values []string) (out []kafkatest.Record) {
	for _, v := range values {
		out = append(out, kafkatest.Record{Value: []byte(v)})
	}
	return out
}

func (c *chaos) intN(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(n)
}

// faults has one of twelve requests meet a fault.
func (c *chaos) faults() (remove func()) {
	leader := []wire.ErrorCode{wire.ErrNotLeaderOrFollower, wire.ErrUnknownTopicOrPartition, wire.ErrKafkaStorageError, wire.ErrUnknownServerError}
	group := []wire.ErrorCode{wire.ErrNotCoordinator, wire.ErrCoordinatorLoadInProgress, wire.ErrRebalanceInProgress, wire.ErrUnknownMemberID,
		wire.ErrIllegalGeneration, wire.ErrCoordinatorNotAvailable}
	var all []func()
	for key, codes := range map[wire.APIKey][]wire.ErrorCode{
		wire.KeyFetch: leader, wire.KeyListOffsets: leader, wire.KeyMetadata: nil, wire.KeyFindCoordinator: {wire.ErrCoordinatorNotAvailable},
		wire.KeyOffsetCommit: group, wire.KeyHeartbeat: group, wire.KeyJoinGroup: group[:2], wire.KeySyncGroup: group,
		wire.KeyOffsetFetch: group[:2],
	} {
		all = append(all, c.cluster.Control(key, func(kafkatest.Request) kafkatest.Action {
			switch what := c.intN(48); {
			case what == 0:
				return kafkatest.Action{Close: true}
			case what == 1:
				return kafkatest.Action{Close: true, Lose: true}
			case what == 2:
				return kafkatest.Action{Delay: 3 * time.Second}
			case what == 3 && len(codes) > 0:
				return kafkatest.Action{Error: codes[c.intN(len(codes))]}
			}
			return kafkatest.Action{}
		}))
	}
	return func() {
		for _, f := range all {
			f()
		}
	}
}

func (c *chaos) move() {
	node := int32(1 + c.intN(3))
	switch c.intN(4) {
	case 0:
		c.must(c.cluster.MoveCoordinator("g", node))
	case 1, 2:
		c.must(c.cluster.MoveLeader("t", int32(c.intN(chaosPartitions)), node))
	}
}

// member reads until ctx ends; until faults end, it closes now and then, and begins again.
func (c *chaos) member(ctx context.Context, i int) {
	for life := 0; ctx.Err() == nil; life++ {
		m := &chaosMember{chaos: c, random: rand.New(rand.NewPCG(c.seed, uint64(100*i+life))), next: map[TopicPartition]int64{}}
		forget := func(_ context.Context, _ *Consumer, gone []TopicPartition) { m.forget(gone) }
		m.Consumer = c.consumer(fmt.Sprint("c", i), Config{GroupID: "g", Topics: []string{"t"}, CommitMode: CommitFinished,
			AutoCommitInterval: time.Second, SessionTimeout: 10 * time.Second, MaxPartitionFetchBytes: 300,
			OnRevoked: forget, OnLost: forget})
		m.live(ctx)
		m.workers.Wait()
		m.Close()
	}
}

type chaosMember struct {
	*Consumer
	chaos   *chaos
	random  *rand.Rand
	workers sync.WaitGroup
	next    map[TopicPartition]int64 // the offset after the last record, of this assignment
}

func (m *chaosMember) forget(gone []TopicPartition) {
	for _, tp := range gone {
		delete(m.next, tp)
	}
}

func (m *chaosMember) live(ctx context.Context) {
	for ctx.Err() == nil && (m.chaos.calm.Err() != nil || m.random.IntN(60) > 0) {
		polled, err := m.Poll(ctx, time.Second)
		if err != nil {
			m.chaos.Logf("Poll: %v", err)
		}
		for rec := range polled.All() {
			m.chaos.read(m, rec)
			after := time.Duration(m.random.IntN(1500)) * time.Millisecond
			m.workers.Go(func() {
				time.Sleep(after)
				m.chaos.finish(rec)
				m.Finish(rec)
			})
		}
	}
}

// read checks where a record comes in its partition.
func (c *chaos) read(m *chaosMember, rec Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	tp := TopicPartition{Topic: rec.Topic, Partition: rec.Partition}
	want, begun := m.next[tp]
	if begun && rec.Offset != want || !begun && rec.Offset > c.lowest[rec.Partition] {
		c.Errorf("%s was read, where %d was due, and the lowest unfinished is %d", name(&rec), want, c.lowest[rec.Partition])
	}
	if string(rec.Value) != fmt.Sprint(rec.Offset) {
		c.Errorf("%s was read", name(&rec))
	}
	m.next[tp] = rec.Offset + 1
}

func (c *chaos) finish(rec Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := rec.Partition
	for c.done[p][rec.Offset] = true; c.done[p][c.lowest[p]]; {
		c.lowest[p]++
	}
}

func (c *chaos) checkCommit(req *msg.OffsetCommitRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, topic := range req.Topics {
		for _, p := range topic.Partitions {
			if p.CommittedOffset > c.lowest[p.PartitionIndex] {
				c.Errorf("partition %d: %d is committed, and the lowest unfinished is %d", p.PartitionIndex, p.CommittedOffset, c.lowest[p.PartitionIndex])
			}
		}
	}
}

func (c *chaos) complete() bool {
	for p := range int32(chaosPartitions) {
		if c.cluster.Committed("g", "t", p).Offset != chaosRecords {
			return false
		}
	}
	return true
}
