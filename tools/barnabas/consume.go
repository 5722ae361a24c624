package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient/oauth"
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

// given reports whether an offset or a time says where reading begins, in each
// partition.
func (s start) given() bool { return s.offset >= 0 || !s.at.IsZero() }

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
	if opts.from.given() { // what is not there any more, or not yet, incoming.survive looks at
		opts.from.reset = consumer.ResetNone
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
	o.flags.StringVar(&layout, "f", `%s\n`, "print each record as `FORMAT`: "+formatLetters+"; escapes are "+escapes)
	if err := o.parse(args); err != nil {
		return o, err
	}
	var err error
	if o.format, err = parseFormat(layout); err != nil {
		return o, usagef("-f %q: %w", layout, err)
	}
	if o.from, err = parseStart(from); err != nil {
		return o, err
	}
	if o.group != "" {
		o.props["group.id"] = o.group
	}
	switch {
	case o.topic == "":
		return o, usagef("-t TOPIC is missing")
	case o.partition < -1:
		return o, usagef("-p %d: a partition is 0 or more", o.partition)
	case o.from.given() && o.group != "":
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
