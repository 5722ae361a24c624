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

// recordCases are writing and reading 1,000 records of 100 bytes.
func recordCases(f record.Format) ([]benchCase, error) {
	encodeCase := benchCase{name: fmt.Sprintf("message set %v encode", f), target: target{0, noAllocs()}}
	readCase := benchCase{name: fmt.Sprintf("message set %v read", f), target: target{0, noAllocs()}}
	if f == record.V2 {
		encodeCase = benchCase{name: "batch v2 encode", target: target{1, noAllocs()}}
		readCase = benchCase{name: "batch v2 read", target: target{0.5, noAllocs()}}
	}
	records := testRecords(1000)
	batch, err := oursEncode(f, records, nil)
	if err != nil {
		return nil, err
	}
	want := wantTally(f, records)
	for _, lib := range recordLibraries() {
		src := batch
		if lib.wrap != nil {
			if src, err = lib.wrap(batch, f); err != nil {
				return nil, err
			}
		}
		dst := make([]byte, 0, 2*len(batch))
		encodeCase.contenders = append(encodeCase.contenders, contender{lib.name, func() error {
			_, err := lib.encode(f, records, dst)
			return err
		}})
		var got tally
		readCase.contenders = append(readCase.contenders, contender{lib.name, func() error {
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
	return []benchCase{encodeCase, readCase}, nil
}
