package kafkatest

import (
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// Some release has each API that is implemented.
func TestEveryAPIIsOffered(t *testing.T) {
	newest := newest.versions()
	for key := range apis {
		if _, ok := newest[key]; !ok {
			t.Errorf("%v: the newest release has it not", key)
		}
	}
}

func TestVersionsOfReleases(t *testing.T) {
	for _, test := range []struct {
		release  string
		key      wire.APIKey
		min, max int16 // -1: not there
	}{
		{"0.8.0", wire.KeyFetch, 0, 0},
		{"0.8.0", wire.KeyOffsetCommit, -1, -1},
		{"0.8.2.2", wire.KeyOffsetCommit, 0, 1},
		{"0.9.0.1", wire.KeyOffsetCommit, 0, 2},
		{"0.9.0.1", wire.KeyAPIVersions, -1, -1},
		{"0.10.0.1", wire.KeyCreateTopics, -1, -1},
		{"2.8.2", wire.KeyProduce, 0, 9},
		{"2.9", wire.KeyProduce, 0, 9}, // as the line before it
		{"4.0.2", wire.KeyFetch, 4, 17},
		{"4.4.0", wire.KeyProduce, 0, 13},
	} {
		r, err := parseRelease(test.release)
		if err != nil {
			t.Fatal(err)
		}
		v, ok := r.versions()[test.key]
		if ok != (test.max >= 0) || ok && (v.Min != test.min || v.Max != test.max) {
			t.Errorf("%s, %v: %v, %v; want %d-%d", test.release, test.key, v, ok, test.min, test.max)
		}
	}
}
