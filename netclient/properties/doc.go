// Package properties reads Kafka's own client properties ("linger.ms", "50") into
// Configs, as the Java client of 4.4 reads them. Its users are the functions
// ParseProperties of packages netclient, producer and consumer, and whoever adds another
// client: each has a [Table] of the names that it knows.
//
// A name is one of three kinds. It sets a field; or it has no effect here, which is said
// together with the reason, so that nobody relies on it; or Kafka does not know it,
// which is an error. Values are trimmed, and their words are case-sensitive where
// Kafka's are.
package properties
