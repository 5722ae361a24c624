// Package netclient is a program's way to a Kafka cluster, of any release from
// 0.8.0 to the newest 4.x: connections, what each broker speaks, who leads which
// partition, who coordinates which group, and what to do when any of that
// changes. Producers, consumers and administration stand on one [Client] and
// share it:
//
//	client, err := netclient.New(netclient.Config{BootstrapServers: []string{"localhost:9092"}})
//	if err != nil {
//		return err // the Config is wrong; New does not wait for the network
//	}
//	defer client.Close()
//	if err := client.Ping(ctx); err != nil {
//		return err // says what was tried, where, and what to check
//	}
//
// # Asking
//
// [Client.Route] sends a request to the broker that is responsible for what it names:
// the leader of its partitions, the coordinator of its group, the controller, or any.
// [Client.Request] sends one that any broker can answer, [Client.RequestTo] one
// for a certain broker. Requests and answers are the structs of package wire/msg; the
// version is the highest that both sides speak. [ErrorsIn] finds the errors inside an
// answer:
//
//	req := &msg.DescribeGroupsRequest{Groups: []string{"my-group"}}
//	var resp msg.DescribeGroupsResponse
//	if err := client.Route(ctx, req, &resp); err != nil {
//		return err // there is no answer
//	}
//	for _, e := range netclient.ErrorsIn(&resp) {
//		log.Print(&e) // "my-group": GROUP_AUTHORIZATION_FAILED ...
//	}
//
// # What is known of the cluster
//
// [Client.Metadata] is an immutable snapshot of brokers and topics. There is a new
// one when it is old, when something was found stale
// ([Client.UpdateMetadataSoon]) and on demand ([Client.RefreshMetadata]); only
// the topics in use are asked for, those that someone has looked up within
// Config.MetadataMaxIdle. A new topic is asked for alone, and a [Topic] that has not
// changed is the same in the next snapshot, so ten thousand quiet topics cost little.
//
// [Client.Topic] waits until a topic is there, and creates none; nor does anything
// else but [Client.EnsureTopic], which is for producers, and even that creates no topic that
// the client has seen before. However many callers wait for a topic or a coordinator,
// it is asked for once at a time.
//
// # What a broker speaks
//
// It is found out when a broker is first connected to, in a way that disturbs
// nobody: brokers of 0.9 lose requests of their other clients when they are sent
// one that they don't know, and brokers below 0.10 answer requests of versions
// that they don't know as if they did. It is kept for all connections to that
// address, and asked again after the broker has been gone. [Conn.Release] names
// what was found, Config.APIVersion pins it.
//
// # Security
//
// Config.TLS encrypts the connections, and Config.SASL logs in to the brokers: by
// [Plain], [ScramSHA256], [ScramSHA512] or [OAuthBearer], or a [Mechanism] made
// elsewhere. Files are read again when they change, logins made again before
// their sessions end. A [Secret] is never shown.
//
// # Errors
//
// A [*ConnError] says which address was tried for what, how often, why it failed
// and what to check. [SafeToRetry] reports whether a request was never sent, so
// that asking again can't do its work twice; [IsRetriable] whether asking again
// may help. Where a call takes a context it retries, if at all, until that ends,
// and then gives the last failure along with the context's error; it ends earlier
// where no other try will help, as with a wrong password.
//
// # For those who build on it
//
// What follows is there for packages that stand on this one, as the producer and the
// consumer do. It may change before v1, where the rest is meant to stay.
//
// A broker answers the requests of one connection one after the other, so
// requests that take long need connections of their own: a [Pool], by
// [Client.NewPool] with a [PoolConfig]. A [Conn] of it takes several requests at once
// ([Conn.Do] from several goroutines, or [Conn.Start] with a [Call] and its callback)
// and pipelines them. When a broker asks for a pause, by its quotas, the connection waits
// with all of them. [Backoff] counts failures; [SafeToRetry] and [IsRetriable] say what to
// do about one.
//
// [Client.EnsureTopic], [Client.UpdateMetadataSoon], [Client.MetadataChanged], [Metadata.Serial]
// and [Client.ForgetCoordinator] keep what is known of the cluster true; [Client.Release]
// and [Conn.Release] name what a broker is; [Client.Done], [Client.Context],
// [Client.Logger] and [Client.Metrics] are shared by what stands on a client.
// [ConsumerGroupMetadata] and [OffsetAndMetadata] travel between producers and consumers.
//
// # Seeing
//
// Config.Trace is called at each step of a connection and of a request,
// Config.Metrics counts them per broker and in total, and Config.Logger hears of what
// fails.
package netclient
