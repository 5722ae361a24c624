package producer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// sendKeyed puts a record with a key into partition 0.
func (r *rig) sendKeyed(value string, done func(RecordMetadata, error)) Future {
	r.t.Helper()
	rec := Record{Topic: "t", Key: []byte("k"), Value: []byte(value)}
	f, err := r.acc.append(context.Background(), r.part(0), &rec, done, &blocking{})
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

// answerWith answers the oldest request, of one batch, with the code and what else
// the broker says.
func (r *rig) answerWith(code wire.ErrorCode, message *string, records ...msg.ProduceResponseResponsePartitionResponseRecordError) {
	r.t.Helper()
	c := r.take()
	var a answer
	a.SetDefaults()
	a.ErrorCode, a.BaseOffset, a.ErrorMessage, a.RecordErrors = code, -1, message, records
	resp := msg.ProduceResponse{Responses: []msg.ProduceResponseResponse{{Name: "t", PartitionResponses: []answer{a}}}}
	body, err := resp.Append(nil, c.Version)
	if err != nil {
		r.t.Fatal(err)
	}
	r.done(c, body, nil)
}

// TestKeylessToCompacted: brokers before 2.4 call a batch corrupt in which a record
// for a compacted topic has no key. That ends quickly, for the records that have
// none.
func TestKeylessToCompacted(t *testing.T) {
	for _, version := range []int16{2, 3, 7} {
		for _, codec := range []Compression{{}, Gzip} {
			r := newRig(t, Config{Compression: codec})
			r.version = version
			var called []string
			note := func(name string) func(RecordMetadata, error) {
				return func(_ RecordMetadata, err error) { called = append(called, fmt.Sprint(name, err == nil)) }
			}
			a, b, c, d := r.sendKeyed("a", note("a")), r.sendFunc(0, "b", note("b")), r.sendFunc(0, "c", note("c")), r.sendKeyed("d", note("d"))
			r.step()
			e := r.sendKeyed("e", note("e"))
			for range 3 {
				r.want("1: 0:a,b,c,d")
				r.answer(wire.ErrCorruptMessage)
				r.pass(100 * time.Millisecond)
			}
			r.want("1: 0:a")
			r.answer(wire.ErrNone)
			r.want("1: 0:d")
			r.answer(wire.ErrNone)
			r.want("1: 0:e")
			r.answer(wire.ErrNone)
			for i, f := range []Future{a, d, e} {
				r.offset(f, int64(i))
			}
			for _, f := range []Future{b, c} {
				err, _ := errors.AsType[*DeliveryError](r.failed(f))
				if err == nil || !errors.Is(err, wire.ErrCorruptMessage) || !strings.Contains(err.Error(), "2 of its 4 records have no key") || err.Records != 2 || err.Attempts != 3 || err.MaybeWritten {
					t.Errorf("Produce v%d: %+v", version, err)
				}
			}
			if got := fmt.Sprint(called); got != "[atrue bfalse cfalse dtrue etrue]" {
				t.Errorf("callbacks: %s", got)
			}
			r.idle()
		}
	}
}

// TestCorruptOnTheWay: damage on the way passes, and is not taken for anything else.
func TestCorruptOnTheWay(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.send(0, "a"), r.sendKeyed("b", nil)
	r.step()
	r.answer(wire.ErrCorruptMessage)
	r.pass(100 * time.Millisecond)
	r.answer(wire.ErrNone)
	r.offset(a, 0)
	r.offset(b, 1)
	c := r.sendKeyed("c", nil) // has a key, so it is no such case, however often
	r.step()
	for range 10 {
		r.want("1: 0:c")
		r.answer(wire.ErrCorruptMessage)
		r.pass(100 * time.Millisecond)
	}
	r.answer(wire.ErrNone)
	r.offset(c, 2)
	d := r.sendKeyed("d", nil)
	r.step()
	for try := range 3 {
		r.want("1: 0:d")
		if data := r.part(0).inFlight[0].data; try == 2 {
			data[len(data)-2] ^= 1 // damaged here
		}
		r.answer(wire.ErrCorruptMessage)
		r.pass(100 * time.Millisecond)
	}
	if err := r.failed(d); !strings.Contains(err.Error(), "in the memory of this program") {
		t.Errorf("the error is %v", err)
	}
	r.idle()
}

// TestRecordsNamed: the broker says which records it refuses (KIP-467); the others
// are written.
func TestRecordsNamed(t *testing.T) {
	r := newRig(t, Config{})
	var fs []Future
	for _, v := range []string{"a", "b", "c", "d", "e"} {
		fs = append(fs, r.send(0, v))
	}
	r.step()
	type one = msg.ProduceResponseResponsePartitionResponseRecordError
	why := "One or more records have been rejected"
	r.answerWith(wire.ErrInvalidTimestamp, &why, one{BatchIndex: 4, BatchIndexErrorMessage: new("too old")}, one{BatchIndex: 1, BatchIndexErrorMessage: new("too new")}, one{BatchIndex: 2}, one{BatchIndex: 9}, one{BatchIndex: -1}, one{BatchIndex: 2})
	r.want("1: 0:a")
	r.answer(wire.ErrNone)
	r.want("1: 0:d")
	r.pending(fs[4])
	r.answer(wire.ErrNone)
	r.offset(fs[0], 0)
	r.offset(fs[3], 1)
	for i, want := range map[int]string{1: "too new", 2: why, 4: "too old"} {
		if err := r.failed(fs[i]); !errors.Is(err, wire.ErrInvalidTimestamp) || !strings.Contains(err.Error(), "("+want+")") || !strings.Contains(err.Error(), ": 1 record not") {
			t.Errorf("record %d: %v", i, err)
		}
	}
	r.idle()
	// Without retries nothing is sent again.
	r = newRig(t, Config{Retries: -1})
	a, b := r.send(0, "a"), r.send(0, "b")
	r.step()
	r.answerWith(wire.ErrInvalidRecord, &why, one{BatchIndex: 1, BatchIndexErrorMessage: new("no key")})
	for _, f := range []Future{a, b} {
		if err := r.failed(f); !strings.Contains(err.Error(), "record 1 of 2: no key") {
			t.Errorf("the error is %v", err)
		}
	}
	r.idle()
}

// TestInvalidWithoutReason: the record at fault is found by halving, and its error
// names what may be the reason, by what was sent.
func TestInvalidWithoutReason(t *testing.T) {
	r := newRig(t, Config{Compression: Gzip})
	a, b, c := r.sendKeyed("a", nil), r.sendKeyed(strings.Repeat("b", 500), nil), r.sendKeyed("c", nil)
	r.step()
	for _, code := range []wire.ErrorCode{wire.ErrInvalidRecord, wire.ErrNone, wire.ErrInvalidRecord, wire.ErrInvalidRecord, wire.ErrNone} {
		r.answer(code)
	}
	r.offset(a, 0)
	r.offset(c, 1)
	err := r.failed(b)
	for _, want := range []string{"gave no reason", "max.decompressed.message.bytes", "501 bytes", "message.timestamp.after.max.ms", "2023-11-14T22:13:20"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "compacted topic") {
		t.Errorf("the record has a key: %v", err)
	}
	r.idle()
	r = newRig(t, Config{})
	a = r.send(0, "a")
	r.step()
	r.answer(wire.ErrInvalidRecord)
	if err := r.failed(a); !strings.Contains(err.Error(), "a key, which a compacted topic (cleanup.policy) wants: 1 of 1 record without one") || strings.Contains(err.Error(), "max.decompressed") {
		t.Errorf("the error is %v", err)
	}
	// A reason is enough.
	a, b = r.send(0, "a"), r.send(0, "b")
	r.step()
	r.answerWith(wire.ErrInvalidRecord, new("because"))
	for _, f := range []Future{a, b} {
		if err := r.failed(f); !strings.HasSuffix(err.Error(), "(because)") || strings.Contains(err.Error(), "no reason") {
			t.Errorf("the error is %v", err)
		}
	}
	r.idle()
}

// TestOnePartitionDoesNotHideAnother: each partition of a request has a result of
// its own, whatever was said of the others.
func TestOnePartitionDoesNotHideAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 3))
		first := true
		cluster.Control(wire.KeyProduce, func(r kafkatest.Request) kafkatest.Action {
			if !first {
				return kafkatest.Action{}
			}
			first = false
			resp := msg.NewProduceResponse()
			out := msg.ProduceResponseResponse{Name: "t"}
			for _, in := range r.Message.(*msg.ProduceRequest).TopicData[0].PartitionData {
				var a answer
				a.SetDefaults()
				a.Index, a.BaseOffset = in.Index, 100
				if in.Index == 1 {
					a.BaseOffset, a.ErrorCode = -1, wire.ErrTopicAuthorizationFailed
				}
				if in.Index != 2 { // about which nothing is said
					out.PartitionResponses = append(out.PartitionResponses, a)
				}
			}
			resp.Responses = []msg.ProduceResponseResponse{out}
			return kafkatest.Action{Response: resp}
		})
		p := newProducer(t, cluster, Config{Linger: time.Second})
		var fs []Future
		for id := range int32(3) {
			fs = append(fs, mustSend(t, p, Record{Topic: "t", Partition: ToPartition(id), Value: []byte("v")}))
		}
		if md := mustWait(t, fs[0]); md.Offset != 100 {
			t.Errorf("partition 0: %+v", md)
		}
		if _, err := fs[1].Wait(t.Context()); !errors.Is(err, wire.ErrTopicAuthorizationFailed) {
			t.Errorf("partition 1: %v", err)
		}
		if _, err := fs[2].Wait(t.Context()); !errors.Is(err, errUnmentioned) {
			t.Errorf("partition 2: %v", err)
		}
	})
}

// TestSplitWithoutRetries: what is too large is split whatever Retries says, and
// nothing comes out of order.
func TestSplitWithoutRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1), kafkatest.MaxMessageBytes(400))
		p := newProducer(t, cluster, Config{Retries: -1, BatchSize: 1000, Linger: time.Second})
		var fs []Future
		var want []string
		for i := range 60 {
			value := fmt.Sprintf("%02d%s", i, strings.Repeat(".", 60))
			if i == 33 {
				value = strings.Repeat("x", 500)
			} else {
				want = append(want, value)
			}
			fs = append(fs, mustSend(t, p, Record{Topic: "t", Value: []byte(value)}))
		}
		for i, f := range fs {
			if _, err := f.Wait(t.Context()); i != 33 && err != nil || i == 33 && !errors.Is(err, wire.ErrMessageTooLarge) {
				t.Fatalf("record %d: %v", i, err)
			} else if i == 33 && !strings.Contains(err.Error(), ": 1 record not") {
				t.Errorf("the record that is too large: %v", err)
			}
		}
		for i, w := range readLog(t, cluster, "t", 0) {
			if w.value != want[i] {
				t.Fatalf("record %d of the log is %s", i, w.value)
			}
		}
	})
}
