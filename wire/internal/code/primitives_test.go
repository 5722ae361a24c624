package code_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/internal/code"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// readTestdata reads a file whose origin testdata/README.md tells.
func readTestdata(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPrimitivesOfKafkaPython(t *testing.T) {
	var file struct {
		Encode, Decode []struct {
			Type    string
			Value   any
			Encoded *string
			Bytes   string
			Error   *string
		}
	}
	readTestdata(t, "primitives.json", &file)
	for _, v := range file.Encode {
		if v.Encoded == nil {
			continue // a number that Go's type could not hold
		}
		b, _ := hex.DecodeString(*v.Encoded)
		again, err := recode(v.Type, b)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s %v: %x became %x, %v", v.Type, v.Value, b, again, err)
		}
	}
	for _, v := range file.Decode {
		b, _ := hex.DecodeString(v.Bytes)
		if _, err := recode(v.Type, b); (err != nil) != (v.Error != nil) {
			t.Errorf("%s %x: %v", v.Type, b, err)
		}
	}
	if len(file.Encode) < 30 || len(file.Decode) < 8 {
		t.Errorf("%d and %d vectors", len(file.Encode), len(file.Decode))
	}
}

// recode reads a value and writes it again.
func recode(typ string, b []byte) ([]byte, error) {
	r := code.NewReader(b, typ, 0)
	var again []byte
	switch typ {
	case "Int8":
		again = code.AppendInt8(nil, r.Int8())
	case "Int16":
		again = code.AppendInt16(nil, r.Int16())
	case "Int32":
		again = code.AppendInt32(nil, r.Int32())
	case "Int64":
		again = code.AppendInt64(nil, r.Int64())
	case "String":
		again = code.AppendNullableString(nil, r.NullableString(false), false)
	case "Bytes":
		again = code.AppendNullableBytes(nil, r.NullableBytes(false), false)
	case "Array":
		var values []int32
		r.NullableInt32s(&values, false)
		again = code.AppendNullableLen(nil, len(values), values == nil, false)
		for _, v := range values {
			again = code.AppendInt32(again, v)
		}
	}
	return again, r.Err()
}

func TestPrimitives(t *testing.T) {
	b := code.AppendBool(nil, true)
	b = code.AppendBool(b, false)
	b = code.AppendUint16(b, 0xfffe)
	b = code.AppendFloat64(b, math.Pi)
	b = code.AppendUUID(b, wire.UUID{0: 1, 15: 2})
	for _, flexible := range []bool{false, true} {
		b = code.AppendString(b, "ż", flexible)
		b = code.AppendNullableString(b, nil, flexible)
		b = code.AppendBytes(b, []byte{1}, flexible)
		b = code.AppendNullableBytes(b, nil, flexible)
		b = code.AppendNullableBytes(b, []byte{}, flexible)
		b = code.AppendNullableLen(b, 0, true, flexible)
	}
	want := "0100" + "fffe" + "400921fb54442d18" + "01000000000000000000000000000002" +
		"0002c5bc" + "ffff" + "0000000101" + "ffffffff" + "00000000" + "ffffffff" +
		"03c5bc" + "00" + "0201" + "00" + "01" + "00"
	if got := hex.EncodeToString(b); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	r := code.NewReader(b, "test", 0)
	if !r.Bool() || r.Bool() || r.Uint16() != 0xfffe || r.Float64() != math.Pi || r.UUID() != (wire.UUID{0: 1, 15: 2}) {
		t.Error("fixed sizes")
	}
	for _, flexible := range []bool{false, true} {
		if r.String(flexible) != "ż" || r.NullableString(flexible) != nil || len(r.Bytes(flexible)) != 1 || r.NullableBytes(flexible) != nil {
			t.Errorf("flexible %v", flexible)
		}
		if empty := r.NullableBytes(flexible); empty == nil || len(empty) != 0 || r.NullableLen(flexible, 1) != -1 {
			t.Errorf("flexible %v: empty is not null", flexible)
		}
	}
	if r.Err() != nil || r.Remaining() != 0 {
		t.Error(r.Err(), r.Remaining())
	}
}

func TestUvarint(t *testing.T) {
	for _, v := range []uint32{0, 1, 127, 128, 16383, 16384, 1 << 21, 1 << 28, math.MaxUint32} {
		b := code.AppendUvarint(nil, v)
		r := code.NewReader(b, "test", 0)
		if got := r.Uvarint(); got != v || r.Err() != nil || r.Remaining() != 0 {
			t.Errorf("%d: %x is %d, %v", v, b, got, r.Err())
		}
	}
	for _, bad := range []string{"", "80", "ffffffff", "ffffffffff", "ffffffff1f", "8080808080808000"} {
		b, _ := hex.DecodeString(bad)
		r := code.NewReader(b, "test", 0)
		if got := r.Uvarint(); got != 0 || r.Err() == nil {
			t.Errorf("%s: %d, %v", bad, got, r.Err())
		}
	}
	r := code.NewReader([]byte{0x81, 0x80, 0x00}, "test", 0) // longer than it needs to be, which Kafka reads, too
	if r.Uvarint() != 1 || r.Err() != nil {
		t.Error(r.Err())
	}
}

// Strings are copies: the input may change once the message was decoded.
func TestStringsAreCopies(t *testing.T) {
	m := msg.NewMetadataResponse()
	m.ClusterID = new("cluster")
	var want []string
	for _, name := range []string{"", "a", strings.Repeat("b", 700), strings.Repeat("c", 700), strings.Repeat("d", wire.MaxString), "e"} {
		m.Topics = append(m.Topics, msg.MetadataResponseTopic{Name: new(name)})
		want = append(want, name)
	}
	for range 200 { // more than a block of pointers
		m.Topics = append(m.Topics, msg.MetadataResponseTopic{Name: new("many")})
		want = append(want, "many")
	}
	for i := range m.Topics {
		m.Topics[i].TopicAuthorizedOperations = math.MinInt32
		m.Topics[i].Partitions = []msg.MetadataResponseTopicPartition{{ReplicaNodes: []int32{int32(i), 1}, IsrNodes: []int32{int32(i)}}}
	}
	b, err := m.Append(nil, 12)
	if err != nil {
		t.Fatal(err)
	}
	var got msg.MetadataResponse
	if err := got.Decode(b, 12); err != nil {
		t.Fatal(err)
	}
	clear(b)
	for i, topic := range got.Topics {
		partition := topic.Partitions[0]
		if *topic.Name != want[i] || !slices.Equal(partition.ReplicaNodes, []int32{int32(i), 1}) || !slices.Equal(partition.IsrNodes, []int32{int32(i)}) {
			t.Fatalf("topic %d is %.10q with %v", i, *topic.Name, partition)
		}
		// Growing one of the arrays that share a block leaves the others alone.
		_ = append(partition.ReplicaNodes, -7)
		if partition.IsrNodes[0] != int32(i) {
			t.Fatalf("topic %d: appending to its replicas changed its ISR", i)
		}
	}
}

// A block of small arrays is no larger than what they have already. Else a
// message could have large blocks for nothing, one for each of its types.
func TestSlabGrowsWithWhatItHolds(t *testing.T) {
	const size = 1 << 10
	r := code.NewReader(make([]byte, 1000), "Test", 0)
	var slab code.Slab[[size]byte]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 40 {
		if array := slab.Resize(&r, nil, 1, 1); len(array) != 1 || cap(array) != 1 {
			t.Fatalf("%d elements, room for %d", len(array), cap(array))
		}
		r.Fixed(1)
	}
	runtime.ReadMemStats(&after)
	if blocks, bytes := after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc; blocks > 12 || bytes > 80*size {
		t.Errorf("%d blocks, %d bytes for 40 elements of %d", blocks, bytes, size)
	}
}

func TestDecodeErrorSaysWhere(t *testing.T) {
	m := msg.NewMetadataResponse()
	m.Topics = []msg.MetadataResponseTopic{{Name: new("a"), TopicAuthorizedOperations: math.MinInt32}, {Name: new("b"), TopicAuthorizedOperations: math.MinInt32,
		Partitions: []msg.MetadataResponseTopicPartition{{ReplicaNodes: []int32{1, 2, 3}}}}}
	b, err := m.Append(nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	err = new(msg.MetadataResponse).Decode(b[:len(b)-6], 1)
	decodeError, ok := errors.AsType[*wire.DecodeError](err)
	if !ok || decodeError.Message != "MetadataResponse" || decodeError.Version != 1 || decodeError.Path != "Topics[1].Partitions[0].ReplicaNodes" || decodeError.Size != len(b)-6 {
		t.Errorf("%#v", err)
	}
	if want := "MetadataResponse v1: Topics[1].Partitions[0].ReplicaNodes: length 3 at byte 42 of 56"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	err = new(msg.MetadataResponse).Decode(b[:2], 1)
	if want := "MetadataResponse v1: Brokers: needs 4 bytes, and 2 are left at byte 0 of 2"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	err = new(msg.MetadataResponse).Decode(nil, 99)
	if want := "MetadataResponse v99: no such version; there are 0-13"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// AppendParts gives the bytes of Append, and leaves the records where they are.
func TestAppendParts(t *testing.T) {
	records := func(s string) []byte { return []byte(s) }
	request := msg.NewProduceRequest()
	request.Acks = -1
	request.TopicData = []msg.ProduceRequestTopicData{
		{Name: "a", PartitionData: []msg.ProduceRequestTopicDataPartitionData{{Index: 0, Records: records("first")}, {Index: 1, Records: records("second")}}},
		{Name: "b", PartitionData: []msg.ProduceRequestTopicDataPartitionData{{Index: 0, Records: records("")}, {Index: 1}, {Index: 2, Records: records("last")}}},
	}
	for _, version := range []int16{0, 3, 8, 9, 12} {
		want, err := request.Append([]byte("header"), version)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := request.AppendParts([][]byte{[]byte("before")}, []byte("header"), version)
		if err != nil || string(bytes.Join(parts, nil)) != "before"+string(want) {
			t.Errorf("v%d: %q, %v; want %q", version, parts, err, want)
		}
		if first := request.TopicData[0].PartitionData[0].Records; &parts[2][0] != &first[0] {
			t.Errorf("v%d: the records were copied", version)
		}
	}
	if parts, err := request.AppendParts(nil, nil, 99); err == nil || parts != nil {
		t.Errorf("no such version: %q, %v", parts, err)
	}
	if parts := (code.Cuts)(nil).AppendTo(nil, []byte("whole")); len(parts) != 1 || string(parts[0]) != "whole" {
		t.Errorf("without cuts: %q", parts)
	}
}
