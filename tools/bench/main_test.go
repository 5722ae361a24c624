package main

import (
	"bytes"
	"reflect"
	"testing"
)

// All hold the same, and so do the same work: what another library decoded
// from our bytes it encodes to those bytes.
func TestSameMessages(t *testing.T) {
	for _, m := range messages() {
		t.Run(m.name, func(t *testing.T) {
			want, err := m.bytes()
			if err != nil {
				t.Fatal(err)
			}
			fromKmsg, fromSarama, err := m.others(want)
			if err != nil {
				t.Fatal(err)
			}
			if got := fromKmsg.AppendTo(nil); !bytes.Equal(got, want) {
				t.Errorf("kmsg encodes to other bytes: %d of them, want %d", len(got), len(want))
			}
			got, err := fromSarama.encode()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("sarama encodes to other bytes: %d of them, want %d", len(got), len(want))
			}
			decoded := m.newOurs()
			if err := decoded.Decode(got, m.version); err != nil {
				t.Fatal(err)
			}
			again, err := decoded.Append(nil, m.version)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(again, want) {
				t.Error("ours does not encode what it decoded to the same bytes")
			}
		})
	}
}

// Every case runs, and what it decodes is there.
func TestCasesRun(t *testing.T) {
	for _, group := range groups() {
		cases, err := group()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			results, err := measure(c, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, contender := range c.contenders {
				if reflect.ValueOf(results[contender.name]).IsZero() {
					t.Errorf("%s: %s was not measured", c.name, contender.name)
				}
			}
		}
	}
}
