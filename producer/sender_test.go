package producer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// one record per batch makes a batch of each send in these tests.
const onePerBatch = -1

func TestSendAndAcknowledge(t *testing.T) {
	r := newRig(t, Config{})
	r.offsets[0] = 100
	a := r.send(0, "a")
	b := r.send(0, "b")
	c := r.send(1, "c")
	r.step()
	r.want("1: 0:a,b 1:c")
	r.pending(a, b, c)
	r.answer(wire.ErrNone)
	r.offset(a, 100)
	r.offset(b, 101)
	r.offset(c, 0)
	if md, _ := a.Wait(t.Context()); md.Topic != "t" || md.Partition != 0 || !md.Timestamp.Equal(testStart) {
		t.Errorf("metadata is %+v", md)
	}
	r.idle()
}

func TestLinger(t *testing.T) {
	r := newRig(t, Config{Linger: 10 * time.Millisecond, BatchSize: 250})
	a := r.send(0, "a")
	r.step()
	r.want()
	if wait := r.next.Sub(r.now); wait != 10*time.Millisecond {
		t.Errorf("the sender wants to look again in %v", wait)
	}
	r.pass(9 * time.Millisecond)
	r.want()
	r.pass(time.Millisecond)
	r.want("1: 0:a")
	r.answer(wire.ErrNone)
	r.offset(a, 0)
	// a full batch doesn't linger
	big := strings.Repeat("x", 100)
	r.send(0, "b")
	r.send(0, big)
	r.step()
	r.want()
	r.send(0, big) // closes the first
	r.step()
	r.want("1: 0:b,xxxxxxxx")
	r.answer(wire.ErrNone)
	// a record that fills a batch by itself doesn't either
	r.pass(10 * time.Millisecond)
	r.answer(wire.ErrNone)
	r.send(0, strings.Repeat("y", 500))
	r.step()
	r.want("1: 0:yyyyyyyy")
	r.answer(wire.ErrNone)
	r.idle()
}

func TestFlushEndsLinger(t *testing.T) {
	r := newRig(t, Config{Linger: 10 * time.Second})
	r.send(0, "a")
	r.step()
	gen := r.acc.gens.end(false)
	r.told = append(r.told, r.part(0))
	r.step()
	r.want("1: 0:a")
	b := r.send(0, "b") // after the flush: lingers
	r.step()
	r.want("1: 0:a")
	select {
	case <-gen.done:
		t.Error("the flush is done before the answer")
	default:
	}
	r.answer(wire.ErrNone)
	<-gen.done
	r.pending(b)
	r.pass(10 * time.Second)
	r.answer(wire.ErrNone)
	r.offset(b, 1)
	r.idle()
}

func TestWaitersEndLinger(t *testing.T) {
	r := newRig(t, Config{Linger: 10 * time.Second})
	r.send(0, "a")
	r.step()
	r.want()
	r.sender.hurry = true // as when someone waits for memory
	r.told = append(r.told, r.part(0))
	r.step()
	r.want("1: 0:a")
}

// TestMaxRequestSize: as many batches as fit, and one in any case.
func TestMaxRequestSize(t *testing.T) {
	r := newRig(t, Config{MaxRequestSize: 500, MaxInFlight: 10})
	for i := range int32(4) {
		r.send(i, strings.Repeat("x", 300))
	}
	r.step()
	r.want("1: 0:xxxxxxxx", "1: 1:xxxxxxxx", "1: 2:xxxxxxxx", "1: 3:xxxxxxxx")
	r = newRig(t, Config{MaxRequestSize: 500})
	for i := range int32(4) {
		r.send(i, strings.Repeat("x", 100))
	}
	r.step()
	r.want("1: 0:xxxxxxxx 1:xxxxxxxx", "1: 2:xxxxxxxx 3:xxxxxxxx")
}

// TestMutedWithRetries: with retries a partition has one batch in flight, others
// go on.
func TestMutedWithRetries(t *testing.T) {
	r := newRig(t, Config{BatchSize: onePerBatch, Retries: 3})
	r.send(0, "a")
	r.send(0, "b")
	r.step()
	r.send(1, "c")
	r.step()
	r.want("1: 0:a", "1: 1:c")
	r.answer(wire.ErrNone)
	r.want("1: 1:c", "1: 0:b")
}

// TestPipelinedWithoutRetries: without, up to MaxInFlight, as long as the
// connection is the same.
func TestPipelinedWithoutRetries(t *testing.T) {
	r := newRig(t, Config{BatchSize: onePerBatch, MaxInFlight: 2, Retries: -1})
	a, b, c, d := r.send(0, "a"), r.send(0, "b"), r.send(0, "c"), r.send(0, "d")
	r.step()
	r.want("1: 0:a", "1: 0:b")
	r.answer(wire.ErrNone)
	r.offset(a, 0)
	r.want("1: 0:b", "1: 0:c")
	r.lose(true)
	r.failed(b)
	r.failed(c)
	r.want("1: 0:d")
	r.answer(wire.ErrNone)
	r.offset(d, 3)
	r.idle()
}

func TestPipelineWaitsForTheOldLeader(t *testing.T) {
	r := newRig(t, Config{BatchSize: onePerBatch, Retries: -1})
	r.send(0, "a")
	r.step()
	r.want("1: 0:a")
	r.leaders[0] = 2
	r.sender.metadataChanged(r.now)
	r.send(0, "b")
	r.step()
	r.want("1: 0:a")
	r.answer(wire.ErrNone)
	r.want("2: 0:b")
	r.answer(wire.ErrNone)
	r.idle()
}

// TestRetryDecision is kafka-python's table, with the errors that Kafka calls
// retriable nowadays.
func TestRetryDecision(t *testing.T) {
	lost := wire.ErrorCode(-99) // stands for a lost connection
	for _, row := range []struct {
		retries        int
		code           wire.ErrorCode
		again, refresh bool
	}{
		{-1, wire.ErrNotLeaderOrFollower, false, true},
		{0, wire.ErrNotLeaderOrFollower, true, true},
		{1, wire.ErrNotLeaderOrFollower, true, true},
		{5, wire.ErrUnknownTopicOrPartition, true, true},
		{5, wire.ErrMessageTooLarge, false, false},
		{5, wire.ErrRequestTimedOut, true, false},
		{5, wire.ErrNotEnoughReplicas, true, false},
		{5, lost, true, true},
		{-1, lost, false, true},
		{5, wire.ErrRecordListTooLarge, false, false},
		{5, wire.ErrUnknownServerError, false, false},
		{5, wire.ErrTopicAuthorizationFailed, false, false},
		{5, wire.ErrInvalidRequiredAcks, false, false},
	} {
		r := newRig(t, Config{Retries: row.retries})
		f := r.send(0, "a")
		r.step()
		if row.code == lost {
			r.lose(false)
		} else {
			r.answer(row.code)
		}
		if refreshed := r.refreshes > 0; refreshed != row.refresh {
			t.Errorf("%d retries, %v: refreshed the metadata: %t", row.retries, row.code, refreshed)
		}
		r.sender.metadataChanged(r.now)
		r.pass(100 * time.Millisecond)
		if again := len(r.calls) == 1; again != row.again {
			t.Errorf("%d retries, %v: sent again: %t", row.retries, row.code, again)
		}
		if row.again {
			r.answer(wire.ErrNone)
			r.offset(f, 0)
			continue
		}
		if err := r.failed(f); row.code != lost && !errors.Is(err, row.code) {
			t.Errorf("%v gave the error %v", row.code, err)
		}
	}
}

// TestRetryBackoff: the failed batch goes first, after the backoff, and others
// of its partition wait behind it.
func TestRetryBackoff(t *testing.T) {
	r := newRig(t, Config{BatchSize: onePerBatch, Retries: 2})
	a := r.send(0, "a")
	r.send(0, "b")
	r.step()
	r.answer(wire.ErrRequestTimedOut)
	r.want()
	r.pass(99 * time.Millisecond)
	r.want()
	r.pass(time.Millisecond)
	r.want("1: 0:a")
	r.answer(wire.ErrRequestTimedOut)
	r.pass(100 * time.Millisecond)
	r.want("1: 0:a")
	r.answer(wire.ErrRequestTimedOut)
	err := r.failed(a)
	var delivery *DeliveryError
	if !errors.As(err, &delivery) || delivery.Attempts != 3 || !delivery.MaybeWritten || delivery.Node != 1 {
		t.Errorf("the error is %#v", err)
	}
	r.want("1: 0:b")
	r.answer(wire.ErrNone)
	r.idle()
}

// TestLeaderMoves: a broker that says it is not the leader gets nothing more
// until there is news.
func TestLeaderMoves(t *testing.T) {
	r := newRig(t, Config{BatchSize: onePerBatch, Retries: 1})
	a := r.send(0, "a")
	b := r.send(0, "b")
	r.step()
	r.answer(wire.ErrNotLeaderOrFollower)
	r.pass(time.Second)
	r.want() // broker 1 is still in the metadata
	r.leaders[0] = 2
	r.sender.metadataChanged(r.now)
	r.step()
	r.want("2: 0:a")
	r.answer(wire.ErrNone)
	r.answer(wire.ErrNone)
	r.offset(a, 0)
	r.offset(b, 1)
	r.idle()
}

// TestNothingSentIsNoAttempt: a request of which nothing was written is sent
// again even without retries.
func TestNothingSentIsNoAttempt(t *testing.T) {
	r := newRig(t, Config{BatchSize: onePerBatch, Retries: -1})
	a := r.send(0, "a")
	b := r.send(0, "b")
	r.step()
	r.want("1: 0:a", "1: 0:b")
	l := r.calls[0].link
	l.closed = errors.New("reset")
	calls := r.calls
	r.calls = nil
	for _, c := range calls {
		c.Done(nil, &netclient.ConnError{Node: 1, Op: "Produce", Err: l.closed, Unsent: true})
	}
	r.hear()
	r.pass(time.Second)
	r.want("1: 0:a", "1: 0:b")
	r.answer(wire.ErrNone)
	r.answer(wire.ErrRequestTimedOut)
	r.offset(a, 0)
	if e, ok := errors.AsType[*DeliveryError](r.failed(b)); !ok || e.Attempts != 1 {
		t.Errorf("the error counts %d attempts", e.Attempts)
	}
	r.idle()
}

func TestConnectFails(t *testing.T) {
	r := newRig(t, Config{DeliveryTimeout: 10 * time.Second})
	r.leaders[0] = -5 // the rig doesn't connect to negative ids
	a := r.send(0, "a")
	r.step()
	if !slices.Equal(r.wanted, []int32{-5}) {
		t.Fatalf("wants %v", r.wanted)
	}
	for range 3 {
		r.wanted = nil
		refused := &netclient.ConnError{Addr: "h:1", Node: -5, Op: "connect", Err: errors.New("refused"), Unsent: true}
		r.sender.connected(-5, nil, refused, r.now)
		r.step()
		r.want()
		if len(r.wanted) != 0 {
			t.Fatal("connects again without a backoff")
		}
		r.pass(100 * time.Millisecond)
		if len(r.wanted) != 1 {
			t.Fatal("does not connect again")
		}
	}
	r.wanted = nil
	r.sender.connected(-5, nil, errors.New("refused"), r.now)
	r.pass(10 * time.Second)
	err := r.failed(a)
	if !errors.Is(err, ErrDeliveryTimeout) || !strings.Contains(err.Error(), "refused") || !strings.Contains(err.Error(), "never sent") {
		t.Errorf("the error is %v", err)
	}
}

func TestNoLeader(t *testing.T) {
	r := newRig(t, Config{DeliveryTimeout: 10 * time.Second})
	a := r.send(0, "a")
	delete(r.leaders, 0)
	r.step()
	r.want()
	if r.refreshes == 0 {
		t.Error("does not look for the leader")
	}
	r.pass(9999 * time.Millisecond)
	r.pending(a)
	b := r.send(0, "b")
	r.step()
	r.pass(time.Millisecond)
	if err := r.failed(a); !errors.Is(err, ErrDeliveryTimeout) || !errors.Is(err, errNoLeader) {
		t.Errorf("the error is %v", err)
	}
	if err := r.failed(b); !errors.Is(err, ErrDeliveryTimeout) {
		t.Errorf("the error of the record in the same batch is %v", err)
	}
	c := r.send(0, "c")
	r.leaders[0] = 3
	r.step()
	r.sender.metadataChanged(r.now)
	r.step()
	r.want("3: 0:c")
	r.answer(wire.ErrNone)
	r.offset(c, 0)
	r.idle()
}

// TestDeliveryTimeoutInFlight: the record fails at its time, but the partition
// stays muted until the request is over, and so does the memory.
func TestDeliveryTimeoutInFlight(t *testing.T) {
	r := newRig(t, Config{BatchSize: 1000, DeliveryTimeout: 10 * time.Second, Retries: 5})
	var called []string
	a := r.sendFunc(0, "a", func(_ RecordMetadata, err error) { called = append(called, err.Error()) })
	r.step()
	r.pass(9 * time.Second)
	b := r.send(0, "b")
	r.step()
	r.pass(time.Second)
	err := r.failed(a)
	var delivery *DeliveryError
	if !errors.As(err, &delivery) || !delivery.MaybeWritten || !errors.Is(err, ErrDeliveryTimeout) || len(called) != 1 {
		t.Errorf("the error is %#v, the callback got %q", err, called)
	}
	r.want("1: 0:a")
	if used := r.acc.pool.used; used != 2000 {
		t.Errorf("%d bytes used while the request is out", used)
	}
	r.answer(wire.ErrNone)
	r.want("1: 0:b")
	r.answer(wire.ErrNone)
	r.offset(b, 1)
	r.idle()
}

// TestMaxInFlight bounds the requests to one broker, not to others.
func TestMaxInFlight(t *testing.T) {
	r := newRig(t, Config{MaxInFlight: 1})
	r.leaders[2] = 2
	r.send(0, "a")
	r.step()
	r.send(1, "b")
	r.send(2, "c")
	r.step()
	r.want("1: 0:a", "2: 2:c")
	r.answer(wire.ErrNone)
	r.want("2: 2:c", "1: 1:b")
}

// TestFormats: the batch is in the format of the leader, also when another was
// expected.
func TestFormats(t *testing.T) {
	for version, want := range map[int16]record.Format{0: record.V0, 1: record.V0, 2: record.V1, 3: record.V2, 11: record.V2} {
		for _, expected := range []record.Format{record.V0, record.V1, record.V2} {
			for _, codec := range []Compression{{}, Gzip, Snappy} {
				r := newRig(t, Config{Compression: codec})
				r.version = version
				r.part(0).format = expected
				f := r.send(0, "a")
				g := r.send(0, "b")
				r.step()
				r.want("1: 0:a,b")
				sent := r.calls[0].req.TopicData[0].PartitionData[0].Records
				reader := record.NewReader(sent)
				b, err := reader.Next()
				if err != nil || b.Format != want || b.Compression != codec.id() {
					t.Errorf("Produce v%d, expected format %d: sent format %d, %v, %v", version, expected, b.Format, b.Compression, err)
				}
				r.answer(wire.ErrNone)
				r.offset(f, 0)
				r.offset(g, 1)
				md, _ := f.Wait(t.Context())
				if timeless := md.Timestamp.IsZero(); timeless != (want == record.V0) {
					t.Errorf("Produce v%d: timestamp %v", version, md.Timestamp)
				}
				if r.part(0).format != want {
					t.Errorf("the next batch will have format %d", r.part(0).format)
				}
				r.idle()
			}
		}
	}
}

func TestHeadersNeedFormat2(t *testing.T) {
	r := newRig(t, Config{})
	rec := Record{Topic: "t", Value: []byte("v"), Headers: []wire.Header{{Key: "h"}}}
	r.part(0).format = record.V1
	if _, err := r.acc.append(t.Context(), r.part(0), &rec, nil, &blocking{}); !errors.Is(err, errHeaders) {
		t.Errorf("with a leader that is known to be old: %v", err)
	}
	r.idle()
	// where that shows only later, the record fails
	r.part(0).format = record.V2
	f, err := r.acc.append(t.Context(), r.part(0), &rec, nil, &blocking{})
	if err != nil {
		t.Fatal(err)
	}
	r.version = 2
	r.step()
	r.want()
	if err := r.failed(f); !errors.Is(err, record.ErrNoHeaders) {
		t.Errorf("the error is %v", err)
	}
	r.idle()
}

func TestCodecTheBrokerLacks(t *testing.T) {
	for _, row := range []struct {
		codec   Compression
		version int16 // of Produce; the rig's brokers don't say of which release they are
		since   string
	}{
		{Zstd, 6, "2.1"}, {Zstd, 7, ""}, {LZ4, 0, "0.8.2"}, {LZ4, 1, ""},
	} {
		r := newRig(t, Config{Compression: row.codec})
		r.version = row.version
		f := r.send(0, "a")
		r.step()
		if row.since == "" {
			r.want("1: 0:a")
			r.answer(wire.ErrNone)
			r.offset(f, 0)
		} else {
			r.want()
			if err := r.failed(f); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), fmt.Sprintf("%v needs release %s", row.codec, row.since)) {
				t.Errorf("the error is %v", err)
			}
		}
		r.idle()
		if n := len(r.sender.requests.free); n != 1 {
			t.Errorf("%d requests are free to be used again, want the one that was made", n)
		}
	}
}

// TestSplit: a batch that is too large comes in parts, in order, and each record
// gets its own offset.
func TestSplit(t *testing.T) {
	for _, codec := range []Compression{{}, LZ4} {
		r := newRig(t, Config{Retries: 1, Compression: codec})
		var called []int64
		var fs []Future
		for _, v := range []string{"a", "b", "c", "d", "e"} {
			fs = append(fs, r.sendFunc(0, v, func(md RecordMetadata, _ error) { called = append(called, md.Offset) }))
		}
		r.step()
		after := r.send(0, "after")
		r.step()
		r.answer(wire.ErrMessageTooLarge)
		r.want("1: 0:a,b")
		r.answer(wire.ErrNone)
		r.want("1: 0:c,d,e")
		r.pending(fs...)
		r.answer(wire.ErrMessageTooLarge)
		r.want("1: 0:c")
		r.answer(wire.ErrMessageTooLarge) // a record alone can't be split
		r.want("1: 0:d,e")
		r.answer(wire.ErrNone)
		r.want("1: 0:after")
		r.answer(wire.ErrNone)
		for i, want := range []int64{0, 1, -1, 2, 3} {
			if want >= 0 {
				r.offset(fs[i], want)
			} else if err := r.failed(fs[i]); !errors.Is(err, wire.ErrMessageTooLarge) {
				t.Errorf("record %d: %v", i, err)
			}
		}
		r.offset(after, 4)
		if !slices.Equal(called, []int64{0, 1, -1, 2, 3}) {
			t.Errorf("callbacks got %v", called)
		}
		r.idle()
	}
}

// TestSplitKeepsOrder: the first half that has to be sent again is ahead of the
// second.
func TestSplitKeepsOrder(t *testing.T) {
	r := newRig(t, Config{})
	a, b := r.send(0, "a"), r.send(0, "b")
	r.step()
	r.answer(wire.ErrMessageTooLarge)
	r.want("1: 0:a")
	r.answer(wire.ErrNotEnoughReplicas)
	r.pass(100 * time.Millisecond)
	r.want("1: 0:a")
	r.answer(wire.ErrNone)
	r.want("1: 0:b")
	r.answer(wire.ErrNone)
	r.offset(a, 0)
	r.offset(b, 1)
	r.idle()
}

func TestAcksNone(t *testing.T) {
	r := newRig(t, Config{Acks: AcksNone})
	f := r.send(0, "a")
	r.step()
	c := r.take()
	if !c.NoResponse || c.req.Acks != 0 {
		t.Errorf("NoResponse %t, acks %d", c.NoResponse, c.req.Acks)
	}
	r.pending(f)
	r.done(c, nil, nil)
	r.offset(f, -1)
	r.idle()
}

func TestRequestFields(t *testing.T) {
	for acks, want := range map[Acks]int16{AcksLeader: 1, AcksAll: -1, AcksNone: 0, -1: -1} {
		r := newRig(t, Config{Acks: acks, RequestTimeout: 7 * time.Second})
		r.send(0, "a")
		r.step()
		c := r.calls[0]
		if c.req.Acks != want || c.req.TimeoutMs != 7000 || c.req.TransactionalID != nil || c.Timeout < 7*time.Second || c.NoResponse != (want == 0) {
			t.Errorf("%v: acks %d, timeout %d ms, the connection's %v", acks, c.req.Acks, c.req.TimeoutMs, c.Timeout)
		}
	}
}

// TestAnswerWithoutThePartition is no success.
func TestAnswerWithoutThePartition(t *testing.T) {
	r := newRig(t, Config{})
	f := r.send(0, "a")
	r.step()
	c := r.take()
	c.req.TopicData[0].PartitionData[0].Index = 9 // answer about another one
	r.calls = append(r.calls, c)
	r.answer(wire.ErrNone)
	if err := r.failed(f); !errors.Is(err, errUnmentioned) {
		t.Errorf("the error is %v", err)
	}
	f = r.send(0, "b")
	r.step()
	r.done(r.take(), []byte{1, 2, 3}, nil) // an answer that is none
	if err := r.failed(f); err == nil {
		t.Error("bytes that can't be decoded are a success")
	}
	r.idle()
}

func TestLogAppendTime(t *testing.T) {
	o := outcome{from: 3, count: 2, offset: 70, appendTime: 5000}
	md, err := o.metadata(newResult(TopicPartition{Topic: "t", Partition: 1}), 4, 1234)
	if err != nil || md.Offset != 71 || md.Timestamp.UnixMilli() != 5000 {
		t.Errorf("%+v, %v", md, err)
	}
	o.appendTime = noTimestamp
	if md, _ := o.metadata(newResult(TopicPartition{Topic: "t", Partition: 1}), 4, 1234); md.Timestamp.UnixMilli() != 1234 {
		t.Errorf("%+v", md)
	}
}

func TestAbort(t *testing.T) {
	r := newRig(t, Config{BatchSize: onePerBatch, Retries: 1})
	a, b, c := r.send(0, "a"), r.send(0, "b"), r.send(1, "c")
	delete(r.leaders, 1)
	r.step()
	r.want("1: 0:a")
	gen := r.acc.gens.end(true)
	n := r.sender.abort([]*partition{r.part(0), r.part(1)}, ErrClosed, r.now)
	if n != 3 {
		t.Errorf("%d records failed, want 3", n)
	}
	for _, f := range []Future{a, b, c} {
		if err := r.failed(f); !errors.Is(err, ErrClosed) {
			t.Errorf("the error is %v", err)
		}
	}
	<-gen.done
	rec := Record{Topic: "t", Value: []byte("late")}
	if _, err := r.acc.append(t.Context(), r.part(0), &rec, nil, &blocking{}); !errors.Is(err, ErrClosed) {
		t.Errorf("a record after the end: %v", err)
	}
}
