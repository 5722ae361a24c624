package netclient

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// incoming is what has come from the broker. It belongs to whoever has the right
// to read, and outlives a Read that a deadline has ended in the middle of an
// answer.
type incoming struct {
	r     *bufio.Reader
	limit int    // the largest answer
	some  bool   // an answer has come
	size  int    // of the answer that is being read; 0 when none is
	frame []byte // what has come of it
}

// believed is how much of an answer's size, in bytes, is believed before that
// much has come.
const believed = 1 << 20

// next reads one answer without its size. After an error that is a deadline's it
// may be called again, and goes on.
func (in *incoming) next() ([]byte, error) {
	if in.size == 0 {
		prefix, err := in.r.Peek(4)
		if err != nil {
			return nil, err
		}
		size := int32(binary.BigEndian.Uint32(prefix))
		if in.some && prefix[0] < ' ' && int(size) > in.limit { // no text, so it may well be a size
			return nil, fmt.Errorf("%w: it has %d bytes, and Config.MaxResponseSize is %d", ErrTooLarge, size, in.limit)
		}
		if size < 4 || int(size) > in.limit {
			return nil, notKafka(prefix, in.limit)
		}
		in.r.Discard(4)
		in.size = int(size)
		in.frame = make([]byte, 0, min(in.size, believed))
	}
	for len(in.frame) < in.size {
		if len(in.frame) == cap(in.frame) {
			in.frame = append(make([]byte, 0, min(in.size, 8*len(in.frame))), in.frame...)
		}
		n, err := in.r.Read(in.frame[len(in.frame):cap(in.frame)])
		in.frame = in.frame[:len(in.frame)+n]
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
	frame := in.frame
	in.size, in.frame, in.some = 0, nil, true
	return frame, nil
}

// wakeReader starts a reading goroutine if nobody reads. The caller holds c.mu.
func (c *Conn) wakeReader() {
	if !c.reading {
		c.reading = true
		go c.read()
	}
}

// read is the connection's reading goroutine: it gives each answer to the
// request it belongs to, and at the end of the connection an error to those that
// are left. Only where it is likely that the next caller can read by itself does
// it end while the connection stands.
func (c *Conn) read() {
	for {
		if err := c.readAnswer(); err != nil {
			c.fail(whyReadingEnded(err))
			c.finish()
			return
		}
		if c.leaveReading() {
			return
		}
	}
}

// leaveReading gives the right to read back if nothing is on its way and the
// answer before was to a caller that was alone: the next such caller does
// without a goroutine. A goroutine that serves callbacks, or callers who come
// together, stays; so does one on a connection whose Read nobody can interrupt.
func (c *Conn) leaveReading() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || !c.lone || !c.inTime || c.requests.len() > 0 {
		return false
	}
	c.stopReading()
	return true
}

// stopReading gives the right to read back; from watchAfter on the connection is
// watched by a goroutine again. The caller holds c.mu.
func (c *Conn) stopReading() {
	c.reading = false
	if now := time.Now(); c.timerAt.Sub(now) > watchAfter {
		c.armTimer(now)
	}
}

func whyReadingEnded(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the broker closed the connection (%w)", io.EOF)
	}
	return err
}

// readAnswer reads one answer and gives it to its request.
func (c *Conn) readAnswer() error {
	frame, err := c.in.next()
	if err != nil {
		return err
	}
	return c.answer(frame)
}

// notKafka says what speaks there, by the first bytes of what should be an
// answer.
func notKafka(prefix []byte, limit int) error {
	switch {
	case string(prefix) == "HTTP", prefix[0] == '<': // a page, as servers answer what looks like HTTP/0.9
		return fmt.Errorf("%w: the port speaks HTTP; check its number", ErrNotKafka)
	case prefix[0] == 0x15 && prefix[1] == 3, prefix[0] == 0x16 && prefix[1] == 3:
		return ErrTLSPort
	}
	return fmt.Errorf("%w: it begins with %q, as a size that is %d bytes, where 4 to %d are allowed; check the port", ErrNotKafka, prefix, int32(binary.BigEndian.Uint32(prefix)), limit)
}

// answer gives an answer to the oldest request in flight, which must be the one
// it belongs to.
func (c *Conn) answer(frame []byte) error {
	now := time.Now()
	c.mu.Lock()
	p, body, err := c.match(frame)
	if err != nil {
		c.mu.Unlock()
		return err
	}
	c.lastUsed = now
	p.read = len(frame) + 4
	throttle := throttleTime(p.Key, p.Version, body)
	if throttle > 0 {
		c.throttle(throttle, now)
	}
	early := p.id == c.early.writing
	if early {
		c.early.request, c.early.body, c.early.got = p, body, true
	}
	c.wakeWriter() // there may be room in flight now
	if c.maxIdle > 0 && c.requests.len() == 0 && c.timerAt.Sub(now) > c.maxIdle {
		c.armTimer(now)
	}
	c.mu.Unlock()
	if throttle > 0 {
		c.throttledBy(&p, throttle, now)
	}
	c.meter.answered(p.read, now.Sub(p.started), now)
	if !early {
		c.complete(&p, body, nil)
	}
	return nil
}

// match finds the request that an answer belongs to. The caller holds c.mu.
func (c *Conn) match(frame []byte) (pending, []byte, error) {
	p, ok := c.requests.oldest()
	if !ok {
		return pending{}, nil, fmt.Errorf("%d bytes came while nothing was asked", len(frame))
	}
	h, body, err := wire.DecodeResponseHeader(frame, p.Key, p.Version)
	if err != nil {
		return pending{}, nil, fmt.Errorf("header of the answer to %s v%d: %w", p.Key, p.Version, err)
	}
	id := h.CorrelationID
	if id == 0 && p.Key == wire.KeyFindCoordinator && p.Version == 0 {
		id = p.id // some 0.8.2 brokers forget it
	}
	request, err := c.requests.answered(id)
	return request, body, err
}
