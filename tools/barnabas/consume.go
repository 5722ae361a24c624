package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/oauth"
	"github.com/barnabas-kafka/barnabas/wire"
)

// leaveTime bounds the last commit and the leaving of the group.
const leaveTime = 10 * time.Second

// consumeOptions is the command line of consume.
type consumeOptions struct {
	*common
	topic     string
	group     string
	from      start
	partition int // -1: all
	count     int // -1: no end
	stopAtEnd bool
	format    format
}

// start says where reading begins: -o.
type start struct {
	reset  consumer.ResetPolicy // where there is neither an offset nor a committed one
	offset int64                // -1: not given
	at     time.Time            // zero: not given
}

// consume prints records until it is told to stop, by a count, by the end of
// the partitions or by a signal.
func consume(ctx context.Context, args []string, std streams) error {
	opts, err := parseConsume(args, std)
	if err != nil {
		return err
	}
	wait, err := patienceOf(opts.props)
	if err != nil {
		return err
	}
	delete(opts.props, "max.block.ms") // the consumer has no such property; it was for the command
	clientConfig, config, err := consumer.ParseProperties(opts.props, oauth.FromProperties)
	if err != nil {
		return usageError{err}
	}
	clientConfig.Logger = opts.logger(std.err)
	config.AutoOffsetReset = opts.from.reset
	client, err := connect(ctx, clientConfig, wait, std)
	if err != nil {
		return err
	}
	defer client.Close()
	in, err := newIncoming(ctx, client, config, opts, wait, std)
	if err != nil {
		return err
	}
	return in.run(ctx)
}

func parseConsume(args []string, std streams) (consumeOptions, error) {
	o := consumeOptions{common: newCommon("consume", std)}
	var from, layout string
	o.flags.StringVar(&o.topic, "t", "", "the `topic` to read")
	o.flags.StringVar(&o.group, "g", "", "the consumer `group` to read in; its committed offsets come before -o")
	o.flags.StringVar(&from, "o", "beginning", "where to start: beginning, end, an offset, or s@TIME (ms since 1970, or as 2006-01-02T15:04:05Z)")
	o.flags.IntVar(&o.partition, "p", -1, "read this partition only (default: all)")
	o.flags.IntVar(&o.count, "c", -1, "stop after `COUNT` records")
	o.flags.BoolVar(&o.stopAtEnd, "e", false, "stop at the end of all partitions")
	o.flags.StringVar(&layout, "f", `%s\n`, "print each record as `FORMAT`: "+formatLetters+`; \n, \t`)
	if err := o.parse(args); err != nil {
		return o, err
	}
	var err error
	if o.format, err = parseFormat(layout); err != nil {
		return o, err
	}
	if o.from, err = parseStart(from); err != nil {
		return o, err
	}
	if o.group != "" {
		o.props["group.id"] = o.group
	}
	switch given := o.from.offset >= 0 || !o.from.at.IsZero(); {
	case o.topic == "":
		return o, usagef("-t TOPIC is missing")
	case o.partition < -1:
		return o, usagef("-p %d: a partition is 0 or more", o.partition)
	case given && o.group != "":
		return o, usagef("-o %s says where to start, and so do the offsets of group %q; give one of them", from, o.group)
	}
	return o, o.needBrokers()
}

func parseStart(s string) (start, error) {
	from := start{reset: consumer.ResetEarliest, offset: -1}
	at, timed := strings.CutPrefix(s, "s@")
	switch {
	case s == "beginning":
	case s == "end":
		from.reset = consumer.ResetLatest
	case timed:
		if ms, err := strconv.ParseInt(at, 10, 64); err == nil {
			from.at = time.UnixMilli(ms)
		} else if from.at, err = time.Parse(time.RFC3339, at); err != nil {
			return from, usagef("-o %s: want s@ and milliseconds since 1970, or a time as 2006-01-02T15:04:05Z", s)
		}
	default:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return from, usagef("-o %s: want beginning, end, an offset, or s@TIME", s)
		}
		from.offset = n
	}
	return from, nil
}

// incoming reads records and prints them.
type incoming struct {
	opts     consumeOptions
	consumer *consumer.Consumer
	out      *bufio.Writer
	joined   bool // the group has said what is ours; true at once without a group
	printed  int
	line     []byte
}

func newIncoming(ctx context.Context, client *netclient.Client, config consumer.Config, opts consumeOptions, wait time.Duration, std streams) (*incoming, error) {
	in := &incoming{opts: opts, out: bufio.NewWriterSize(std.out, 1<<16)}
	config.OnAssigned = func(context.Context, *consumer.Consumer, []wire.TopicPartition) { in.joined = true }
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
	from := in.opts.from
	if in.opts.partition == -1 && from.offset < 0 && from.at.IsZero() {
		in.joined = in.opts.group == ""
		return in.consumer.Subscribe(in.opts.topic)
	}
	in.joined = true
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
	if err := in.consumer.Assign(tps...); err != nil {
		return err
	}
	switch {
	case from.offset >= 0:
		for _, tp := range tps {
			if err := in.consumer.Seek(tp, from.offset); err != nil {
				return err
			}
		}
	case !from.at.IsZero():
		return in.seekToTime(ctx, tps)
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
//
// What Poll returned counts as finished when Poll is called again. The output
// is flushed before that, so no commit ever covers a record that was not
// written.
func (in *incoming) run(ctx context.Context) error {
	err := in.printAll(ctx)
	flushErr := in.out.Flush()
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	if err == nil && flushErr == nil && in.opts.group != "" {
		err = in.consumer.Commit(leave)
	}
	return errors.Join(err, flushErr, in.consumer.Shutdown(leave))
}

// printAll returns nil when the count, the end or a signal was met.
func (in *incoming) printAll(ctx context.Context) error {
	for in.opts.count < 0 || in.printed < in.opts.count {
		recs, err := in.consumer.Poll(ctx, 500*time.Millisecond)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := in.print(recs); err != nil {
			return err
		}
		if err := in.out.Flush(); err != nil {
			return err
		}
		if in.opts.stopAtEnd && in.atEnd(ctx) {
			return nil
		}
	}
	return nil
}

// print writes the records, up to the count; where it stops in the middle of
// what was polled, it seeks back to the first that it left.
func (in *incoming) print(recs consumer.Polled) error {
	for tp, records := range recs.Partitions() {
		for rec := range records {
			if in.printed == in.opts.count {
				if err := in.consumer.Seek(tp, rec.Offset); err != nil {
					return err
				}
				break
			}
			in.line = in.opts.format.append(in.line[:0], &rec)
			if _, err := in.out.Write(in.line); err != nil {
				return err
			}
			in.printed++
		}
	}
	return nil
}

// atEnd tells whether everything that the partitions held when they were last
// asked was read.
func (in *incoming) atEnd(ctx context.Context) bool {
	if !in.joined {
		return false
	}
	for _, tp := range in.consumer.Assignment() {
		end, known := in.consumer.HighWater(tp)
		if !known {
			return false
		}
		if position, err := in.consumer.Position(ctx, tp); err != nil || position < end {
			return false
		}
	}
	return true
}
