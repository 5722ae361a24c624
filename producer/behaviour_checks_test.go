package producer

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// The checks of behaviours that no other test holds.

func noBatching(t *testing.T, recorded json.RawMessage) {
	var want struct{ Batches int }
	if err := json.Unmarshal(recorded, &want); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
		p := newProducer(t, cluster, Config{BatchSize: -1})
		for range want.Batches {
			mustSend(t, p, Record{Topic: "t", Value: []byte("v")})
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := cluster.Requests(wire.KeyProduce); got != want.Batches {
			t.Errorf("%d requests of a batch each, want %d", got, want.Batches)
		}
	})
}

func unknownPartition(t *testing.T, _ json.RawMessage) {
	p := newProducer(t, kafkatest.Start(t, quiet, kafkatest.Topic("t", 2)), Config{})
	_, err := p.Send(t.Context(), Record{Topic: "t", Partition: ToPartition(7), Value: []byte("v")})
	if _, ok := errors.AsType[*PartitionError](err); !ok {
		t.Errorf("error %v", err)
	}
}

// There the future failed; here Send says it, since nothing was accepted.
func tooLarge(t *testing.T, _ json.RawMessage) {
	p := newProducer(t, kafkatest.Start(t, quiet, kafkatest.Topic("t", 1)), Config{})
	_, err := p.Send(t.Context(), Record{Topic: "t", Value: make([]byte, 1<<20)})
	if _, ok := errors.AsType[*RecordTooLargeError](err); !ok {
		t.Errorf("error %v", err)
	}
}

// The largest value depends on the message format: 1048542 bytes in v1, whose head
// has 34, and 53 less in v2, at its largest.
func justSmallEnough(t *testing.T, _ json.RawMessage) {
	for version, size := range map[string]int{"0.10.2.2": 1_048_542, "4.4.0": 1_048_489} {
		cluster := kafkatest.Start(t, quiet, kafkatest.Version(version), kafkatest.Topic("t", 1), kafkatest.MaxMessageBytes(2<<20))
		p := newProducer(t, cluster, Config{})
		mustWait(t, mustSend(t, p, Record{Topic: "t", Value: make([]byte, size)}))
	}
}

func sendAfterClose(t *testing.T, _ json.RawMessage) {
	p := newProducer(t, kafkatest.Start(t, quiet, kafkatest.Topic("t", 1)), Config{})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Send(t.Context(), Record{Topic: "t", Value: []byte("v")}); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// There it was seen only when the first record was sent.
func unknownCodec(t *testing.T, _ json.RawMessage) {
	if _, _, err := ParseProperties(map[string]string{"compression.type": "zip"}); err == nil {
		t.Error("an unknown codec was taken")
	}
}
