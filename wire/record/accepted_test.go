package record_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// What Kafka's validator takes and Java reads, however odd, is read, and as what
// Java reads. tools/javacheck compares the two on many more.

// oddBatch is a batch of v2 with these bytes for its records.
func oddBatch(base int64, last, count int32, records ...byte) []byte {
	b := make([]byte, 61, 61+len(records))
	binary.BigEndian.PutUint64(b, uint64(base))
	binary.BigEndian.PutUint32(b[8:], uint32(49+len(records)))
	b[16] = 2
	binary.BigEndian.PutUint32(b[23:], uint32(last))
	binary.BigEndian.PutUint64(b[27:], 1000) // the base timestamp
	binary.BigEndian.PutUint32(b[57:], uint32(count))
	b = append(b, records...)
	record.Stamp(b, -1, -1, -1)
	return b
}

// said describes records, null as a dash.
func said(recs []record.Record) string {
	var all []string
	for _, r := range recs {
		all = append(all, fmt.Sprintf("%d@%d %s=%s", r.Offset, r.Timestamp, orDash(r.Key), orDash(r.Value)))
		for key, value := range r.Headers.All() {
			all[len(all)-1] += fmt.Sprintf(" %s:%s", key, orDash(value))
		}
	}
	return strings.Join(all, ", ")
}

func orDash(b []byte) string {
	if b == nil {
		return "-"
	}
	return string(b)
}

func TestOddBatches(t *testing.T) {
	for _, test := range []struct {
		name        string
		last, count int32
		records     []byte
		want        string
	}{
		{"offset delta -1", 0, 1, []byte{14, 0, 0, 1, 2, 'k', 1, 0}, "9@1000 k=-"},
		{"offset delta beyond the last", 0, 1, []byte{14, 0, 0, 6, 2, 'k', 1, 0}, "13@1000 k=-"},
		{"one offset twice", 1, 2, []byte{14, 0, 0, 0, 2, 'k', 1, 0, 14, 0, 0, 0, 2, 'l', 1, 0}, "10@1000 k=-, 10@1000 l=-"},
		{"lengths -2 and -3", 0, 1, []byte{12, 0, 0, 0, 3, 5, 0}, "10@1000 -=-"},
		{"lengths of five bytes", 0, 1, []byte{28, 0, 0, 0, 0x81, 0x80, 0x80, 0x80, 0, 0x82, 0x80, 0x80, 0x80, 0, 'v'}, ""},
		{"a header's value of length -2", 0, 1, []byte{18, 0, 0, 0, 1, 1, 2, 2, 'h', 3}, "10@1000 -=- h:-"},
		{"longer varints than need be", 0, 1, []byte{26, 0, 0x80, 0, 0x82, 0, 0x82, 0x80, 0, 'k', 0x82, 0, 'v', 0}, "11@1000 k=v"},
		{"a length with bits beyond 32", 0, 1, []byte{22, 0, 0, 0, 0x82, 0x80, 0x80, 0x80, 0x70, 'k', 1, 0}, "10@1000 k=-"},
		{"a time with bits beyond 64", 0, 1, []byte{30, 0, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e, 0, 1, 1, 0}, "10@1001 -=-"},
		{"a size with bits beyond 32", 0, 1, []byte{0x8c, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 1, 1, 0}, "10@1000 -=-"},
	} {
		if test.want == "" { // the headers' number is missing: see that the table can fail
			if _, recs, err := readAll(oddBatch(10, test.last, test.count, test.records...)); err == nil {
				t.Errorf("%s: %s", test.name, said(recs))
			}
			continue
		}
		batch := oddBatch(10, test.last, test.count, test.records...)
		_, recs, err := readAll(batch)
		if got := said(recs); got != test.want || err != nil {
			t.Errorf("%s: %q, want %q; error %v", test.name, got, test.want, err)
		}
	}
}

func TestOddMessages(t *testing.T) {
	for _, f := range []record.Format{record.V0, record.V1} {
		at, timestamp := 18+8*int(f), int64(-1)+1001*int64(f) // of the key's length
		odd := func(key, value int32, rest ...byte) []byte {
			b := slices.Clone(batchOf(t, f, nil, 3, 1)[:at])
			b = binary.BigEndian.AppendUint32(b, uint32(key))
			b = binary.BigEndian.AppendUint32(b, uint32(value))
			b = append(b, rest...)
			binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
			return recrc(b)
		}
		for _, test := range []struct {
			name string
			b    []byte
			want string
		}{
			{"lengths -2 and -3", odd(-2, -3), "-=-"},
			{"bytes after the value", odd(-1, 1, 'v', 'x', 'y', 'z'), "-=v"},
			{"bytes after a null", odd(-1, -1, 'x'), "-=-"},
		} {
			want := fmt.Sprintf("3@%d %s", timestamp, test.want)
			for name, b := range map[string][]byte{"": test.b, ", wrapped": wrapper(t, f, 0, 3, timestamp, test.b)} {
				if _, recs, err := readAll(b); said(recs) != want || err != nil {
					t.Errorf("%v, %s%s: %q, want %q; error %v", f, test.name, name, said(recs), want, err)
				}
			}
		}

		// A part of a message at the end of what is compressed is passed over.
		whole := batchOf(t, f, nil, 0, 2)
		for cut := len(whole)/2 + 1; cut < len(whole); cut++ {
			_, recs, err := readAll(wrapper(t, f, 0, 0, 1000, whole[:cut]))
			if err != nil || len(recs) != 1 || recs[0].Offset != 0 {
				t.Errorf("%v, %d of %d bytes: %s, error %v", f, cut, len(whole), said(recs), err)
			}
		}
	}
}

// A message of v0 in a wrapper of v1 has no time, though the wrapper has the
// broker's.
func TestOldMessageInAWrapper(t *testing.T) {
	set := slices.Concat(batchOf(t, record.V0, nil, 0, 1), batchOf(t, record.V1, nil, 1, 1))
	_, recs, err := readAll(wrapper(t, record.V1, 8, 1, 77, set))
	if err != nil || len(recs) != 2 || recs[0].Timestamp != -1 || recs[1].Timestamp != 77 {
		t.Errorf("%s, error %v", said(recs), err)
	}
}
