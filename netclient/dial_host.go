package netclient

import (
	"context"
	"errors"
	"net"
	"time"
)

// dialHost connects to a host. A net.Dialer tries the addresses of its name one after
// the other, until one takes the connection (KIP-602). Whether more than the
// system answers there shows only later: so after failures the addresses are
// tried beginning with another one each time (KIP-302).
func dialHost(ctx context.Context, lookup func(ctx context.Context, host string) ([]string, error), addr string, failures int) (net.Conn, error) {
	var d net.Dialer
	host, port, err := net.SplitHostPort(addr)
	if failures == 0 || err != nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	ips, err := lookup(ctx, host)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	var errs []error
	for i := range ips {
		ip := ips[(failures+i)%len(ips)]
		d.Timeout = share(ctx, len(ips)-i)
		nc, err := d.DialContext(ctx, "tcp", net.JoinHostPort(ip, port))
		if err == nil {
			return nc, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// share is what each of so many attempts gets of the time that ctx has left; 0 is
// no limit.
func share(ctx context.Context, attempts int) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(time.Until(deadline)/time.Duration(attempts), time.Millisecond)
}
