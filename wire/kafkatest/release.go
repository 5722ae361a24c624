package kafkatest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// A release is a version of Kafka as major, minor, patch, fix; 0.10.2.2 is
// {0, 10, 2, 2} and 2.8.1 is {2, 8, 1, 0}. Releases compare with at.
type release [4]int

// The oldest and the newest release that a cluster can be.
var (
	oldest = release{0, 8, 0, 0}
	newest = release{4, 4, 0, 0}
)

// parseRelease reads "0.9.0.1", "2.8" and the like.
func parseRelease(s string) (release, error) {
	var r release
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > len(r) {
		return r, fmt.Errorf("kafkatest: version %q: want one like 0.9.0.1 or 2.8", s)
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return r, fmt.Errorf("kafkatest: version %q: want one like 0.9.0.1 or 2.8", s)
		}
		r[i] = n
	}
	if !r.at(0, 8) || r.at(newest[0], newest[1]+1) {
		return r, fmt.Errorf("kafkatest: version %q: a cluster can be any from %v to %v", s, oldest, newest)
	}
	return r, nil
}

// String is the release as Kafka writes it: four numbers below 1.0, then three.
func (r release) String() string {
	if r[0] == 0 {
		return fmt.Sprintf("0.%d.%d.%d", r[1], r[2], r[3])
	}
	return fmt.Sprintf("%d.%d.%d", r[0], r[1], r[2])
}

// at tells whether the release is that one or a later one.
func (r release) at(numbers ...int) bool {
	var other release
	copy(other[:], numbers)
	return r.atLeast(other)
}

func (r release) atLeast(other release) bool { return slices.Compare(r[:], other[:]) >= 0 }

// maxFormat is the newest message format that the release knows.
func (r release) maxFormat() record.Format {
	switch {
	case r.at(0, 11):
		return record.V2
	case r.at(0, 10):
		return record.V1
	default:
		return record.V0
	}
}

// knows tells whether the release has the codec.
func (r release) knows(c record.Compression) bool {
	switch c {
	case record.None, record.Gzip, record.Snappy:
		return true
	case record.LZ4:
		return r.at(0, 8, 2)
	case record.Zstd:
		return r.at(2, 1) // KIP-110
	default:
		return false
	}
}

// invalidRecord is the answer to records that are whole and still wrong.
func (r release) invalidRecord() wire.ErrorCode {
	if r.at(2, 4) {
		return wire.ErrInvalidRecord
	}
	return wire.ErrCorruptMessage
}

// maxMessageBytes is the default of message.max.bytes.
func (r release) maxMessageBytes() int {
	if r.at(2, 5) {
		return 1048588
	}
	return 1000012
}

// kraft tells whether clusters of the release work without ZooKeeper; those
// between 3.3 and 3.9 can do both, and here they do without.
func (r release) kraft() bool { return r.at(3, 3) }

// sessionTimeouts are the defaults of group.min.session.timeout.ms and
// group.max.session.timeout.ms.
func (r release) sessionTimeouts() (least, most time.Duration) {
	switch {
	case r.at(2, 3):
		most = 30 * time.Minute
	case r.at(0, 10):
		most = 5 * time.Minute
	default:
		most = 30 * time.Second
	}
	return 6 * time.Second, most
}

// invalidAcks is the answer to acks other than -1, 0 and 1.
func (r release) invalidAcks() wire.ErrorCode {
	if r.at(0, 9) {
		return wire.ErrInvalidRequiredAcks
	}
	return wire.ErrRequestTimedOut // 0.8.2 waits for replicas that don't come
}
