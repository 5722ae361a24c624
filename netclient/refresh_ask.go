package netclient

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// fetchMetadata asks a few of the brokers that are known, and then, if none of
// them answers, the bootstrap servers (KIP-899: they may know better); the other
// way round after a broker has said that it should (KIP-1102).
func (c *Client) fetchMetadata(ctx context.Context, round refreshRound, patience time.Duration) (*Metadata, error) {
	f := metadataFetch{c: c, ctx: ctx, round: round, patience: patience}
	ways := []func() *Metadata{f.askKnown, f.askBootstrap}
	if c.mustBootstrap() {
		slices.Reverse(ways)
	}
	for _, ask := range ways {
		if md := ask(); md != nil {
			return md, nil
		}
	}
	return nil, &brokersError{f.errs}
}

// metadataFetch is a question to one broker after the other, until one answers.
type metadataFetch struct {
	c        *Client
	ctx      context.Context
	round    refreshRound
	patience time.Duration // for one broker's answer

	errs []error // of those that did not
}

// ask connects and asks, or notes why that failed. The connection stands if there
// is one.
func (f *metadataFetch) ask(addr string, node int32, connect func() (*Conn, error)) (md *Metadata, conn *Conn) {
	f.trying(attemptAt{addr, node, "connect", noConnection, time.Now()})
	conn, err := connect()
	if err == nil {
		f.trying(attemptAt{addr, node, "Metadata", "no answer", time.Now()})
		md, err = f.askRound(conn)
	}
	if err != nil {
		f.errs = append(f.errs, err)
	}
	return md, conn
}

func (f *metadataFetch) trying(a attemptAt) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.c.refresh.trying = a
}

// askKnown leaves out brokers that could not be reached just now, and does not wait
// long for those that were never tried: the bootstrap servers may be nearer.
func (f *metadataFetch) askKnown() *Metadata {
	for _, node := range f.c.candidates(false) {
		b, _ := f.c.Metadata().Broker(node)
		md, _ := f.ask(b.Addr(), node, func() (*Conn, error) {
			ctx, cancel := hurry(f.ctx, f.patience)
			defer cancel()
			return f.c.shared.Conn(ctx, node)
		})
		if md != nil {
			return md
		}
		if errors.Is(f.errs[len(f.errs)-1], wire.ErrRebootstrapRequired) {
			break
		}
	}
	return nil
}

// askBootstrap asks one server after the other, those first that have failed
// longest ago. It waits until the first may be tried again; the others that may
// not are left out.
func (f *metadataFetch) askBootstrap() *Metadata {
	if conn := f.c.bootstrapConn(); conn != nil {
		if md := f.askServer(conn.addr, func() (*Conn, error) { return conn, nil }); md != nil {
			return md
		}
	}
	for i, addr := range f.c.serversByBackoff() {
		if i == 0 && f.c.backoff(f.ctx, addr) != nil {
			return nil // the client is closed
		}
		if last := f.c.backingOff(addr); last != nil {
			f.errs = append(f.errs, last)
			continue
		}
		if md := f.askServer(addr, func() (*Conn, error) { return f.c.connect(f.ctx, addr, f.c.shared.opts) }); md != nil {
			return md
		}
	}
	return nil
}

// serversByBackoff are the bootstrap servers, shuffled, those last that have failed
// just now.
func (c *Client) serversByBackoff() []string {
	servers := shuffled(c.cfg.BootstrapServers)
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortStableFunc(servers, func(a, b string) int { return c.reachOf(a).notBefore.Compare(c.reachOf(b).notBefore) })
	return servers
}

// backingOff is why the last attempt to connect failed to an address that may not be
// tried again yet; else nil.
func (c *Client) backingOff(addr string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.reachOf(addr); time.Now().Before(r.notBefore) {
		return r.lastErr
	}
	return nil
}

func (f *metadataFetch) askServer(addr string, connect func() (*Conn, error)) *Metadata {
	md, conn := f.ask(addr, -1, connect)
	if md != nil {
		f.keepBootstrap(conn, md)
	} else if conn != nil {
		conn.Close()
	}
	return md
}

func (c *Client) mustBootstrap() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refresh.rebootstrap
}

// patienceAfter is how long to wait for one broker's answer to a question that
// another can answer as well: a frozen broker costs seconds, not the whole
// RequestTimeout, and a slow cluster gets more time with each failure.
func patienceAfter(failures int, limit time.Duration) time.Duration {
	return min(3*time.Second<<min(failures, 10), limit)
}

// hurry is ctx with that patience.
func hurry(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, patience, &TimeoutError{What: "no answer", After: patience})
}

// keepBootstrap decides what becomes of a bootstrap connection: it becomes the
// shared connection to a broker that advertises this very address; it is kept
// while the cluster names no brokers; else it is closed.
func (f *metadataFetch) keepBootstrap(conn *Conn, md *Metadata) {
	c := f.c
	if len(md.brokers) == 0 {
		c.mu.Lock()
		c.bootstrap = conn
		c.mu.Unlock()
		return
	}
	c.mu.Lock()
	if c.bootstrap == conn {
		c.bootstrap = nil
	}
	c.mu.Unlock()
	for _, b := range md.brokers {
		if b.Addr() == conn.addr && f.leadsTo(conn, c.meant(b.ID, md.clusterID)) && c.shared.adopt(conn, b.ID) {
			conn.meter.adopted(b.ID)
			c.mu.Lock()
			c.reachOf(conn.addr).learned(conn)
			c.mu.Unlock()
			return
		}
	}
	conn.Close()
}

// leadsTo asks a broker if it is the one that is meant, where that can be asked.
func (f *metadataFetch) leadsTo(conn *Conn, meant *identity) bool {
	if !conn.known().checkIdentity(meant) {
		return true
	}
	ctx, cancel := hurry(f.ctx, f.patience)
	defer cancel()
	_, err := askVersions(ctx, &detector{conn: conn}, meant)
	return err == nil
}

// bootstrapConn is the connection to a cluster that names no brokers, or nil.
func (c *Client) bootstrapConn() *Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bootstrap != nil && c.bootstrap.Err() != nil {
		c.bootstrap = nil
	}
	return c.bootstrap
}
