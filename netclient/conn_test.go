package netclient

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// peer is the other end of a connection, driven by a test.
type peer struct {
	t  *testing.T
	nc net.Conn
}

// newTestConn is a Conn over loopback TCP and its other end.
func newTestConn(t *testing.T, change func(*connOptions)) (*Conn, *peer) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return testConnOver(t, nc, other, change)
}

func testConnOver(t *testing.T, nc, other net.Conn, change func(*connOptions)) (*Conn, *peer) {
	opts := connOptions{addr: "broker:9092", node: 1, clientID: "test", timeout: 10 * time.Second, maxIdle: -1,
		maxResponse: 1 << 20, trace: &Trace{}}
	if change != nil {
		change(&opts)
	}
	c := newConn(nc, opts)
	t.Cleanup(func() {
		other.Close()
		c.Close()
	})
	return c, &peer{t, other}
}

// read gives the next request's header and body.
func (p *peer) read() (wire.RequestHeader, []byte) {
	p.t.Helper()
	p.nc.SetReadDeadline(time.Now().Add(5 * time.Second))
	frame, err := wire.ReadFrame(p.nc, nil, 1<<26)
	if err != nil {
		p.t.Fatalf("the peer read: %v", err)
	}
	h, body, err := wire.DecodeRequestHeader(frame)
	if err != nil {
		p.t.Fatal(err)
	}
	return h, body
}

func (p *peer) answer(h wire.RequestHeader, body string) { p.nc.Write(frameOf(h, []byte(body))) }

// quiet fails the test if more comes from the Conn.
func (p *peer) quiet() {
	p.t.Helper()
	p.nc.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if n, err := p.nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Errorf("the peer got %d bytes, %v; want nothing", n, err)
	}
}

type outcome struct {
	body string
	err  error
}

// start starts a call with one body and gives where its result will come.
func start(t *testing.T, c *Conn, body string, change func(*Call)) <-chan outcome {
	t.Helper()
	results := make(chan outcome, 2)
	call := Call{Key: wire.KeyMetadata, Body: [][]byte{[]byte(body)}, Done: func(b []byte, err error) { results <- outcome{string(b), err} }}
	if change != nil {
		change(&call)
	}
	if err := c.Start(call); err != nil {
		t.Fatal(err)
	}
	return results
}

func wait(t *testing.T, results <-chan outcome) outcome {
	t.Helper()
	select {
	case r := <-results:
		return r
	case <-time.After(5 * time.Second):
		t.Fatal("no result")
	}
	panic("unreachable")
}

func TestConnPipelines(t *testing.T) {
	c, p := newTestConn(t, nil)
	var results []<-chan outcome
	for i := range 3 {
		results = append(results, start(t, c, fmt.Sprint("ask ", i), nil))
	}
	var headers []wire.RequestHeader
	for i := range 3 {
		h, body := p.read()
		if string(body) != fmt.Sprint("ask ", i) || *h.ClientID != "test" {
			t.Errorf("request %d is %q of %q", i, body, *h.ClientID)
		}
		headers = append(headers, h)
	}
	if n := c.InFlight(); n != 3 {
		t.Errorf("%d in flight, want 3", n)
	}
	for i, h := range headers {
		p.answer(h, fmt.Sprint("tell ", i))
	}
	for i, r := range results {
		if got := wait(t, r); got.err != nil || got.body != fmt.Sprint("tell ", i) {
			t.Errorf("answer %d is %q, %v", i, got.body, got.err)
		}
	}
}

// TestConnAnswersInTheWrongOrder: the connection can't be trusted any more.
func TestConnAnswersInTheWrongOrder(t *testing.T) {
	c, p := newTestConn(t, nil)
	a, b := start(t, c, "a", nil), start(t, c, "b", nil)
	p.read()
	second, _ := p.read()
	p.answer(second, "b")
	for _, r := range []<-chan outcome{a, b} {
		if got := wait(t, r); got.err == nil || !strings.Contains(got.err.Error(), "correlation id") || SafeToRetry(got.err) {
			t.Errorf("got %q, %v", got.body, got.err)
		}
	}
	if c.Err() == nil {
		t.Error("the connection still stands")
	}
}

func TestConnUnaskedAnswer(t *testing.T) {
	c, p := newTestConn(t, nil)
	p.answer(wire.RequestHeader{}, "hello")
	<-c.Closed()
	if err := c.Start(Call{Done: func([]byte, error) { t.Error("Done was called") }}); err == nil || !SafeToRetry(err) {
		t.Errorf("Start on an ended connection: %v", err)
	}
}

// TestConnTimeout: a request that times out ends the connection, and all that
// wait with it; those that were never written are safe to send again.
func TestConnTimeout(t *testing.T) {
	c, p := newTestConn(t, func(o *connOptions) { o.maxInFlight = 2 })
	started := time.Now()
	long := start(t, c, "long poll", func(call *Call) { call.Timeout = time.Hour })
	short := start(t, c, "short", func(call *Call) { call.Timeout = 50 * time.Millisecond })
	queued := start(t, c, "queued", nil)
	p.read()
	p.read()
	for name, r := range map[string]<-chan outcome{"long": long, "short": short, "queued": queued} {
		err := wait(t, r).err
		timeout, ok := errors.AsType[*TimeoutError](err)
		if !ok || !errors.Is(err, os.ErrDeadlineExceeded) || !IsRetriable(err) {
			t.Fatalf("%s: %v", name, err)
		}
		if timeout.After < 50*time.Millisecond || time.Since(started) > 3*time.Second {
			t.Errorf("%s: timed out after %v", name, timeout.After)
		}
		if safe := SafeToRetry(err); safe != (name == "queued") {
			t.Errorf("%s: SafeToRetry is %v", name, safe)
		}
	}
}

func TestConnMaxInFlight(t *testing.T) {
	c, p := newTestConn(t, func(o *connOptions) { o.maxInFlight = 1 })
	a, b := start(t, c, "a", nil), start(t, c, "b", nil)
	h, _ := p.read()
	p.quiet()
	p.answer(h, "A")
	h, body := p.read()
	if string(body) != "b" {
		t.Errorf("then came %q", body)
	}
	p.answer(h, "B")
	if got := wait(t, a).body + wait(t, b).body; got != "AB" {
		t.Errorf("answers %q", got)
	}
}

func TestConnNoResponse(t *testing.T) {
	c, p := newTestConn(t, nil)
	silent := start(t, c, "no answer", func(call *Call) { call.NoResponse = true })
	asked := start(t, c, "answer", nil)
	if got := wait(t, silent); got.err != nil || got.body != "" {
		t.Errorf("a request without an answer got %q, %v", got.body, got.err)
	}
	p.read()
	h, _ := p.read()
	p.answer(h, "here")
	if got := wait(t, asked); got.body != "here" {
		t.Errorf("got %q, %v", got.body, got.err)
	}
}

// TestConnWritesEverySize sends bodies in several parts, small and large, over a
// TCP connection (one system call for all parts) and over another one (copied).
func TestConnWritesEverySize(t *testing.T) {
	for _, kind := range []string{"tcp", "pipe"} {
		t.Run(kind, func(t *testing.T) {
			var c *Conn
			var p *peer
			if kind == "tcp" {
				c, p = newTestConn(t, nil)
			} else {
				here, there := net.Pipe()
				c, p = testConnOver(t, here, there, nil)
			}
			if c.vectored != (kind == "tcp") {
				t.Fatalf("vectored is %v", c.vectored)
			}
			for _, size := range []int{0, 1, smallBody - 1, smallBody, smallBody + 1, fullWrite, 3 << 20} {
				parts := [][]byte{bytes.Repeat([]byte{1}, size/3), {}, bytes.Repeat([]byte{2}, size-size/3)}
				want := bytes.Join(parts, nil)
				r := start(t, c, "", func(call *Call) { call.Body = parts })
				behind := start(t, c, "behind", nil)
				h, body := p.read()
				if !bytes.Equal(body, want) {
					t.Fatalf("a body of %d bytes arrived as %d others", size, len(body))
				}
				p.answer(h, "ok")
				h, body = p.read()
				if string(body) != "behind" {
					t.Fatalf("behind %d bytes came %q", size, body)
				}
				p.answer(h, "ok")
				if err := errors.Join(wait(t, r).err, wait(t, behind).err); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestConnEarlyAnswer: a peer that answers a request before it has read it does
// not get Done called while the body may still be read.
func TestConnEarlyAnswer(t *testing.T) {
	c, p := newTestConn(t, nil)
	body := bytes.Repeat([]byte("x"), 8<<20) // more than the sockets hold
	r := start(t, c, "", func(call *Call) { call.Body = [][]byte{body} })
	var size [4]byte
	if _, err := io.ReadFull(p.nc, size[:]); err != nil { // the Write has begun
		t.Fatal(err)
	}
	p.answer(wire.RequestHeader{APIKey: wire.KeyMetadata, CorrelationID: firstCorrelationID}, "early")
	select {
	case got := <-r:
		t.Fatalf("Done was called during the Write: %q, %v", got.body, got.err)
	case <-time.After(50 * time.Millisecond):
	}
	if _, err := io.CopyN(io.Discard, p.nc, int64(binary.BigEndian.Uint32(size[:]))); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, r); got.body != "early" || got.err != nil {
		t.Errorf("got %q, %v", got.body, got.err)
	}
}

// TestConnCloseWhileWriting: Done comes when the Write has ended, so that the
// body is the caller's again. (The race detector watches the body.)
func TestConnCloseWhileWriting(t *testing.T) {
	for _, kind := range []string{"tcp", "pipe"} {
		var c *Conn
		if kind == "tcp" {
			c, _ = newTestConn(t, nil)
		} else {
			here, there := net.Pipe()
			c, _ = testConnOver(t, here, there, nil)
		}
		body := bytes.Repeat([]byte("x"), 8<<20)
		done := 0
		for range 3 {
			err := c.Start(Call{Key: wire.KeyProduce, Body: [][]byte{body}, NoResponse: done == 1, Done: func(_ []byte, err error) {
				if !errors.Is(err, ErrClosed) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("%s: got %v", kind, err)
				}
				clear(body)
				done++
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Millisecond) // let the Write begin and fill the sockets
		c.Close()
		if done != 3 {
			t.Errorf("%s: after Close %d of 3 have their result", kind, done)
		}
		c.Close()
	}
}

// stubConn is a net.Conn whose Write does what a test says. Read waits for Close.
type stubConn struct {
	net.Conn
	write  func([]byte) (int, error)
	closed chan struct{}
}

func (c *stubConn) Write(b []byte) (int, error) { return c.write(b) }
func (c *stubConn) Close() error                { close(c.closed); return nil }
func (c *stubConn) Read([]byte) (int, error)    { <-c.closed; return 0, net.ErrClosed }
func (c *stubConn) SetReadDeadline(time.Time) error {
	return errors.ErrUnsupported
}

func newStubConn(t *testing.T, write func([]byte) (int, error)) *Conn {
	other, _ := net.Pipe()
	c, _ := testConnOver(t, &stubConn{write: write, closed: make(chan struct{})}, other, nil)
	return c
}

// TestConnDoneWaitsForWrite: while a Write runs, even after Close, the body may
// be read, so no Done is called.
func TestConnDoneWaitsForWrite(t *testing.T) {
	writing, release := make(chan struct{}), make(chan struct{})
	c := newStubConn(t, func(b []byte) (int, error) {
		close(writing)
		<-release
		return 0, net.ErrClosed
	})
	r := start(t, c, "body", nil)
	<-writing
	go c.Close()
	<-c.Closed()
	select {
	case got := <-r:
		t.Errorf("Done was called during the Write: %v", got.err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	if got := wait(t, r); !errors.Is(got.err, ErrClosed) {
		t.Errorf("got %v", got.err)
	}
}

// TestConnWriteFails: what failed before its first byte was written is safe to
// send again; what may have been written in part is not.
func TestConnWriteFails(t *testing.T) {
	for _, written := range []int{0, 5} {
		c := newStubConn(t, func([]byte) (int, error) { return written, syscall.EPIPE })
		asked := start(t, c, "a", nil)
		got := wait(t, asked)
		if !errors.Is(got.err, syscall.EPIPE) || SafeToRetry(got.err) != (written == 0) {
			t.Errorf("after %d bytes: %v, safe %v", written, got.err, SafeToRetry(got.err))
		}
		c = newStubConn(t, func([]byte) (int, error) { return written, syscall.EPIPE })
		silent := start(t, c, "a", func(call *Call) { call.NoResponse = true })
		if got := wait(t, silent); got.err == nil || SafeToRetry(got.err) != (written == 0) {
			t.Errorf("without an answer, after %d bytes: %v", written, got.err)
		}
	}
}

func TestConnPeerCloses(t *testing.T) {
	c, p := newTestConn(t, nil)
	r := start(t, c, "a", nil)
	p.read()
	p.nc.Close()
	got := wait(t, r)
	if !closedByPeer(got.err) || !IsRetriable(got.err) || SafeToRetry(got.err) {
		t.Errorf("got %v", got.err)
	}
	conn, ok := errors.AsType[*ConnError](got.err)
	if !ok || conn.Addr != "broker:9092" || conn.Node != 1 || conn.Op != "Metadata v0" {
		t.Errorf("got %+v", conn)
	}
	if !strings.Contains(got.err.Error(), "broker 1 at broker:9092: Metadata v0: the broker closed the connection") {
		t.Errorf("got %v", got.err)
	}
}

func TestConnSizes(t *testing.T) {
	for name, c := range map[string]struct {
		sent []byte
		want string
	}{
		"HTTP":     {[]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), "speaks HTTP"},
		"a page":   {[]byte("<!DOCTYPE HTML>\n<html lang"), "speaks HTTP"},
		"TLS":      {[]byte{0x15, 3, 3, 0, 2, 2, 80}, "speaks TLS"},
		"negative": {[]byte{0xff, 0xff, 0xff, 0xff}, "check the port"},
		"tiny":     {[]byte{0, 0, 0, 3, 1, 2, 3}, "check the port"},
		"large":    {binary.BigEndian.AppendUint32(nil, 1<<20+1), "check the port"},
		"SSH":      {[]byte("SSH-2.0-OpenSSH"), `"SSH-"`},
	} {
		conn, p := newTestConn(t, nil)
		r := start(t, conn, "a", nil)
		p.nc.Write(c.sent)
		if got := wait(t, r); !errors.Is(got.err, ErrNotKafka) || !strings.Contains(got.err.Error(), c.want) || IsRetriable(got.err) {
			t.Errorf("%s: got %v, want %q", name, got.err, c.want)
		}
	}
}

// TestConnRequestTooLarge: it fails alone, and is not tried again.
func TestConnRequestTooLarge(t *testing.T) {
	c, p := newTestConn(t, nil)
	part := make([]byte, 64<<20)
	var body [][]byte
	for range 32 {
		body = append(body, part)
	}
	err := c.Start(Call{Key: wire.KeyProduce, Version: 9, Body: body, Done: func([]byte, error) { t.Error("Done was called") }})
	if err == nil || IsRetriable(err) || SafeToRetry(err) {
		t.Errorf("got %v", err)
	}
	for _, part := range []string{"broker 1 at broker:9092", "Produce v9", "2147483648 bytes", "socket.request.max.bytes"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("no %q in: %v", part, err)
		}
	}
	leaveAlone(t, c, p)
}

func TestConnIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newPipeConn(t, func(o *connOptions) { o.maxIdle = time.Second })
		r := start(t, c, "a", nil)
		h, _ := p.read()
		time.Sleep(3 * time.Second) // waiting for an answer is not being idle
		if c.Err() != nil {
			t.Fatalf("closed with a request in flight: %v", c.Err())
		}
		p.answer(h, "A")
		wait(t, r)
		time.Sleep(999 * time.Millisecond)
		if c.Err() != nil {
			t.Fatalf("closed too early: %v", c.Err())
		}
		time.Sleep(10 * time.Millisecond)
		if !errors.Is(c.Err(), errIdle) {
			t.Errorf("closed for %v", c.Err())
		}
	})
}

// TestConnGivingUp: the end of a context ends the wait, not the connection.
func TestConnGivingUp(t *testing.T) {
	c, p := newTestConn(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := c.ask(ctx, Call{Key: wire.KeyMetadata, Body: [][]byte{[]byte("slow")}})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "broker 1 at broker:9092") {
		t.Errorf("got %v", err)
	}
	late, _ := p.read()
	r := start(t, c, "next", nil)
	next, _ := p.read()
	p.answer(late, "nobody waits for this")
	p.answer(next, "this")
	if got := wait(t, r); got.body != "this" {
		t.Errorf("the next request got %q, %v", got.body, got.err)
	}
}

// TestConnFromManyGoroutines: each caller gets its own answer, exactly once.
func TestConnFromManyGoroutines(t *testing.T) {
	c, p := newTestConn(t, func(o *connOptions) { o.maxInFlight = 7 })
	go func() { // echo
		for {
			frame, err := wire.ReadFrame(p.nc, nil, 1<<26)
			if err != nil {
				return
			}
			h, body, _ := wire.DecodeRequestHeader(frame)
			p.nc.Write(frameOf(h, body))
		}
	}()
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 50 {
				want := fmt.Sprintf("%d-%d-%s", g, i, strings.Repeat("x", (g*i*37)%(2*smallBody)))
				got, err := c.ask(t.Context(), Call{Key: wire.KeyMetadata, Body: [][]byte{[]byte(want)}})
				if err != nil || string(got) != want {
					t.Errorf("%d-%d: got %d bytes, %v", g, i, len(got), err)
					return
				}
			}
		})
	}
	wg.Wait()
	if c.InFlight() != 0 {
		t.Errorf("%d are left", c.InFlight())
	}
}

// BenchmarkConnAsk is one request and its answer at a time over loopback.
func BenchmarkConnAsk(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		buf := make([]byte, 64<<10)
		for {
			frame, err := wire.ReadFrame(nc, buf, len(buf))
			if err != nil {
				return
			}
			h, body, _ := wire.DecodeRequestHeader(frame)
			nc.Write(frameOf(h, body))
		}
	}()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	c := newConn(nc, connOptions{timeout: time.Minute, maxIdle: -1, maxResponse: 1 << 20, trace: &Trace{}})
	defer c.Close()
	body := [][]byte{make([]byte, 30)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.ask(b.Context(), Call{Key: wire.KeyMetadata, Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}
