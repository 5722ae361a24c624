package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/producer"
	"github.com/barnabas-kafka/barnabas/wire"
)

const (
	demoPartitions = 6   // of the topic, where it is for us to say
	demoSenders    = 8   // goroutines that send
	demoKeys       = 125 // keys of each of them
	demoValue      = 100 // bytes

	// The second member joins and leaves in the middle of the work, not after
	// it: senders stop at these parts of their share until it has.
	untilJoined = 0.4
	untilLeft   = 0.8

	// giveUp is how long nothing may arrive, after all was sent and the second member has
	// left, before what is missing counts as lost.
	giveUp = 10 * time.Second
	// quiet is how long the reading goes on when all has arrived: what comes
	// then came twice.
	quiet = 300 * time.Millisecond
)

// A demoRun is the work of one demo and what it stands on.
type demoRun struct {
	client  *netclient.Client
	topic   string
	created bool          // the topic was made, or brokers make it when it is asked for
	groups  bool          // the broker has consumer groups
	stats   func()        // prints the metrics, while there is still something that has them
	wait    time.Duration // how long nothing may move
	w       io.Writer

	check        *checker
	joined, left chan struct{} // closed when the second member has its place in the group, and when it has gone
	sent         chan struct{} // closed when all was sent
}

// run lets senders and readers work side by side and says what came of it.
func (d *demoRun) run(ctx context.Context, records int, fault string) error {
	d.check = newChecker(records)
	d.joined, d.left, d.sent = make(chan struct{}), make(chan struct{}), make(chan struct{})
	p, err := producer.New(d.client, producer.Config{Linger: 2 * time.Millisecond})
	if err != nil {
		return err
	}
	defer shutdown(ctx, p.Shutdown)
	first, err := d.newMember(nil)
	if err != nil {
		return err
	}
	defer shutdown(ctx, first.Shutdown)

	began := time.Now()
	stopProgress := d.showProgress()
	work, workCtx := errgroup.WithContext(ctx)
	work.Go(func() error {
		defer close(d.sent)
		return d.sendAll(workCtx, p, fault)
	})
	work.Go(func() error { return d.readAll(workCtx, first) })
	if d.groups {
		work.Go(func() error { return d.visit(workCtx) })
	} else {
		close(d.joined)
		close(d.left)
	}
	err = work.Wait()
	stopProgress()
	d.stats()
	if err != nil {
		return err
	}
	return d.check.verdict(d.w, time.Since(began))
}

// showProgress prints a line a second until stop is called.
func (d *demoRun) showProgress() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintf(d.w, "  %d produced, %d consumed\n", d.check.acked.Load(), d.check.arrived())
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// sendAll sends every sender's share and waits until all has its result.
func (d *demoRun) sendAll(ctx context.Context, p *producer.Producer, fault string) error {
	senders, sendCtx := errgroup.WithContext(ctx)
	for n := range demoSenders {
		spoil := ""
		if n == 0 {
			spoil = fault
		}
		senders.Go(func() error { return d.send(sendCtx, p, n, spoil) })
	}
	if err := senders.Wait(); err != nil {
		return err
	}
	return p.Flush(ctx)
}

// send produces the share of one sender: its keys in turn, each key's records
// numbered from 0. Where fault says so, one of them is spoiled.
func (d *demoRun) send(ctx context.Context, p *producer.Producer, sender int, fault string) error {
	share := d.check.shareOf(sender)
	value := make([]byte, demoValue)
	put := func(i int) error {
		key := keyOf(sender, i%demoKeys)
		rec := producer.Record{Topic: d.topic, Key: []byte(key), Value: numbered(value, i/demoKeys)}
		return p.SendFunc(ctx, rec, d.acknowledged)
	}
	for i := range share {
		switch i {
		case int(untilJoined * float64(share)):
			await(ctx, d.joined)
		case int(untilLeft * float64(share)):
			await(ctx, d.left)
		}
		if fault != "" && i == share/2 {
			if err := spoil(fault, i, put); err != nil {
				return err
			}
			continue
		}
		if fault == "swap" && i == share/2-demoKeys {
			continue // it comes after its successor
		}
		if err := put(i); err != nil {
			return err
		}
	}
	return nil
}

// spoil does to record i what the fault says.
func spoil(fault string, i int, put func(int) error) error {
	switch fault {
	case "double":
		return errors.Join(put(i), put(i))
	case "swap":
		return errors.Join(put(i), put(i-demoKeys))
	}
	return nil // lose
}

func (d *demoRun) acknowledged(_ producer.RecordMetadata, err error) {
	if err != nil {
		d.check.fail(err)
		return
	}
	d.check.acked.Add(1)
}

func await(ctx context.Context, c <-chan struct{}) {
	select {
	case <-c:
	case <-ctx.Done():
	}
}

// numbered writes n into the head of value and blanks the rest.
func numbered(value []byte, n int) []byte {
	digits := len(strconv.AppendInt(value[:0], int64(n), 10))
	for i := digits; i < len(value); i++ {
		value[i] = ' '
	}
	return value
}

// readAll is the work of the member that is there from the beginning to the
// end.
func (d *demoRun) readAll(ctx context.Context, c *consumer.Consumer) error {
	lastCount, lastTime := -1, time.Now()
	for {
		if err := d.poll(ctx, c, 0); err != nil {
			return err
		}
		if n := d.check.arrived(); n != lastCount {
			lastCount, lastTime = n, time.Now()
		}
		switch idle := time.Since(lastTime); {
		case d.check.complete() && idle > quiet:
			return nil
		case idle > giveUp && isClosed(d.sent) && isClosed(d.left):
			return nil
		case idle > max(giveUp, d.wait):
			return fmt.Errorf("nothing has arrived for %v: %d of %d records have, %d were acknowledged",
				max(giveUp, d.wait), d.check.arrived(), d.check.records, d.check.acked.Load())
		}
	}
}

// visit is the work of the second member: it joins when a part has been read,
// works along, and leaves again.
func (d *demoRun) visit(ctx context.Context) error {
	for d.check.arrived() < int(untilJoined/2*float64(d.check.records)) {
		if !sleep(ctx, 5*time.Millisecond) {
			return nil
		}
	}
	assigned := false
	c, err := d.newMember(func(_ context.Context, _ *consumer.Consumer, tps []wire.TopicPartition) {
		if !assigned { // of a topic of one partition it may get none
			assigned = true
			fmt.Fprintf(d.w, "a second member has joined and was given %d partitions\n", len(tps))
			close(d.joined)
		}
	})
	if err != nil {
		return err
	}
	defer shutdown(ctx, c.Shutdown)
	enough := int((untilJoined + untilLeft) / 2 * float64(d.check.records))
	for !assigned || d.check.arrived() < enough {
		if err := d.poll(ctx, c, 1); err != nil {
			return err
		}
	}
	// What the last Poll returned counts as finished at the next one, or now.
	if err := errors.Join(c.Commit(ctx), c.Shutdown(ctx)); err != nil {
		return fmt.Errorf("the second member leaving: %w", err)
	}
	fmt.Fprintf(d.w, "the second member has left after %d records\n", d.check.byMember(1))
	close(d.left)
	return nil
}

func (d *demoRun) newMember(onAssigned consumer.RebalanceFunc) (*consumer.Consumer, error) {
	return consumer.New(d.client, consumer.Config{
		GroupID: d.group(), Topics: []string{d.topic}, AutoOffsetReset: consumer.ResetEarliest,
		HeartbeatInterval: 200 * time.Millisecond, // so that the others hear of it soon
		OnAssigned:        onAssigned,
	})
}

// poll reads once and hands what came to the checker.
func (d *demoRun) poll(ctx context.Context, c *consumer.Consumer, member int) error {
	recs, err := c.Poll(ctx, 100*time.Millisecond)
	if err != nil {
		return err
	}
	for rec := range recs.All() {
		d.check.record(member, rec.Key, rec.Value)
	}
	return nil
}

// sleep waits, and reports false when the context ended first.
func sleep(ctx context.Context, t time.Duration) bool {
	select {
	case <-time.After(t):
		return true
	case <-ctx.Done():
		return false
	}
}

// shutdown closes what is closed so, in a short time even when ctx has ended.
func shutdown(ctx context.Context, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	f(ctx)
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
