package netclient

import (
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// TestReleaseOfEveryLine: the line of a broker follows from what it offers, with
// ZooKeeper or KRaft. (Package wire compares that with real brokers.)
func TestReleaseOfEveryLine(t *testing.T) {
	for _, line := range wire.Releases() {
		for _, mode := range []string{"-zk", "-kraft"} {
			offered, err := wire.VersionsOf(line + mode)
			if _, answers := offered[wire.KeyAPIVersions]; err != nil || !answers {
				continue // there is no such mode, or it is for detect to tell
			}
			r := releaseOf(offered)
			want := line
			if want == "3.3" || want == "3.4" {
				want = "3.3-3.4"
			}
			if got := r.String(); got != want {
				t.Errorf("%s%s is taken for %s", line, mode, got)
			}
			if line != "3.4" && !r.AtLeast(line) || !r.AtLeast("0.9.0.1") || r.AtLeast("9.0") {
				t.Errorf("%s: AtLeast is wrong", r)
			}
		}
	}
}

// TestPinnedModes: a pinned release has what its brokers offer in either mode.
func TestPinnedModes(t *testing.T) {
	for _, line := range wire.Releases() {
		pinned, err := parsePin(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []string{"-zk", "-kraft"} {
			offered, _ := wire.VersionsOf(line + mode)
			for key, want := range offered {
				if _, ours := key.Versions(); !ours {
					continue // for brokers only
				}
				if want.Max >= 3 && key == wire.KeyProduce {
					want.Min = 3
				}
				if got := pinned.lookUp(key); got != want {
					t.Errorf("pinned %s: %s is %v, brokers (%s) offer %v", line, key, got, mode, want)
				}
			}
		}
	}
}

func TestPinnedOldReleases(t *testing.T) {
	none := int16(-1)
	for name, want := range map[string]map[wire.APIKey]int16{ // highest versions
		"0.8.0":    {0: 0, 1: 0, 2: 0, 3: 0, 8: none, 9: none, 10: none, 12: none, 18: none},
		"0.8.1.1":  {0: 0, 1: 0, 2: 0, 3: 0, 8: 0, 9: 0, 10: none, 12: none, 18: none},
		"0.8.2":    {0: 0, 1: 0, 2: 0, 3: 0, 8: 1, 9: 1, 10: 0, 11: none, 12: none, 18: none},
		"0.9":      {0: 1, 1: 1, 2: 0, 3: 0, 8: 2, 9: 1, 10: 0, 11: 0, 12: 0, 16: 0, 17: none, 18: none},
		"0.9.0.1":  {0: 1, 17: none},
		"0.10":     {0: 2, 3: 1, 17: 0, 18: 0, 19: none},
		"0.10.2.2": {0: 2, 19: 1},
	} {
		v, err := parsePin(name)
		if err != nil {
			t.Fatal(err)
		}
		for key, top := range want {
			if got := v.lookUp(key).Max; got != top {
				t.Errorf("%s: the highest version of API %d is %d, want %d", name, key, got, top)
			}
		}
		if !v.release.AtLeast(name) {
			t.Errorf("%s is %s", name, v.release)
		}
	}
	for _, name := range []string{"0.7", "0.8.3", "3", "latest", "4.4.0-rc1", "2.-1", "1.2.3.4.5"} {
		if _, err := parsePin(name); err == nil {
			t.Errorf("%q was taken for a release", name)
		}
	}
}

func TestMaxMessageFormat(t *testing.T) {
	for name, want := range map[string]int8{"0.8.0": 0, "0.9": 0, "0.10.0": 1, "0.10.2": 1, "0.11": 2, "4.4": 2} {
		r, _ := releaseNamed(name)
		if got := r.MaxMessageFormat(); got != want {
			t.Errorf("%s: message format %d, want %d", name, got, want)
		}
	}
}

// Package wire knows the versions of every line that netclient knows.
func TestLinesAreThoseOfWire(t *testing.T) {
	var names []string
	for i, line := range releaseLines {
		names = append(names, strings.Split(line.name, "-")...)
		if len(rangesAt(Release{line: int8(i + 1)})) == 0 {
			t.Errorf("%s offers nothing", line.name)
		}
	}
	if !slices.Equal(names, wire.Releases()) {
		t.Errorf("lines %q\nwire %q", names, wire.Releases())
	}
}

func TestNewerThanKnown(t *testing.T) {
	newest := rangesAt(Release{line: int8(len(releaseLines))})
	if got := releaseOf(newest).String(); got != "4.4" {
		t.Errorf("the newest line is %q", got)
	}
	for _, change := range []func(map[wire.APIKey]wire.VersionRange){
		func(m map[wire.APIKey]wire.VersionRange) { m[wire.KeyFetch] = wire.VersionRange{Min: 4, Max: 99} },
		func(m map[wire.APIKey]wire.VersionRange) { m[wire.KeyUnregisterController+1] = wire.VersionRange{} },
	} {
		ranges := rangesAt(Release{line: int8(len(releaseLines))})
		change(ranges)
		if got := releaseOf(ranges).String(); got != "4.4 or newer" {
			t.Errorf("a newer broker is called %q", got)
		}
	}
	if got := releaseOf(nil).String(); got != "unknown" {
		t.Errorf("a broker that offers nothing is called %q", got)
	}
}

// TestProduceFloor: Kafka 4 says 0 to 13 and closes the connection on 0 to 2.
func TestProduceFloor(t *testing.T) {
	v := newVersions(Release{}, map[wire.APIKey]wire.VersionRange{wire.KeyProduce: {Min: 0, Max: 13}})
	if _, err := v.best(wire.KeyProduce, 2); err == nil {
		t.Error("Produce up to 2 was allowed to a broker that offers 13")
	}
	if got, err := v.best(wire.KeyProduce, 3); got != 3 || err != nil {
		t.Errorf("Produce up to 3: %d, %v", got, err)
	}
	old := newVersions(Release{}, map[wire.APIKey]wire.VersionRange{wire.KeyProduce: {Min: 0, Max: 2}})
	if got, err := old.best(wire.KeyProduce, 13); got != 2 || err != nil {
		t.Errorf("Produce to a broker that offers 0 to 2: %d, %v", got, err)
	}
}
