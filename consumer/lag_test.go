package consumer

import (
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

func TestLag(t *testing.T) {
	forVersions(t, func(w *world) {
		w.count("t", 2, 10)
		began := time.Now()
		c := w.consumer("c", Config{CommitMode: CommitFinished})
		if got := c.Lag(); len(got) != 0 {
			w.Errorf("with nothing assigned: %v", got)
		}
		w.must(c.Assign(tps("t", 1, 0)...))
		l := c.Lag()
		if len(l) != 2 || l[0].TopicPartition != tps("t", 0)[0] || l[0].Position != -1 || l[0].Finished != -1 || l[0].HighWatermark != -1 ||
			l[0].LastStableOffset != -1 || !l[0].At.IsZero() || l[0].Unread() != -1 || l[0].Unfinished() != -1 {
			w.Errorf("before the first fetch: %+v", l)
		}
		recs := w.take(c, 20, true)
		for _, r := range recs {
			if r.Partition == 1 && r.Offset < 7 {
				c.Finish(r)
			}
		}
		requests := w.cluster.Requests(wire.KeyListOffsets)
		stable := int64(10)
		if !w.atLeast("0.11.0.3") {
			stable = -1
		}
		l = c.Lag()
		for i, finished := range []int64{0, 7} {
			if l[i].Position != 10 || l[i].Finished != finished || l[i].HighWatermark != 10 || l[i].LastStableOffset != stable ||
				l[i].At.Before(began) || l[i].Unread() != 0 || l[i].Unfinished() != 10-finished {
				w.Errorf("%+v", l[i])
			}
		}
		w.must(c.Seek(tps("t", 1)[0], 4))
		if l = c.Lag(); l[1].Unread() != 6 || l[1].Unfinished() != 6 {
			w.Errorf("after a seek: %+v", l[1])
		}
		if n := w.cluster.Requests(wire.KeyListOffsets); n != requests {
			w.Errorf("Lag made %d requests", n-requests)
		}
	}, kafkatest.Topic("t", 2))
}

// What follows the next is finished; what is in hand is not.
func TestLagInTheLoop(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 1, 10)
		c := w.consumer("c", Config{Topics: []string{"t"}})
		for r, err := range c.Records(w.ctx) {
			w.must(err)
			if l := c.Lag()[0]; l.Unread() != 9-r.Offset || l.Unfinished() != 10-r.Offset {
				w.Errorf("with %d in hand: %+v", r.Offset, l)
			}
			if r.Offset == 9 {
				break
			}
		}
	}, kafkatest.Topic("t", 1))
}

// An embedded TopicPartition must not be all that is printed.
func TestLagString(t *testing.T) {
	l := PartitionLag{TopicPartition: TopicPartition{Topic: "t", Partition: 1}, Position: 4, Finished: 3, HighWatermark: 10}
	if got := l.String(); got != "t/1 at 4 of 10, finished below 3" {
		t.Error(got)
	}
}
