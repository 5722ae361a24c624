"""Produces, consumes with two members of a group, and commits with kafka-python.

    python kafka_python.py 127.0.0.1:19092
"""
import sys, time
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

server, topic, group, n = sys.argv[1], "trial-%d" % time.time(), "trial", 2000

producer = KafkaProducer(bootstrap_servers=server, acks="all", compression_type="gzip", linger_ms=5)
futures = [producer.send(topic, key=b"key %d" % (i % 50), value=b"%d" % i) for i in range(n)]
producer.flush(30)
assert len({(f.get().partition, f.get().offset) for f in futures}) == n
producer.close()


def member():
    return KafkaConsumer(topic, bootstrap_servers=server, group_id=group, auto_offset_reset="earliest",
                         enable_auto_commit=False, session_timeout_ms=10000, heartbeat_interval_ms=300)


def poll(consumer, seen):
    for records in consumer.poll(timeout_ms=200, max_records=100).values():
        for r in records:
            seen.append((r.partition, r.offset, r.key, int(r.value)))
    if consumer.assignment():
        consumer.commit()


seen, first = [], member()
while len(seen) < n // 2:
    poll(first, seen)
second, deadline = member(), time.time() + 30
while len(seen) < n or not second.assignment():
    assert time.time() < deadline, (len(seen), first.assignment(), second.assignment())
    for consumer in (first, second):
        poll(consumer, seen)
shared = len(first.assignment()), len(second.assignment())
second.close()
deadline = time.time() + 30
while len(first.assignment()) < sum(shared):
    assert time.time() < deadline, first.assignment()
    poll(first, seen)

values = [value for *_, value in seen]
assert sorted(values) == list(range(n)), "records are missing or double: %d" % len(values)
for key in {key for _, _, key, _ in seen}:
    of_key = [value for _, _, k, value in seen if k == key]
    assert of_key == sorted(of_key), "out of order: %r" % key
partitions = [TopicPartition(topic, p) for p in first.partitions_for_topic(topic)]
ends = first.end_offsets(partitions)
assert sum(ends.values()) == n and all(first.committed(tp) == ends[tp] for tp in partitions)
print("%d records, partitions shared %d and %d, committed to the end, api_version %s"
      % (n, *shared, first.config["api_version"]))
first.close()
