package javacheck

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// A difference is what both sides made of a message; it may be none.
type difference struct {
	name        string // of the message
	read, write int16  // the versions in which it was read and written again
	input       []byte
	value       message // that we read, or nil
	ours, javas string  // the bytes written, or whatever else came of it
	err, thrown string  // why it was refused, or ""
}

// same tells whether the two sides did the same.
func (d difference) same() bool {
	if d.err != "" || d.thrown != "" {
		return d.err != "" && d.thrown != ""
	}
	return d.ours == d.javas
}

// An exception is a difference that is meant to be.
type exception struct {
	reason string
	is     func(d difference) bool
}

// differences tells the exceptions, which have names, from what is wrong.
type differences struct {
	exceptions map[string]exception
	used       map[string]*atomic.Int64
}

// newDifferences logs how often each exception was needed, and fails the test for
// those that never were.
func newDifferences(t *testing.T, exceptions map[string]exception) *differences {
	ds := &differences{exceptions, map[string]*atomic.Int64{}}
	for name := range exceptions {
		ds.used[name] = new(atomic.Int64)
	}
	t.Cleanup(func() {
		if t.Skipped() {
			return
		}
		all := !strings.Contains(flag.Lookup("test.run").Value.String(), "/")
		for _, name := range slices.Sorted(maps.Keys(exceptions)) {
			n := ds.used[name].Load()
			t.Logf("%8d differences: %s: %s", n, name, exceptions[name].reason)
			if n == 0 && all {
				t.Errorf("nothing needs the exception %q", name)
			}
		}
	})
	return ds
}

// check ends the test unless both sides did the same or are meant to differ.
func (ds *differences) check(t *testing.T, d difference) {
	t.Helper()
	if d.same() {
		return
	}
	for name, exception := range ds.exceptions {
		if exception.is(d) {
			ds.used[name].Add(1)
			return
		}
	}
	t.Fatalf("%s, read in version %d and written in %d: %.300x\nwe:   %.300s%s\nJava: %.300s%s",
		d.name, d.read, d.write, d.input, d.ours, d.err, d.javas, d.thrown)
}
