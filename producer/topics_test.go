package producer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// TestMemoryOfQuietTopics: a program that writes to a topic per tenant, once, pays a
// few KB for each, client and producer together.
func TestMemoryOfQuietTopics(t *testing.T) {
	const n, bound = 1000, 8 << 10
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	ctx := t.Context()
	cluster := kafkatest.Start(t, quiet)
	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(client, Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		name := fmt.Sprintf("tenant-%d", i)
		if err := cluster.CreateTopic(name, 4, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := p.SendWait(ctx, Record{Topic: name, Value: []byte("v")}); err != nil {
			t.Fatal(err)
		}
	}
	with := heap()
	ofProducer := with
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = nil
	ofProducer -= heap()
	client.Close()
	client = nil
	each := (with - heap()) / n
	t.Logf("%d bytes per quiet topic, %d of them the producer's", each, ofProducer/n)
	if each > bound {
		t.Errorf("%d bytes per quiet topic, want at most %d", each, bound)
	}
}

// TestNewTopicBesideManyOthers: a topic more costs the same beside few and many, as
// the memory shows that is allocated for it.
func TestNewTopicBesideManyOthers(t *testing.T) {
	var m topicMap
	m.init()
	next := 0
	add := func(n int) (bytes uint64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			name := strconv.Itoa(next)
			next++
			one := m.add(name, func() *topic { return &topic{name: name} })
			for range 2 {
				if m.get(name) != one {
					t.Fatalf("topic %s is lost", name)
				}
			}
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	few := add(1000)
	add(30_000)
	many := add(1000) + add(1000) + add(1000)
	t.Logf("%d bytes for 1000 topics, %d beside 30,000 others", few, many/3)
	if many/3 > 10*few {
		t.Errorf("1000 topics take %d bytes, and beside 30,000 others %d", few, many/3)
	}
	if m.get("0").name != "0" || m.get("nobody") != nil || len(m.all()) != next {
		t.Error("the map is wrong")
	}
	gone := map[*topic]bool{m.get("7"): true, m.get(strconv.Itoa(next - 1)): true}
	m.remove(gone)
	if m.get("7") != nil || m.get(strconv.Itoa(next-1)) != nil || m.get("8") == nil || len(m.all()) != next-2 {
		t.Error("remove takes out the wrong ones")
	}
}

// TestFlushLeavesQuietPartitionsAlone: what a flush costs depends on what waits.
func TestFlushLeavesQuietPartitionsAlone(t *testing.T) {
	r := newRig(t, Config{Linger: time.Minute})
	for id := range int32(100) {
		r.send(id, "a")
	}
	r.flush()
	for len(r.calls) > 0 {
		r.answer(wire.ErrNone)
	}
	r.idle()
	for id := range int32(100) {
		r.part(id).listed = true // which a look at it resets
	}
	r.part(7).listed = false
	f := r.send(7, "b")
	r.step()
	r.want()
	r.flush()
	r.want("1: 7:b")
	r.answer(wire.ErrNone)
	r.offset(f, 1)
	for id := range int32(100) {
		if id != 7 && !r.part(id).listed {
			t.Fatalf("the flush has looked at partition %d, which is quiet", id)
		}
	}
}

// flush does what Flush does, without waiting.
func (r *rig) flush() {
	r.acc.gens.end(false)
	r.step()
	r.sender.lookAll(r.now)
	r.step()
}

// TestQuietTopicsAreForgotten: topics and partitions that nothing is sent to any
// more go, in time, and come back when something is.
func TestQuietTopicsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Partitions(3), kafkatest.Topic("busy", 3))
		p := newProducer(t, cluster, Config{})
		quietTopics := 50
		for i := range quietTopics {
			mustWait(t, mustSend(t, p, Record{Topic: fmt.Sprint("quiet", i), Partition: ToPartition(1), Value: []byte("v")}))
		}
		if n := len(p.topics.partitions()); n != quietTopics {
			t.Errorf("%d partitions are kept for %d that were sent to", n, quietTopics)
		}
		for minute := range 30 {
			mustWait(t, mustSend(t, p, Record{Topic: "busy", Partition: ToPartition(0), Value: []byte("v")}))
			if n := len(p.topics.all()); minute < 4 && n != quietTopics+1 {
				t.Fatalf("after %d minutes %d topics are known", minute, n)
			}
			time.Sleep(time.Minute)
		}
		if topics, parts := len(p.topics.all()), len(p.topics.partitions()); topics != 1 || parts != 1 {
			t.Errorf("after half an hour %d topics are kept, %d partitions", topics, parts)
		}
		if md := mustWait(t, mustSend(t, p, Record{Topic: "quiet3", Partition: ToPartition(1), Value: []byte("v")})); md.Offset != 1 {
			t.Errorf("a record for a topic that was forgotten: %+v", md)
		}
		time.Sleep(time.Hour)
		if topics := len(p.topics.all()); topics != 0 {
			t.Errorf("at last %d topics are kept", topics)
		}
	})
}

// TestForgettingDisturbsNobody: partitions are forgotten all the time while they are
// sent to, and yet each sender's records are written once and in order.
func TestForgettingDisturbsNobody(t *testing.T) {
	cluster := kafkatest.Start(t, quiet, kafkatest.Topic("a", 2), kafkatest.Topic("b", 2))
	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: slog.New(slog.DiscardHandler), MetadataMaxIdle: time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	p, err := New(client, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	type place struct {
		topic     string
		partition int32
	}
	const senders, each = 8, 200
	var sent [senders]map[place][]string
	var wg sync.WaitGroup
	for s := range senders {
		sent[s] = map[place][]string{}
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(s), 0))
			for i := range each {
				at := place{[]string{"a", "b"}[random.IntN(2)], int32(random.IntN(2))}
				key, value := strconv.Itoa(s), strconv.Itoa(i)
				f, err := p.Send(context.Background(), Record{Topic: at.topic, Partition: ToPartition(at.partition), Key: []byte(key), Value: []byte(value)})
				if err != nil {
					t.Error(err)
					return
				}
				sent[s][at] = append(sent[s][at], value)
				if random.IntN(4) == 0 {
					if _, err := f.Wait(context.Background()); err != nil {
						t.Error(err)
					}
				}
				if random.IntN(20) == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
	if err := p.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{"a", "b"} {
		for id := range int32(2) {
			var got [senders][]string
			for _, w := range readLog(t, cluster, topic, id) {
				s, _ := strconv.Atoi(w.key)
				got[s] = append(got[s], w.value)
			}
			for s := range senders {
				if want := sent[s][place{topic, id}]; fmt.Sprint(got[s]) != fmt.Sprint(want) {
					t.Errorf("%s/%d, sender %d: %v is written, want %v", topic, id, s, got[s], want)
				}
			}
		}
	}
}

// TestForgottenPartition: a partition that is not quiet is not forgotten, and what
// was is not used again.
func TestForgottenPartition(t *testing.T) {
	r := newRig(t, Config{Linger: time.Second})
	r.send(0, "a")
	forgotten := func() bool { return r.part(0).forgetQuiet() }
	steps := []struct {
		what string
		do   func()
		want bool
	}{
		{"used", func() {}, false},
		{"open", r.step, false},
		{"in flight", func() { r.pass(time.Second) }, false},
		{"done", func() { r.answer(wire.ErrNone) }, true},
	}
	for _, step := range steps {
		step.do()
		if got := forgotten(); got != step.want {
			t.Fatalf("%s: forgotten: %t", step.what, got)
		}
	}
	rec := Record{Topic: "t", Value: []byte("b")}
	if _, err := r.acc.append(t.Context(), r.part(0), &rec, nil, &blocking{}); !errors.Is(err, errForgotten) {
		t.Errorf("sending to a forgotten partition: %v", err)
	}
	r.idle()
}
