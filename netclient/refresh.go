package netclient

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// refreshState is when to refresh the metadata, for whom, and what to ask. It
// has no clock; the Client calls it under its mutex.
type refreshState struct {
	inUse map[string]time.Time // topics to ask for, and when they were last seen in use
	all   bool                 // ask for every topic, once

	rebootstrap bool // a broker wants the bootstrap servers to be asked (KIP-1102)

	waiting []*refreshWait // who waits for a refresh that has not begun
	soon    bool           // something was stale
	lastErr error          // why the last refresh failed; nil after a success
	trying  attemptAt      // who is being asked by the refresh that runs; else zero

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
	r.lastErr, r.pause, r.trying = nil, time.Time{}, attemptAt{}
	r.spacing, r.freshTil = now.Add(base.Next()), now.Add(r.maxAge)
	r.rebootstrap = false
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

// refreshNow asks once more where the topics named here came too late to be asked
// for, because a refresh of all topics took theirs along.
func (c *Client) refreshNow(ctx context.Context, topics []string, all bool) (*Metadata, error) {
	md, err := c.joinRefresh(ctx, topics, all)
	if err == nil && slices.ContainsFunc(topics, func(t string) bool { return md.topics[t] == nil }) {
		md, err = c.joinRefresh(ctx, topics, all)
	}
	return md, err
}

func (c *Client) joinRefresh(ctx context.Context, topics []string, all bool) (*Metadata, error) {
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
		return nil, &waitError{what: "the cluster's metadata", err: context.Cause(ctx), last: c.refreshTrouble()}
	}
}

// refreshTrouble is what keeps the metadata from being refreshed, nil when nothing
// is known to.
func (c *Client) refreshTrouble() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if trying := c.refresh.trying; c.refresh.lastErr == nil && trying.addr != "" {
		return c.silent(trying)
	}
	return c.refresh.lastErr
}

// leaveCluster forgets what was known of a cluster when its addresses lead to
// another one.
func (c *Client) leaveCluster(old, now *Metadata) {
	c.cfg.Logger.Warn("kafka: this is another cluster now", "was", old.clusterID, "is", now.clusterID, "addr", now.source)
	c.mu.Lock()
	clear(c.coordinators)
	pools := slices.Collect(maps.Keys(c.pools))
	c.mu.Unlock()
	for _, p := range pools {
		p.leaveCluster()
	}
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
		if md.clusterID != old.clusterID && old.clusterID != "" {
			c.leaveCluster(old, md)
		}
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
		c.cfg.Trace.MetadataDone(c.Metadata(), err)
	}
}
