package netclient

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// answered is an answer to Metadata.
type answered struct {
	resp    *msg.MetadataResponse
	version int16
	source  string // address of the broker that gave it
	release Release
	at      time.Time

	// partial says that it is about some topics only: those that it does not name
	// stay as they are. Otherwise they are dropped.
	partial bool
	// absent are topics that the answer would name if they existed: all topics were
	// asked for.
	absent []string
}

// merge makes the snapshot that follows m after an answer. What has not changed it
// takes over from m, and it keeps nothing of the answer itself in memory.
func (m *Metadata) merge(a answered) *Metadata {
	next := &Metadata{
		controller: -1,
		clusterID:  m.clusterID,
		asOf:       a.at,
		serial:     m.serial + 1,
		source:     a.source,
		release:    a.release,
		newer:      make(chan struct{}),
	}
	if id := a.resp.ClusterID; id != nil && *id != m.clusterID {
		next.clusterID = strings.Clone(*id)
		if m.clusterID != "" {
			m = emptyMetadata() // what was known is of another cluster
		}
	}
	if a.version >= 1 {
		next.controller = a.resp.ControllerID
	}
	next.brokers = m.mergeBrokers(a)
	// Brokers of 0.8 name no broker while a topic is being made, or when there is
	// none at all. That says nothing about what was known.
	blank := len(a.resp.Brokers) == 0
	if blank {
		next.brokers, next.controller, next.source = m.brokers, m.controller, m.source
	}
	topics := make([]*Topic, 0, len(a.resp.Topics)+len(a.absent))
	for i := range a.resp.Topics {
		if t := m.mergeTopic(&a.resp.Topics[i], a.version, blank); t != nil {
			topics = append(topics, t)
		}
	}
	for _, name := range a.absent {
		topics = append(topics, m.mergeTopic(&msg.MetadataResponseTopic{Name: &name, ErrorCode: wire.ErrUnknownTopicOrPartition}, a.version, blank))
	}
	if a.partial {
		next.topics = m.topics.with(topics)
	} else {
		next.topics = (&topicTable{}).with(topics)
	}
	return next
}

// mergeBrokers are the brokers of an answer. Those of 0.8 name only brokers that
// have replicas of the topics they were asked about.
func (m *Metadata) mergeBrokers(a answered) map[int32]Broker {
	brokers := make(map[int32]Broker, len(a.resp.Brokers))
	if a.partial && a.release.line > 0 && !a.release.AtLeast("0.9") {
		maps.Copy(brokers, m.brokers)
	}
	for i := range a.resp.Brokers {
		b := &a.resp.Brokers[i]
		if old := m.brokers[b.NodeID]; old.Host == b.Host && old.Port == b.Port && old.Rack == deref(b.Rack) {
			brokers[b.NodeID] = Broker{b.NodeID, old.Host, old.Port, old.Rack}
			continue
		}
		brokers[b.NodeID] = Broker{ID: b.NodeID, Host: strings.Clone(b.Host), Port: b.Port, Rack: strings.Clone(deref(b.Rack))}
	}
	if maps.Equal(brokers, m.brokers) {
		return m.brokers
	}
	return brokers
}

// mergeTopic is what an answer says of a topic, with what was known of it; nil for
// an answer about a topic id that is unknown.
func (m *Metadata) mergeTopic(in *msg.MetadataResponseTopic, version int16, blank bool) *Topic {
	if in.Name == nil {
		return nil
	}
	old := m.topics.get(*in.Name)
	switch {
	case old != nil && old.says(in, version),
		blank && old != nil && old.Err == wire.ErrNone && in.ErrorCode != wire.ErrNone:
		return old
	}
	t := newTopic(in, version)
	t.keepNewerLeaders(old)
	if t.Err.Retriable() && t.Err != wire.ErrUnknownTopicOrPartition {
		t.good = old.lastGood()
	}
	return t
}

// reliableEpochs is the version of Metadata from which leader epochs can be
// relied on: brokers that are older may tell an old one during an upgrade to
// them.
const reliableEpochs = 9

// newTopic copies what an answer says of a topic, because the parts of an answer
// share memory: whoever keeps one topic would keep all.
func newTopic(in *msg.MetadataResponseTopic, version int16) *Topic {
	topic := &Topic{Name: strings.Clone(*in.Name), ID: in.TopicID, Err: in.ErrorCode, Internal: in.IsInternal,
		Partitions: make([]Partition, len(in.Partitions))}
	n := 0
	for i := range in.Partitions {
		p := &in.Partitions[i]
		n += len(p.ReplicaNodes) + len(p.IsrNodes) + len(p.OfflineReplicas)
	}
	nodes := make([]int32, 0, n)
	copied := func(from []int32) []int32 {
		start := len(nodes)
		nodes = append(nodes, from...)
		return nodes[start:len(nodes):len(nodes)]
	}
	for i := range in.Partitions {
		p := &in.Partitions[i]
		topic.Partitions[i] = Partition{
			ID: p.PartitionIndex, Leader: p.LeaderID, LeaderEpoch: knownEpoch(p, version),
			Replicas: copied(p.ReplicaNodes), ISR: copied(p.IsrNodes), Offline: copied(p.OfflineReplicas),
			Err: p.ErrorCode,
		}
	}
	byID := func(a, b Partition) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(topic.Partitions, byID) {
		slices.SortFunc(topic.Partitions, byID)
	}
	return topic
}

func knownEpoch(p *msg.MetadataResponseTopicPartition, version int16) int32 {
	if version < reliableEpochs {
		return -1
	}
	return p.LeaderEpoch
}

// says reports whether an answer says nothing new of the topic.
func (t *Topic) says(in *msg.MetadataResponseTopic, version int16) bool {
	if t.ID != in.TopicID || t.Err != in.ErrorCode || t.Internal != in.IsInternal || len(t.Partitions) != len(in.Partitions) {
		return false
	}
	for i := range in.Partitions {
		p := &in.Partitions[i]
		was := t.Partition(p.PartitionIndex)
		if was == nil || was.Leader != p.LeaderID || was.LeaderEpoch != knownEpoch(p, version) || was.Err != p.ErrorCode || was.stale != 0 ||
			!slices.Equal(was.Replicas, p.ReplicaNodes) || !slices.Equal(was.ISR, p.IsrNodes) || !slices.Equal(was.Offline, p.OfflineReplicas) {
			return false
		}
	}
	return true
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
