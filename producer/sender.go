package producer

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// sender takes batches out of the accumulator, sends them to the leaders of
// their partitions, and gives them their results. It belongs to one goroutine,
// and has no clock and no network of its own: time and what has happened come in
// as arguments, and what it wants it says to cluster and link.
//
// A partition that has something to send stands in one place at a time: in the
// line of its leader's broker, among the leaderless, in flight, or in timers.
type sender struct {
	cfg      *Config // with defaults
	acc      *accumulator
	cluster  cluster
	identity identity
	senderOptions

	brokers    map[int32]*broker
	waiting    fifo[*broker] // brokers that may have something to send
	leaderless []*partition
	timers     timers
	reports    reports
	failures   failures
	hurry      bool // someone waits for memory: nothing lingers
	metadata   int  // counts the changes of the metadata
	requests   requestMaker
	response   msg.ProduceResponse             // decoded into again and again
	answers    map[wire.TopicPartition]*answer // in response
}

// identity is the producer id and epoch that batches are stamped with: none, as
// long as there is no idempotence. The sequence number will come from the
// partition, when its batch is first taken.
type identity struct {
	id    int64
	epoch int16
}

var noIdentity = identity{-1, -1}

// cluster is what the sender wants of the client. No method may wait.
type cluster interface {
	// leader gives the broker that leads a partition, as far as known.
	leader(topic string, partition int32) (node int32, ok bool)
	// whyNoLeader says why leader gave none.
	whyNoLeader(topic string, partition int32) error
	// refresh says that the metadata proved stale.
	refresh()
	// connect asks for the connection to a broker; sender.connected is called
	// with it.
	connect(node int32)
}

// link is a connection to a broker: a *netclient.Conn.
type link interface {
	Start(netclient.Call) error
	Version(key wire.APIKey, limit int16) (int16, error)
	Release() netclient.Release
	Err() error
}

// broker is what the sender knows of a broker.
type broker struct {
	node       int32
	link       link // nil: none
	connecting bool
	backoff    netclient.Backoff
	retryAt    time.Time // not to be connected to before
	lastErr    error     // why the last attempt to connect failed
	inFlight   int       // requests
	line       fifo[*partition]
	waiting    bool // in sender.waiting
	silent     silent
}

// sending is the part of a partition that belongs to the sender.
type sending struct {
	inFlight []*batch // in the order in which they were sent
	link     link     // that they were sent on
	backoff  netclient.Backoff
	retryAt  time.Time // not to be sent before
	taken    int       // bytes of the largest batch that a broker took
	stale    int       // value of sender.metadata under which the leader proved wrong
	placed   bool      // in a broker's line, or leaderless
	lookAt   time.Time // when timers will tell
	timer    int       // 1 + the place in timers
}

// senderOptions are the helpers of a sender.
type senderOptions struct {
	log     *slog.Logger
	meter   *meter
	backoff netclient.Backoff
	answer  func(*request) // brings a request whose answer has come; sender.finished is called with it
}

func newSender(cfg *Config, acc *accumulator, c cluster, o senderOptions) *sender {
	return &sender{
		cfg: cfg, acc: acc, cluster: c, senderOptions: o,
		identity: noIdentity,
		brokers:  map[int32]*broker{},
		answers:  map[wire.TopicPartition]*answer{},
		metadata: 1,
		reports:  reports{o.log, map[trouble]*report{}},
		requests: requestMaker{acks: cfg.Acks.wire(), timeout: cfg.RequestTimeout, answer: o.answer},
	}
}

// look finds out what there is to do about a partition: after it was told of,
// when its time has come, and when something of it has a result.
func (s *sender) look(p *partition, now time.Time) {
	wake := s.expire(p, now)
	ready, due, expiry := s.acc.waiting(p, s.hurry, now)
	wake = earliest(wake, expiry)
	switch {
	case !ready:
		wake = earliest(wake, due)
	case p.placed || !s.mayJoin(p):
	case now.Before(p.retryAt):
		wake = earliest(wake, p.retryAt)
	default:
		s.place(p)
	}
	s.timers.set(p, wake)
}

// lookAll looks at every partition that has something waiting or in flight: each of
// them is in timers, since all that waits may expire, or the sender will be told of
// it. So it costs nothing for partitions that are quiet.
func (s *sender) lookAll(now time.Time) {
	for _, p := range slices.Clone(s.timers) {
		s.look(p, now)
	}
}

// mayJoin reports whether a batch of a partition may be sent beside those of it
// that are in flight. With retries, one that is sent again would come behind
// them; so there is one in flight only. Without retries nothing is sent again but
// what was too large, and none can come out of its place, as long as nothing
// follows a batch that may be, and all are on one connection.
func (s *sender) mayJoin(p *partition) bool {
	if len(p.inFlight) == 0 {
		return true
	}
	last := p.inFlight[len(p.inFlight)-1]
	if s.cfg.Retries > 0 || len(p.inFlight) >= s.cfg.MaxInFlight || s.mayBeSplit(last) {
		return false
	}
	node, ok := s.leader(p)
	br := s.brokers[node]
	return ok && br != nil && br.link == p.link && p.link.Err() == nil
}

// mayBeSplit reports whether the broker may find a batch too large: it is larger
// than all that it has taken of the partition.
func (s *sender) mayBeSplit(b *batch) bool {
	return b.records > 1 && len(b.data) > b.partition.taken && s.cfg.Acks != AcksNone
}

// expire gives up batches whose delivery timeout is over, and says when the next
// of those in flight will be.
func (s *sender) expire(p *partition, now time.Time) (next time.Time) {
	for _, b := range p.inFlight {
		switch expiry := b.opened.Add(s.cfg.DeliveryTimeout); {
		case b.given:
		case now.Before(expiry):
			next = earliest(next, expiry)
		default:
			b.unsure = true
			s.fail(b, timedOut(s.cfg.DeliveryTimeout, errNoAnswer), "", now)
		}
	}
	for b := s.acc.expired(p, now); b != nil; b = s.acc.expired(p, now) {
		s.fail(b, timedOut(s.cfg.DeliveryTimeout, s.why(p, b)), "", now)
		s.acc.pool.put(b)
	}
	return next
}

// why says what a batch that is not in flight waits for.
func (s *sender) why(p *partition, b *batch) error {
	node, ok := s.cluster.leader(p.topic, p.id)
	switch {
	case !ok && b.last != nil:
		return fmt.Errorf("%w; before that: %w", s.cluster.whyNoLeader(p.topic, p.id), b.last)
	case !ok:
		return s.cluster.whyNoLeader(p.topic, p.id)
	case b.last != nil:
		return b.last
	case p.stale == s.metadata:
		return errNoLeader
	}
	if br := s.brokers[node]; br != nil && br.link == nil && br.lastErr != nil {
		return br.lastErr
	}
	return errNotSent
}

// leader gives a partition's leader, unless it has proved wrong and no news came
// since.
func (s *sender) leader(p *partition) (node int32, ok bool) {
	if p.stale == s.metadata {
		return -1, false
	}
	return s.cluster.leader(p.topic, p.id)
}

// place puts a partition that has a batch to send into its leader's line.
func (s *sender) place(p *partition) {
	p.placed = true
	node, ok := s.leader(p)
	if !ok {
		s.leaderless = append(s.leaderless, p)
		s.cluster.refresh()
		return
	}
	br := s.brokers[node]
	if br == nil {
		br = &broker{node: node, backoff: s.backoff}
		s.brokers[node] = br
	}
	br.line.push(p)
	s.wait(br)
}

// wait says that a broker may have something to send.
func (s *sender) wait(br *broker) {
	if !br.waiting {
		br.waiting = true
		s.waiting.push(br)
	}
}

// metadataChanged finds the leaders of partitions that wait for one, or in the
// line of a broker that may not be it any more.
func (s *sender) metadataChanged(now time.Time) {
	s.metadata++
	moved := s.leaderless
	s.leaderless = nil
	for _, br := range s.brokers {
		for br.line.len() > 0 {
			moved = append(moved, br.line.pop())
		}
	}
	for _, p := range moved {
		p.placed = false
		s.look(p, now)
	}
}

// connected takes the outcome of cluster.connect.
func (s *sender) connected(node int32, l link, err error, now time.Time) {
	br := s.brokers[node]
	br.connecting = false
	s.wait(br)
	if err == nil {
		br.link, br.lastErr = l, nil
		br.backoff.Reset()
		return
	}
	if br.lastErr == nil {
		s.log.Warn("producer: no connection to a broker; its partitions wait", "node", node, "error", err)
	}
	br.lastErr = err
	br.retryAt = now.Add(br.backoff.Next())
	s.cluster.refresh() // the leaders may have moved away from it
}

// drain sends what can be sent now, and says when to look again.
func (s *sender) drain(now time.Time) (next time.Time) {
	for p, ok := s.timers.due(now); ok; p, ok = s.timers.due(now) {
		s.look(p, now)
	}
	for _, br := range s.brokers {
		if br.link == nil && br.line.len() > 0 && !br.connecting {
			s.wait(br) // its backoff may be over
		}
	}
	for s.waiting.len() > 0 {
		br := s.waiting.pop()
		br.waiting = false
		next = earliest(next, s.drainBroker(br, now))
	}
	next = earliest(next, s.reports.say(now))
	return earliest(next, s.timers.next())
}

func (s *sender) drainBroker(br *broker, now time.Time) (next time.Time) {
	for br.line.len() > 0 && br.inFlight < s.cfg.MaxInFlight {
		if br.link == nil || br.link.Err() != nil {
			br.link = nil
			if br.connecting {
				return time.Time{}
			}
			if now.Before(br.retryAt) {
				return br.retryAt
			}
			br.connecting = true
			s.cluster.connect(br.node)
			return time.Time{}
		}
		if r := s.gather(br, now); r != nil {
			s.start(r, now)
		}
	}
	return time.Time{}
}
