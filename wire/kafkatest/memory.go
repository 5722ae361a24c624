package kafkatest

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
)

// memoryNetwork names the network in memory in addresses and errors.
const memoryNetwork = "kafkatest"

// A memoryAddr is the address of one end of a connection in memory.
type memoryAddr string

func (memoryAddr) Network() string  { return memoryNetwork }
func (a memoryAddr) String() string { return string(a) }

// clientPorts number the client ends of connections, for logs.
type clientPorts struct{ last atomic.Uint32 }

func (p *clientPorts) next() net.Addr {
	return memoryAddr(fmt.Sprintf("client.kafkatest:%d", 32768+p.last.Add(1)%28232))
}

// dialMemory connects to the broker of that address.
func (c *Cluster) dialMemory(ctx context.Context, network, addr string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: memoryAddr(addr), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	for _, b := range c.brokers {
		if b.address() != addr {
			continue
		}
		client, server := newPipe(c.ports.next(), memoryAddr(addr))
		if !b.serve(server) {
			return fail(syscall.ECONNREFUSED)
		}
		return client, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fail(err)
	}
	return fail(&net.DNSError{Err: "no such host in this kafkatest cluster", Name: host, IsNotFound: true})
}
