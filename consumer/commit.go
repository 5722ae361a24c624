package consumer

import (
	"context"
	"fmt"
	"maps"

	"github.com/barnabas-kafka/barnabas/netclient"
)

// OffsetAndMetadata is an offset as it is committed: that of the next record to read.
type OffsetAndMetadata = netclient.OffsetAndMetadata

// LeaderEpoch counts the leaders that a partition has had; its zero value is unknown.
type LeaderEpoch = netclient.LeaderEpoch

// Commit commits the position of every assigned partition: it finishes what Poll returned last and
// what Records has in hand. With CommitFinished it finishes nothing, and commits what Finish named.
//
// Offsets go where the broker keeps them: to the group's coordinator, on 0.8.1 to ZooKeeper. Commit
// waits, trying again where that can help, until ctx ends, RequestTimeout if that has no deadline.
// It fails with a *CommitError, in it a *PartitionErrors where only some partitions were not
// committed: ErrSessionExpired in it says that the group has moved on without
// this consumer, and others may have the partitions.
func (c *Consumer) Commit(ctx context.Context) error {
	ctx, stop := c.bound(ctx)
	defer stop()
	if err := c.commitable(); err != nil {
		return err
	}
	if err := c.takeCommit(ctx); err != nil {
		return c.commitError(err)
	}
	defer c.endCommit()
	c.mu.Lock()
	c.subs.finishAll()
	c.mu.Unlock()
	return c.commitFinished(ctx, true)
}

// CommitOffsets commits the given offsets, all of assigned partitions, and changes no position. It
// waits and fails as Commit does; ErrNotAssigned says that a partition is not (or no longer)
// assigned, and nothing was committed.
func (c *Consumer) CommitOffsets(ctx context.Context, offsets map[TopicPartition]OffsetAndMetadata) error {
	return c.commitChosen(ctx, func() (map[TopicPartition]OffsetAndMetadata, error) {
		for tp, o := range offsets {
			if c.subs.parts[tp] == nil {
				return nil, fmt.Errorf("%s: %w", partitionName(tp), ErrNotAssigned)
			}
			if o.Offset < 0 {
				return nil, fmt.Errorf("%s: there is no offset %d", partitionName(tp), o.Offset)
			}
		}
		return maps.Clone(offsets), nil
	})
}

// CommitRecords finishes records, as Finish does, and commits the partitions that they are of: up to
// the last of them or, with CommitFinished, up to the first that is not finished. It waits and fails
// as Commit does; ErrNotAssigned says that a partition is not assigned any more, or was given up
// since and has come back, and nothing was committed.
func (c *Consumer) CommitRecords(ctx context.Context, records ...Record) error {
	for _, rec := range records {
		c.Finish(rec)
	}
	return c.commitChosen(ctx, func() (map[TopicPartition]OffsetAndMetadata, error) {
		offsets := map[TopicPartition]OffsetAndMetadata{}
		for _, rec := range records {
			tp := rec.TopicPartition()
			p := c.subs.parts[tp]
			switch {
			case p == nil || !p.handedOut(rec):
				return nil, fmt.Errorf("the record at offset %d of %s was not handed out since that is assigned: %w",
					rec.Offset, partitionName(tp), ErrNotAssigned)
			case p.byRecord:
				offsets[tp] = p.commit()
			case offsets[tp].Offset <= rec.Offset:
				offsets[tp] = OffsetAndMetadata{Offset: rec.Offset + 1, LeaderEpoch: rec.LeaderEpoch}
			}
		}
		return offsets, nil
	})
}

// handedOut reports whether the application got rec of this assignment.
func (p *partition) handedOut(rec Record) bool {
	if p.byRecord {
		return p.lookup == lookupNone && rec.reading != nil && p.reading != nil && rec.reading.of == p.reading.of
	}
	return p.lookup == lookupNone && rec.Offset < p.next()
}

// commitChosen commits the offsets that choose, which is called with c.mu held, returns.
func (c *Consumer) commitChosen(ctx context.Context, choose func() (map[TopicPartition]OffsetAndMetadata, error)) error {
	ctx, stop := c.bound(ctx)
	defer stop()
	if err := c.commitable(); err != nil {
		return err
	}
	if err := c.takeCommit(ctx); err != nil {
		return c.commitError(err)
	}
	defer c.endCommit()
	c.mu.Lock()
	member, err := c.commitsAs()
	var offsets map[TopicPartition]OffsetAndMetadata
	if err == nil {
		offsets, err = choose()
	}
	set := c.subs.commitSet(offsets)
	c.mu.Unlock()
	if err != nil {
		return c.commitError(err)
	}
	return c.commit(ctx, member, set, true)
}

// Finish says that the application is done with a record.
//
// With CommitFinished it is done with this one record, and may say so from any goroutine and in any
// order: in each partition what is below the lowest record that is not finished will be committed.
// rec has to be a Record as this consumer returned it, or a Clone or copy of it. One of an
// earlier assignment of its partition is ignored, and so is one that a Seek went back over, since it
// is read again; records below the target of a Seek that were not finished before it still have to be.
//
// With CommitFollowed it is done with rec and everything before it in its partition, so that it will
// be committed even if the iteration of Records ends with it, or if Poll is not called again. A
// record that was not handed out since the last Seek or rebalance is ignored.
//
// With CommitManual it does nothing.
func (c *Consumer) Finish(rec Record) {
	if c.cfg.CommitMode == CommitFinished {
		if rec.reading != nil {
			rec.reading.finish(rec.Offset-rec.skipped, rec.Offset+1)
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.subs.parts[rec.TopicPartition()]
	if p != nil && p.handedOut(rec) {
		p.finished = max(p.finished, rec.Offset+1)
	}
}

// commitable says why there is nothing to commit to, nil if there is.
func (c *Consumer) commitable() error {
	if err := c.usable(); err != nil {
		return err
	}
	if c.cfg.GroupID == "" {
		return ErrNoGroup
	}
	return nil
}

func (c *Consumer) takeCommit(ctx context.Context) error {
	select {
	case c.commits <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for an earlier commit: %w", context.Cause(ctx))
	}
}

func (c *Consumer) endCommit() { <-c.commits }

func (c *Consumer) commitError(err error) error {
	return &CommitError{GroupID: c.cfg.GroupID, Err: err}
}

// commitsAs is the membership that a commit is made with. The caller holds c.mu.
func (c *Consumer) commitsAs() (membership, error) {
	if _, classic := c.due.protocol.(*classic); classic && c.member.generation < 0 {
		return c.member, fmt.Errorf("%w; its partitions may be others' now", ErrSessionExpired)
	}
	return c.member, nil
}

// commitFinished commits what is finished, in the generation in which the partitions are owned.
// The caller has the commit token.
func (c *Consumer) commitFinished(ctx context.Context, again bool) error {
	c.mu.Lock()
	offsets := c.subs.commitSet(c.subs.commits())
	member, err := c.commitsAs()
	c.mu.Unlock()
	switch {
	case len(offsets) == 0:
		return nil
	case err != nil:
		return c.commitError(err)
	}
	return c.commit(ctx, member, offsets, again)
}
