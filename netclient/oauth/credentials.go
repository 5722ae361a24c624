package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
)

// ClientCredentials gets tokens for this program itself from the token endpoint
// of an OpenID Connect or OAuth provider (RFC 6749, section 4.4; KIP-768).
type ClientCredentials struct {
	TokenURL     string // no place for secrets: errors name it. Kafka: sasl.oauthbearer.token.endpoint.url
	ClientID     string
	ClientSecret netclient.Secret
	Scope        string // several with spaces between them; default: the provider's own

	// PlainHeader sends ClientID and ClientSecret as they are, where the provider does
	// not expect them URL-encoded, as RFC 6749 has it. Default: false; Kafka's default
	// is the other way round (sasl.oauthbearer.header.urlencode=false).
	PlainHeader bool

	// HTTP makes the requests. Default: a client that gives up after 10 seconds
	// and follows no redirection.
	HTTP *http.Client
}

// maxTokenAnswer is the largest answer of a provider that is read, in bytes.
const maxTokenAnswer = 1 << 20

// Token asks for a token; it is meant for [netclient.OAuthBearer]. An error says what
// the provider said, and never holds the secret. Where the provider refuses this
// program, [netclient.ErrTokenRefused] is in its chain.
func (c *ClientCredentials) Token(ctx context.Context) (netclient.OAuthToken, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if c.Scope != "" {
		form.Set("scope", c.Scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.TokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return netclient.OAuthToken{}, errors.New("TokenURL is no URL") // the cause would show what may be in it
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	encode := url.QueryEscape
	if c.PlainHeader {
		encode = func(s string) string { return s }
	}
	req.SetBasicAuth(encode(c.ClientID), encode(c.ClientSecret.Reveal()))
	client := c.HTTP
	if client == nil {
		client = &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	asked := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return netclient.OAuthToken{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer))
	if err != nil {
		return netclient.OAuthToken{}, fmt.Errorf("reading the answer of %s: %w", req.URL.Redacted(), err)
	}
	token, err := parseToken(resp, body, asked)
	if err != nil {
		return netclient.OAuthToken{}, fmt.Errorf("%s: %w", req.URL.Redacted(), err)
	}
	return token, nil
}

func parseToken(resp *http.Response, body []byte, asked time.Time) (netclient.OAuthToken, error) {
	var answer struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"` // seconds; some write it as a string
		Error       string      `json:"error"`
		Description string      `json:"error_description"`
	}
	err := json.Unmarshal(body, &answer)
	switch {
	case resp.StatusCode >= 400 && resp.StatusCode < 500 && answer.Error != "": // RFC 6749, section 5.2
		said := fmt.Sprintf("%.100q", answer.Error)
		if answer.Description != "" {
			said += fmt.Sprintf(" (%.200q)", answer.Description)
		}
		return netclient.OAuthToken{}, fmt.Errorf("%w (%s): %s; check ClientID, ClientSecret and Scope", netclient.ErrTokenRefused, resp.Status, said)
	case resp.StatusCode != http.StatusOK:
		return netclient.OAuthToken{}, fmt.Errorf("the provider answers %s: check TokenURL, ClientID and ClientSecret", resp.Status)
	case err != nil:
		return netclient.OAuthToken{}, errors.New("the answer is not JSON: check that TokenURL is the token endpoint")
	case answer.AccessToken == "":
		return netclient.OAuthToken{}, errors.New("the answer has no access_token: check that TokenURL is the token endpoint")
	}
	token := netclient.OAuthToken{Value: netclient.NewSecret(answer.AccessToken)}
	if seconds, _ := answer.ExpiresIn.Float64(); seconds > 0 {
		token.Expires = asked.Add(time.Duration(min(seconds, 1e9) * float64(time.Second)))
	}
	return token, nil
}
