package netclient

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// keepLoggedIn logs in again before each end of the session that l has begun
// (KIP-368). Requests that come meanwhile wait; those on their way are answered
// before.
func (c *Conn) keepLoggedIn(l login) {
	if l.lifetime <= 0 {
		return
	}
	go func() {
		for lifetime := l.lifetime; lifetime > 0; {
			ends := time.Now().Add(lifetime)
			// The factor is Kafka's own choice; brokers don't take logins more often than
			// once a second.
			if !c.wait(max(time.Duration(float64(lifetime)*(0.85+0.1*rand.Float64())), time.Second)) {
				return
			}
			next, err := c.logInAgain(l, ends)
			if err != nil {
				c.fail(err)
				return
			}
			lifetime = next
		}
	}()
}

// wait returns false when the connection has ended first.
func (c *Conn) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.closed:
		return false
	}
}

// retryLogin is how long a mechanism is left alone that failed before its first
// token, such as one that got no token from its provider.
const retryLogin = time.Second

// logInAgain makes another session before the last one ends, and gives its
// lifetime.
func (c *Conn) logInAgain(l login, ends time.Time) (time.Duration, error) {
	ctx, cancel := context.WithDeadline(context.Background(), ends)
	defer cancel()
	go func() {
		select {
		case <-c.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		on := &reauth{conn: c, login: &l}
		l.on, l.lifetime = on, 0
		err := l.run(ctx)
		on.done()
		if err == nil || on.begun || time.Until(ends) < 2*retryLogin {
			return l.lifetime, err
		}
		if !c.wait(retryLogin) {
			return 0, ErrClosed
		}
	}
}

// reauth is a Conn during another login. From the first request on it holds the
// right to write, because a broker closes the connection when anything else comes
// in the middle.
type reauth struct {
	conn  *Conn
	login *login
	begun bool
	used  time.Time // when the connection was used before
}

func (r *reauth) begin(ctx context.Context) error {
	select {
	case r.conn.token <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	r.begun = true
	r.conn.mu.Lock()
	r.used = r.conn.lastUsed
	r.conn.mu.Unlock()
	return nil
}

// done lets the requests that have waited go. A connection that was idle goes on
// being idle since it was.
func (r *reauth) done() {
	if !r.begun {
		return
	}
	c := r.conn
	c.mu.Lock()
	if c.requests.len() == 0 {
		c.lastUsed = r.used
	}
	c.armTimer(time.Now())
	c.mu.Unlock()
	c.passWriting()
}

func (r *reauth) ask(ctx context.Context, key wire.APIKey, version int16, body []byte) ([]byte, error) {
	if !r.begun {
		if err := r.begin(ctx); err != nil {
			return nil, err
		}
	}
	type result struct {
		body []byte
		err  error
	}
	results := make(chan result, 1)
	call := Call{Key: key, Version: version, Body: [][]byte{body}, Done: func(body []byte, err error) {
		if err == nil {
			r.check(key, version, body)
		}
		results <- result{body, err}
	}}
	if err := r.conn.writeFirst(call); err != nil {
		return nil, err
	}
	select {
	case a := <-results:
		if a.err != nil {
			return nil, r.failed(key, version, bare(a.err))
		}
		return a.body, nil
	case <-ctx.Done(): // also when the connection has ended, as results then wait for the right to write
		return nil, context.Cause(ctx)
	}
}

// check ends the connection on a refusal: here, and not where the answer goes,
// because the broker closes it next, and the first reason is the one that stays.
func (r *reauth) check(key wire.APIKey, version int16, answer []byte) {
	var resp wire.Response = new(msg.SaslAuthenticateResponse)
	if key == wire.KeySaslHandshake {
		resp = new(msg.SaslHandshakeResponse)
	}
	if err := r.login.read(answer, version, resp); err != nil {
		r.conn.fail(err)
	}
}

func (*reauth) failed(key wire.APIKey, version int16, err error) error {
	return fmt.Errorf("%s v%d: %w", key, version, err)
}

// askBare is not for brokers that know sessions: they know SaslAuthenticate, too.
func (r *reauth) askBare(context.Context, []byte, bool) ([]byte, error) {
	return nil, net.ErrClosed
}

// writeFirst writes a call before all that is queued. The caller has the right to
// write.
func (c *Conn) writeFirst(call Call) error {
	now := time.Now()
	p := pending{Call: call, started: now, deadline: now.Add(c.timeout)}
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return c.err
	}
	p = c.requests.hurry(p)
	c.out.large, c.out.count = -1, 1
	c.encode(&p)
	c.early.writing = c.out.large
	q := c.requests.inFlight.at(c.requests.inFlight.len() - 1)
	q.size, q.Body = p.size, nil
	if p.deadline.Before(c.timerAt) {
		c.armTimer(now)
	}
	c.wakeReader()
	c.mu.Unlock()
	c.flush()
	return nil
}

// hurry puts a request in flight at once, whatever is in the queue.
func (r *requests) hurry(p pending) pending {
	queue, limit := r.queue, r.limit
	r.queue, r.limit = fifo[pending]{}, 0
	r.add(p)
	p, _ = r.take()
	r.queue, r.limit = queue, limit
	return p
}
