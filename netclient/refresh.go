package netclient

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

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

// RefreshMetadata asks the cluster now for the topics named, which are in use from
// now on, or for all topics in use when none is named, and returns the new
// snapshot. It never creates a topic. Callers are served together, and what was
// asked for a moment ago is asked for again RetryBackoff later. Failures are tried
// again, with RetryBackoff, until ctx ends; the error then holds the last one. It
// gives up earlier when no bootstrap server and no broker fails with an error that
// may pass (IsRetriable): a wrong password, a certificate that is not trusted, a
// port that does not speak Kafka.
func (c *Client) RefreshMetadata(ctx context.Context, topics ...string) (*Metadata, error) {
	return c.refreshNow(ctx, wanted{topics: topics})
}

// RefreshAllTopics asks the cluster for every topic it has, and returns the new
// snapshot; later ones hold the topics in use only. It waits like
// RefreshMetadata.
func (c *Client) RefreshAllTopics(ctx context.Context) (*Metadata, error) {
	return c.refreshNow(ctx, wanted{all: true})
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

func (c *Client) refreshNow(ctx context.Context, w wanted) (*Metadata, error) {
	for _, t := range w.topics {
		if !validTopic(t) { // one that can't be sent would stop every refresh
			return nil, &TopicError{Topic: t, Err: wire.ErrInvalidTopicException}
		}
	}
	c.mu.Lock()
	wait := c.refresh.join(time.Now(), w)
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
	clear(c.refresh.existed)
	c.refresh.soon = true // of the topics in use only some may have been asked for
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
	round := c.refresh.begin(time.Now(), c.Metadata())
	patience := patienceAfter(c.refresh.backoff.Failures(), c.cfg.RequestTimeout)
	c.mu.Unlock()
	md, err := c.fetchMetadata(c.ctx, round, patience)
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
	waiting := round.waiting
	c.mu.Lock()
	if err != nil {
		waiting = c.refresh.failed(time.Now(), round, err)
	} else {
		c.refresh.succeeded(time.Now(), round, md)
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
