package consumer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
)

// This file carries out what the group's protocol decides.

// membership is the generation as which this consumer holds its partitions, and so commits.
type membership struct {
	id         string
	generation int32 // -1: none; a commit says so when the partitions were assigned by hand
}

// errands is what the application's goroutine has to do before it gets another record.
type errands struct {
	giveUp bool
	lost   error    // why the partitions are lost; nil: they are given up in good order
	take   *actTake // after that, if any
}

func (e *errands) any() bool { return e.giveUp || e.take != nil }

// newProtocol is the protocol to begin with; a classic member that finds brokers without groups
// gives way to a local one.
func (c *Consumer) newProtocol() groupProtocol {
	if c.cfg.GroupID == "" {
		return &local{}
	}
	return newClassic(classicConfig{
		session:   c.cfg.SessionTimeout,
		heartbeat: c.cfg.HeartbeatInterval,
		maxPoll:   c.cfg.MaxPollInterval,
		static:    c.cfg.GroupInstanceID != "",
	}, c.newBackoff())
}

// step tells the protocol of an event and carries out what it answers. The caller holds c.mu.
func (c *Consumer) step(ev event) {
	protocol := c.due.protocol
	if protocol == nil || c.ctx.Err() != nil {
		return
	}
	for events := []event{ev}; len(events) > 0; events = events[1:] {
		for _, a := range protocol.step(time.Now(), events[0]) {
			if more := c.act(protocol, a); more != nil {
				events = append(events, more)
			}
		}
	}
	if d := protocol.deadline(); !d.IsZero() && d.Before(c.due.timerAt) {
		c.wake()
	}
}

// answer is step for what the protocol asked for, if it is still the one that asked.
func (c *Consumer) answer(protocol groupProtocol, ev event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.due.protocol == protocol {
		c.noteGroup(ev)
		c.step(ev)
		c.wake()
	}
}

// act carries out an action, or has a goroutine do it; it may return an event that follows at
// once. The caller holds c.mu.
func (c *Consumer) act(from groupProtocol, a action) event {
	request := func(do func(ctx context.Context) event) {
		c.wg.Go(func() { c.answer(from, do(c.ctx)) })
	}
	switch a := a.(type) {
	case actFindCoordinator:
		c.wg.Go(func() { c.findCoordinator(from) })
	case actForgetCoordinator:
		c.client.ForgetCoordinator(netclient.GroupCoordinator, c.cfg.GroupID)
	case actJoin:
		request(func(ctx context.Context) event { return c.join(ctx, a) })
	case actAssign:
		request(func(ctx context.Context) event { return c.assignMembers(ctx, a) })
	case actSync:
		request(func(ctx context.Context) event { return c.sync(ctx, a) })
	case actHeartbeat:
		request(func(ctx context.Context) event { return c.heartbeat(ctx, a) })
	case actLeave:
		left := make(chan struct{})
		c.due.left = left
		c.wg.Go(func() {
			defer close(left)
			c.leave(a)
		})
	case actTake:
		c.due.errands.take = &a
		c.attend()
	case actRevoke:
		return c.wantBack(nil)
	case actLose:
		c.log.Warn("this consumer's partitions may be another's now, and nothing of them can be committed any more", "group", c.cfg.GroupID, "reason", a.reason)
		c.member = membership{generation: -1}
		return c.wantBack(a.reason)
	case actReport:
		c.due.groupErr = a.err
		c.attend()
	}
	return nil
}

// wantBack makes the application give up its partitions, if it has any.
func (c *Consumer) wantBack(lost error) event {
	c.due.errands.take = nil
	if len(c.subs.order) == 0 {
		c.member = membership{generation: -1}
		return evGaveUp{}
	}
	c.due.errands.giveUp = true
	c.due.errands.lost = errors.Join(c.due.errands.lost, lost)
	c.attend()
	return nil
}

// takeErrand waits for the right to run rebalance callbacks.
func (c *Consumer) takeErrand(ctx context.Context) error {
	select {
	case c.errand <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.errand <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (c *Consumer) endErrand() { <-c.errand }

// runErrands does in the application's goroutine what the group's protocol wants of it.
func (c *Consumer) runErrands(ctx context.Context) error {
	if err := c.takeErrand(ctx); err != nil {
		return ended(ctx)
	}
	defer c.endErrand()
	for {
		c.mu.Lock()
		e, closing := c.due.errands, c.closing
		c.mu.Unlock()
		switch {
		case closing || !e.any():
			return nil
		case e.giveUp:
			if err := c.giveUp(ctx, false); err != nil && !saidOfCommit(err) {
				c.log.Warn("the automatic commit before a rebalance failed; records will be read again", "group", c.cfg.GroupID, "error", err)
			}
		default:
			c.takeOver(ctx, e.take)
		}
	}
}

// giveUp lets go of all partitions: automatic commit, OnRevoked or OnLost, and then they are gone,
// to be shared out again unless this is final. The error is the commit's. The caller has the
// errand token.
func (c *Consumer) giveUp(ctx context.Context, final bool) (err error) {
	c.mu.Lock()
	owned := c.subs.assigned()
	byHand := c.subs.mode == modeAssigned
	c.mu.Unlock()
	if !c.areLost() {
		err = c.autoCommit(ctx)
	}
	switch {
	case len(owned) == 0 || byHand:
	case c.areLost(): // the commit may have found it out
		c.callBack(ctx, c.cfg.OnLost, owned)
	default:
		c.callBack(ctx, c.cfg.OnRevoked, owned)
		if c.cfg.CommitMode == CommitFinished && c.cfg.OnRevoked != nil && !c.areLost() {
			err = c.autoCommit(ctx) // what workers finished while OnRevoked waited for them
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subs.assign(nil, lookupNone)
	clear(c.due.deleted)
	c.member = membership{generation: -1}
	c.due.errands.giveUp, c.due.errands.lost = false, nil
	c.meter.assigned(0)
	c.attend()
	if !final {
		c.step(evGaveUp{})
	}
	return err
}

// areLost reports whether the partitions that are to be given up may be someone else's already.
func (c *Consumer) areLost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.due.errands.lost != nil
}

// takeOver makes an assignment the application's.
func (c *Consumer) takeOver(ctx context.Context, take *actTake) {
	if gone := c.notIn(take.partitions); len(gone) > 0 {
		if err := c.autoCommit(ctx); err != nil && !saidOfCommit(err) {
			c.log.Warn("an automatic commit failed", "group", c.cfg.GroupID, "error", err)
		}
		c.callBack(ctx, c.cfg.OnRevoked, gone)
	}
	c.mu.Lock()
	if c.due.errands.take != take {
		c.mu.Unlock()
		return // the group has changed its mind meanwhile
	}
	c.due.errands.take = nil
	added, _ := c.subs.assign(take.partitions, c.startLookup())
	c.member = membership{id: take.memberID, generation: take.generation}
	c.meter.assigned(len(c.subs.order))
	c.meter.rebalanced()
	c.due.trouble.over()
	c.attend()
	c.wake()
	c.mu.Unlock()
	c.callBack(ctx, c.cfg.OnAssigned, added)
}

// notIn lists the assigned partitions that are not among tps.
func (c *Consumer) notIn(tps []TopicPartition) []TopicPartition {
	return slices.DeleteFunc(c.Assignment(), func(tp TopicPartition) bool { return slices.Contains(tps, tp) })
}

func (c *Consumer) callBack(ctx context.Context, f RebalanceFunc, tps []TopicPartition) {
	if f != nil {
		f(ctx, c, tps)
	}
}

// autoCommit commits what is finished, if that is not the application's own business.
func (c *Consumer) autoCommit(ctx context.Context) error {
	c.mu.Lock()
	nothing := !c.autoCommits() || len(c.subs.order) == 0
	c.mu.Unlock()
	if nothing {
		return nil
	}
	ctx, stop := c.bound(ctx)
	defer stop()
	if err := c.takeCommit(ctx); err != nil {
		return c.commitError(err)
	}
	defer c.endCommit()
	return c.autoCommitted(c.commitFinished(ctx, true))
}
