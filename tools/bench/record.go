package main

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

// A testRecord is what an application has to send: no key and no headers.
type testRecord struct {
	timestamp int64 // in milliseconds
	value     []byte
}

// testRecords are n records of 100 bytes, one a millisecond.
func testRecords(n int) []testRecord {
	records := make([]testRecord, n)
	for i := range records {
		value := make([]byte, 100)
		for j := range value {
			value[j] = byte(i*31 + j*7)
		}
		records[i] = testRecord{1_700_000_000_000 + int64(i), value}
	}
	return records
}

// A tally is what one gets who looks at each record that was read. It tells
// whether all of it was there.
type tally struct {
	records, bytes     int
	offsets, timestamp int64 // sums
	firstBytes         int   // of the values, summed
}

func (t *tally) add(offset, timestamp int64, value []byte) {
	t.records++
	t.bytes += len(value)
	t.offsets += offset
	t.timestamp += timestamp
	if len(value) > 0 {
		t.firstBytes += int(value[0])
	}
}

// wantTally is what reading records gives, where their offsets begin at 0.
func wantTally(f record.Format, records []testRecord) (t tally) {
	for i, r := range records {
		if f == record.V0 {
			r.timestamp = -1
		}
		t.add(int64(i), r.timestamp, r.value)
	}
	return t
}

// A recordLibrary writes a batch or message set to memory that is there, with
// its CRCs, and reads it and compares them.
type recordLibrary struct {
	name   string
	encode func(f record.Format, records []testRecord, dst []byte) ([]byte, error)
	// unwrap returns the batch in what encode returned; nil: it is all of it.
	unwrap func(encoded []byte, f record.Format) ([]byte, error)
	// wrap makes what read reads of a batch; nil: it is the batch.
	wrap func(batch []byte, f record.Format) ([]byte, error)
	read func(f record.Format, src []byte, t *tally) error
}

func recordLibraries() []recordLibrary {
	return []recordLibrary{
		{ours, oursEncode, nil, nil, oursRead},
		{kmsgSafe, kmsgEncode, nil, nil, kmsgRead},
		{saramas, saramaRecordsEncode, saramaUnwrap, saramaWrap, saramaRead},
		{bare, bareEncode, nil, nil, bareRead},
	}
}

// recordName names the case of 1,000 records of 100 bytes.
func recordName(f record.Format, what string) string {
	if f == record.V2 {
		return "batch v2 " + what
	}
	return fmt.Sprintf("message set %v %s", f, what)
}

// recordTarget has a time for batches only.
func recordTarget(f record.Format, time float64) target {
	if f != record.V2 {
		time = 0
	}
	return target{time, noAllocs()}
}

func recordEncodeCase(f record.Format) (benchCase, error) {
	records := testRecords(1000)
	c := benchCase{name: recordName(f, "encode"), target: recordTarget(f, 1)}
	for _, lib := range recordLibraries() {
		dst := make([]byte, 0, 400*len(records))
		c.contenders = append(c.contenders, contender{lib.name, func() error {
			_, err := lib.encode(f, records, dst)
			return err
		}})
	}
	return c, nil
}

func recordReadCase(f record.Format) (benchCase, error) {
	records := testRecords(1000)
	batch, err := oursEncode(f, records, nil)
	if err != nil {
		return benchCase{}, err
	}
	want := wantTally(f, records)
	c := benchCase{name: recordName(f, "read"), target: recordTarget(f, 0.5)}
	for _, lib := range recordLibraries() {
		src := batch
		if lib.wrap != nil {
			if src, err = lib.wrap(batch, f); err != nil {
				return benchCase{}, err
			}
		}
		var got tally
		c.contenders = append(c.contenders, contender{lib.name, func() error {
			got = tally{}
			if err := lib.read(f, src, &got); err != nil {
				return err
			}
			if got != want {
				return fmt.Errorf("read %+v, want %+v", got, want)
			}
			return nil
		}})
	}
	return c, nil
}
