// Package consumer reads topics: alone, or sharing their partitions with the other members of a
// consumer group. It speaks to every broker from Kafka 0.8.0 to the newest.
//
//	client, err := netclient.New(netclient.Config{BootstrapServers: []string{"localhost:9092"}})
//	defer client.Close()
//	c, err := consumer.New(client, consumer.Config{GroupID: "my-group", Topics: []string{"my-topic"}})
//	defer c.Close()
//	for rec, err := range c.Records(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Printf("%s:%d:%d: key=%s value=%s\n", rec.Topic, rec.Partition, rec.Offset, rec.Key, rec.Value)
//	}
//
// # What to read
//
// [Consumer.Subscribe] names topics, [Consumer.SubscribePattern] describes them. With a GroupID the
// members of the group share the partitions; when one joins or leaves, or a topic grows, they are
// shared out anew. Without one, or on brokers before 0.9, which know no groups, a subscription gets
// every partition. [Consumer.Assign] names partitions by hand, with or without a group to commit
// for. The three exclude each other.
//
// # Reading
//
// [Consumer.Records] iterates over the records one by one; [Consumer.Poll] returns what has come, in
// batches that are unpacked and decoded while you iterate over them. Either way it happens in your
// goroutine, and nothing is copied or allocated per record: key, value and headers are slices of
// the fetched buffer, which is never reused. A record that is kept keeps its buffer; [Record.Clone]
// lets go of it. While you read, the next fetch is on its way.
//
// A consumer serves one Poll or Records at a time; a second one gets [ErrBusy]. Every other method
// may be called from any goroutine, also from the body of the loop.
//
// # What is committed
//
// The committed offset is that of the next record to read. What the application has finished is
// committed every AutoCommitInterval, before a rebalance, and at Close. What counts as finished is
// for Config.CommitMode to say:
//
//   - [CommitFollowed], the default. A record of Records is finished when the iteration asks for the
//     next one, or when the body calls [Consumer.Finish]. What was in hand at a break, a return or a
//     panic is not finished until Records or Poll is called again. What Poll returned is finished
//     when Poll is called again. [Consumer.Commit] finishes all that was handed out and commits it.
//   - [CommitFinished]. A record is finished when Finish names it, from any goroutine and in any
//     order: for pools of workers. Of each partition what is below its lowest unfinished record is
//     committed, and only ranges of offsets are kept for that.
//   - [CommitManual]. Nothing is committed but by Commit, [Consumer.CommitRecords] and
//     [Consumer.CommitOffsets].
//
// So an application that handles a record before it asks for the next, or before it calls Finish,
// handles every record at least once, and after a clean Close none twice. Where nothing was read,
// the position is committed all the same: it says where reading is to begin.
//
// Only partitions that this consumer still owns are committed, in the generation of the group in
// which it owned them. A commit that comes too late fails with [ErrSessionExpired] and changes
// nothing.
//
// # Rebalances
//
// OnRevoked runs with the partitions that go, before they do, and a commit inside it works;
// OnAssigned runs with those that came, before they are read; OnLost runs instead of OnRevoked when
// the session has ended and others may have the partitions already. What a consumer has is always
// what came and did not go. They run in the goroutine that is in Poll,
// Records, Unsubscribe or Close. They may call everything but those four; to close the consumer
// from one, start Close in a goroutine and don't wait for it. Heartbeats go on beside them. An
// application that does not come back to Poll, or for its next record, within MaxPollInterval
// leaves the group; its next Poll says so, and joins again after that.
//
// # Positions
//
// A position belongs to a topic, not to a name: when its topic was deleted and made again it is
// dropped, which is logged, and looked up in the new topic. Only the partition's leader moves it
// otherwise: what another broker says, such as an old leader that is behind, makes the consumer ask
// the cluster. The README says what can be known on which brokers. A consumer never creates a topic.
//
// # Errors
//
// What passes by itself (a broker that restarts, a leader that moves) is tried again, and logged
// when it lasts. What does not pass comes from Poll, or as the error of Records: a
// [*CorruptRecordError], an [*OffsetOutOfRangeError] and so on name the partition and the offset.
// They come after the good records before them, and again until a [Consumer.Seek], and say where
// that has to go; the other partitions are read as ever. [Consumer.Close] ends everything that the consumer started.
package consumer
