package netclient

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// large is a request without an answer that no socket takes as a whole.
func large(call *Call) {
	call.NoResponse = true
	call.Body = [][]byte{make([]byte, 64<<20)}
}

// newPipeConn is a Conn for a synctest bubble, whose Write waits for the peer.
func newPipeConn(t *testing.T, change func(*connOptions)) (*Conn, *peer) {
	near, far := net.Pipe()
	return testConnOver(t, near, far, change)
}

// TestRequestWithoutAnswerTimesOut: a peer that reads nothing does not hold a
// request for ever, though no answer is waited for.
func TestRequestWithoutAnswerTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newPipeConn(t, func(o *connOptions) { o.timeout = 3 * time.Second })
		started := time.Now()
		got := wait(t, start(t, c, "x", func(call *Call) { call.NoResponse = true }))
		if timeout, ok := errors.AsType[*TimeoutError](got.err); !ok || time.Since(started) != 3*time.Second {
			t.Errorf("after %v: %v, want a TimeoutError; %v", time.Since(started), got.err, timeout)
		}
	})
}

// TestWritingIsNotIdle: as long as a Write goes on nothing is idle.
func TestWritingIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := newPipeConn(t, func(o *connOptions) { o.maxIdle, o.timeout = time.Second, time.Hour })
		results := start(t, c, "x", func(call *Call) { call.NoResponse = true })
		time.Sleep(30 * time.Minute)
		if err := c.Err(); err != nil {
			t.Fatal(err)
		}
		c.mu.Lock()
		if next := time.Until(c.timerAt); next < time.Minute {
			t.Errorf("the timer fires every %v meanwhile", next)
		}
		c.mu.Unlock()
		p.read()
		if got := wait(t, results); got.err != nil {
			t.Error(got.err)
		}
		time.Sleep(2 * time.Second)
		if err := c.Err(); !errors.Is(err, errIdle) {
			t.Errorf("after the Write: %v", err)
		}
	})
}

// TestCloseDuringWrite: what was being written fails as closed, not as whatever the
// Write said.
func TestCloseDuringWrite(t *testing.T) {
	c, _ := newTestConn(t, nil)
	results := start(t, c, "", large)
	time.Sleep(50 * time.Millisecond)
	c.Close()
	if got := wait(t, results); !errors.Is(got.err, ErrClosed) || IsRetriable(got.err) {
		t.Errorf("got %v", got.err)
	}
}

// TestEndedContextSendsNothing: nobody wants that any more.
func TestEndedContextSendsNothing(t *testing.T) {
	c, _ := newTestConn(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := c.DoVersion(ctx, 0, msg.NewMetadataRequest(), &msg.MetadataResponse{})
	if !errors.Is(err, context.Canceled) || !SafeToRetry(err) || c.requests.nextID != firstCorrelationID {
		t.Errorf("got %v; the next id is %x", err, c.requests.nextID)
	}
}

// TestContextEndsWhileWriting: TLS over what waits for the peer is no reason to
// hold the caller up.
func TestContextEndsWhileWriting(t *testing.T) {
	cert := newAuthority(t, "test CA").issue(nil, "h")
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{cert}, SessionTicketsDisabled: true})
		client := tls.Client(near, &tls.Config{InsecureSkipVerify: true})
		go server.Handshake()
		if err := client.Handshake(); err != nil {
			t.Fatal(err)
		}
		c, _ := testConnOver(t, client, far, nil)
		started := time.Now()
		err := c.DoVersion(within(t, 50*time.Millisecond), 0, msg.NewMetadataRequest(), &msg.MetadataResponse{})
		if took := time.Since(started); !errors.Is(err, context.DeadlineExceeded) || took != 50*time.Millisecond {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// TestAnswerTooLarge: on a connection that has answered before it is the limit that
// is to be checked, not the port.
func TestAnswerTooLarge(t *testing.T) {
	for _, before := range []int{0, 1} {
		c, p := newTestConn(t, nil)
		for range before {
			r := start(t, c, "x", nil)
			h, _ := p.read()
			p.answer(h, "ok")
			wait(t, r)
		}
		r := start(t, c, "x", nil)
		p.read()
		p.nc.Write(binary.BigEndian.AppendUint32(nil, 2<<20))
		got := wait(t, r)
		if tooLarge := errors.Is(got.err, ErrTooLarge); tooLarge != (before > 0) || errors.Is(got.err, ErrNotKafka) == tooLarge || IsRetriable(got.err) {
			t.Errorf("after %d answers: %v", before, got.err)
		}
	}
}

// TestTraceCountsFrames: sizes are those of whole frames.
func TestTraceCountsFrames(t *testing.T) {
	got := make(chan RequestInfo, 1)
	c, p := newTestConn(t, func(o *connOptions) { o.trace = &Trace{RequestDone: func(i RequestInfo) { got <- i }} })
	r := start(t, c, "x", nil)
	h, _ := p.read()
	p.answer(h, "12345")
	wait(t, r)
	if i := <-got; i.Read != 4+4+5 || i.Written != 4+8+2+len("test")+1 {
		t.Errorf("Read is %d, Written %d", i.Read, i.Written)
	}
}
