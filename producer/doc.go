// Package producer sends records to a Kafka cluster of any release.
//
//	p, err := producer.Dial(netclient.Config{BootstrapServers: []string{"localhost:9092"}}, producer.Config{})
//	defer p.Close()
//	future, err := p.Send(ctx, producer.Record{Topic: "my-topic", Key: []byte("foo"), Value: []byte("bar")})
//	written, err := future.Wait(ctx) // topic, partition, offset, timestamp
//
// [Producer.Send] returns as soon as the record is in the buffer of its
// partition; the [Future] says what became of it. [Producer.SendFunc] calls a
// function instead, and [Producer.SendWait] waits. [Producer.Flush] waits for everything that was sent before.
// One Producer serves a whole program, from any number of goroutines. [Dial] makes
// one with a client of its own; [New] one on a client that others use as well.
//
// A unit test makes records and results itself: [Record] and [RecordMetadata] are
// plain structs, and [SettledFuture] is a Future that has its result.
//
// # The way of a record
//
// The partitioner chooses the partition, unless the record names one. The record
// is encoded at once, into the open batch of that partition, under a lock for
// the length of the copy. A batch that is full, has lingered or is flushed is
// compressed and takes its place in the partition's queue. The sender, one
// goroutine, collects the first batches of many partitions into one request for
// the broker that leads them, as soon as the broker has fewer than MaxInFlight
// requests to answer. The answer gives each batch its result, and its memory goes
// to the next.
//
// While a broker is busy, batches fill up; so Linger 0, the default, does not mean
// one record per request under load.
//
// # What is promised
//
// Cancelling a Send: its context bounds only the wait for the topic's metadata
// and for buffer space. When Send has returned without an error the record goes
// its way, and has a result by DeliveryTimeout at the latest. When it has
// returned an error, the record is never sent. Giving up Future.Wait gives up the
// wait, not the record.
//
// Order: the first copies of a partition's records land in the order in which
// Send accepted them, retries included. There is no idempotence yet, so this
// works as follows. A partition has one batch in flight at a time, so none can
// overtake one that is sent again; other partitions are not held up. With
// negative Retries nothing is sent again but what was too large, and up to
// MaxInFlight batches of a partition are in flight, all on one connection, with
// none behind one that may turn out too large. In both cases a request whose
// answer did not come may still be written, later: as a second copy, if it was
// sent again, or as a record that the producer gave up
// (DeliveryError.MaybeWritten).
//
// Acknowledged is written: a Future without an error was acknowledged under the
// configured Acks. With AcksNone nobody acknowledges anything; the result then
// says that the record was handed to the connection, and its offset is -1.
//
// Nothing fails in silence: who looks at no Future learns from the errors of Flush
// and Close how many records failed since the last Flush, and why the first of
// them did ([UnacknowledgedError]). The log has a line for each broker and cause,
// once a minute at most, with a count and an example.
//
// Flush and Close: Flush returns when every record that was accepted before has
// its result, and its callback has returned. Close flushes, which takes
// DeliveryTimeout at most; Shutdown flushes within its context, then fails what
// is left with an error in whose chain is [ErrClosed]. All may be called from any
// goroutine, at any time and twice, but not inside a callback.
// Closing the client fails everything and flushes nothing.
//
// # Retries
//
// A batch is sent again until DeliveryTimeout, and up to Retries times if that is
// set, after errors that Kafka calls retriable, lost connections and timeouts,
// with the client's retry backoff between two attempts. What was never sent, because no
// leader was known or its broker could not be reached, is not an attempt: it
// waits for DeliveryTimeout. A batch that the broker finds too large is split and
// sent in halves whatever Retries says (KIP-126); of a batch in which the broker
// refuses single records, such as those without a key for a compacted topic, these
// fail and the others are sent again, unless Retries is negative. The README has
// what follows from each error code.
//
// Without retries, the default of kafka-python and old Java clients, a leader
// that has just moved, or a topic that has just been made, can fail records.
//
// # Topics that are deleted
//
// A topic that does not exist is asked for so that brokers may create it
// (auto.create.topics.enable). One that the client has seen to exist is not: when
// someone deletes it, it stays deleted, until its owner makes it again. Records that
// wait for it then fail at DeliveryTimeout, and Send after MaxBlock, with a
// netclient.TopicError that says so (Existed); what waits for a partition that the
// new topic does not have fails with a PartitionError. What a program before this one
// has seen to exist can't be known.
//
// # Old brokers
//
// Records are encoded in the format that the partition's leader speaks: message
// sets up to 0.10, batches from 0.11 on. Headers need 0.11, timestamps 0.10, lz4
// 0.8.2, zstd 2.1; what a leader can't take is an error that says so. When the
// leader moves to an older broker, batches are encoded again.
package producer
