// Package realkafka runs real Kafka brokers, of any release from 0.8.0 on, for
// tests and for trying things out:
//
//	cluster, err := realkafka.Start(ctx, realkafka.Config{Version: "0.9.0.1", Brokers: 3})
//	defer cluster.Stop()
//	err = cluster.CreateTopic(ctx, "my-topic", 6, 3)
//	err = cluster.Broker(0).Kill()
//	err = cluster.Broker(0).Restart(ctx)
//	err = cluster.Broker(0).Upgrade(ctx, "0.10.2.2")
//
// It needs a headless Java 17 or 21 and Maven. [Fetch] gets a release's jars once
// and keeps them under [CacheDir]; the brokers listen on 127.0.0.1 only, keep
// their data and logs in [Config].Dir, and end with the process that started
// them (on Linux whatever happens to it, elsewhere when it calls Stop).
//
// The parts: version.go and pom.go say what a release is made of, fetch.go gets
// it, properties.go says how it is configured, process.go runs it, cluster.go,
// zookeeper.go, kraft.go and broker.go start and stop things in the right order,
// security.go adds listeners with TLS and SASL, ready.go asks whether a broker
// answers, topic.go makes topics, wire.go holds the few requests that this takes,
// and state.go finds a detached cluster again.
package realkafka
