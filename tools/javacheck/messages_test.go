package javacheck

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// random is how many random values there are of each version of each message.
const random = 8

// What we write, Java reads to the end, and writes the same bytes: with unknown
// tagged fields and the bytes of records, too.
func TestBytes(t *testing.T) {
	count := newTally(t)
	eachVersion(t, func(t *testing.T, java *jvm, k kind, version int16) {
		known := limits{}
		for _, f := range fillers(k.name, random) {
			_, b := k.fill(t, f, version, known)
			want := hex.EncodeToString(b) + "\t0"
			got, thrown := k.ask(t, java, k.release(version), "Messages.roundTrip", version, hex.EncodeToString(b))
			if got != want || thrown != "" {
				t.Fatalf("v%d %s: our bytes, and what Java made of them (with the number left over):\n%.500s\n%.500s%s", version, f.name, want, got, thrown)
			}
			count.add("messages written by us, read and written by Java " + k.release(version))
		}
	})
}

// A new message has the same bytes on both sides.
func TestDefaults(t *testing.T) {
	count := newTally(t)
	eachVersion(t, func(t *testing.T, java *jvm, k kind, version int16) {
		b, err := k.make().Append(nil, version)
		got, thrown := k.ask(t, java, k.release(version), "Messages.defaults", version)
		if (err != nil) != (thrown != "") || err == nil && got != hex.EncodeToString(b) {
			t.Errorf("v%d: we write %x %v\nJava writes %s %s", version, b, err, got, thrown)
		}
		count.add("default messages, with Java " + k.release(version))
	})
}

// Each value is the same on both sides, shown by JSON: Java makes our bytes of
// our JSON; Java's JSON of our bytes is ours; and we make the same bytes of it.
func TestValues(t *testing.T) {
	count := newTally(t)
	eachVersion(t, func(t *testing.T, java *jvm, k kind, version int16) {
		known := limits{}
		for _, f := range fillers(k.name, random) {
			m, _ := k.fill(t, f, version, known)
			k.checkFromJSON(t, java, m, version)
			stripRecords(reflect.ValueOf(m).Elem()) // Java's JSON has none
			k.checkToJSON(t, java, m, version)
			count.add("values compared as JSON with Java " + k.release(version))
		}
	})
}

// checkFromJSON compares what Java makes of our JSON. It ignores the unknown
// tagged fields there.
func (k kind) checkFromJSON(t *testing.T, java *jvm, m message, version int16) {
	t.Helper()
	text, err := m.AppendJSON(nil, version)
	if err != nil {
		t.Fatal(err)
	}
	got, thrown := k.ask(t, java, k.release(version), "Messages.fromJson", version, string(text))
	stripTags(reflect.ValueOf(m).Elem())
	want, err := m.Append(nil, version)
	if err != nil {
		t.Fatal(err)
	}
	if thrown != "" || got != hex.EncodeToString(want) {
		t.Fatalf("v%d: Java makes of our JSON\n%.500s%s, we\n%.250x; the JSON:\n%.500s", version, got, thrown, want, text)
	}
}

// checkToJSON compares Java's JSON of our bytes with ours, and reads it.
func (k kind) checkToJSON(t *testing.T, java *jvm, m message, version int16) {
	t.Helper()
	b, err := m.Append(nil, version)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := m.AppendJSON(nil, version)
	if err != nil {
		t.Fatal(err)
	}
	javas, thrown := k.ask(t, java, k.release(version), "Messages.toJson", version, hex.EncodeToString(b))
	if thrown != "" {
		t.Fatalf("v%d: %s of %x", version, thrown, b)
	}
	if difference := compareJSON(parse(t, string(ours)), parse(t, javas)); difference != "" {
		t.Fatalf("v%d: our JSON and Java's differ: %s\n%s\n%s", version, difference, ours, javas)
	}
	read := k.make()
	if err := read.DecodeJSON([]byte(javas), version); err != nil {
		t.Fatalf("v%d: %v, reading Java's JSON\n%s", version, err, javas)
	}
	if got, err := read.Append(nil, version); err != nil || !slices.Equal(got, b) {
		t.Fatalf("v%d: %x became\n%x (%v) by Java's JSON\n%s", version, b, got, err, javas)
	}
}

func parse(t *testing.T, text string) (value any) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

// compareJSON returns where two values differ.
func compareJSON(a, b any) string {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok {
			return "an object"
		}
		for name := range a {
			if _, ok := b[name]; !ok {
				return name + " is only in the first"
			}
		}
		for name := range b {
			if _, ok := a[name]; !ok {
				return name + " is only in the second"
			}
			if difference := compareJSON(a[name], b[name]); difference != "" {
				return name + ": " + difference
			}
		}
		return ""
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return "an array"
		}
		for i := range a {
			if difference := compareJSON(a[i], b[i]); difference != "" {
				return fmt.Sprintf("[%d] %s", i, difference)
			}
		}
		return ""
	case json.Number:
		if b, ok := b.(json.Number); ok && sameNumber(a, b) {
			return ""
		}
	default:
		if a == b {
			return ""
		}
	}
	return fmt.Sprintf("%v and %v", a, b)
}

// sameNumber compares whole numbers exactly, and others as what they are read as:
// the two sides may write them with different digits.
func sameNumber(a, b json.Number) bool {
	if !strings.ContainsAny(string(a+b), ".eE") {
		return a == b
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && math.Float64bits(x) == math.Float64bits(y)
}

// What JSON has no number for is in quotes on both sides. Java can't read it.
func TestNoNumbers(t *testing.T) {
	java := startJVM(t)
	for _, k := range kinds(t, java) {
		if k.name != "DescribeClientQuotasResponse" {
			continue
		}
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			m := msg.NewDescribeClientQuotasResponse()
			m.Entries = []msg.DescribeClientQuotasResponseEntry{{Values: []msg.DescribeClientQuotasResponseEntryValue{{Value: v}}}}
			k.checkToJSON(t, java, m, 1)
		}
	}
}
