package netclient

import (
	"cmp"
	"iter"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// Metadata is what the cluster said about itself at one time: its brokers, and
// the topics in use. It is never changed; a refresh makes a new one.
type Metadata struct {
	brokers    map[int32]Broker
	controller int32
	clusterID  string
	topics     map[string]*Topic
	asOf       time.Time
	serial     int64         // of the client's snapshots; 0 before the first answer
	source     string        // address of the broker that said it
	release    Release       // of that broker
	newer      chan struct{} // closed when a newer snapshot is in place
}

// Broker is a broker's id and the address that it advertises to clients.
type Broker struct {
	ID   int32
	Host string
	Port int32
	Rack string // empty: none known
}

// Addr is the broker's address as host:port.
func (b Broker) Addr() string { return net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port))) }

// Topic is what is known of a topic.
type Topic struct {
	Name string
	ID   wire.UUID // zero before 2.8
	// Err is what the cluster said instead of partitions, or ErrNone:
	// ErrUnknownTopicOrPartition, ErrLeaderNotAvailable while it is being made.
	Err        wire.ErrorCode
	Internal   bool        // the brokers' own, such as __consumer_offsets
	Partitions []Partition // sorted by ID

	used *atomic.Bool // someone has looked the topic up in this snapshot
	good *Topic       // what was known of it before an error that may pass; else nil
}

// Partition is what is known of a partition.
type Partition struct {
	ID          int32
	Leader      int32          // broker id, -1: none now
	LeaderEpoch int32          // -1: unknown (before 2.4)
	Replicas    []int32        // broker ids
	ISR         []int32        // broker ids of the in-sync replicas
	Offline     []int32        // broker ids of the replicas that are offline
	Err         wire.ErrorCode // what the broker said of it, ErrNone if all is well

	stale int8 // how many answers in a row had an older leader epoch
}

func emptyMetadata() *Metadata {
	return &Metadata{controller: -1, newer: make(chan struct{})}
}

// Brokers are the cluster's brokers, by ascending id.
func (m *Metadata) Brokers() []Broker {
	return slices.SortedFunc(maps.Values(m.brokers), func(a, b Broker) int { return cmp.Compare(a.ID, b.ID) })
}

// Broker gives the broker of that id.
func (m *Metadata) Broker(id int32) (Broker, bool) {
	b, ok := m.brokers[id]
	return b, ok
}

// ControllerID is the id of the broker to send requests for the controller to;
// -1 when unknown, as before 0.10.
func (m *Metadata) ControllerID() int32 { return m.controller }

// ClusterID names the cluster; empty before 0.10.1.
func (m *Metadata) ClusterID() string { return m.clusterID }

// AsOf is when the cluster said this; zero if it was not asked yet.
func (m *Metadata) AsOf() time.Time { return m.asOf }

// Serial numbers the client's snapshots, each higher than the one before: whoever
// keeps it knows whether what was made of a snapshot is still of the latest,
// without keeping the snapshot in memory.
func (m *Metadata) Serial() int64 { return m.serial }

// Topic gives a topic in use, or nil when nothing is known of it. The Topic must
// not be changed. Topics that nobody looks up any more, here or with Leader, are
// dropped: see Client.Topic.
func (m *Metadata) Topic(name string) *Topic {
	t := m.topics[name]
	if t != nil && !t.used.Load() {
		t.used.Store(true)
	}
	return t
}

// Topics are the topics known here, in no order.
func (m *Metadata) Topics() iter.Seq[*Topic] { return maps.Values(m.topics) }

// Leader gives the broker that leads a partition and its leader epoch (-1 where
// brokers don't tell it, before 2.4). ok is false when the partition or its
// leader is unknown.
func (m *Metadata) Leader(tp wire.TopicPartition) (node int32, epoch int32, ok bool) {
	t := m.Topic(tp.Topic)
	if t == nil {
		return -1, -1, false
	}
	p := t.Partition(tp.Partition)
	if p == nil || p.Leader < 0 {
		return -1, -1, false
	}
	return p.Leader, p.LeaderEpoch, true
}

// Partition gives the partition of that id, or nil.
func (t *Topic) Partition(id int32) *Partition {
	if id >= 0 && int(id) < len(t.Partitions) && t.Partitions[id].ID == id {
		return &t.Partitions[id]
	}
	i, ok := slices.BinarySearchFunc(t.Partitions, id, func(p Partition, id int32) int { return cmp.Compare(p.ID, id) })
	if !ok {
		return nil
	}
	return &t.Partitions[i]
}

// merge makes the snapshot that follows m after an answer from the broker at
// source. Topics that the answer does not name are dropped: the answer is to
// what was asked.
func (m *Metadata) merge(resp *msg.MetadataResponse, version int16, source string, now time.Time) *Metadata {
	next := &Metadata{
		brokers:    make(map[int32]Broker, len(resp.Brokers)),
		controller: -1,
		clusterID:  m.clusterID,
		topics:     make(map[string]*Topic, len(resp.Topics)),
		asOf:       now,
		serial:     m.serial + 1,
		source:     source,
		newer:      make(chan struct{}),
	}
	for i := range resp.Brokers {
		b := &resp.Brokers[i]
		next.brokers[b.NodeID] = Broker{ID: b.NodeID, Host: b.Host, Port: b.Port, Rack: deref(b.Rack)}
	}
	if version >= 1 {
		next.controller = resp.ControllerID
	}
	if resp.ClusterID != nil {
		next.clusterID = *resp.ClusterID
		if m.clusterID != "" && m.clusterID != next.clusterID {
			m = emptyMetadata() // what was known is of another cluster
		}
	}
	// Brokers of 0.8 name no broker while a topic is being made, or when there is
	// none at all. That says nothing about what was known.
	blank := len(resp.Brokers) == 0
	if blank {
		next.brokers, next.controller, next.source = m.brokers, m.controller, m.source
	}
	used := make([]atomic.Bool, len(resp.Topics))
	for i := range resp.Topics {
		t := newTopic(&resp.Topics[i], version)
		if t == nil {
			continue
		}
		old := m.topics[t.Name]
		if blank && old != nil && old.Err == wire.ErrNone && t.Err != wire.ErrNone {
			t = new(*old)
		}
		t.used = &used[i]
		t.keepNewerLeaders(old)
		if t.Err.Retriable() && t.Err != wire.ErrUnknownTopicOrPartition {
			t.good = old.lastGood()
		}
		next.topics[t.Name] = t
	}
	return next
}

// reliableEpochs is the version of Metadata from which leader epochs can be
// relied on: brokers that are older may tell an old one during an upgrade to
// them.
const reliableEpochs = 9

func newTopic(t *msg.MetadataResponseTopic, version int16) *Topic {
	if t.Name == nil {
		return nil // the answer about a topic id that is unknown
	}
	topic := &Topic{Name: *t.Name, ID: t.TopicID, Err: t.ErrorCode, Internal: t.IsInternal,
		Partitions: make([]Partition, len(t.Partitions))}
	for i := range t.Partitions {
		p := &t.Partitions[i]
		topic.Partitions[i] = Partition{
			ID: p.PartitionIndex, Leader: p.LeaderID, LeaderEpoch: -1,
			Replicas: p.ReplicaNodes, ISR: p.IsrNodes, Offline: p.OfflineReplicas,
			Err: p.ErrorCode,
		}
		if version >= reliableEpochs {
			topic.Partitions[i].LeaderEpoch = p.LeaderEpoch
		}
	}
	byID := func(a, b Partition) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(topic.Partitions, byID) {
		slices.SortFunc(topic.Partitions, byID)
	}
	return topic
}

// believeStale is how many answers in a row with an older leader epoch are
// needed to believe it where a topic has no id: one that was deleted and made again
// begins anew, and nothing else tells.
const believeStale = 3

// lastGood is the topic with its partitions, as they were known last.
func (t *Topic) lastGood() *Topic {
	if t != nil && len(t.Partitions) == 0 {
		return t.good
	}
	return t
}

// keepNewerLeaders keeps what was known of a partition where the answer comes
// from a broker that has not heard of its newest leader yet.
func (t *Topic) keepNewerLeaders(old *Topic) {
	old = old.lastGood()
	var none wire.UUID
	if old == nil || old.ID != t.ID && old.ID != none && t.ID != none {
		return
	}
	for i := range t.Partitions {
		p := &t.Partitions[i]
		was := old.Partition(p.ID)
		if was == nil || p.LeaderEpoch < 0 || p.LeaderEpoch >= was.LeaderEpoch {
			continue
		}
		if t.ID != none {
			*p = *was
		} else if stale := was.stale + 1; stale < believeStale {
			*p = *was
			p.stale = stale
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
