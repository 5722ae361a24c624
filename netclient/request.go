package netclient

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// triedBrokers is how many brokers a request that any broker may answer is tried
// with, at most, when connections to them can't be made.
const triedBrokers = 3

// Request sends a request that any broker can answer, to the least loaded one,
// on the connections that all users of the client share. Where nothing could be
// sent it tries another broker.
func (c *Client) Request(ctx context.Context, req wire.Request, resp wire.Response) error {
	return c.withAny(ctx, func(conn *Conn) error { return conn.Do(ctx, req, resp) })
}

// RequestTo sends a request to one broker, on the connection that all users of
// the client share. Nothing is tried twice.
func (c *Client) RequestTo(ctx context.Context, node int32, req wire.Request, resp wire.Response) error {
	conn, err := c.shared.Conn(ctx, node)
	if err != nil {
		return err
	}
	return conn.Do(ctx, req, resp)
}

// RequestController sends a request to the cluster's controller, or to the
// broker that passes on requests for it. On the answer NOT_CONTROLLER refresh
// the metadata and ask again.
func (c *Client) RequestController(ctx context.Context, req wire.Request, resp wire.Response) error {
	node, err := c.controller(ctx)
	if err != nil {
		return err
	}
	return c.RequestTo(ctx, node, req, resp)
}

// controller waits until the cluster names its controller.
func (c *Client) controller(ctx context.Context) (int32, error) {
	backoff := c.cfg.retryBackoff()
	node := c.Metadata().ControllerID()
	for node < 0 {
		md, err := c.RefreshMetadata(ctx)
		if err != nil {
			return -1, err
		}
		if node = md.ControllerID(); node >= 0 {
			break
		}
		if !md.release.AtLeast("0.10.0") {
			return -1, fmt.Errorf("a broker of release %s names no controller, and has no requests for one; those came with 0.10", md.release)
		}
		if err := c.sleep(ctx, backoff.Next()); err != nil {
			return -1, &waitError{what: "the cluster to name its controller", err: err}
		}
	}
	return node, nil
}

// withAny runs f with a connection to the least loaded broker, and with others
// while nothing could be sent.
func (c *Client) withAny(ctx context.Context, f func(*Conn) error) error {
	nodes, err := c.anyBroker(ctx)
	if err != nil {
		return err
	}
	if conn := c.bootstrapConn(); len(nodes) == 0 && conn != nil {
		return f(conn)
	}
	if len(nodes) == 0 {
		return ErrNoBrokers
	}
	var errs []error
	for _, node := range nodes {
		conn, err := c.shared.Conn(ctx, node)
		if err == nil {
			err = f(conn)
		}
		if err == nil {
			return nil
		}
		errs = append(errs, err)
		if !SafeToRetry(err) || ctx.Err() != nil {
			break
		}
	}
	return &brokersError{errs}
}

// anyConn gives a connection to some broker.
func (c *Client) anyConn(ctx context.Context) (conn *Conn, err error) {
	err = c.withAny(ctx, func(got *Conn) error { conn = got; return nil })
	return conn, err
}

// anyBroker gives the brokers to try, waiting for the metadata if the cluster
// was not asked yet.
func (c *Client) anyBroker(ctx context.Context) ([]int32, error) {
	if nodes := c.candidates(true); len(nodes) > 0 || c.bootstrapConn() != nil {
		return nodes, nil
	}
	_, err := c.RefreshMetadata(ctx)
	return c.candidates(true), err
}

// candidates are a few of the known brokers, the best first: those with a
// connection, by how little they have to do; then those never tried or not for
// a while, or throttled; then, if they are wanted, those that failed just now.
func (c *Client) candidates(failed bool) []int32 {
	type candidate struct{ node, rank, load, random int }
	var all []candidate
	now := time.Now()
	for id, b := range c.Metadata().brokers {
		one := candidate{node: int(id), rank: 1, random: rand.Int()}
		if conn, ok := c.shared.standing(id); ok {
			if one.load = conn.InFlight(); !conn.throttled() {
				one.rank = 0
			}
		} else if c.inBackoff(b.Addr(), now) {
			if one.rank = 2; !failed {
				continue
			}
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.load, b.load), cmp.Compare(a.random, b.random))
	})
	var nodes []int32
	for _, one := range all[:min(len(all), triedBrokers)] {
		nodes = append(nodes, int32(one.node))
	}
	return nodes
}

func (c *Client) inBackoff(addr string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.reached[addr]
	return r != nil && now.Before(r.notBefore)
}
