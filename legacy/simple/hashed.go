package simple

// HashedPartitioner is kafka-python's HashedPartitioner (its LegacyPartitioner, too)
// as it was on CPython 2.7 without -R: Python's own hash of a key chooses among all
// partitions. It is for topics that were filled so and whose keys have to stay
// where they are; put it into producer.Config.Partitioner. On Python 3 the hash
// was another in every process, so there is nothing to be compatible with. A null
// key, whose hash depended on an address in memory, goes where an empty one goes.
//
// Deprecated: use producer.DefaultPartitioner.
type HashedPartitioner struct{}

// Partition implements producer.Partitioner.
func (HashedPartitioner) Partition(_ string, key []byte, all, _ []int32) int32 {
	n := int64(len(all))
	return all[(pythonHash(key)%n+n)%n] // Python's remainder is never negative
}

// pythonHash is hash(key) of a str on 64-bit CPython 2.7.
func pythonHash(key []byte) int64 {
	if len(key) == 0 {
		return 0
	}
	h := uint64(key[0]) << 7
	for _, c := range key {
		h = 1000003*h ^ uint64(c)
	}
	h ^= uint64(len(key))
	if int64(h) == -1 { // which means an error there
		return -2
	}
	return int64(h)
}
