package javacheck

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// Here is all that differs, each with its reason. An exception that nothing needs
// any more fails its test.

// convertDifferences are for a message that is read in one version and written
// in another.
var convertDifferences = map[string]exception{
	"nil where only other versions have null": {
		"to wire, nil is as good as empty in versions that have Groups instead; Java refuses to write it",
		func(d difference) bool {
			m, ok := d.value.(*msg.OffsetFetchRequest)
			return ok && m.Topics == nil && d.write >= 8 && d.err == "" && d.thrown != ""
		},
	},
}

// hostileDifferences are for damaged bytes.
var hostileDifferences = map[string]exception{
	"strings that are not UTF-8": {
		"wire keeps the bytes; Java replaces them by U+FFFD",
		func(d difference) bool {
			return d.err == "" && d.thrown == "" && !validStrings(reflect.ValueOf(d.value))
		},
	},
	"compact lengths above 2^31": {
		"wire refuses them; to Java they are negative, and null where there may be null",
		func(d difference) bool { return strings.Contains(d.err, "length 2147483646 at") && d.thrown == "" },
	},
	"varints of more than 32 bits": {
		"wire refuses them; Java drops the bits that are too many",
		func(d difference) bool {
			return strings.Contains(d.err, "a varint that ends too late") && d.thrown == ""
		},
	},
	"tagged fields of another size than they say": {
		"wire refuses them; Java does not look at the size of a tagged field that it knows",
		func(d difference) bool { return wrongTagSize.MatchString(d.err) && d.thrown == "" },
	},
	"tags of fields that only other versions have": {
		"to wire they are unknown, and kept; Java refuses them",
		func(d difference) bool {
			return d.err == "" && strings.Contains(d.thrown, fmt.Sprintf("is not valid for version %d", d.read))
		},
	},
	"unknown tags from 2^31-1 on": {
		"wire keeps and writes them; Java reads them, but can't write them",
		func(d difference) bool {
			return d.err == "" && d.javas == "unwritable" && hasTagFrom(reflect.ValueOf(d.value), math.MaxInt32)
		},
	},
}

var wrongTagSize = regexp.MustCompile(`: tagged field \d+ (of length \d+|ends -?\d+ bytes away)`)

// validStrings tells whether all strings are UTF-8.
func validStrings(v reflect.Value) bool {
	valid := true
	eachValue(v, func(v reflect.Value) {
		if v.Kind() == reflect.String && !utf8.ValidString(v.String()) {
			valid = false
		}
	})
	return valid
}

// hasTagFrom tells whether there is an unknown tag of that number or a higher one.
func hasTagFrom(v reflect.Value, number uint32) bool {
	has := false
	eachValue(v, func(v reflect.Value) {
		if tags, ok := v.Interface().(*wire.Tags); ok && tags != nil {
			has = has || slices.ContainsFunc(*tags, func(tag wire.Tag) bool { return tag.Number >= number })
		}
	})
	return has
}
