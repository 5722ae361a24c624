package oauth

import "github.com/barnabas-kafka/barnabas/netclient"

// FromProperties makes the mechanism OAUTHBEARER out of Kafka's properties
// sasl.oauthbearer.*: an argument of the three functions ParseProperties.
func FromProperties(p netclient.OAuthProperties) (netclient.Mechanism, error) {
	credentials := &ClientCredentials{
		TokenURL: p.TokenURL, ClientID: p.ClientID, ClientSecret: p.ClientSecret, Scope: p.Scope, PlainHeader: !p.URLEncode,
	}
	return netclient.OAuthBearer(credentials.Token), nil
}
