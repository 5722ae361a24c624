package realkafka

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Versions lists the releases that are known to run on Java 17, the oldest
// first. Others between them very likely run too.
func Versions() []string {
	return []string{
		"0.8.0", "0.8.1.1", "0.8.2.2", "0.9.0.1",
		"0.10.0.1", "0.10.1.1", "0.10.2.2", "0.11.0.3",
		"1.0.2", "1.1.1",
		"2.0.1", "2.1.1", "2.2.2", "2.3.1", "2.4.1", "2.5.1", "2.6.3", "2.7.2", "2.8.2",
		"3.0.2", "3.3.2", "3.5.2", "3.6.2", "3.7.2", "3.8.1", "3.9.2",
		"4.0.2", "4.1.2", "4.2.2", "4.3.1", "4.4.0",
	}
}

// A version is a release number: 0.8.2.2 is {0, 8, 2, 2}.
type version []int

// parseVersion also keeps anything but a release number out of paths and poms.
func parseVersion(s string) (version, error) {
	parts := strings.Split(s, ".")
	if len(parts) < 3 || len(parts) > 4 {
		return nil, fmt.Errorf("%q is not a Kafka release such as 0.9.0.1 or 4.4.0", s)
	}
	var v version
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || strconv.FormatUint(n, 10) != part {
			return nil, fmt.Errorf("%q is not a Kafka release such as 0.9.0.1 or 4.4.0", s)
		}
		v = append(v, int(n))
	}
	if v.before(0, 8, 0) {
		return nil, fmt.Errorf("Kafka %s is too old: 0.8.0 is the first that can be run", s)
	}
	return v, nil
}

// software is what a broker runs: a release, and the directory of its jars.
type software struct {
	release string
	version version
	libDir  string
}

// newSoftware is a release for a cluster of that mode, its jars not looked for
// yet.
func newSoftware(release, mode string) (*software, error) {
	v, err := parseVersion(release)
	if err != nil {
		return nil, err
	}
	if _, err := v.mode(mode); err != nil {
		return nil, err
	}
	return &software{release: release, version: v}, nil
}

// before is whether v came out before the release that the numbers begin:
// 0.8.2.2 is before (0, 9), and not before (0, 8, 2).
func (v version) before(numbers ...int) bool { return slices.Compare(v, numbers) < 0 }

// from is whether v is the release that the numbers begin, or a later one.
func (v version) from(numbers ...int) bool { return !v.before(numbers...) }

// artifact is the Maven name of the release's broker: one built for a version
// of Scala that there is for it.
func (v version) artifact() string {
	switch {
	case v.before(0, 10):
		return "kafka_2.10"
	case v.before(0, 11):
		return "kafka_2.11"
	case v.before(2, 4):
		return "kafka_2.12"
	default:
		return "kafka_2.13"
	}
}

// The two ways for brokers to agree who leads what.
const (
	modeZooKeeper = "zk"
	modeKRaft     = "kraft"
)

// mode checks the wanted mode, or chooses one: ZooKeeper for as long as KRaft
// was not meant for everyday use.
func (v version) mode(wanted string) (string, error) {
	switch {
	case wanted == "" && v.before(3, 3):
		return modeZooKeeper, nil
	case wanted == "":
		return modeKRaft, nil
	case wanted == modeZooKeeper && v.from(4):
		return "", fmt.Errorf("mode zk: ZooKeeper is gone since Kafka 4.0; leave the mode empty")
	case wanted == modeKRaft && v.before(3, 3):
		return "", fmt.Errorf("mode kraft: KRaft can be used from Kafka 3.3 on; leave the mode empty")
	case wanted == modeZooKeeper, wanted == modeKRaft:
		return wanted, nil
	default:
		return "", fmt.Errorf("mode %q: there are zk and kraft", wanted)
	}
}
