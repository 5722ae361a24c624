package producer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/compress"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"github.com/barnabas-kafka/barnabas/wire/record"
)

// rig is a sender and an accumulator with a clock that stands still until it is
// moved, and brokers that do what the test says. The topic is always "t".
type rig struct {
	t       *testing.T
	acc     *accumulator
	sender  *sender
	now     time.Time
	parts   map[int32]*partition
	told    []*partition
	leaders map[int32]int32 // by partition
	version int16           // of Produce that the brokers speak
	// wanted are the brokers that the sender wants a connection to.
	wanted    []int32
	refreshes int
	calls     []*fakeCall // not answered
	links     []*fakeLink
	next      time.Time          // what drain said last
	offsets   map[int32]int64    // of the next record, by partition
	log       map[int32][]string // what the brokers have written
	finished  []*request
	// appendFirst has a broker append what it then answers with an error.
	appendFirst bool
}

type fakeLink struct {
	rig    *rig
	node   int32
	closed error
}

// fakeCall is a Produce request that came to a broker.
type fakeCall struct {
	netclient.Call
	link *fakeLink
	req  msg.ProduceRequest
	text string // "0:a,b 1:c"
}

var testStart = time.UnixMilli(1_700_000_000_000)

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	cfg = cfg.withDefaults()
	codec, _ := cfg.Compression.open(cfg.CompressionLevel)
	r := &rig{
		t: t, now: testStart, parts: map[int32]*partition{}, leaders: map[int32]int32{}, version: 11,
		offsets: map[int32]int64{}, log: map[int32][]string{},
	}
	pool := newBufferPool(&cfg, func() {})
	r.acc = &accumulator{cfg: &cfg, codec: codec, pool: pool, gens: newGenerations(),
		now: func() time.Time { return r.now }, notify: func(p *partition) { r.told = append(r.told, p) }}
	r.sender = newSender(&cfg, r.acc, r, senderOptions{
		log:     slog.New(slog.DiscardHandler),
		backoff: netclient.Backoff{Base: 100 * time.Millisecond, Max: 100 * time.Millisecond, Rand: func() float64 { return 0.5 }},
		answer:  func(req *request) { r.finished = append(r.finished, req) },
	})
	return r
}

// leader, whyNoLeader, refresh and connect make a rig a cluster.

func (r *rig) leader(topic string, partition int32) (int32, bool) {
	node, ok := r.leaders[partition]
	return node, ok
}

func (r *rig) whyNoLeader(string, int32) error { return errNoLeader }
func (r *rig) refresh()                        { r.refreshes++ }
func (r *rig) connect(node int32)              { r.wanted = append(r.wanted, node) }

func (l *fakeLink) Version(wire.APIKey, int16) (int16, error) { return l.rig.version, nil }
func (l *fakeLink) Release() netclient.Release                { return netclient.Release{} }
func (l *fakeLink) Err() error                                { return l.closed }

func (l *fakeLink) Start(call netclient.Call) error {
	if l.closed != nil {
		return &netclient.ConnError{Node: l.node, Op: "Produce", Err: l.closed, Unsent: true}
	}
	c := &fakeCall{Call: call, link: l}
	if err := c.req.Decode(slices.Concat(call.Body...), call.Version); err != nil {
		l.rig.t.Fatalf("what was sent: %v", err)
	}
	c.text = l.rig.describe(&c.req)
	l.rig.calls = append(l.rig.calls, c)
	return nil
}

// describe writes a request as "partition:value,value partition:value".
func (r *rig) describe(req *msg.ProduceRequest) string {
	var all []string
	for _, topic := range req.TopicData {
		for _, p := range topic.PartitionData {
			all = append(all, fmt.Sprintf("%d:%s", p.Index, strings.Join(valuesOf(r.t, p.Records), ",")))
		}
	}
	return strings.Join(all, " ")
}

// valuesOf reads a batch or message set, which must be whole.
func valuesOf(t *testing.T, data []byte) []string {
	t.Helper()
	var values []string
	reader := record.NewReader(data)
	for {
		b, err := reader.Next()
		if err != nil {
			return values
		}
		if err := b.Check(); err != nil {
			t.Fatalf("batch: %v", err)
		}
		records, err := b.Records(compress.New(), nil, 0)
		if err != nil {
			t.Fatalf("batch: %v", err)
		}
		var rec record.Record
		for ok, err := records.Next(&rec); ok || err != nil; ok, err = records.Next(&rec) {
			if err != nil {
				t.Fatalf("record: %v", err)
			}
			value := string(rec.Value)
			if len(value) > 8 {
				value = value[:8]
			}
			values = append(values, value)
		}
	}
}

// part gives a partition; its first use makes broker 1 its leader.
func (r *rig) part(id int32) *partition {
	p := r.parts[id]
	if p == nil {
		p = &partition{topic: "t", id: id, format: record.V2}
		p.backoff = r.sender.backoff
		r.parts[id] = p
		if _, known := r.leaders[id]; !known {
			r.leaders[id] = 1
		}
	}
	return p
}

// send puts a record into a partition.
func (r *rig) send(id int32, value string) Future {
	r.t.Helper()
	return r.sendFunc(id, value, nil)
}

func (r *rig) sendFunc(id int32, value string, done func(RecordMetadata, error)) Future {
	r.t.Helper()
	rec := Record{Topic: "t", Value: []byte(value)}
	f, err := r.acc.append(context.Background(), r.part(id), &rec, done, &blocking{})
	if err != nil {
		r.t.Fatalf("send %q: %v", value, err)
	}
	return f
}

// step lets the sender do what there is to do now.
func (r *rig) step() {
	told := r.told
	r.told = nil
	for _, p := range told {
		r.sender.look(p, r.now)
	}
	r.next = r.sender.drain(r.now)
	for len(r.wanted) > 0 && r.autoConnect() {
		r.next = r.sender.drain(r.now)
	}
}

// autoConnect connects the sender to the brokers that it wants, except negative
// ones.
func (r *rig) autoConnect() bool {
	did := false
	r.wanted = slices.DeleteFunc(r.wanted, func(node int32) bool {
		if node < 0 {
			return false
		}
		l := &fakeLink{rig: r, node: node}
		r.links = append(r.links, l)
		r.sender.connected(node, l, nil, r.now)
		did = true
		return true
	})
	return did
}

// pass moves the clock and steps.
func (r *rig) pass(d time.Duration) {
	r.now = r.now.Add(d)
	r.step()
}

// want checks what requests are on their way, "1: 0:a,b" being one to broker 1.
func (r *rig) want(calls ...string) {
	r.t.Helper()
	var got []string
	for _, c := range r.calls {
		got = append(got, fmt.Sprintf("%d: %s", c.link.node, c.text))
	}
	if !slices.Equal(got, calls) {
		r.t.Fatalf("on their way:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(calls, "\n  "))
	}
}

// answer answers the oldest request: with success, or with the code.
func (r *rig) answer(code wire.ErrorCode) {
	r.t.Helper()
	c := r.take()
	var resp msg.ProduceResponse
	for _, topic := range c.req.TopicData {
		one := msg.ProduceResponseResponse{Name: topic.Name}
		for _, p := range topic.PartitionData {
			var a answer
			a.SetDefaults()
			a.Index, a.ErrorCode, a.BaseOffset = p.Index, code, -1
			if code == wire.ErrNone || r.appendFirst {
				if base := r.write(p.Index, p.Records); code == wire.ErrNone {
					a.BaseOffset = base
				}
			}
			one.PartitionResponses = append(one.PartitionResponses, a)
		}
		resp.Responses = append(resp.Responses, one)
	}
	body, err := resp.Append(nil, c.Version)
	if err != nil {
		r.t.Fatal(err)
	}
	r.done(c, body, nil)
}

// write puts records into a partition's log.
func (r *rig) write(id int32, records []byte) (base int64) {
	values := valuesOf(r.t, records)
	base = r.offsets[id]
	r.offsets[id] += int64(len(values))
	r.log[id] = append(r.log[id], values...)
	return base
}

// lose ends the connection of the oldest request, and with it all requests on
// it. written says whether the broker wrote what they carried.
func (r *rig) lose(written bool) {
	r.t.Helper()
	l := r.calls[0].link
	l.closed = errors.New("connection reset")
	var lost []*fakeCall
	r.calls = slices.DeleteFunc(r.calls, func(c *fakeCall) bool {
		if c.link == l {
			lost = append(lost, c)
		}
		return c.link == l
	})
	for _, c := range lost {
		if written {
			for _, topic := range c.req.TopicData {
				for _, p := range topic.PartitionData {
					r.write(p.Index, p.Records)
				}
			}
		}
		c.Done(nil, &netclient.ConnError{Node: l.node, Op: "Produce", Err: l.closed})
	}
	r.hear()
}

func (r *rig) take() *fakeCall {
	r.t.Helper()
	if len(r.calls) == 0 {
		r.t.Fatal("no request is on its way")
	}
	c := r.calls[0]
	r.calls = r.calls[1:]
	return c
}

func (r *rig) done(c *fakeCall, body []byte, err error) {
	c.Done(body, err)
	r.hear()
}

// hear brings answers to the sender, and steps.
func (r *rig) hear() {
	for _, req := range r.finished {
		r.sender.finished(req, r.now)
	}
	r.finished = nil
	r.step()
}

// offset waits for nothing: the record must have been written there.
func (r *rig) offset(f Future, want int64) {
	r.t.Helper()
	select {
	case <-f.Done():
	default:
		r.t.Fatal("the record has no result")
	}
	if md, err := f.Wait(context.Background()); err != nil || md.Offset != want {
		r.t.Fatalf("offset %d, %v; want %d", md.Offset, err, want)
	}
}

// failed gives the error of a record, which must have one.
func (r *rig) failed(f Future) error {
	r.t.Helper()
	select {
	case <-f.Done():
	default:
		r.t.Fatal("the record has no result")
	}
	_, err := f.Wait(context.Background())
	if err == nil {
		r.t.Fatal("the record did not fail")
	}
	return err
}

func (r *rig) pending(fs ...Future) {
	r.t.Helper()
	for i, f := range fs {
		select {
		case <-f.Done():
			r.t.Fatalf("record %d has its result already", i)
		default:
		}
	}
}

// idle checks that everything that was borrowed is back.
func (r *rig) idle() {
	r.t.Helper()
	if used := r.acc.pool.used; used != 0 {
		r.t.Errorf("%d bytes of memory are still used", used)
	}
	if n := r.acc.open.Load(); n != 0 {
		r.t.Errorf("%d batches are open", n)
	}
	for id, p := range r.parts {
		if len(p.inFlight) > 0 || p.placed {
			r.t.Errorf("partition %d: %d in flight, placed %t", id, len(p.inFlight), p.placed)
		}
	}
	for _, br := range r.sender.brokers {
		if br.inFlight != 0 {
			r.t.Errorf("broker %d: %d in flight", br.node, br.inFlight)
		}
	}
	gen := r.acc.gens.end(false)
	select {
	case <-gen.done:
	default:
		r.t.Error("a flush would wait for ever")
	}
}
