#!/usr/bin/env bash
# Guess:    a client writes the timestamp that it is given, 0 is 1970 everywhere, and -1 ("no timestamp") can't be written since 0.10.
# Seen:     2026-11-30, Kafka 4.4.0: librdkafka (confluent-kafka 2.16.1) takes 0 as "now"; kafka-python 3.0.12, Java (kafka-clients 4.4.0), franz-go
#           1.22.3 and sarama 1.61.1 write 0. -1 is written as it is by librdkafka, kafka-python and franz-go, and accepted by the broker; Java
#           and sarama refuse it before sending. And what was written does not stay alike: with the default retention of seven days the
#           record of time 0 is gone at the next check, while the one of time -1 stays, since the broker goes by the file's age then.
# So:       a client's "now" is the absence of a timestamp, not a number; what is before 1970 is refused or documented; readers expect -1.
. "$(dirname "$0")/lib.sh"
broker 4.4.0 log.retention.check.interval.ms=1000 log.initial.task.delay.ms=500
pip confluent-kafka==2.16.1 kafka-python==3.0.12
cat >"$work/Stamp.java" <<'JAVA'
import java.util.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.StringSerializer;

public class Stamp {
    public static void main(String[] args) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", args[0], "key.serializer", StringSerializer.class, "value.serializer", StringSerializer.class);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(config)) {
            for (long time : new long[] {0, -1})
                try {
                    System.out.println("java " + time + " " + producer.send(new ProducerRecord<>("java" + time, 0, time, null, "x")).get().timestamp());
                } catch (IllegalArgumentException e) {
                    System.out.println("java " + time + " refused");
                }
        }
    }
}
JAVA
cat >"$work/stamp.py" <<'PY'
import sys, time
from confluent_kafka import Producer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

start = time.time() * 1000 - 60_000
producer = Producer({"bootstrap.servers": sys.argv[1]})
python = KafkaProducer(bootstrap_servers=sys.argv[1])
for stamp in (0, -1):
    def done(err, m):
        written = m.timestamp()[1]
        print("librdkafka", stamp, "now" if written > start else written)
    producer.produce("librdkafka%d" % stamp, "x", timestamp=stamp, on_delivery=done)
    producer.flush(30)
    print("kafka-python", stamp, python.send("kafka-python%d" % stamp, b"x", timestamp_ms=stamp).get(30).timestamp)
PY
cat >"$work/left.py" <<'PY'
import sys, time
from kafka import KafkaConsumer, TopicPartition

consumer = KafkaConsumer(bootstrap_servers=sys.argv[1])
def first(topic):
    partition = TopicPartition(topic, 0)
    return consumer.beginning_offsets([partition])[partition]
until = time.time() + 60
while first("kafka-python0") == 0 and time.time() < until:
    time.sleep(1)
for stamp in ("0", "-1"):
    print("left", stamp, "no" if first("kafka-python" + stamp) else "yes")
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
	"fmt"
	"os"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	client, err := kgo.NewClient(kgo.SeedBrokers(os.Args[1]), kgo.AllowAutoTopicCreation())
	check(err)
	config := sarama.NewConfig()
	config.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(os.Args[1:2], config)
	check(err)
	for _, stamp := range []int64{0, -1} {
		record, err := client.ProduceSync(context.Background(), &kgo.Record{Topic: fmt.Sprint("franz-go", stamp), Value: []byte("x"), Timestamp: time.UnixMilli(stamp)}).First()
		check(err)
		fmt.Println("franz-go", stamp, record.Timestamp.UnixMilli())
		m := &sarama.ProducerMessage{Topic: fmt.Sprint("sarama", stamp), Value: sarama.ByteEncoder("x"), Timestamp: time.UnixMilli(stamp)}
		if _, _, err := producer.SendMessage(m); err != nil {
			fmt.Println("sarama", stamp, "refused")
		} else {
			fmt.Println("sarama", stamp, m.Timestamp.UnixMilli())
		}
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
GOWORK=off GOFLAGS=-mod=mod go mod tidy 2>/dev/null
GOWORK=off GOFLAGS=-mod=mod go build -o stamp .
{ java_run "$work/Stamp.java" "$bootstrap"; "$python" "$work/stamp.py" "$bootstrap"; ./stamp "$bootstrap"; "$python" "$work/left.py" "$bootstrap"; } >"$work/out"
got() { sed -n "s/^$1 $2 //p" "$work/out"; }
for client in java kafka-python franz-go sarama; do expect "$client writes 0 as" 0 "$(got $client 0)"; done
expect "librdkafka writes 0 as" now "$(got librdkafka 0)"
for client in librdkafka kafka-python franz-go; do expect "$client writes -1 as" -1 "$(got $client -1)"; done
for client in java sarama; do expect "$client, given -1" refused "$(got $client -1)"; done
expect "the record of time 0 is still there" no "$(got left 0)"
expect "the record of time -1 is still there" yes "$(got left -1)"
exit $changed
