#!/usr/bin/env bash
# Guess:    SCRAM in Kafka prepares user names and passwords as RFC 5802 says (SASLprep), and a name may hold any letter.
# Seen:     2026-11-30, Kafka 4.4.0: neither the tools that make a user nor the broker prepare anything; the bytes of the password count as they
#           are. Clients that leave SASLprep out too log in (librdkafka of confluent-kafka 2.16.1, kafka-python 3.0.12, franz-go 1.22.3);
#           clients that prepare (kafka-go 0.4.51, and sarama 1.61.1 with xdg-go/scram 1.2.0, the usual choice) are told that the
#           password is wrong when it holds what SASLprep changes: a no-break space, a ligature, a full-width digit. A user whose
#           name goes beyond ASCII can be made without complaint, but no client can log in as that user.
# So:       a client takes the password as it is; its error for a refused login says that, and that a name must be ASCII.
. "$(dirname "$0")/lib.sh"
nbsp=$(printf 'a\u00a0b')
ligature=$(printf 'o\ufb03ce')
wide=$(printf 'pass\uff11')
listener_protocol=SASL_PLAINTEXT
format_options=(--add-scram 'SCRAM-SHA-256=[name=admin,password=admin-secret]')
format_options+=(--add-scram "SCRAM-SHA-256=[name=plain,password=a b]" --add-scram "SCRAM-SHA-256=[name=nbsp,password=$nbsp]")
format_options+=(--add-scram "SCRAM-SHA-256=[name=ligature,password=$ligature]" --add-scram "SCRAM-SHA-256=[name=wide,password=$wide]")
format_options+=(--add-scram "SCRAM-SHA-256=[name=jürgen,password=x]")
broker 4.4.0 sasl.enabled.mechanisms=SCRAM-SHA-256 sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256 \
	'listener.name.clients.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="admin" password="admin-secret";'
pip confluent-kafka==2.16.1 kafka-python==3.0.12
cat >"$work/login.py" <<'PY'
import sys
from confluent_kafka.admin import AdminClient
from kafka import KafkaAdminClient

addr, user, password = sys.argv[1:]
try:
    AdminClient({"bootstrap.servers": addr, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-256",
                 "sasl.username": user, "sasl.password": password, "log_level": 0}).list_topics(timeout=6)
    print("librdkafka yes")
except Exception:
    print("librdkafka no")
try:
    KafkaAdminClient(bootstrap_servers=addr, security_protocol="SASL_PLAINTEXT", sasl_mechanism="SCRAM-SHA-256",
                     sasl_plain_username=user, sasl_plain_password=password, request_timeout_ms=6000).list_topics()
    print("kafka-python yes")
except Exception:
    print("kafka-python no")
PY
mkdir "$work/go"
cd "$work/go"
cat >go.mod <<'MOD'
module finding

go 1.24

require (
	github.com/IBM/sarama v1.61.1
	github.com/segmentio/kafka-go v0.4.51
	github.com/twmb/franz-go v1.22.3
	github.com/xdg-go/scram v1.2.0
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
	segment "github.com/segmentio/kafka-go/sasl/scram"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	xdg "github.com/xdg-go/scram"
)

type xdgClient struct{ *xdg.ClientConversation }

func (c *xdgClient) Begin(user, password, authzID string) error {
	client, err := xdg.SHA256.NewClient(user, password, authzID)
	if err == nil {
		c.ClientConversation = client.NewConversation()
	}
	return err
}

func main() {
	addr, user, password := os.Args[1], os.Args[2], os.Args[3]
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	client, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha256Mechanism()))
	if err == nil {
		err = client.Ping(ctx)
	}
	say("franz-go", err)

	mechanism, err := segment.Mechanism(segment.SHA256, user, password)
	if err == nil {
		_, err = (&kafka.Dialer{SASLMechanism: mechanism}).DialContext(ctx, "tcp", addr)
	}
	say("kafka-go", err)

	config := sarama.NewConfig()
	config.Metadata.Retry.Max = 0
	config.Net.SASL.Enable, config.Net.SASL.Mechanism = true, sarama.SASLTypeSCRAMSHA256
	config.Net.SASL.User, config.Net.SASL.Password = user, password
	config.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return new(xdgClient) }
	_, err = sarama.NewClient([]string{addr}, config)
	say("sarama", err)
}

func say(client string, err error) {
	if err != nil {
		fmt.Println(client, "no")
	} else {
		fmt.Println(client, "yes")
	}
}
GO
GOWORK=off GOFLAGS=-mod=mod go mod tidy 2>/dev/null
GOWORK=off GOFLAGS=-mod=mod go build -o login .
# who USER PASSWORD: which clients can log in.
who() { { "$python" "$work/login.py" "$bootstrap" "$@"; ./login "$bootstrap" "$@"; } 2>/dev/null | sed -n 's/ yes$//p' | sort | paste -sd ' '; }
expect "password 'a b'" "franz-go kafka-go kafka-python librdkafka sarama" "$(who plain 'a b')"
expect "a password with a no-break space" "franz-go kafka-python librdkafka" "$(who nbsp "$nbsp")"
expect "a password with a ligature" "franz-go kafka-python librdkafka" "$(who ligature "$ligature")"
expect "a password with a full-width digit" "franz-go kafka-python librdkafka" "$(who wide "$wide")"
expect "a name beyond ASCII" "" "$(who jürgen x)"
exit $changed
