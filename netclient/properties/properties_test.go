package properties_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient/properties"
)

type config struct {
	text, raw string
	number    int
	wait      time.Duration
	skip      bool
	word      string
}

func table() properties.Table[config] {
	word := func(w string) properties.Word[config] {
		return properties.Word[config]{Word: w, Set: func(c *config) error { c.word = w; return nil }}
	}
	raw := properties.Text(func(c *config) *string { return &c.raw })
	raw.Untrimmed, raw.Secret = true, true
	none := properties.Property[config]{Secret: true, Allowed: "nothing", Set: func(*config, string) error { return properties.ErrValue }}
	return properties.Join(properties.Table[config]{
		"text":   properties.Text(func(c *config) *string { return &c.text }),
		"raw":    raw,
		"none":   none,
		"number": properties.Number(properties.Range{Most: properties.MaxInt}, -1, func(c *config) *int { return &c.number }),
		"wait":   properties.Millis(properties.Range{Most: properties.MaxLong}, -1, func(c *config) *time.Duration { return &c.wait }),
		"use":    properties.Negated(func(c *config) *bool { return &c.skip }),
		"words":  properties.Words(word("one"), word("two"), properties.Word[config]{Word: "three"}),
		"cases":  properties.AnyCase(word("One")),
		"part": properties.Bool(func(_ *config, on bool) error {
			if on {
				return properties.NoEffect("only false is")
			}
			return nil
		}),
	}, properties.Without[config]("nobody needs it", "old", "older"))
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, value string
		want        config
		says        string // what the error does, or why there is no effect
	}{
		{"text", "\t a b \x01", config{text: "a b"}, ""},
		{"raw", " a ", config{raw: " a "}, ""},
		{"number", " +7 ", config{number: 7}, ""},
		{"number", "0", config{number: -1}, ""},
		{"number", "2147483648", config{}, "number=2147483648: allowed is a number from 0 to 2147483647"},
		{"number", "1_000", config{}, "number=1_000: allowed"},
		{"wait", "1500", config{wait: 1500 * time.Millisecond}, ""},
		{"wait", "0", config{wait: -1}, ""},
		{"wait", "9223372036854775807", config{wait: 9223372036854 * time.Millisecond}, ""},
		{"wait", "-1", config{}, "wait=-1: allowed is a number of milliseconds from 0 up"},
		{"use", "FALSE", config{skip: true}, ""},
		{"use", "no", config{}, "use=no: allowed is true or false"},
		{"words", "two", config{word: "two"}, ""},
		{"words", "three", config{}, ""},
		{"words", "Two", config{}, "words=Two: allowed is one, two or three"},
		{"cases", "oNE", config{word: "One"}, ""},
		{"none", "s3cret", config{}, "none: allowed is nothing"},
		{"part", "false", config{}, ""},
		{"part", "true", config{}, "only false is"},
		{"older", "x", config{}, "nobody needs it"},
	} {
		var got config
		ignored := map[string]string{}
		rest, err := table().Read(map[string]string{c.name: c.value}, &got, ignored)
		said := ignored[c.name]
		if err != nil {
			said = err.Error()
		}
		if got != c.want || len(rest) > 0 || !strings.Contains(said, c.says) || (said == "") != (c.says == "") || strings.Contains(said, "s3cret") {
			t.Errorf("%s=%q gives %+v, %v, %v", c.name, c.value, got, ignored, err)
		}
	}
}

// TestReadAll: all mistakes come at once, by name, and what is not known is handed on.
func TestReadAll(t *testing.T) {
	props := map[string]string{"words": "", "use": "", "text": "x", "acks": "all", "liner.ms": "5"}
	var got config
	ignored := map[string]string{}
	rest, err := table().Read(props, &got, ignored)
	if want := "use=: allowed is true or false\nwords=: allowed is one, two or three"; err == nil || err.Error() != want || got.text != "x" {
		t.Errorf("%+v, %v", got, err)
	}
	if !slices.Equal(slices.Sorted(maps.Keys(rest)), []string{"acks", "liner.ms"}) || len(props) != 5 {
		t.Errorf("the rest is %v, of %v", rest, props)
	}
	err = properties.CheckRest(rest, ignored)
	if err == nil || !strings.Contains(err.Error(), "liner.ms") || strings.Contains(err.Error(), "acks") || ignored["acks"] != "it is a property of a producer" {
		t.Errorf("%v, ignored %v", err, ignored)
	}
}

func TestList(t *testing.T) {
	for value, want := range map[string][]string{"a": {"a"}, "a , b,a": {"a", "b"}, "": nil, "a,": nil, ",a": nil, "a,,b": nil} {
		if got, err := properties.List(value); (err != nil) != (want == nil) || err == nil && !slices.Equal(got, want) {
			t.Errorf("%q is %q, %v", value, got, err)
		}
	}
}

func ExampleTable() {
	type config struct{ Linger time.Duration }
	table := properties.Join(properties.Table[config]{
		"linger.ms": properties.Millis(properties.Range{Most: properties.MaxLong}, 0, func(c *config) *time.Duration { return &c.Linger }),
	}, properties.Without[config]("records are bytes", "key.serializer"))
	var c config
	ignored := map[string]string{}
	rest, err := table.Read(map[string]string{"linger.ms": " 5 ", "key.serializer": "StringSerializer", "group.id": "g", "linger": "5"}, &c, ignored)
	fmt.Println(c.Linger, err)
	fmt.Println(properties.CheckRest(rest, ignored))
	fmt.Println(ignored)
	// Output:
	// 5ms <nil>
	// Kafka has no such client property: linger; check the spelling
	// map[group.id:it is a property of a consumer key.serializer:records are bytes]
}
