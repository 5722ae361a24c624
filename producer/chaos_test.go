package producer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// TestChaos sends numbers while brokers refuse, connections are lost, leaders
// move and time passes, each at random, and checks the contracts afterwards:
// first copies are in order, what was acknowledged is written where its Future
// says, what is not in the log did not succeed, callbacks come in order, and
// everything that was borrowed is back.
func TestChaos(t *testing.T) {
	for seed := range uint64(400) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			cfg := Config{
				BatchSize: []int{onePerBatch, 100, 300}[random.IntN(3)], Retries: []int{-1, 1, 0}[random.IntN(3)],
				MaxInFlight: 1 + random.IntN(5), Linger: time.Duration(random.IntN(2)) * 10 * time.Millisecond,
				DeliveryTimeout: []time.Duration{5 * time.Second, time.Hour}[random.IntN(2)],
				Compression:     []Compression{{}, LZ4}[random.IntN(2)],
			}
			newChaos(t, cfg, random).run()
		})
	}
}

type chaos struct {
	*rig
	random *rand.Rand
	sent   map[int32][]Future
	called map[int32][]int // the numbers, as their callbacks came
}

const chaosPartitions = 3

func newChaos(t *testing.T, cfg Config, random *rand.Rand) *chaos {
	return &chaos{newRig(t, cfg), random, map[int32][]Future{}, map[int32][]int{}}
}

func (c *chaos) run() {
	for range 300 {
		c.something(c.random.IntN(12))
	}
	for id := range int32(chaosPartitions) {
		c.leaders[id] = 1
	}
	c.sender.metadataChanged(c.now)
	for range 200 {
		c.pass(time.Second)
		for len(c.calls) > 0 {
			c.answer(wire.ErrNone)
		}
		c.sender.metadataChanged(c.now)
	}
	c.idle()
	for id := range int32(chaosPartitions) {
		c.check(id)
	}
}

func (c *chaos) something(what int) {
	id := int32(c.random.IntN(chaosPartitions))
	codes := []wire.ErrorCode{
		wire.ErrNotLeaderOrFollower, wire.ErrRequestTimedOut, wire.ErrNotEnoughReplicas, wire.ErrMessageTooLarge,
		wire.ErrTopicAuthorizationFailed, wire.ErrLeaderNotAvailable, wire.ErrCorruptMessage, wire.ErrInvalidRecord,
		wire.ErrNotEnoughReplicasAfterAppend, wire.ErrKafkaStorageError,
	}
	switch {
	case what < 5:
		n := len(c.sent[id])
		f := c.sendFunc(id, strconv.Itoa(n), func(RecordMetadata, error) { c.called[id] = append(c.called[id], n) })
		c.sent[id] = append(c.sent[id], f)
		if c.random.IntN(3) == 0 {
			c.step()
		}
	case what < 7 && len(c.calls) > 0:
		c.answer(wire.ErrNone)
	case what == 7 && len(c.calls) > 0:
		code := codes[c.random.IntN(len(codes))]
		c.appendFirst = verdictOf(code).written.mayBeWritten(AcksAll) && c.random.IntN(2) == 0
		c.answer(code)
		c.appendFirst = false
	case what == 8 && len(c.calls) > 0:
		c.lose(c.random.IntN(2) == 0)
	case what == 9:
		if c.leaders[id] = int32(1 + c.random.IntN(2)); c.random.IntN(4) == 0 {
			delete(c.leaders, id)
		}
		c.sender.metadataChanged(c.now)
		c.step()
	default:
		c.pass(time.Duration(c.random.IntN(200)) * time.Millisecond)
	}
}

func (c *chaos) check(id int32) {
	c.t.Helper()
	seen := map[string]bool{}
	last := -1
	for _, v := range c.log[id] {
		n, _ := strconv.Atoi(v)
		if !seen[v] && n < last {
			c.t.Fatalf("partition %d: the first copy of %d is behind %d: %v", id, n, last, c.log[id])
		}
		seen[v] = true
		last = max(last, n)
	}
	for n, f := range c.sent[id] {
		select {
		case <-f.Done():
		default:
			c.t.Fatalf("partition %d: record %d has no result", id, n)
		}
		md, err := f.Wait(c.t.Context())
		if err == nil && c.log[id][md.Offset] != fmt.Sprint(n) {
			c.t.Fatalf("partition %d: record %d succeeded at offset %d, where %q is", id, n, md.Offset, c.log[id][md.Offset])
		}
		if e, ok := errors.AsType[*DeliveryError](err); err != nil && (!ok || seen[fmt.Sprint(n)] && !e.MaybeWritten) {
			c.t.Fatalf("partition %d: record %d is written, and its error is %v", id, n, err)
		}
	}
	for i, n := range c.called[id] {
		if i != n {
			c.t.Fatalf("partition %d: callbacks came as %v", id, c.called[id])
		}
	}
	if len(c.called[id]) != len(c.sent[id]) {
		c.t.Fatalf("partition %d: %d callbacks for %d records", id, len(c.called[id]), len(c.sent[id]))
	}
}
