package javacheck

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/consumer"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/oauth"
	"github.com/barnabas-kafka/barnabas/producer"
)

// A javaProperty is a property of one of Kafka's clients.
type javaProperty struct {
	name, kind, byDefault, allowed string
}

func javaProperties(t *testing.T, java *jvm, client string) map[string]javaProperty {
	t.Helper()
	text, thrown := java.ask(t, newest, "Properties.list", client)
	if thrown != "" {
		t.Fatal(thrown)
	}
	all := map[string]javaProperty{}
	for line := range strings.SplitSeq(text, "\t") {
		p := strings.Split(line, "|")
		all[p[0]] = javaProperty{p[0], p[1], p[2], p[3]}
	}
	return all
}

// configs are what properties are read into.
type configs struct {
	client   netclient.Config
	producer producer.Config
	consumer consumer.Config
}

// parseConfigs reads properties as a producer or as a consumer does.
func parseConfigs(client string, props map[string]string) (c configs, err error) {
	if client == "producer" {
		c.client, c.producer, err = producer.ParseProperties(props, oauth.FromProperties)
	} else {
		c.client, c.consumer, err = consumer.ParseProperties(props, oauth.FromProperties)
	}
	return c, err
}

func parseProps(client string, props map[string]string) (ignored map[string]string, err error) {
	c, err := parseConfigs(client, props)
	return c.client.Ignored, err
}

// numbers are the fields of properties that are numbers, and of those that are times.
var (
	numbers = map[string]func(*configs) int{
		"retries":                               func(c *configs) int { return c.producer.Retries },
		"batch.size":                            func(c *configs) int { return c.producer.BatchSize },
		"buffer.memory":                         func(c *configs) int { return c.producer.BufferMemory },
		"max.request.size":                      func(c *configs) int { return c.producer.MaxRequestSize },
		"max.in.flight.requests.per.connection": func(c *configs) int { return c.producer.MaxInFlight },
		"fetch.min.bytes":                       func(c *configs) int { return c.consumer.FetchMinBytes },
		"fetch.max.bytes":                       func(c *configs) int { return c.consumer.FetchMaxBytes },
		"max.partition.fetch.bytes":             func(c *configs) int { return c.consumer.MaxPartitionFetchBytes },
		"send.buffer.bytes":                     func(c *configs) int { return c.client.SendBuffer },
		"receive.buffer.bytes":                  func(c *configs) int { return c.client.ReceiveBuffer },
	}
	times = map[string]func(*configs) time.Duration{
		"linger.ms":                              func(c *configs) time.Duration { return c.producer.Linger },
		"max.block.ms":                           func(c *configs) time.Duration { return c.producer.MaxBlock },
		"delivery.timeout.ms":                    func(c *configs) time.Duration { return c.producer.DeliveryTimeout },
		"request.timeout.ms":                     func(c *configs) time.Duration { return c.client.RequestTimeout },
		"reconnect.backoff.max.ms":               func(c *configs) time.Duration { return c.client.ReconnectBackoffMax },
		"retry.backoff.max.ms":                   func(c *configs) time.Duration { return c.client.RetryBackoffMax },
		"socket.connection.setup.timeout.ms":     func(c *configs) time.Duration { return c.client.ConnectionSetupTimeout },
		"socket.connection.setup.timeout.max.ms": func(c *configs) time.Duration { return c.client.ConnectionSetupTimeoutMax },
		"connections.max.idle.ms":                func(c *configs) time.Duration { return c.client.ConnectionsMaxIdle },
		"metadata.max.age.ms":                    func(c *configs) time.Duration { return c.client.MetadataMaxAge },
		"metadata.max.idle.ms":                   func(c *configs) time.Duration { return c.client.MetadataMaxIdle },
		"auto.commit.interval.ms":                func(c *configs) time.Duration { return c.consumer.AutoCommitInterval },
		"session.timeout.ms":                     func(c *configs) time.Duration { return c.consumer.SessionTimeout },
		"heartbeat.interval.ms":                  func(c *configs) time.Duration { return c.consumer.HeartbeatInterval },
		"max.poll.interval.ms":                   func(c *configs) time.Duration { return c.consumer.MaxPollInterval },
		"fetch.max.wait.ms":                      func(c *configs) time.Duration { return c.consumer.FetchMaxWait },
	}
)

// checkNumber compares what both made of a number above 0: 0 is the default in a Config,
// and what Java's 0 is there differs. No Duration is longer than 292 years.
func checkNumber(t *testing.T, c *configs, name, value, javas string) {
	t.Helper()
	want, err := strconv.ParseInt(javas, 10, 64)
	if err != nil || want <= 0 {
		return
	}
	if field, ok := numbers[name]; ok && int64(field(c)) != want {
		t.Errorf("%s=%q is %d, in Java %s", name, value, field(c), javas)
	}
	if field, ok := times[name]; ok && field(c) != time.Duration(min(want, math.MaxInt64/int64(time.Millisecond)))*time.Millisecond {
		t.Errorf("%s=%q is %v, in Java %s", name, value, field(c), javas)
	}
}

// beside are the properties that a property needs beside it to be looked at at all: names
// and values in turn.
func beside(name string) []string {
	switch {
	case strings.HasPrefix(name, "sasl.oauthbearer."):
		return []string{"security.protocol", "SASL_SSL", "sasl.mechanism", "OAUTHBEARER", "sasl.oauthbearer.token.endpoint.url", "https://idp.example/token",
			"sasl.oauthbearer.client.credentials.client.id", "me", "sasl.oauthbearer.client.credentials.client.secret", "secret"}
	case strings.HasPrefix(name, "ssl.") || strings.HasPrefix(name, "sasl."):
		return []string{"security.protocol", "SASL_SSL", "sasl.mechanism", "PLAIN",
			"sasl.jaas.config", `org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";`}
	}
	return nil
}

func withBeside(name, value string) map[string]string {
	props := map[string]string{}
	for pair := range slices.Chunk(beside(name), 2) {
		props[pair[0]] = pair[1]
	}
	props[name] = value
	return props
}

// sample is a value that Java takes.
func (p *javaProperty) sample() string {
	switch {
	case p.name == "partition.assignment.strategy":
		return "org.apache.kafka.clients.consumer.RangeAssignor"
	case p.name == "partitioner.class":
		return "org.apache.kafka.clients.producer.RoundRobinPartitioner"
	case p.name == "security.protocol":
		return "SSL"
	case strings.HasSuffix(p.name, ".type") && strings.HasPrefix(p.name, "ssl."):
		return "PEM"
	case strings.HasSuffix(p.name, "store.password") || p.name == "ssl.key.password":
		return ""
	case p.name == "sasl.jaas.config" || p.name == "sasl.mechanism":
		return withBeside("sasl.", "")[p.name]
	case p.byDefault != "" && p.byDefault != "null" && p.byDefault != "[]":
		return p.byDefault
	case p.kind == "INT":
		return "1"
	case p.name == "bootstrap.servers":
		return "localhost:9092"
	}
	return "x"
}

// TestPropertyNames: each name that Kafka's producer, consumer or admin client knows is
// applied, or named as having no effect; docs/properties.md says which.
func TestPropertyNames(t *testing.T) {
	java := startJVM(t)
	clients := []string{"producer", "consumer", "admin"}
	known := map[string]map[string]javaProperty{}
	all := map[string]javaProperty{}
	for _, client := range clients {
		known[client] = javaProperties(t, java, client)
		maps.Copy(all, known[client])
	}
	var b strings.Builder
	b.WriteString(propertiesHead)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		p := all[name]
		var whose, what []string
		for _, client := range clients {
			if _, has := known[client][name]; has {
				whose = append(whose, client)
			}
		}
		for _, client := range []string{"producer", "consumer"} {
			ignored, err := parseProps(client, withBeside(name, p.sample()))
			switch _, own := known[client][name]; {
			case err != nil && strings.Contains(err.Error(), "no such client property"):
				t.Errorf("a %s: %v", client, err)
			case !own:
			case err != nil:
				what = append(what, "refused: "+strings.TrimPrefix(err.Error(), name+": "))
			case ignored[name] != "":
				what = append(what, "no effect: "+ignored[name])
			default:
				what = append(what, "applied")
			}
			if _, own := known[client][name]; !own && ignored[name] == "" && err == nil && !strings.HasPrefix(name, "metadata.") && name != "allow.auto.create.topics" {
				t.Errorf("a %s does not say that %s has no effect", client, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, strings.Join(whose, ", "), strings.ReplaceAll(p.byDefault, "null", ""), strings.Join(slices.Compact(what), "; "))
	}
	b.WriteString("\n## Values that only one side takes\n\n| property | taken by | why |\n|---|---|---|\n")
	for _, d := range valueDifferences {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", strings.Join(d.names, ", "), map[bool]string{true: "this client", false: "Kafka's"}[d.ours], d.reason)
	}
	compareListing(t, propertiesFile, b.String())
}

const propertiesFile = "../../docs/properties.md"

const propertiesHead = `# Kafka's properties

Every property that the producer, the consumer and the admin client of kafka-clients ` + newest + ` have, and what ParseProperties makes of it:
it is applied, or it has no effect, for a reason that New logs together with those of all others, in one warning. What is in neither this table
nor a module's README is an error. The test that compares with Kafka's classes (` + "`go test ./javacheck -run Property`" + ` in tools) writes this page,
and compares which values are taken, too.

| property | client | Kafka's default | here |
|---|---|---|---|
`

func compareListing(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what it should be (%v): go test ./javacheck -run %s -update writes it", file, err, t.Name())
	}
}

// values are what a property is tried with: good ones, bad ones, and those at the
// borders of what Java says that it allows.
func (p *javaProperty) values() []string {
	switch p.kind {
	case "BOOLEAN":
		return []string{"true", "FALSE", " True ", "", "yes", "1", "t"}
	case "INT", "LONG":
		all := []string{"0", "1", "-1", "-2", "+5", " 5 ", "007", "1.5", "", "x", "5_000", "0x10", "1e3", "5000", "2147483647", "2147483648",
			"9223372036854775807", "9223372036854775808", "-9223372036854775808"}
		for border := range strings.FieldsFuncSeq(p.allowed, func(r rune) bool { return r != '-' && (r < '0' || r > '9') }) {
			if n, err := strconv.ParseInt(border, 10, 64); err == nil {
				all = append(all, fmt.Sprint(n-1), fmt.Sprint(n), fmt.Sprint(n+1))
			}
		}
		return all
	}
	switch p.name {
	case "bootstrap.servers":
		return []string{"localhost:1", "localhost:1,127.0.0.1:2", " localhost:1 , localhost:2 ", "", " ", ",", "localhost:1,", ",localhost:1", "localhost:1,,localhost:2",
			"localhost:1,localhost:1", "localhost", "localhost:", ":1", "localhost:x", "localhost:0", "localhost:65535", "localhost:65536", "[::1]:1", "::1:1", "[::1]",
			"PLAINTEXT://localhost:1", "localhost:1;localhost:2", "localhost:1 localhost:2"}
	case "partition.assignment.strategy":
		const class = "org.apache.kafka.clients.consumer."
		return []string{class + "RangeAssignor", class + "RoundRobinAssignor , " + class + "RangeAssignor", class + "RangeAssignor," + class + "CooperativeStickyAssignor",
			class + "rangeassignor", "range", "roundrobin", "", class + "RangeAssignor,", "x"}
	case "partitioner.class":
		const class = "org.apache.kafka.clients.producer."
		return []string{class + "RoundRobinPartitioner", " " + class + "RoundRobinPartitioner", class + "roundrobinpartitioner", "DefaultPartitioner", "RoundRobinPartitioner", "x", ""}
	}
	all := []string{"", " x ", "x,y", "bogus"}
	if p.name == "auto.offset.reset" {
		all = append(all, "smallest", "largest", "by_duration:P1D", "by_duration:1d")
	}
	for word := range strings.FieldsFuncSeq(p.allowed, func(r rune) bool { return strings.ContainsRune("[](), ", r) }) {
		all = append(all, word, strings.ToUpper(word), strings.ToLower(word), " "+word+" ")
	}
	return all
}

// A valueDifference is a value that only one side takes.
type valueDifference struct {
	names  []string
	ours   bool // we take it, Java does not
	reason string
}

var valueDifferences = []valueDifference{
	{[]string{"bootstrap.servers"}, true, "an address without a port has 9092"},
	{[]string{"bootstrap.servers"}, false, "a host that is empty, and port 0, lead nowhere"},
	{[]string{"max.in.flight.requests.per.connection"}, true, "idempotence, which Java refuses more than 5 with, is yet to come"},
	{[]string{"partitioner.class"}, true, "DefaultPartitioner is kafka-python's, and a name needs no package"},
	{[]string{"partition.assignment.strategy"}, false, "Java looks at the names when the consumer is made"},
	{[]string{"auto.offset.reset"}, true, "smallest and largest are kafka-python's"},
	{[]string{"auto.offset.reset"}, false, "by_duration is yet to come"},
	{[]string{"isolation.level"}, false, "read_committed is yet to come"},
	{[]string{"enable.auto.commit"}, true, "without a group there is nothing to commit"},
	{[]string{"heartbeat.interval.ms", "session.timeout.ms", "socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.max.ms"}, false,
		"a time of 0 or less means nothing"},
	{[]string{"security.protocol"}, false, "a login needs a mechanism; Java's default is Kerberos"},
	{[]string{"sasl.mechanism", "sasl.jaas.config", "sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.client.credentials.client.id"}, false,
		"what is wrong with a login is said at once; Java says it when it logs in"},
	{[]string{"ssl.endpoint.identification.algorithm", "ssl.keystore.type", "ssl.truststore.type"}, false,
		"what is wrong with TLS is said at once, and files are PEM; Java says it when it makes the client"},
	{[]string{"ssl.key.password", "ssl.keystore.password", "ssl.truststore.password"}, false, "PEM files have no password"},
	{[]string{"ssl.keystore.key", "ssl.keystore.certificate.chain", "ssl.truststore.certificates"}, false, "keys and certificates are in files"},
}

// TestPropertyValues: what Java takes is taken, and what it refuses is refused.
func TestPropertyValues(t *testing.T) {
	java := startJVM(t)
	needed := make([]bool, len(valueDifferences))
	for _, client := range []string{"producer", "consumer"} {
		all := javaProperties(t, java, client)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			p := all[name]
			if ignored, _ := parseProps(client, withBeside(name, p.sample())); ignored[name] != "" {
				continue // no value is looked at
			}
			for _, value := range p.values() {
				javas, thrown := java.ask(t, newest, "Properties.read", append(append([]string{client}, beside(name)...), name, value)...)
				ours, err := parseConfigs(client, withBeside(name, value))
				if (thrown == "") == (err == nil) {
					if err == nil {
						checkNumber(t, &ours, name, value, javas)
					}
					continue
				}
				i := slices.IndexFunc(valueDifferences, func(d valueDifference) bool { return d.ours == (err == nil) && slices.Contains(d.names, name) })
				if i < 0 {
					t.Errorf("%s %s=%q: we say %v, Java %q", client, name, value, err, thrown)
					continue
				}
				needed[i] = true
			}
		}
	}
	for i, d := range valueDifferences {
		if !needed[i] {
			t.Errorf("nothing needs the difference %v, %s", d.names, d.reason)
		}
	}
}
