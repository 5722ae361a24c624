// Package oauth gets tokens from an OpenID Connect or OAuth provider, to log in to
// Kafka with (OAUTHBEARER; KIP-255, KIP-768):
//
//	credentials := &oauth.ClientCredentials{TokenURL: "https://idp.example/token", ClientID: "me", ClientSecret: netclient.NewSecret(secret)}
//	cfg := netclient.Config{TLS: &netclient.TLS{}, SASL: netclient.OAuthBearer(credentials.Token)}
//
// Where Kafka's own properties say the same, it is an argument of ParseProperties:
//
//	clientConfig, config, err := producer.ParseProperties(props, oauth.FromProperties)
//
// It is a package of its own because it links net/http, which Kafka's protocol does
// not need.
package oauth
