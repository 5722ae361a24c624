package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// TestThroughProxy: the cluster's names and network exist behind the proxy
// alone, so whatever goes past it fails.
func TestThroughProxy(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.Version("3.9.2"), kafkatest.Brokers(3), kafkatest.Logger(slog.New(slog.DiscardHandler)))
	p := startProxy(t, cluster.Dial)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, &out, "socks5://alice:secret@"+p.addr(), cluster.Addr(2)); err != nil {
		t.Fatal(err)
	}
	want := ""
	for i, addr := range cluster.Addrs() {
		want += fmt.Sprintf("broker %d at %s, release 3.9\n", i+1, addr)
	}
	if out.String() != want {
		t.Errorf("it printed\n%swant\n%s", out.String(), want)
	}
	for _, addr := range cluster.Addrs() {
		if !slices.Contains(p.asked(), addr) {
			t.Errorf("the proxy was asked for %q, not for %s", p.asked(), addr)
		}
	}
}

func TestProxyErrors(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.Logger(slog.New(slog.DiscardHandler)))
	p := startProxy(t, cluster.Dial)
	for name, c := range map[string]struct{ proxy, server, want string }{
		"wrong password":  {"socks5://alice:guess@" + p.addr(), cluster.Addr(1), "authentication failed"},
		"unknown host":    {"socks5://alice:secret@" + p.addr(), "nobody:9092", "host unreachable"},
		"no proxy there":  {"socks5://127.0.0.1:1", cluster.Addr(1), "connection refused"},
		"another scheme":  {"gopher://" + p.addr(), cluster.Addr(1), "want socks5://host:port"},
		"not an address":  {"socks5://alice:secret@bad host", cluster.Addr(1), "the proxy's address"},
		"no shown secret": {"gopher://alice:secret@" + p.addr(), cluster.Addr(1), "alice:xxxxx@"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		err := run(ctx, io.Discard, c.proxy, c.server)
		cancel()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want an error with %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is in %v", name, err)
		}
	}
}

// socksProxy is a SOCKS5 server (RFC 1928) for alice, whose password is secret
// (RFC 1929). It knows CONNECT and no more.
type socksProxy struct {
	ln   net.Listener
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu    sync.Mutex
	addrs []string   // that were asked for
	open  []net.Conn // to close at the end
}

func startProxy(t *testing.T, dial func(ctx context.Context, network, addr string) (net.Conn, error)) *socksProxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &socksProxy{ln: ln, dial: dial}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(t.Context(), nc) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		p.mu.Lock()
		for _, nc := range p.open {
			nc.Close()
		}
		p.mu.Unlock()
		serving.Wait()
	})
	return p
}

func (p *socksProxy) addr() string { return p.ln.Addr().String() }

func (p *socksProxy) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.addrs)
}

func (p *socksProxy) keep(nc net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, nc)
}

func (p *socksProxy) serve(ctx context.Context, nc net.Conn) {
	p.keep(nc)
	defer nc.Close()
	addr, err := greet(nc)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.addrs = append(p.addrs, addr)
	p.mu.Unlock()
	const succeeded, hostUnreachable = 0, 4
	reply := []byte{5, succeeded, 0, 1, 0, 0, 0, 0, 0, 0}
	broker, err := p.dial(ctx, "tcp", addr)
	if err != nil {
		reply[1] = hostUnreachable
		nc.Write(reply)
		return
	}
	p.keep(broker)
	defer broker.Close()
	if _, err := nc.Write(reply); err != nil {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		io.Copy(nc, broker)
		nc.Close()
	})
	io.Copy(broker, nc)
	broker.Close()
	back.Wait()
}

// greet logs alice in, and gives the address that she wants to be connected to.
func greet(nc net.Conn) (addr string, err error) {
	methods, err := counted(nc, 5)
	const password = 2
	if err != nil || !bytes.Contains(methods, []byte{password}) {
		return "", errors.Join(err, errors.New("no password is offered"))
	}
	nc.Write([]byte{5, password})
	user, err := counted(nc, 1)
	if err != nil {
		return "", err
	}
	secret, err := counted(nc)
	if err != nil {
		return "", err
	}
	if string(user) != "alice" || string(secret) != "secret" {
		nc.Write([]byte{1, 1})
		return "", errors.New("that is not alice")
	}
	nc.Write([]byte{1, 0})
	const connect, domainName = 1, 3
	host, err := counted(nc, 5, connect, 0, domainName)
	if err != nil {
		return "", err
	}
	var port [2]byte
	_, err = io.ReadFull(nc, port[:])
	return net.JoinHostPort(string(host), strconv.Itoa(int(binary.BigEndian.Uint16(port[:])))), err
}

// counted reads the bytes that must come, a count in one byte, and as many.
func counted(r io.Reader, must ...byte) ([]byte, error) {
	head := make([]byte, len(must)+1)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	if !bytes.Equal(head[:len(must)], must) {
		return nil, fmt.Errorf("got % x, want % x", head[:len(must)], must)
	}
	data := make([]byte, head[len(must)])
	_, err := io.ReadFull(r, data)
	return data, err
}
