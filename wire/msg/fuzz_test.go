package msg_test

import (
	"bytes"
	"reflect"
	"runtime/metrics"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// The fuzz targets hold each decoder, of every message in every version, to what
// package wire promises of bytes from anywhere: no panic, an end, memory in
// proportion, an error that names the place, or a message that can be written and
// read again as itself.

// FuzzRequests decodes requests; the kind is an index into them.
func FuzzRequests(f *testing.F) { fuzzKinds(f, "Request") }

// FuzzResponses decodes responses.
func FuzzResponses(f *testing.F) { fuzzKinds(f, "Response") }

// FuzzData decodes the messages that travel inside others.
func FuzzData(f *testing.F) { fuzzKinds(f, "") }

// fuzzKinds fuzzes the messages with that ending; the seeds are each of them in
// each version, filled in several ways, and what kafka-python wrote.
func fuzzKinds(f *testing.F, ending string) {
	all := kindsOf(ending)
	for i, k := range all {
		for version := k.versions.Min; version <= k.versions.Max; version++ {
			for _, way := range []string{"one", "null", "tags"} {
				_, b := k.filled(f, fillers(1)[way], version)
				f.Add(uint8(i), uint8(version-k.versions.Min), b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i, version uint8, src []byte) {
		k := all[int(i)%len(all)]
		n := k.versions.Max - k.versions.Min + 1
		checkDecoder(t, k, k.versions.Min+int16(version)%n, src)
	})
}

// kindsOf are the messages whose names end so; with "", those that are neither
// requests nor responses.
func kindsOf(ending string) (all []kind) {
	for _, k := range kinds() {
		is := ""
		for _, e := range []string{"Request", "Response"} {
			if bytes.HasSuffix([]byte(k.name), []byte(e)) {
				is = e
			}
		}
		if is == ending {
			all = append(all, k)
		}
	}
	return all
}

// allocFactor is the promise of package wire: decoding n bytes allocates at most
// so many times n, and allocBase for the first blocks.
const (
	allocFactor = 64
	allocBase   = 32 << 10
)

// checkDecoder decodes and checks all that is promised.
func checkDecoder(t *testing.T, k kind, version int16, src []byte) {
	t.Helper()
	before := bytes.Clone(src)
	m := k.make()
	allocated := heapAllocated()
	err := m.Decode(src, version)
	// Small objects are counted later, and other goroutines' with them: what has
	// to be seen here is the one large block that a length claims.
	if allocated = heapAllocated() - allocated; allocated > allocFactor*uint64(len(src))+allocBase+1<<20 {
		t.Fatalf("%s v%d: %d bytes allocated for %d", k.name, version, allocated, len(src))
	}
	if !bytes.Equal(src, before) {
		t.Fatalf("%s v%d: decoding changed its input", k.name, version)
	}
	if err != nil {
		checkExplained(t, err)
		return
	}
	first, err := m.Append(nil, version)
	if err != nil { // tags that don't ascend
		return
	}
	again := k.make()
	if err := again.Decode(first, version); err != nil {
		t.Fatalf("%s v%d: what was written can't be read: %v", k.name, version, err)
	}
	if second, err := again.Append(nil, version); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("%s v%d: %v\n%x became\n%x", k.name, version, err, first, second)
	}
	checkJSON(t, k, version, again, first)
}

// checkJSON goes to JSON and back. Strings that are not UTF-8 can't be kept.
func checkJSON(t *testing.T, k kind, version int16, m wire.Message, want []byte) {
	t.Helper()
	text, err := m.(jsonMessage).AppendJSON(nil, version)
	if err != nil {
		t.Fatalf("%s v%d: %v", k.name, version, err)
	}
	back := k.make()
	if err := back.(jsonMessage).DecodeJSON(text, version); err != nil {
		t.Fatalf("%s v%d: %v: %s", k.name, version, err, text)
	}
	got, err := back.Append(nil, version)
	if err != nil {
		t.Fatalf("%s v%d: %v", k.name, version, err)
	}
	if !bytes.Equal(got, want) && !bytes.ContainsRune(text, '\ufffd') && !bytes.Contains(text, []byte(`\ufffd`)) && !hasNaN(reflect.ValueOf(m)) {
		t.Fatalf("%s v%d: %x became\n%s\n%x", k.name, version, want, text, got)
	}
}

// hasNaN tells whether there is a number that is none, whose bits JSON can't keep.
func hasNaN(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil() && hasNaN(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if hasNaN(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if hasNaN(v.Index(i)) {
				return true
			}
		}
	case reflect.Float64:
		return v.Float() != v.Float()
	}
	return false
}

// heapAllocated is what was ever allocated. It is cheaper than ReadMemStats,
// which stops the world.
func heapAllocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
