package netclient

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
)

// releaseLines are the lines of Kafka that can be told apart from outside, and
// for each from 0.10.0 up a version of an API that it was the first to offer.
// The patch releases of a line answer alike.
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

// apiHistory says, for each API that a client may use, which versions the
// brokers of which line offered first: "0.11:3" is 0 to 3 from 0.11 on,
// "4.0:4-17" is 4 to 17. From 0.10.0 on it is what brokers answered to
// ApiVersions (in ZooKeeper or KRaft mode, whichever offered it first); below
// that it is what they read rightly. It serves pinned releases, and to notice
// a broker that is newer than all of these.
var apiHistory = map[wire.APIKey]string{
	0:  "0.8.0:0 0.9:1 0.10.0:2 0.11:3 1.0:5 2.0:6 2.1:7 2.4:8 2.8:9 3.7:10 3.8:11 4.0:12 4.1:13",                                     // Produce
	1:  "0.8.0:0 0.9:1 0.10.0:2 0.10.1:3 0.11:5 1.0:6 1.1:7 2.0:8 2.1:10 2.3:11 2.7:12 3.1:13 3.5:15 3.7:16 3.9:17 4.0:4-17 4.1:4-18", // Fetch
	2:  "0.8.0:0 0.10.1:1 0.11:2 2.0:3 2.1:4 2.2:5 2.8:6 3.0:7 3.5:8 3.9:9 4.0:1-10 4.2:1-11",                                         // ListOffsets
	3:  "0.8.0:0 0.10.0:1 0.10.1:2 0.11:4 1.0:5 2.0:6 2.1:7 2.3:8 2.4:9 2.8:11 3.1:12 4.0:13",                                         // Metadata
	8:  "0.8.1:0 0.8.2:1 0.9:2 0.11:3 2.0:4 2.1:6 2.3:7 2.4:8 3.7:9 4.0:2-9 4.2:2-10",                                                 // OffsetCommit
	9:  "0.8.1:0 0.8.2:1 0.10.2:2 0.11:3 2.0:4 2.1:5 2.4:6 2.5:7 3.0:8 3.7:9 4.0:1-9 4.2:1-10",                                        // OffsetFetch
	10: "0.8.2:0 0.11:1 2.0:2 2.4:3 3.0:4 3.8:5 3.9:6",                                                                                // FindCoordinator
	11: "0.9:0 0.10.1:1 0.11:2 2.0:3 2.2:4 2.3:5 2.4:6 2.5:7 3.2:9",                                                                   // JoinGroup
	12: "0.9:0 0.11:1 2.0:2 2.3:3 2.4:4",                                                                                              // Heartbeat
	13: "0.9:0 0.11:1 2.0:2 2.4:4 3.2:5",                                                                                              // LeaveGroup
	14: "0.9:0 0.11:1 2.0:2 2.3:3 2.4:4 2.5:5",                                                                                        // SyncGroup
	15: "0.9:0 0.11:1 2.0:2 2.3:3 2.4:5 4.0:6",                                                                                        // DescribeGroups
	16: "0.9:0 0.11:1 2.0:2 2.4:3 2.6:4 3.8:5",                                                                                        // ListGroups
	17: "0.10.0:0 1.0:1",                                                                                                              // SaslHandshake
	18: "0.10.0:0 0.11:1 2.0:2 2.4:3 3.9:4 4.4:5",                                                                                     // ApiVersions
	19: "0.10.1:0 0.10.2:1 0.11:2 2.0:3 2.4:5 2.7:6 2.8:7 4.0:2-7",                                                                    // CreateTopics
	20: "0.10.1:0 0.11:1 2.0:2 2.1:3 2.4:4 2.7:5 2.8:6 4.0:1-6",                                                                       // DeleteTopics
	21: "0.11:0 2.0:1 2.6:2",                                                                                                          // DeleteRecords
	22: "0.11:0 2.0:1 2.4:2 2.5:3 2.7:4 3.8:5",                                                                                        // InitProducerId
	23: "0.11:0 2.0:1 2.1:2 2.3:3 2.8:4 4.0:2-4",                                                                                      // OffsetForLeaderEpoch
	24: "0.11:0 2.0:1 2.7:2 2.8:3 3.6:4 3.8:5",                                                                                        // AddPartitionsToTxn
	25: "0.11:0 2.0:1 2.7:2 2.8:3 3.8:4",                                                                                              // AddOffsetsToTxn
	26: "0.11:0 2.0:1 2.7:2 2.8:3 3.8:4 4.0:5",                                                                                        // EndTxn
	27: "0.11:0 2.8:1 4.0:1-1 4.2:1-2",                                                                                                // WriteTxnMarkers
	28: "0.11:0 2.0:1 2.1:2 2.5:3 3.8:4 4.0:5 4.4:6",                                                                                  // TxnOffsetCommit
	29: "0.11:0 2.0:1 2.5:2 3.3:3 4.0:1-3",                                                                                            // DescribeAcls
	30: "0.11:0 2.0:1 2.5:2 3.3:3 4.0:1-3",                                                                                            // CreateAcls
	31: "0.11:0 2.0:1 2.5:2 3.3:3 4.0:1-3",                                                                                            // DeleteAcls
	32: "0.11:0 1.1:1 2.0:2 2.6:3 2.8:4 4.0:1-4",                                                                                      // DescribeConfigs
	33: "0.11:0 2.0:1 2.8:2",                                                                                                          // AlterConfigs
	34: "1.0:0 2.0:1 2.8:2 4.0:1-2",                                                                                                   // AlterReplicaLogDirs
	35: "1.0:0 2.0:1 2.6:2 3.2:3 3.3:4 4.0:1-4 4.3:1-5",                                                                               // DescribeLogDirs
	36: "1.0:0 2.2:1 2.5:2",                                                                                                           // SaslAuthenticate
	37: "1.0:0 2.0:1 2.5:2 2.7:3",                                                                                                     // CreatePartitions
	38: "1.1:0 2.0:1 2.4:2 3.6:3 4.0:1-3",                                                                                             // CreateDelegationToken
	39: "1.1:0 2.0:1 2.5:2 4.0:1-2",                                                                                                   // RenewDelegationToken
	40: "1.1:0 2.0:1 2.5:2 4.0:1-2",                                                                                                   // ExpireDelegationToken
	41: "1.1:0 2.0:1 2.5:2 3.6:3 4.0:1-3",                                                                                             // DescribeDelegationToken
	42: "1.1:0 2.0:1 2.4:2 4.4:3",                                                                                                     // DeleteGroups
	43: "2.2:0 2.4:2",                                                                                                                 // ElectLeaders
	44: "2.3:0 2.4:1",                                                                                                                 // IncrementalAlterConfigs
	45: "2.4:0 4.1:1",                                                                                                                 // AlterPartitionReassignments
	46: "2.4:0",                                                                                                                       // ListPartitionReassignments
	47: "2.4:0",                                                                                                                       // OffsetDelete
	48: "2.6:0 2.8:1",                                                                                                                 // DescribeClientQuotas
	49: "2.6:0 2.8:1",                                                                                                                 // AlterClientQuotas
	50: "2.7:0",                                                                                                                       // DescribeUserScramCredentials
	51: "2.7:0",                                                                                                                       // AlterUserScramCredentials
	55: "3.3:1 3.9:2",                                                                                                                 // DescribeQuorum
	57: "2.7:0 3.3:1 4.0:2",                                                                                                           // UpdateFeatures
	60: "2.8:0 3.7:1 4.0:2",                                                                                                           // DescribeCluster
	61: "2.8:0",                                                                                                                       // DescribeProducers
	64: "3.3:0",                                                                                                                       // UnregisterBroker
	65: "3.0:0",                                                                                                                       // DescribeTransactions
	66: "3.0:0 3.8:1 4.1:2",                                                                                                           // ListTransactions
	68: "3.7:0 4.0:1",                                                                                                                 // ConsumerGroupHeartbeat
	69: "3.8:0 4.0:1",                                                                                                                 // ConsumerGroupDescribe
	74: "3.7:0 4.1:1",                                                                                                                 // ListConfigResources
	75: "3.8:0",                                                                                                                       // DescribeTopicPartitions
	76: "4.1:1-1",                                                                                                                     // ShareGroupHeartbeat
	77: "4.1:1-1",                                                                                                                     // ShareGroupDescribe
	78: "4.1:1-1 4.2:1-2",                                                                                                             // ShareFetch
	79: "4.1:1-1 4.2:1-2",                                                                                                             // ShareAcknowledge
	80: "3.9:0 4.2:1",                                                                                                                 // AddRaftVoter
	81: "3.9:0",                                                                                                                       // RemoveRaftVoter
	88: "4.2:0 4.4:1",                                                                                                                 // StreamsGroupHeartbeat
	89: "4.2:0 4.4:1",                                                                                                                 // StreamsGroupDescribe
	90: "4.1:0 4.2:1",                                                                                                                 // DescribeShareGroupOffsets
	91: "4.1:0",                                                                                                                       // AlterShareGroupOffsets
	92: "4.1:0",                                                                                                                       // DeleteShareGroupOffsets
	93: "4.4:0",                                                                                                                       // StreamsGroupTopologyDescriptionUpdate
	94: "4.4:0",                                                                                                                       // UnregisterController
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
		for key, have := range ranges {
			known, ok := newest[key]
			r.newer = r.newer || ok && have.Max > known.Max || key > newestKey
		}
	}
	return r
}

// newestKey is the highest API key that the newest line has. Keys below it that
// apiHistory lacks are for brokers and controllers only.
const newestKey = 94

// rangesAt are the versions that brokers of a line offer, by apiHistory.
func rangesAt(r Release) map[wire.APIKey]wire.VersionRange {
	ranges := map[wire.APIKey]wire.VersionRange{}
	for key, steps := range apiHistory {
		for step := range strings.FieldsSeq(steps) {
			name, versions, _ := strings.Cut(step, ":")
			if since, _ := releaseNamed(name); since.line > r.line {
				break
			}
			ranges[key] = parseRange(versions)
		}
	}
	return ranges
}

// parseRange reads "3" as 0 to 3 and "4-17" as 4 to 17.
func parseRange(s string) wire.VersionRange {
	low, high, ok := strings.Cut(s, "-")
	if !ok {
		low, high = "0", s
	}
	from, _ := strconv.ParseInt(low, 10, 16)
	to, _ := strconv.ParseInt(high, 10, 16)
	return wire.VersionRange{Min: int16(from), Max: int16(to)}
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
