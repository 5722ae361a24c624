package netclient

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// large is a request without an answer that no socket takes as a whole.
func large(call *Call) {
	call.NoResponse = true
	call.Body = [][]byte{make([]byte, 64<<20)}
}

// TestRequestWithoutAnswerTimesOut: a peer that reads nothing does not hold a
// request for ever, though no answer is waited for.
func TestRequestWithoutAnswerTimesOut(t *testing.T) {
	c, _ := newTestConn(t, func(o *connOptions) { o.timeout = 300 * time.Millisecond })
	got := wait(t, start(t, c, "", large))
	if timeout, ok := errors.AsType[*TimeoutError](got.err); !ok {
		t.Errorf("got %v, want a TimeoutError; %v", got.err, timeout)
	}
}

// TestWritingIsNotIdle: as long as a Write goes on nothing is idle.
func TestWritingIsNotIdle(t *testing.T) {
	c, p := newTestConn(t, func(o *connOptions) { o.maxIdle = 100 * time.Millisecond })
	results := start(t, c, "", large)
	buf := make([]byte, 1<<20)
	for n, left := 0, 64<<20; left > 0; left -= n { // slowly at first
		if left > 62<<20 {
			time.Sleep(100 * time.Millisecond)
		}
		var err error
		if n, err = p.nc.Read(buf); err != nil {
			t.Fatal(err)
		}
	}
	if got := wait(t, results); got.err != nil {
		t.Error(got.err)
	}
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
	if took := time.Since(started); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
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
