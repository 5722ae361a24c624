package kafkatest

import (
	"fmt"
	"strings"

	"github.com/barnabas-kafka/barnabas/wire"
)

// apiVersions says since when releases answer which versions of the APIs that kafkatest
// implements, as brokers of 28 releases were seen to advertise them (the first
// of a line that was looked at stands for the line), and before 0.10 as they
// were seen to answer. A release that is not named is like the one before it.
var apiVersions = map[wire.APIKey]string{
	wire.KeyProduce:         "0.8:0-0 0.9:0-1 0.10:0-2 0.11:0-3 1.0:0-5 2.0:0-6 2.1:0-7 2.4:0-8 2.8:0-9 3.7:0-10 3.8:0-11 4.0:0-12 4.1:0-13",
	wire.KeyFetch:           "0.8:0-0 0.9:0-1 0.10:0-2 0.10.1:0-3 0.11:0-5 1.0:0-6 1.1:0-7 2.0:0-8 2.1:0-10 2.3:0-11 2.7:0-12 3.1:0-13 3.5:0-15 3.7:0-16 3.9:0-17 4.0:4-17 4.1:4-18",
	wire.KeyListOffsets:     "0.8:0-0 0.10.1:0-1 0.11:0-2 2.0:0-3 2.1:0-4 2.2:0-5 2.8:0-6 3.0:0-7 3.5:0-8 3.9:0-9 4.0:1-10 4.2:1-11",
	wire.KeyMetadata:        "0.8:0-0 0.10:0-1 0.10.1:0-2 0.11:0-4 1.0:0-5 2.0:0-6 2.1:0-7 2.3:0-8 2.4:0-9 2.8:0-11 3.1:0-12 4.0:0-13",
	wire.KeyOffsetCommit:    "0.8.1:0-0 0.8.2:0-1 0.9:0-2 0.11:0-3 2.0:0-4 2.1:0-6 2.3:0-7 2.4:0-8 3.7:0-9 4.0:2-9 4.2:2-10",
	wire.KeyOffsetFetch:     "0.8.1:0-0 0.8.2:0-1 0.10.2:0-2 0.11:0-3 2.0:0-4 2.1:0-5 2.4:0-6 2.5:0-7 3.0:0-8 3.7:0-9 4.0:1-9 4.2:1-10",
	wire.KeyFindCoordinator: "0.8.2:0-0 0.11:0-1 2.0:0-2 2.4:0-3 3.0:0-4 3.8:0-5 3.9:0-6",
	wire.KeyJoinGroup:       "0.9:0-0 0.10.1:0-1 0.11:0-2 2.0:0-3 2.2:0-4 2.3:0-5 2.4:0-6 2.5:0-7 3.2:0-9",
	wire.KeyHeartbeat:       "0.8.2:0-0 0.11:0-1 2.0:0-2 2.3:0-3 2.4:0-4",
	wire.KeyLeaveGroup:      "0.9:0-0 0.11:0-1 2.0:0-2 2.4:0-4 3.2:0-5",
	wire.KeySyncGroup:       "0.9:0-0 0.11:0-1 2.0:0-2 2.3:0-3 2.4:0-4 2.5:0-5",
	wire.KeyDescribeGroups:  "0.9:0-0 0.11:0-1 2.0:0-2 2.3:0-3 2.4:0-5 4.0:0-6",
	wire.KeyListGroups:      "0.9:0-0 0.11:0-1 2.0:0-2 2.4:0-3 2.6:0-4 3.8:0-5",
	wire.KeyAPIVersions:     "0.10:0-0 0.11:0-1 2.0:0-2 2.4:0-3 3.9:0-4 4.4:0-5",
	wire.KeyCreateTopics:    "0.10.1:0-0 0.10.2:0-1 0.11:0-2 2.0:0-3 2.4:0-5 2.7:0-6 2.8:0-7 4.0:2-7",
}

// versions are the versions of each API that the release has.
func (r release) versions() map[wire.APIKey]wire.VersionRange {
	all := make(map[wire.APIKey]wire.VersionRange)
	for key, line := range apiVersions {
		for field := range strings.FieldsSeq(line) {
			since, versions := parseSince(field)
			if r.atLeast(since) {
				all[key] = versions
			}
		}
	}
	return all
}

// parseSince reads a field of the table, such as 0.10.1:0-3.
func parseSince(field string) (since release, versions wire.VersionRange) {
	name, span, _ := strings.Cut(field, ":")
	for i, number := range strings.Split(name, ".") {
		fmt.Sscan(number, &since[i])
	}
	fmt.Sscanf(span, "%d-%d", &versions.Min, &versions.Max)
	return since, versions
}
