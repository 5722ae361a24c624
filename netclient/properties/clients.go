package properties

import (
	"slices"
	"strings"
)

// The properties of kafka-clients 4.4 that only one kind of client has. The tests in
// tools/javacheck compare them with Kafka's own.
const (
	ofProducers = "acks batch.size buffer.memory buffer.memory.allocation.strategy compression.gzip.level compression.lz4.level " +
		"compression.type compression.zstd.level delivery.timeout.ms enable.idempotence key.serializer linger.ms max.block.ms " +
		"max.in.flight.requests.per.connection max.request.size metadata.max.idle.ms partitioner.adaptive.partitioning.enable " +
		"partitioner.availability.timeout.ms partitioner.class partitioner.ignore.keys partitioner.rack.aware retries " +
		"transaction.timeout.ms transaction.two.phase.commit.enable transactional.id value.serializer"
	ofConsumers = "allow.auto.create.topics auto.commit.interval.ms auto.offset.reset check.crcs default.api.timeout.ms " +
		"enable.auto.commit exclude.internal.topics fetch.max.bytes fetch.max.wait.ms fetch.min.bytes group.id group.instance.id " +
		"group.protocol group.remote.assignor heartbeat.interval.ms internal.throw.on.fetch.stable.offset.unsupported " +
		"isolation.level key.deserializer max.partition.fetch.bytes max.poll.interval.ms max.poll.records " +
		"partition.assignment.strategy session.timeout.ms share.acknowledgement.mode share.acquire.mode value.deserializer"
	ofAdmins = "bootstrap.controllers"
	ofBoth   = "client.rack interceptor.classes" // of producers and consumers
)

// clientOf names the kind of client that has a property; "" where none has it.
func clientOf(name string) string {
	for client, names := range map[string]string{
		"a producer": ofProducers, "a consumer": ofConsumers, "an admin client": ofAdmins, "a producer or consumer": ofBoth,
	} {
		if slices.Contains(strings.Fields(names), name) {
			return client
		}
	}
	return ""
}
