package kafkatest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// pipeBuffer is how many bytes one direction of an in-memory connection holds
// before a writer waits, as the buffers of a socket do.
const pipeBuffer = 256 << 10

// newPipe makes a connection in memory: what is written to one end can be read
// from the other. All that waits waits on a sync.Cond, so the clock of a
// synctest bubble goes on meanwhile.
func newPipe(client, server net.Addr) (clientEnd, serverEnd net.Conn) {
	there, back := newStream(), newStream()
	return &pipeConn{in: back, out: there, local: client, remote: server},
		&pipeConn{in: there, out: back, local: server, remote: client}
}

// A pipeConn is one end of an in-memory connection.
type pipeConn struct {
	in, out       *stream
	local, remote net.Addr
}

func (c *pipeConn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.opError("read", err)
}

func (c *pipeConn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.opError("write", err)
}

// Close ends both directions. What was written before can still be read at the
// other end.
func (c *pipeConn) Close() error {
	c.in.closeReader()
	c.out.closeWriter()
	return nil
}

func (c *pipeConn) LocalAddr() net.Addr  { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readDeadline, t)
	c.out.setDeadline(&c.out.writeDeadline, t)
	return nil
}

func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readDeadline, t)
	return nil
}

func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeDeadline, t)
	return nil
}

// opError makes of the error what package net would: io.EOF stays as it is.
func (c *pipeConn) opError(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &net.OpError{Op: op, Net: memoryNetwork, Source: c.local, Addr: c.remote, Err: err}
}

// A stream is one direction of an in-memory connection.
type stream struct {
	mu      sync.Mutex // guards the rest; held for a copy, never over a wait
	changed *sync.Cond // something below changed

	data          []byte // data[start:] is written and not read
	start         int
	readerClosed  bool
	writerClosed  bool
	readDeadline  deadline
	writeDeadline deadline
}

// A deadline is the zero time where there is none. The timer wakes who waits.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readerClosed:
			return 0, net.ErrClosed
		case s.readDeadline.passed():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case s.start < len(s.data):
			n := copy(p, s.data[s.start:])
			if s.start += n; s.start == len(s.data) {
				s.data, s.start = s.data[:0], 0
			}
			s.changed.Broadcast()
			return n, nil
		case s.writerClosed:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.writerClosed:
			return written, net.ErrClosed
		case s.writeDeadline.passed():
			return written, os.ErrDeadlineExceeded
		case s.readerClosed:
			return written, syscall.EPIPE
		}
		if n := min(len(p), pipeBuffer-(len(s.data)-s.start)); n > 0 {
			if s.start > 0 && len(s.data)+n > cap(s.data) {
				s.data = s.data[:copy(s.data, s.data[s.start:])]
				s.start = 0
			}
			s.data = append(s.data, p[:n]...)
			p = p[n:]
			written += n
			s.changed.Broadcast()
		}
		if len(p) == 0 {
			return written, nil
		}
		s.changed.Wait()
	}
}

// closeReader forgets what was not read: nobody can.
func (s *stream) closeReader() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readerClosed = true
	s.data, s.start = nil, 0
	s.stop(&s.readDeadline)
	s.changed.Broadcast()
}

func (s *stream) closeWriter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writerClosed = true
	s.stop(&s.writeDeadline)
	s.changed.Broadcast()
}

// setDeadline sets one of the stream's two deadlines.
func (s *stream) setDeadline(d *deadline, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop(d)
	d.at = t
	if wait := time.Until(t); !t.IsZero() && wait > 0 && !s.readerClosed && !s.writerClosed {
		d.timer = time.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.changed.Broadcast()
		})
	}
	s.changed.Broadcast()
}

// stop stops the deadline's timer; the deadline itself stays.
func (s *stream) stop(d *deadline) {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
