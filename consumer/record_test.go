package consumer

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

func TestHeader(t *testing.T) {
	rec := Record{Headers: []Header{{Key: "a", Value: []byte("1")}, {Key: "b"}, {Key: "a", Value: []byte("2")}}}
	if v, ok := rec.Header("a"); !ok || string(v) != "2" {
		t.Errorf("the last header a is %q, %v", v, ok)
	}
	if v, ok := rec.Header("b"); !ok || v != nil {
		t.Errorf("the header b is %q, %v", v, ok)
	}
	if _, ok := rec.Header("c"); ok {
		t.Error("there is a header c")
	}
}

func TestClone(t *testing.T) {
	rec := Record{Key: []byte("k"), Value: []byte("v"), Headers: []Header{{Key: "a", Value: []byte("1")}}}
	clone := rec.Clone()
	rec.Key[0], rec.Value[0], rec.Headers[0].Value[0], rec.Headers[0].Key = 'x', 'x', 'x', "x"
	if string(clone.Key)+string(clone.Value) != "kv" || clone.Headers[0].Key != "a" || string(clone.Headers[0].Value) != "1" {
		t.Errorf("the clone has changed with the record: %v", clone)
	}
}

// What a record says is all that a producer needs to write it again.
func TestContent(t *testing.T) {
	var rec interface {
		Content() (key, value []byte, headers []wire.Header, timestamp time.Time)
	} = Record{Key: []byte("k"), Value: []byte("v"), Headers: []Header{{Key: "a"}}, Timestamp: time.UnixMilli(7)}
	key, value, headers, at := rec.Content()
	if string(key) != "k" || string(value) != "v" || len(headers) != 1 || at.UnixMilli() != 7 {
		t.Error(key, value, headers, at)
	}
}

// Headers of one record are not those of another, however the records are kept, appended to, and
// read again.
func TestHeadersAreEachRecordsOwn(t *testing.T) {
	_, p := one()
	var b record.Builder
	b.Reset(record.V2, nil)
	for i := range 2000 {
		var headers []wire.Header
		for j := range i % 4 {
			headers = append(headers, wire.Header{Key: fmt.Sprint(i, j), Value: fmt.Append(nil, j)})
		}
		if err := b.Append(int64(i), nil, nil, headers); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := b.Seal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	record.Stamp(raw, -1, -1, -1)
	c := newChunk(p, &fetchNode{}, raw, 0, 2000)
	read := func(cur cursor) (kept []Record) {
		options := readOptions{}
		var rec record.Record
		for cur.next(&options, &rec) == nil {
			r := newRecord(c, &cur, &rec)
			_ = append(r.Headers, wire.Header{Key: "mine", Value: bytes.Repeat([]byte("x"), 10)})
			kept = append(kept, r)
		}
		return kept
	}
	for _, kept := range [][]Record{read(c.cur), read(c.cur)} {
		if len(kept) != 2000 {
			t.Fatalf("%d records", len(kept))
		}
		for i, r := range kept {
			if len(r.Headers) != i%4 {
				t.Fatalf("record %d has headers %v", i, r.Headers)
			}
			for j, h := range r.Headers {
				if h.Key != fmt.Sprint(i, j) || string(h.Value) != fmt.Sprint(j) {
					t.Errorf("header %d of record %d is %v", j, i, h)
				}
			}
		}
	}
}

func TestNewPolled(t *testing.T) {
	if !NewPolled().Empty() {
		t.Error("nothing is not empty")
	}
	polled := NewPolled(Record{Topic: "t", Offset: 1}, Record{Topic: "u", Offset: 2}, Record{Topic: "t", Offset: 3})
	var all, parted []string
	for rec := range polled.All() {
		all = append(all, fmt.Sprintf("%s@%d", rec.Topic, rec.Offset))
	}
	for tp, records := range polled.Partitions() {
		for rec := range records {
			parted = append(parted, fmt.Sprintf("%s@%d", tp.Topic, rec.Offset))
		}
	}
	want := []string{"t@1", "t@3", "u@2"}
	if !slices.Equal(all, want) || !slices.Equal(parted, want) || polled.Empty() {
		t.Errorf("got %v and %v, want %v", all, parted, want)
	}
	for rec := range polled.All() {
		if rec.Offset != 1 {
			t.Error("All continues after a break")
		}
		break
	}
}
