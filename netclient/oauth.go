package netclient

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// OAuthToken is a token of OAUTHBEARER.
type OAuthToken struct {
	Value Secret
	// Expires is when the token ends. It is used for all logins until four fifths
	// of its life are over; one that says nothing is used once.
	Expires time.Time
	// Extensions go to the broker with the token (KIP-342).
	Extensions map[string]string
}

// OAuthBearer is the mechanism OAUTHBEARER (RFC 7628; KIP-255). token gets the
// token to log in with; its context ends when the login has taken too long. It is
// not called by two goroutines at once. Package netclient/oauth has one that asks an
// OpenID Connect provider.
func OAuthBearer(token func(context.Context) (OAuthToken, error)) Mechanism {
	return &oauthBearer{get: token, turn: make(chan struct{}, 1)}
}

// ErrTokenRefused says that a provider gives this program no token: its id, its
// secret or its scope is wrong. A login whose token function returns it is not tried
// again.
var ErrTokenRefused = errors.New("the provider refuses to give a token")

type oauthBearer struct {
	get  func(context.Context) (OAuthToken, error)
	turn chan struct{} // held while get runs

	mu    sync.Mutex // guards what follows
	token OAuthToken
	fresh time.Time // until when token is used
}

// tokenWindow is how much of a token's life passes before the next is asked for
// (sasl.login.refresh.window.factor).
const tokenWindow = 0.8

func (*oauthBearer) Name() string   { return "OAUTHBEARER" }
func (*oauthBearer) String() string { return "OAUTHBEARER" }

func (o *oauthBearer) Authenticate(ctx context.Context, _ string, send func([]byte) ([]byte, error)) ([]byte, error) {
	token, err := o.current(ctx)
	if err != nil {
		return nil, fmt.Errorf("getting a token: %w", err)
	}
	message, err := token.message()
	if err != nil {
		return nil, err
	}
	answer, err := send(message)
	if err == nil && len(answer) > 0 { // JSON that says why it is refused; then it waits to hear that it was understood
		if _, err = send([]byte{1}); err == nil {
			err = wire.ErrSaslAuthenticationFailed
		}
		err = fmt.Errorf("%w (%.200q)", err, answer)
	}
	if errors.Is(err, wire.ErrSaslAuthenticationFailed) {
		o.forget()
	}
	return nil, err
}

// message is what goes to the broker.
func (t *OAuthToken) message() ([]byte, error) {
	value := t.Value.Reveal()
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token is empty, or holds what no token does: spaces, line ends, or other than ASCII")
	}
	var b strings.Builder
	b.WriteString("n,,\x01auth=Bearer " + value)
	for _, name := range slices.Sorted(maps.Keys(t.Extensions)) {
		letters := name != "" && !strings.ContainsFunc(name, func(r rune) bool { return (r|0x20) < 'a' || (r|0x20) > 'z' })
		if !letters || strings.EqualFold(name, "auth") || strings.Contains(t.Extensions[name], "\x01") {
			return nil, fmt.Errorf("the extension %q can't be sent: a name is of letters and not auth, and a value has no byte 1", name)
		}
		b.WriteString("\x01" + name + "=" + t.Extensions[name])
	}
	b.WriteString("\x01\x01")
	return []byte(b.String()), nil
}

// current is a token that is still good, or a new one.
func (o *oauthBearer) current(ctx context.Context) (OAuthToken, error) {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return OAuthToken{}, context.Cause(ctx)
	}
	if token, ok := o.kept(); ok {
		return token, nil
	}
	asked := time.Now()
	token, err := o.get(ctx)
	if old, ok := o.unexpired(); err != nil && ok {
		return old, nil // the provider may be back before it ends
	}
	if err == nil && !token.Expires.IsZero() {
		o.mu.Lock()
		o.token, o.fresh = token, asked.Add(time.Duration(tokenWindow*float64(token.Expires.Sub(asked))))
		o.mu.Unlock()
	}
	return token, err
}

func (o *oauthBearer) kept() (OAuthToken, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.token, time.Now().Before(o.fresh)
}

// unexpired is a token that is good for a while, though a new one is due. The last
// minute is left for trying to get one before a session ends.
func (o *oauthBearer) unexpired() (OAuthToken, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.token, time.Until(o.token.Expires) > time.Minute
}

// forget drops a token that a broker did not take.
func (o *oauthBearer) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.token, o.fresh = OAuthToken{}, time.Time{}
}
