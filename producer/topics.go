package producer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// topics are the topics that were sent to of late.
type topics struct {
	topicMap
	forgetAt time.Time // when those that are quiet are looked for; zero: there are none. Belongs to run.
}

// topic is a topic, and its partitions that were sent to of late.
type topic struct {
	name   string
	serial atomic.Int64 // of the latest snapshot of the metadata that now agrees with
	now    atomic.Pointer[topicNow]

	mu   sync.Mutex // guards replacing now, and filling and emptying its partitions
	gone bool       // it is in the topicMap no longer
}

// topicNow is a topic as the metadata has it. But for partitions it is never
// changed.
type topicNow struct {
	from       *netclient.Topic
	ids        []int32                     // ascending
	available  []int32                     // ids of those that have a leader
	partitions []atomic.Pointer[partition] // by the place in ids; nil until something is sent there
}

// errForgotten says that a partition was quiet and has just been forgotten: it has
// to be looked for again.
var errForgotten = errors.New("forgotten")

// index is the place of a partition in ids, or -1.
func (t *topicNow) index(id int32) int {
	if id >= 0 && int(id) < len(t.ids) && t.ids[id] == id {
		return int(id)
	}
	if i, ok := slices.BinarySearch(t.ids, id); ok {
		return i
	}
	return -1
}

// update makes what Send needs of a topic as the snapshot of that serial has it.
func (t *topic) update(serial int64, from *netclient.Topic) *topicNow {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.now.Load()
	if old != nil && (old.from == from || serial < t.serial.Load()) {
		t.serial.Store(max(serial, t.serial.Load()))
		return old
	}
	n := len(from.Partitions)
	now := &topicNow{from: from, ids: make([]int32, n), partitions: make([]atomic.Pointer[partition], n)}
	leaderless := 0
	for i := range from.Partitions {
		one := &from.Partitions[i]
		now.ids[i] = one.ID
		if one.Leader < 0 {
			leaderless++
		}
		if old != nil {
			if j := old.index(one.ID); j >= 0 {
				now.partitions[i].Store(old.partitions[j].Load())
			}
		}
	}
	now.available = now.ids
	if leaderless > 0 {
		now.available = make([]int32, 0, n-leaderless)
		for i := range from.Partitions {
			if one := &from.Partitions[i]; one.Leader >= 0 {
				now.available = append(now.available, one.ID)
			}
		}
	}
	t.now.Store(now)
	t.serial.Store(serial)
	return now
}

// known returns the partition of that id, nil if nothing was sent there yet, or it
// has an id that its place does not tell.
func (t *topicNow) known(id int32) *partition {
	if i := uint(id); i < uint(len(t.ids)) && t.ids[i] == id {
		return t.partitions[i].Load()
	}
	return nil
}

// partition returns the partition of that id; nil if the topic has none.
func (p *Producer) partition(t *topic, id int32) (*partition, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now.Load()
	i := now.index(id)
	if i < 0 {
		return nil, nil
	}
	part := now.partitions[i].Load()
	switch {
	case t.gone:
		return nil, errForgotten
	case part == nil:
		part = p.newPartition(t.name, &now.from.Partitions[i])
		now.partitions[i].Store(part)
	}
	return part, nil
}

func (p *Producer) newPartition(topic string, from *netclient.Partition) *partition {
	part := &partition{topic: topic, id: from.ID, format: record.V2}
	part.backoff = p.sender.backoff
	if r := p.client.Release(from.Leader); r != (netclient.Release{}) {
		part.format = record.Format(r.MaxMessageFormat())
	}
	return part
}

// topic returns a topic as the latest metadata has it. It waits, if it must, until
// the topic is known.
func (p *Producer) topic(ctx context.Context, name string, block *blocking) (*topic, *topicNow, error) {
	md := p.client.Metadata()
	t := p.topics.get(name)
	if t != nil && t.serial.Load() == md.Serial() {
		return t, t.now.Load(), nil
	}
	return p.findTopic(ctx, md, t, name, block)
}

// findTopic is topic for one that is new, or was last used with another snapshot of
// the metadata than md; t is nil for one that is new.
func (p *Producer) findTopic(ctx context.Context, md *netclient.Metadata, t *topic, name string, block *blocking) (*topic, *topicNow, error) {
	from := md.Topic(name)
	if t == nil || !usable(from) {
		var err error
		if from, err = p.await(ctx, name, block); err != nil {
			return nil, nil, err
		}
		if md = p.client.Metadata(); usable(md.Topic(name)) {
			from = md.Topic(name)
		}
		t = p.topics.add(name, func() *topic {
			t := &topic{name: strings.Clone(name)}
			t.update(md.Serial(), from)
			return t
		})
	}
	return t, t.update(md.Serial(), from), nil
}

func usable(t *netclient.Topic) bool { return t != nil && t.Err == 0 && len(t.Partitions) > 0 }

// await waits until the cluster has a topic.
func (p *Producer) await(ctx context.Context, name string, block *blocking) (*netclient.Topic, error) {
	ctx, cancel := p.mayBlock(ctx, block)
	defer cancel()
	t, err := p.client.EnsureTopic(ctx, name)
	if p.closing.Err() != nil {
		return nil, ErrClosed
	}
	return t, err
}

// addedPartition looks for a partition that the metadata does not have: it may have
// been added since.
func (p *Producer) addedPartition(ctx context.Context, name string, id int32, block *blocking) (*partition, error) {
	ctx, cancel := p.mayBlock(ctx, block)
	defer cancel()
	if _, err := p.client.RefreshMetadata(ctx, name); err != nil {
		return nil, err
	}
	t, now, err := p.topic(ctx, name, block)
	if err != nil {
		return nil, err
	}
	part, err := p.partition(t, id)
	if part == nil && err == nil {
		err = &PartitionError{TopicPartition: TopicPartition{Topic: name, Partition: id}, Partitions: len(now.ids)}
	}
	return part, err
}

// mayBlock is ctx for a wait of Send: it also ends when MaxBlock is over, and
// when the producer is closed.
func (p *Producer) mayBlock(ctx context.Context, block *blocking) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeoutCause(ctx, block.left(time.Now()), blockError{block.limit})
	stop := context.AfterFunc(p.closing, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// partitions are all partitions that there are.
func (t *topics) partitions() []*partition {
	var all []*partition
	for _, one := range t.all() {
		for i := range one.now.Load().partitions {
			if part := one.now.Load().partitions[i].Load(); part != nil {
				all = append(all, part)
			}
		}
	}
	return all
}

// forgetQuiet forgets, now and then, the partitions that nothing was sent to since
// it last did, and the topics that have no others. It says when it wants to be
// called again; zero is never, as long as nothing is sent. The sender's goroutine
// calls it.
func (t *topics) forgetQuiet(now time.Time, every time.Duration) (next time.Time) {
	if !t.forgetAt.IsZero() && now.Before(t.forgetAt) {
		return t.forgetAt
	}
	first := t.forgetAt.IsZero()
	t.forgetAt = time.Time{}
	all := t.all()
	if !first {
		all = t.forget(all)
	}
	if len(all) > 0 {
		t.forgetAt = now.Add(every)
	}
	return t.forgetAt
}

// forget is forgetQuiet's work; it returns the topics that stay.
func (t *topics) forget(all []*topic) (left []*topic) {
	gone := map[*topic]bool{}
	for _, one := range all {
		if one.forgetQuiet() {
			gone[one] = true
		} else {
			left = append(left, one)
		}
	}
	t.remove(gone)
	return left
}

// forgetQuiet forgets the topic's quiet partitions, and reports whether none is
// left: then the topic must not be used any more.
func (t *topic) forgetQuiet() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = true
	now := t.now.Load()
	for i := range now.partitions {
		switch p := now.partitions[i].Load(); {
		case p == nil:
		case p.forgetQuiet():
			now.partitions[i].Store(nil)
		default:
			t.gone = false
		}
	}
	return t.gone
}

// forgetQuiet reports whether nothing was sent to the partition since it was last
// called, and nothing of it is left: then it must not be used any more. The sender
// calls it.
func (p *partition) forgetQuiet() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	quiet := !p.used && !p.listed && p.open == nil && p.queue.len() == 0
	p.used = false
	p.gone = quiet && !p.placed && p.timer == 0 && len(p.inFlight) == 0
	return p.gone
}
