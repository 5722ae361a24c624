package producer

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestReleases sends with every codec to brokers of several ages, and reads back
// what they keep.
func TestReleases(t *testing.T) {
	for release, format := range map[string]record.Format{
		"0.8.0": record.V0, "0.8.2.2": record.V0, "0.9.0.1": record.V0, "0.10.2.2": record.V1,
		"0.11.0.3": record.V2, "2.8.2": record.V2, "4.4.0": record.V2,
	} {
		for _, codec := range []Compression{{}, Gzip, Snappy, LZ4, Zstd} {
			t.Run(fmt.Sprintf("%s/%s", release, codec), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testRelease(t, release, format, codec) })
			})
		}
	}
}

func testRelease(t *testing.T, release string, format record.Format, codec Compression) {
	cluster := kafkatest.Start(t, quiet, kafkatest.Version(release), kafkatest.Topic("t", 2))
	p := newProducer(t, cluster, Config{Compression: codec, Linger: 5 * time.Millisecond})
	at := time.UnixMilli(1234567)
	var fs []Future
	for i := range 100 {
		rec := Record{Topic: "t", Partition: ToPartition(int32(i % 2)), Key: []byte("k"), Value: []byte(strings.Repeat(fmt.Sprint(i), 30)), Timestamp: at}
		if i < 2 {
			rec.Key, rec.Value = nil, []byte{}
		}
		fs = append(fs, mustSend(t, p, rec))
	}
	if codec == LZ4 && release == "0.8.0" || codec == Zstd && release < "2.1" {
		_, err := fs[0].Wait(t.Context())
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), codec.String()) {
			t.Fatalf("the error is %v", err)
		}
		return
	}
	for i, f := range fs {
		md := mustWait(t, f)
		if md.Offset != int64(i/2) || md.Partition != int32(i%2) || md.Timestamp.IsZero() != (format == record.V0) || format > record.V0 && !md.Timestamp.Equal(at) {
			t.Fatalf("record %d: %+v", i, md)
		}
	}
	for partition := range int32(2) {
		log := readLog(t, cluster, "t", partition)
		if len(log) != 50 {
			t.Fatalf("partition %d holds %d records", partition, len(log))
		}
		for i, w := range log[1:] {
			want := strings.Repeat(fmt.Sprint(2*(i+1)+int(partition)), 30)
			if w.offset != int64(i+1) || w.value != want || w.key != "k" || w.format != format || w.codec != codec.id() || format > record.V0 && w.timestamp != at.UnixMilli() {
				t.Fatalf("partition %d, record %d: %+v", partition, i+1, w)
			}
		}
	}
}

// TestFirstBatchFits: on an old cluster the very first batch is in its format,
// not one that has to be encoded again.
func TestFirstBatchFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Version("0.10.2.2"), kafkatest.Topic("t", 1))
		p := newProducer(t, cluster, Config{Linger: time.Second})
		_, err := p.Send(t.Context(), Record{Topic: "t", Value: []byte("v"), Headers: []wire.Header{{Key: "h"}}})
		if !errors.Is(err, errHeaders) {
			t.Errorf("a record with headers to 0.10: %v", err)
		}
	})
}

func TestHeadersAndTombstones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet)
		p := newProducer(t, cluster, Config{})
		headers := []wire.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: nil}, {Key: "", Value: []byte{}}}
		began := time.Now()
		mustWait(t, mustSend(t, p, Record{Topic: "t", Key: []byte("k"), Headers: headers}))
		log := readLog(t, cluster, "t", 0)
		if len(log) != 1 || !slices.EqualFunc(log[0].headers, headers, func(a, b wire.Header) bool {
			return a.Key == b.Key && string(a.Value) == string(b.Value) && (a.Value == nil) == (b.Value == nil)
		}) {
			t.Errorf("%+v", log)
		}
		if at := time.UnixMilli(log[0].timestamp); at.Before(began.Truncate(time.Millisecond)) || at.After(time.Now()) {
			t.Errorf("sent after %v, and the timestamp is %v", began, at)
		}
	})
}

// TestNothingInIt: a record of neither key nor value is one, in every format; and
// so is one of the last millisecond there is.
func TestNothingInIt(t *testing.T) {
	for _, release := range []string{"0.8.0", "0.10.2.2", "4.4.0"} {
		synctest.Test(t, func(t *testing.T) {
			cluster := kafkatest.Start(t, quiet, kafkatest.Version(release), kafkatest.Topic("t", 1))
			p := newProducer(t, cluster, Config{})
			last := time.UnixMilli(math.MaxInt64)
			for _, at := range []time.Time{last, time.UnixMilli(0), last} {
				mustSend(t, p, Record{Topic: "t", Timestamp: at})
			}
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			log := readLog(t, cluster, "t", 0)
			if len(log) != 3 || log[2].format > record.V0 && (log[2].timestamp != math.MaxInt64 || log[1].timestamp != 0) {
				t.Fatalf("%s: %+v", release, log)
			}
			for _, w := range log {
				if !w.null {
					t.Errorf("%s: key %q, value %q", release, w.key, w.value)
				}
			}
		})
	}
}

// TestPartitions: keys are spread as kafka-python and Java do it, null keys
// over all partitions, and a partition can be named.
func TestPartitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 3), kafkatest.Brokers(3))
		p := newProducer(t, cluster, Config{})
		parts, err := p.PartitionsFor(t.Context(), "t")
		if err != nil || len(parts) != 3 || parts[2].ID != 2 || parts[2].Leader < 1 || len(parts[2].Replicas) == 0 {
			t.Errorf("partitions %+v, %v", parts, err)
		}
		for key, want := range map[string]int32{"foo": 2, "bar": 0, "key1": 2, "key2": 2} { // as kafka-python 1.2.1
			if md := mustWait(t, mustSend(t, p, Record{Topic: "t", Key: []byte(key)})); md.Partition != want {
				t.Errorf("key %s went to partition %d, want %d", key, md.Partition, want)
			}
		}
		seen := map[int32]bool{}
		for range 100 {
			seen[mustWait(t, mustSend(t, p, Record{Topic: "t", Value: []byte("v")})).Partition] = true
		}
		if len(seen) != 3 {
			t.Errorf("null keys went to partitions %v", seen)
		}
		if md := mustWait(t, mustSend(t, p, Record{Topic: "t", Key: []byte("foo"), Partition: ToPartition(0)})); md.Partition != 0 {
			t.Errorf("a named partition 0 became %d", md.Partition)
		}
		_, err = p.Send(t.Context(), Record{Topic: "t", Value: []byte("v"), Partition: ToPartition(7)})
		if e, ok := errors.AsType[*PartitionError](err); !ok || e.Partition != 7 || e.Partitions != 3 {
			t.Errorf("partition 7: %v", err)
		}
	})
}

// TestAddedPartitions: a partition that was added can be named at once, and is
// used for null keys when the metadata has been refreshed.
func TestAddedPartitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
		p := newProducer(t, cluster, Config{})
		send := func(to Partition) int32 {
			return mustWait(t, mustSend(t, p, Record{Topic: "t", Value: []byte("v"), Partition: to})).Partition
		}
		send(Partition{})
		if err := cluster.AddPartitions("t", 2); err != nil {
			t.Fatal(err)
		}
		if got := send(Partition{}); got != 0 {
			t.Errorf("partition %d before anyone could know of it", got)
		}
		if got := send(ToPartition(1)); got != 1 {
			t.Errorf("named partition 1 became %d", got)
		}
		seen := map[int32]bool{}
		for range 50 {
			seen[send(Partition{})] = true
		}
		if len(seen) != 2 {
			t.Errorf("null keys went to partitions %v", seen)
		}
		if err := cluster.AddPartitions("t", 3); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute) // metadata.max.age.ms
		for range 100 {
			seen[send(Partition{})] = true
		}
		if len(seen) != 3 {
			t.Errorf("null keys went to partitions %v", seen)
		}
	})
}

// TestTimestamps: also in a batch that is open for long, timestamps are not far
// from the time of Send.
func TestTimestamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
		p := newProducer(t, cluster, Config{Linger: time.Minute})
		var sent []time.Time
		for range 20 {
			time.Sleep(33 * time.Millisecond)
			mustSend(t, p, Record{Topic: "t", Value: []byte("v")})
			sent = append(sent, time.Now())
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, w := range readLog(t, cluster, "t", 0) {
			if behind := sent[i].Sub(time.UnixMilli(w.timestamp)); behind < 0 || behind > tickEvery+time.Millisecond {
				t.Errorf("record %d is stamped %v before it was sent", i, behind)
			}
		}
	})
}

// TestTicks: while batches are open, their clocks tick, however often the sender
// is woken; and only then.
func TestTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1))
		p := newProducer(t, cluster, Config{Linger: time.Minute})
		ticks := func(d time.Duration) uint32 {
			before := p.acc.tick.Load()
			for range d / time.Millisecond {
				time.Sleep(time.Millisecond)
				p.inbox.ring()
			}
			synctest.Wait()
			return p.acc.tick.Load() - before
		}
		for range 2 {
			if n := ticks(time.Second); n > 1 {
				t.Errorf("%d ticks without an open batch", n)
			}
			mustSend(t, p, Record{Topic: "t", Value: []byte("v")})
			if n := ticks(time.Second); n < 99 || n > 100 {
				t.Errorf("%d ticks in a second, want one in %v", n, tickEvery)
			}
			if err := p.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			ticks(tickEvery) // it learns that there is nothing open
		}
	})
}
