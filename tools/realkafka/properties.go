package realkafka

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// zooKeeperSession is how many milliseconds ZooKeeper remembers a killed broker.
const zooKeeperSession = "6000"

// layout is what a broker's settings depend on.
type layout struct {
	version    version
	mode       string
	partitions int
	zookeeper  string              // its address, in zk mode
	brokers    []string            // addresses, the broker's id is the index
	voters     []string            // addresses of the controllers, in kraft mode
	listeners  map[string][]string // further addresses by protocol, like brokers
	users      map[string]string   // passwords
}

// properties are those of broker id, with data in dataDir.
func (l layout) properties(id int, dataDir string) map[string]string {
	p := l.common()
	p["log.dirs"] = dataDir
	address := l.brokers[id]
	switch {
	case l.mode == modeKRaft:
		l.kraft(p, id)
	case l.version.before(0, 9):
		host, port, _ := strings.Cut(address, ":")
		p["host.name"], p["port"] = host, port
	default:
		p["listeners"] = "PLAINTEXT://" + address
	}
	l.secure(p, id)
	if l.mode == modeZooKeeper {
		p["broker.id"] = strconv.Itoa(id)
		p["zookeeper.connect"] = l.zookeeper
		p["zookeeper.session.timeout.ms"] = zooKeeperSession
		p["zookeeper.connection.timeout.ms"] = "30000"
	}
	return p
}

// common are the settings that all brokers of the cluster share: those with
// which a correct client loses nothing, and a small cluster starts quickly.
func (l layout) common() map[string]string {
	replicas := strconv.Itoa(len(l.brokers))
	inSync := "1"
	if len(l.brokers) > 2 {
		inSync = "2"
	}
	p := map[string]string{
		"num.partitions":             strconv.Itoa(l.partitions),
		"default.replication.factor": replicas,
		"auto.create.topics.enable":  "true",
	}
	set := func(name, value string, since ...int) {
		if l.version.from(since...) {
			p[name] = value
		}
	}
	set("unclean.leader.election.enable", "false", 0, 8, 1)
	set("min.insync.replicas", inSync, 0, 8, 2)
	set("delete.topic.enable", "true", 0, 8, 2)
	set("offsets.topic.num.partitions", "4", 0, 8, 2)
	set("offsets.topic.replication.factor", replicas, 0, 8, 2)
	set("group.initial.rebalance.delay.ms", "0", 0, 11)
	set("transaction.state.log.num.partitions", "4", 0, 11)
	set("transaction.state.log.replication.factor", replicas, 0, 11)
	set("transaction.state.log.min.isr", inSync, 0, 11)
	set("share.coordinator.state.topic.num.partitions", "4", 4)
	set("share.coordinator.state.topic.replication.factor", replicas, 4)
	set("share.coordinator.state.topic.min.isr", inSync, 4)
	return p
}

// kraft makes the node a broker and a controller in one.
func (l layout) kraft(p map[string]string, id int) {
	var voters []string
	for i, address := range l.voters {
		voters = append(voters, fmt.Sprintf("%d@%s", i, address))
	}
	p["process.roles"] = "broker,controller"
	p["node.id"] = strconv.Itoa(id)
	p["controller.quorum.voters"] = strings.Join(voters, ",")
	p["controller.listener.names"] = "CONTROLLER"
	p["inter.broker.listener.name"] = "PLAINTEXT"
	p["listener.security.protocol.map"] = "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"
	p["listeners"] = "PLAINTEXT://" + l.brokers[id] + ",CONTROLLER://" + l.voters[id]
	p["advertised.listeners"] = "PLAINTEXT://" + l.brokers[id]
}

// zooKeeperProperties configure a ZooKeeper of one server. Its tick, half the
// shortest session and what sessions are rounded up to, is small, so that a
// killed broker is forgotten soon.
func zooKeeperProperties(address, dataDir string) map[string]string {
	host, port, _ := strings.Cut(address, ":")
	return map[string]string{
		"tickTime":          "1000",
		"clientPort":        port,
		"clientPortAddress": host,
		"dataDir":           dataDir,
		"maxClientCnxns":    "0",
	}
}

// log4jProperties send what is logged to standard output.
var log4jProperties = map[string]string{
	"log4j.rootLogger":                            "INFO, out",
	"log4j.appender.out":                          "org.apache.log4j.ConsoleAppender",
	"log4j.appender.out.layout":                   "org.apache.log4j.PatternLayout",
	"log4j.appender.out.layout.ConversionPattern": "[%d] %p %m (%c)%n",
}

// renderProperties writes a Java properties file, sorted by name.
func renderProperties(p map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		b.WriteString(escapeProperty(name, true) + "=" + escapeProperty(p[name], false) + "\n")
	}
	return b.String()
}

// escapeProperty quotes what has a meaning in a properties file.
func escapeProperty(s string, name bool) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case name && strings.ContainsRune(" :=#!", r), i == 0 && r == ' ':
			b.WriteString(`\` + string(r))
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		case r > '~':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
