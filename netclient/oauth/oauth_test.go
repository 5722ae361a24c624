package oauth_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/oauth"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// oauthCluster takes tokens that begin with "good".
func oauthCluster(t *testing.T) *kafkatest.Cluster {
	return kafkatest.Start(t, kafkatest.Logger(slog.New(slog.DiscardHandler)), kafkatest.SASL(kafkatest.SASLConfig{
		Mechanisms: []string{"OAUTHBEARER"},
		Token: func(token string) (time.Time, error) {
			if !strings.HasPrefix(token, "good") {
				return time.Time{}, errors.New("insufficient_scope")
			}
			return time.Now().Add(time.Hour), nil
		},
	}))
}

// ping logs in to the cluster.
func ping(t *testing.T, cluster *kafkatest.Cluster, mech netclient.Mechanism) error {
	t.Helper()
	client, err := netclient.New(netclient.Config{
		BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, SASL: mech,
		RetryBackoff: 5 * time.Millisecond, ReconnectBackoff: 5 * time.Millisecond, ReconnectBackoffMax: 50 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Ping(t.Context())
}

// provider gives out tokens to "me/1" with the secret "s3c ret", and counts the
// requests.
func provider(t *testing.T, answer func(http.ResponseWriter)) (url string, asked *atomic.Int32) {
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		user, password, _ := r.BasicAuth()
		if r.Method != "POST" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "kafka" || user != "me%2F1" || password != "s3c+ret" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"unknown client"}`)
			return
		}
		answer(w)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func says(text string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { fmt.Fprint(w, text) }
}

// TestOAuth logs in with tokens of a provider; one is used for all connections.
func TestToken(t *testing.T) {
	for _, answer := range []string{`{"access_token":"good1","expires_in":3600,"token_type":"Bearer"}`, `{"access_token":"good1","expires_in":"3600"}`} {
		url, asked := provider(t, says(answer))
		mech := netclient.OAuthBearer((&oauth.ClientCredentials{TokenURL: url, ClientID: "me/1", ClientSecret: netclient.NewSecret("s3c ret"), Scope: "kafka"}).Token)
		for range 3 {
			if err := ping(t, oauthCluster(t), mech); err != nil {
				t.Fatal(err)
			}
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("%s: the provider was asked %d times for a token that lasts for an hour", answer, n)
		}
	}
}

func TestTokenErrors(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer broken.Close()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, broken.URL, http.StatusTemporaryRedirect)
	}))
	defer elsewhere.Close()
	gone := httptest.NewServer(nil)
	closed := gone.URL
	gone.Close()
	good, _ := provider(t, says(`{"access_token":"good"}`))
	html, _ := provider(t, says(`<html>`))
	empty, _ := provider(t, says(`{}`))
	for _, c := range []struct {
		url, secret string
		words       []string
	}{
		{good, "wr0ng", []string{"401", "invalid_client", "unknown client", "check ClientID"}},
		{broken.URL, "s3c ret", []string{broken.URL, "502", "check TokenURL"}},
		{elsewhere.URL, "s3c ret", []string{elsewhere.URL, "307"}},
		{html, "s3c ret", []string{"not JSON", "token endpoint"}},
		{empty, "s3c ret", []string{"no access_token"}},
		{closed, "s3c ret", []string{"refused"}},
		{"http://user:s3c ret@host\x7f", "s3c ret", []string{"TokenURL is no URL"}},
	} {
		credentials := &oauth.ClientCredentials{TokenURL: c.url, ClientID: "me/1", ClientSecret: netclient.NewSecret(c.secret), Scope: "kafka"}
		_, err := credentials.Token(t.Context())
		if err == nil {
			t.Fatalf("%s: a token", c.url)
		}
		for _, word := range c.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("no %q in: %v", word, err)
			}
		}
		for _, secret := range []string{c.secret, "s3c"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("it tells the secret: %v", err)
			}
		}
		if errors.Is(err, netclient.ErrTokenRefused) != (c.secret == "wr0ng") {
			t.Errorf("is it a refusal? %v", err)
		}
	}
	refused := &oauth.ClientCredentials{TokenURL: good, ClientID: "me/1", ClientSecret: netclient.NewSecret("wr0ng")}
	err := ping(t, oauthCluster(t), netclient.OAuthBearer(refused.Token))
	if _, ok := errors.AsType[*netclient.AuthError](err); !ok || !errors.Is(err, netclient.ErrTokenRefused) || netclient.IsRetriable(err) {
		t.Errorf("a login that the provider refuses: %v", err)
	}
}

// TestFromProperties: the properties reach the provider, in Kafka's way.
func TestFromProperties(t *testing.T) {
	for value, want := range map[string]string{"": "a+b", "false": "a+b", "true": "a%2Bb"} { // Kafka's default is not the RFC's
		var id, secret, scope string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			id, secret, _ = r.BasicAuth()
			scope = r.FormValue("scope")
		}))
		for _, credentials := range [][]string{
			{"sasl.oauthbearer.client.credentials.client.id", "me", "sasl.oauthbearer.client.credentials.client.secret", "a+b", "sasl.oauthbearer.scope", "kafka"},
			{"sasl.jaas.config", `X required clientId="me" clientSecret="a+b" scope="kafka";`},
		} {
			props := map[string]string{"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url": server.URL}
			for i := 0; i < len(credentials); i += 2 {
				props[credentials[i]] = credentials[i+1]
			}
			if value != "" {
				props["sasl.oauthbearer.header.urlencode"] = value
			}
			cfg, _, err := netclient.ParseProperties(props, oauth.FromProperties)
			if err != nil {
				t.Fatal(err)
			}
			cfg.SASL.Authenticate(t.Context(), "", nil)
			if id != "me" || secret != want || scope != "kafka" {
				t.Errorf("urlencode %q sends %q, %q, scope %q; want %q", value, id, secret, scope, want)
			}
		}
		server.Close()
	}
}

// TestSecretsAreNotShown, however credentials are printed.
func TestSecretsAreNotShown(t *testing.T) {
	const secret = "xyzzy-secret"
	credentials := &oauth.ClientCredentials{ClientID: "me", ClientSecret: netclient.NewSecret(secret)}
	for _, thing := range []any{credentials, *credentials, struct{ c *oauth.ClientCredentials }{credentials}, netclient.Config{SASL: netclient.OAuthBearer(credentials.Token)}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if shown := fmt.Sprintf(verb, thing); strings.Contains(shown, secret) || strings.Contains(shown, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of %T shows %s", verb, thing, shown)
			}
		}
	}
}
