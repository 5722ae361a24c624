package javacheck

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/anymsg"
)

// A kind is a message as both sides know it.
type kind struct {
	name     string // Kafka's
	class    string // Java's
	versions wire.VersionRange
	make     func() message
	java     map[string]wire.VersionRange // the versions that each release has
}

// A message is what all types of package msg are.
type message interface {
	wire.Message
	AppendJSON(dst []byte, version int16) ([]byte, error)
	DecodeJSON(src []byte, version int16) error
}

// kinds are all messages: requests, responses, and data inside others.
func kinds(t *testing.T, java *jvm) []kind {
	t.Helper()
	var all []kind
	for _, key := range anymsg.Keys() {
		versions, _ := key.Versions()
		all = append(all,
			kind{name: key.String() + "Request", class: key.String() + "RequestData", versions: versions,
				make: func() message { m, _ := anymsg.NewRequest(key); return m.(message) }},
			kind{name: key.String() + "Response", class: key.String() + "ResponseData", versions: versions,
				make: func() message { m, _ := anymsg.NewResponse(key); return m.(message) }})
	}
	for _, name := range anymsg.DataNames() {
		data, _ := anymsg.NewData(name)
		all = append(all, kind{name: name, class: name, versions: data.Versions(),
			make: func() message { m, _ := anymsg.NewData(name); return m.(message) }})
	}
	for i := range all {
		all[i].java = map[string]wire.VersionRange{}
	}
	for _, release := range []string{newest, oldest} {
		for _, m := range javaMessages(t, java, release) {
			if i := slices.IndexFunc(all, func(k kind) bool { return k.name == m.name }); i >= 0 {
				all[i].java[release] = m.versions
				if all[i].class != m.class {
					t.Errorf("%s: Java's class is %s", m.name, m.class)
				}
			}
		}
	}
	return all
}

// A javaMessage is a message that kafka-clients of some release has.
type javaMessage struct {
	name, class string
	versions    wire.VersionRange
}

func javaMessages(t *testing.T, java *jvm, release string) []javaMessage {
	t.Helper()
	text, thrown := java.ask(t, release, "Apis.messages")
	if thrown != "" {
		t.Fatal(thrown)
	}
	var all []javaMessage
	for _, m := range fields(text) {
		all = append(all, javaMessage{m[0], m[1], wire.VersionRange{Min: number(t, m[2]), Max: number(t, m[3])}})
	}
	return all
}

// release is the release that checks a version: the newest that has it.
func (k kind) release(version int16) string { return k.releaseOf(version, version) }

// releaseOf is the newest release that has both versions, or "".
func (k kind) releaseOf(a, b int16) string {
	for _, release := range []string{newest, oldest} {
		if has, ok := k.java[release]; ok && has.Contains(a) && has.Contains(b) {
			return release
		}
	}
	return ""
}

// eachVersion runs f for each version of each message, several messages at once.
func eachVersion(t *testing.T, f func(t *testing.T, java *jvm, k kind, version int16)) {
	java := startJVM(t)
	for _, k := range kinds(t, java) {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			for version := k.versions.Min; version <= k.versions.Max; version++ {
				if k.release(version) == "" {
					t.Errorf("version %d is in neither %s nor %s", version, newest, oldest)
					continue
				}
				f(t, java, k, version)
			}
		})
	}
}

// ask asks the release about the message in that version.
func (k kind) ask(t *testing.T, java *jvm, release, method string, version int16, args ...string) (text, thrown string) {
	t.Helper()
	return java.ask(t, release, method, append([]string{k.class, fmt.Sprint(version)}, args...)...)
}

// A tally counts, for the log of go test -v and to see that every exception is
// still needed.
type tally struct {
	mu     sync.Mutex
	counts map[string]*atomic.Int64
}

// newTally logs its counts after the test and the tests in it.
func newTally(t *testing.T, names ...string) *tally {
	c := &tally{counts: map[string]*atomic.Int64{}}
	for _, name := range names {
		c.counts[name] = new(atomic.Int64)
	}
	t.Cleanup(func() {
		for _, name := range slices.Sorted(maps.Keys(c.counts)) {
			t.Logf("%8d %s", c.counts[name].Load(), name)
		}
	})
	return c
}

func (c *tally) add(name string) {
	c.mu.Lock()
	n := c.counts[name]
	if n == nil {
		n = new(atomic.Int64)
		c.counts[name] = n
	}
	c.mu.Unlock()
	n.Add(1)
}

func number(t *testing.T, s string) int16 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return int16(n)
}

// fields splits what our Java classes put together.
func fields(list string) [][]string {
	var all [][]string
	for element := range strings.SplitSeq(list, "\t") {
		all = append(all, strings.Split(element, ","))
	}
	return all
}
