package netclient

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// connect makes a connection that is ready for use: dialed, and with the
// broker's versions known.
func (c *Client) connect(ctx context.Context, addr string, opts connOptions) (*Conn, error) {
	if err := checkClientID(opts.clientID); err != nil {
		return nil, err
	}
	opts.addr = addr
	started := time.Now()
	limit := c.cfg.setupTimeout(c.failures(addr))
	c.accepted(addr, false)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &TimeoutError{What: noConnection, After: limit})
	defer cancel()
	conn, v, err := c.negotiate(ctx, opts)
	if err != nil {
		err = c.connectFailed(ctx, opts, started, err)
	} else if !c.connectDone(conn, v) {
		conn.Close()
		conn, err = nil, ErrClosed
	}
	c.connectSeen(opts, v, time.Since(started), err)
	return conn, err
}

// negotiate dials, and finds out the broker's versions unless they are pinned or
// known. It logs in, if that is wanted.
func (c *Client) negotiate(ctx context.Context, opts connOptions) (*Conn, *versions, error) {
	dial := func(ctx context.Context) (*Conn, error) {
		nc, err := c.dial(ctx, opts.addr, opts.node)
		if err != nil {
			return nil, err
		}
		return newConn(nc, opts), nil
	}
	v := c.pinned
	if v == nil {
		c.mu.Lock()
		v = c.reachOf(opts.addr).known()
		c.mu.Unlock()
	}
	meant := c.meant(opts.node, c.Metadata().clusterID)
	check := v != nil && v.checkIdentity(meant)
	if c.cfg.SASL != nil {
		return c.logIn(ctx, opts, v, meant)
	}
	if v != nil && !check {
		conn, err := dial(ctx)
		if err == nil {
			conn.setVersions(v)
		}
		return conn, v, err
	}
	d := &detector{dial: dial, meant: meant, lacks: "neither TLS nor SASL"}
	if c.tls != nil {
		d.lacks = "no SASL"
	}
	find := d.run
	if check {
		find = func(ctx context.Context) (*versions, error) { return askVersions(ctx, d, meant) }
	}
	v, err := find(ctx)
	if err != nil {
		if d.conn != nil {
			d.conn.Close()
		}
		return nil, nil, err
	}
	d.conn.setVersions(v)
	return d.conn, v, nil
}

// meant is the identity of the broker that a connection is for; nil where it is not
// known or not to be checked.
func (c *Client) meant(node int32, clusterID string) *identity {
	if node < 0 || clusterID == "" || c.cfg.SkipClusterCheck || c.pinned != nil {
		return nil
	}
	return &identity{clusterID, node}
}

// setupTimeout is the time for an attempt to connect after so many failures.
func (c *Config) setupTimeout(failures int) time.Duration {
	limit := c.ConnectionSetupTimeout
	for ; failures > 0 && limit < c.ConnectionSetupTimeoutMax; failures-- {
		limit = min(2*limit, c.ConnectionSetupTimeoutMax)
	}
	return limit
}

// failures is how many attempts to connect have failed in a row.
func (c *Client) failures(addr string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reachOf(addr).backoff.Failures()
}

// accepted notes how far an attempt to connect is.
func (c *Client) accepted(addr string, yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reachOf(addr).accepted = yes
}

// dial makes the network connection, and encrypts it where that is wanted.
func (c *Client) dial(ctx context.Context, addr string, node int32) (net.Conn, error) {
	started := time.Now()
	var nc net.Conn
	var err error
	if c.cfg.Dial != nil {
		nc, err = c.cfg.Dial(ctx, "tcp", addr)
	} else {
		nc, err = dialHost(ctx, c.lookup, addr, c.failures(addr))
	}
	if c.cfg.Trace.DialDone != nil {
		info := DialInfo{Addr: addr, Node: node, Duration: time.Since(started), Err: err}
		if err == nil {
			info.Remote = nc.RemoteAddr()
		}
		c.cfg.Trace.DialDone(info)
	}
	if err != nil {
		return nil, err
	}
	c.accepted(addr, true)
	if tcp, ok := nc.(*net.TCPConn); ok {
		err := errors.Join(
			setBuffer(tcp.SetReadBuffer, c.cfg.ReceiveBuffer),
			setBuffer(tcp.SetWriteBuffer, c.cfg.SendBuffer))
		if err != nil {
			nc.Close()
			return nil, err
		}
	}
	if c.tls != nil {
		return c.encrypt(ctx, nc, addr, node)
	}
	return nc, nil
}

func (c *Client) encrypt(ctx context.Context, nc net.Conn, addr string, node int32) (net.Conn, error) {
	started := time.Now()
	conn, err := c.tls.handshake(ctx, nc, addr)
	info := HandshakeInfo{Addr: addr, Node: node, Duration: time.Since(started), Err: err}
	if err == nil {
		info.TLS = new(conn.ConnectionState())
	}
	if c.cfg.Trace.HandshakeDone != nil {
		c.cfg.Trace.HandshakeDone(info)
	}
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func setBuffer(set func(int) error, size int) error {
	if size <= 0 {
		return nil
	}
	return set(size)
}

// connectFailed notes a failed attempt, and says all that is known about it.
func (c *Client) connectFailed(ctx context.Context, opts connOptions, started time.Time, err error) error {
	if errors.Is(context.Cause(ctx), context.Canceled) {
		return ErrClosed // the client was, or the pool; that says nothing about the broker
	}
	if timeout, ok := errors.AsType[*TimeoutError](context.Cause(ctx)); ok {
		// What was being waited for is more telling than "deadline exceeded".
		if asked, ok := errors.AsType[*waitError](err); ok && asked.request != "" {
			timeout = &TimeoutError{What: "accepted, but no answer to " + asked.request, After: timeout.After}
		}
		if _, ok := errors.AsType[*AuthError](err); !ok {
			err = timeout
		}
	}
	failure := &ConnError{Addr: opts.addr, Node: opts.node, Op: "connect", Err: bare(err), Unsent: true}
	c.mu.Lock()
	r := c.reachOf(opts.addr)
	r.failed(started, time.Now(), failure)
	failure.Attempts = r.backoff.Failures()
	failure.AdvertisedBy = c.advertisedBy(opts.addr, opts.node)
	if errors.Is(err, wire.ErrRebootstrapRequired) {
		c.refresh.rebootstrap = true
	}
	c.forgetCoordinatorsOn(opts.node)
	c.mu.Unlock()
	if opts.node >= 0 {
		c.UpdateMetadataSoon() // it may be known that the broker is gone, or where it is
	}
	return failure
}

// connectDone notes a connection that is ready; false means that the client is closed.
func (c *Client) connectDone(conn *Conn, v *versions) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return false
	}
	if conn.Node() < 0 {
		// A bootstrap address that no metadata names may be a load balancer with
		// different brokers behind it; see keepBootstrap.
		v = nil
	}
	c.reachOf(conn.addr).connected(conn, v, time.Now())
	return true
}

// connectSeen tells those who watch.
func (c *Client) connectSeen(opts connOptions, v *versions, took time.Duration, err error) {
	var release Release
	if v != nil {
		release = v.release
	}
	if c.cfg.Trace.ConnectDone != nil {
		c.cfg.Trace.ConnectDone(ConnectInfo{Addr: opts.addr, Node: opts.node, Release: release, Duration: took, Err: err})
	}
	switch {
	case errors.Is(err, ErrClosed):
	case err != nil:
		c.logFailure(slog.LevelWarn, "connecting failed", opts.addr, opts.node, err)
	case c.cfg.Logger.Enabled(c.ctx, slog.LevelDebug):
		c.cfg.Logger.Debug("kafka: connected", "addr", opts.addr, "node", opts.node, "release", release, "took", took)
	}
}

// connClosed is every Conn's onClose.
func (c *Client) connClosed(conn *Conn, err error) {
	lost := !errors.Is(err, ErrClosed) && !errors.Is(err, errIdle) && !errors.Is(err, errMoved)
	c.mu.Lock()
	known := c.reachOf(conn.addr).disconnected(conn, lost)
	if lost {
		c.forgetCoordinatorsOn(conn.Node())
	}
	c.mu.Unlock()
	if !known {
		return
	}
	if c.cfg.Trace.Disconnected != nil {
		c.cfg.Trace.Disconnected(DisconnectInfo{Addr: conn.addr, Node: conn.Node(), Err: err})
	}
	if !lost {
		return
	}
	c.logFailure(slog.LevelInfo, "connection lost", conn.addr, conn.Node(), err)
	if conn.Node() >= 0 {
		c.UpdateMetadataSoon()
	}
}

// backoff waits as long as failures to connect to an address ask for.
func (c *Client) backoff(ctx context.Context, addr string) error {
	c.mu.Lock()
	notBefore := c.reachOf(addr).notBefore
	c.mu.Unlock()
	return sleep(ctx, time.Until(notBefore))
}

// forgetAddresses drops what is known of addresses that the cluster and the
// Config no longer name. The caller holds c.mu.
func (c *Client) forgetAddresses(md *Metadata) {
	named := map[string]bool{}
	for _, addr := range c.cfg.BootstrapServers {
		named[addr] = true
	}
	for _, b := range md.brokers {
		named[b.Addr()] = true
	}
	maps.DeleteFunc(c.reached, func(addr string, r *reach) bool { return len(r.conns) == 0 && !named[addr] })
}

// reachOf gives the record of an address. The caller holds c.mu.
func (c *Client) reachOf(addr string) *reach {
	r := c.reached[addr]
	if r == nil {
		r = &reach{backoff: Backoff{Base: c.cfg.ReconnectBackoff, Max: c.cfg.ReconnectBackoffMax}}
		c.reached[addr] = r
	}
	return r
}

// sleep waits for d, or gives ErrClosed when the client is closed first, or ctx's
// cause when that ends.
func (c *Client) sleep(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ctx, func() { cancel(ErrClosed) })()
	return sleep(ctx, d)
}

// sleep waits for d, or gives ctx's cause when that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
