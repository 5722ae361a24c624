package producer

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// topics are the topics that were sent to. Send reads them without a lock.
type topics struct {
	byName atomic.Pointer[map[string]*topic] // replaced, never changed

	mu  sync.Mutex   // for changing byName; guards all
	all []*partition // only ever appended to
}

// topic has the partitions of one topic that were ever known.
type topic struct {
	now atomic.Pointer[topicNow]

	mu         sync.Mutex // guards partitions, and replacing now
	partitions map[int32]*partition
}

// topicNow is a topic as one snapshot of the metadata has it. It is never
// changed.
type topicNow struct {
	metadata   *netclient.Metadata
	ids        []int32 // ascending
	partitions []*partition
	available  []int32 // ids of those that have a leader
}

func (t *topics) init() { t.byName.Store(&map[string]*topic{}) }

// named gives the topic of that name, a new one if need be.
func (t *topics) named(name string) *topic {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := *t.byName.Load()
	if known := old[name]; known != nil {
		return known
	}
	next := maps.Clone(old)
	one := &topic{partitions: map[int32]*partition{}}
	next[strings.Clone(name)] = one
	t.byName.Store(&next)
	return one
}

// partitions are all that there are.
func (t *topics) partitions() []*partition {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all
}

func (t *topics) add(p *partition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, p)
}

// partition gives the partition of that id, or nil.
func (t *topicNow) partition(id int32) *partition {
	if id >= 0 && int(id) < len(t.ids) && t.ids[id] == id {
		return t.partitions[id]
	}
	if i, ok := slices.BinarySearch(t.ids, id); ok {
		return t.partitions[i]
	}
	return nil
}

// topic gives a topic as the latest metadata has it. It waits, if it must, until
// the topic is known.
func (p *Producer) topic(ctx context.Context, name string, block *blocking) (*topicNow, error) {
	md := p.client.Metadata()
	if t := (*p.topics.byName.Load())[name]; t != nil {
		if now := t.now.Load(); now != nil && now.metadata == md {
			return now, nil
		}
		if in := md.Topic(name); in != nil && in.Err == wire.ErrNone && len(in.Partitions) > 0 {
			return p.update(t, md, in), nil
		}
	}
	in, err := p.await(ctx, name, block)
	if err != nil {
		return nil, err
	}
	return p.update(p.topics.named(name), md, in), nil
}

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
	t, err := p.topic(ctx, name, block)
	if err != nil {
		return nil, err
	}
	if part := t.partition(id); part != nil {
		return part, nil
	}
	return nil, &PartitionError{TopicPartition: TopicPartition{Topic: name, Partition: id}, Partitions: len(t.ids)}
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

// update makes what Send needs of a topic from a snapshot of the metadata.
func (p *Producer) update(t *topic, md *netclient.Metadata, in *netclient.Topic) *topicNow {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := &topicNow{metadata: md}
	for i := range in.Partitions {
		from := &in.Partitions[i]
		part := t.partitions[from.ID]
		if part == nil {
			part = p.newPartition(in.Name, from)
			t.partitions[from.ID] = part
		}
		now.ids = append(now.ids, from.ID)
		now.partitions = append(now.partitions, part)
		if from.Leader >= 0 {
			now.available = append(now.available, from.ID)
		}
	}
	t.now.Store(now)
	return now
}

func (p *Producer) newPartition(topic string, from *netclient.Partition) *partition {
	part := &partition{topic: topic, id: from.ID, format: record.V2}
	part.backoff = p.sender.backoff
	if r := p.client.Release(from.Leader); r != (netclient.Release{}) {
		part.format = record.Format(r.MaxMessageFormat())
	}
	p.topics.add(part)
	return part
}
