package record_test

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// TestMarker: the batch that a coordinator writes when it ends a transaction.
func TestMarker(t *testing.T) {
	for marker, typ := range map[record.ControlType]string{record.ControlAbort: "0000", record.ControlCommit: "0001"} {
		var b record.Builder
		b.Reset(record.V2, nil)
		if err := b.AppendMarker(1700000000000, marker, 13); err != nil {
			t.Fatal(err)
		}
		batch, err := b.Seal(nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		record.Stamp(batch, 4000, 2, -1)
		record.Place(batch, 90, 5)
		want := "20" + "00" + "00" + "00" + "08" + "0000" + typ + "0c" + "0000" + "0000000d" + "00"
		if got := hex.EncodeToString(batch[61:]); got != want {
			t.Errorf("%v is %s, want %s", marker, got, want)
		}
		batches, recs, err := readAll(batch)
		if err != nil || len(recs) != 1 {
			t.Fatalf("%d records, error %v", len(recs), err)
		}
		if h := batches[0]; !h.Control || !h.Transactional || h.ProducerID != 4000 || h.ProducerEpoch != 2 || h.BaseSequence != -1 || h.BaseOffset != 90 || h.LastOffset != 90 {
			t.Errorf("%+v", h)
		}
		if c, err := recs[0].Control(); err != nil || c != (record.Control{Type: marker, CoordinatorEpoch: 13}) {
			t.Errorf("%+v, error %v", c, err)
		}
	}
	var b record.Builder
	b.Reset(record.V1, nil)
	b.AppendMarker(0, record.ControlAbort, 0)
	if _, err := b.Seal(nil, nil); err == nil {
		t.Error("a marker in v1")
	}
}

// TestControl: types and versions that nobody knows yet are no error; what is too
// short is.
func TestControl(t *testing.T) {
	for _, test := range []struct {
		key, value string
		want       record.Control
		says       string
	}{
		{"00000001", "000000000007", record.Control{Type: record.ControlCommit, CoordinatorEpoch: 7}, ""},
		{"00030000ffff", "0001fffffffe1234", record.Control{Type: record.ControlAbort, Version: 3, CoordinatorEpoch: -2}, ""},
		{"00000002", "", record.Control{Type: record.ControlLeaderChange, CoordinatorEpoch: -1}, ""},
		{"00000063", "00", record.Control{Type: 99, CoordinatorEpoch: -1}, ""},
		{"0000ffff", "", record.Control{Type: -1, CoordinatorEpoch: -1}, ""},
		{"", "000000000007", record.Control{}, "its key has 0 bytes"},
		{"000000", "000000000007", record.Control{}, "its key has 3 bytes"},
		{"ffff0000", "000000000007", record.Control{}, "version -1"},
		{"00000000", "0000000000", record.Control{}, "abort marker at offset 5: its value has 5 bytes"},
		{"00000001", "8000000000ff", record.Control{}, "version -32768"},
	} {
		rec := record.Record{Offset: 5, Key: unhex(t, test.key), Value: unhex(t, test.value)}
		got, err := rec.Control()
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) || got != test.want {
			t.Errorf("%s, %s: %+v, want %+v; error %v, want %q", test.key, test.value, got, test.want, err, test.says)
		}
	}
	names := []string{record.ControlAbort.String(), record.ControlKRaftVoters.String(), record.ControlType(7).String(), record.ControlType(-1).String()}
	if want := []string{"abort", "KRaft voters", "control record type 7", "control record type -1"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
