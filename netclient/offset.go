package netclient

import "strconv"

// OffsetAndMetadata is an offset as a group commits it: that of the next record
// to read. It lives here because consumers and transactional producers commit
// offsets, and neither imports the other.
type OffsetAndMetadata struct {
	Offset int64
	// LeaderEpoch is that of the last record before Offset (KIP-320), by which a
	// consumer that begins at Offset can find out that the log was truncated
	// meanwhile. Brokers before 2.1 don't keep it. Default: unknown.
	LeaderEpoch LeaderEpoch
	// Metadata is a note of the application's. Brokers of 0.8.1 drop it.
	Metadata string
}

// LeaderEpoch counts the leaders that a partition has had, from 0 (KIP-101,
// KIP-320). Its zero value says that it is unknown; ToLeaderEpoch makes others.
type LeaderEpoch struct{ next int32 }

// ToLeaderEpoch returns the epoch with that number; unknown if it is negative.
func ToLeaderEpoch(number int32) LeaderEpoch {
	return LeaderEpoch{next: max(number, -1) + 1}
}

// Number returns the epoch as the protocol has it, -1 if it is unknown.
func (e LeaderEpoch) Number() int32 { return e.next - 1 }

// String returns the number, or "unknown".
func (e LeaderEpoch) String() string {
	if e.next == 0 {
		return "unknown"
	}
	return strconv.Itoa(int(e.Number()))
}
