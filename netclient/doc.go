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
// [Client.Request] sends a request that any broker can answer,
// [Client.RequestTo] one for a certain broker, [Client.RequestController] one for
// the controller. Requests and answers are the structs of package wire/msg; the
// version is the highest that both sides speak:
//
//	req := msg.NewListGroupsRequest()
//	var resp msg.ListGroupsResponse
//	err := client.Request(ctx, req, &resp)
//
// A broker answers the requests of one connection one after the other, so
// whoever has requests that take long has connections of its own: a [Pool]. A
// [Conn] of it takes several requests at once ([Conn.Do] from several
// goroutines, or [Conn.Start] with a callback) and pipelines them. When a broker
// asks for a pause, by its quotas, the connection waits with all of them.
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
// and what to check. [SafeToRetry] tells whether a request was never sent, so
// that asking again can't do its work twice; [IsRetriable] whether asking again
// may help. Where a call takes a context it retries, if at all, until that ends,
// and then gives the last failure along with the context's error; it ends earlier
// where no other try will help, as with a wrong password.
//
// # Seeing
//
// Config.Trace is called at each step of a connection and of a request,
// Config.Metrics counts them per broker and in total, and Config.Logger hears of what
// fails.
package netclient
