package consumer

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/assignors"
	"github.com/barnabas-kafka/barnabas/netclient"
)

// property is one of Kafka's properties: what it allows, in words, and how to put its value into
// a Config; set says whether the value is one of those.
type property struct {
	allowed string
	set     func(c *Config, value string) bool
}

var properties = map[string]property{
	"group.id":          {"any text", func(c *Config, v string) bool { c.GroupID = v; return true }},
	"group.instance.id": {"any text", func(c *Config, v string) bool { c.GroupInstanceID = v; return true }},
	"group.protocol":    {"classic", func(_ *Config, v string) bool { return strings.EqualFold(v, "classic") }},
	"client.rack":       {"any text", func(c *Config, v string) bool { c.ClientRack = v; return true }},
	"isolation.level": {"read_uncommitted (read_committed is yet to come)", func(_ *Config, v string) bool {
		return strings.EqualFold(v, "read_uncommitted")
	}},
	"auto.offset.reset":             {"earliest, latest, none (or smallest, largest)", setReset},
	"partition.assignment.strategy": {"range and roundrobin, separated by commas", setAssignors},
	"enable.auto.commit":            {"true or false", setAutoCommit},
	"check.crcs":                    negated(func(c *Config) *bool { return &c.SkipCRCCheck }),
	"auto.commit.interval.ms":       millis(0, func(c *Config) *time.Duration { return &c.AutoCommitInterval }),
	"session.timeout.ms":            millis(1, func(c *Config) *time.Duration { return &c.SessionTimeout }),
	"heartbeat.interval.ms":         millis(1, func(c *Config) *time.Duration { return &c.HeartbeatInterval }),
	"max.poll.interval.ms":          millis(1, func(c *Config) *time.Duration { return &c.MaxPollInterval }),
	"fetch.max.wait.ms":             millis(0, func(c *Config) *time.Duration { return &c.FetchMaxWait }),
	"request.timeout.ms":            millis(1, func(c *Config) *time.Duration { return &c.RequestTimeout }),
	"fetch.min.bytes":               size(0, func(c *Config) *int { return &c.FetchMinBytes }),
	"max.partition.fetch.bytes":     size(1, func(c *Config) *int { return &c.MaxPartitionFetchBytes }),
	"fetch.max.bytes":               size(1, func(c *Config) *int { return &c.FetchMaxBytes }),
}

// ParseProperties reads Kafka's own consumer properties, "group.id", "fetch.min.bytes" and so on,
// and those of the client, into the two Configs. The error joins one for each value that is not
// allowed and one for the names that neither knows.
func ParseProperties(props map[string]string, oauth ...netclient.OAuthLogin) (netclient.Config, Config, error) {
	client, rest, err := netclient.ParseProperties(props, oauth...)
	errs := []error{err}
	if v, ok := props["request.timeout.ms"]; ok {
		rest["request.timeout.ms"] = v // both have one; the client has said already if it's wrong
	}
	var c Config
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		value := strings.TrimSpace(rest[name])
		p, ok := properties[name]
		switch {
		case !ok:
			unknown = append(unknown, name)
		case !p.set(&c, value) && name != "request.timeout.ms":
			errs = append(errs, fmt.Errorf("%s=%s: allowed is %s", name, value, p.allowed))
		}
	}
	if len(unknown) > 0 {
		errs = append(errs, fmt.Errorf("no such consumer property: %s", strings.Join(unknown, ", ")))
	}
	return client, c, errors.Join(errs...)
}

func setReset(c *Config, v string) bool {
	policy, ok := map[string]ResetPolicy{
		"earliest": ResetEarliest, "smallest": ResetEarliest,
		"latest": ResetLatest, "largest": ResetLatest,
		"none": ResetNone,
	}[strings.ToLower(v)]
	c.AutoOffsetReset = policy
	return ok
}

func setAutoCommit(c *Config, v string) bool {
	c.CommitMode = CommitFollowed
	if strings.EqualFold(v, "false") {
		c.CommitMode = CommitManual
	}
	return strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
}

// setAssignors takes short names, and Java's class names, which end in RangeAssignor and so on.
func setAssignors(c *Config, v string) bool {
	c.Assignors = nil
	for name := range strings.SplitSeq(v, ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case name == "range" || strings.HasSuffix(name, ".rangeassignor"):
			c.Assignors = append(c.Assignors, assignors.Range())
		case name == "roundrobin" || strings.HasSuffix(name, ".roundrobinassignor"):
			c.Assignors = append(c.Assignors, assignors.RoundRobin())
		default:
			return false
		}
	}
	return true
}

// negated is a boolean property whose field says the opposite.
func negated(field func(*Config) *bool) property {
	return property{"true or false", func(c *Config, v string) bool {
		*field(c) = strings.EqualFold(v, "false")
		return strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
	}}
}

const maxMillis = math.MaxInt64 / int64(time.Millisecond)

// millis is a property in milliseconds of at least least. Kafka's 0 becomes a negative duration,
// because 0 is the default in a Config.
func millis(least int64, field func(*Config) *time.Duration) property {
	return property{fmt.Sprintf("a number of milliseconds from %d up", least), func(c *Config, v string) bool {
		n, err := strconv.ParseInt(v, 10, 64)
		*field(c) = time.Duration(n) * time.Millisecond
		if n == 0 {
			*field(c) = -1
		}
		return err == nil && n >= least && n <= maxMillis
	}}
}

// size is a property in bytes of at least least; 0 becomes -1, because 0 is the default in a Config.
func size(least int, field func(*Config) *int) property {
	return property{fmt.Sprintf("a number of bytes from %d to %d", least, math.MaxInt32), func(c *Config, v string) bool {
		n, err := strconv.ParseInt(v, 10, 32)
		*field(c) = int(n)
		if n == 0 {
			*field(c) = -1
		}
		return err == nil && int(n) >= least
	}}
}
