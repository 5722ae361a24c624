package wire_test

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire"
)

// answers are those of real brokers to ApiVersions, by release and mode, such as
// 3.9.2-zk.
func answers(t *testing.T) map[string]map[wire.APIKey]wire.VersionRange {
	t.Helper()
	f, err := os.Open("testdata/apiversions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]map[wire.APIKey]wire.VersionRange{}
	for s := bufio.NewScanner(f); s.Scan(); {
		release, apis, _ := strings.Cut(s.Text(), " ")
		all[release] = map[wire.APIKey]wire.VersionRange{}
		for api := range strings.FieldsSeq(apis) {
			var key wire.APIKey
			var r wire.VersionRange
			if _, err := fmt.Sscanf(api, "%d:%d-%d", &key, &r.Min, &r.Max); err != nil {
				t.Fatalf("%s: %q: %v", release, api, err)
			}
			all[release][key] = r
		}
	}
	return all
}

func TestVersionsOfIsWhatBrokersAnswered(t *testing.T) {
	all := answers(t)
	for release, want := range all {
		if strings.HasPrefix(release, "4.") {
			want[wire.KeyProduce] = wire.VersionRange{Min: 3, Max: want[wire.KeyProduce].Max}
		}
		got, err := wire.VersionsOf(release)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v\n got %v\nwant %v", release, err, got, want)
		}
	}
	for _, line := range wire.Releases() { // each was asked, in each of its modes
		for _, mode := range []string{"-zk", "-kraft"} {
			asked := slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(release string) bool {
				return strings.HasPrefix(release, line+".") && strings.HasSuffix(release, mode)
			})
			versions, _ := wire.VersionsOf(line + mode)
			if _, answers := versions[wire.KeyAPIVersions]; answers != asked {
				t.Errorf("a broker of %s%s was asked: %t; it has ApiVersions: %t", line, mode, asked, answers)
			}
		}
	}
}

// Below 0.10 there is no ApiVersions; these are the versions whose answers have
// the documented layout.
func TestVersionsOfOldReleases(t *testing.T) {
	for release, want := range map[string]map[wire.APIKey]int16{ // the highest version
		"0.8.0":   {0: 0, 1: 0, 2: 0, 3: 0},
		"0.8.1.1": {0: 0, 1: 0, 2: 0, 3: 0, 8: 0, 9: 0},
		"0.8.2.2": {0: 0, 1: 0, 2: 0, 3: 0, 8: 1, 9: 1, 10: 0},
		"0.9.0.1": {0: 1, 1: 1, 2: 0, 3: 0, 8: 2, 9: 1, 10: 0, 11: 0, 12: 0, 13: 0, 14: 0, 15: 0, 16: 0},
	} {
		got, err := wire.VersionsOf(release)
		if err != nil {
			t.Fatal(err)
		}
		highest := map[wire.APIKey]int16{}
		for key, v := range got {
			if highest[key] = v.Max; v.Min != 0 {
				t.Errorf("%s: %s %s", release, key, v)
			}
		}
		if !maps.Equal(highest, want) {
			t.Errorf("%s: %v, want %v", release, highest, want)
		}
	}
}

func TestVersionsOfNames(t *testing.T) {
	for _, alike := range [][]string{
		{"0.9", "0.9.0", "0.9.0.1", "0.9.0.1-zk"}, {"0.10", "0.10.0", "0.10.0.1"}, {"0.8", "0.8.0"}, {"3.9", "3.9.2", "3.9-kraft"}, {"3.1", "3.1.2-zk"},
	} {
		first, err := wire.VersionsOf(alike[0])
		if err != nil {
			t.Error(err)
		}
		for _, other := range alike[1:] {
			if got, err := wire.VersionsOf(other); err != nil || !maps.Equal(got, first) {
				t.Errorf("%s is not %s: %v", other, alike[0], err)
			}
		}
	}
	for _, name := range []string{"", "0", "4", "0.7", "0.8.3", "5.0", "3.9.x", "-zk", "4.0-zk", "3.2-kraft", "3.9-raft", "3.9-", "3.9-zk-kraft", "2.8.2.1", "4.4.0-rc1", " 2.8"} {
		if got, err := wire.VersionsOf(name); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", name)) {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
}

// Every line is known, and speaks nothing to clients that package msg does not;
// and all that package msg speaks, some line does.
func TestReleases(t *testing.T) {
	lines := wire.Releases()
	if lines[0] != "0.8.0" || !slices.Contains(lines, "4.4") {
		t.Errorf("%q", lines)
	}
	spoken := map[wire.APIKey]bool{wire.KeyGetTelemetrySubscriptions: true, wire.KeyPushTelemetry: true}
	for _, line := range lines {
		versions, err := wire.VersionsOf(line)
		if err != nil {
			t.Error(err)
		}
		for key, v := range versions {
			spoken[key] = true
			if ours, ok := key.Versions(); ok && (!ours.Contains(v.Min) || !ours.Contains(v.Max)) || v.Min > v.Max {
				t.Errorf("%s: %s %s, and ours are %s", line, key, v, ours)
			}
		}
	}
	for key := range wire.APIKey(1000) {
		if _, ours := key.Versions(); ours && !spoken[key] {
			t.Errorf("no line speaks %s", key)
		}
	}
}

func ExampleVersionsOf() {
	old, err := wire.VersionsOf("0.9.0.1")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, group := old[wire.KeyJoinGroup]
	_, topics := old[wire.KeyCreateTopics]
	fmt.Println("Fetch", old[wire.KeyFetch], "groups", group, "creates topics", topics)
	_, err = wire.VersionsOf("0.7.2")
	fmt.Println(err)
	// Output:
	// Fetch 0-1 groups true creates topics false
	// release "0.7.2": want one from 0.8.0 to 4.4, such as 4.4.0 or 3.9-zk
}
