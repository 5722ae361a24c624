#!/usr/bin/env bash
# Guess:    what is valid by the codec's own specification can be a batch's content, and what a broker accepts every client reads.
# Seen:     2026-12-01, Kafka 4.4.0 unpacks what is produced, and refuses with UNKNOWN_SERVER_ERROR (-1, without a word, not as a corrupt message):
#           lz4 frames whose blocks are linked, which is python-lz4's default; an lz4 frame behind a skippable one; snappy in its public framing
#           format; a zstd window of 256 MiB. Two lz4 frames in a row are INVALID_RECORD (87). It accepts every other form tried: a gzip of
#           two members, an lz4 frame before a skippable one, two zstd frames, with skippable ones before and after. Java, kafka-python,
#           franz-go, sarama and kafka-go read all of those whole. librdkafka (2.16.0) takes of a gzip batch of two members the first one's
#           records alone and continues behind the batch: 50 of 100 are skipped, without an error; and it can't unpack the lz4 frame
#           that a skippable one follows.
# So:       a writer makes one gzip member, one lz4 frame of independent blocks, one zstd frame per batch; a reader takes all of them to
#           their end; -1 to a compressed batch is explained as one that the broker can't unpack.
. "$(dirname "$0")/lib.sh"
broker 4.4.0
pip confluent-kafka==2.16.1 kafka-python==3.0.12 python-snappy==0.7.3 lz4==4.4.5 zstandard==0.25.0 cramjam==2.11.0 google-crc32c==1.7.1
cat >"$work/frames.py" <<'PY'
import gzip, random, socket, struct, sys, time
import google_crc32c, snappy, zstandard
import lz4.frame as lz4
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

addr = sys.argv[1]
host, port = addr.split(":")

def varint(n):
    n, out = (n << 1) ^ (n >> 63), b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])

def record(i, value):
    r = b"\0" + varint(0) + varint(i) + varint(-1) + varint(len(value)) + value + varint(0)
    return varint(len(r)) + r

def batch(codec, content, n):
    now = int(time.time() * 1000)
    body = struct.pack(">hiqqqhii", codec, n - 1, now, now, -1, -1, -1, n) + content
    return struct.pack(">qiibI", 0, len(body) + 9, -1, 2, google_crc32c.value(body)) + body

def produce(topic, batch):
    name = struct.pack(">h", len(topic)) + topic.encode()
    frame = (struct.pack(">hhih", 0, 7, 1, -1) + struct.pack(">hhi", -1, -1, 5000) + struct.pack(">i", 1) + name
             + struct.pack(">iii", 1, 0, len(batch)) + batch)
    with socket.create_connection((host, int(port))) as s:
        s.sendall(struct.pack(">i", len(frame)) + frame)
        size = struct.unpack(">i", s.recv(4, socket.MSG_WAITALL))[0]
        answer = s.recv(size, socket.MSG_WAITALL)
    at = 4 + 4 + len(name) + 4 + 4
    return struct.unpack(">h", answer[at:at + 2])[0]

rnd = random.Random(7)
values = [bytes(rnd.choice(b"abcdef") for _ in range(2000)) for _ in range(100)]
records = [record(i, v) for i, v in enumerate(values)]
all, first, second = b"".join(records), b"".join(records[:50]), b"".join(records[50:])
skippable = struct.pack("<II", 0x184D2A50, 4) + b"abcd"
zstd = zstandard.ZstdCompressor()
stream = zstandard.ZstdCompressor(compression_params=zstandard.ZstdCompressionParameters.from_level(3, window_log=28)).compressobj()
plain_lz4 = lz4.compress(all, block_linked=False)
forms = {
    "gzip.two-members": (1, gzip.compress(first) + gzip.compress(second)),
    "snappy.framed": (2, snappy.StreamCompressor().compress(all)),
    "lz4.independent": (3, plain_lz4),
    "lz4.linked": (3, lz4.compress(all)),
    "lz4.two-frames": (3, lz4.compress(first, block_linked=False) + lz4.compress(second, block_linked=False)),
    "lz4.skippable-first": (3, skippable + plain_lz4),
    "lz4.skippable-last": (3, plain_lz4 + skippable),
    "zstd.two-frames": (4, zstd.compress(first) + zstd.compress(second)),
    "zstd.skippable-both": (4, skippable + zstd.compress(all) + skippable),
    "zstd.window-256MiB": (4, stream.compress(all) + stream.flush()),
}
admin = AdminClient({"bootstrap.servers": addr})
for done in admin.create_topics([NewTopic(t, 1, 1) for t in forms]).values():
    done.result()
accepted = []
for topic, (codec, content) in forms.items():
    code = 6
    while code in (3, 6):  # the leader has not heard of it yet
        code = produce(topic, batch(codec, content, 100))
    print("broker", topic, code)
    if code == 0:
        produce(topic, batch(0, record(0, b"after"), 1))
        accepted.append(topic)
for topic in accepted:
    consumer = Consumer({"bootstrap.servers": addr, "group.id": "frames", "enable.partition.eof": True})
    consumer.assign([TopicPartition(topic, 0, 0)])
    read, end, until = 0, "stuck", time.time() + 8
    while end == "stuck" and time.time() < until:
        m = consumer.poll(0.5)
        if m is None:
            continue
        if not m.error():
            read += 1
        elif m.error().code() == KafkaError._PARTITION_EOF:
            end = "end"
        else:
            end = m.error().name()
    print("librdkafka", topic, read, end)
    consumer.close()
open(sys.argv[2], "w").write(" ".join(accepted))
PY
cat >"$work/others.py" <<'PY'
import sys
from kafka import KafkaConsumer, TopicPartition

for topic in sys.argv[2:]:
    consumer = KafkaConsumer(bootstrap_servers=sys.argv[1], consumer_timeout_ms=4000)
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek(TopicPartition(topic, 0), 0)
    print("kafka-python", topic, len(list(consumer)))
PY
cat >"$work/Frames.java" <<'JAVA'
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

public class Frames {
    public static void main(String[] args) {
        Map<String, Object> config = Map.of("bootstrap.servers", args[0], "key.deserializer", ByteArrayDeserializer.class, "value.deserializer", ByteArrayDeserializer.class);
        for (String topic : Arrays.asList(args).subList(1, args.length))
            try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
                TopicPartition t = new TopicPartition(topic, 0);
                consumer.assign(List.of(t));
                consumer.seek(t, 0);
                int read = 0;
                for (int i = 0; i < 10 && read < 101; i++) read += consumer.poll(Duration.ofMillis(500)).count();
                System.out.println("java " + topic + " " + read);
            }
    }
}
JAVA
mkdir "$work/go"
cd "$work/go"
cat >go.mod <<'MOD'
module finding

go 1.24

require (
	github.com/IBM/sarama v1.61.1
	github.com/segmentio/kafka-go v0.4.51
	github.com/twmb/franz-go v1.22.3
)
MOD
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/IBM/sarama"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	addr := os.Args[1]
	for _, topic := range os.Args[2:] {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic))
		check(err)
		read := 0
		for read < 101 && ctx.Err() == nil {
			read += client.PollFetches(ctx).NumRecords()
		}
		client.Close()
		fmt.Println("franz-go", topic, read)

		reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{addr}, Topic: topic, MaxBytes: 10 << 20})
		for read = 0; read < 101; read++ {
			if _, err := reader.ReadMessage(ctx); err != nil {
				break
			}
		}
		fmt.Println("kafka-go", topic, read)

		consumer, err := sarama.NewConsumer([]string{addr}, nil)
		check(err)
		partition, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
		check(err)
		for read = 0; read < 101 && ctx.Err() == nil; {
			select {
			case <-partition.Messages():
				read++
			case <-ctx.Done():
			}
		}
		fmt.Println("sarama", topic, read)
		cancel()
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
GOWORK=off GOFLAGS=-mod=mod go mod tidy 2>/dev/null
GOWORK=off GOFLAGS=-mod=mod go build -o frames .
"$python" "$work/frames.py" "$bootstrap" "$work/accepted" >"$work/out" 2>/dev/null
read -ra accepted <"$work/accepted" || true
"$python" "$work/others.py" "$bootstrap" "${accepted[@]}" >>"$work/out"
java_run "$work/Frames.java" "$bootstrap" "${accepted[@]}" >>"$work/out"
./frames "$bootstrap" "${accepted[@]}" >>"$work/out"
got() { sed -n "s/^$1 $2 //p" "$work/out"; }
for form in snappy.framed lz4.linked lz4.skippable-first zstd.window-256MiB; do expect "the broker answers $form with" -1 "$(got broker $form)"; done
expect "the broker answers lz4.two-frames with" 87 "$(got broker lz4.two-frames)"
for form in gzip.two-members lz4.independent lz4.skippable-last zstd.two-frames zstd.skippable-both; do
	expect "the broker answers $form with" 0 "$(got broker $form)"
	for client in java kafka-python franz-go sarama kafka-go; do expect "$client reads of $form" 101 "$(got $client $form)"; done
done
for form in lz4.independent zstd.two-frames zstd.skippable-both; do expect "librdkafka reads of $form" "101 end" "$(got librdkafka $form)"; done
expect "librdkafka reads of gzip.two-members, and 1 behind" "51 end" "$(got librdkafka gzip.two-members)"
expect "librdkafka reads of lz4.skippable-last" "0 _BAD_MSG" "$(got librdkafka lz4.skippable-last)"
exit $changed
