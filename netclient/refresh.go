package netclient

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// refreshState is when to refresh the metadata, for whom, and what to ask. It
// has no clock; the Client calls it under its mutex.
type refreshState struct {
	inUse map[string]time.Time // topics to ask for, and when they were last seen in use
	all   bool                 // ask for every topic, once

	waiting []*refreshWait // who waits for a refresh that has not begun
	soon    bool           // something was stale
	lastErr error          // why the last refresh failed; nil after a success

	maxAge   time.Duration
	maxIdle  time.Duration // of a topic
	backoff  Backoff
	pause    time.Time // after a failure: nothing is asked before
	spacing  time.Time // after a success: nothing that can wait is asked before
	freshTil time.Time // when the snapshot gets too old; zero: there is none
}

// refreshWait is a refresh that any number of callers wait for.
type refreshWait struct {
	done     chan struct{} // closed when metadata or err is set
	metadata *Metadata
	err      error // one that no other try will cure
}

func newRefreshState(cfg *Config) refreshState {
	return refreshState{inUse: map[string]time.Time{}, backoff: cfg.retryBackoff(), maxAge: max(cfg.MetadataMaxAge, 0), maxIdle: cfg.MetadataMaxIdle}
}

// due is when the next refresh should begin; zero is never, unless something
// changes.
func (r *refreshState) due() time.Time {
	var at time.Time
	switch {
	case len(r.waiting) > 0:
		return later(r.pause, time.Unix(0, 1))
	case r.soon:
		at = r.spacing
	case !r.freshTil.IsZero():
		at = later(r.spacing, r.freshTil)
	default:
		return time.Time{}
	}
	return later(later(at, r.pause), time.Unix(0, 1))
}

// begin takes what the refresh that begins now is for. It drops the topics that
// are in use no longer, as far as the latest snapshot shows.
func (r *refreshState) begin(now time.Time, latest *Metadata) (waiting []*refreshWait, topics []string, all bool) {
	waiting, r.waiting = r.waiting, nil
	r.soon = false
	for name, seen := range r.inUse {
		if t := latest.topics[name]; t != nil && t.used.Load() {
			r.inUse[name] = now
		} else if now.Sub(seen) >= r.maxIdle {
			delete(r.inUse, name)
		}
	}
	return waiting, slices.Collect(maps.Keys(r.inUse)), r.all
}

// succeeded notes that the refresh that began with all brought a snapshot.
func (r *refreshState) succeeded(now time.Time, all bool) {
	base := r.backoff
	base.Reset()
	r.backoff.Reset()
	r.lastErr, r.pause = nil, time.Time{}
	r.spacing, r.freshTil = now.Add(base.Next()), now.Add(r.maxAge)
	if all {
		r.all = false
	}
}

// failed notes that the refresh that began with waiting failed. They wait for the
// next one, if that may do better; it gives those that need not wait any more.
func (r *refreshState) failed(now time.Time, waiting []*refreshWait, err error) (over []*refreshWait) {
	r.lastErr = err
	r.pause = now.Add(r.backoff.Next())
	if !IsRetriable(err) {
		return waiting
	}
	r.waiting = append(waiting, r.waiting...)
	r.soon = true
	return nil
}

// join gives the refresh to wait for that will begin after now.
func (r *refreshState) join() *refreshWait {
	if len(r.waiting) == 0 {
		r.waiting = append(r.waiting, &refreshWait{done: make(chan struct{})})
	}
	return r.waiting[len(r.waiting)-1]
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Metadata is the latest snapshot: never nil, and empty before the cluster was
// first asked.
func (c *Client) Metadata() *Metadata { return c.metadata.Load() }

// MetadataChanged gives a channel that is closed when a newer snapshot than the
// present one is in place.
func (c *Client) MetadataChanged() <-chan struct{} { return c.Metadata().newer }

// UpdateMetadataSoon says that something in the metadata was stale: it is
// refreshed in the background, RetryBackoff after the last refresh. It may be
// called as often as one likes.
func (c *Client) UpdateMetadataSoon() {
	c.mu.Lock()
	was := c.refresh.soon
	c.refresh.soon = true
	c.mu.Unlock()
	if !was {
		c.wakeRefresh()
	}
}

// RefreshMetadata asks the cluster now, for the topics in use and those named,
// which are in use from now on, and gives the new snapshot. Callers are served
// together. Failures are tried again, with RetryBackoff, until ctx ends; the
// error then holds the last one. It gives up earlier when no bootstrap server and
// no broker fails with an error that may pass (IsRetriable): a wrong password, a
// certificate that is not trusted, a port that does not speak Kafka.
func (c *Client) RefreshMetadata(ctx context.Context, topics ...string) (*Metadata, error) {
	return c.refreshNow(ctx, topics, false)
}

// RefreshAllTopics asks the cluster for every topic it has, and gives the new
// snapshot; later ones hold the topics in use only. It waits like
// RefreshMetadata.
func (c *Client) RefreshAllTopics(ctx context.Context) (*Metadata, error) {
	return c.refreshNow(ctx, nil, true)
}

// ForgetTopics says that topics are no longer in use: they are not asked for any
// more, until someone names them again. Nobody has to say so: see Topic.
func (c *Client) ForgetTopics(topics ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range topics {
		delete(c.refresh.inUse, t)
	}
}

func (c *Client) refreshNow(ctx context.Context, topics []string, all bool) (*Metadata, error) {
	for _, t := range topics {
		if !validTopic(t) { // one that can't be sent would stop every refresh
			return nil, &TopicError{Topic: t, Err: wire.ErrInvalidTopicException}
		}
	}
	c.mu.Lock()
	now := time.Now()
	for _, t := range topics {
		c.refresh.inUse[t] = now
	}
	c.refresh.all = c.refresh.all || all
	wait := c.refresh.join()
	c.mu.Unlock()
	c.wakeRefresh()
	select {
	case <-wait.done:
		return wait.metadata, wait.err
	case <-c.ctx.Done():
		return nil, ErrClosed
	case <-ctx.Done():
	}
	c.mu.Lock()
	last := c.refresh.lastErr
	c.mu.Unlock()
	return nil, &waitError{what: "the cluster's metadata", err: context.Cause(ctx), last: last}
}

func (c *Client) wakeRefresh() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// refreshLoop is the refreshing goroutine.
func (c *Client) refreshLoop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		c.mu.Lock()
		due := c.refresh.due()
		c.mu.Unlock()
		timer.Stop()
		if !due.IsZero() {
			timer.Reset(time.Until(due))
		}
		select {
		case <-timer.C:
			c.refreshOnce()
		case <-c.wake:
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *Client) refreshOnce() {
	c.mu.Lock()
	waiting, topics, all := c.refresh.begin(time.Now(), c.Metadata())
	patience := patienceAfter(c.refresh.backoff.Failures(), c.cfg.RequestTimeout)
	c.mu.Unlock()
	md, err := c.fetchMetadata(c.ctx, topics, all, patience)
	if c.ctx.Err() != nil {
		return
	}
	if err == nil {
		old := c.metadata.Swap(md)
		close(old.newer)
	}
	c.mu.Lock()
	if err != nil {
		waiting = c.refresh.failed(time.Now(), waiting, err)
	} else {
		c.refresh.succeeded(time.Now(), all)
		c.forgetAddresses(md)
	}
	c.mu.Unlock()
	for _, w := range waiting {
		w.metadata, w.err = md, err
		close(w.done)
	}
	if err != nil && c.cfg.Logger.Enabled(c.ctx, slog.LevelDebug) {
		c.cfg.Logger.Debug("kafka: refreshing the metadata failed", "err", err)
	}
	if c.cfg.Trace.MetadataDone != nil {
		c.cfg.Trace.MetadataDone(md, err)
	}
}

// fetchMetadata asks a few of the brokers that are known, and then, if none of
// them answers, the bootstrap servers (KIP-899: they may know better). Brokers
// that could not be reached just now are left out; the bootstrap servers are
// asked at the pace of the refreshes.
func (c *Client) fetchMetadata(ctx context.Context, topics []string, all bool, patience time.Duration) (*Metadata, error) {
	var errs []error
	ask := func(conn *Conn, err error) *Metadata {
		var md *Metadata
		if err == nil {
			md, err = c.askMetadata(ctx, conn, topics, all, patience)
		}
		if err != nil {
			errs = append(errs, err)
		}
		return md
	}
	for _, node := range c.candidates(false) {
		if md := ask(c.shared.Conn(ctx, node)); md != nil {
			return md, nil
		}
	}
	if conn := c.bootstrapConn(); conn != nil {
		if md := ask(conn, nil); md != nil {
			c.keepBootstrap(conn, md)
			return md, nil
		}
		conn.Close()
	}
	for _, addr := range shuffled(c.cfg.BootstrapServers) {
		conn, err := c.connect(ctx, addr, c.shared.opts)
		if md := ask(conn, err); md != nil {
			c.keepBootstrap(conn, md)
			return md, nil
		}
		if conn != nil {
			conn.Close()
		}
	}
	return nil, &brokersError{errs}
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

// askMetadata asks one broker and makes the next snapshot.
func (c *Client) askMetadata(ctx context.Context, conn *Conn, topics []string, all bool, patience time.Duration) (*Metadata, error) {
	ctx, cancel := hurry(ctx, patience)
	defer cancel()
	version, err := conn.Version(wire.KeyMetadata, maxVersion)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", conn.name(), err)
	}
	req := msg.NewMetadataRequest() // lets the brokers make topics that are named, if they are configured so
	req.Topics = []msg.MetadataRequestTopic{}
	for _, t := range topics {
		req.Topics = append(req.Topics, msg.MetadataRequestTopic{Name: &t})
	}
	if all {
		req.Topics = nil
		if version == 0 { // which has no null: none means all
			req.Topics = []msg.MetadataRequestTopic{}
		}
	}
	var resp msg.MetadataResponse
	if err := conn.DoVersion(ctx, version, req, &resp); err != nil {
		return nil, err
	}
	if resp.ErrorCode != 0 {
		return nil, fmt.Errorf("%s: Metadata v%d: %w", conn.name(), version, resp.ErrorCode)
	}
	md := c.Metadata().merge(&resp, version, conn.addr, time.Now())
	md.release = conn.Release()
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, t := range md.topics {
		_, t.inUse = c.refresh.inUse[name]
	}
	return md, nil
}

// keepBootstrap decides what becomes of a bootstrap connection: it becomes the
// shared connection to a broker that advertises this very address; it is kept
// while the cluster names no brokers; else it is closed.
func (c *Client) keepBootstrap(conn *Conn, md *Metadata) {
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
		if b.Addr() == conn.addr && c.shared.adopt(conn, b.ID) {
			conn.meter.adopted(b.ID)
			c.mu.Lock()
			c.reachOf(conn.addr).versions = conn.known()
			c.mu.Unlock()
			return
		}
	}
	conn.Close()
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
