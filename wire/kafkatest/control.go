package kafkatest

import (
	"slices"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A Request is one that a broker has received, as a control function sees it.
type Request struct {
	Node          int32 // the broker's id
	Key           wire.APIKey
	Version       int16
	CorrelationID int32
	ClientID      string
	// Message is the request itself, such as a *msg.FetchRequest. It is good
	// until the control function returns.
	Message wire.Request
}

// An Action is what happens to a request instead of the usual. The zero Action
// is the usual.
type Action struct {
	Delay time.Duration   // wait so long before everything else
	Hold  <-chan struct{} // wait until it is closed before everything else

	Error    wire.ErrorCode // answer that error, wherever the response has room for one, without doing what was asked for
	Response wire.Response  // answer that without doing what was asked for
	Lose     bool           // do nothing of what was asked for, and don't answer

	NoAnswer bool // do what was asked for, but never answer
	Close    bool // close the connection instead of answering; with Lose, without having done anything
}

// faults are the cluster's control functions and its count of requests.
type faults struct {
	mu       sync.Mutex // guards the rest; not held while a control function runs
	controls []*control
	counts   map[wire.APIKey]int
}

type control struct {
	key wire.APIKey
	f   func(Request) Action
}

// Control has f decide about every request of that API that a broker receives,
// until remove is called. Where several functions are there, the first added that
// returns an Action other than the zero one decides. They run on the
// connection's goroutine, so several may run at once, and one that waits holds
// up that connection.
func (c *Cluster) Control(key wire.APIKey, f func(Request) Action) (remove func()) {
	added := &control{key, f}
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	c.faults.controls = append(slices.Clip(c.faults.controls), added)
	return func() {
		c.faults.mu.Lock()
		defer c.faults.mu.Unlock()
		c.faults.controls = slices.DeleteFunc(slices.Clone(c.faults.controls), func(other *control) bool { return other == added })
	}
}

// Requests is how many requests of the API the brokers have received.
func (c *Cluster) Requests(key wire.APIKey) int {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	return c.faults.counts[key]
}

// decide counts the request and asks the control functions about it.
func (f *faults) decide(req Request) Action {
	f.mu.Lock()
	if f.counts == nil {
		f.counts = make(map[wire.APIKey]int)
	}
	f.counts[req.Key]++
	controls := f.controls
	f.mu.Unlock()
	for _, c := range controls {
		if c.key != req.Key {
			continue
		}
		if action := c.f(req); action != (Action{}) {
			return action
		}
	}
	return Action{}
}

// MoveLeader gives a partition another leader, in a new epoch. The broker need
// not be one of its replicas; -1 leaves the partition without a leader. It tells
// whether there are such a partition and broker. Moving a partition of
// __consumer_offsets moves the coordinator of its groups.
func (c *Cluster) MoveLeader(topic string, partition, node int32) bool {
	p := c.topic(topic, wire.UUID{}).partition(partition)
	if p == nil || node != -1 && c.broker(node) == nil {
		return false
	}
	p.setLeader(node, false)
	if topic == offsetsTopic {
		c.groups.moved(partition)
	}
	return true
}

// MoveCoordinator makes a broker the coordinator of a group, and of those that
// share its partition of __consumer_offsets. It tells whether there is such a
// broker.
func (c *Cluster) MoveCoordinator(group string, node int32) bool {
	c.groups.ensureTopic()
	return c.MoveLeader(offsetsTopic, offsetsPartitionOf(group), node)
}

// Leader is the leader of a partition and its epoch, -1 and -1 when there is
// none.
func (c *Cluster) Leader(topic string, partition int32) (node, epoch int32) {
	if p := c.topic(topic, wire.UUID{}).partition(partition); p != nil {
		return p.leadership()
	}
	return -1, -1
}

// StopBroker stops a broker as if it had been killed: its connections and its
// port are closed, and another replica that is up leads its partitions, if there
// is one. It tells whether there is such a broker.
func (c *Cluster) StopBroker(node int32) bool {
	b := c.broker(node)
	if b == nil {
		return false
	}
	b.stop()
	c.electAll()
	return true
}

// StartBroker starts a broker that was stopped, on its old address. Partitions
// that had no leader get one again.
func (c *Cluster) StartBroker(node int32) error {
	b := c.broker(node)
	if b == nil {
		return wire.ErrBrokerNotAvailable
	}
	if err := b.start(); err != nil {
		return err
	}
	c.electAll()
	return nil
}

// electAll gives every partition whose leader is gone another one.
func (c *Cluster) electAll() {
	_, up := c.upBrokers()
	for _, t := range c.allTopics() {
		for _, p := range t.partitions {
			live, _ := p.liveReplicas(up)
			leader, _ := p.leadership()
			if next := elect(leader, live); next != leader && !up(leader) {
				p.setLeader(next, false)
				if t.internal {
					c.groups.moved(p.id)
				}
			}
		}
	}
}

// Freeze has a broker keep its connections and take new ones, but answer nothing
// until Thaw, as a process that is stopped with SIGSTOP. It tells whether there
// is such a broker, and it runs.
func (c *Cluster) Freeze(node int32) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.up(node) {
		return false
	}
	if r := c.broker(node).run; r.thawed == nil {
		r.thawed = make(chan struct{})
	}
	return true
}

// Thaw lets a frozen broker go on.
func (c *Cluster) Thaw(node int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.up(node) {
		return
	}
	if r := c.broker(node).run; r.thawed != nil {
		close(r.thawed)
		r.thawed = nil
	}
}

// DeleteRecords moves the start of a partition's log to the offset, as retention
// does. It tells whether there is such a partition.
func (c *Cluster) DeleteRecords(topic string, partition int32, before int64) bool {
	p := c.topic(topic, wire.UUID{}).partition(partition)
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.deleteBefore(before)
	p.tell()
	return true
}
