package kafkatest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// offsetsTopic is the internal topic over whose leaders the group coordinators
// are spread. Nothing is written to it here.
const (
	offsetsTopic      = "__consumer_offsets"
	offsetsPartitions = 50
)

// A topic never changes after it was made; its partitions do.
type topic struct {
	name       string
	id         wire.UUID
	internal   bool
	partitions []*partition
}

// A partition has one log, which all its replicas share: what one has written
// all have, but for those that lag behind, and the high watermark is the end of
// the log.
type partition struct {
	topic    *topic
	id       int32
	replicas []int32

	mu      sync.Mutex // guards the rest
	leader  int32      // -1: none
	epoch   int32
	log     partitionLog
	behind  map[int32]int64            // where the replicas end that lag behind, by broker
	waiting map[chan struct{}]struct{} // told, without waiting, when something below changes
}

// newTopic makes a topic whose partitions have those replicas, the first of
// which leads.
func newTopic(name string, replicas [][]int32, retention int64) *topic {
	t := &topic{name: name, internal: name == offsetsTopic}
	rand.Read(t.id[:])
	for i, ids := range replicas {
		t.partitions = append(t.partitions, &partition{
			topic: t, id: int32(i), replicas: ids, leader: -1,
			log:     partitionLog{retention: retention},
			waiting: make(map[chan struct{}]struct{}),
		})
	}
	return t
}

// partition returns the partition of that number, nil when there is none.
func (t *topic) partition(id int32) *partition {
	if t == nil || id < 0 || int(id) >= len(t.partitions) {
		return nil
	}
	return t.partitions[id]
}

// append places and keeps a chunk and returns the offset of its first record. It
// is the leader who may append, in its epoch.
func (p *partition) append(node int32, c *chunk, codecs record.Codecs) (base, start int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leader != node {
		return -1, -1, wire.ErrNotLeaderOrFollower
	}
	if base = p.log.end; c.records == 0 {
		base = -1 // an empty message set, which is not an error
	}
	if err := c.place(p.log.end, p.epoch, codecs); err != nil {
		return -1, -1, fmt.Errorf("placing: %v: %w", err, wire.ErrUnknownServerError)
	}
	p.log.append(c, p.epoch, time.Now())
	p.tell()
	return base, p.log.start, nil
}

// leadership is the leader, -1 for none, and its epoch.
func (p *partition) leadership() (leader, epoch int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leader, p.epoch
}

// setLeader changes the leader. Each change is a new epoch; the first leader's
// is 0.
func (p *partition) setLeader(node int32, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leader != node {
		p.leader = node
		delete(p.behind, node)
		if !first {
			p.epoch++
		}
	}
	p.tell()
}

// watch has the channel told of changes until unwatch.
func (p *partition) watch(changed chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[changed] = struct{}{}
}

func (p *partition) unwatch(changed chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiting, changed)
}

// tell tells those who watch. p.mu is held.
func (p *partition) tell() {
	for changed := range p.waiting {
		select {
		case changed <- struct{}{}:
		default: // it has been told and will look
		}
	}
}

// checkLeadership is the answer to a request for the partition that believes in
// that leader epoch, -1 for none (KIP-320), and that the leader alone answers or,
// if followers may, any replica. A replica looks at the epoch first. p.mu is held.
func (p *partition) checkLeadership(node, epoch int32, followers bool) wire.ErrorCode {
	replica := node == p.leader || slices.Contains(p.replicas, node)
	switch {
	case replica && epoch >= 0 && epoch < p.epoch:
		return wire.ErrFencedLeaderEpoch
	case replica && epoch > p.epoch:
		return wire.ErrUnknownLeaderEpoch
	case node != p.leader && !(replica && followers && p.leader >= 0):
		return wire.ErrNotLeaderOrFollower
	default:
		return wire.ErrNone
	}
}

// endOn is the end of the log as far as the replica on the broker has it. p.mu is
// held.
func (p *partition) endOn(node int32) int64 {
	if end, lags := p.behind[node]; lags {
		return min(end, p.log.end)
	}
	return p.log.end
}

// assign spreads partitions over the brokers as Kafka does without racks: the
// first replicas go round, the others follow.
func assign(brokers, partitions, replicas, first int) [][]int32 {
	all := make([][]int32, partitions)
	for p := range all {
		for r := range replicas {
			all[p] = append(all[p], int32((first+p+r)%brokers)+1)
		}
	}
	return all
}

// checkTopic checks what a topic is made from.
func checkTopic(name string, partitions int) error {
	if !validTopicName(name) {
		return fmt.Errorf("kafkatest: topic %q: want 1 to 249 letters, digits, '.', '_' and '-': %w", name, wire.ErrInvalidTopicException)
	}
	return checkPartitions(partitions)
}

func checkPartitions(n int) error {
	if n < 1 || n > 10_000 {
		return fmt.Errorf("kafkatest: %d partitions: a topic has 1 to 10000: %w", n, wire.ErrInvalidPartitions)
	}
	return nil
}

func validTopicName(name string) bool {
	return len(name) > 0 && len(name) <= 249 && name != "." && name != ".." &&
		!strings.ContainsFunc(name, func(c rune) bool {
			return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("._-", c))
		})
}

// liveReplicas are the partition's replicas that are up, and those that are not.
func (p *partition) liveReplicas(up func(node int32) bool) (live, offline []int32) {
	live, offline = []int32{}, []int32{}
	for _, node := range p.replicas {
		if up(node) {
			live = append(live, node)
		} else {
			offline = append(offline, node)
		}
	}
	return live, offline
}

// elect is the leader that the partition gets when only the live replicas are
// there: its leader, if that is one of them, or the first.
func elect(leader int32, live []int32) int32 {
	switch {
	case slices.Contains(live, leader):
		return leader
	case len(live) > 0:
		return live[0]
	default:
		return -1
	}
}
