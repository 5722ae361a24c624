package producer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// TestContractCancelASend: ctx bounds only the waits of Send. A record that was
// not accepted is never sent; one that was goes its way whatever becomes of ctx.
func TestContractCancelASend(t *testing.T) {
	t.Run("while the topic is unknown", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.NoAutoCreate())
			p := newProducer(t, cluster, Config{})
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			began := time.Now()
			_, err := p.Send(ctx, Record{Topic: "missing", Value: []byte("v")})
			if waited := time.Since(began); waited != 3*time.Second || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, wire.ErrUnknownTopicOrPartition) {
				t.Errorf("after %v: %v", waited, err)
			}
			began = time.Now()
			_, err = p.Send(t.Context(), Record{Topic: "missing", Value: []byte("v")})
			if waited := time.Since(began); waited != time.Minute || !strings.Contains(err.Error(), "max.block.ms") {
				t.Errorf("MaxBlock: after %v: %v", waited, err)
			}
			if cluster.Requests(wire.KeyProduce) != 0 {
				t.Error("something was sent")
			}
		})
	})
	t.Run("while the buffer is full", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
			p := newProducer(t, cluster, Config{BatchSize: 500, BufferMemory: 1000, MaxBlock: 5 * time.Second, DeliveryTimeout: time.Hour})
			if _, err := p.PartitionsFor(t.Context(), "t"); err != nil {
				t.Fatal(err)
			}
			cluster.Freeze(1)
			value := make([]byte, 400)
			accepted := []Future{
				mustSend(t, p, Record{Topic: "t", Value: value}),
				mustSend(t, p, Record{Topic: "t", Value: value}),
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			enough := errors.New("enough")
			time.AfterFunc(time.Second, func() { cancel(enough) })
			began := time.Now()
			_, err := p.Send(ctx, Record{Topic: "t", Value: []byte(strings.Repeat("never", 80))})
			if full, ok := errors.AsType[*BufferFullError](err); !ok || time.Since(began) != time.Second || !errors.Is(err, enough) || full.Memory != 1000 {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
			_, err = p.Send(t.Context(), Record{Topic: "t", Value: value})
			if _, ok := errors.AsType[*BufferFullError](err); !ok || time.Since(began) != 6*time.Second || !strings.Contains(err.Error(), "max.block.ms") {
				t.Errorf("MaxBlock: after %v: %v", time.Since(began), err)
			}
			var waiting sync.WaitGroup
			waiting.Go(func() { accepted = append(accepted, mustSend(t, p, Record{Topic: "t", Value: value})) })
			time.Sleep(time.Second)
			cluster.Thaw(1)
			waiting.Wait()
			for _, f := range accepted {
				mustWait(t, f)
			}
			for _, w := range readLog(t, cluster, "t", 0) {
				if strings.HasPrefix(w.value, "never") {
					t.Error("a record that was not accepted was sent")
				}
			}
		})
	})
	t.Run("after Send", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
			p := newProducer(t, cluster, Config{Linger: time.Second})
			ctx, cancel := context.WithCancel(t.Context())
			f, err := p.Send(ctx, Record{Topic: "t", Value: []byte("v")})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Wait(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("Wait with a cancelled context: %v", err)
			}
			mustWait(t, f)
			if _, err := f.Wait(ctx); err != nil {
				t.Errorf("Wait with a cancelled context when the result is there: %v", err)
			}
			if log := readLog(t, cluster, "t", 0); len(log) != 1 {
				t.Errorf("the log is %v", log)
			}
		})
	})
	t.Run("by the delivery timeout at the latest", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
			p := newProducer(t, cluster, Config{DeliveryTimeout: 45 * time.Second})
			mustWait(t, mustSend(t, p, Record{Topic: "t", Value: []byte("v")}))
			cluster.Freeze(1)
			began := time.Now()
			_, err := mustSend(t, p, Record{Topic: "t", Value: []byte("v")}).Wait(t.Context())
			if waited := time.Since(began); waited != 45*time.Second || !errors.Is(err, ErrDeliveryTimeout) {
				t.Errorf("after %v: %v", waited, err)
			}
			cluster.Thaw(1)
		})
	})
}

// storm makes a cluster refuse, delay, lose and forget requests at random, move
// leaders and restart brokers, until stop is called. What it breaks it mends.
func storm(cluster *kafkatest.Cluster, random *rand.Rand, topic string, partitions int) (stop func()) {
	var mu sync.Mutex // guards random
	dice := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n)
	}
	codes := []wire.ErrorCode{wire.ErrNotLeaderOrFollower, wire.ErrRequestTimedOut, wire.ErrNotEnoughReplicas, wire.ErrLeaderNotAvailable}
	remove := cluster.Control(wire.KeyProduce, func(kafkatest.Request) kafkatest.Action {
		switch dice(12) {
		case 0:
			return kafkatest.Action{Error: codes[dice(len(codes))]}
		case 1:
			return kafkatest.Action{Close: true}
		case 2:
			return kafkatest.Action{Lose: true, Close: true}
		case 3:
			return kafkatest.Action{Delay: time.Duration(dice(300)) * time.Millisecond}
		case 4:
			if dice(5) == 0 {
				return kafkatest.Action{NoAnswer: true}
			}
		}
		return kafkatest.Action{}
	})
	quit := make(chan struct{})
	var moving sync.WaitGroup
	moving.Go(func() {
		for {
			select {
			case <-quit:
				return
			case <-time.After(time.Duration(dice(2000)) * time.Millisecond):
			}
			cluster.MoveLeader(topic, int32(dice(partitions)), int32(1+dice(3)))
		}
	})
	return func() {
		close(quit)
		moving.Wait()
		remove()
	}
}

// TestContractOrder: in a storm, first copies land in the order in which Send
// accepted them, retries included.
func TestContractOrder(t *testing.T) {
	for _, cfg := range []Config{
		{MaxInFlight: 1, Acks: AcksLeader}, {Acks: AcksLeader}, {Retries: 3, BatchSize: 200}, {Retries: -1, BatchSize: 100},
		{Linger: 5 * time.Millisecond}, {Acks: AcksNone, Retries: -1},
	} {
		t.Run(fmt.Sprintf("retries %d, in flight %d, acks %v", cfg.Retries, cfg.MaxInFlight, cfg.Acks), func(t *testing.T) {
			for seed := range uint64(10) {
				synctest.Test(t, func(t *testing.T) { testStorm(t, cfg, seed) })
			}
		})
	}
}

// testStorm sends numbers through a storm and checks order, and that what was
// acknowledged is written.
func testStorm(t *testing.T, cfg Config, seed uint64) {
	const partitions = 3
	random := rand.New(rand.NewPCG(seed, 2))
	cluster := kafkatest.Start(t, quiet, kafkatest.Brokers(3), kafkatest.Topic("t", partitions))
	cfg.RequestTimeout = 5 * time.Second
	p := newProducer(t, cluster, cfg)
	stop := storm(cluster, rand.New(rand.NewPCG(seed, 3)), "t", partitions)
	futures := map[int32][]Future{}
	called := map[int32][]int{}
	failed := 0
	for range 500 {
		id := int32(random.IntN(partitions))
		rec := Record{Topic: "t", Partition: ToPartition(id), Value: []byte(strconv.Itoa(len(futures[id])))}
		futures[id] = append(futures[id], mustSend(t, p, rec))
		n := len(futures[id])
		err := p.SendFunc(t.Context(), Record{Topic: "t", Partition: rec.Partition, Value: []byte("f")}, func(_ RecordMetadata, err error) {
			called[id] = append(called[id], n)
			if err != nil {
				failed++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if random.IntN(20) == 0 {
			time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)
		}
	}
	flushErr := p.Flush(t.Context())
	stop()
	for id := range int32(partitions) {
		if !slices.IsSorted(called[id]) || len(called[id]) != len(futures[id]) {
			t.Errorf("partition %d: %d callbacks for %d records, sorted %t", id, len(called[id]), len(futures[id]), slices.IsSorted(called[id]))
		}
		failed += checkLog(t, cfg, seed, id, readLog(t, cluster, "t", id), futures[id])
	}
	if e, ok := errors.AsType[*UnacknowledgedError](flushErr); failed > 0 && (!ok || e.Records != failed) || failed == 0 && flushErr != nil {
		t.Fatalf("seed %d: %d records failed, and Flush said %v", seed, failed, flushErr)
	}
	if err := p.Close(); err != nil {
		t.Fatalf("seed %d: Close after Flush: %v", seed, err)
	}
}

func checkLog(t *testing.T, cfg Config, seed uint64, id int32, log []written, futures []Future) (failed int) {
	t.Helper()
	seen, last := map[string]bool{}, -1
	for _, w := range log {
		if w.value == "f" {
			continue
		}
		n, _ := strconv.Atoi(w.value)
		_, err := futures[n].Wait(t.Context())
		if e, ok := errors.AsType[*DeliveryError](err); ok && e.MaybeWritten {
			continue // given up, and written nevertheless, at any time
		}
		if !seen[w.value] && n < last {
			t.Fatalf("seed %d, partition %d: the first copy of %d is behind %d", seed, id, n, last)
		}
		seen[w.value], last = true, max(last, n)
	}
	for n, f := range futures {
		md, err := f.Wait(t.Context())
		switch {
		case err != nil:
			failed++
		case cfg.Acks == AcksNone:
			if md.Offset != -1 {
				t.Fatalf("acks=0 says offset %d", md.Offset)
			}
		case md.Offset >= int64(len(log)) || log[md.Offset].value != strconv.Itoa(n):
			t.Fatalf("seed %d, partition %d: record %d is not at offset %d, where it was acknowledged", seed, id, n, md.Offset)
		}
	}
	if failed > 0 && (cfg.Retries == 0 || cfg.Retries == math.MaxInt) {
		t.Fatalf("seed %d, partition %d: %d records failed, with endless retries", seed, id, failed)
	}
	return failed
}

// TestContractAckedIsWritten: brokers are killed and come back; what was
// acknowledged is there.
func TestContractAckedIsWritten(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Brokers(3), kafkatest.Topic("t", 3))
			p := newProducer(t, cluster, Config{RequestTimeout: 5 * time.Second})
			random := rand.New(rand.NewPCG(seed, 4))
			futures := map[int32][]Future{}
			for i := range 300 {
				id := int32(random.IntN(3))
				rec := Record{Topic: "t", Partition: ToPartition(id), Value: []byte(strconv.Itoa(len(futures[id])))}
				futures[id] = append(futures[id], mustSend(t, p, rec))
				time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
				node := int32(1 + i/100)
				switch i % 100 {
				case 20:
					cluster.StopBroker(node)
				case 60:
					if err := cluster.StartBroker(node); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			for id := range int32(3) {
				checkLog(t, p.cfg, seed, id, readLog(t, cluster, "t", id), futures[id])
			}
		})
	}
}

func TestContractFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 3))
		cluster.Control(wire.KeyProduce, func(kafkatest.Request) kafkatest.Action {
			return kafkatest.Action{Delay: time.Second}
		})
		p := newProducer(t, cluster, Config{Linger: 10 * time.Second})
		mustSend(t, p, Record{Topic: "t", Value: []byte("v")}) // the topic is known, connections stand
		p.Flush(t.Context())
		called := 0
		for range 100 {
			err := p.SendFunc(t.Context(), Record{Topic: "t", Value: []byte("v")}, func(_ RecordMetadata, err error) {
				if err == nil {
					time.Sleep(time.Millisecond) // Flush waits for it all the same
					called++
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if err := p.Flush(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a flush of half a second: %v", err)
		}
		began := time.Now()
		var flushes sync.WaitGroup
		for range 3 {
			flushes.Go(func() {
				if err := p.Flush(t.Context()); err != nil || called != 100 {
					t.Errorf("flush: %v, %d callbacks", err, called)
				}
			})
		}
		flushes.Wait()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("flushing took %v: it lingered", took)
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Errorf("a flush of nothing: %v", err)
		}
	})
}

func TestContractClose(t *testing.T) {
	t.Run("flushes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
			p := newProducer(t, cluster, Config{Linger: time.Minute})
			f := mustSend(t, p, Record{Topic: "t", Value: []byte("v")})
			began := time.Now()
			var closes sync.WaitGroup
			for range 3 {
				closes.Go(func() {
					if err := p.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			closes.Wait()
			if took := time.Since(began); took > time.Second {
				t.Errorf("Close took %v: it lingered", took)
			}
			mustWait(t, f)
			if _, err := p.Send(t.Context(), Record{Topic: "t", Value: []byte("v")}); !errors.Is(err, ErrClosed) {
				t.Errorf("Send after Close: %v", err)
			}
			if _, err := p.Send(t.Context(), Record{Topic: "unknown", Value: []byte("v")}); !errors.Is(err, ErrClosed) {
				t.Errorf("Send to an unknown topic after Close: %v", err)
			}
			if err := p.Flush(t.Context()); err != nil {
				t.Errorf("Flush after Close: %v", err)
			}
			if err := p.Close(); err != nil {
				t.Errorf("Close after Close: %v", err)
			}
		})
	})
	t.Run("fails what is left", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 2))
			p := newProducer(t, cluster, Config{BatchSize: -1, Retries: 5})
			mustWait(t, mustSend(t, p, Record{Topic: "t", Value: []byte("v"), Partition: ToPartition(1)}))
			cluster.Freeze(1)
			var called error
			sent := mustSend(t, p, Record{Topic: "t", Value: []byte("v"), Partition: ToPartition(1)})
			p.SendFunc(t.Context(), Record{Topic: "t", Value: []byte("v"), Partition: ToPartition(1)}, func(_ RecordMetadata, err error) { called = err })
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			began := time.Now()
			err := p.Shutdown(ctx)
			if took := time.Since(began); took != 3*time.Second || !errors.Is(err, ErrClosed) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 records") {
				t.Errorf("after %v: %v", took, err)
			}
			_, err = sent.Wait(t.Context())
			if e, ok := errors.AsType[*DeliveryError](err); !ok || !errors.Is(err, ErrClosed) || !e.MaybeWritten || e.Attempts != 1 {
				t.Errorf("the record in flight: %v", err)
			}
			if e, ok := errors.AsType[*DeliveryError](called); !ok || !errors.Is(called, ErrClosed) || e.MaybeWritten || e.Attempts != 0 {
				t.Errorf("the record that was not sent: %v", called)
			}
			if again := p.Close(); !errors.Is(again, ErrClosed) {
				t.Errorf("Close after Close: %v", again)
			}
			cluster.Thaw(1)
		})
	})
	t.Run("hastened", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
			p := newProducer(t, cluster, Config{})
			mustWait(t, mustSend(t, p, Record{Topic: "t", Value: []byte("v")}))
			cluster.Freeze(1)
			f := mustSend(t, p, Record{Topic: "t", Value: []byte("v")})
			began := time.Now()
			closed := make(chan error)
			go func() { closed <- io.Closer(p).Close() }()
			time.Sleep(time.Second)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()                                                            // nothing that waits is left in silence
			for _, err := range []error{p.Shutdown(ctx), <-closed, p.Close()} { // a DeliveryError is in each
				if !errors.Is(err, ErrClosed) || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "1 record ") || strings.Contains(err.Error(), "of these") {
					t.Errorf("Close or Shutdown: %v", err)
				}
			}
			if took := time.Since(began); took != time.Second {
				t.Errorf("took %v", took)
			}
			if _, err := f.Wait(t.Context()); !errors.Is(err, ErrClosed) {
				t.Errorf("the record: %v", err)
			}
			cluster.Thaw(1)
		})
	})
	t.Run("without a deadline", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
			p := newProducer(t, cluster, Config{DeliveryTimeout: 40 * time.Second})
			mustWait(t, mustSend(t, p, Record{Topic: "t", Value: []byte("v")}))
			cluster.Freeze(1)
			f := mustSend(t, p, Record{Topic: "t", Value: []byte("v")})
			began := time.Now()
			err := p.Close()
			if e, ok := errors.AsType[*UnacknowledgedError](err); !ok || e.Records != 1 || e.First.Topic != "t" || time.Since(began) > 41*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
			if _, err := f.Wait(t.Context()); !errors.Is(err, ErrDeliveryTimeout) {
				t.Errorf("the record: %v", err)
			}
			cluster.Thaw(1)
		})
	})
	t.Run("wakes a waiting Send", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1), kafkatest.NoAutoCreate())
			p := newProducer(t, cluster, Config{BatchSize: 500, BufferMemory: 500})
			cluster.Control(wire.KeyProduce, func(kafkatest.Request) kafkatest.Action { return kafkatest.Action{Delay: time.Hour} })
			value := make([]byte, 300)
			mustSend(t, p, Record{Topic: "t", Value: value})
			var sends sync.WaitGroup
			for _, topic := range []string{"t", "unknown"} {
				sends.Go(func() {
					if _, err := p.Send(t.Context(), Record{Topic: topic, Value: value}); !errors.Is(err, ErrClosed) {
						t.Errorf("Send to %s while Close: %v", topic, err)
					}
				})
			}
			time.Sleep(time.Second)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			began := time.Now()
			p.Shutdown(ctx)
			sends.Wait()
			if took := time.Since(began); took > 0 {
				t.Errorf("took %v", took)
			}
		})
	})
	t.Run("of the client", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
			client := newClient(t, cluster)
			p, err := New(client, Config{Linger: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			f := mustSend(t, p, Record{Topic: "t", Value: []byte("v")})
			client.Close()
			if _, err := f.Wait(t.Context()); !errors.Is(err, netclient.ErrClosed) {
				t.Errorf("the record: %v", err)
			}
			if _, err := p.Send(t.Context(), Record{Topic: "t", Value: []byte("v")}); !errors.Is(err, ErrClosed) {
				t.Errorf("Send: %v", err)
			}
			if err := p.Close(); !errors.Is(err, ErrClosed) {
				t.Errorf("Close: %v", err)
			}
		})
	})
}

// TestDial: one thing to make and one to close, and a send that waits.
func TestDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1), kafkatest.MaxMessageBytes(1000))
		config := netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: slog.New(slog.DiscardHandler)}
		p, err := Dial(config, Config{Linger: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		md, err := p.SendWait(t.Context(), Record{Topic: "t", Value: []byte("v")})
		if err != nil || md.Topic != "t" || md.Offset != 0 {
			t.Errorf("%v, %v", md, err)
		}
		if _, err := p.SendWait(t.Context(), Record{Value: []byte("v")}); !errors.Is(err, errNoTopic) {
			t.Errorf("a record that Send refuses: %v", err)
		}
		if _, err := p.SendWait(t.Context(), Record{Topic: "t", Value: make([]byte, 2000)}); !errors.Is(err, wire.ErrMessageTooLarge) {
			t.Errorf("a record that the broker refuses: %v", err)
		}
		err = p.Close()
		if e, ok := errors.AsType[*UnacknowledgedError](err); !ok || e.Records != 1 || !errors.Is(err, wire.ErrMessageTooLarge) {
			t.Errorf("Close: %v", err)
		}
		select {
		case <-p.client.Done():
		default:
			t.Error("its client is still open")
		}
		if _, err := Dial(config, Config{Linger: -1}); err == nil || !strings.Contains(err.Error(), "Linger") {
			t.Errorf("a bad Config: %v", err)
		}
		if _, err := Dial(netclient.Config{BootstrapServers: []string{":::"}}, Config{}); err == nil {
			t.Error("a bad bootstrap server is no error")
		}
	}) // and no goroutine is left
}

// TestContractErrors: they say what was tried, where, how often, and what to
// check.
func TestContractErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1), kafkatest.MaxMessageBytes(1000))
		p := newProducer(t, cluster, Config{})
		for _, bad := range []struct {
			rec  Record
			want string
		}{
			{Record{Value: []byte("v")}, "names no topic"},
			{Record{Topic: "t", Value: []byte("v"), Timestamp: time.Unix(-5, 0)}, `producer: send to topic "t": the timestamp is before 1970`},
			{Record{Topic: "t", Value: []byte("v"), Timestamp: time.UnixMilli(math.MaxInt64).Add(time.Millisecond)}, "too late"},
			{Record{Topic: "t", Value: []byte("v"), Timestamp: time.Unix(1<<62, 0)}, "too late"},
			{Record{Topic: "t", Value: []byte("v"), Timestamp: time.Unix(math.MaxInt64, 0)}, "before 1970"}, // time.Time itself wraps
			{Record{Topic: "t", Value: make([]byte, 1<<20)}, "max.request.size allows 1048576"},
			{Record{Topic: "not a topic", Value: []byte("v")}, `topic "not a topic"`},
		} {
			if _, err := p.Send(t.Context(), bad.rec); err == nil || !strings.Contains(err.Error(), bad.want) {
				t.Errorf("want %q, got: %v", bad.want, err)
			}
		}
		_, err := mustSend(t, p, Record{Topic: "t", Value: make([]byte, 2000)}).Wait(t.Context())
		for _, part := range []string{`topic "t" partition 0: 1 record not acknowledged after 1 attempt, last to broker 1`, "MESSAGE_TOO_LARGE", "max.message.bytes"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("want %q, got: %v", part, err)
			}
		}
		if _, err := (Future{}).Wait(t.Context()); err == nil {
			t.Error("the zero Future has a result")
		}
		<-Future{}.Done()
	})
}

// TestRecordErrors: what the broker says of a record is in the error (KIP-467).
func TestRecordErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
		cluster.Control(wire.KeyProduce, func(r kafkatest.Request) kafkatest.Action {
			a := answer{Index: 0, ErrorCode: wire.ErrInvalidRecord, ErrorMessage: new("one or more records have been rejected")}
			a.CurrentLeader.SetDefaults()
			a.RecordErrors = []msg.ProduceResponseResponsePartitionResponseRecordError{{BatchIndex: 1, BatchIndexErrorMessage: new("it needs a key")}}
			return kafkatest.Action{Response: &msg.ProduceResponse{Responses: []msg.ProduceResponseResponse{
				{Name: "t", PartitionResponses: []answer{a}},
			}}}
		})
		p := newProducer(t, cluster, Config{})
		_, err := mustSend(t, p, Record{Topic: "t", Value: []byte("v")}).Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), wire.ErrInvalidRecord.Error()+" (one or more records have been rejected: record 1 of 1: it needs a key)") {
			t.Errorf("the error is %v", err)
		}
	})
}
