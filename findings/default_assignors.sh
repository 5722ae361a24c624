#!/usr/bin/env bash
# Guess:    clients of different languages share a group as long as all keep their defaults.
# Seen:     2026-12-01, against Kafka 4.4.0: each client was started alone with its defaults, and then a member that offers one assignor
#           asked to join its group; the broker refuses who has none in common with all members (23, INCONSISTENT_GROUP_PROTOCOL). What they
#           offer: Java (kafka-clients 4.4.0) range and cooperative-sticky; librdkafka 2.16.0, kafka-go 0.4.51 and kafka-python 3.0.12 range and
#           roundrobin; aiokafka 0.14.0 roundrobin; sarama 1.61.1 range; franz-go 1.22.3 cooperative-sticky; kafkajs 2.2.4 only one that it calls
#           RoundRobinAssigner, a name that nobody else knows. So nothing is common to all of them, franz-go meets Java alone, and
#           kafkajs meets nobody.
# So:       a client offers range beside what it prefers, names its assignors as Java does, and its error for 23 lists what it offered.
. "$(dirname "$0")/lib.sh"
broker 4.4.0
pip confluent-kafka==2.16.1 kafka-python==3.0.12 aiokafka==0.14.0
mkdir "$work/go" "$work/js"
cat >"$work/member.py" <<'PY'
import asyncio, sys
client, addr = sys.argv[1:]
if client == "librdkafka":
    from confluent_kafka import Consumer
    consumer = Consumer({"bootstrap.servers": addr, "group.id": client})
    consumer.subscribe(["t"])
    while True:
        consumer.poll(1)
elif client == "kafka-python":
    from kafka import KafkaConsumer
    for m in KafkaConsumer("t", bootstrap_servers=addr, group_id=client):
        pass
else:
    from aiokafka import AIOKafkaConsumer
    async def run():
        consumer = AIOKafkaConsumer("t", bootstrap_servers=addr, group_id=client)
        await consumer.start()
        await consumer.getone()
    asyncio.run(run())
PY
cat >"$work/Member.java" <<'JAVA'
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class Member {
    public static void main(String[] args) {
        KafkaConsumer<String, String> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", args[0], "group.id", "java",
            "key.deserializer", StringDeserializer.class, "value.deserializer", StringDeserializer.class));
        consumer.subscribe(List.of("t"));
        while (true) consumer.poll(Duration.ofSeconds(1));
    }
}
JAVA
cat >"$work/js/member.js" <<'JS'
const { Kafka, logLevel } = require('kafkajs')
const consumer = new Kafka({ brokers: [process.argv[2]], logLevel: logLevel.NOTHING }).consumer({ groupId: 'kafkajs' })
consumer.connect().then(() => consumer.subscribe({ topics: ['t'] })).then(() => consumer.run({ eachMessage: async () => {} }))
JS
cat >"$work/go/go.mod" <<'MOD'
module finding

go 1.24

require (
	github.com/IBM/sarama v1.61.1
	github.com/segmentio/kafka-go v0.4.51
	github.com/twmb/franz-go v1.22.3
)
MOD
cat >"$work/go/main.go" <<'GO'
package main

import (
	"context"
	"os"

	"github.com/IBM/sarama"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

type handler struct{}

func (handler) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (handler) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (handler) ConsumeClaim(s sarama.ConsumerGroupSession, _ sarama.ConsumerGroupClaim) error {
	<-s.Context().Done()
	return nil
}

func main() {
	client, addr, ctx := os.Args[1], os.Args[2], context.Background()
	switch client {
	case "franz-go":
		c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumerGroup(client), kgo.ConsumeTopics("t"))
		for err == nil {
			c.PollFetches(ctx)
		}
	case "kafka-go":
		kafka.NewReader(kafka.ReaderConfig{Brokers: []string{addr}, GroupID: client, Topic: "t"}).ReadMessage(ctx)
	case "sarama":
		g, err := sarama.NewConsumerGroup([]string{addr}, client, nil)
		for err == nil {
			err = g.Consume(ctx, []string{"t"}, handler{})
		}
	}
}
GO
(cd "$work/go" && GOWORK=off GOFLAGS=-mod=mod go mod tidy 2>/dev/null && GOWORK=off GOFLAGS=-mod=mod go build -o member .)
(cd "$work/js" && npm --silent --no-audit --no-fund install kafkajs@2.2.4)
cat >"$work/offers.py" <<'PY'
"""Joins a client's group with one assignor at a time: code 23 says that the members do not all offer it."""
import socket, struct, subprocess, sys, time
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

addr, work = sys.argv[1:]
KafkaAdminClient(bootstrap_servers=addr).create_topics([NewTopic("t", 1, 1)])

def string(s):
    return struct.pack(">h", len(s)) + s.encode()

def call(key, version, body):
    host, port = addr.split(":")
    frame = struct.pack(">hhi", key, version, 1) + string("finding") + body
    with socket.create_connection((host, int(port)), timeout=20) as s:
        s.sendall(struct.pack(">i", len(frame)) + frame)
        size = struct.unpack(">i", s.recv(4, socket.MSG_WAITALL))[0]
        return s.recv(size, socket.MSG_WAITALL)[4:]

def state(group):
    answer = call(15, 0, struct.pack(">i", 1) + string(group))
    at = 4 + 2 + 2 + len(group)
    size = struct.unpack(">h", answer[at:at + 2])[0]
    return answer[at + 2:at + 2 + size].decode()

def joins(group, assignor):
    subscription = struct.pack(">hih", 0, 1, 1) + b"t" + struct.pack(">i", -1)
    body = (string(group) + struct.pack(">ii", 6000, 15000) + string("") + string("consumer") + struct.pack(">i", 1)
            + string(assignor) + struct.pack(">i", len(subscription)) + subscription)
    answer = call(11, 2, body)  # v2: answered when all have joined
    code = struct.unpack(">h", answer[4:6])[0]
    if code == 0:
        def text(at):
            size = struct.unpack(">h", answer[at:at + 2])[0]
            return answer[at + 2:at + 2 + size].decode(), at + 2 + size
        _, at = text(10)
        _, at = text(at)
        member, _ = text(at)
        call(13, 1, string(group) + string(member))
    return code

python = sys.executable
commands = {
    "java": ["java", "-Xmx128m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp", work + "/lib/*", work + "/Member.java", addr],
    "kafkajs": ["node", work + "/js/member.js", addr],
    **{c: [python, work + "/member.py", c, addr] for c in ("librdkafka", "kafka-python", "aiokafka")},
    **{c: [work + "/go/member", c, addr] for c in ("franz-go", "sarama", "kafka-go")},
}
for client, command in commands.items():
    member = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        offers = []
        for assignor in ("range", "roundrobin", "sticky", "cooperative-sticky", "RoundRobinAssigner"):
            until = time.time() + 60
            while state(client) != "Stable" and time.time() < until:
                time.sleep(0.3)
            if joins(client, assignor) == 0:
                offers.append(assignor)
        print(client, *offers, flush=True)
    finally:
        member.kill()
        member.wait()
PY
"$python" "$work/offers.py" "$bootstrap" "$work" >"$work/out"
got() { sed -n "s/^$1 //p" "$work/out"; }
expect java "range cooperative-sticky" "$(got java)"
expect librdkafka "range roundrobin" "$(got librdkafka)"
expect kafka-python "range roundrobin" "$(got kafka-python)"
expect aiokafka roundrobin "$(got aiokafka)"
expect franz-go cooperative-sticky "$(got franz-go)"
expect sarama range "$(got sarama)"
expect kafka-go "range roundrobin" "$(got kafka-go)"
expect kafkajs RoundRobinAssigner "$(got kafkajs)"
exit $changed
