package consumer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
)

// managerState is what manage keeps between its rounds, under the Consumer's lock.
type managerState struct {
	protocol groupProtocol    // nil without a subscription
	errands  errands          // what the protocol wants of the application
	left     chan struct{}    // closed when the coordinator has heard that this member left
	groupErr error            // what Poll has to return once
	trouble  trouble          // with the group or its coordinator
	counts   map[string]int32 // partitions per topic, as last seen

	deleted   map[string]bool // topics of which it was said that they were deleted
	noStorage bool            // the brokers keep no offsets: no automatic commits

	timerAt     time.Time // the end of manage's wait
	autoCommit  time.Time // the next automatic commit
	refreshing  bool      // a metadata request is on its way
	refreshAt   time.Time // no metadata request before this
	uncommitted trouble   // with automatic commits
	unreached   trouble   // with the metadata
	unknown     trouble   // with a topic that there should be
	topicErr    error     // why a topic can't be read at all; Poll returns it
	reportAt    time.Time // ... not (again) before this
	backoff     netclient.Backoff
	allTopics   time.Time // with a pattern: when to ask for all topics again

	reports reports // of partitions that are not being read

	seenChunk *chunk // alive's memory
	seenHand  int64
}

// manage is the consumer's own goroutine: whenever something has changed or a time has come, it
// does what is due. It never waits for the network; requests run in goroutines of their own.
func (c *Consumer) manage() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		newer := c.client.MetadataChanged()
		now := time.Now()
		c.mu.Lock()
		next := c.round(now)
		c.due.timerAt = next
		c.mu.Unlock()
		timer.Reset(next.Sub(now))
		select {
		case <-timer.C:
		case <-c.wakeup:
		case <-newer:
		case <-c.ctx.Done():
			return
		case <-c.client.Done():
			c.abandon()
			return
		}
	}
}

// abandon ends a consumer whose client was closed under it: nothing is committed or left.
func (c *Consumer) abandon() {
	c.mu.Lock()
	c.closed = true
	c.attend()
	c.mu.Unlock()
	c.cancel()
}

// round does all that is due and says when to look again. The caller holds c.mu.
func (c *Consumer) round(now time.Time) time.Time {
	next := now.Add(time.Minute)
	sooner := func(t time.Time) {
		if !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	md := c.client.Metadata()
	sooner(c.tendGroup(md, now))
	sooner(c.refreshStale(md, now))
	sooner(c.startLookups(md, now))
	c.startFetches(md, now)
	sooner(c.autoCommitDue(now))
	sooner(c.reportTroubles(now))
	if next.Before(now) {
		next = now
	}
	return next
}

// tendGroup tells the protocol what has changed and what time it is.
func (c *Consumer) tendGroup(md *netclient.Metadata, now time.Time) time.Time {
	if c.due.protocol == nil {
		return time.Time{}
	}
	if topics := c.due.protocol.watched(); len(topics) > 0 {
		c.step(evCounts{counts: c.partitionCounts(md, topics)})
	}
	if c.alive() {
		c.step(evPoll{})
	}
	if d := c.due.protocol.deadline(); !d.IsZero() && !now.Before(d) {
		c.step(evTick{})
	}
	return c.due.protocol.deadline()
}

// alive says whether the application has shown a sign of life since the last call: it waits in
// Poll or Records, or took another record.
func (c *Consumer) alive() bool {
	if c.waiting {
		return true
	}
	if c.open == nil {
		return false
	}
	hand := c.open.hand.Load()
	if c.open == c.due.seenChunk && hand == c.due.seenHand {
		return false
	}
	c.due.seenChunk, c.due.seenHand = c.open, hand
	return true
}

// reportTroubles logs what has kept partitions or the group from going on for a while.
func (c *Consumer) reportTroubles(now time.Time) (next time.Time) {
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	lines, at := c.due.reports.due(now, c.subs.order)
	sooner(at)
	for _, l := range lines {
		c.log.Warn("partitions are not being read", l.attrs(now)...)
	}
	for what, t := range map[string]*trouble{
		"the group does not get on":       &c.due.trouble,
		"the metadata can't be refreshed": &c.due.unreached,
		"automatic commits fail":          &c.due.uncommitted,
		"a topic can't be read":           &c.due.unknown,
	} {
		if t.due(now) {
			c.log.Warn(what, "group", c.cfg.GroupID, "for", now.Sub(t.since).Round(time.Millisecond), "reason", t.err)
		}
		sooner(t.deadline())
	}
	return next
}

// autoCommitDue commits in the background what the application has finished.
func (c *Consumer) autoCommitDue(now time.Time) time.Time {
	if _, over := c.commitsAs(); over != nil || !c.autoCommits() || c.closing || len(c.subs.order) == 0 {
		c.due.autoCommit = time.Time{}
		return time.Time{}
	}
	if c.due.autoCommit.IsZero() {
		c.due.autoCommit = now.Add(c.cfg.AutoCommitInterval)
	}
	if now.Before(c.due.autoCommit) {
		return c.due.autoCommit
	}
	select {
	case c.commits <- struct{}{}:
	default: // a commit is on its way; the next round is soon enough
		c.due.autoCommit = now.Add(c.cfg.AutoCommitInterval)
		return c.due.autoCommit
	}
	c.due.autoCommit = now.Add(c.cfg.AutoCommitInterval)
	c.wg.Go(func() {
		defer func() { <-c.commits }()
		ctx, stop := c.bound(c.ctx)
		defer stop()
		c.noteCommit(c.autoCommitted(c.commitFinished(ctx, false)))
	})
	return c.due.autoCommit
}

// noteCommit remembers what keeps automatic commits from succeeding.
func (c *Consumer) noteCommit(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.due.uncommitted.over()
	case saidOfCommit(err), c.ctx.Err() != nil:
	default:
		c.due.uncommitted.note(time.Now(), err)
		c.wake()
	}
}

// saidOfCommit reports whether the log has the reason why a commit failed already: that the
// membership is over, or that a topic was deleted.
func saidOfCommit(err error) bool {
	if all, ok := errors.AsType[*PartitionErrors](err); ok {
		return !slices.ContainsFunc(all.Errs, func(e *PartitionError) bool { return !saidOfCommit(e) })
	}
	return errors.Is(err, ErrSessionExpired) || errors.Is(err, ErrTopicDeleted)
}

// autoCommits says whether there is something to do for automatic commits. The caller holds c.mu.
func (c *Consumer) autoCommits() bool {
	return c.cfg.CommitMode != CommitManual && c.cfg.GroupID != "" && !c.due.noStorage
}

// autoCommitted looks at what came of an automatic commit: brokers that keep no offsets are not
// asked again, and that is said once.
func (c *Consumer) autoCommitted(err error) error {
	if !errors.Is(err, ErrNoOffsetStorage) {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.due.noStorage {
		c.log.Warn("nothing is committed automatically", "group", c.cfg.GroupID, "reason", err)
	}
	c.due.noStorage = true
	return nil
}

// shortly bounds what is tried again and again, so that it can be told early what it fails of.
func (c *Consumer) shortly() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.ctx, min(5*time.Second, c.cfg.RequestTimeout))
}

func (c *Consumer) newBackoff() netclient.Backoff {
	cc := c.client.Config()
	return netclient.Backoff{Base: cc.RetryBackoff, Max: cc.RetryBackoffMax}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
