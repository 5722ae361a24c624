package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

// provider is an OAuth provider of one client, "barnabas", that signs its tokens.
type provider struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey
}

const (
	clientSecret = "a client's secret: +/=&"
	audience     = "kafka"
)

// listen starts the provider at an address.
func (p *provider) listen(ln net.Listener) {
	var err error
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		p.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewUnstartedServer(mux)
	p.Listener.Close()
	p.Listener = ln
	p.Start()
	p.t.Cleanup(p.Close)
}

// keys are what brokers check a signature with.
func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	encode := base64.RawURLEncoding.EncodeToString
	json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one",
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// token is the endpoint for tokens: its scope becomes the audience.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	if id, secret, ok := r.BasicAuth(); !ok || id != "barnabas" || secret != url.QueryEscape(clientSecret) || r.FormValue("grant_type") != "client_credentials" {
		w.WriteHeader(http.StatusUnauthorized)
		json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client"})
		return
	}
	now := time.Now()
	encode := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := encode(map[string]string{"alg": "RS256", "kid": "one", "typ": "JWT"}) + "." + encode(map[string]any{
		"iss": p.URL, "aud": r.FormValue("scope"), "sub": "barnabas", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()})
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	json.NewEncoder(w).Encode(map[string]any{"access_token": signed + "." + base64.RawURLEncoding.EncodeToString(signature), "expires_in": 300, "token_type": "Bearer"})
}

// TestOIDC logs in with tokens of a provider that a real broker checks by the
// provider's keys.
func TestOIDC(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real broker")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t}
	p.listen(ln)
	const listener = "listener.name.sasl_plaintext."
	cluster := startCluster(t, realkafka.Config{Version: "4.4.0", Listeners: []string{"SASL_PLAINTEXT"},
		JavaOptions: []string{"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=" + p.URL + "/keys"},
		Properties: map[string]string{
			listener + "oauthbearer.sasl.server.callback.handler.class": "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler",
			listener + "sasl.oauthbearer.jwks.endpoint.url":             p.URL + "/keys",
			listener + "sasl.oauthbearer.expected.audience":             audience,
			listener + "sasl.oauthbearer.expected.issuer":               p.URL,
		}})
	addr := cluster.Broker(0).ListenerAddr("SASL_PLAINTEXT")
	login := func(secret, scope string) []string {
		return []string{"security.protocol", "SASL_PLAINTEXT", "sasl.mechanism", "OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url", p.URL + "/token",
			"sasl.oauthbearer.client.credentials.client.id", "barnabas", "sasl.oauthbearer.client.credentials.client.secret", secret, "sasl.oauthbearer.scope", scope, "sasl.oauthbearer.header.urlencode", "true"}
	}
	throughCommand(t, addr, login(clientSecret, audience))
	_, err = connect(t, addr, login("wrong", audience)...)
	refused(t, err, addr, p.URL, "invalid_client", "check ClientID, ClientSecret and Scope")
	if !errors.Is(err, netclient.ErrTokenRefused) || netclient.IsRetriable(err) {
		t.Error("it is no ErrTokenRefused, or one that may pass")
	}
	_, err = connect(t, addr, login(clientSecret, "another")...)
	refused(t, err, addr, "SASL_AUTHENTICATION_FAILED", "token")
}
