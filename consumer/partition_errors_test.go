package consumer

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// One partition's error hides no other's result, whatever keeps it from having one.
func TestOneErrorHidesNoResult(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 4, 3)
		w.cluster.Control(wire.KeyListOffsets, func(r kafkatest.Request) kafkatest.Action {
			req, resp := r.Message.(*msg.ListOffsetsRequest), msg.NewListOffsetsResponse()
			for _, t := range req.Topics {
				out := msg.ListOffsetsResponseTopic{Name: t.Name}
				for _, p := range t.Partitions {
					var part msg.ListOffsetsResponseTopicPartition
					part.SetDefaults()
					part.PartitionIndex, part.Offset, part.Timestamp = p.PartitionIndex, 3, 7
					switch p.PartitionIndex {
					case 1:
						part.ErrorCode, part.Offset = wire.ErrInvalidRecord, -1
					case 2:
						part.ErrorCode, part.Offset = wire.ErrReplicaNotAvailable, -1
					}
					out.Partitions = append(out.Partitions, part)
				}
				resp.Topics = append(resp.Topics, out)
			}
			return kafkatest.Action{Response: resp}
		})
		c := w.consumer("c", Config{RequestTimeout: 3 * time.Second})
		asked := append(tps("t", 0, 1, 2, 3, 9), tps("a topic that can't be", 0)...)
		check := func(what string, got map[TopicPartition]int64, err error) {
			w.Helper()
			if len(got) != 2 || got[tps("t", 0)[0]] != 3 || got[tps("t", 3)[0]] != 3 {
				w.Errorf("%s: %v", what, got)
			}
			all, ok := errors.AsType[*PartitionErrors](err)
			if !ok || len(all.Errs) != 4 {
				w.Fatalf("%s: %v", what, err)
			}
			for i, want := range []string{"a topic that can't be/0", "t/1", "t/2", "t/9"} {
				if e := all.Errs[i]; fmt.Sprint(e.TopicPartition) != want || e.Err == nil {
					w.Errorf("%s: error %d is about %v: %v", what, i, e.TopicPartition, e)
				}
			}
			if !errors.Is(err, wire.ErrInvalidRecord) || !errors.Is(err, wire.ErrReplicaNotAvailable) || !errors.Is(all.Errs[0], wire.ErrInvalidTopicException) ||
				!strings.Contains(err.Error(), "3 more partitions") {
				w.Errorf("%s: %v", what, err)
			}
		}
		ends, err := c.EndOffsets(w.ctx, asked...)
		check("EndOffsets", ends, err)
		begins, err := c.BeginningOffsets(w.ctx, asked...)
		check("BeginningOffsets", begins, err)
		times := map[TopicPartition]time.Time{}
		for _, tp := range asked {
			times[tp] = time.UnixMilli(5)
		}
		found, err := c.OffsetsForTimes(w.ctx, times)
		offsets := map[TopicPartition]int64{}
		for tp, o := range found {
			offsets[tp] = o.Offset
		}
		check("OffsetsForTimes", offsets, err)
	}, kafkatest.Topic("t", 4))
}

// A commit that is refused for one partition counts for the others, and is sent again only for those
// where that can help.
func TestOneErrorHidesNoCommit(t *testing.T) {
	inWorld(t, func(w *world) {
		w.count("t", 4, 3)
		c := w.consumer("c", Config{GroupID: "g", CommitMode: CommitManual})
		w.must(c.Assign(tps("t", 0, 1, 2, 3)...))
		var mu sync.Mutex
		var sent [][]int32
		refuse := map[int32][]wire.ErrorCode{ // what comes before it is taken
			1: {wire.ErrOffsetMetadataTooLarge},
			2: {wire.ErrCoordinatorLoadInProgress, wire.ErrCoordinatorLoadInProgress},
			3: {wire.ErrTopicAuthorizationFailed},
		}
		remove := w.cluster.Control(wire.KeyOffsetCommit, func(r kafkatest.Request) kafkatest.Action {
			mu.Lock()
			defer mu.Unlock()
			req, resp := r.Message.(*msg.OffsetCommitRequest), msg.NewOffsetCommitResponse()
			var asked []int32
			for _, t := range req.Topics {
				out := msg.OffsetCommitResponseTopic{Name: t.Name, TopicID: t.TopicID}
				for _, p := range t.Partitions {
					asked = append(asked, p.PartitionIndex)
					part := msg.OffsetCommitResponseTopicPartition{PartitionIndex: p.PartitionIndex}
					if codes := refuse[p.PartitionIndex]; len(codes) > 0 {
						part.ErrorCode, refuse[p.PartitionIndex] = codes[0], codes[1:]
					}
					out.Partitions = append(out.Partitions, part)
				}
				resp.Topics = append(resp.Topics, out)
			}
			sent = append(sent, asked)
			return kafkatest.Action{Response: resp}
		})
		offsets := map[TopicPartition]OffsetAndMetadata{}
		for _, tp := range tps("t", 0, 1, 2, 3) {
			offsets[tp] = OffsetAndMetadata{Offset: 2}
		}
		err := c.CommitOffsets(w.ctx, offsets)
		remove()
		all, ok := errors.AsType[*PartitionErrors](err)
		if !ok || len(all.Errs) != 2 || all.Errs[0].TopicPartition != tps("t", 1)[0] || all.Errs[1].TopicPartition != tps("t", 3)[0] ||
			!errors.Is(all.Errs[0], wire.ErrOffsetMetadataTooLarge) || !errors.Is(err, wire.ErrTopicAuthorizationFailed) {
			w.Errorf("CommitOffsets: %v", err)
		}
		if got := fmt.Sprint(sent); got != "[[0 1 2 3] [2] [2]]" {
			w.Errorf("sent %s", got)
		}

		w.must(c.CommitOffsets(w.ctx, offsets))
		w.cluster.Control(wire.KeyOffsetFetch, func(r kafkatest.Request) kafkatest.Action {
			req, resp := r.Message.(*msg.OffsetFetchRequest), msg.NewOffsetFetchResponse()
			group := msg.OffsetFetchResponseGroup{GroupID: "g"}
			for _, t := range req.Groups[0].Topics {
				out := msg.OffsetFetchResponseGroupTopic{Name: t.Name, TopicID: t.TopicID}
				for _, id := range t.PartitionIndexes {
					var part msg.OffsetFetchResponseGroupTopicPartition
					part.SetDefaults()
					part.PartitionIndex, part.CommittedOffset = id, 2
					if id == 1 {
						part.CommittedOffset, part.ErrorCode = -1, wire.ErrTopicAuthorizationFailed
					}
					out.Partitions = append(out.Partitions, part)
				}
				group.Topics = append(group.Topics, out)
			}
			resp.Groups = append(resp.Groups, group)
			return kafkatest.Action{Response: resp}
		})
		got, err := c.Committed(w.ctx, tps("t", 0, 1, 2, 3)...)
		all, ok = errors.AsType[*PartitionErrors](err)
		if !ok || len(all.Errs) != 1 || all.Errs[0].TopicPartition != tps("t", 1)[0] || !errors.Is(err, wire.ErrTopicAuthorizationFailed) {
			w.Errorf("Committed: %v", err)
		}
		if len(got) != 3 || got[tps("t", 3)[0]].Offset != 2 {
			w.Errorf("Committed: %v", got)
		}
	}, kafkatest.Topic("t", 4))
}

func TestPartitionErrors(t *testing.T) {
	if err := partitionErrors("look up", nil); err != nil {
		t.Error(err)
	}
	failed := map[TopicPartition]error{}
	for i, want := range []string{
		`consumer: look up: partition 0 of topic "t": no`,
		`consumer: look up: partition 0 of topic "t": no; and another partition failed`,
		`consumer: look up: partition 0 of topic "t": no; and 2 more partitions failed`,
	} {
		failed[tps("t", int32(i))[0]] = errors.New("no")
		if got := partitionErrors("look up", failed).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
