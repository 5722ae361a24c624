package netclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// login is one use of a Mechanism on one connection. It comes in three forms:
//
//	from 1.0 on    SaslHandshake v1, and the tokens in SaslAuthenticate requests
//	0.10 and 0.11  SaslHandshake v0, and the tokens as bare frames: a size, and the token
//	0.9            bare frames from the start; only Kerberos
//
// A broker of the second or third form closes the connection instead of saying
// that it refuses.
type login struct {
	on       loginConn
	mech     Mechanism
	addr     string
	node     int32
	trace    *Trace
	versions *versions

	lifetime time.Duration // of the session, 0 for no end; known after the last answer
}

// loginConn is what a login needs of a connection.
type loginConn interface {
	asker
	// askBare sends a token as a bare frame, and reads the answer if there is one.
	askBare(ctx context.Context, token []byte, answered bool) ([]byte, error)
}

// run logs in, and tells those who watch. The error is an *AuthError.
func (l *login) run(ctx context.Context) error {
	started := time.Now()
	err := l.exchange(ctx)
	if l.trace.HandshakeDone != nil {
		l.trace.HandshakeDone(HandshakeInfo{Addr: l.addr, Node: l.node, Mechanism: l.mech.Name(), Duration: time.Since(started), Err: err})
	}
	return err
}

func (l *login) exchange(ctx context.Context) error {
	fail := func(err error) error {
		if e, ok := errors.AsType[*AuthError](err); ok {
			return e
		}
		return &AuthError{Mechanism: l.mech.Name(), Err: err}
	}
	var form form
	begun := false
	send := func(token []byte, answered bool) (_ []byte, err error) {
		if !begun { // only now, so that a mechanism may take its time before its first token
			begun = true
			if form, err = l.handshake(ctx); err != nil {
				return nil, fail(err)
			}
		}
		answer, err := form(ctx, token, answered)
		if err != nil {
			return nil, fail(err)
		}
		return answer, nil
	}
	host, _, _ := net.SplitHostPort(l.addr)
	last, err := l.mech.Authenticate(ctx, host, func(token []byte) ([]byte, error) { return send(token, true) })
	if err == nil && last != nil {
		_, err = send(last, false)
	}
	if err == nil && !begun {
		err = errors.New("the mechanism sent nothing")
	}
	if err != nil {
		return fail(err)
	}
	return nil
}

// form is a way to send a token. Where not answered is set, an answer is read only
// if it comes in any case.
type form func(ctx context.Context, token []byte, answered bool) ([]byte, error)

// handshake says which mechanism comes, and gives the form of its tokens.
func (l *login) handshake(ctx context.Context) (form, error) {
	authenticate, err := l.versions.best(wire.KeySaslAuthenticate, maxVersion)
	limit := int16(1)
	if err != nil {
		limit = 0
	}
	version, err := l.versions.best(wire.KeySaslHandshake, limit)
	if err != nil {
		return l.bare, nil
	}
	req := &msg.SaslHandshakeRequest{Mechanism: l.mech.Name()}
	var resp msg.SaslHandshakeResponse
	if err := l.ask(ctx, version, req, &resp); err != nil {
		return nil, err
	}
	if version == 0 {
		return l.bare, nil
	}
	return func(ctx context.Context, token []byte, _ bool) ([]byte, error) {
		return l.authenticate(ctx, authenticate, token)
	}, nil
}

func (l *login) authenticate(ctx context.Context, version int16, token []byte) ([]byte, error) {
	var resp msg.SaslAuthenticateResponse
	if err := l.ask(ctx, version, &msg.SaslAuthenticateRequest{AuthBytes: token}, &resp); err != nil {
		return nil, err
	}
	l.lifetime = min(time.Duration(resp.SessionLifetimeMs), maxLifetime) * time.Millisecond
	return resp.AuthBytes, nil
}

// maxLifetime is the longest session in milliseconds; who says more means for
// ever.
const maxLifetime = time.Duration(365 * 24 * time.Hour / time.Millisecond)

func (l *login) bare(ctx context.Context, token []byte, answered bool) ([]byte, error) {
	answer, err := l.on.askBare(ctx, token, answered)
	if closedByPeer(err) {
		err = fmt.Errorf("%w: %w, which is how those before 1.0 refuse a login", wire.ErrSaslAuthenticationFailed, err)
	}
	return answer, err
}

// ask asks in a certain version.
func (l *login) ask(ctx context.Context, version int16, req wire.Request, resp wire.Response) error {
	body, err := req.Append(nil, version)
	if err != nil {
		return err
	}
	answer, err := l.on.ask(ctx, req.APIKey(), version, body)
	if err != nil {
		return err
	}
	return l.read(answer, version, resp)
}

// read decodes an answer, and returns an error if it is a refusal, which need not be
// readable but for its code.
func (l *login) read(answer []byte, version int16, resp wire.Response) error {
	refused := &AuthError{Mechanism: l.mech.Name()}
	if err := resp.Decode(answer, version); err != nil {
		if code := firstCode(answer); code != wire.ErrNone {
			refused.Err = code
			return refused
		}
		return l.on.failed(resp.APIKey(), version, err)
	}
	switch resp := resp.(type) {
	case *msg.SaslHandshakeResponse:
		if resp.ErrorCode != wire.ErrNone {
			if refused.Err = resp.ErrorCode; resp.ErrorCode == wire.ErrUnsupportedSaslMechanism {
				refused.Offered = resp.Mechanisms
			}
			return refused
		}
	case *msg.SaslAuthenticateResponse:
		if resp.ErrorCode != wire.ErrNone {
			if resp.ErrorMessage != nil {
				refused.Message = *resp.ErrorMessage
			}
			refused.Err = resp.ErrorCode
			return refused
		}
	}
	return nil
}

// logIn dials, finds out what the broker speaks unless that is pinned or known,
// and logs in. Nothing but ApiVersions may be asked before, so here that comes
// first.
func (c *Client) logIn(ctx context.Context, opts connOptions, v *versions, meant *identity) (*Conn, *versions, error) {
	nc, err := c.dial(ctx, opts.addr, opts.node)
	if err != nil {
		return nil, nil, err
	}
	bare := bareOn(ctx, nc, opts)
	if v == nil || v.checkIdentity(meant) {
		v, err = askVersions(ctx, bare, meant)
		err = versionsRefused(err)
	}
	l := login{on: bare, mech: c.cfg.SASL, addr: opts.addr, node: opts.node, trace: c.cfg.Trace, versions: v}
	if err == nil {
		err = l.run(ctx)
	}
	if late := bare.release(); late != nil && (err == nil || bare.asked != "") {
		err = late
	}
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	conn := newConn(nc, opts)
	conn.setVersions(v)
	conn.keepLoggedIn(l)
	return conn, v, nil
}

// versionsRefused says more about brokers that don't answer ApiVersions.
func versionsRefused(err error) error {
	if closedByPeer(err) {
		return fmt.Errorf("%w: check that this is a broker's port, that it does not want TLS (security.protocol SASL_SSL), and that it is not older than 0.10, which needs api.version", err)
	}
	return err
}
