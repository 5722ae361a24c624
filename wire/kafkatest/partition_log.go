package kafkatest

import (
	"encoding/binary"
	"slices"
	"sort"
	"time"
)

// The capacity of segments: small for partitions that get little, large where
// it pays. A single batch that is larger gets a segment of its own.
const (
	firstSegment = 64 << 10
	maxSegment   = 8 << 20
)

// A partitionLog keeps what producers wrote, as bytes, in segments that only
// grow: what was read from it stays as it is. It takes no lock.
type partitionLog struct {
	start, end int64 // the first offset that can be read, and the one that the next record gets
	retention  int64 // bytes after which the oldest segments go; 0: never

	segments []*segment // by offset
	epochs   []epochStart
	size     int64 // bytes in all segments
}

// A segment is a run of chunks without gaps in their bytes.
type segment struct {
	data     []byte // never reallocated: readers hold parts of it
	chunks   []chunkEntry
	modified time.Time // when the last chunk came
}

// A chunkEntry says where a chunk is: a batch, or the messages of one produce
// request.
type chunkEntry struct {
	base, next   int64 // its first offset, and the one after its last
	pos          int   // in the segment's data
	maxTimestamp int64 // in ms, -1 for none
}

// An epochStart is the first offset of a leader epoch that wrote something.
type epochStart struct {
	epoch  int32
	offset int64
}

func (s *segment) base() int64 { return s.chunks[0].base }
func (s *segment) next() int64 { return s.chunks[len(s.chunks)-1].next }

// append copies the chunk, which has its offsets already.
func (l *partitionLog) append(c *chunk, epoch int32, now time.Time) {
	if len(c.data) == 0 {
		return
	}
	s := l.room(len(c.data))
	s.chunks = append(s.chunks, chunkEntry{base: l.end, next: l.end + int64(c.records), pos: len(s.data), maxTimestamp: c.maxTimestamp})
	s.data = append(s.data, c.data...)
	s.modified = now
	if n := len(l.epochs); n == 0 || l.epochs[n-1].epoch != epoch {
		l.epochs = append(l.epochs, epochStart{epoch: epoch, offset: l.end})
	}
	l.end += int64(c.records)
	l.size += int64(len(c.data))
	for l.retention > 0 && l.size > l.retention && len(l.segments) > 1 {
		l.deleteBefore(l.segments[0].next())
	}
}

// room returns a segment that has room for n bytes.
func (l *partitionLog) room(n int) *segment {
	capacity := firstSegment
	if len(l.segments) > 0 {
		last := l.segments[len(l.segments)-1]
		if cap(last.data)-len(last.data) >= n {
			return last
		}
		capacity = min(2*cap(last.data), maxSegment)
	}
	s := &segment{data: make([]byte, 0, max(capacity, n))}
	l.segments = append(l.segments, s)
	return s
}

// read returns the bytes from the chunk on that holds the offset, out of one
// segment. It cuts at max bytes, so the last batch may be a part of one; with
// minOne the first one is whole however large it is. The second result is the
// size of the first batch or message.
func (l *partitionLog) read(offset int64, max int, minOne bool) (data []byte, first int) {
	if offset < l.start || offset >= l.end {
		return nil, 0
	}
	s, i := l.find(offset)
	data = skipTo(s.data[s.chunks[i].pos:], offset)
	first = batchSize(data)
	if minOne && max < first {
		max = first
	}
	n := min(len(data), max)
	if n <= 0 { // a limit that was used up, or is nonsense
		return nil, first
	}
	return data[:n:n], first
}

// find returns the chunk that holds the offset, which the log must have.
func (l *partitionLog) find(offset int64) (*segment, int) {
	s := l.segments[sort.Search(len(l.segments), func(i int) bool { return l.segments[i].next() > offset })]
	return s, sort.Search(len(s.chunks), func(i int) bool { return s.chunks[i].next > offset })
}

// skipTo skips the batches and messages whose last offset is below.
func skipTo(data []byte, offset int64) []byte {
	for lastOffset(data) < offset {
		data = data[batchSize(data):]
	}
	return data
}

// before cuts off the batches and messages that are not wholly below the offset.
func before(data []byte, offset int64) []byte {
	for n := 0; n+lastOffsetDeltaAt+4 <= len(data); n += batchSize(data[n:]) {
		if lastOffset(data[n:]) >= offset {
			return data[:n:n]
		}
	}
	return data
}

// batchSize is the size of the batch or message with which stored data begins.
func batchSize(data []byte) int {
	return sizeOverhead + int(int32(binary.BigEndian.Uint32(data[8:])))
}

// lastOffset is the last offset of the batch or message with which stored data
// begins: a message's own, which for a compressed one is that of its last
// inner message.
func lastOffset(data []byte) int64 {
	offset := int64(binary.BigEndian.Uint64(data))
	if data[magicAt] >= 2 {
		offset += int64(int32(binary.BigEndian.Uint32(data[lastOffsetDeltaAt:])))
	}
	return offset
}

// deleteBefore moves the start of the log to the offset and drops the segments
// that lie wholly below.
func (l *partitionLog) deleteBefore(offset int64) {
	l.start = min(max(l.start, offset), l.end)
	for len(l.segments) > 0 && l.segments[0].next() <= l.start {
		l.size -= int64(len(l.segments[0].data))
		l.segments = slices.Delete(l.segments, 0, 1)
	}
}

// epochOf is the leader epoch that wrote the offset, or would write it; -1 when
// nothing was written yet.
func (l *partitionLog) epochOf(offset int64) int32 {
	epoch := int32(-1)
	for _, e := range l.epochs {
		if e.offset <= offset {
			epoch = e.epoch
		}
	}
	return epoch
}

// chunksFrom returns the bytes from the first chunk on that has a record at or
// after the timestamp, to the end of its segment; nil when there is none.
func (l *partitionLog) chunksFrom(timestamp int64) []byte {
	for _, s := range l.segments {
		for _, c := range s.chunks {
			if c.next > l.start && c.maxTimestamp >= timestamp {
				return s.data[c.pos:]
			}
		}
	}
	return nil
}

// maxTimestamp is the largest timestamp of a record, -1 when there is none.
func (l *partitionLog) maxTimestamp() int64 {
	timestamp := int64(-1)
	for _, s := range l.segments {
		for _, c := range s.chunks {
			timestamp = max(timestamp, c.maxTimestamp)
		}
	}
	return timestamp
}

// offsetsBefore answers ListOffsets v0: at most n offsets, the latest first, at
// which a segment begins that was last written at or before the timestamp in
// ms. -1 is the latest, the end of the log included; -2 the earliest.
func (l *partitionLog) offsetsBefore(timestamp int64, n int, now time.Time) []int64 {
	type boundary struct {
		offset   int64
		modified int64
	}
	var all []boundary
	for _, s := range l.segments {
		all = append(all, boundary{max(s.base(), l.start), s.modified.UnixMilli()})
	}
	if len(all) == 0 || l.end > all[len(all)-1].offset {
		all = append(all, boundary{l.end, now.UnixMilli()})
	}
	last := len(all) - 1
	switch timestamp {
	case latestTimestamp:
	case earliestTimestamp:
		last = 0
	default:
		for last >= 0 && all[last].modified > timestamp {
			last--
		}
	}
	offsets := []int64{}
	for ; last >= 0 && len(offsets) < n; last-- {
		offsets = append(offsets, all[last].offset)
	}
	return offsets
}
