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

// read is the connection's reading goroutine: it gives each answer to the
// request it belongs to, and at the end an error to those that are left.
func (c *Conn) read() {
	err := c.readAnswers()
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("the broker closed the connection (%w)", io.EOF)
	}
	c.fail(err)
	c.finish()
}

func (c *Conn) readAnswers() error {
	r := newReader(c.nc)
	for {
		frame, err := c.readFrame(r)
		if err != nil {
			return err
		}
		if err := c.answer(frame); err != nil {
			return err
		}
	}
}

// readFrame reads one answer without its size.
func (c *Conn) readFrame(r *bufio.Reader) ([]byte, error) {
	prefix, err := r.Peek(4)
	if err != nil {
		return nil, err
	}
	if size := int32(binary.BigEndian.Uint32(prefix)); size < 4 || int(size) > c.maxResponse {
		return nil, notKafka(prefix, c.maxResponse)
	}
	return wire.ReadFrame(r, nil, c.maxResponse)
}

// notKafka says what speaks there, by the first bytes of what should be an
// answer.
func notKafka(prefix []byte, limit int) error {
	switch {
	case string(prefix) == "HTTP":
		return fmt.Errorf("%w: the port speaks HTTP; check its number", ErrNotKafka)
	case prefix[0] == 0x15 && prefix[1] == 3, prefix[0] == 0x16 && prefix[1] == 3:
		return fmt.Errorf("%w: the port speaks TLS, this client plaintext; check the port and the protocol of its listener", ErrNotKafka)
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
	if p.id == c.early.writing {
		c.early.request, c.early.body, c.early.got = p, body, true
		c.mu.Unlock()
		return nil
	}
	c.wakeWriter() // there may be room in flight now
	if c.maxIdle > 0 && c.requests.len() == 0 && c.timerAt.Sub(now) > c.maxIdle {
		c.armTimer(now)
	}
	c.mu.Unlock()
	c.meter.answered(len(frame)+4, now.Sub(p.started), now)
	c.complete(&p, body, nil)
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
