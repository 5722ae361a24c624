// Command socks5 shows how a client reaches a cluster through a SOCKS5 proxy,
// such as "ssh -D 1080 gateway": it prints the brokers and whether each can be
// reached.
//
//	go run ./tools/socks5 -proxy socks5://localhost:1080 -b kafka.internal:9092
//
// The client has no options for proxies. netclient.Config.Dial takes any
// function that makes connections, and dialThrough is one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire/msg"
	"golang.org/x/net/proxy"
)

func main() {
	through := flag.String("proxy", "socks5://localhost:1080", "the proxy, with user:password@ before the host if it wants them")
	servers := flag.String("b", "localhost:9092", "bootstrap servers, as the proxy sees them")
	timeout := flag.Duration("timeout", 10*time.Second, "for all of it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if err := run(ctx, os.Stdout, *through, *servers); err != nil {
		fmt.Fprintln(os.Stderr, "socks5:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, through, servers string) error {
	dial, err := dialThrough(through)
	if err != nil {
		return err
	}
	client, err := netclient.New(netclient.Config{BootstrapServers: []string{servers}, Dial: dial})
	if err != nil {
		return err
	}
	defer client.Close()
	md, err := client.RefreshMetadata(ctx)
	if err != nil {
		return err
	}
	for _, b := range md.Brokers() {
		if err := client.RequestTo(ctx, b.ID, msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
			return err
		}
		fmt.Fprintf(out, "broker %d at %s, release %s\n", b.ID, b.Addr(), client.Release(b.ID))
	}
	return nil
}

// dialThrough gives a Config.Dial that makes every connection through a proxy,
// those to the brokers that the cluster names, too. Names are looked up by the
// proxy, so they may mean nothing here.
func dialThrough(rawURL string) (func(ctx context.Context, network, addr string) (net.Conn, error), error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the rest repeats the address, and the password in it
		}
		return nil, fmt.Errorf("the proxy's address: %w; want socks5://host:port", err)
	}
	dialer, err := proxy.FromURL(u, new(net.Dialer))
	if err != nil {
		return nil, fmt.Errorf("the proxy %s: %w; want socks5://host:port", u.Redacted(), err)
	}
	withContext, ok := dialer.(proxy.ContextDialer) // so that the client's timeouts hold
	if !ok {
		return nil, fmt.Errorf("a proxy of scheme %s can't be given a timeout; want socks5://host:port", u.Scheme)
	}
	return withContext.DialContext, nil
}
