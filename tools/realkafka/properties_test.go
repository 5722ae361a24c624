package realkafka

import (
	"maps"
	"testing"
)

func TestRenderProperties(t *testing.T) {
	got := renderProperties(map[string]string{
		"b":          "1",
		"a":          `C:\x`,
		"sasl.jaas":  `org.X required username="u" password="p=;#!";`,
		"with space": " led by one",
		"c":          "two\nlines\tä€😀",
		"d":          "",
	})
	want := `a=C:\\x
b=1
c=two\nlines\t\u00e4\u20ac\ud83d\ude00
d=
sasl.jaas=org.X required username="u" password="p=;#!";
with\ space=\ led by one
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// settings is what a broker of the release gets.
func settings(t *testing.T, release, mode string, brokers, id int) map[string]string {
	t.Helper()
	v, err := parseVersion(release)
	if err != nil {
		t.Fatal(err)
	}
	l := layout{version: v, partitions: 6, brokers: []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"}[:brokers]}
	if l.mode, err = v.mode(mode); err != nil {
		t.Fatal(err)
	}
	if l.mode == modeKRaft {
		l.voters = []string{"127.0.0.1:11", "127.0.0.1:12", "127.0.0.1:13"}[:brokers]
	} else {
		l.zookeeper = "127.0.0.1:9"
	}
	return l.properties(id, "/data")
}

func TestProperties(t *testing.T) {
	const absent = "\x00"
	for _, c := range []struct {
		release, mode string
		brokers, id   int
		want          map[string]string
	}{
		{"0.8.0", "", 1, 0, map[string]string{
			"broker.id": "0", "host.name": "127.0.0.1", "port": "1", "listeners": absent,
			"zookeeper.connect": "127.0.0.1:9", "num.partitions": "6", "default.replication.factor": "1",
			"min.insync.replicas": absent, "unclean.leader.election.enable": absent, "log.dirs": "/data",
		}},
		{"0.8.2.2", "", 3, 2, map[string]string{
			"broker.id": "2", "port": "3", "default.replication.factor": "3", "min.insync.replicas": "2",
			"unclean.leader.election.enable": "false", "offsets.topic.replication.factor": "3",
			"group.initial.rebalance.delay.ms": absent, "transaction.state.log.min.isr": absent,
		}},
		{"0.9.0.1", "", 1, 0, map[string]string{
			"listeners": "PLAINTEXT://127.0.0.1:1", "host.name": absent, "port": absent, "node.id": absent,
		}},
		{"0.11.0.3", "", 1, 0, map[string]string{
			"group.initial.rebalance.delay.ms": "0", "transaction.state.log.replication.factor": "1",
			"transaction.state.log.min.isr": "1", "min.insync.replicas": "1",
		}},
		{"3.9.2", "zk", 1, 0, map[string]string{
			"broker.id": "0", "process.roles": absent, "listeners": "PLAINTEXT://127.0.0.1:1",
		}},
		{"4.4.0", "", 3, 1, map[string]string{
			"broker.id": absent, "node.id": "1", "process.roles": "broker,controller", "zookeeper.connect": absent,
			"controller.quorum.voters":              "0@127.0.0.1:11,1@127.0.0.1:12,2@127.0.0.1:13",
			"listeners":                             "PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:12",
			"advertised.listeners":                  "PLAINTEXT://127.0.0.1:2",
			"share.coordinator.state.topic.min.isr": "2", "transaction.state.log.min.isr": "2",
		}},
	} {
		got := settings(t, c.release, c.mode, c.brokers, c.id)
		for name, want := range c.want {
			value, ok := got[name]
			if !ok {
				value = absent
			}
			if value != want {
				t.Errorf("%s %s: %s is %q, want %q", c.release, c.mode, name, value, want)
			}
		}
	}
}

// TestPropertiesPerBroker: brokers of a cluster differ in nothing but who and
// where they are.
func TestPropertiesPerBroker(t *testing.T) {
	own := []string{"node.id", "listeners", "advertised.listeners"}
	first, second := settings(t, "4.4.0", "", 3, 0), settings(t, "4.4.0", "", 3, 1)
	for _, name := range own {
		if first[name] == second[name] {
			t.Errorf("two brokers have %s=%s", name, first[name])
		}
		delete(first, name)
		delete(second, name)
	}
	if !maps.Equal(first, second) {
		t.Errorf("two brokers differ:\n%v\n%v", first, second)
	}
}
