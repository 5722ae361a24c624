package netclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// noDeadlines is a connection that knows none, as those through an SSH tunnel.
type noDeadlines struct{ net.Conn }

func (noDeadlines) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }
func (noDeadlines) SetDeadline(time.Time) error     { return errors.ErrUnsupported }

// newConnOver is a Conn over that kind of transport, and its other end.
func newConnOver(t *testing.T, transport string, change func(*connOptions)) (*Conn, *peer) {
	t.Helper()
	switch transport {
	case "tcp":
		return newTestConn(t, change)
	case "pipe":
		here, there := net.Pipe()
		return testConnOver(t, here, there, change)
	case "no deadlines":
		here, there := net.Pipe()
		return testConnOver(t, noDeadlines{here}, there, change)
	}
	server := httptest.NewUnstartedServer(nil) // for its certificate
	server.StartTLS()
	defer server.Close()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: server.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	accepted := make(chan net.Conn)
	go func() {
		nc, err := ln.Accept()
		if err == nil {
			err = nc.(*tls.Conn).Handshake()
		}
		if err != nil {
			t.Error(err)
		}
		accepted <- nc
	}()
	nc, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	return testConnOver(t, nc, <-accepted, change)
}

var transports = []string{"tcp", "tls", "pipe", "no deadlines"}

// asked is ask in a goroutine.
func asked(ctx context.Context, c *Conn, body string) <-chan outcome {
	results := make(chan outcome, 1)
	go func() {
		b, err := c.ask(ctx, Call{Key: wire.KeyMetadata, Body: [][]byte{[]byte(body)}})
		results <- outcome{string(b), err}
	}()
	return results
}

// leaveAlone brings a Conn to where nobody reads and nothing is on its way, as
// far as its transport lets it.
func leaveAlone(t *testing.T, c *Conn, p *peer) {
	t.Helper()
	for range 2 { // a watching goroutine serves the first
		r := asked(t.Context(), c, "first")
		h, _ := p.read()
		p.answer(h, "first")
		if got := wait(t, r); got.err != nil {
			t.Fatal(got.err)
		}
	}
}

func isReading(c *Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reading
}

// TestConnRights: who writes and who reads on a connection that was left alone.
func TestConnRights(t *testing.T) {
	for transport, want := range map[string]rights{
		"tcp": {true, true}, "tls": {true, true}, "pipe": {false, true}, "no deadlines": {false, false},
	} {
		t.Run(transport, func(t *testing.T) {
			c, p := newConnOver(t, transport, func(o *connOptions) { o.timeout = time.Minute })
			leaveAlone(t, c, p)
			body := [][]byte{[]byte("one")}
			done := make(chan outcome, 2)
			call := Call{Key: wire.KeyMetadata, Body: body, Done: func(b []byte, err error) { done <- outcome{string(b), err} }}
			own, err := c.start(call, true)
			if err != nil || own != want {
				t.Fatalf("the caller has the rights %+v, want %+v, %v", own, want, err)
			}
			if second, _ := c.start(call, true); second != (rights{}) {
				t.Errorf("with another on its way a caller has the rights %+v", second)
			}
			exchanged := make(chan struct{})
			go func() {
				c.exchange(t.Context(), own)
				close(exchanged)
			}()
			for range 2 {
				h, _ := p.read()
				p.answer(h, "two")
			}
			<-exchanged
			wait(t, done)
			if got := wait(t, done); got.body != "two" || got.err != nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestConnRightsOfLargeAndSilent: what could hold the caller up in its Write is
// left to the writing goroutine.
func TestConnRightsOfLargeAndSilent(t *testing.T) {
	c, p := newTestConn(t, nil)
	leaveAlone(t, c, p)
	large := asked(t.Context(), c, strings.Repeat("x", 8<<20)) // more than the sockets hold
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := wait(t, asked(ctx, c, "behind")); !errors.Is(got.err, context.DeadlineExceeded) {
		t.Errorf("behind it: %v", got.err)
	}
	for range 2 {
		h, _ := p.read()
		p.answer(h, "ok")
	}
	if got := wait(t, large); got.err != nil {
		t.Error(got.err)
	}
	wait(t, start(t, c, "silent", func(call *Call) { call.NoResponse = true }))
	p.read()
	leaveAlone(t, c, p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if own := c.takeRights(&pending{}); own.write {
		t.Error("a caller would write behind a request that may not have been read")
	}
	c.reading = true // as the goroutine that must see the end has it
	go c.read()
}

// TestConnCancelWhileReading: a caller that reads gives up at any byte of its
// answer, and the next request gets its own.
func TestConnCancelWhileReading(t *testing.T) {
	for _, transport := range transports {
		t.Run(transport, func(t *testing.T) {
			c, p := newConnOver(t, transport, nil)
			leaveAlone(t, c, p)
			size := len(frameOf(wire.RequestHeader{APIKey: wire.KeyMetadata}, []byte("late")))
			for sent := range size {
				ctx, cancel := context.WithCancelCause(t.Context())
				r := asked(ctx, c, "slow")
				h, _ := p.read()
				frame := frameOf(h, []byte("late"))
				p.nc.Write(frame[:sent])
				time.Sleep(time.Millisecond) // so that it is read before the end, mostly
				cancel(errors.New("enough"))
				if got := wait(t, r); got.err == nil || !strings.Contains(got.err.Error(), "enough") {
					t.Fatalf("after %d bytes: %q, %v", sent, got.body, got.err)
				}
				p.nc.Write(frame[sent:])
				leaveAlone(t, c, p)
			}
			if c.InFlight() != 0 || c.Err() != nil {
				t.Errorf("%d in flight, %v", c.InFlight(), c.Err())
			}
		})
	}
}

// TestConnEndsWhileCallerReads: whatever ends the connection, the caller that
// reads hears of it, and so does a request behind its own.
func TestConnEndsWhileCallerReads(t *testing.T) {
	for name, one := range map[string]struct {
		end  func(*Conn, *peer)
		want func(error) bool
	}{
		"close":      {func(c *Conn, p *peer) { c.Close() }, func(err error) bool { return errors.Is(err, ErrClosed) }},
		"peer":       {func(c *Conn, p *peer) { p.nc.Close() }, closedByPeer},
		"timeout":    {func(c *Conn, p *peer) { expire(c) }, func(err error) bool { _, ok := errors.AsType[*TimeoutError](err); return ok }},
		"nonsense":   {func(c *Conn, p *peer) { p.nc.Write([]byte("HTTP/1.1 400 Bad Request")) }, func(err error) bool { return errors.Is(err, ErrNotKafka) }},
		"half of it": {func(c *Conn, p *peer) { p.nc.Write([]byte{0, 0, 0, 9, 1}); p.nc.Close() }, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	} {
		for _, transport := range transports {
			t.Run(name+"/"+transport, func(t *testing.T) {
				ended := make(chan error, 2)
				c, p := newConnOver(t, transport, func(o *connOptions) {
					o.onClose = func(_ *Conn, err error) { ended <- err }
				})
				leaveAlone(t, c, p)
				r := asked(t.Context(), c, "mine")
				p.read()
				behind := start(t, c, "behind", nil)
				p.read()
				one.end(c, p)
				for _, r := range []<-chan outcome{r, behind} {
					if got := wait(t, r); !one.want(got.err) || SafeToRetry(got.err) {
						t.Errorf("got %q, %v", got.body, got.err)
					}
				}
				if err := <-ended; !one.want(err) || len(ended) > 0 {
					t.Errorf("onClose got %v", err)
				}
			})
		}
	}
}

// expire lets the time of all requests be over.
func expire(c *Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, q := range []*fifo[pending]{&c.requests.inFlight, &c.requests.queue} {
		for i := range q.len() {
			q.at(i).deadline = now
		}
	}
	c.armTimer(now)
}

// TestConnWatched: a connection that nobody uses is still watched, so that the
// broker's close is seen before the next request.
func TestConnWatched(t *testing.T) {
	c, p := newTestConn(t, nil)
	leaveAlone(t, c, p)
	if isReading(c) {
		t.Error("a goroutine reads right after a lone request")
	}
	p.nc.Close()
	select {
	case <-c.Closed():
	case <-time.After(5 * time.Second):
		t.Fatal("the broker's close was not seen")
	}
	if err := c.Err(); !closedByPeer(err) {
		t.Errorf("ended by %v", err)
	}
	if err := c.Start(Call{}); !SafeToRetry(err) {
		t.Errorf("the next request: %v", err)
	}
}

// TestConnCloseWhileNobodyReads: Close does not depend on a reading goroutine.
func TestConnCloseWhileNobodyReads(t *testing.T) {
	ended := make(chan error, 2)
	c, p := newTestConn(t, func(o *connOptions) { o.onClose = func(_ *Conn, err error) { ended <- err } })
	leaveAlone(t, c, p)
	c.Close()
	c.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) || len(ended) > 0 {
		t.Errorf("onClose got %v, and %d more", err, len(ended))
	}
}

// TestConnStartWhileCallerReads: Done runs in a goroutine of the connection, in
// order, even where a waiting caller holds a lock that it needs.
func TestConnStartWhileCallerReads(t *testing.T) {
	c, p := newTestConn(t, nil)
	leaveAlone(t, c, p)
	var mu sync.Mutex
	var order []int
	done := make(chan struct{})
	mine := make(chan outcome, 1)
	go func() {
		mu.Lock()
		defer mu.Unlock()
		b, err := c.ask(t.Context(), Call{Key: wire.KeyMetadata})
		mine <- outcome{string(b), err}
		time.Sleep(20 * time.Millisecond) // with the lock, while the answers come
	}()
	headers := make([]wire.RequestHeader, 4)
	headers[0], _ = p.read()
	for i := range 3 {
		err := c.Start(Call{Key: wire.KeyMetadata, Done: func([]byte, error) {
			mu.Lock()
			defer mu.Unlock()
			if order = append(order, i); len(order) == 3 {
				close(done)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		headers[i+1], _ = p.read()
	}
	for _, h := range headers {
		p.answer(h, "")
	}
	if got := wait(t, mine); got.err != nil {
		t.Error(got.err)
	}
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the callbacks were not called")
	}
	if fmt.Sprint(order) != "[0 1 2]" {
		t.Errorf("called in the order %v", order)
	}
}

// TestConnEveryMix: callers that wait, give up, call back and pause, on one
// connection whose peer answers in pieces: each gets its own answer.
func TestConnEveryMix(t *testing.T) {
	c, p := newTestConn(t, nil)
	go func() {
		for {
			frame, err := wire.ReadFrame(p.nc, nil, 1<<20)
			if err != nil {
				return
			}
			h, body, _ := wire.DecodeRequestHeader(frame)
			answer := frameOf(h, body)
			cut := rand.N(len(answer))
			p.nc.Write(answer[:cut])
			if cut%3 == 0 {
				time.Sleep(time.Duration(cut) * 20 * time.Microsecond)
			}
			p.nc.Write(answer[cut:])
		}
	}()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 150 {
				want := fmt.Sprintf("%d-%d-%s", g, i, strings.Repeat("x", i))
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.N(2000))*time.Microsecond)
				got, err := c.ask(ctx, Call{Key: wire.KeyMetadata, Body: [][]byte{[]byte(want)}})
				if err == nil && string(got) != want || err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: got %q, %v", want, got, err)
				}
				cancel()
				if i%3 == 0 {
					r := start(t, c, want, nil)
					if got := wait(t, r); got.body != want {
						t.Errorf("%s: called back with %+v", want, got)
					}
				}
				if i%50 == 49 {
					time.Sleep(2 * watchAfter)
				}
			}
		})
	}
	wg.Wait()
	if got := wait(t, asked(t.Context(), c, "last")); got.body != "last" {
		t.Errorf("at the end: %+v", got)
	}
}
