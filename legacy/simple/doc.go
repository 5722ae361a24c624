// Package simple keeps code that was written against kafka-python's Simple*
// classes running, on today's brokers too, while it moves to the modules
// producer and consumer.
//
// Client, Producer and Consumer are those classes (SimpleClient, SimpleProducer,
// SimpleConsumer) with Go's manners: errors are returned, waits are bounded by
// the timeouts of the configuration, because the old calls carry no context.
// Nothing of the protocol is written twice: a Producer sends through package
// producer, a Consumer reads through package consumer, and both share the
// connections and the metadata of one netclient.Client:
//
//	client, err := simple.NewClient("localhost:9092")
//	p, err := simple.NewProducer(client, simple.ProducerConfig{})
//	responses, err := p.SendMessages("my-topic", []byte("some message"))
//
// FromClient makes a Client of a netclient.Client that new code uses already, so
// that a program can move one call at a time.
//
// # What differs from kafka-python
//
// Offsets are committed where the broker keeps them: in ZooKeeper on 0.8.1, in
// Kafka from 0.8.2 on. The Python classes always used ZooKeeper; what they have
// committed on 0.8.2 or 0.9 must be copied once.
//
// Checksums are verified. A Producer in asynchronous mode keeps the order of a
// partition's messages and says in Stop what it could not send.
//
// Deprecated: use the modules producer and consumer. This one exists to leave.
package simple
