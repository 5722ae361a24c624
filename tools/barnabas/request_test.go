package main

import (
	"strings"
	"testing"

	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

func TestRequest(t *testing.T) {
	cluster := kafkatest.Start(t, kafkatest.TCP(), kafkatest.Brokers(2), kafkatest.Topic("t", 1))
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
		{"", `Metadata {} {}`, 2, `don't know what to do with "{}"`},
	} {
		status, stdout, stderr := command(t, c.stdin, append([]string{"request", "-b", addr, "-X", "max.block.ms=2000"}, strings.Fields(c.args)...)...)
		if status != c.status || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("request %s: exit status %d, want %d and %q:\n%s%s", c.args, status, c.status, c.want, stdout, stderr)
		}
	}
}
