package netclient

import (
	"math"
	"testing"
)

func TestLeaderEpoch(t *testing.T) {
	for _, c := range []struct {
		epoch  LeaderEpoch
		number int32
		text   string
	}{
		{OffsetAndMetadata{Offset: 7}.LeaderEpoch, -1, "unknown"},
		{ToLeaderEpoch(-1), -1, "unknown"},
		{ToLeaderEpoch(math.MinInt32), -1, "unknown"},
		{ToLeaderEpoch(0), 0, "0"},
		{ToLeaderEpoch(5), 5, "5"},
		{ToLeaderEpoch(math.MaxInt32), math.MaxInt32, "2147483647"},
	} {
		if c.epoch.Number() != c.number || c.epoch.String() != c.text {
			t.Errorf("%v is %d, want %s", c.epoch, c.epoch.Number(), c.text)
		}
	}
	if ToLeaderEpoch(-1) != (LeaderEpoch{}) || ToLeaderEpoch(0) == (LeaderEpoch{}) {
		t.Error("unknown is not the zero value alone")
	}
}
