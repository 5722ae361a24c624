package producer

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestPartitionNames(t *testing.T) {
	for _, row := range []struct {
		p     Partition
		id    int32
		named bool
		text  string
	}{
		{Partition{}, -1, false, "any"}, {ToPartition(-1), -1, false, "any"},
		{ToPartition(0), 0, true, "0"}, {ToPartition(7), 7, true, "7"}, {ToPartition(1<<31 - 1), 1<<31 - 1, true, "2147483647"},
	} {
		if id, named := row.p.ID(); id != row.id || named != row.named || fmt.Sprint(row.p) != row.text {
			t.Errorf("%v: id %d, named %t; want %s, %d, %t", row.p, id, named, row.text, row.id, row.named)
		}
	}
	if ToPartition(3) != ToPartition(3) || ToPartition(-1) != (Partition{}) {
		t.Error("partitions can't be compared")
	}
}

// TestHeader: the last one of a name counts, as in Java's lastHeader.
func TestHeader(t *testing.T) {
	rec := Record{Headers: []Header{{Key: "a", Value: []byte("1")}, {Key: "b"}, {Key: "a", Value: []byte("2")}}}
	for name, want := range map[string]string{"a": "2 true", "b": " true", "c": " false"} {
		if value, ok := rec.Header(name); fmt.Sprintf("%s %t", value, ok) != want {
			t.Errorf("header %s: %q, %t; want %s", name, value, ok, want)
		}
	}
}

// consumed stands for a consumer.Record.
type consumed struct{ key, value []byte }

var aTime = time.UnixMilli(1_700_000_000_123)

func (c consumed) Content() (key, value []byte, headers []Header, timestamp time.Time) {
	return c.key, c.value, []Header{{Key: "h"}}, aTime
}

func TestNewRecord(t *testing.T) {
	rec := NewRecord("t", consumed{key: nil, value: []byte("v")})
	if rec.Topic != "t" || rec.Partition != (Partition{}) || rec.Key != nil || string(rec.Value) != "v" ||
		!slices.EqualFunc(rec.Headers, []Header{{Key: "h"}}, func(a, b Header) bool { return a.Key == b.Key }) || !rec.Timestamp.Equal(aTime) {
		t.Errorf("%+v", rec)
	}
}

func TestSettledFuture(t *testing.T) {
	want := RecordMetadata{TopicPartition: TopicPartition{Topic: "t", Partition: 3}, Offset: 7, Timestamp: aTime}
	f := SettledFuture(want, nil)
	<-f.Done()
	if md, err := f.Wait(t.Context()); md != want || err != nil {
		t.Errorf("%+v, %v; want %+v", md, err, want)
	}
	want.Timestamp = time.Time{}
	if md, err := SettledFuture(want, nil).Wait(t.Context()); md != want || err != nil {
		t.Errorf("without a timestamp: %+v, %v", md, err)
	}
	broken := errors.New("broken")
	if md, err := SettledFuture(want, broken).Wait(t.Context()); md.Topic != "t" || md.Partition != 3 || md.Offset != -1 || !errors.Is(err, broken) {
		t.Errorf("with an error: %+v, %v", md, err)
	}
	if got := want.String(); got != "t/3@7" {
		t.Errorf("metadata is written as %s", got)
	}
}
