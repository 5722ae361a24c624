package netclient

import (
	"fmt"

	"github.com/barnabas-kafka/barnabas/wire"
)

// versions is what a broker speaks. It is made once per broker address and
// never changed, so all connections to that broker share it.
type versions struct {
	release Release
	ranges  []wire.VersionRange // by API key; Max -1: the broker has no such API
}

func newVersions(r Release, ranges map[wire.APIKey]wire.VersionRange) *versions {
	v := &versions{release: r}
	for key, have := range ranges {
		if key < 0 || have.Max < have.Min {
			continue
		}
		for int(key) >= len(v.ranges) {
			v.ranges = append(v.ranges, wire.VersionRange{Min: 0, Max: -1})
		}
		v.ranges[key] = have
	}
	// Kafka 4 offers Produce from 0 on, for the sake of old clients' checks, and
	// closes the connection on 0 to 2. A broker that speaks 3 never needs them:
	// it would have to convert what they carry.
	if p := v.lookUp(wire.KeyProduce); p.Max >= 3 {
		v.ranges[wire.KeyProduce].Min = max(p.Min, 3)
	}
	return v
}

func (v *versions) lookUp(key wire.APIKey) wire.VersionRange {
	if key < 0 || int(key) >= len(v.ranges) {
		return wire.VersionRange{Min: 0, Max: -1}
	}
	return v.ranges[key]
}

// best is the highest version of an API, limit at most, that this client and the
// broker both speak.
func (v *versions) best(key wire.APIKey, limit int16) (int16, error) {
	theirs := v.lookUp(key)
	ours, ok := key.Versions()
	if ok {
		ours.Max = min(ours.Max, limit)
		if best := min(ours.Max, theirs.Max); best >= max(ours.Min, theirs.Min) {
			return best, nil
		}
	}
	return 0, &UnsupportedError{Key: key, Ours: ours, Theirs: theirs, Release: v.release}
}

// UnsupportedError says that a broker and this client have no version of an API
// in common. Nothing was sent.
type UnsupportedError struct {
	Key     wire.APIKey
	Ours    wire.VersionRange // what this client could have sent
	Theirs  wire.VersionRange // what the broker offers; Max -1: it has no such API
	Release Release
}

func (e *UnsupportedError) Error() string {
	if e.Theirs.Max < 0 {
		return fmt.Sprintf("a broker of release %s has no %s", e.Release, e.Key)
	}
	return fmt.Sprintf("%s needs a version from %d to %d, a broker of release %s offers %d to %d",
		e.Key, e.Ours.Min, e.Ours.Max, e.Release, e.Theirs.Min, e.Theirs.Max)
}
