package wire

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// VersionsOf returns the versions of each API that brokers of a release speak.
// The map is the caller's. A release is named as Kafka names it, "0.9.0.1", or by
// its line, "0.9" or "3.9": the patch releases of a line speak alike. From 3.3 to
// 3.9 a cluster may work with KRaft or with ZooKeeper, and its APIs differ:
// "3.9.2" and "3.9.2-kraft" are with KRaft, "3.9.2-zk" is with ZooKeeper. A release
// whose line is not among Releases is an error, and so is a mode that it lacks.
//
// From 0.10.0 on this is what brokers answer to ApiVersions, APIs between brokers
// included, with one exception: Kafka 4 offers Produce from 0 on, for the sake of
// old clients' checks, but closes the connection on 0 to 2, which are left out
// here. Releases below 0.10 have no ApiVersions, and mostly ignore the version of
// a request; for them it is what they read and answer rightly, of the APIs that
// clients use.
//
// A broker may be configured to speak less (share groups, streams groups), or
// more: telemetry (KIP-714) shows only where a receiver is configured, and is not
// in here; nor is what brokers offer with unstable.api.versions.enable.
func VersionsOf(release string) (map[APIKey]VersionRange, error) {
	name, mode, named := strings.Cut(release, "-")
	line := slices.Index(releaseLines, lineOf(name))
	first, last := slices.Index(releaseLines, firstKRaft), slices.Index(releaseLines, lastZooKeeper)
	kraft := line >= first && mode != "zk"
	switch {
	case line < 0:
		return nil, fmt.Errorf("release %q: want one from %s to %s, such as %s.0 or %s-zk", release, releaseLines[0], releaseLines[len(releaseLines)-1],
			releaseLines[len(releaseLines)-1], lastZooKeeper)
	case mode == "zk" && line > last, mode == "kraft" && line < first,
		named && mode != "zk" && mode != "kraft":
		return nil, fmt.Errorf("release %q: brokers work with ZooKeeper (-zk) up to %s, and with KRaft (-kraft) from %s on", release, lastZooKeeper, firstKRaft)
	}
	versions := make(map[APIKey]VersionRange, len(history))
	for _, h := range history {
		if v, ok := h.at(line, kraft); ok {
			versions[h.key] = v
		}
	}
	return versions, nil
}

// Releases returns the lines of Kafka that VersionsOf knows, the oldest first.
func Releases() []string { return slices.Clone(releaseLines) }

// lineOf is the line of a release: two numbers, or three for 0.8 and 0.10, of
// which the third is 0 where it is left out. What is no release has no line.
func lineOf(release string) string {
	numbers := strings.Split(release, ".")
	for _, n := range numbers {
		if _, err := strconv.ParseUint(n, 10, 16); err != nil {
			return ""
		}
	}
	long := numbers[0] == "0" && len(numbers) > 1 && (numbers[1] == "8" || numbers[1] == "10")
	switch {
	case len(numbers) < 2 || len(numbers) > 4 || len(numbers) == 4 && numbers[0] != "0":
		return ""
	case long && len(numbers) == 2:
		return release + ".0"
	case long:
		return strings.Join(numbers[:3], ".")
	}
	return strings.Join(numbers[:2], ".")
}

// releaseLines are the lines of Kafka, the oldest first.
var releaseLines = []string{
	"0.8.0", "0.8.1", "0.8.2", "0.9", "0.10.0", "0.10.1", "0.10.2", "0.11",
	"1.0", "1.1",
	"2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8",
	"3.0", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9",
	"4.0", "4.1", "4.2", "4.3", "4.4",
}

// The lines in which the one begins to be ready for use and the other ends.
const (
	firstKRaft    = "3.3"
	lastZooKeeper = "3.9"
)

// An apiHistory says which line spoke which versions of an API first: "0.11:3" is
// 0 to 3 from 0.11 on, "4.0:4-17" is 4 to 17 from 4.0 on, "none" ends it. A step
// after "kraft/" is one of brokers with KRaft only, after "zk/" with ZooKeeper.
type apiHistory struct {
	key   APIKey
	steps string
}

// at are the versions of the line with that index.
func (h apiHistory) at(line int, kraft bool) (v VersionRange, ok bool) {
	for step := range strings.FieldsSeq(h.steps) {
		step, onlyKRaft := strings.CutPrefix(step, "kraft/")
		step, onlyZooKeeper := strings.CutPrefix(step, "zk/")
		since, span, _ := strings.Cut(step, ":")
		if slices.Index(releaseLines, since) > line || onlyKRaft && !kraft || onlyZooKeeper && kraft {
			continue
		}
		low, high, ranged := strings.Cut(span, "-")
		if !ranged {
			low, high = "0", span
		}
		from, _ := strconv.ParseInt(low, 10, 16)
		to, err := strconv.ParseInt(high, 10, 16) // or "none"
		v, ok = VersionRange{Min: int16(from), Max: int16(to)}, err == nil
	}
	return v, ok
}

// history is from the answers of real brokers; testdata/apiversions.txt has them.
// APIs without a name here are those between brokers.
var history = []apiHistory{
	{KeyProduce, "0.8.0:0 0.9:1 0.10.0:2 0.11:3 1.0:5 2.0:6 2.1:7 2.4:8 2.8:9 3.7:10 3.8:11 4.0:3-12 4.1:3-13"},
	{KeyFetch, "0.8.0:0 0.9:1 0.10.0:2 0.10.1:3 0.11:5 1.0:6 1.1:7 2.0:8 2.1:10 2.3:11 2.7:12 3.1:13 3.5:15 3.7:16 3.9:17 4.0:4-17 4.1:4-18"},
	{KeyListOffsets, "0.8.0:0 0.10.1:1 0.11:2 2.0:3 2.1:4 2.2:5 2.8:6 3.0:7 3.5:8 3.9:9 4.0:1-10 4.2:1-11"},
	{KeyMetadata, "0.8.0:0 0.10.0:1 0.10.1:2 0.11:4 1.0:5 2.0:6 2.1:7 2.3:8 2.4:9 2.8:11 3.1:12 4.0:13"},
	{4, "0.10.0:0 1.0:1 2.2:2 2.4:4 2.8:5 3.2:6 kraft/3.3:none zk/3.4:7"},    // LeaderAndIsr
	{5, "0.10.0:0 2.2:1 2.4:2 2.6:3 kraft/3.3:none zk/3.4:4"},                // StopReplica
	{6, "0.10.0:2 0.10.2:3 1.0:4 2.2:5 2.4:6 2.8:7 kraft/3.3:none zk/3.4:8"}, // UpdateMetadata
	{7, "0.10.0:1-1 1.0:1 2.2:2 2.4:3 kraft/3.3:none"},                       // ControlledShutdown
	{KeyOffsetCommit, "0.8.1:0 0.8.2:1 0.9:2 0.11:3 2.0:4 2.1:6 2.3:7 2.4:8 3.7:9 4.0:2-9 4.2:2-10"},
	{KeyOffsetFetch, "0.8.1:0 0.8.2:1 0.10.2:2 0.11:3 2.0:4 2.1:5 2.4:6 2.5:7 3.0:8 3.7:9 4.0:1-9 4.2:1-10"},
	{KeyFindCoordinator, "0.8.2:0 0.11:1 2.0:2 2.4:3 3.0:4 3.8:5 3.9:6"},
	{KeyJoinGroup, "0.9:0 0.10.1:1 0.11:2 2.0:3 2.2:4 2.3:5 2.4:6 2.5:7 3.2:9"},
	{KeyHeartbeat, "0.9:0 0.11:1 2.0:2 2.3:3 2.4:4"},
	{KeyLeaveGroup, "0.9:0 0.11:1 2.0:2 2.4:4 3.2:5"},
	{KeySyncGroup, "0.9:0 0.11:1 2.0:2 2.3:3 2.4:4 2.5:5"},
	{KeyDescribeGroups, "0.9:0 0.11:1 2.0:2 2.3:3 2.4:5 4.0:6"},
	{KeyListGroups, "0.9:0 0.11:1 2.0:2 2.4:3 2.6:4 3.8:5"},
	{KeySaslHandshake, "0.10.0:0 1.0:1"},
	{KeyAPIVersions, "0.10.0:0 0.11:1 2.0:2 2.4:3 3.9:4 4.4:5"},
	{KeyCreateTopics, "0.10.1:0 0.10.2:1 0.11:2 2.0:3 2.4:5 2.7:6 2.8:7 4.0:2-7"},
	{KeyDeleteTopics, "0.10.1:0 0.11:1 2.0:2 2.1:3 2.4:4 2.7:5 2.8:6 4.0:1-6"},
	{KeyDeleteRecords, "0.11:0 2.0:1 2.6:2"},
	{KeyInitProducerID, "0.11:0 2.0:1 2.4:2 2.5:3 2.7:4 3.8:5"},
	{KeyOffsetForLeaderEpoch, "0.11:0 2.0:1 2.1:2 2.3:3 2.8:4 4.0:2-4"},
	{KeyAddPartitionsToTxn, "0.11:0 2.0:1 2.7:2 2.8:3 3.6:4 3.8:5"},
	{KeyAddOffsetsToTxn, "0.11:0 2.0:1 2.7:2 2.8:3 3.8:4"},
	{KeyEndTxn, "0.11:0 2.0:1 2.7:2 2.8:3 3.8:4 4.0:5"},
	{KeyWriteTxnMarkers, "0.11:0 2.8:1 4.0:1-1 4.2:1-2"},
	{KeyTxnOffsetCommit, "0.11:0 2.0:1 2.1:2 2.5:3 3.8:4 4.0:5 4.4:6"},
	{KeyDescribeAcls, "0.11:0 2.0:1 2.5:2 3.3:3 4.0:1-3"},
	{KeyCreateAcls, "0.11:0 2.0:1 2.5:2 3.3:3 4.0:1-3"},
	{KeyDeleteAcls, "0.11:0 2.0:1 2.5:2 3.3:3 4.0:1-3"},
	{KeyDescribeConfigs, "0.11:0 1.1:1 2.0:2 2.6:3 2.8:4 4.0:1-4"},
	{KeyAlterConfigs, "0.11:0 2.0:1 2.8:2"},
	{KeyAlterReplicaLogDirs, "1.0:0 2.0:1 2.8:2 4.0:1-2"},
	{KeyDescribeLogDirs, "1.0:0 2.0:1 2.6:2 3.2:3 3.3:4 4.0:1-4 4.3:1-5"},
	{KeySaslAuthenticate, "1.0:0 2.2:1 2.5:2"},
	{KeyCreatePartitions, "1.0:0 2.0:1 2.5:2 2.7:3"},
	{KeyCreateDelegationToken, "1.1:0 2.0:1 2.4:2 3.3:3 kraft/3.3:none 3.6:3 4.0:1-3"},
	{KeyRenewDelegationToken, "1.1:0 2.0:1 2.5:2 kraft/3.3:none 3.6:2 4.0:1-2"},
	{KeyExpireDelegationToken, "1.1:0 2.0:1 2.5:2 kraft/3.3:none 3.6:2 4.0:1-2"},
	{KeyDescribeDelegationToken, "1.1:0 2.0:1 2.5:2 3.3:3 kraft/3.3:none 3.6:3 4.0:1-3"},
	{KeyDeleteGroups, "1.1:0 2.0:1 2.4:2 4.4:3"},
	{KeyElectLeaders, "2.2:0 2.4:2"},
	{KeyIncrementalAlterConfigs, "2.3:0 2.4:1"},
	{KeyAlterPartitionReassignments, "2.4:0 4.1:1"},
	{KeyListPartitionReassignments, "2.4:0"},
	{KeyOffsetDelete, "2.4:0"},
	{KeyDescribeClientQuotas, "2.6:0 2.8:1"},
	{KeyAlterClientQuotas, "2.6:0 2.8:1"},
	{KeyDescribeUserScramCredentials, "2.7:0 kraft/3.3:none 3.5:0"},
	{KeyAlterUserScramCredentials, "2.7:0 kraft/3.3:none 3.5:0"},
	{KeyDescribeQuorum, "kraft/3.3:1 kraft/3.9:2"},
	{56, "2.7:0 3.2:1 zk/3.3:2 kraft/3.3:none zk/3.5:3"}, // AlterPartition
	{KeyUpdateFeatures, "2.7:0 3.3:1 4.0:2"},
	{58, "zk/3.4:0"}, // Envelope
	{KeyDescribeCluster, "2.8:0 3.7:1 4.0:2"},
	{KeyDescribeProducers, "2.8:0"},
	{KeyUnregisterBroker, "kraft/3.3:0"},
	{KeyDescribeTransactions, "3.0:0"},
	{KeyListTransactions, "3.0:0 3.8:1 4.1:2"},
	{67, "3.0:0 kraft/3.3:none"}, // AllocateProducerIds
	{KeyConsumerGroupHeartbeat, "3.7:0 4.0:1"},
	{KeyConsumerGroupDescribe, "3.8:0 4.0:1"},
	{KeyListConfigResources, "kraft/3.7:0 4.1:1"},
	{KeyDescribeTopicPartitions, "kraft/3.8:0"},
	{KeyShareGroupHeartbeat, "4.1:1-1"},
	{KeyShareGroupDescribe, "4.1:1-1"},
	{KeyShareFetch, "4.1:1-1 4.2:1-2"},
	{KeyShareAcknowledge, "4.1:1-1 4.2:1-2"},
	{KeyAddRaftVoter, "kraft/3.9:0 4.2:1"},
	{KeyRemoveRaftVoter, "kraft/3.9:0"},
	{83, "4.1:0"},       // InitializeShareGroupState
	{84, "4.1:0"},       // ReadShareGroupState
	{85, "4.1:0 4.2:1"}, // WriteShareGroupState
	{86, "4.1:0"},       // DeleteShareGroupState
	{87, "4.1:0 4.2:1"}, // ReadShareGroupStateSummary
	{KeyStreamsGroupHeartbeat, "4.2:0 4.4:1"},
	{KeyStreamsGroupDescribe, "4.2:0 4.4:1"},
	{KeyDescribeShareGroupOffsets, "4.1:0 4.2:1"},
	{KeyAlterShareGroupOffsets, "4.1:0"},
	{KeyDeleteShareGroupOffsets, "4.1:0"},
	{KeyStreamsGroupTopologyDescriptionUpdate, "4.4:0"},
	{KeyUnregisterController, "4.4:0"},
}
