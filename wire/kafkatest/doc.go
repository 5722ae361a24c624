// Package kafkatest is a Kafka cluster inside a test or a program, as any
// release from 0.8.0 to 4.4.0.
//
//	cluster := kafkatest.Start(t, kafkatest.Version("0.9.0.1"), kafkatest.Brokers(3))
//	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial})
//
// Brokers speak Kafka's protocol, over a network in memory that only the
// cluster's Dial reaches, or over TCP on loopback with the option TCP. What
// producers send is kept as bytes, in memory, with the offsets, leader epochs
// and checksums that a broker gives it, and returned as those bytes. Groups are
// real: generations, votes, session and rebalance timeouts, static members,
// commits that are fenced by generation.
//
// # As any release
//
// A cluster answers ApiVersions as brokers of its release do, restricted to the
// APIs below, and every request in the versions that the release has. Below
// 0.10, where there is no ApiVersions, it does with other requests what those
// brokers were seen to do: 0.8 closes the connection, 0.9 stays silent, and both
// read versions that are too high as the highest that they know. Message
// formats, codecs, the store that an offset is committed to, limits, and error
// codes that changed over time follow the release too.
//
// It has Produce, Fetch, ListOffsets, Metadata, OffsetCommit, OffsetFetch,
// FindCoordinator, JoinGroup, Heartbeat, LeaveGroup, SyncGroup, DescribeGroups,
// ListGroups, DeleteGroups, ApiVersions, CreateTopics, DeleteTopics, SaslHandshake
// and SaslAuthenticate. The options TLS and SASL make it a cluster with listeners
// of those protocols.
//
// # Time
//
// Nothing in a cluster sleeps on anything but timers, channels and conditions,
// so inside a testing/synctest bubble, with the network in memory, hours of
// heartbeats and rebalances pass in milliseconds. Call Start inside the bubble.
//
// # Faults
//
// Control decides about single requests: delay, an error, no answer, a closed
// connection; its functions run one at a time. MoveLeader, MoveCoordinator, StopBroker, StartBroker, Freeze,
// Thaw and DeleteRecords do to a cluster what operators and accidents do. Requests
// counts what clients sent; Produce, Records and Committed write and look past
// them. With Start, to name a broker, topic or partition that is not there fails
// the test.
//
// # What is different from a real cluster
//
// Replicas share one log, so nothing acknowledged is ever lost, and acks 1 and
// all are the same. There are no transactions, no idempotence, no quotas or
// ACLs, no compaction, and retention by size only; fetch sessions are
// refused, as a broker may; the configs of topics are ignored. Records are kept in
// the format in which they were produced, and fetched in it too, by old clients as
// well: a real broker converts them. A group's rebalance starts at once, not after
// three seconds; option InitialRebalanceDelay changes that.
package kafkatest
