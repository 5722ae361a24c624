package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
)

// incoming reads records and prints them.
type incoming struct {
	opts     consumeOptions
	client   *netclient.Client
	consumer *consumer.Consumer
	joined   atomic.Bool // the group has said what is ours; true at once without a group
	printed  int
	out      sink
	stall    stall
	w        io.Writer // for what is not a record
}

// newIncoming finds the topic and begins to read it.
func newIncoming(ctx context.Context, client *netclient.Client, config consumer.Config, opts consumeOptions, wait time.Duration, std streams) (*incoming, error) {
	in := &incoming{opts: opts, client: client, out: sink{w: std.out}, stall: stall{wait: wait, w: std.err}, w: std.err}
	in.stall.blocked = in.blocked
	config.OnAssigned = func(context.Context, *consumer.Consumer, []wire.TopicPartition) { in.joined.Store(true) }
	var err error
	if in.consumer, err = consumer.New(client, config); err != nil {
		return nil, usageError{err}
	}
	var known []netclient.Partition
	err = waitFor(ctx, wait, std.err, fmt.Sprintf("the topic %q", opts.topic), func(ctx context.Context) (err error) {
		known, err = in.consumer.PartitionsFor(ctx, opts.topic)
		return err
	})
	if err == nil {
		err = in.start(ctx, known)
	}
	if err != nil {
		in.consumer.Close()
		return nil, err
	}
	return in, nil
}

// start subscribes, or assigns the partitions and goes to where -o says.
func (in *incoming) start(ctx context.Context, known []netclient.Partition) error {
	if in.opts.partition == -1 && !in.opts.from.given() {
		in.joined.Store(in.opts.group == "")
		return in.consumer.Subscribe(in.opts.topic)
	}
	in.joined.Store(true)
	if in.opts.partition >= 0 {
		if !slices.ContainsFunc(known, func(p netclient.Partition) bool { return int(p.ID) == in.opts.partition }) {
			return fmt.Errorf("topic %q has no partition %d; it has %d, from 0", in.opts.topic, in.opts.partition, len(known))
		}
	}
	var tps []wire.TopicPartition
	for _, p := range known {
		if in.opts.partition == -1 || in.opts.partition == int(p.ID) {
			tps = append(tps, wire.TopicPartition{Topic: in.opts.topic, Partition: p.ID})
		}
	}
	if err := in.consumer.Assign(tps...); err != nil || !in.opts.from.given() {
		return err
	}
	return waitFor(ctx, in.stall.wait, in.w, fmt.Sprintf("the offsets of %q", in.opts.topic), func(ctx context.Context) error {
		if in.opts.from.offset >= 0 {
			return in.seekToOffset(ctx, tps)
		}
		return in.seekToTime(ctx, tps)
	})
}

// seekToOffset goes to the offset given, as far as that exists. Where a partition
// begins after it or ends before it, it says so; in the latter case the records
// before it are not printed when they come.
func (in *incoming) seekToOffset(ctx context.Context, tps []wire.TopicPartition) error {
	begins, err := in.consumer.BeginningOffsets(ctx, tps...)
	if err != nil {
		return err
	}
	ends, err := in.consumer.EndOffsets(ctx, tps...)
	if err != nil {
		return err
	}
	offset := in.opts.from.offset
	for _, tp := range tps {
		begin, end := begins[tp], ends[tp]
		if offset < begin {
			fmt.Fprintf(in.w, "barnabas: partition %d begins at offset %d; older records are gone\n", tp.Partition, begin)
		}
		if offset > end {
			fmt.Fprintf(in.w, "barnabas: partition %d ends at offset %d; nothing is there to print from %d on, yet\n", tp.Partition, end, offset)
		}
		if err := in.consumer.Seek(tp, min(max(offset, begin), end)); err != nil {
			return err
		}
	}
	return nil
}

func (in *incoming) seekToTime(ctx context.Context, tps []wire.TopicPartition) error {
	times := make(map[wire.TopicPartition]time.Time, len(tps))
	for _, tp := range tps {
		times[tp] = in.opts.from.at
	}
	found, err := in.consumer.OffsetsForTimes(ctx, times)
	if err != nil {
		return err
	}
	for _, tp := range tps {
		if at, ok := found[tp]; ok && at.Offset >= 0 {
			err = in.consumer.Seek(tp, at.Offset)
		} else { // nothing is as young as that: wait for what comes
			err = in.consumer.SeekToEnd(tp)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// run prints until it is done, then commits what was printed and leaves.
func (in *incoming) run(ctx context.Context) error {
	err := in.printAll(ctx)
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if in.opts.group != "" {
		defer saying(leaveTime, in.w, fmt.Sprintf("the group %q to take the commit and let go", in.opts.group))()
	}
	if (err == nil || isClosedPipe(err)) && in.opts.group != "" && in.joined.Load() {
		err = errors.Join(err, in.consumer.Commit(leave))
	}
	if isClosedPipe(err) {
		err = nil // an end like a signal
	}
	return errors.Join(err, in.consumer.Shutdown(leave))
}

// printAll returns nil when the count, the end or a signal was met.
//
// What Poll returned counts as finished when Poll is called again. All of it is
// written before that, or sought back to, so no commit ever covers a record
// that was not written.
func (in *incoming) printAll(ctx context.Context) error {
	asking, cancel := context.WithCancel(ctx)
	defer in.stall.end()
	defer cancel()
	in.stall.moved()
	for in.opts.count < 0 || in.printed < in.opts.count {
		recs, err := in.consumer.Poll(ctx, 500*time.Millisecond)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			err = in.survive(ctx, err)
		}
		if err != nil {
			return err
		}
		if !recs.Empty() {
			in.stall.moved()
		}
		if err := in.print(recs); err != nil {
			return err
		}
		if in.opts.stopAtEnd && in.atEnd(ctx) {
			return nil
		}
		if err := in.stall.look(asking); err != nil {
			return err
		}
	}
	return nil
}

// survive returns an error of Poll, or nil where reading can go on: a member that
// lost its place joins the group again, and where -o gave the offset and records
// were deleted before they were read, the oldest that are left come next.
func (in *incoming) survive(ctx context.Context, err error) error {
	if errors.Is(err, consumer.ErrSessionExpired) || errors.Is(err, consumer.ErrMaxPollExceeded) {
		fmt.Fprintf(in.w, "barnabas: joining the group again: %v\n", err)
		return nil
	}
	out, ok := errors.AsType[*consumer.OffsetOutOfRangeError](err)
	if !ok {
		return err
	}
	begins, lookupErr := in.consumer.BeginningOffsets(ctx, out.TopicPartition)
	begin := begins[out.TopicPartition]
	if lookupErr != nil || out.Offset >= begin {
		return errors.Join(err, lookupErr)
	}
	fmt.Fprintf(in.w, "barnabas: partition %d begins at offset %d now; those from %d on were deleted before they were read\n",
		out.Partition, begin, out.Offset)
	return in.consumer.Seek(out.TopicPartition, begin)
}

// print writes the records, up to the count. Where it stops in the middle of what
// was polled, at the count or because nothing can be written any more, it seeks
// back to the first that was not written.
func (in *incoming) print(recs consumer.Polled) error {
	var failed error
	for tp, records := range recs.Partitions() {
		for rec := range records {
			if in.printed == in.opts.count || failed != nil {
				if err := in.consumer.Seek(tp, rec.Offset); err != nil {
					return errors.Join(failed, err)
				}
				break
			}
			if rec.Offset < in.opts.from.offset {
				continue // the partition ended before that
			}
			in.out.add(tp, rec.Offset, in.opts.format, &rec)
			in.printed++
			if failed = in.out.flushIfFull(); failed != nil {
				break
			}
		}
	}
	if failed == nil {
		failed = in.out.flush()
	}
	for tp, offset := range in.out.unwritten {
		if err := in.consumer.Seek(tp, offset); err != nil {
			return errors.Join(failed, err)
		}
	}
	return failed
}

// atEnd reports whether everything that the partitions held when they were last
// asked was read.
func (in *incoming) atEnd(ctx context.Context) bool {
	if !in.joined.Load() {
		return false
	}
	now, cancel := context.WithCancel(ctx)
	cancel() // what is not known yet is not waited for
	for _, tp := range in.consumer.Assignment() {
		end, known := in.consumer.HighWater(tp)
		if !known {
			return false
		}
		if position, err := in.consumer.Position(now, tp); err != nil || position < end {
			return false
		}
	}
	return true
}
