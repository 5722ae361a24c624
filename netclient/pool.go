package netclient

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// PoolConfig describes a Pool. The zero value is one with the client's own
// settings.
type PoolConfig struct {
	Name           string        // what it is for, in logs
	ClientID       string        // default: the client's
	RequestTimeout time.Duration // default: the client's
	MaxInFlight    int           // most requests in flight per connection, others wait; 0 is no limit
}

// Pool is a set of connections, at most one per broker, that are nobody else's.
// A broker answers one connection's requests one after the other, so whoever has
// requests that take long, or that fill a connection, has a Pool of its own.
// All pools of a client share its metadata and what it knows about the brokers.
type Pool struct {
	client *Client
	name   string
	opts   connOptions // without address and node
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup // the connecting goroutines
	ended  sync.Once      // Close

	mu    sync.Mutex      // guards slots
	slots map[int32]*slot // by broker id; nil once closed
}

// slot is the place of one broker's connection.
type slot struct {
	conn    *Conn    // nil, or the last one made, which may have ended
	attempt *attempt // nil, or the attempt to connect that runs
}

// attempt is an attempt to connect that any number of callers wait for.
type attempt struct {
	addr    string
	started time.Time
	done    chan struct{} // closed when conn or err is set
	conn    *Conn
	err     error
}

// NewPool makes a Pool. It connects when a connection is asked for.
func (c *Client) NewPool(cfg PoolConfig) *Pool {
	p := &Pool{client: c, name: cfg.Name, slots: map[int32]*slot{}}
	p.ctx, p.cancel = context.WithCancel(c.ctx)
	p.opts = connOptions{
		node:        -1,
		clientID:    cmp.Or(cfg.ClientID, c.cfg.ClientID),
		timeout:     cmp.Or(cfg.RequestTimeout, c.cfg.RequestTimeout),
		maxInFlight: cfg.MaxInFlight,
		maxIdle:     c.cfg.ConnectionsMaxIdle,
		maxResponse: c.cfg.MaxResponseSize,
		trace:       c.cfg.Trace,
		metered:     c.meter,
		onClose:     c.connClosed,
		onThrottle:  c.connThrottled,
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		p.slots = nil
		return p
	}
	c.pools[p] = struct{}{}
	return p
}

// Conn gives the connection to a broker. If there is none it makes one, which
// takes as long as the reconnect backoff and the connection setup timeout
// allow, and then gives the connection or the error of that one attempt. An
// attempt goes on when ctx ends, for the next caller. For a broker that the
// metadata does not name it waits for a newer snapshot first. So whoever calls it
// again and again needs no backoff of its own.
//
// The errors are ErrClosed, an *UnknownBrokerError, a *ConnError, or ctx's.
func (p *Pool) Conn(ctx context.Context, node int32) (*Conn, error) {
	if p.ctx.Err() != nil {
		return nil, ErrClosed
	}
	broker, err := p.client.awaitBroker(ctx, node)
	if err != nil {
		return nil, err
	}
	conn, a, err := p.find(broker)
	if conn != nil || err != nil {
		return conn, err
	}
	select {
	case <-a.done:
		return a.conn, a.err
	case <-ctx.Done():
		return nil, p.client.gaveUp(ctx, a, node)
	}
}

// find gives the connection if it stands, or else the attempt to make one,
// which it starts if none runs.
func (p *Pool) find(broker Broker) (*Conn, *attempt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots == nil {
		return nil, nil, ErrClosed
	}
	node := broker.ID
	if newest, ok := p.client.broker(node); ok {
		broker = newest
	}
	addr := broker.Addr()
	s := p.slots[node]
	if s == nil {
		s = &slot{}
		p.slots[node] = s
	}
	if s.conn != nil && s.conn.Err() == nil {
		if s.conn.addr == addr {
			return s.conn, nil, nil
		}
		p.dropMoved(s)
	}
	if s.attempt == nil || s.attempt.addr != addr {
		a := &attempt{addr: addr, started: time.Now(), done: make(chan struct{})}
		s.attempt = a
		p.wg.Go(func() { p.connect(s, node, a) })
	}
	return nil, s.attempt, nil
}

// dropMoved ends a slot's connection: the broker has another address now. The
// caller holds p.mu.
func (p *Pool) dropMoved(s *slot) {
	conn := s.conn
	s.conn = nil
	if conn != nil {
		p.wg.Go(func() {
			conn.fail(errMoved)
			<-conn.done
		})
	}
}

// leaveCluster ends all connections, as dropMoved does.
func (p *Pool) leaveCluster() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.slots {
		p.dropMoved(s)
	}
}

// connect makes the attempt. Another one may have taken its place meanwhile, to
// another address.
func (p *Pool) connect(s *slot, node int32, a *attempt) {
	opts := p.opts
	opts.node = node
	var conn *Conn
	err := p.client.backoff(p.ctx, a.addr)
	if err == nil {
		conn, err = p.client.connect(p.ctx, a.addr, opts)
	}
	p.mu.Lock()
	switch {
	case p.ctx.Err() != nil:
		a.err = ErrClosed
	case err != nil:
		a.err = err
	case s.attempt != a:
		a.err = &ConnError{Addr: a.addr, Node: node, Op: "connect", Err: errMoved, Unsent: true}
	default:
		a.conn, s.conn = conn, conn
	}
	if s.attempt == a {
		s.attempt = nil
	}
	p.mu.Unlock()
	if conn != nil && a.conn == nil {
		conn.Close()
	}
	close(a.done)
}

// adopt puts a connection that was made elsewhere into the pool, if there is
// room for it.
func (p *Pool) adopt(conn *Conn, node int32) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots == nil {
		return false
	}
	s := p.slots[node]
	if s == nil {
		s = &slot{}
		p.slots[node] = s
	}
	if s.attempt != nil || s.conn != nil && s.conn.Err() == nil {
		return false
	}
	conn.nodeID.Store(node)
	s.conn = conn
	return true
}

// standing gives the connection to a broker if there is one.
func (p *Pool) standing(node int32) (*Conn, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.slots[node]
	if s == nil || s.conn == nil || s.conn.Err() != nil {
		return nil, false
	}
	return s.conn, true
}

// Disconnect closes the connection to a broker; its requests fail with
// ErrClosed. The next Conn makes a new one. It must not be called from a Call's
// Done.
func (p *Pool) Disconnect(node int32) {
	if conn, ok := p.standing(node); ok {
		conn.Close()
	}
}

// Close closes the pool's connections and returns when all of their requests
// have a result. It must not be called from a Call's Done. Closing twice is
// fine.
func (p *Pool) Close() error {
	p.ended.Do(p.close)
	return nil
}

func (p *Pool) close() {
	p.cancel()
	p.mu.Lock()
	slots := p.slots
	p.slots = nil
	p.mu.Unlock()
	p.wg.Wait()
	for _, s := range slots {
		if s.conn != nil {
			s.conn.Close()
		}
	}
	p.client.mu.Lock()
	delete(p.client.pools, p)
	p.client.mu.Unlock()
}
