package javacheck

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// A batch is what both sides are to write: the fields of a v2 batch, of which a
// set of v0 or v1 has only the first few.
type batch struct {
	format     record.Format
	codec      record.Compression
	level      int // 0 is the default
	base       int64
	appendTime int64 // -1: the timestamps are the records'
	records    []entry

	last          int64 // 0: that of the last record
	leaderEpoch   int32
	producerID    int64
	producerEpoch int16
	sequence      int32
	transactional bool
	control       bool
	horizon       int64
}

// An entry is a record, or a marker.
type entry struct {
	offset     int64 // counted from base
	timestamp  int64
	key, value []byte
	headers    []wire.Header
	marker     *record.Control
}

// newBatch is a batch of no producer.
func newBatch(f record.Format, c record.Compression, records ...entry) batch {
	return batch{format: f, codec: c, base: 100, appendTime: -1, records: records, leaderEpoch: -1, producerID: -1, producerEpoch: -1, sequence: -1, horizon: -1}
}

// java are the arguments for Records.write.
func (b *batch) java() []string {
	typ, level, last := "CreateTime", "-", "-"
	switch {
	case b.format == record.V0:
		typ = "NoTimestampType"
	case b.appendTime >= 0:
		typ = "LogAppendTime"
	}
	if b.level != 0 {
		level = strconv.Itoa(b.level)
	}
	if b.last > 0 {
		last = fmt.Sprint(b.base + b.last)
	}
	var records []string
	for _, e := range b.records {
		if e.marker != nil {
			records = append(records, fmt.Sprintf("marker,%d,%v,%d", e.timestamp, e.marker.Type, e.marker.CoordinatorEpoch))
		} else {
			records = append(records, fmt.Sprintf("%d,%d", b.base+e.offset, e.timestamp)+describe(e.key, e.value, e.headers))
		}
	}
	args := []any{int(b.format), b.codec, level, typ, b.base, b.appendTime, b.producerID, b.producerEpoch, b.sequence, b.transactional, b.control, b.leaderEpoch, b.horizon, last, strings.Join(records, ";")}
	texts := make([]string, len(args))
	for i, arg := range args {
		texts[i] = fmt.Sprint(arg)
	}
	return texts
}

// ours are the bytes as we write them.
func (b *batch) ours(t *testing.T) []byte {
	t.Helper()
	var codec record.Codec
	if b.codec != record.None {
		var err error
		if codec, err = compress.NewCodec(b.codec, b.level); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.build(codec)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b *batch) build(codec record.Codec) ([]byte, error) {
	var w record.Builder
	w.Reset(b.format, nil)
	if b.transactional {
		w.SetTransactional()
	}
	if b.control {
		w.SetControl()
	}
	if b.appendTime >= 0 {
		w.SetLogAppendTime(b.appendTime)
	}
	if b.horizon >= 0 {
		w.SetDeleteHorizon(b.horizon)
	}
	next := int64(0)
	if b.format != record.V2 {
		next = -b.base // what is in the log has absolute offsets
	}
	for _, e := range b.records {
		err := w.Skip(e.offset - next)
		if err == nil && e.marker != nil {
			err = w.AppendMarker(e.timestamp, e.marker.Type, e.marker.CoordinatorEpoch)
		} else if err == nil {
			err = w.Append(e.timestamp, e.key, e.value, e.headers)
		}
		if err != nil {
			return nil, err
		}
		next = e.offset + 1
	}
	if b.format == record.V2 {
		if err := w.Skip(max(0, b.last+1-next)); err != nil {
			return nil, err
		}
		out, err := w.Seal(codec, nil)
		if err == nil {
			record.Stamp(out, b.producerID, b.producerEpoch, b.sequence)
			_, err = record.Place(out, b.base, b.leaderEpoch)
		}
		return out, err
	}
	set, err := w.Seal(nil, nil)
	if err != nil || codec == nil {
		return set, err
	}
	r := record.NewReader(set)
	whole, err := r.Next()
	if err != nil {
		return nil, err
	}
	return record.Repack(&whole, nil, b.format, codec, record.KeepOffsets)
}

// text is what both sides are to read, as Records.read describes it.
func (b *batch) text() string {
	typ, latest, head := "CreateTime", int64(-1), ""
	if b.appendTime >= 0 {
		typ = "LogAppendTime"
	}
	if b.format == record.V0 {
		typ = "NoTimestampType"
	}
	var records []string
	for _, e := range b.records {
		timestamp := e.timestamp
		if b.appendTime >= 0 {
			timestamp = b.appendTime
		}
		if b.format == record.V0 {
			timestamp = -1
		}
		latest = max(latest, timestamp)
		text := fmt.Sprintf(" %d,%d", b.base+e.offset, timestamp)
		if e.marker != nil {
			text += fmt.Sprintf(",0000%04x,0000%08x (%v %d)", int(e.marker.Type), uint32(e.marker.CoordinatorEpoch), e.marker.Type, e.marker.CoordinatorEpoch)
		} else {
			text += describe(e.key, e.value, e.headers)
		}
		records = append(records, text)
	}
	head = fmt.Sprintf("[%d %v %s", int(b.format), b.codec, typ)
	if b.format != record.V2 && b.codec == record.None {
		return head + "]" + strings.Join(records, head+"]") // each is a batch of its own
	}
	last := b.last
	if len(b.records) > 0 {
		last = max(last, b.records[len(b.records)-1].offset)
	}
	head += fmt.Sprintf(" last=%d max=%d", b.base+last, latest)
	if b.format == record.V2 {
		head += fmt.Sprintf(" base=%d leader=%d pid=%d epoch=%d seq=%d txn=%t control=%t n=%d horizon=%d",
			b.base, b.leaderEpoch, b.producerID, b.producerEpoch, b.sequence, b.transactional, b.control, len(b.records), b.horizon)
	}
	return head + "]" + strings.Join(records, "")
}

func describe(key, value []byte, headers []wire.Header) string {
	text := "," + hexOf(key) + "," + hexOf(value)
	for _, h := range headers {
		text += fmt.Sprintf(",%x=%s", h.Key, hexOf(h.Value))
	}
	return text
}

func hexOf(b []byte) string {
	if b == nil {
		return "-"
	}
	return hex.EncodeToString(b)
}

// readBatches describes batches as Records.read does.
func readBatches(b []byte, codecs record.Codecs) (string, error) {
	var out strings.Builder
	r := record.NewReader(b)
	for {
		batch, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out.String(), nil
		}
		if err == nil {
			err = batch.Check()
		}
		if err != nil {
			return out.String(), err
		}
		records, err := batch.Records(codecs, nil, 0)
		if err != nil {
			return out.String(), err
		}
		head := headOf(&batch)
		alone := batch.Format != record.V2 && batch.Compression == record.None
		if !alone {
			out.WriteString(head)
		}
		for rec, err := range records.All() {
			if err != nil {
				return out.String(), err
			}
			if alone {
				out.WriteString(head)
			}
			if err := describeRecord(&out, &rec, batch.Control); err != nil {
				return out.String(), err
			}
		}
	}
}

func describeRecord(out *strings.Builder, rec *record.Record, control bool) error {
	var headers []wire.Header
	for key, value := range rec.Headers.All() {
		headers = append(headers, wire.Header{Key: key, Value: value})
	}
	fmt.Fprintf(out, " %d,%d%s", rec.Offset, rec.Timestamp, describe(rec.Key, rec.Value, headers))
	if !control {
		return nil
	}
	c, err := rec.Control()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, " (%v", strings.ReplaceAll(c.Type.String(), " ", "_"))
	if c.Type == record.ControlAbort || c.Type == record.ControlCommit {
		fmt.Fprintf(out, " %d", c.CoordinatorEpoch)
	}
	out.WriteString(")")
	return nil
}

func headOf(b *record.Batch) string {
	typ := "CreateTime"
	switch {
	case b.Format == record.V0:
		typ = "NoTimestampType"
	case b.LogAppendTime:
		typ = "LogAppendTime"
	}
	head := fmt.Sprintf("[%d %v %s", int(b.Format), b.Compression, typ)
	if b.Format == record.V2 || b.Compression != record.None {
		head += fmt.Sprintf(" last=%d max=%d", b.LastOffset, b.MaxTimestamp)
	}
	if b.Format == record.V2 {
		head += fmt.Sprintf(" base=%d leader=%d pid=%d epoch=%d seq=%d txn=%t control=%t n=%d horizon=%d", b.BaseOffset,
			b.PartitionLeaderEpoch, b.ProducerID, b.ProducerEpoch, b.BaseSequence, b.Transactional, b.Control, b.NumRecords, b.DeleteHorizon)
	}
	return head + "]"
}

// recordsOf are the records to write. Those of v2 have headers, too.
func recordsOf(f record.Format) map[string][]entry {
	random := make([]byte, 150_000)
	rand.NewChaCha8([32]byte{7}).Read(random)
	all := map[string][]entry{
		"one":   {{timestamp: 1700000000000, key: []byte("k"), value: []byte("v")}},
		"nulls": {{timestamp: 5}, {offset: 1, timestamp: 5, key: []byte{}, value: []byte{}}, {offset: 2, timestamp: 5, key: []byte("k")}, {offset: 3, timestamp: 5, value: []byte("v")}},
		"gaps":  {{offset: 2, timestamp: 10, value: []byte("a")}, {offset: 5, timestamp: 7, value: []byte("b")}, {offset: 300_000, timestamp: 12, value: []byte("c")}},
		"times": {{timestamp: -1, value: []byte("a")}, {offset: 1, timestamp: math.MaxInt64, value: []byte("b")}, {offset: 2, value: []byte("c")}},
		"large": {{timestamp: 1, value: random}, {offset: 1, timestamp: 2, key: bytes.Repeat([]byte("key "), 10_000), value: bytes.Repeat([]byte("value "), 40_000)}},
	}
	var many []entry
	for i := range 500 {
		many = append(many, entry{offset: int64(i), timestamp: 1700000000000 + int64(i*i%77_777), key: fmt.Appendf(nil, "key-%d", i%13), value: fmt.Appendf(nil, `{"id":%d,"name":"größe","on":true}`, i)})
	}
	all["many"] = many
	if f == record.V2 {
		all["headers"] = []entry{
			{timestamp: 3, value: []byte("x"), headers: []wire.Header{{Key: "a", Value: []byte("1")}, {Key: "a", Value: []byte{}}, {Key: "", Value: nil}}},
			{offset: 1, timestamp: 4, headers: []wire.Header{{Key: "größe 大 🙂", Value: bytes.Repeat([]byte{0, 255}, 100)}}},
		}
		all["far"] = []entry{{timestamp: 1, value: []byte("x")}, {offset: math.MaxInt32, timestamp: 2, value: []byte("y")}}
	}
	return all
}

// batches are all that is written, by name.
func batches() map[string]batch {
	all := map[string]batch{}
	for _, f := range []record.Format{record.V0, record.V1, record.V2} {
		for _, c := range []record.Compression{record.None, record.Gzip, record.Snappy, record.LZ4, record.Zstd} {
			if c == record.Zstd && f != record.V2 {
				continue // Java refuses it
			}
			for name, records := range recordsOf(f) {
				name = fmt.Sprintf("%v %v %s", f, c, name)
				b := newBatch(f, c, records...)
				all[name] = b
				if f != record.V0 {
					b.appendTime = 1800000000000
					all[name+", LogAppendTime"] = b
				}
			}
			if f == record.V2 {
				addOfV2(all, c)
			}
		}
	}
	for c, levels := range map[record.Compression][]int{record.Gzip: {1, 9}, record.LZ4: {1, 9, 17}, record.Zstd: {-131072, -1, 1, 3, 22}} {
		for _, level := range levels {
			b := newBatch(record.V2, c, recordsOf(record.V2)["many"]...)
			b.level = level
			all[fmt.Sprintf("%v level %d", c, level)] = b
		}
	}
	return all
}

// addOfV2 adds what only v2 has.
func addOfV2(all map[string]batch, c record.Compression) {
	add := func(name string, set func(b *batch)) {
		b := newBatch(record.V2, c, recordsOf(record.V2)["headers"]...)
		set(&b)
		all[fmt.Sprintf("v2 %v, %s", c, name)] = b
	}
	idempotent := func(b *batch) {
		b.base, b.leaderEpoch, b.producerID, b.producerEpoch, b.sequence = 1<<40, 12, 1<<50, math.MaxInt16, math.MaxInt32
	}
	add("idempotent", idempotent)
	add("transactional", func(b *batch) { idempotent(b); b.transactional = true })
	add("more offsets at its end", func(b *batch) { b.last = 17 })
	add("delete horizon", func(b *batch) { b.horizon = 1900000000000 })
	add("delete horizon and LogAppendTime", func(b *batch) { b.horizon, b.appendTime = 1900000000000, 1800000000000 })
	for _, typ := range []record.ControlType{record.ControlCommit, record.ControlAbort} {
		add(typ.String(), func(b *batch) {
			idempotent(b)
			b.sequence, b.transactional, b.control = -1, true, true
			b.records = []entry{{timestamp: 1700000000000, marker: &record.Control{Type: typ, CoordinatorEpoch: 77}}}
		})
	}
}

// eachBatch runs test for every batch and both releases of Java.
func eachBatch(t *testing.T, test func(t *testing.T, java *jvm, release string, b *batch)) {
	java := startJVM(t)
	for name, b := range batches() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, release := range []string{newest, oldest} {
				test(t, java, release, &b)
			}
		})
	}
}
