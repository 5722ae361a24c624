#!/usr/bin/env bash
# Guess:    what a compressed batch asks of its reader's memory grows with the batch.
# Seen:     2026-11-30: the Java producer (kafka-clients 4.4.0, zstd-jni as it brings it) packs as a stream without a known size, so each batch's frame
#           declares the level's whole window, however small the batch: 2 MiB at level 3, 8 MiB at 19, 32 at 20, 64 at 21, 128 at 22. A broker
#           (4.4.0) takes it as it is. kafka-go 0.4.51 makes room for the window: 1 record of 1,000 bytes at level 22 makes its process
#           take at least 128 MiB from the system, at level 3 under 32. franz-go 1.22.3 and sarama 1.61.1 stay under 32.
# So:       a client bounds a decoder by the bytes that may come out, not by the declared window, and does not refuse the frame for its window alone;
#           a producer that knows the size says so (a single segment has no window).
. "$(dirname "$0")/lib.sh"
broker 4.4.0
cat >"$work/Levels.java" <<'JAVA'
import java.util.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Levels {
    public static void main(String[] args) throws Exception {
        byte[] value = new byte[1000];
        Arrays.fill(value, (byte) 'x');
        for (int level : new int[] {3, 19, 20, 21, 22}) {
            Map<String, Object> config = Map.of("bootstrap.servers", args[0], "compression.type", "zstd", "compression.zstd.level", level,
                "key.serializer", ByteArraySerializer.class, "value.serializer", ByteArraySerializer.class);
            try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(config)) {
                producer.send(new ProducerRecord<>("level" + level, value)).get();
            }
        }
    }
}
JAVA
java_run "$work/Levels.java" "$bootstrap"
# The window descriptor is the sixth byte of the frame, which begins behind the 61 bytes of the batch's header.
window() {
	python3 - "$work/data/level$1-0/00000000000000000000.log" <<'PY'
import sys
b = open(sys.argv[1], "rb").read()[61:]
assert b[:4] == b"\x28\xb5\x2f\xfd" and not b[4] & 0x20, "no frame with a window"
base = 1 << (10 + (b[5] >> 3))
print((base + (base >> 3) * (b[5] & 7)) >> 20)
PY
}
for pair in 3:2 19:8 20:32 21:64 22:128; do
	expect "MiB of window at level ${pair%:*}" "${pair#*:}" "$(window "${pair%:*}")"
done
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
	"runtime"
	"time"

	"github.com/IBM/sarama"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	addr, topic := os.Args[2], os.Args[3]
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var size int
	switch os.Args[1] {
	case "franz-go":
		client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic))
		check(err)
		size = len(client.PollFetches(ctx).Records()[0].Value)
	case "kafka-go":
		m, err := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{addr}, Topic: topic}).ReadMessage(ctx)
		check(err)
		size = len(m.Value)
	case "sarama":
		consumer, err := sarama.NewConsumer([]string{addr}, nil)
		check(err)
		partition, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
		check(err)
		size = len((<-partition.Messages()).Value)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	taken := "under 32 MiB"
	if m.Sys >= 128<<20 {
		taken = "128 MiB or more"
	} else if m.Sys >= 32<<20 {
		taken = fmt.Sprint(m.Sys>>20, " MiB")
	}
	fmt.Println(size, "bytes,", taken)
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(0)
	}
}
GO
GOWORK=off GOFLAGS=-mod=mod go mod tidy 2>/dev/null
GOWORK=off GOFLAGS=-mod=mod go build -o reader .
for client in franz-go sarama kafka-go; do
	expect "$client reads level 3" "1000 bytes, under 32 MiB" "$(./reader $client "$bootstrap" level3)"
done
expect "franz-go reads level 22" "1000 bytes, under 32 MiB" "$(./reader franz-go "$bootstrap" level22)"
expect "sarama reads level 22" "1000 bytes, under 32 MiB" "$(./reader sarama "$bootstrap" level22)"
expect "kafka-go reads level 22" "1000 bytes, 128 MiB or more" "$(./reader kafka-go "$bootstrap" level22)"
exit $changed
