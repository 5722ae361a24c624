package msg_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
	"github.com/barnabas-kafka/barnabas/wire/internal/code"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// vectors reads a file of testdata, whose README says where it is from.
func vectors[T any](t testing.TB, name string) []T {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []T }
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&file); err != nil || len(file.Vectors) == 0 {
		t.Fatalf("%s: %d vectors, %v", name, len(file.Vectors), err)
	}
	return file.Vectors
}

// A hexBytes is bytes that JSON has in hexadecimal; null is nil.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode([]byte{}, text)
	return err
}

func TestRequestsOfKafkaPython(t *testing.T) {
	type vector struct {
		Request       string
		APIKey        wire.APIKey `json:"api_key"`
		APIVersion    int16       `json:"api_version"`
		CorrelationID int32       `json:"correlation_id"`
		ClientID      string      `json:"client_id"`
		Fields        json.RawMessage
		Frame         hexBytes
	}
	for _, v := range vectors[vector](t, "requests.json") {
		frame, err := wire.ReadFrame(bytes.NewReader(v.Frame), nil, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		header, body, err := wire.DecodeRequestHeader(frame)
		if err != nil || header.APIKey != v.APIKey || header.APIVersion != v.APIVersion || header.CorrelationID != v.CorrelationID || *header.ClientID != v.ClientID {
			t.Errorf("%s: header %+v, %v", v.Request, header, err)
		}
		req, _ := anymsg.NewRequest(v.APIKey)
		if err := req.Decode(body, v.APIVersion); err != nil {
			t.Error(err)
		}
		checkLeaves(t, v.Request, leavesOfJSON(t, v.Fields), leavesOf(reflect.ValueOf(req).Elem()))
		again, err := wire.AppendRequest(nil, v.APIVersion, v.CorrelationID, v.ClientID, req)
		if err != nil || !bytes.Equal(again, v.Frame) {
			t.Errorf("%s:\n%x became\n%x, %v", v.Request, v.Frame, again, err)
		}
	}
}

func TestResponsesOfKafkaPython(t *testing.T) {
	type vector struct {
		Response   string
		APIKey     wire.APIKey `json:"api_key"`
		APIVersion int16       `json:"api_version"`
		Body       hexBytes
		Decoded    json.RawMessage
		Comment    string
	}
	for _, v := range vectors[vector](t, "responses.json") {
		resp, _ := anymsg.NewResponse(v.APIKey)
		if err := resp.Decode(v.Body, v.APIVersion); err != nil {
			t.Error(err)
		}
		checkLeaves(t, v.Response, leavesOfJSON(t, v.Decoded), leavesOf(reflect.ValueOf(resp).Elem()))
		again, err := resp.Append(nil, v.APIVersion)
		if strings.Contains(v.Comment, "partial") && bytes.HasPrefix(v.Body, again) {
			continue // its test made it longer than it says
		}
		if err != nil || !bytes.Equal(again, v.Body) {
			t.Errorf("%s %s:\n%x became\n%x, %v", v.Response, v.Comment, v.Body, again, err)
		}
	}
}

func TestConsumerProtocolOfKafkaPython(t *testing.T) {
	type vector struct {
		Kind         string
		Version      int16
		Subscription []string
		Assignment   [][2]json.RawMessage
		UserData     hexBytes `json:"user_data"`
		Encoded      hexBytes
	}
	for _, v := range vectors[vector](t, "consumer_protocol.json") {
		var m, got wire.Message
		if v.Kind == "metadata" {
			m, got = &msg.ConsumerProtocolSubscription{Topics: v.Subscription, UserData: v.UserData, GenerationID: -1}, &msg.ConsumerProtocolSubscription{}
		} else {
			assignment := &msg.ConsumerProtocolAssignment{UserData: v.UserData}
			for _, pair := range v.Assignment {
				var topic msg.ConsumerProtocolAssignmentAssignedPartition
				if json.Unmarshal(pair[0], &topic.Topic) != nil || json.Unmarshal(pair[1], &topic.Partitions) != nil {
					t.Fatalf("assignment %s", pair)
				}
				assignment.AssignedPartitions = append(assignment.AssignedPartitions, topic)
			}
			m, got = assignment, &msg.ConsumerProtocolAssignment{}
		}
		b, err := m.Append(binary.BigEndian.AppendUint16(nil, uint16(v.Version)), v.Version)
		if err != nil || !bytes.Equal(b, v.Encoded) {
			t.Errorf("%+v: %x, want %x, %v", m, b, v.Encoded, err)
		}
		if err := got.Decode(v.Encoded[2:], v.Version); err != nil || !equal(reflect.ValueOf(m).Elem(), reflect.ValueOf(got).Elem()) {
			t.Errorf("%x: %+v, want %+v, %v", v.Encoded, got, m, err)
		}
	}
}

// Messages are read as the schemas of kafka-python say, by a reader that knows
// nothing else.
func TestSchemasOfKafkaPython(t *testing.T) {
	type vector struct {
		Name       string
		APIKey     wire.APIKey `json:"api_key"`
		APIVersion int16       `json:"api_version"`
		Response   *string
		Schema     any
	}
	for _, v := range vectors[vector](t, "schemas.json") {
		name := v.APIKey.String() + "Response"
		make := func() wire.Message { m, _ := anymsg.NewResponse(v.APIKey); return m }
		if v.Response != nil {
			name = v.APIKey.String() + "Request"
			make = func() wire.Message { m, _ := anymsg.NewRequest(v.APIKey); return m }
		}
		for way, f := range fillers(6) {
			m, b := kind{name: name, make: make}.filled(t, f, v.APIVersion)
			r := code.NewReader(b, v.Name, v.APIVersion)
			leaves := readBySchema(&r, v.Schema, nil)
			if r.Err() != nil || r.Remaining() != 0 {
				t.Errorf("%s, %s: %d bytes left, %v", v.Name, way, r.Remaining(), r.Err())
			}
			m.Decode(b, v.APIVersion) // what could not be null is empty
			checkLeaves(t, v.Name, leaves, leavesOf(reflect.ValueOf(m).Elem()))
		}
	}
}

// readBySchema reads [[name, type], …], {"array": type} or a name of a type.
func readBySchema(r *code.Reader, schema any, leaves []any) []any {
	switch s := schema.(type) {
	case []any:
		for _, field := range s {
			leaves = readBySchema(r, field.([]any)[1], leaves)
		}
		return leaves
	case map[string]any:
		for range r.Int32() {
			leaves = readBySchema(r, s["array"], leaves)
		}
		return leaves
	}
	switch schema {
	case "Int8":
		return append(leaves, int64(r.Int8()))
	case "Int16":
		return append(leaves, int64(r.Int16()))
	case "Int32":
		return append(leaves, int64(r.Int32()))
	case "Int64":
		return append(leaves, r.Int64())
	case "String":
		if s := r.NullableString(false); s != nil {
			return append(leaves, *s)
		}
		return append(leaves, nil)
	case "Bytes", "MessageSet":
		if b := r.NullableBytes(false); b != nil {
			return append(leaves, string(b))
		}
		return append(leaves, nil)
	}
	panic(fmt.Sprintf("type %v", schema))
}

// leavesOf are the values that a message holds, in the order of its fields:
// int64, string (also for bytes) or nil.
func leavesOf(v reflect.Value) (leaves []any) {
	switch {
	case v.Type() == reflect.TypeFor[*wire.Tags]():
		return nil
	case v.Type() == reflect.TypeFor[[]byte]() && v.IsNil(), v.Kind() == reflect.Pointer && v.IsNil():
		return []any{nil}
	case v.Type() == reflect.TypeFor[[]byte]():
		return []any{string(v.Bytes())}
	case v.Kind() == reflect.Pointer:
		return leavesOf(v.Elem())
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			leaves = append(leaves, leavesOf(v.Field(i))...)
		}
		return leaves
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			leaves = append(leaves, leavesOf(v.Index(i))...)
		}
		return leaves
	case v.CanInt():
		return []any{v.Int()}
	case v.Kind() == reflect.String:
		return []any{v.String()}
	}
	return []any{v.Interface()}
}

// leavesOfJSON are the same of a vector's values. Message sets are one leaf in
// requests; in responses they were decoded, and are left out.
func leavesOfJSON(t *testing.T, value json.RawMessage) (leaves []any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if value[0] == '{' { // in the order of the text
		decoder.Token()
		for decoder.More() {
			var field json.RawMessage
			name, err := decoder.Token()
			if err = cmp.Or(err, decoder.Decode(&field)); err != nil {
				t.Fatal(err)
			}
			if name == "hex" {
				b, _ := hex.DecodeString(strings.Trim(string(field), `"`))
				return []any{string(b)}
			}
			leaves = append(leaves, leavesOfJSON(t, field)...)
		}
		return leaves
	}
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	switch v := v.(type) {
	case json.Number:
		n, _ := v.Int64()
		return []any{n}
	case []any:
		if set, ok := messageSet(v); ok {
			return set
		}
		var elements []json.RawMessage
		json.Unmarshal(value, &elements)
		for _, element := range elements {
			leaves = append(leaves, leavesOfJSON(t, element)...)
		}
		return leaves
	}
	return []any{v}
}

// messageSet is [[offset, message], …] as bytes, and nothing for a set that was
// decoded.
func messageSet(list []any) ([]any, bool) {
	var set []byte
	for _, element := range list {
		entry, ok := element.([]any)
		if !ok {
			return nil, false
		}
		message, ok := entry[len(entry)-1].(map[string]any)
		switch {
		case !ok:
			return nil, false
		case len(entry) == 3:
			return nil, true
		}
		offset, ok := entry[0].(json.Number)
		if !ok {
			return nil, false
		}
		n, _ := offset.Int64()
		b, _ := hex.DecodeString(message["hex"].(string))
		set = binary.BigEndian.AppendUint64(set, uint64(n))
		set = append(binary.BigEndian.AppendUint32(set, uint32(len(b))), b...)
	}
	return []any{string(set)}, len(set) > 0
}

// checkLeaves looks for the wanted values among those of the message, in their
// order: it also has fields that the old version had not.
func checkLeaves(t *testing.T, name string, want, got []any) {
	t.Helper()
	rest := got
	for i, value := range want {
		for len(rest) > 0 && rest[0] != value {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			t.Errorf("%s: value %d, %v, is not where it should be:\nwant %q\nin   %q", name, i, value, want, got)
			return
		}
		rest = rest[1:]
	}
}
