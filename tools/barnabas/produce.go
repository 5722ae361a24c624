package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/oauth"
	"github.com/barnabas-kafka/barnabas/producer"
)

// shownFailures is how many records that were not acknowledged are named; the
// rest are only counted.
const shownFailures = 10

// produce sends a record per line of standard input and is content only when
// every one of them was acknowledged.
func produce(ctx context.Context, args []string, std streams) error {
	opts := newCommon("produce", std)
	topic := opts.flags.String("t", "", "the `topic` to write to")
	var delim string
	opts.flags.Func("K", "the part of a line before `DELIM` is the record's key; escapes are "+escapes, func(s string) (err error) {
		if delim, err = unescape(s); err == nil && delim == "" {
			err = errors.New("an empty delimiter")
		}
		return err
	})
	partition := opts.flags.Int("p", -1, "write to this partition, whatever the key (default: the partitioner's choice)")
	codec := opts.flags.String("z", "", "compress with `CODEC`: none, gzip, snappy, lz4 or zstd")
	if err := opts.parse(args); err != nil {
		return err
	}
	if err := opts.needBrokers(); err != nil {
		return err
	}
	if *topic == "" {
		return usagef("-t TOPIC is missing")
	}
	if *codec != "" {
		opts.props["compression.type"] = *codec
	}
	wait, err := patienceOf(opts.props)
	if err != nil {
		return err
	}
	clientConfig, config, err := producer.ParseProperties(opts.props, oauth.FromProperties)
	if err != nil {
		return usageError{err}
	}
	clientConfig.Logger = opts.logger(std.err)
	client, err := connect(ctx, clientConfig, wait, std)
	if err != nil {
		return err
	}
	defer client.Close()
	p, err := producer.New(client, config)
	if err != nil {
		return usageError{err}
	}
	out := &outgoing{producer: p, topic: *topic, delim: []byte(delim), client: client, w: std.err}
	if err := out.findPartition(ctx, *partition, wait); err != nil {
		p.Close()
		return err
	}
	defer out.watch(min(sayAfter, max(wait, time.Second)))()
	return out.run(ctx, std.in, lineLimit(config))
}

// patienceOf makes max.block.ms, which bounds every wait for metadata, the
// command's own patience too; without it a command waits less long than the
// library would.
func patienceOf(props map[string]string) (time.Duration, error) {
	if s, ok := props["max.block.ms"]; ok {
		ms, err := strconv.Atoi(s)
		if err != nil || ms < 0 {
			return 0, usagef("max.block.ms=%s: want a number of milliseconds", s)
		}
		return time.Duration(ms) * time.Millisecond, nil
	}
	props["max.block.ms"] = strconv.FormatInt(patience.Milliseconds(), 10)
	return patience, nil
}

// lineLimit is the longest line that is worth reading: what is longer cannot be
// sent.
func lineLimit(config producer.Config) int {
	if config.MaxRequestSize > 0 {
		return config.MaxRequestSize
	}
	return producer.DefaultMaxRequestSize
}

// outgoing turns lines into records and counts what became of them.
type outgoing struct {
	producer  *producer.Producer
	topic     string
	partition producer.Partition
	delim     []byte
	keyless   int // lines without the delimiter
	firstLine int // the first of them
	w         io.Writer

	client        *netclient.Client
	sent, settled atomic.Int64 // how many records were accepted, and how many have their result

	mu     sync.Mutex // guards what follows; callbacks run on several goroutines
	failed int
	first  error
}

// findPartition waits for the topic and checks the partition asked for (-1:
// none was).
func (o *outgoing) findPartition(ctx context.Context, partition int, wait time.Duration) error {
	if partition < -1 {
		return usagef("-p %d: a partition is 0 or more", partition)
	}
	var known []netclient.Partition
	err := waitFor(ctx, wait, o.w, fmt.Sprintf("the topic %q", o.topic), func(ctx context.Context) (err error) {
		known, err = o.producer.PartitionsFor(ctx, o.topic)
		return err
	})
	if err != nil || partition == -1 {
		return err
	}
	for _, one := range known {
		if int(one.ID) == partition {
			o.partition = producer.ToPartition(one.ID)
			return nil
		}
	}
	return fmt.Errorf("topic %q has no partition %d; it has %d, from 0", o.topic, partition, len(known))
}

// run sends every line, waits for the answers and says how it went. An
// interrupt ends the reading; what was read is still sent.
func (o *outgoing) run(ctx context.Context, in io.Reader, limit int) error {
	lines, sendErr := o.sendAll(ctx, in, limit)
	closeErr := o.producer.Close()
	if o.keyless > 0 {
		fmt.Fprintf(o.w, "barnabas: %d of %d lines have no %q (the first is line %d); they were sent without a key\n", o.keyless, lines, o.delim, o.firstLine)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.failed > 0 && sendErr != nil:
		return fmt.Errorf("%w; and %d of %d records were not acknowledged, the first: %w", sendErr, o.failed, lines, o.first)
	case o.failed > 0:
		return fmt.Errorf("%d of %d records were not acknowledged, the first: %w", o.failed, lines, o.first)
	case sendErr != nil:
		return fmt.Errorf("%w (the %d records before it were acknowledged)", sendErr, lines)
	case closeErr != nil:
		return closeErr
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted after %d records, all of them acknowledged", lines)
	}
	return nil
}

// sendAll reads to the end of the input, to the first line that cannot be
// accepted, or to the interrupt, and returns how many records were accepted.
func (o *outgoing) sendAll(ctx context.Context, in io.Reader, limit int) (lines int, err error) {
	reader := bufio.NewReaderSize(in, 1<<16)
	var buf []byte
	for ctx.Err() == nil {
		line, err := readLine(reader, &buf, limit)
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err == nil {
			err = o.send(ctx, lines+1, line)
		}
		if err != nil && ctx.Err() == nil {
			return lines, fmt.Errorf("line %d: %w", lines+1, err)
		}
		if err != nil {
			break
		}
		lines++
	}
	return lines, nil
}

func (o *outgoing) send(ctx context.Context, number int, line []byte) error {
	rec := producer.Record{Topic: o.topic, Partition: o.partition, Value: line}
	if len(o.delim) > 0 {
		if key, value, ok := bytes.Cut(line, o.delim); ok {
			rec.Key, rec.Value = key, value
		} else if o.keyless++; o.keyless == 1 {
			o.firstLine = number
		}
	}
	err := o.producer.SendFunc(ctx, rec, func(_ producer.RecordMetadata, err error) {
		o.settled.Add(1)
		if err != nil {
			o.fail(number, err)
		}
	})
	if err == nil {
		o.sent.Add(1)
	}
	return err
}

func (o *outgoing) fail(number int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed++; o.failed == 1 {
		o.first = err
	}
	if o.failed <= shownFailures {
		fmt.Fprintf(o.w, "barnabas: line %d: %v\n", number, err)
	}
}

// watch says so when records wait and none gets its result for that time, until
// stop is called.
func (o *outgoing) watch(after time.Duration) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(after / 4)
		defer tick.Stop()
		last, since, said := int64(0), time.Now(), false
		for {
			select {
			case <-tick.C:
			case <-quit:
				return
			}
			settled := o.settled.Load()
			waiting := o.sent.Load() - settled
			switch {
			case waiting <= 0 || settled != last:
				last, since, said = settled, time.Now(), false
			case !said && time.Since(since) >= after:
				said = true
				fmt.Fprintf(o.w, "barnabas: waiting for the acknowledgement of %d records, for delivery.timeout.ms at most%s\n", waiting, o.leaderless())
			}
		}
	}()
	return func() { close(quit); <-done }
}

// leaderless says which partitions of the topic have no leader.
func (o *outgoing) leaderless() string {
	topic := o.client.Metadata().Topic(o.topic)
	if topic == nil {
		return ""
	}
	var without []string
	for _, p := range topic.Partitions {
		if p.Leader < 0 {
			without = append(without, strconv.Itoa(int(p.ID)))
		}
	}
	if len(without) == 0 {
		return ""
	}
	return fmt.Sprintf("; partitions of %q without a leader: %s", o.topic, strings.Join(without, ", "))
}

// readLine returns the next line without its end, in *buf when it is longer
// than the reader's own buffer; io.EOF when there is none left.
func readLine(r *bufio.Reader, buf *[]byte, limit int) ([]byte, error) {
	*buf = (*buf)[:0]
	for {
		part, err := r.ReadSlice('\n')
		if err == nil && len(*buf) == 0 {
			return part[:len(part)-1], nil
		}
		*buf = append(*buf, part...)
		switch {
		case len(*buf) > limit+1:
			return nil, fmt.Errorf("longer than max.request.size, %d bytes; send it with -X max.request.size=... if the broker takes it", limit)
		case err == nil:
			return (*buf)[:len(*buf)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(*buf) > 0:
			return *buf, nil
		default:
			return nil, err
		}
	}
}
