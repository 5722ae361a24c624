package kafkatest

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// A broker is one node of the cluster. What it is doesn't change once New has
// started it.
type broker struct {
	cluster *Cluster
	id      int32
	memory  bool   // reached in memory only
	host    string // as Metadata tells it
	port    int32

	run *run // nil while the broker is stopped; guarded by the cluster's mu, as is what it holds
}

// A run is the time between a broker's start and its stop.
type run struct {
	ctx      context.Context // ends with it
	cancel   context.CancelFunc
	listener net.Listener // nil in memory
	conns    map[net.Conn]struct{}
	thawed   chan struct{} // closed when the broker goes on; nil while it is not frozen
}

func newBroker(c *Cluster, id int32) *broker {
	b := &broker{cluster: c, id: id, memory: !c.config.tcp}
	if b.memory {
		b.host, b.port = fmt.Sprintf("broker-%d.kafkatest", id), 9092
	} else {
		b.host = "127.0.0.1"
		if addrs := c.config.tcpAddrs; int(id) <= len(addrs) {
			b.host, b.port = addrs[id-1].Addr().String(), int32(addrs[id-1].Port())
		}
	}
	return b
}

// address is host:port.
func (b *broker) address() string {
	return net.JoinHostPort(b.host, strconv.Itoa(int(b.port)))
}

// start starts the broker; nothing happens when it runs. Over TCP it listens on
// the port that it had before, or was told, or else on a free one.
func (b *broker) start() error {
	c := b.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.run != nil || c.closed {
		return nil
	}
	r := &run{conns: make(map[net.Conn]struct{})}
	if !b.memory {
		listener, err := net.Listen("tcp", b.address())
		if err != nil {
			return fmt.Errorf("kafkatest: broker %d: %w", b.id, err)
		}
		r.listener = listener
		if b.port == 0 {
			b.port = int32(listener.Addr().(*net.TCPAddr).Port)
		}
		c.goroutines.Go(func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return // closed
				}
				b.serve(conn)
			}
		})
	}
	r.ctx, r.cancel = context.WithCancel(c.ctx)
	b.run = r
	return nil
}

// stop closes the broker's listener and connections, as if it had been killed.
func (b *broker) stop() {
	b.cluster.mu.Lock()
	defer b.cluster.mu.Unlock()
	if b.run == nil {
		return
	}
	b.run.cancel()
	if b.run.listener != nil {
		b.run.listener.Close()
	}
	for conn := range b.run.conns {
		conn.Close()
	}
	b.run = nil
}

// serve answers the connection's requests, on a goroutine of its own, until it
// ends. It returns false, and closes the connection, when the broker is stopped.
func (b *broker) serve(conn net.Conn) bool {
	c := b.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	r := b.run
	if r == nil || c.closed {
		conn.Close()
		return false
	}
	r.conns[conn] = struct{}{}
	c.goroutines.Go(func() {
		defer func() {
			conn.Close()
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(r.conns, conn)
		}()
		newConnection(b, r, c.config.secure(conn)).serve()
	})
	return true
}

// waitWhileFrozen returns false when the broker was stopped.
func (b *broker) waitWhileFrozen(r *run) bool {
	for {
		b.cluster.mu.RLock()
		thawed := r.thawed
		b.cluster.mu.RUnlock()
		if thawed == nil {
			return r.ctx.Err() == nil
		}
		select {
		case <-thawed:
		case <-r.ctx.Done():
			return false
		}
	}
}
