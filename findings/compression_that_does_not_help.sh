#!/usr/bin/env bash
# Guess:    a producer that is told to compress writes compressed batches.
# Seen:     2026-11-30, on a topic of Kafka 4.4.0 that keeps what producers send: for a value of 1,000 random bytes and for one of one byte,
#           librdkafka (confluent-kafka 2.16.1), franz-go 1.22.3 and kafka-python 3.0.12 write the batch uncompressed, because packing
#           would not make it smaller; Java (kafka-clients 4.4.0), sarama 1.61.1 and aiokafka 0.14.0 write it compressed, up to a third larger
#           than the plain one. So with each codec: gzip, snappy, lz4, zstd.
# So:       a reader takes the codec from each batch, never from the topic or the producer's configuration; a test that wants compressed batches
#           sends what compresses; a client that packs for nothing makes every reader unpack for nothing.
. "$(dirname "$0")/lib.sh"
broker 4.4.0
pip confluent-kafka==2.16.1 kafka-python==3.0.12 aiokafka==0.14.0 python-snappy==0.7.3 lz4==4.4.5 zstandard==0.25.0 cramjam==2.11.0
cat >"$work/Compress.java" <<'JAVA'
import java.util.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Compress {
    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            List<NewTopic> topics = new ArrayList<>();
            for (String client : List.of("java", "librdkafka", "kafka-python", "aiokafka", "franz-go", "sarama"))
                for (String codec : List.of("gzip", "snappy", "lz4", "zstd"))
                    topics.add(new NewTopic(client + "." + codec, 1, (short) 1));
            admin.createTopics(topics).all().get();
        }
        for (String codec : List.of("gzip", "snappy", "lz4", "zstd")) {
            byte[] random = new byte[1000];
            new Random(1).nextBytes(random);
            Map<String, Object> config = Map.of("bootstrap.servers", args[0], "compression.type", codec,
                "key.serializer", ByteArraySerializer.class, "value.serializer", ByteArraySerializer.class);
            try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config)) {
                for (byte[] value : List.of(random, new byte[] {'x'}))
                    producer.send(new ProducerRecord<>("java." + codec, value)).get();
            }
        }
    }
}
JAVA
cat >"$work/compress.py" <<'PY'
import asyncio, random, sys
from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer
from kafka import KafkaProducer

values = [random.Random(1).randbytes(1000), b"x"]

async def aiokafka(codec):
    producer = AIOKafkaProducer(bootstrap_servers=sys.argv[1], compression_type=codec)
    await producer.start()
    for value in values:
        await producer.send_and_wait("aiokafka." + codec, value)
    await producer.stop()

for codec in ("gzip", "snappy", "lz4", "zstd"):
    producer = Producer({"bootstrap.servers": sys.argv[1], "compression.type": codec})
    for value in values:
        producer.produce("librdkafka." + codec, value)
        producer.flush(30)
    producer = KafkaProducer(bootstrap_servers=sys.argv[1], compression_type=codec)
    for value in values:
        producer.send("kafka-python." + codec, value).get(30)
    producer.close()
    asyncio.run(aiokafka(codec))
PY
mkdir "$work/go"
cd "$work/go"
cat >go.mod <<'MOD'
module finding

go 1.24

require (
	github.com/IBM/sarama v1.61.1
	github.com/twmb/franz-go v1.22.3
)
MOD
cat >main.go <<'GO'
package main

import (
	"context"
	"math/rand"
	"os"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	addr := os.Args[1]
	random := make([]byte, 1000)
	rand.New(rand.NewSource(1)).Read(random)
	codecs := map[string]kgo.CompressionCodec{"gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	for name, codec := range codecs {
		client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ProducerBatchCompression(codec))
		check(err)
		config := sarama.NewConfig()
		config.Producer.Return.Successes = true
		check(config.Producer.Compression.UnmarshalText([]byte(name)))
		producer, err := sarama.NewSyncProducer([]string{addr}, config)
		check(err)
		for _, value := range [][]byte{random, []byte("x")} {
			check(client.ProduceSync(context.Background(), &kgo.Record{Topic: "franz-go." + name, Value: value}).FirstErr())
			_, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "sarama." + name, Value: sarama.ByteEncoder(value)})
			check(err)
		}
		client.Close()
		producer.Close()
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
GOWORK=off GOFLAGS=-mod=mod go mod tidy 2>/dev/null
GOWORK=off GOFLAGS=-mod=mod go build -o compress .
java_run "$work/Compress.java" "$bootstrap"
"$python" "$work/compress.py" "$bootstrap"
./compress "$bootstrap"
# codecs CLIENT CODEC: the codec in the attributes of each batch in the log.
codecs() {
	python3 - "$work/data/$1.$2-0/00000000000000000000.log" <<'PY'
import struct, sys
log, at, found = open(sys.argv[1], "rb").read(), 0, []
while at + 61 <= len(log):
    found.append(("none", "gzip", "snappy", "lz4", "zstd")[struct.unpack(">h", log[at + 21:at + 23])[0] & 7])
    at += 12 + struct.unpack(">i", log[at + 8:at + 12])[0]
print(*found)
PY
}
for codec in gzip snappy lz4 zstd; do
	for client in librdkafka franz-go kafka-python; do expect "$client, told $codec, writes" "none none" "$(codecs $client $codec)"; done
	for client in java sarama aiokafka; do expect "$client, told $codec, writes" "$codec $codec" "$(codecs $client $codec)"; done
done
exit $changed
