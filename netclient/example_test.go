package netclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// Kafka's own properties, as they stand in a file or on a command line.
func ExampleParseProperties() {
	config, unknown, err := netclient.ParseProperties(map[string]string{
		"bootstrap.servers":   "kafka-1,kafka-2:9093",
		"request.timeout.ms":  "5000",
		"metadata.max.age.ms": "60000",
		"linger.ms":           "5", // a producer's
	})
	fmt.Println(config.BootstrapServers, config.RequestTimeout, config.MetadataMaxAge, unknown, err)

	_, _, err = netclient.ParseProperties(map[string]string{"retry.backoff.ms": "soon"})
	fmt.Println(err)
	// Output:
	// [kafka-1:9092 kafka-2:9093] 5s 1m0s map[linger.ms:5] <nil>
	// retry.backoff.ms=soon: allowed is a number of milliseconds from 0 up
}

func ExampleParseServers() {
	servers, err := netclient.ParseServers("kafka-1, [::1]:9093", "2001:db8::7")
	fmt.Println(servers, err)
	_, err = netclient.ParseServers("kafka-1:port")
	fmt.Println(err)
	// Output:
	// [kafka-1:9092 [::1]:9093 [2001:db8::7]:9092] <nil>
	// address "kafka-1:port": "port" is not a port from 1 to 65535; want host:port, host, or [IPv6]:port
}

func ExampleBackoff() {
	backoff := netclient.Backoff{Base: 100 * time.Millisecond, Max: time.Second, Rand: func() float64 { return 0.5 }}
	for range 5 {
		fmt.Println(backoff.Next()) // without Rand: up to a fifth more or less
	}
	// Output:
	// 100ms
	// 200ms
	// 400ms
	// 800ms
	// 1s
}

// A request that failed before it was sent can be sent again, whatever it does.
func ExampleSafeToRetry() {
	refused := &netclient.ConnError{Addr: "kafka-1:9092", Node: 1, Op: "connect", Unsent: true, Err: errors.New("connection refused")}
	lost := &netclient.ConnError{Addr: "kafka-1:9092", Node: 1, Op: "CreateTopics v5", Err: io.EOF}
	for _, err := range []error{refused, lost} {
		fmt.Println(err)
		fmt.Println("safe to retry:", netclient.SafeToRetry(err), "may pass:", netclient.IsRetriable(err))
	}
	// Output:
	// broker 1 at kafka-1:9092: connect: connection refused
	// safe to retry: true may pass: true
	// broker 1 at kafka-1:9092: CreateTopics v5: EOF
	// safe to retry: false may pass: true
}

// A pool gives the connection to a broker once it is ready, and that knows what the
// broker is: kafka-python's check_version.
func ExampleConn_Release() {
	cluster, err := kafkatest.New(kafkatest.Version("0.8.2.2"), kafkatest.Topic("t", 1))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	pool := client.NewPool(netclient.PoolConfig{Name: "versions"})
	conn, err := pool.Conn(context.Background(), 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	version, err := conn.Version(wire.KeyFetch, 11)
	fmt.Println("release", conn.Release(), "takes Fetch", version, err)
	_, err = conn.Version(wire.KeyListGroups, 0)
	fmt.Println(err)
	// Output:
	// release 0.8.2 takes Fetch 0 <nil>
	// a broker of release 0.8.2 has no ListGroups
}

// A Trace sees each step.
func ExampleTrace() {
	cluster, err := kafkatest.New(kafkatest.Version("0.10.2.2"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()
	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial, Trace: &netclient.Trace{
		DialDone:    func(d netclient.DialInfo) { fmt.Println("dialed", d.Addr, d.Err) },
		RequestDone: func(r netclient.RequestInfo) { fmt.Printf("%s v%d %v\n", r.Key, r.Version, r.Err) },
		ConnectDone: func(c netclient.ConnectInfo) { fmt.Println("connected to release", c.Release, c.Err) },
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	if err := client.Ping(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// dialed broker-1.kafkatest:9092 <nil>
	// Metadata v1 <nil>
	// ApiVersions v5 <nil>
	// ApiVersions v0 <nil>
	// connected to release 0.10.2 <nil>
	// Metadata v2 <nil>
}

// A client of a cluster that lives inside the test; a real one needs only its
// addresses.
func Example() {
	cluster, err := kafkatest.New(kafkatest.Version("0.9.0.1"), kafkatest.Brokers(3), kafkatest.Topic("my-topic", 3))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cluster.Close()

	client, err := netclient.New(netclient.Config{BootstrapServers: cluster.Addrs(), Dial: cluster.Dial})
	if err != nil {
		fmt.Println(err) // a mistake in the Config
		return
	}
	defer client.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	topic, err := client.Topic(ctx, "my-topic")
	if err != nil {
		fmt.Println(err) // what was tried, where, and what to check
		return
	}
	for _, p := range topic.Partitions {
		fmt.Println("partition", p.ID, "is led by broker", p.Leader)
	}

	// Any request goes to any broker, in a version that it speaks.
	req := msg.NewListGroupsRequest()
	var groups msg.ListGroupsResponse
	err = client.RequestTo(ctx, topic.Partitions[0].Leader, req, &groups)
	fmt.Println(len(groups.Groups), "groups;", client.Release(topic.Partitions[0].Leader), err)
	// Output:
	// partition 0 is led by broker 1
	// partition 1 is led by broker 2
	// partition 2 is led by broker 3
	// 0 groups; 0.9 <nil>
}
