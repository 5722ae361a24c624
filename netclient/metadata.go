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
)

// Metadata is what the cluster said about itself: its brokers, and the topics in
// use. It is never changed; a refresh makes a new one, which shares with the one
// before what has not changed.
type Metadata struct {
	brokers    map[int32]Broker
	controller int32
	clusterID  string
	topics     *topicTable
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

// Topic is what is known of a topic. As long as nothing of it changes, it is the
// same *Topic in each snapshot; it keeps nothing else of a snapshot in memory.
type Topic struct {
	Name string
	ID   wire.UUID // zero before 2.8
	// Err is what the cluster said instead of partitions, or ErrNone:
	// ErrUnknownTopicOrPartition, ErrLeaderNotAvailable while it is being made.
	Err        wire.ErrorCode
	Internal   bool        // the brokers' own, such as __consumer_offsets
	Partitions []Partition // sorted by ID

	used uint32 // 1: someone has looked the topic up since the topics in use were last asked for; atomic
	good *Topic // what was known of it before an error that may pass; else nil
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
	return &Metadata{controller: -1, topics: &topicTable{}, newer: make(chan struct{})}
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
	t := m.topics.get(name)
	if t != nil && atomic.LoadUint32(&t.used) == 0 {
		atomic.StoreUint32(&t.used, 1)
	}
	return t
}

// lookedUp reports whether someone has looked the topic up since lookedUp was
// last called.
func (t *Topic) lookedUp() bool { return atomic.SwapUint32(&t.used, 0) == 1 }

// Topics are the topics known here, in no order.
func (m *Metadata) Topics() iter.Seq[*Topic] { return m.topics.all() }

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
