package consumer

import "slices"

// leaderEpochs says which leader wrote which records of a partition: one entry for each change of
// leaders, as the batches told, in the order of offsets.
type leaderEpochs []leaderEpoch

// leaderEpoch says who wrote the records from an offset on.
type leaderEpoch struct {
	from  int64
	epoch LeaderEpoch
}

// note adds who wrote the records from an offset on.
func (l *leaderEpochs) note(from int64, epoch LeaderEpoch) {
	if l.last() != epoch {
		*l = append(*l, leaderEpoch{from, epoch})
	}
}

// last is the newest epoch.
func (l leaderEpochs) last() LeaderEpoch {
	if len(l) == 0 {
		return LeaderEpoch{}
	}
	return l[len(l)-1].epoch
}

// before is the epoch of the last record before an offset, as it is committed with that.
func (l leaderEpochs) before(offset int64) LeaderEpoch {
	for _, e := range slices.Backward(l) {
		if e.from < offset {
			return e.epoch
		}
	}
	return LeaderEpoch{}
}

// forget drops what nothing from an offset on needs.
func (l *leaderEpochs) forget(offset int64) {
	n := 0
	for n+1 < len(*l) && (*l)[n+1].from < offset {
		n++
	}
	*l = slices.Delete(*l, 0, n)
}
