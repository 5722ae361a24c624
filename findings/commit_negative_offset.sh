#!/usr/bin/env bash
# Guess:    a broker refuses to commit a negative offset, or clients take what is negative as "nothing committed".
# Seen:     2026-11-30, Kafka 4.4.0: OffsetCommit stores -1, -2 and -5 with code 0, and OffsetFetch returns them with code 0. Java
#           (kafka-clients 4.4.0) and kafka-python 3.0.12 report "no commit" and follow auto.offset.reset. librdkafka (confluent-kafka 2.16.1)
#           does so for -1 alone; -2 is its own number for the beginning, which it obeys with auto.offset.reset=latest too, and with -5 it
#           reads nothing for as long as one waits, and reports no error.
# So:       a client never commits a negative offset, and reads any as "nothing committed"; where a group is stuck or reads all again, look
#           for such a commit (scripts write -1 or -2 and mean the end or the beginning).
. "$(dirname "$0")/lib.sh"
broker 4.4.0
pip confluent-kafka==2.16.1 kafka-python==3.0.12
cat >"$work/groups.py" <<'PY'
import socket, struct, sys, time
from confluent_kafka import Consumer, Producer, TopicPartition
from kafka import KafkaConsumer
from kafka import TopicPartition as PythonPartition

host, port = sys.argv[1].split(":")

def string(s):
    return struct.pack(">h", len(s)) + s.encode()

def commit(group, offset):
    """OffsetCommit v2, by hand: no client library writes a negative offset."""
    body = string(group) + struct.pack(">i", -1) + string("") + struct.pack(">qi", -1, 1) + string("t") + struct.pack(">iiq", 1, 0, offset) + string("")
    frame = struct.pack(">hhi", 8, 2, 1) + string("finding") + body
    with socket.create_connection((host, int(port))) as s:
        s.sendall(struct.pack(">i", len(frame)) + frame)
        size = struct.unpack(">i", s.recv(4, socket.MSG_WAITALL))[0]
        return struct.unpack(">h", s.recv(size, socket.MSG_WAITALL)[-2:])[0]

producer = Producer({"bootstrap.servers": sys.argv[1]})
for i in range(3):
    producer.produce("t", str(i))
producer.flush(30)

# Whoever looks for a coordinator has the topic of the offsets made.
Consumer({"bootstrap.servers": sys.argv[1], "group.id": "first"}).committed([TopicPartition("t", 0)], timeout=30)

for offset in (-1, -2, -5):
    for client in ("librdkafka", "kafka-python", "java"):
        code = 16
        for _ in range(100):  # the coordinator may still be loading
            code = commit(client + str(offset), offset)
            if code not in (14, 15, 16):
                break
            time.sleep(0.2)
        print(client, offset, "code", code)
    consumer = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "librdkafka" + str(offset), "auto.offset.reset": "latest" if offset == -2 else "earliest", "enable.auto.commit": False})
    print("librdkafka committed", offset, consumer.committed([TopicPartition("t", 0)], timeout=10)[0].offset)
    consumer.subscribe(["t"])
    read, until = [], time.time() + 12
    while time.time() < until and len(read) < 3:
        m = consumer.poll(0.5)
        if m is not None:
            read.append(str(m.error()) if m.error() else m.offset())
    print("librdkafka reads", offset, read)
    consumer.close()
    consumer = KafkaConsumer("t", bootstrap_servers=sys.argv[1], group_id="kafka-python" + str(offset), auto_offset_reset="earliest", consumer_timeout_ms=8000, enable_auto_commit=False)
    print("kafka-python reads", offset, [m.offset for m in consumer])
    print("kafka-python committed", offset, consumer.committed(PythonPartition("t", 0)))
    consumer.close()
PY
cat >"$work/Groups.java" <<'JAVA'
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

public class Groups {
    public static void main(String[] args) {
        for (int offset : new int[] {-1, -2, -5}) {
            Map<String, Object> config = Map.of("bootstrap.servers", args[0], "group.id", "java" + offset, "auto.offset.reset", "earliest",
                "enable.auto.commit", false, "key.deserializer", StringDeserializer.class, "value.deserializer", StringDeserializer.class);
            try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config)) {
                TopicPartition t = new TopicPartition("t", 0);
                System.out.println("java committed " + offset + " " + consumer.committed(Set.of(t)).get(t));
                consumer.assign(List.of(t));
                List<Long> read = new ArrayList<>();
                for (int i = 0; i < 20 && read.size() < 3; i++)
                    consumer.poll(Duration.ofMillis(500)).forEach(r -> read.add(r.offset()));
                System.out.println("java reads " + offset + " " + read);
            }
        }
    }
}
JAVA
"$python" "$work/groups.py" "$bootstrap" >"$work/out"
java_run "$work/Groups.java" "$bootstrap" >>"$work/out"
got() { grep "^$1 " "$work/out" | cut -c$((${#1} + 2))-; }
for offset in -1 -2 -5; do
	expect "the broker commits $offset" "code 0" "$(got "java $offset")"
	expect "java: committed after $offset" null "$(got "java committed $offset")"
	expect "java: reads after $offset" "[0, 1, 2]" "$(got "java reads $offset")"
	expect "kafka-python: committed after $offset" None "$(got "kafka-python committed $offset")"
	expect "kafka-python: reads after $offset" "[0, 1, 2]" "$(got "kafka-python reads $offset")"
done
expect "librdkafka: committed after -5" -5 "$(got "librdkafka committed -5")"
expect "librdkafka: reads after -1" "[0, 1, 2]" "$(got "librdkafka reads -1")"
expect "librdkafka: reads after -2, reset latest" "[0, 1, 2]" "$(got "librdkafka reads -2")"
expect "librdkafka: reads after -5" "[]" "$(got "librdkafka reads -5")"
exit $changed
