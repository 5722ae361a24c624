package consumer

import (
	"errors"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/properties"
)

// ParseProperties reads Kafka's own consumer properties, "group.id", "fetch.min.bytes" and so on,
// and those of the client, into the two Configs, as the Java client does. It applies those named in
// the fields of the two. What Kafka knows and this consumer has no use for, key.deserializer for
// one, stands in the client's Config.Ignored, which its New logs. What Kafka does not know is an
// error. The error joins one for each mistake: the property, its value, and what is allowed.
//
// To log in with sasl.mechanism=OAUTHBEARER it needs oauth.FromProperties, of package
// netclient/oauth, as an argument.
func ParseProperties(props map[string]string, oauth ...netclient.OAuthLogin) (netclient.Config, Config, error) {
	client, rest, clientErr := netclient.ParseProperties(props, oauth...)
	c := Config{RequestTimeout: client.RequestTimeout}
	rest, err := propertyTable().Read(rest, &c, client.Ignored)
	return client, c, errors.Join(clientErr, err, properties.CheckRest(rest, client.Ignored))
}

func propertyTable() properties.Table[Config] {
	number := properties.Range{Most: properties.MaxInt}
	positive := properties.Range{Least: 1, Most: properties.MaxInt}
	return properties.Join(properties.Table[Config]{
		"group.id":                      properties.Text(func(c *Config) *string { return &c.GroupID }),
		"group.instance.id":             {Set: setInstance, Allowed: "1 to 249 of a-z, A-Z, 0-9, dot, _ and -, but not . or .."},
		"client.rack":                   properties.Text(func(c *Config) *string { return &c.ClientRack }),
		"auto.offset.reset":             properties.Words(reset("latest", ResetLatest), reset("earliest", ResetEarliest), reset("none", ResetNone), reset("smallest", ResetEarliest), reset("largest", ResetLatest)),
		"partition.assignment.strategy": {Set: setAssignors, Allowed: "range and roundrobin, or their Java classes, separated by commas; others are set in Config.Assignors"},
		"isolation.level":               properties.Words(properties.Word[Config]{Word: "read_uncommitted"}, properties.Word[Config]{Word: "read_committed", Set: notYet}),

		"enable.auto.commit":        properties.Bool(setAutoCommit),
		"check.crcs":                properties.Negated(func(c *Config) *bool { return &c.SkipCRCCheck }),
		"auto.commit.interval.ms":   properties.Millis(number, -1, func(c *Config) *time.Duration { return &c.AutoCommitInterval }),
		"session.timeout.ms":        properties.Millis(positive, 0, func(c *Config) *time.Duration { return &c.SessionTimeout }),
		"heartbeat.interval.ms":     properties.Millis(positive, 0, func(c *Config) *time.Duration { return &c.HeartbeatInterval }),
		"max.poll.interval.ms":      properties.Millis(positive, 0, func(c *Config) *time.Duration { return &c.MaxPollInterval }),
		"fetch.max.wait.ms":         properties.Millis(number, -1, func(c *Config) *time.Duration { return &c.FetchMaxWait }),
		"fetch.min.bytes":           properties.Number(number, -1, func(c *Config) *int { return &c.FetchMinBytes }),
		"max.partition.fetch.bytes": properties.Number(number, 1, func(c *Config) *int { return &c.MaxPartitionFetchBytes }), // a record comes whole all the same
		"fetch.max.bytes":           properties.Number(number, 1, func(c *Config) *int { return &c.FetchMaxBytes }),

		"group.protocol": properties.AnyCase(properties.Word[Config]{Word: "classic"},
			noEffect("consumer", "the group speaks the classic protocol, which all brokers have")),
		"exclude.internal.topics": properties.Bool(func(_ *Config, exclude bool) error {
			if exclude {
				return nil
			}
			return properties.NoEffect("a Pattern never takes internal topics; Topics may")
		}),
	}, propertiesWithout())
}

// propertiesWithout are those that have no effect.
func propertiesWithout() properties.Table[Config] {
	return properties.Join(
		properties.Without[Config]("keys and values are bytes: deserialize them after Poll", "key.deserializer", "value.deserializer"),
		properties.Without[Config]("it is about Java's classes", "interceptor.classes"),
		properties.Without[Config]("a call is bounded by its ctx, or by RequestTimeout", "default.api.timeout.ms"),
		properties.Without[Config]("Poll returns one fetch of each partition; Records hands out one record at a time", "max.poll.records"),
		properties.Without[Config]("assignors are the members' own (Config.Assignors)", "group.remote.assignor"),
		properties.Without[Config]("share groups are yet to come", "share.acknowledgement.mode", "share.acquire.mode"),
		properties.Without[Config]("it is for Kafka itself", "internal.throw.on.fetch.stable.offset.unsupported"))
}

// notYet refuses what would return records that nobody asked for.
func notYet(*Config) error {
	return errors.New("leaving out records of transactions that are open or aborted is yet to come")
}

func reset(word string, policy ResetPolicy) properties.Word[Config] {
	return properties.Word[Config]{Word: word, Set: func(c *Config) error { c.AutoOffsetReset = policy; return nil }}
}

func noEffect(word string, why properties.NoEffect) properties.Word[Config] {
	return properties.Word[Config]{Word: word, Set: func(*Config) error { return why }}
}

func setAutoCommit(c *Config, auto bool) error {
	c.CommitMode = CommitManual
	if auto {
		c.CommitMode = CommitFollowed
	}
	return nil
}

func setInstance(c *Config, v string) error {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	}
	if v == "" || v == "." || v == ".." || len(v) > 249 || strings.ContainsFunc(v, other) {
		return properties.ErrValue
	}
	c.GroupInstanceID = v
	return nil
}

// setAssignors takes short names, and Java's classes. Of Java's, those that are yet to come are
// left out where others are left: all members of a group need one in common.
func setAssignors(c *Config, v string) error {
	names, err := properties.List(v)
	if err != nil {
		return err
	}
	c.Assignors = nil
	var later []string
	for _, name := range names {
		switch name {
		case "range", "org.apache.kafka.clients.consumer.RangeAssignor":
			c.Assignors = append(c.Assignors, assignors.Range())
		case "roundrobin", "org.apache.kafka.clients.consumer.RoundRobinAssignor":
			c.Assignors = append(c.Assignors, assignors.RoundRobin())
		case "org.apache.kafka.clients.consumer.StickyAssignor", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor":
			later = append(later, name)
		default:
			return properties.ErrValue
		}
	}
	switch {
	case len(c.Assignors) == 0:
		return properties.ErrValue
	case len(later) > 0:
		return properties.NoEffect(strings.Join(later, " and ") + " is yet to come; the group uses the others")
	}
	return nil
}
