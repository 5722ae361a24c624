package netclient

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// Conn is one connection to a broker. Requests are written in the order in which
// they were started, several may be on their way at once, and the broker answers
// them one after the other in that order. All methods may be called from any
// goroutine.
//
// A Conn that failed stays failed; the pool it came from makes a new one.
type Conn struct {
	connOptions
	nc       net.Conn
	nodeID   atomic.Int32 // like node, until the pool adopts a bootstrap connection
	meter    *connMeter
	vectored bool // nc takes several slices in one system call
	buffered bool // nc takes a small Write without waiting for the peer
	inTime   bool // a Read on nc can be ended by a deadline, and the next one goes on

	// token is the right to write; whoever holds it owns out. Failing holds it
	// for ever.
	token chan struct{}
	out   outgoing
	in    incoming // of whoever has the right to read

	closed chan struct{} // closed when err is set
	done   chan struct{} // closed when every request has its result

	mu       sync.Mutex // guards what follows; never held over I/O or a callback
	requests requests
	reading  bool      // someone has the right to read; once the connection has failed, for ever
	lone     bool      // since nothing was on its way, one caller's request alone was started
	versions *versions // nil while they are being found out
	err      error     // why the connection ended; nil while it stands
	early    earlyAnswer
	unsent   int // how many of the last requests in flight were not written at all
	lastUsed time.Time
	// writeBy is until when a Write may last that carries requests without an answer;
	// zero when none does.
	writeBy time.Time
	// pausedUntil is when requests.paused ends.
	pausedUntil time.Time
	timer       *time.Timer // at the next deadline, or when idle for too long
	timerAt     time.Time
}

// connOptions are what a Conn is told when it is made; never changed.
type connOptions struct {
	addr        string
	node        int32 // -1 for a bootstrap server
	clientID    string
	timeout     time.Duration // of a request that brings none
	maxInFlight int           // 0 is no limit
	maxIdle     time.Duration // negative is never
	maxResponse int
	trace       *Trace
	metered     *meter
	onClose     func(*Conn, error) // called once, when the connection ends
	onThrottle  func(ThrottleInfo) // called when the broker asks for a pause
}

// Call is a request in parts, for callers that encode by themselves.
type Call struct {
	Key     wire.APIKey
	Version int16
	// Body is what comes after the header, in slices that are written one after
	// the other. The caller must not touch them until Done is called.
	Body [][]byte
	// NoResponse says that the broker will not answer (Produce with acks 0).
	NoResponse bool
	// Timeout bounds the wait for the answer, counted from Start; 0 is the
	// connection's own.
	Timeout time.Duration
	// Done is called exactly once, in one of the connection's goroutines, if
	// Start returned nil. It gets the answer's bytes after the header, which are
	// its own from then on, or an error; with NoResponse it is called when the
	// request is written. No Write reads Body any more then. It must not block,
	// nor close the connection.
	Done func(body []byte, err error)
}

// firstCorrelationID is the id of a connection's first request. Its bytes are
// two line ends, so that an HTTP server takes what it has read so far for a
// request line and says at once that it is a bad one, instead of waiting for
// more. Brokers send any id back.
const firstCorrelationID = 0x0d0a0d0a

// maxBody is how large a request can be without its header, which is as large as
// the client id and a few bytes more.
const maxBody = math.MaxInt32 - wire.MaxString - 64

func newConn(nc net.Conn, opts connOptions) *Conn {
	c := &Conn{
		connOptions: opts,
		nc:          nc,
		token:       make(chan struct{}, 1),
		closed:      make(chan struct{}),
		done:        make(chan struct{}),
		requests:    requests{limit: opts.maxInFlight, nextID: firstCorrelationID},
		early:       earlyAnswer{writing: -1},
		lastUsed:    time.Now(),
		meter:       opts.metered.connected(opts.node),
	}
	c.nodeID.Store(opts.node)
	_, c.vectored = nc.(*net.TCPConn)
	c.buffered = buffers(nc)
	c.inTime = nc.SetReadDeadline(time.Time{}) == nil
	c.in = incoming{r: bufio.NewReaderSize(nc, 8<<10), limit: opts.maxResponse}
	c.mu.Lock()
	c.reading = true
	c.timer = time.AfterFunc(time.Hour, c.tick)
	c.armTimer(c.lastUsed)
	c.mu.Unlock()
	go c.read()
	return c
}

// buffers reports whether a connection is the system's own, or TLS on one, which
// takes a small Write without waiting for the peer.
func buffers(nc net.Conn) bool {
	switch nc := nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	case *tls.Conn:
		return buffers(nc.NetConn())
	}
	return false
}

// Start sends a request and returns at once; call.Done gets the answer. An error
// means that nothing was sent and that Done will not be called: the connection
// has ended (a *ConnError), or the request does not fit into a frame.
func (c *Conn) Start(call Call) error {
	_, err := c.start(call, false)
	return err
}

// start adds a request. A caller that waits for the answer may get the rights to
// write the request and to read its answer, and must use them: see exchange.
func (c *Conn) start(call Call, waits bool) (own rights, err error) {
	now := time.Now()
	p := pending{Call: call, started: now, deadline: now.Add(c.timeout)}
	if call.Timeout > 0 {
		p.deadline = now.Add(call.Timeout)
	}
	if size := bodySize(&p); size > maxBody {
		return own, fmt.Errorf("%s: %s v%d has %d bytes; a request has less than 2 GiB, and brokers take 100 MiB unless socket.request.max.bytes says otherwise",
			c.name(), call.Key, call.Version, size)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return own, c.failure(&p, c.err, true)
	}
	c.lone = waits && c.requests.len() == 0
	c.requests.add(p)
	c.lastUsed = now
	if p.deadline.Before(c.timerAt) {
		c.armTimer(now)
	}
	if c.lone {
		own = c.takeRights(&p)
	}
	if !own.write {
		c.wakeWriter()
	}
	if !own.read {
		c.wakeReader()
	}
	return own, nil
}

// Do sends a request, in the highest version that this client and the broker
// both speak, and decodes the answer into resp. When ctx ends first, Do gives
// up the wait, not the request.
func (c *Conn) Do(ctx context.Context, req wire.Request, resp wire.Response) error {
	return c.DoTimeout(ctx, 0, req, resp)
}

// DoTimeout is Do with a timeout of its own instead of the connection's; 0 is
// the connection's.
func (c *Conn) DoTimeout(ctx context.Context, timeout time.Duration, req wire.Request, resp wire.Response) error {
	version, err := c.Version(req.APIKey(), maxVersion)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name(), err)
	}
	return c.do(ctx, timeout, version, req, resp)
}

// DoVersion is Do in a version that the caller chose. Whether the broker speaks
// it is the caller's care.
func (c *Conn) DoVersion(ctx context.Context, version int16, req wire.Request, resp wire.Response) error {
	return c.do(ctx, 0, version, req, resp)
}

// maxVersion stands for no limit.
const maxVersion = 1<<15 - 1

func (c *Conn) do(ctx context.Context, timeout time.Duration, version int16, req wire.Request, resp wire.Response) error {
	body, err := req.Append(nil, version)
	if err != nil {
		return err
	}
	answer, err := c.ask(ctx, Call{Key: req.APIKey(), Version: version, Body: [][]byte{body}, Timeout: timeout})
	if err != nil {
		return err
	}
	if err := resp.Decode(answer, version); err != nil {
		return fmt.Errorf("%s: answer to %s v%d: %w", c.name(), req.APIKey(), version, err)
	}
	return nil
}

// ask starts a call and waits for its answer.
func (c *Conn) ask(ctx context.Context, call Call) ([]byte, error) {
	type result struct {
		body []byte
		err  error
	}
	results := make(chan result, 1)
	call.Done = func(body []byte, err error) { results <- result{body, err} }
	if ctx.Err() != nil {
		return nil, &waitError{what: fmt.Sprintf("sending %s v%d to %s", call.Key, call.Version, c.name()), err: context.Cause(ctx)}
	}
	own, err := c.start(call, true)
	if err != nil {
		return nil, err
	}
	c.exchange(ctx, own)
	select {
	case r := <-results:
		return r.body, r.err
	case <-ctx.Done():
		request := fmt.Sprintf("%s v%d", call.Key, call.Version)
		return nil, &waitError{what: fmt.Sprintf("the answer of %s to %s", c.name(), request), request: request, err: context.Cause(ctx)}
	}
}

// Version is the highest version of an API, limit at most, that this client and
// the broker both speak; the error is an *UnsupportedError.
func (c *Conn) Version(key wire.APIKey, limit int16) (int16, error) {
	return c.known().best(key, limit)
}

// Release is what the broker was found to be.
func (c *Conn) Release() Release { return c.known().release }

func (c *Conn) known() *versions {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.versions == nil {
		return &versions{}
	}
	return c.versions
}

func (c *Conn) setVersions(v *versions) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions = v
}

// Node is the broker's id, -1 when the connection is to a bootstrap server.
func (c *Conn) Node() int32 { return c.nodeID.Load() }

// Addr is the address that was dialed, host:port.
func (c *Conn) Addr() string { return c.addr }

// InFlight is the number of requests that were started and have no result yet.
func (c *Conn) InFlight() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests.len()
}

// Closed is closed when the connection has ended; Err says why. Requests may
// get their results a moment later.
func (c *Conn) Closed() <-chan struct{} { return c.closed }

// Err is why the connection ended, nil while it stands.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection, and returns when every request that was started
// has its result: those without an answer fail with ErrClosed. It must not be
// called from a Call's Done.
func (c *Conn) Close() error {
	c.fail(ErrClosed)
	<-c.done
	return nil
}

// fail ends the connection; the first reason stays. Whoever has the right to
// read gives the requests their results.
func (c *Conn) fail(err error) {
	c.mu.Lock()
	first := c.end(err)
	c.mu.Unlock()
	if first {
		c.nc.Close()
	}
}

// end notes that the connection has ended, and reports whether that is news;
// then the caller, who holds c.mu, closes c.nc after giving it back.
func (c *Conn) end(err error) bool {
	if c.err != nil {
		return false
	}
	c.err = err
	c.timer.Stop()
	close(c.closed)
	if !c.reading {
		c.reading = true
		go c.finish()
	}
	return true
}

// finish gives every request that is left its result. It is called once, in a
// goroutine of its own, with the right to read.
func (c *Conn) finish() {
	c.token <- struct{}{} // no Write runs any more, and none will
	c.mu.Lock()
	err, left, inFlight := c.err, c.requests, c.requests.inFlight.len()
	c.requests = requests{}
	c.mu.Unlock()
	for i := range inFlight {
		p := left.inFlight.at(i)
		c.complete(p, nil, c.failure(p, err, i >= inFlight-c.unsent))
	}
	for i := range left.queue.len() {
		p := left.queue.at(i)
		c.complete(p, nil, c.failure(p, err, true))
	}
	c.meter.disconnected()
	if c.onClose != nil {
		c.onClose(c, err)
	}
	close(c.done)
}

// complete gives a request its result.
func (c *Conn) complete(p *pending, body []byte, err error) {
	c.meter.over(p.size)
	if c.trace.RequestDone != nil {
		info := c.traced(p)
		info.Read, info.Err = p.read, err
		c.trace.RequestDone(info)
	}
	p.Done(body, err)
}

func (c *Conn) traced(p *pending) RequestInfo {
	return RequestInfo{Addr: c.addr, Node: c.Node(), Key: p.Key, Version: p.Version,
		CorrelationID: p.id, Written: p.size, Duration: time.Since(p.started)}
}

func (c *Conn) failure(p *pending, err error, unsent bool) error {
	return &ConnError{Addr: c.addr, Node: c.Node(), Op: fmt.Sprintf("%s v%d", p.Key, p.Version), Err: err, Unsent: unsent}
}

func (c *Conn) name() string {
	if c.Node() < 0 {
		return "bootstrap server " + c.addr
	}
	return fmt.Sprintf("broker %d at %s", c.Node(), c.addr)
}

// tick runs when the timer fires: at a deadline, or when nothing was on its way
// for so long that the connection needs to be watched, or to be closed.
func (c *Conn) tick() {
	now := time.Now()
	c.mu.Lock()
	ended := false
	late := c.unpause(now)
	if p, ok := c.requests.expired(now); ok {
		ended = c.end(&TimeoutError{What: fmt.Sprintf("no answer to %s v%d", p.Key, p.Version), After: now.Sub(p.started).Round(time.Millisecond)})
	} else if !c.writeBy.IsZero() && !now.Before(c.writeBy) {
		ended = c.end(&TimeoutError{What: "requests that need no answer were not taken", After: c.timeout})
	} else if c.requests.len() == 0 && c.writeBy.IsZero() && c.maxIdle > 0 && now.Sub(c.lastUsed) >= c.maxIdle {
		ended = c.end(errIdle)
	} else {
		if c.requests.len() == 0 && now.Sub(c.lastUsed) >= watchAfter {
			c.wakeReader()
		}
		c.armTimer(now)
	}
	c.mu.Unlock()
	if ended {
		c.nc.Close()
	}
	for i := range late {
		p := &late[i]
		c.complete(p, nil, c.failure(p, &TimeoutError{What: "not sent, because the broker's quota pauses the connection,", After: now.Sub(p.started).Round(time.Millisecond)}, true))
	}
}

// armTimer sets the timer to the next moment at which something may be due. It
// is not set back when a request is answered; tick finds out by itself. The
// caller holds c.mu.
func (c *Conn) armTimer(now time.Time) {
	at := c.requests.deadline()
	if at.IsZero() {
		at = c.writeBy
	}
	if at.IsZero() {
		idle := c.maxIdle
		if idle < 0 {
			idle = 24 * time.Hour
		}
		at = c.lastUsed.Add(idle)
	}
	if watch := c.lastUsed.Add(watchAfter); !c.reading && watch.Before(at) {
		at = watch
	}
	if c.requests.paused && c.pausedUntil.Before(at) {
		at = c.pausedUntil
	}
	if !c.writeBy.IsZero() && c.writeBy.Before(at) {
		at = c.writeBy
	}
	if c.err != nil {
		return
	}
	c.timerAt = at
	c.timer.Reset(max(at.Sub(now), time.Millisecond))
}
