package kafkatest

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
)

// A Cluster is a Kafka cluster in this process. Its methods may be called from
// several goroutines.
type Cluster struct {
	config   config
	versions map[wire.APIKey]wire.VersionRange // of the release
	codecs   *compress.Set
	id       string
	brokers  []*broker // by id - 1; the slice never changes
	groups   *coordinator
	faults   faults
	ports    clientPorts
	tb       TB // of Start; what the cluster is asked for in vain fails it

	ctx        context.Context // ends at Close
	cancel     context.CancelFunc
	goroutines sync.WaitGroup // all that the cluster started

	mu     sync.RWMutex // guards the rest, and the state of the brokers; held for a look-up, never over a wait
	closed bool
	topics map[string]*topic
	byID   map[wire.UUID]*topic
}

// New starts a cluster. It listens when New returns; Close ends it.
func New(opts ...Option) (*Cluster, error) {
	config, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		config:   config,
		versions: config.release.versions(),
		codecs:   compress.New(),
		tb:       noTest{},
		topics:   make(map[string]*topic),
		byID:     make(map[wire.UUID]*topic),
	}
	var id wire.UUID
	rand.Read(id[:])
	c.id = id.String()
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.groups = newCoordinator(c)
	c.faults.turn = make(chan struct{}, 1)
	for i := range config.brokers {
		c.brokers = append(c.brokers, newBroker(c, int32(i+1)))
	}
	for _, b := range c.brokers {
		if err := b.start(); err != nil {
			c.Close()
			return nil, err
		}
	}
	for _, t := range config.topics {
		if err := c.makeTopic(t.name, t.partitions, 0); err != nil {
			c.Close()
			return nil, err
		}
	}
	c.goroutines.Go(c.groups.run)
	return c, nil
}

// TB is what Start needs of a *testing.T, *testing.B or *testing.F.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Start starts a cluster for a test and closes it when the test ends. Inside a
// testing/synctest bubble, call it in the bubble.
//
// What the cluster is asked for in vain (a broker, topic or partition that is not
// there, a topic that is there already) fails the test at once, so the errors of
// its methods need not be looked at.
func Start(t TB, opts ...Option) *Cluster {
	t.Helper()
	c, err := New(opts...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	c.tb = t
	t.Cleanup(func() { c.Close() })
	return c
}

// done returns the error of a method, and fails the test that there may be.
func (c *Cluster) done(err error) error {
	c.tb.Helper()
	if err != nil {
		c.tb.Fatalf("%v", err)
	}
	return err
}

// noTest is the TB of a cluster that was made with New.
type noTest struct{}

func (noTest) Helper()               {}
func (noTest) Cleanup(func())        {}
func (noTest) Fatalf(string, ...any) {}

// Close closes all listeners and connections and waits for every goroutine of
// the cluster. It must not be called from a control function. It returns nil,
// also the second time.
func (c *Cluster) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	for _, b := range c.brokers {
		b.stop()
	}
	c.goroutines.Wait()
	return nil
}

// Addrs are the brokers' addresses, in the order of their ids, those that are
// stopped included.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.brokers))
	for i, b := range c.brokers {
		addrs[i] = b.address()
	}
	return addrs
}

// Addr is the address of a broker. Where there is none of that id it fails the
// test of Start, or is "".
func (c *Cluster) Addr(node int32) string {
	c.tb.Helper()
	b, err := c.knownBroker(node)
	if c.done(err) != nil {
		return ""
	}
	return b.address()
}

// Dial connects to a broker: over TCP if the cluster has it, else in memory,
// where nothing but the cluster's own addresses can be reached. It fits into a
// client's configuration.
func (c *Cluster) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if c.config.tcp {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	return c.dialMemory(ctx, network, addr)
}

// CreateTopic makes a topic. Its leaders go round the brokers. With 0 replicas,
// partitions have as many as there are brokers, three at most.
func (c *Cluster) CreateTopic(name string, partitions, replicas int) error {
	c.tb.Helper()
	return c.done(c.makeTopic(name, partitions, replicas))
}

func (c *Cluster) makeTopic(name string, partitions, replicas int) error {
	if err := checkTopic(name, partitions); err != nil {
		return err
	}
	if replicas == 0 {
		replicas = min(len(c.brokers), 3)
	}
	if replicas < 1 || replicas > len(c.brokers) {
		return fmt.Errorf("kafkatest: %d replicas on %d brokers: %w", replicas, len(c.brokers), wire.ErrInvalidReplicationFactor)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.addTopic(name, assign(len(c.brokers), partitions, replicas, len(c.topics)))
	return err
}

// addTopic makes a topic with those replicas. c.mu is held.
func (c *Cluster) addTopic(name string, replicas [][]int32) (*topic, error) {
	if c.topics[name] != nil {
		return nil, fmt.Errorf("kafkatest: topic %q: %w", name, wire.ErrTopicAlreadyExists)
	}
	if other := c.collision(name); other != "" {
		return nil, fmt.Errorf("kafkatest: topic %q differs from %q only in dots and underscores: %w", name, other, wire.ErrInvalidTopicException)
	}
	t := newTopic(name, replicas, c.config.retentionBytes)
	for _, p := range t.partitions {
		live, _ := p.liveReplicas(c.up)
		p.setLeader(elect(-1, live), true)
	}
	c.topics[name], c.byID[t.id] = t, t
	return t, nil
}

// collision is a topic whose name differs only in dots and underscores, or "". c.mu
// is held.
func (c *Cluster) collision(name string) string {
	if !c.config.release.at(0, 9) || !strings.ContainsAny(name, "._") {
		return ""
	}
	for other := range c.topics {
		if strings.ReplaceAll(other, ".", "_") == strings.ReplaceAll(name, ".", "_") {
			return other
		}
	}
	return ""
}

// topic returns the topic of that name, or of that id if the name is empty, nil
// when there is none.
func (c *Cluster) topic(name string, id wire.UUID) *topic {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if name == "" {
		return c.byID[id]
	}
	return c.topics[name]
}

// partition looks a partition up, by its topic's id where the request has that.
func (c *Cluster) partition(name string, id wire.UUID, partition int32) (*partition, wire.ErrorCode) {
	t := c.topic(name, id)
	if t == nil && name == "" {
		return nil, wire.ErrUnknownTopicID
	}
	if p := t.partition(partition); p != nil {
		return p, wire.ErrNone
	}
	return nil, wire.ErrUnknownTopicOrPartition
}

// knownPartition looks a partition up for a method of the Cluster.
func (c *Cluster) knownPartition(topic string, partition int32) (*partition, error) {
	t := c.topic(topic, wire.UUID{})
	if t == nil {
		return nil, fmt.Errorf("kafkatest: topic %q: %w", topic, wire.ErrUnknownTopicOrPartition)
	}
	p := t.partition(partition)
	if p == nil {
		return nil, fmt.Errorf("kafkatest: topic %q has no partition %d, but %d, from 0 on: %w", topic, partition, len(t.partitions), wire.ErrUnknownTopicOrPartition)
	}
	return p, nil
}

// allTopics are the topics by name.
func (c *Cluster) allTopics() []*topic {
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := make([]*topic, 0, len(c.topics))
	for _, t := range c.topics {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *topic) int { return cmp.Compare(a.name, b.name) })
	return all
}

// broker returns the broker of that id, nil when there is none.
func (c *Cluster) broker(node int32) *broker {
	if node < 1 || int(node) > len(c.brokers) {
		return nil
	}
	return c.brokers[node-1]
}

// knownBroker looks a broker up for a method of the Cluster.
func (c *Cluster) knownBroker(node int32) (*broker, error) {
	if b := c.broker(node); b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("kafkatest: no broker %d: there are %d, from 1 on: %w", node, len(c.brokers), wire.ErrBrokerNotAvailable)
}

// up tells whether the broker runs. c.mu is held.
func (c *Cluster) up(node int32) bool {
	b := c.broker(node)
	return b != nil && b.run != nil
}

// upBrokers are the brokers that run, and a look-up among them by id.
func (c *Cluster) upBrokers() ([]*broker, func(node int32) bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var running []*broker
	ids := make(map[int32]bool)
	for _, b := range c.brokers {
		if b.run != nil {
			running = append(running, b)
			ids[b.id] = true
		}
	}
	return running, func(node int32) bool { return ids[node] }
}
