package kafkatest

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// An Option changes what New and Start make.
type Option func(*config) error

// config is what the options set.
type config struct {
	release         release
	brokers         int
	partitions      int
	topics          []topicConfig
	tcp             bool
	tcpAddrs        []netip.AddrPort
	noAutoCreate    bool
	maxMessageBytes int
	retentionBytes  int64
	minSession      time.Duration
	maxSession      time.Duration
	initialDelay    time.Duration
	logger          *slog.Logger
	tls             *tls.Config
	sasl            *SASLConfig
}

type topicConfig struct {
	name       string
	partitions int
}

func newConfig(opts []Option) (config, error) {
	c := config{release: newest, brokers: 1, partitions: 1}
	for _, opt := range opts {
		if err := opt(&c); err != nil {
			return config{}, err
		}
	}
	if c.maxMessageBytes == 0 {
		c.maxMessageBytes = c.release.maxMessageBytes()
	}
	if c.minSession == 0 && c.maxSession == 0 {
		c.minSession, c.maxSession = c.release.sessionTimeouts()
	}
	if c.sasl != nil && !c.release.at(0, 10) {
		return config{}, fmt.Errorf("kafkatest: SASL needs a release from 0.10 on; 0.9 has Kerberos alone")
	}
	if c.logger == nil {
		c.logger = slog.Default()
	}
	return c, nil
}

// Version makes the cluster answer as that release, from "0.8.0" to "4.4.0"; "2.8"
// is 2.8.0. The default is the newest.
func Version(version string) Option {
	return func(c *config) (err error) {
		c.release, err = parseRelease(version)
		return err
	}
}

// Brokers sets how many brokers the cluster has, with ids from 1 on. The default
// is 1.
func Brokers(n int) Option {
	return func(c *config) error {
		if n < 1 || n > 1000 {
			return fmt.Errorf("kafkatest: %d brokers: a cluster has 1 to 1000", n)
		}
		c.brokers = n
		return nil
	}
}

// Partitions sets how many partitions a topic gets that is made because a client
// asked for it (num.partitions). The default is 1.
func Partitions(n int) Option {
	return func(c *config) error {
		c.partitions = n
		return checkPartitions(n)
	}
}

// Topic makes a topic with that many partitions. Their leaders go round the
// brokers, and they have up to three replicas.
func Topic(name string, partitions int) Option {
	return func(c *config) error {
		c.topics = append(c.topics, topicConfig{name, partitions})
		return checkTopic(name, partitions)
	}
}

// TCP makes the brokers listen on TCP, on the addresses given, such as
// "127.0.0.1:9092", and on free ports of 127.0.0.1 where there are too few. The
// default is a network in memory, which only the cluster's Dial reaches.
func TCP(addrs ...string) Option {
	return func(c *config) error {
		c.tcp = true
		for _, addr := range addrs {
			parsed, err := netip.ParseAddrPort(addr)
			if err != nil {
				return fmt.Errorf("kafkatest: address %q: want one like 127.0.0.1:9092: %w", addr, err)
			}
			c.tcpAddrs = append(c.tcpAddrs, parsed)
		}
		return nil
	}
}

// NoAutoCreate keeps topics from being made because a client asked for them
// (auto.create.topics.enable=false).
func NoAutoCreate() Option {
	return func(c *config) error {
		c.noAutoCreate = true
		return nil
	}
}

// MaxMessageBytes sets the size of the largest batch, or message before 0.11,
// that is accepted (message.max.bytes). The default is the release's: 1000012
// before 2.5, then 1048588.
func MaxMessageBytes(n int) Option {
	return func(c *config) error {
		c.maxMessageBytes = n
		return nil
	}
}

// RetentionBytes lets a partition drop its oldest segment when all its segments
// have more bytes (retention.bytes). The default is to keep everything, in
// memory.
func RetentionBytes(n int64) Option {
	return func(c *config) error {
		c.retentionBytes = n
		return nil
	}
}

// SessionTimeouts sets the least and the largest session timeout that a member
// may ask for (group.min.session.timeout.ms, group.max.session.timeout.ms). The
// defaults are the release's: 6 s, and 30 s in 0.9, 5 minutes before 2.3, 30
// minutes from there on.
func SessionTimeouts(min, max time.Duration) Option {
	return func(c *config) error {
		c.minSession, c.maxSession = min, max
		return nil
	}
}

// InitialRebalanceDelay sets for how long an empty group waits for more members
// when the first one has come (group.initial.rebalance.delay.ms). The default is
// 0, where a broker's is 3 s from 0.11 on.
func InitialRebalanceDelay(d time.Duration) Option {
	return func(c *config) error {
		c.initialDelay = d
		return nil
	}
}

// Logger sets where it is said, at level Debug, why the cluster refused something
// or closed a connection. The default is slog.Default().
func Logger(logger *slog.Logger) Option {
	return func(c *config) error {
		c.logger = logger
		return nil
	}
}
