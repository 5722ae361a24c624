package netclient

import (
	"encoding/binary"
	"net"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

const (
	// smallBody is the size in bytes up to which a body is copied behind its
	// header; larger ones are written from where they are.
	smallBody = 16 << 10
	// fullWrite is how much is gathered for one Write, in bytes.
	fullWrite = 64 << 10
	// keptScratch is the largest buffer that is kept between two Writes.
	keptScratch = 4 << 20
)

// outgoing is what the holder of the right to write is writing.
type outgoing struct {
	scratch []byte        // headers and copied bodies, one request after the other
	buffers net.Buffers   // what one Write takes: scratch, then a large body
	noReply []pending     // requests that are done when written
	traced  []RequestInfo // of all requests in the Write, where Trace wants to know
	large   int32         // id of the request whose body is in buffers, -1 for none
	count   int           // how many of the requests will be answered
}

// earlyAnswer is an answer that came before the Write of its request returned.
// No honest broker sends one, but the writer may still be reading the body, so
// Done must wait for it.
type earlyAnswer struct {
	writing int32 // id of the request whose body a Write may be reading, -1 for none
	request pending
	body    []byte
	got     bool
}

// wakeWriter starts the writing goroutine when there is something to write and
// none runs. The caller holds c.mu.
func (c *Conn) wakeWriter() {
	if !c.requests.ready() {
		return
	}
	select {
	case c.token <- struct{}{}:
		go c.write()
	default: // the holder looks again before it gives the token back
	}
}

// write writes what is queued until nothing is, or nothing more is allowed in
// flight. It holds the token.
func (c *Conn) write() {
	for c.gather() {
		c.flush()
	}
}

// flush writes what was gathered.
func (c *Conn) flush() {
	c.meter.asked(c.out.count + len(c.out.noReply))
	for _, info := range c.out.traced {
		c.trace.RequestStart(info)
	}
	c.out.traced = c.out.traced[:0]
	n, err := c.send()
	c.written(n, err)
	if err != nil {
		c.fail(err)
	}
}

// gather takes what the next Write will carry. When there is nothing, it gives
// the token back and returns false.
func (c *Conn) gather() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.takeQueued()
	if len(c.out.scratch) == 0 {
		<-c.token
		return false
	}
	return true
}

// takeQueued takes small requests one after the other, or up to the first large
// one. The caller holds c.mu and the token.
func (c *Conn) takeQueued() {
	o := &c.out
	o.large, o.count = -1, 0
	for c.err == nil && o.large < 0 && len(o.scratch) < fullWrite {
		p, ok := c.requests.take()
		if !ok {
			break
		}
		c.encode(&p)
		if p.NoResponse {
			o.noReply = append(o.noReply, p)
			if c.writeBy.IsZero() || p.deadline.Before(c.writeBy) {
				c.writeBy = p.deadline
			}
			continue
		}
		o.count++
		// take has put a copy of p in flight
		q := c.requests.inFlight.at(c.requests.inFlight.len() - 1)
		q.size, q.Body = p.size, nil
	}
	c.early.writing = o.large
	if !c.writeBy.IsZero() && c.writeBy.Before(c.timerAt) {
		c.armTimer(time.Now())
	}
}

// encode puts a request behind those gathered: all of it into scratch, or its
// header there and its body into buffers.
func (c *Conn) encode(p *pending) {
	o := &c.out
	body := bodySize(p)
	start := len(o.scratch)
	o.scratch = append(o.scratch, 0, 0, 0, 0)
	o.scratch, _ = wire.AppendRequestHeader(o.scratch, wire.RequestHeader{ // connect has checked the client id
		APIKey: p.Key, APIVersion: p.Version, CorrelationID: p.id, ClientID: &c.clientID})
	p.size = len(o.scratch) - start + body
	binary.BigEndian.PutUint32(o.scratch[start:], uint32(p.size-4))
	if c.trace.RequestStart != nil {
		o.traced = append(o.traced, c.traced(p))
	}
	if c.vectored && body > smallBody {
		o.large = p.id
		o.buffers = append(append(o.buffers[:0], o.scratch), p.Body...)
		return
	}
	o.scratch = slices.Grow(o.scratch, body)
	for _, part := range p.Body {
		o.scratch = append(o.scratch, part...)
	}
}

func bodySize(p *pending) int {
	size := 0
	for _, part := range p.Body {
		size += len(part)
	}
	return size
}

// send is the Write, or the system call for several slices.
func (c *Conn) send() (int64, error) {
	o := &c.out
	if o.large < 0 {
		n, err := c.nc.Write(o.scratch)
		return int64(n), err
	}
	all := o.buffers // WriteTo empties what it is called on
	n, err := o.buffers.WriteTo(c.nc)
	clear(all)
	o.buffers = all[:0]
	return n, err
}

// written does what can be done only after the Write: it calls Done for
// requests without an answer, and for one that was answered too early.
func (c *Conn) written(n int64, err error) {
	o := &c.out
	c.mu.Lock()
	early := c.early
	c.early = earlyAnswer{writing: -1}
	if len(o.noReply) > 0 {
		now := time.Now()
		c.writeBy, c.lastUsed = time.Time{}, now
		if c.maxIdle > 0 && c.requests.len() == 0 && c.timerAt.Sub(now) > c.maxIdle {
			c.armTimer(now)
		}
	}
	if err != nil && c.err != nil {
		err = c.err // why the connection was closed under the Write
	}
	if err != nil && n == 0 {
		c.unsent = min(o.count, c.requests.inFlight.len())
	}
	c.mu.Unlock()
	c.meter.wrote(int(n))
	for i := range o.noReply {
		p := &o.noReply[i]
		if err != nil {
			c.complete(p, nil, c.failure(p, err, n == 0))
		} else {
			c.complete(p, nil, nil)
		}
	}
	if early.got {
		c.complete(&early.request, early.body, nil)
	}
	clear(o.noReply)
	o.noReply = o.noReply[:0]
	o.scratch = o.scratch[:0]
	if cap(o.scratch) > keptScratch {
		o.scratch = nil
	}
}
