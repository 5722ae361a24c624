package netclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// oauthCluster takes tokens that begin with "good".
func oauthCluster(t *testing.T) *kafkatest.Cluster {
	return kafkatest.Start(t, kafkatest.Logger(quickConfig().Logger), kafkatest.SASL(kafkatest.SASLConfig{
		Mechanisms: []string{"OAUTHBEARER"},
		Token: func(token string) (time.Time, error) {
			if !strings.HasPrefix(token, "good") {
				return time.Time{}, errors.New("insufficient_scope")
			}
			return time.Now().Add(time.Hour), nil
		},
	}))
}

// TestOAuthErrors: a token function that fails, a token that can't be one, a refusal by
// the broker.
func TestOAuthErrors(t *testing.T) {
	for _, c := range []struct {
		token                string
		err                  error
		words                []string
		byBroker, byProvider bool
	}{
		{err: errors.New("no route to the provider"), words: []string{"OAUTHBEARER", "getting a token", "no route"}},
		{err: fmt.Errorf("401: %w", ErrTokenRefused), words: []string{"getting a token", "401"}, byProvider: true},
		{token: "good\x01t0ken", words: []string{"holds what no token does"}},
		{token: "bad-t0ken", words: []string{"SASL_AUTHENTICATION_FAILED", "or the token", "insufficient_scope"}, byBroker: true},
	} {
		mech := OAuthBearer(func(context.Context) (OAuthToken, error) { return OAuthToken{Value: NewSecret(c.token)}, c.err })
		err := ping(t, oauthCluster(t), withSASL(mech))
		wantInError(t, err, c.words...)
		if strings.Contains(err.Error(), "t0ken") {
			t.Errorf("it tells the secret: %v", err)
		}
		if _, ok := errors.AsType[*AuthError](err); !ok {
			t.Errorf("no AuthError: %v", err)
		}
		if errors.Is(err, wire.ErrSaslAuthenticationFailed) != c.byBroker || errors.Is(err, ErrTokenRefused) != c.byProvider || IsRetriable(err) == (c.byBroker || c.byProvider) {
			t.Errorf("is it a refusal, by whom, and will another try help? %v", err)
		}
	}
}

// TestOAuthSlowProvider: what takes so long is told within the setup timeout.
func TestOAuthSlowProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := oauthCluster(t)
		mech := OAuthBearer(func(ctx context.Context) (OAuthToken, error) {
			<-ctx.Done()
			return OAuthToken{}, context.Cause(ctx)
		})
		began := time.Now()
		err := ping(t, cluster, withSASL(mech))
		wantInError(t, err, "getting a token", "within 3s")
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestOAuthTokens: one that a broker refused, or that is nearly over, is not used
// again.
func TestOAuthTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var given []string
		next := []string{"good1", "good2", "bad", "good3"}
		mech := OAuthBearer(func(context.Context) (OAuthToken, error) {
			given, next = append(given, next[0]), next[1:]
			return OAuthToken{Value: NewSecret(given[len(given)-1]), Expires: time.Now().Add(100 * time.Second)}, nil
		})
		cluster := oauthCluster(t)
		for i, want := range []struct {
			sleep time.Duration
			given int
			ok    bool
		}{{0, 1, true}, {79 * time.Second, 1, true}, {2 * time.Second, 2, true}, {81 * time.Second, 3, false}, {0, 4, true}} {
			time.Sleep(want.sleep)
			client := newTestClient(t, func(cfg *Config) { cfg.SASL, cfg.Dial = mech, cluster.Dial }, cluster.Addrs()...)
			conn, err := client.connect(t.Context(), cluster.Addr(1), client.shared.opts)
			if (err == nil) != want.ok || len(given) != want.given {
				t.Errorf("login %d: %v; tokens %q", i, err, given)
			}
			if conn != nil {
				conn.Close()
			}
			client.Close()
		}
	})
}

// TestOAuthProviderDown: a token is used to its end when there is no new one, but for
// the last minute.
func TestOAuthProviderDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, asked := false, 0
		mech := OAuthBearer(func(context.Context) (OAuthToken, error) {
			asked++
			if down {
				return OAuthToken{}, errors.New("the provider is down")
			}
			return OAuthToken{Value: NewSecret("token"), Expires: time.Now().Add(time.Hour)}, nil
		})
		login := func() error {
			_, err := mech.Authenticate(t.Context(), "", func([]byte) ([]byte, error) { return nil, nil })
			return err
		}
		if err := login(); err != nil {
			t.Fatal(err)
		}
		down = true
		time.Sleep(50 * time.Minute)
		if err := login(); err != nil || asked != 2 {
			t.Errorf("ten minutes before its end: %v, the provider was asked %d times", err, asked)
		}
		time.Sleep(9*time.Minute + time.Second)
		if err := login(); err == nil {
			t.Error("it is used in its last minute")
		}
	})
}

// TestOAuthReauthentication: a session ends with its token, the next one begins
// with a new one. A provider that is down for a moment does no harm, and one that
// is slow does not hold up the requests.
func TestOAuthReauthentication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tokens int
		began := time.Now()
		mech := OAuthBearer(func(ctx context.Context) (OAuthToken, error) {
			if tokens > 0 {
				time.Sleep(3 * time.Second)
			}
			if since := time.Since(began); since > 4*time.Minute && since < 290*time.Second {
				return OAuthToken{}, errors.New("the provider is down")
			}
			tokens++
			ends := time.Now().Add(5 * time.Minute)
			return OAuthToken{Value: NewSecret(ends.Format(time.RFC3339Nano)), Expires: ends}, nil
		})
		_, client := sessions(t, func(cfg *kafkatest.SASLConfig) {
			cfg.SessionLifetime = time.Hour
			cfg.Token = func(token string) (time.Time, error) { return time.Parse(time.RFC3339Nano, token) }
		}, mech, -1)
		conn, err := client.NewPool(PoolConfig{}).Conn(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		for time.Since(began) < 20*time.Minute {
			asked := time.Now()
			if err := conn.Do(t.Context(), msg.NewMetadataRequest(), &msg.MetadataResponse{}); err != nil {
				t.Fatalf("after %v: %v", time.Since(began), err)
			}
			if took := time.Since(asked); took > time.Second {
				t.Errorf("after %v a request took %v", time.Since(began), took)
			}
			time.Sleep(time.Second)
		}
		if tokens < 4 || tokens > 8 {
			t.Errorf("%d tokens of five minutes in 20 minutes", tokens)
		}
		client.Close()
	})
}

// TestOAuthMessage: what goes to the broker, extensions included.
func TestOAuthMessage(t *testing.T) {
	sent := func(token OAuthToken) ([]string, error) {
		var all []string
		_, err := OAuthBearer(func(context.Context) (OAuthToken, error) { return token, nil }).Authenticate(t.Context(), "", func(b []byte) ([]byte, error) {
			all = append(all, string(b))
			return nil, nil
		})
		return all, err
	}
	got, err := sent(OAuthToken{Value: NewSecret("abc"), Extensions: map[string]string{"logicalCluster": "lkc-1", "identityPoolId": "pool 2"}})
	if want := []string{"n,,\x01auth=Bearer abc\x01identityPoolId=pool 2\x01logicalCluster=lkc-1\x01\x01"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for _, bad := range []OAuthToken{
		{}, {Value: NewSecret("a b")}, {Value: NewSecret("a\n")}, {Value: NewSecret("ä")},
		{Value: NewSecret("a"), Extensions: map[string]string{"auth": "x"}}, {Value: NewSecret("a"), Extensions: map[string]string{"": "x"}},
		{Value: NewSecret("a"), Extensions: map[string]string{"a1": "x"}}, {Value: NewSecret("a"), Extensions: map[string]string{"a": "x\x01"}},
	} {
		if got, err := sent(bad); err == nil || len(got) > 0 {
			t.Errorf("%q was sent", got)
		}
	}
}
