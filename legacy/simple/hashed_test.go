package simple

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/producer"
)

func readRecorded(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestHashedPartitioner compares with what was recorded from kafka-python 1.2.1 on
// CPython 2.7. Its unicode keys are left out: here keys are bytes.
func TestHashedPartitioner(t *testing.T) {
	var recorded struct {
		Vectors []struct {
			Key       string
			Hash      int64 `json:"py2_hash"`
			Partition map[string]int32
		}
	}
	readRecorded(t, "partitioner_hashed_py27.json", &recorded)
	if len(recorded.Vectors) < 20 {
		t.Fatalf("%d vectors", len(recorded.Vectors))
	}
	var p producer.Partitioner = HashedPartitioner{}
	for _, v := range recorded.Vectors {
		key, err := hex.DecodeString(v.Key)
		if err != nil {
			t.Fatal(err)
		}
		if got := pythonHash(key); got != v.Hash {
			t.Errorf("hash of %q: %d, want %d", key, got, v.Hash)
		}
		for n, want := range v.Partition {
			count, _ := strconv.Atoi(n)
			var all []int32
			for i := range count {
				all = append(all, int32(i))
			}
			if got := p.Partition("t", key, all, nil); got != want {
				t.Errorf("%q among %s: %d, want %d", key, n, got, want)
			}
		}
	}
	if got := p.Partition("t", nil, []int32{4, 5}, nil); got != 4 {
		t.Errorf("a null key: %d, want that of an empty one", got)
	}
}

// TestConstantsOfKafkaPython compares with the constants of kafka-python 1.2.1's
// Simple modules: those that are defaults here, too. The others are of the buffers
// and queues inside of kafka-python, or of options that are not here.
func TestConstantsOfKafkaPython(t *testing.T) {
	var recorded struct{ Constants map[string]any }
	readRecorded(t, "defaults.json", &recorded)
	p, c := ProducerConfig{}.withDefaults(), ConsumerConfig{}.withDefaults()
	for name, got := range map[string]float64{
		"BATCH_SEND_MSG_COUNT":        float64(p.BatchSendEveryN),
		"BATCH_SEND_DEFAULT_INTERVAL": p.BatchSendEveryT.Seconds(),
		"ASYNC_STOP_TIMEOUT_SECS":     p.StopTimeout.Seconds(),
		"AUTO_COMMIT_MSG_COUNT":       float64(c.AutoCommitEveryN),
		"AUTO_COMMIT_INTERVAL":        float64(c.AutoCommitEveryT / time.Millisecond),
	} {
		if want := recorded.Constants[name]; want != got {
			t.Errorf("%s is %v, and %v here", name, want, got)
		}
	}
	if p.Acks != LocalWrite || p.AckTimeout != time.Second || p.Async || p.OrderedStart || p.Codec != (producer.Compression{}) ||
		c.AutoOffsetReset != consumer.ResetLatest || c.ManualCommit {
		t.Errorf("%+v, %+v", p, c)
	}
}
