package netclient

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
)

// releaseLines are the lines of Kafka that can be told apart from outside, and
// for each from 0.10.0 up a version of an API that it was the first to offer, in
// either mode. The patch releases of a line answer alike.
var releaseLines = []struct {
	name    string
	key     wire.APIKey
	version int16
}{
	{name: "0.8.0"}, {name: "0.8.1"}, {name: "0.8.2"}, {name: "0.9"}, // told apart by detect
	{"0.10.0", 18, 0},  // ApiVersions itself
	{"0.10.1", 19, 0},  // CreateTopics
	{"0.10.2", 19, 1},  // CreateTopics
	{"0.11", 0, 3},     // Produce
	{"1.0", 0, 5},      // Produce
	{"1.1", 1, 7},      // Fetch
	{"2.0", 1, 8},      // Fetch
	{"2.1", 1, 10},     // Fetch
	{"2.2", 2, 5},      // ListOffsets
	{"2.3", 1, 11},     // Fetch
	{"2.4", 0, 8},      // Produce
	{"2.5", 11, 7},     // JoinGroup
	{"2.6", 16, 4},     // ListGroups
	{"2.7", 1, 12},     // Fetch
	{"2.8", 0, 9},      // Produce
	{"3.0", 2, 7},      // ListOffsets
	{"3.1", 1, 13},     // Fetch
	{"3.2", 11, 9},     // JoinGroup
	{"3.3-3.4", 35, 4}, // DescribeLogDirs; 3.4 added nothing
	{"3.5", 1, 15},     // Fetch
	{"3.6", 24, 4},     // AddPartitionsToTxn
	{"3.7", 0, 10},     // Produce
	{"3.8", 0, 11},     // Produce
	{"3.9", 1, 17},     // Fetch
	{"4.0", 2, 10},     // ListOffsets
	{"4.1", 1, 18},     // Fetch
	{"4.2", 2, 11},     // ListOffsets
	{"4.3", 35, 5},     // DescribeLogDirs
	{"4.4", 18, 5},     // ApiVersions
}

// Release is what a broker was found to be, as far as that shows from outside:
// a line such as 0.8.2 or 2.8. Modified and other brokers show as the newest
// line whose APIs they offer. The zero Release is an unknown one.
type Release struct {
	line  int8 // 1 + index into releaseLines; 0 is unknown
	newer bool // offers what no known line does
}

// String is the line's name, "0.8.2", "2.8", or "3.3-3.4" for lines that answer
// alike; "4.4 or newer" for a broker that offers more than the newest line known
// here; or "unknown".
func (r Release) String() string {
	switch {
	case r.line == 0:
		return "unknown"
	case r.newer:
		return releaseLines[r.line-1].name + " or newer"
	}
	return releaseLines[r.line-1].name
}

// AtLeast reports whether the broker is surely of the given line or a later one;
// "0.9", "0.9.0" and "0.9.0.1" are the same line. It is false for an unknown
// release and for a name that is no release.
func (r Release) AtLeast(line string) bool {
	nums, ok := parseRelease(line)
	return ok && r.line > 0 && slices.Compare(lineNumbers(int(r.line-1)), nums) >= 0
}

// MaxMessageFormat is the newest format of records that brokers of this release
// store: 0 up to 0.9, 1 for 0.10, 2 from 0.11 on (the magic byte, and the
// values of package record's Format). It is 0 for an unknown release.
func (r Release) MaxMessageFormat() int8 {
	switch {
	case r.AtLeast("0.11"):
		return 2
	case r.AtLeast("0.10"):
		return 1
	}
	return 0
}

// parseRelease gives the numbers that name the line of a release: three for
// 0.8 and 0.10, two otherwise.
func parseRelease(s string) ([]int, bool) {
	var nums []int
	for part := range strings.SplitSeq(s, ".") {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return nil, false
		}
		nums = append(nums, int(n))
	}
	if len(nums) < 2 || len(nums) > 4 {
		return nil, false
	}
	if nums[0] > 0 || (nums[1] != 8 && nums[1] != 10) {
		return nums[:2], true
	}
	if len(nums) == 2 {
		nums = append(nums, 0)
	}
	return nums[:3], true
}

// lineNumbers are those of a line, or of the first of the lines that answer
// alike.
func lineNumbers(i int) []int {
	first, _, _ := strings.Cut(releaseLines[i].name, "-")
	nums, _ := parseRelease(first)
	return nums
}

// releaseNamed is the line of the given name, or false when there is none.
func releaseNamed(name string) (Release, bool) {
	nums, ok := parseRelease(name)
	if !ok {
		return Release{}, false
	}
	for i, line := range releaseLines {
		for name := range strings.SplitSeq(line.name, "-") {
			if one, _ := parseRelease(name); slices.Equal(one, nums) {
				return Release{line: int8(i + 1)}, true
			}
		}
	}
	return Release{}, false
}

// releaseOf names the line of a broker from its answer to ApiVersions.
func releaseOf(ranges map[wire.APIKey]wire.VersionRange) Release {
	var r Release
	for i, line := range slices.Backward(releaseLines) {
		if have, ok := ranges[line.key]; ok && have.Max >= line.version {
			r.line = int8(i + 1)
			break
		}
	}
	if int(r.line) == len(releaseLines) {
		newest := rangesAt(r)
		newestKey := slices.Max(slices.Collect(maps.Keys(newest))) // those missing below it are controllers'
		for key, have := range ranges {
			known, ok := newest[key]
			r.newer = r.newer || ok && have.Max > known.Max || key > newestKey
		}
	}
	return r
}

// rangesAt are the versions that brokers of a line offer, be it with ZooKeeper
// or with KRaft. They serve pinned releases, and to notice a broker that is newer
// than all of these.
func rangesAt(r Release) map[wire.APIKey]wire.VersionRange {
	ranges := map[wire.APIKey]wire.VersionRange{}
	for name := range strings.SplitSeq(releaseLines[r.line-1].name, "-") {
		for _, mode := range []string{"-zk", "-kraft"} {
			offered, _ := wire.VersionsOf(name + mode) // none when the line has no such mode
			maps.Copy(ranges, offered)                 // what both modes have is alike
		}
	}
	return ranges
}

// parsePin reads Config.APIVersion: the versions of the pinned release, or nil
// when they are to be found out.
func parsePin(s string) (*versions, error) {
	if s == "" || s == "auto" {
		return nil, nil
	}
	r, ok := releaseNamed(s)
	if !ok {
		names := make([]string, len(releaseLines))
		for i, line := range releaseLines {
			names[i] = line.name
		}
		return nil, fmt.Errorf("%q is no release known here; allowed is auto or one of %s", s, strings.Join(names, ", "))
	}
	return newVersions(r, rangesAt(r)), nil
}
