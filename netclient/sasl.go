package netclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Mechanism logs in to brokers. [Plain], [ScramSHA256], [ScramSHA512] and
// [OAuthBearer] make those that need nothing else; Kerberos, or one of a cloud's
// own, can be made elsewhere. A Mechanism is used by all connections of a client,
// from several goroutines at once.
type Mechanism interface {
	// Name is what the brokers call it, such as "PLAIN"
	// (sasl.enabled.mechanisms).
	Name() string

	// Authenticate makes one login: when a connection is new, and again before
	// its session ends (KIP-368). It calls send with one token after the other;
	// each gives the broker's answer, which may be empty, or the error with which
	// Authenticate should end then.
	//
	// A token that comes after everything is settled, and that brokers before
	// 1.0 don't answer, is returned instead of sent: the last one of Kerberos.
	// Others return nil.
	//
	// host is the broker's, as it was dialed. Authenticate must return soon after
	// ctx has ended, and no error of it may hold a secret.
	Authenticate(ctx context.Context, host string, send func(token []byte) (answer []byte, err error)) (last []byte, err error)
}

// ErrSASLPort says that a broker's listener wants a login, and this client makes
// none.
var ErrSASLPort = errors.New("the listener wants a SASL login")

// AuthError says that a login failed: of the errors that it wraps,
// wire.ErrSaslAuthenticationFailed says that the broker refused the user, the
// password or the token, and wire.ErrUnsupportedSaslMechanism that it does not
// offer the mechanism.
type AuthError struct {
	Mechanism string
	Offered   []string // the mechanisms that the broker offers, where it said so
	Message   string   // what the broker said, if anything
	Err       error    // the cause
}

func (e *AuthError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "SASL login with %s: %v", e.Mechanism, e.Err)
	if e.Message != "" {
		fmt.Fprintf(&b, "; the broker says %q", e.Message)
	}
	if len(e.Offered) > 0 {
		fmt.Fprintf(&b, "; the broker offers %s", strings.Join(e.Offered, ", "))
	}
	return b.String()
}

func (e *AuthError) Unwrap() error { return e.Err }

// Plain is the mechanism PLAIN: the password itself goes to the broker, so use it
// with TLS only.
func Plain(user, password string) Mechanism { return &plain{user, NewSecret(password)} }

type plain struct {
	user     string
	password Secret
}

func (*plain) Name() string     { return "PLAIN" }
func (p *plain) String() string { return "PLAIN as " + p.user }

func (p *plain) Authenticate(_ context.Context, _ string, send func([]byte) ([]byte, error)) ([]byte, error) {
	password := p.password.Reveal()
	if strings.Contains(p.user+password, "\x00") {
		return nil, errors.New("a user name or password of PLAIN can't hold a zero byte")
	}
	_, err := send([]byte("\x00" + p.user + "\x00" + password))
	return nil, err
}
