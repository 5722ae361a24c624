package netclient

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
)

// ItemError is an error that a broker's answer holds: of the whole answer, or of
// one of the things that it is about, such as a topic or a partition.
type ItemError struct {
	Path    string         // where it is in the answer, "topics[0].partitions[2]"; empty for the whole
	Item    string         // what it is about, as far as the answer says so: `"my-topic", partition 3`
	Code    wire.ErrorCode // never ErrNone
	Message string         // what the broker says beside; often empty
}

func (e *ItemError) Error() string {
	var b strings.Builder
	if e.Item != "" {
		fmt.Fprintf(&b, "%s: ", e.Item)
	} else if e.Path != "" {
		fmt.Fprintf(&b, "%s: ", e.Path)
	}
	b.WriteString(e.Code.Error())
	if e.Message != "" {
		fmt.Fprintf(&b, "; the broker says %q", e.Message)
	}
	return b.String()
}

// Unwrap returns the code.
func (e *ItemError) Unwrap() error { return e.Code }

// ErrorsIn returns the errors inside an answer, of any message of package wire/msg, in
// their order there; none where all went well. Most answers are about several things,
// and Do and Request return no error for those that were refused.
func ErrorsIn(resp wire.Response) []ItemError {
	var w errorWalk
	w.message(reflect.ValueOf(resp).Elem(), "", nil)
	return w.found
}

// errorWalk looks for error codes in a message. It knows the shape that all
// messages have, rather than each message.
type errorWalk struct{ found []ItemError }

var codeType = reflect.TypeFor[wire.ErrorCode]()

func (w *errorWalk) message(v reflect.Value, path string, names []string) {
	if path != "" {
		names = append(names[:len(names):len(names)], namesOf(v)...)
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		value := reflect.Indirect(v.Field(i))
		inside := strings.ToLower(field.Name[:1]) + field.Name[1:]
		if path != "" {
			inside = path + "." + inside
		}
		switch {
		case !value.IsValid():
		case value.Type() == codeType:
			if code := value.Interface().(wire.ErrorCode); code != wire.ErrNone {
				w.found = append(w.found, ItemError{path, strings.Join(names, ", "), code, textOf(v, strings.TrimSuffix(field.Name, "Code")+"Message")})
			}
		case value.Kind() == reflect.Struct:
			w.message(value, inside, names)
		case value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Struct && field.Name != "UnknownTags":
			for j := range value.Len() {
				w.message(value.Index(j), fmt.Sprintf("%s[%d]", inside, j), names)
			}
		}
	}
}

// namesOf are the fields of a part of a message that say what it is about.
func namesOf(v reflect.Value) (names []string) {
	for _, field := range []string{"Name", "TopicName", "Topic", "GroupID", "Key", "MemberID", "TransactionalID", "ResourceName", "User", "Feature", "LogDir"} {
		if text := textOf(v, field); text != "" {
			names = append(names, fmt.Sprintf("%q", text))
		}
	}
	if id := v.FieldByName("TopicID"); len(names) == 0 && id.IsValid() {
		names = append(names, fmt.Sprint("topic id ", id.Interface()))
	}
	if p, ok := partitionOf(v); ok {
		names = append(names, fmt.Sprint("partition ", p))
	}
	return names
}

// textOf is a field that is text, empty where it is null or there is none.
func textOf(v reflect.Value, field string) string {
	if f := v.FieldByName(field); f.IsValid() {
		if f = reflect.Indirect(f); f.Kind() == reflect.String {
			return f.String()
		}
	}
	return ""
}

// partitionOf is the number of the partition that a part of a message is about.
func partitionOf(v reflect.Value) (int32, bool) {
	for _, field := range []string{"PartitionIndex", "Partition", "Index", "PartitionID"} {
		if f := v.FieldByName(field); f.IsValid() && f.Kind() == reflect.Int32 {
			return int32(f.Int()), true
		}
	}
	return 0, false
}
