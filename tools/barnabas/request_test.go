package main

import (
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

func TestRequest(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Brokers(2), kafkatest.Topic("t", 1), kafkatest.Topic("gone", 1))
	addr := cluster.Addrs()[0]
	for _, c := range []struct {
		stdin, args string
		status      int
		want        string // in the output
	}{
		{"", `Metadata/1 {"topics":[{"name":"t"}]}`, 0, `"name": "t"`},
		{"", `metadata {"topics":null}`, 0, `"clusterId"`},
		{`{"topics":[{"name":"t"}]}`, `Metadata/1 -`, 0, `"partitionIndex": 0`},
		{"", `ListGroups`, 0, `"groups": []`},
		{"", `-node 2 ListGroups/0`, 0, `"groups": []`},
		{"", `-node 7 ListGroups`, 1, `7`},
		{"", `Metadatum`, 2, `no request "Metadatum"; there are Produce, Fetch,`},
		{"", `Metadata/99`, 2, `want a version from 0 to 13`},
		{"", `Metadata/x`, 2, `want a version from 0 to 13`},
		{"", ``, 2, `which request?`},
		{"", `Metadata {"topic":[]}`, 2, `no field "topic" here`},
		{"", `Produce {"acks":0,"topicData":[]}`, 2, `never answered`},
		{"", `DeleteTopics {"topicNames":["t"]}`, 2, `this version has no field "topicNames"; versions 0-5 have`},
		{"", `DeleteTopics/5 {"topicNames":["none"]}`, 1, `UNKNOWN_TOPIC_OR_PARTITION`},
		{"", `DeleteTopics {"topics":[{"name":"gone"}]}`, 0, `"errorCode": 0`},
		{"", `Metadata {"topics":[{"name":"a+b"}]}`, 1, `INVALID_TOPIC_EXCEPTION`},
		{"", `Metadata {} {}`, 2, `don't know what to do with "{}"`},
	} {
		status, stdout, stderr := command(t, c.stdin, append([]string{"request", "-b", addr, "-X", "max.block.ms=2000"}, strings.Fields(c.args)...)...)
		if status != c.status || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("request %s: exit status %d, want %d and %q:\n%s%s", c.args, status, c.status, c.want, stdout, stderr)
		}
	}
}

// A request goes to the broker that is responsible for what it names.
func TestRequestGoesWhereItBelongs(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Version("2.8.2"), kafkatest.Brokers(3), kafkatest.Topic("t", 3))
	addr := cluster.Addrs()[0]
	for node := int32(1); node <= 3; node++ {
		if err := cluster.MoveLeader("t", node-1, node); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{
		`CreateTopics {"topics":[{"name":"new","numPartitions":1,"replicationFactor":1}]}`,
		`DeleteTopics/5 {"topicNames":["new"]}`,
		`ListOffsets {"topics":[{"name":"t","partitions":[{"partitionIndex":0,"timestamp":-1}]}]}`,
		`ListOffsets {"topics":[{"name":"t","partitions":[{"partitionIndex":1,"timestamp":-1}]}]}`,
		`ListOffsets {"topics":[{"name":"t","partitions":[{"partitionIndex":2,"timestamp":-1}]}]}`,
		`DescribeGroups {"groups":["a"]}`,
		`DescribeGroups {"groups":["b"]}`,
		`DescribeGroups {"groups":["c"]}`,
	} {
		status, stdout, stderr := command(t, "", append([]string{"request", "-b", addr, "-X", "max.block.ms=20000"}, strings.Fields(args)...)...)
		if status != 0 {
			t.Errorf("request %s: exit status %d:\n%s%s", args, status, stdout, stderr)
		}
	}
	wrong := `ListOffsets {"topics":[{"name":"t","partitions":[{"partitionIndex":1,"timestamp":-1}]}]}`
	status, stdout, stderr := command(t, "", append([]string{"request", "-b", addr, "-node", "3"}, strings.Fields(wrong)...)...)
	if status != 1 || !strings.Contains(stdout, `"errorCode": 6`) || !strings.Contains(stderr, "NOT_LEADER_OR_FOLLOWER") {
		t.Errorf("to another than the leader: exit status %d:\n%s%s", status, stdout, stderr)
	}
}
