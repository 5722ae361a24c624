package producer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// lines is a log, without its times.
type lines struct {
	mu   sync.Mutex
	all  []string
	hook func()
}

func (l *lines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *lines) WithGroup(string) slog.Handler                    { return l }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	l.mu.Lock()
	l.all = append(l.all, line)
	l.mu.Unlock()
	if l.hook != nil {
		l.hook()
	}
	return nil
}

// want checks how the lines begin that came since it was asked last, in any
// order.
func (l *lines) want(t *testing.T, starts ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.all)
	if len(l.all) != len(starts) || !slices.EqualFunc(l.all, starts, strings.HasPrefix) {
		t.Errorf("the log says\n  %s\nwant\n  %s", strings.Join(l.all, "\n  "), strings.Join(starts, "\n  "))
	}
	l.all = nil
}

// TestLogPerBroker: what a broker refuses makes a line for each reason, not one
// for each partition, and another when a minute is over.
func TestLogPerBroker(t *testing.T) {
	r := newRig(t, Config{BatchSize: onePerBatch, MaxInFlight: 1000, Retries: 3})
	log := &lines{}
	r.sender.reports.log = slog.New(log)
	for id := range int32(100) {
		r.send(id, fmt.Sprint(id))
	}
	r.step()
	r.answer(wire.ErrNotEnoughReplicas) // all of them were in one request
	log.want(t, `WARN producer: records are sent again node=1 records=100 batches=100 error=topic "t" partition 0: 1 record not acknowledged after 1 attempt, last to broker 1: NOT_ENOUGH_REPLICAS`)
	r.pass(100 * time.Millisecond)
	r.answer(wire.ErrNotEnoughReplicas)
	r.pass(100 * time.Millisecond)
	r.answer(wire.ErrRequestTimedOut) // something else
	log.want(t, "WARN producer: records are sent again node=1 records=100 batches=100 error=")
	r.pass(100 * time.Millisecond)
	r.answer(wire.ErrNotEnoughReplicas)
	log.want(t, "WARN producer: records failed node=1 records=100 batches=100 error=")
	if wait := r.next.Sub(testStart.Add(time.Minute)); wait != 0 {
		t.Errorf("looks again %v from when a line is due", wait)
	}
	r.pass(time.Minute - 300*time.Millisecond)
	log.want(t, "WARN producer: records are sent again node=1 records=100 batches=100 error=")
	r.pass(time.Hour)
	r.pass(time.Hour)
	log.want(t)
	if len(r.sender.reports.open) != 0 {
		t.Errorf("%v is kept", r.sender.reports.open)
	}
	r.idle()
}

// TestLogIsBounded: reasons that are all different don't fill the memory, or the
// log.
func TestLogIsBounded(t *testing.T) {
	log := &lines{}
	r := reports{slog.New(log), map[trouble]*report{}}
	for i := range 1000 {
		r.add("w", &DeliveryError{Records: 1, Node: 1, Err: fmt.Errorf("reason %d", i)}, 1)
	}
	if r.say(testStart); len(log.all) != maxReports+1 {
		t.Errorf("%d lines", len(log.all))
	}
	if i := slices.IndexFunc(log.all, func(l string) bool { return strings.Contains(l, "records=950") }); i < 0 {
		t.Errorf("nothing says that there were 950 more: %q", log.all)
	}
	r.end()
	if len(log.all) != maxReports+1 {
		t.Errorf("%d lines when all had been said", len(log.all))
	}
}

func TestReasonOf(t *testing.T) {
	inner := errors.New("reset")
	for _, row := range []struct {
		err  error
		want string
	}{
		{inner, "reset"},
		{&netclient.ConnError{Node: 3, Op: "Produce", Err: inner}, "reset"},
		{timedOut(time.Minute, &netclient.ConnError{Node: 3, Op: "connect", Err: inner}), "reset"},
		{timedOut(time.Minute, wire.ErrNotLeaderOrFollower), "NOT_LEADER_OR_FOLLOWER"},
		{closedError{nil}, closedError{nil}.Error()},
	} {
		if got := reasonOf(row.err); got != row.want {
			t.Errorf("the reason of %v is %q, want %q", row.err, got, row.want)
		}
	}
}

// TestFlushesCountTheSame: a failure is counted by every flush that runs, and by
// none that begins after it was told.
func TestFlushesCountTheSame(t *testing.T) {
	var f failures
	one := &DeliveryError{Records: 1, Err: errNoAnswer}
	f.add(one)
	a, late := f.begin(), f.begin()
	f.add(&DeliveryError{Records: 2, Err: errNotSent})
	b := f.begin()
	if err := f.end(late, false); err != nil {
		t.Errorf("a flush that came to nothing: %v", err)
	}
	for _, tally := range []*tally{a, b} {
		err := f.end(tally, true)
		if e, ok := errors.AsType[*UnacknowledgedError](err); !ok || e.Records != 3 || e.First != one || !errors.Is(err, errNoAnswer) {
			t.Errorf("a flush: %v", err)
		}
	}
	if err := f.end(f.begin(), true); err != nil || len(f.flushes) != 0 {
		t.Errorf("the next one: %v", err)
	}
}

// TestSilentRefusals: with acks=0 a broker refuses by closing the connection. That
// is logged, with a count, and so is that it happens again and again, but not
// that a connection ends on which nothing was written of late.
func TestSilentRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 1), kafkatest.MaxMessageBytes(1000))
		log := &lines{}
		p, err := Dial(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: slog.New(log)}, Config{Acks: AcksNone})
		if err != nil {
			t.Fatal(err)
		}
		send := func(size int) {
			t.Helper()
			if md, err := p.SendWait(t.Context(), Record{Topic: "t", Value: make([]byte, size)}); err != nil || md.Offset != -1 {
				t.Errorf("%v, %v", md, err)
			}
		}
		const refused = "WARN producer: a broker closed the connection, which with acks=0 is how it refuses records; of those written last, some may be lost node=1"
		send(10)
		send(2000)
		time.Sleep(time.Second)
		log.want(t, refused+` records=2 batches=2 error=topic "t" partition 0: 2 records not acknowledged after 1 attempt, last to broker 1: with acks=0, the broker closed the connection (EOF)`)
		for range 5 {
			send(2000)
			time.Sleep(time.Second)
		}
		log.want(t)
		time.Sleep(time.Minute)
		log.want(t, refused+" records=5 batches=5 ")
		send(10)
		time.Sleep(31 * time.Second)
		send(2000) // the one before it was taken
		time.Sleep(time.Minute)
		log.want(t, refused+" records=1 batches=1 ")
		send(10)
		time.Sleep(31 * time.Second)
		cluster.StopBroker(1) // for another reason
		if err := cluster.StartBroker(1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		log.want(t)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestSilentEnds: only the end of the connection that is in use counts, and not one
// that the client brought about.
func TestSilentEnds(t *testing.T) {
	r := newRig(t, Config{Acks: AcksNone})
	log := &lines{}
	r.sender.reports.log = slog.New(log)
	send := func() {
		r.send(0, "a")
		r.step()
		r.done(r.take(), nil, nil)
	}
	send()
	l := r.links[0]
	r.sender.ended(1, &fakeLink{rig: r, node: 1}, io.EOF, r.now)
	r.step()
	log.want(t)
	r.sender.ended(1, l, netclient.ErrClosed, r.now)
	r.step()
	log.want(t)
	send()
	r.sender.ended(1, l, io.EOF, r.now)
	r.step()
	log.want(t, "WARN producer: a broker closed the connection, which with acks=0 is how it refuses records; of those written last, some may be lost node=1 records=1 batches=1 ")
	r.idle()
}

// TestFailuresAreTold: who looks at no Future sees in the log, and in the errors
// of Flush and Close, that records failed. The logger may call the producer.
func TestFailuresAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := kafkatest.Start(t, quiet, kafkatest.Topic("t", 3), kafkatest.MaxMessageBytes(1000))
		log := &lines{}
		p, err := Dial(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Logger: slog.New(log)}, Config{})
		if err != nil {
			t.Fatal(err)
		}
		send := func(size int) {
			t.Helper()
			if _, err := p.Send(t.Context(), Record{Topic: "t", Value: make([]byte, size)}); err != nil {
				t.Error(err)
			}
		}
		log.hook = func() { send(10) }
		send(10)
		for range 5 {
			send(2000)
		}
		err = p.Flush(t.Context())
		if e, ok := errors.AsType[*UnacknowledgedError](err); !ok || e.Records != 5 || !errors.Is(err, wire.ErrMessageTooLarge) ||
			!strings.HasPrefix(err.Error(), `producer: 5 records failed, the first: topic "t" partition`) {
			t.Errorf("Flush: %v", err)
		}
		if err := p.Flush(t.Context()); err != nil {
			t.Errorf("the next Flush: %v", err)
		}
		send(2000)
		synctest.Wait()
		cluster.Freeze(1)
		log.hook = nil
		send(20)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = p.Shutdown(ctx)
		if e, ok := errors.AsType[*UnacknowledgedError](err); !ok || e.Records != 2 || !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), "1 record of these: the producer was closed before") {
			t.Errorf("Shutdown: %v", err)
		}
		cluster.Thaw(1)
		for _, want := range []string{"MESSAGE_TOO_LARGE", "producer was closed before they were acknowledged: context deadline exceeded"} {
			if !slices.ContainsFunc(log.all, func(line string) bool { return strings.Contains(line, want) }) {
				t.Errorf("the log says nothing of %s: %q", want, log.all)
			}
		}
		if len(log.all) > 3 {
			t.Errorf("%d lines: %q", len(log.all), log.all)
		}
	})
}
