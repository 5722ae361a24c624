package kafkatest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// SASLConfig says who may log in to a cluster, and how.
type SASLConfig struct {
	// Mechanisms are those that the brokers offer, of PLAIN, SCRAM-SHA-256,
	// SCRAM-SHA-512 and OAUTHBEARER (sasl.enabled.mechanisms).
	Mechanisms []string
	// Users are the passwords by user name, for PLAIN and SCRAM.
	Users map[string]string
	// Token decides about a token of OAUTHBEARER, and says when it ends. The text
	// of an error is the status that the client is told. It is called from several
	// goroutines at once. Default: every token is refused.
	Token func(token string) (ends time.Time, err error)
	// SessionLifetime is how long a login lasts, in releases from 2.2 on
	// (connections.max.reauth.ms, KIP-368). Default: for ever. One by a token ends
	// with it, if there is a SessionLifetime.
	SessionLifetime time.Duration
}

// SASL makes the brokers want a login before anything else, as a listener of the
// protocol SASL_PLAINTEXT does, or SASL_SSL with the option TLS. It needs a
// release from 0.10 on.
func SASL(cfg SASLConfig) Option {
	return func(c *config) error {
		for _, name := range cfg.Mechanisms {
			if _, ok := saslMechanisms[name]; !ok {
				return fmt.Errorf("kafkatest: there is no SASL mechanism %q", name)
			}
		}
		c.sasl = &cfg
		return nil
	}
}

// A saslMechanism begins a login. What it returns takes the client's tokens one
// after the other, and says when it is done, or why the login fails.
type saslMechanism func(cfg *SASLConfig) saslExchange

type saslExchange func(token []byte) (answer []byte, done bool, err error)

var saslMechanisms = map[string]saslMechanism{
	"PLAIN":         plainServer,
	"SCRAM-SHA-256": scramServer256,
	"SCRAM-SHA-512": scramServer512,
	"OAUTHBEARER":   oauthServer,
}

// saslState is how far a connection's login is.
type saslState struct {
	exchange saslExchange // of the login under way; nil when there is none
	raw      bool         // its tokens come as bare frames: SaslHandshake v0
	loggedIn bool
	ends     time.Time // of the session; zero is never
	tokenEnd time.Time // of the token of OAUTHBEARER; zero is none
	failed   error     // the connection is to be closed after the answer
}

var errSASL = errors.New("Authentication failed: Invalid username or password")

// mayAsk refuses what a client may not ask in the state of its login.
func (c *connection) mayAsk(key wire.APIKey) error {
	if c.broker.cluster.config.sasl == nil {
		return nil
	}
	s := &c.sasl
	switch {
	case s.exchange != nil && key != wire.KeySaslAuthenticate:
		return fmt.Errorf("%v in the middle of a login", key)
	case key == wire.KeySaslAuthenticate || key == wire.KeySaslHandshake || key == wire.KeyAPIVersions:
		return nil
	case !s.loggedIn:
		return fmt.Errorf("%v before a login", key)
	case !s.ends.IsZero() && !time.Now().Before(s.ends):
		return fmt.Errorf("%v after the session has ended", key)
	}
	return nil
}

// saslHandshake begins a login.
func saslHandshake(c *call, req *msg.SaslHandshakeRequest) *msg.SaslHandshakeResponse {
	cfg := c.broker.cluster.config.sasl
	if cfg == nil {
		return saslHandshakeError(c, req, wire.ErrIllegalSaslState)
	}
	resp := saslHandshakeError(c, req, wire.ErrNone)
	resp.Mechanisms = cfg.Mechanisms
	if !slices.Contains(cfg.Mechanisms, req.Mechanism) {
		resp.ErrorCode = wire.ErrUnsupportedSaslMechanism
		c.conn.sasl.failed = fmt.Errorf("mechanism %q is not offered", req.Mechanism)
		return resp
	}
	s := &c.conn.sasl
	s.exchange, s.raw = saslMechanisms[req.Mechanism](cfg), c.version == 0
	if req.Mechanism == "OAUTHBEARER" {
		s.exchange = noteTokenEnd(s, cfg)
	}
	return resp
}

// noteTokenEnd keeps when the token ends that a login was by.
func noteTokenEnd(s *saslState, cfg *SASLConfig) saslExchange {
	noting := *cfg
	if cfg.Token != nil {
		noting.Token = func(token string) (time.Time, error) {
			ends, err := cfg.Token(token)
			s.tokenEnd = ends
			return ends, err
		}
	}
	return oauthServer(&noting)
}

func saslHandshakeError(_ *call, _ *msg.SaslHandshakeRequest, code wire.ErrorCode) *msg.SaslHandshakeResponse {
	resp := msg.NewSaslHandshakeResponse()
	resp.ErrorCode = code
	return resp
}

// saslAuthenticate takes one token of a login.
func saslAuthenticate(c *call, req *msg.SaslAuthenticateRequest) *msg.SaslAuthenticateResponse {
	s := &c.conn.sasl
	if s.exchange == nil {
		return saslAuthenticateError(c, req, wire.ErrIllegalSaslState)
	}
	answer, lifetime, err := c.conn.take(req.AuthBytes)
	if err != nil {
		s.failed = err
		resp := saslAuthenticateError(c, req, wire.ErrSaslAuthenticationFailed)
		resp.ErrorMessage = new(err.Error())
		return resp
	}
	resp := msg.NewSaslAuthenticateResponse()
	resp.ErrorMessage, resp.AuthBytes = nil, answer
	resp.SessionLifetimeMs = lifetime.Milliseconds()
	return resp
}

func saslAuthenticateError(_ *call, _ *msg.SaslAuthenticateRequest, code wire.ErrorCode) *msg.SaslAuthenticateResponse {
	resp := msg.NewSaslAuthenticateResponse()
	resp.ErrorCode, resp.ErrorMessage = code, nil
	return resp
}

// take gives a token to the login under way. The lifetime is that of the session
// which has begun, 0 for no end.
func (c *connection) take(token []byte) (answer []byte, lifetime time.Duration, err error) {
	s, cfg := &c.sasl, c.broker.cluster.config.sasl
	answer, done, err := s.exchange(token)
	if err != nil || !done {
		return answer, 0, err
	}
	s.exchange, s.loggedIn, s.ends = nil, true, time.Time{}
	if cfg.SessionLifetime > 0 && c.broker.cluster.config.release.at(2, 2) {
		lifetime = cfg.SessionLifetime
		if !s.tokenEnd.IsZero() {
			lifetime = min(lifetime, time.Until(s.tokenEnd))
		}
		s.ends = time.Now().Add(lifetime)
	}
	return answer, lifetime, nil
}

// takeRaw answers a token that came as a bare frame. A refusal has no words.
func (c *connection) takeRaw(token []byte) error {
	answer, _, err := c.take(token)
	if err != nil {
		return err
	}
	_, err = c.conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...))
	return err
}
