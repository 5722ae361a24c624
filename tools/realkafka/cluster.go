package realkafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Config says which cluster to start. Only Version is needed.
type Config struct {
	// Version is the Kafka release, such as "0.9.0.1". Versions lists those
	// that are known to run.
	Version string
	// Brokers is how many there are, 1 to 3. Default 1.
	Brokers int
	// Dir holds the data and the logs; it must be empty or not there yet.
	// Default: a temporary directory that Stop removes (and that stays after a
	// failed start, for its logs).
	Dir string
	// Partitions is how many an automatically created topic has
	// (num.partitions). Default 1.
	Partitions int
	// Properties are set on each broker, over those that the runner sets.
	Properties map[string]string
	// Advertised gives the address that a broker tells clients, from 0.8.1 on and
	// not together with Listeners, for the one where it listens. The brokers reach
	// one another at it too, and each one itself. Default: the same address.
	Advertised func(listens string) string
	// Listeners are protocols for which each broker listens on further ports:
	// SSL, from 0.9 on, SASL_PLAINTEXT and SASL_SSL, from 0.10 on. SSL needs
	// ssl.keystore.location and its kin in Properties. SASL has PLAIN, SCRAM from
	// 0.10.2 on, and OAUTHBEARER from 2.0 on, for tokens that are not signed.
	// Brokers among themselves use PLAINTEXT.
	Listeners []string
	// Users are the passwords, by user name, for PLAIN and SCRAM (not in KRaft
	// before 3.5).
	Users map[string]string
	// Mode is "zk" (up to 3.9) or "kraft" (from 3.3). Default: kraft where
	// there is a choice.
	Mode string
	// JavaOptions are given to the Java of each broker, after -Xmx256m.
	JavaOptions []string
	// Detach lets the brokers live on when this process ends. Attach finds
	// them again by Dir.
	Detach bool
	// Log hears, in a line each, what is being waited for. Default: nobody.
	Log io.Writer
}

// Validate says what is wrong with the Config itself, without trying it.
func (cfg Config) Validate() error {
	v, err := parseVersion(cfg.Version)
	if err != nil {
		return err
	}
	_, err = v.mode(cfg.Mode)
	if cfg.Brokers < 0 || cfg.Brokers > 3 {
		err = errors.Join(err, fmt.Errorf("%d brokers: there can be 1 to 3", cfg.Brokers))
	}
	if cfg.Partitions < 0 {
		err = errors.Join(err, fmt.Errorf("%d partitions: there must be at least 1", cfg.Partitions))
	}
	if cfg.Advertised != nil && (v.before(0, 8, 1) || len(cfg.Listeners) > 0) {
		err = errors.Join(err, errors.New("an advertised address: there is one from 0.8.1 on, and not with further listeners"))
	}
	return errors.Join(err, cfg.checkSecurity(v))
}

// A Cluster is one to three running brokers of one Kafka release. Its methods
// may be called from several goroutines.
type Cluster struct {
	software  // the brokers may have other ones by now; see Broker.Upgrade
	mode      string
	dir       string
	removeDir bool     // at Stop
	java      []string // the brokers' options
	users     map[string]string
	detach    bool
	log       io.Writer
	zookeeper *zooKeeper // nil in kraft mode
	brokers   []*Broker

	saving sync.Mutex // held while the state file is written
}

// startTimeout bounds what waits for brokers when ctx has no deadline.
const startTimeout = 3 * time.Minute

// stopGrace is how long Stop lets the brokers close their logs.
const stopGrace = 5 * time.Second

// Start gets the release's jars if need be, starts the cluster and waits until
// every broker answers. ctx bounds the start only; without a deadline it is
// given three minutes, after the download.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c, err := newCluster(cfg)
	if err != nil {
		return nil, fmt.Errorf("starting Kafka %s: %w", cfg.Version, err)
	}
	if _, err := lookTool("java"); err != nil {
		return nil, fmt.Errorf("starting Kafka %s: %w", cfg.Version, err)
	}
	c.say("looking for the jars of Kafka %s", c.release)
	if c.libDir, err = Fetch(ctx, c.release); err != nil {
		return nil, err
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if err := c.start(ctx, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("starting Kafka %s: %w", c.release, err), c.stopAll(0))
	}
	return c, nil
}

// newCluster is one that has nothing yet.
func newCluster(cfg Config) (*Cluster, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	v, _ := parseVersion(cfg.Version)
	mode, _ := v.mode(cfg.Mode)
	c := &Cluster{
		software: software{release: cfg.Version, version: v}, mode: mode,
		java: cfg.JavaOptions, users: cfg.Users, detach: cfg.Detach, log: cfg.Log,
	}
	if c.log == nil {
		c.log = io.Discard
	}
	return c, nil
}

// start lays out the files and starts the processes in order.
func (c *Cluster) start(ctx context.Context, cfg Config) error {
	if err := c.makeDir(cfg.Dir); err != nil {
		return err
	}
	if err := c.layOut(cfg); err != nil {
		return err
	}
	if c.mode == modeZooKeeper {
		if err := c.zookeeper.start(ctx, c); err != nil {
			return err
		}
	} else if err := c.format(ctx); err != nil {
		return err
	}
	for _, b := range c.brokers {
		if err := b.launch(); err != nil {
			return err
		}
	}
	if err := c.save(); err != nil { // early, so that nothing gets lost
		return err
	}
	for _, b := range c.brokers {
		c.say("waiting for broker %d at %s", b.id, b.addr)
		if err := b.awaitReady(ctx, len(c.brokers)); err != nil {
			return err
		}
	}
	return c.addScramUsers(ctx)
}

func (c *Cluster) makeDir(dir string) (err error) {
	if dir == "" {
		c.removeDir = true
		c.dir, err = os.MkdirTemp("", "barnabas-kafka-"+c.release+"-")
		return err
	}
	if c.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o777); err != nil {
		return err
	}
	entries, err := os.ReadDir(c.dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("directory %s is not empty; give one that is, or none", c.dir)
	}
	return err
}

// layOut picks the ports and writes the configuration files. Both stay the same
// for as long as the cluster lives.
func (c *Cluster) layOut(cfg Config) error {
	n := max(cfg.Brokers, 1)
	ports, err := freePorts((2 + len(cfg.Listeners)) * n)
	if err != nil {
		return err
	}
	l := layout{version: c.version, mode: c.mode, partitions: max(cfg.Partitions, 1), brokers: ports[:n], users: cfg.Users, listeners: map[string][]string{}}
	for i, protocol := range cfg.Listeners {
		l.listeners[protocol] = ports[(2+i)*n : (3+i)*n]
	}
	if c.mode == modeZooKeeper {
		l.zookeeper = ports[n]
		c.zookeeper = &zooKeeper{addr: l.zookeeper}
	} else {
		l.voters = ports[n : 2*n]
	}
	if err := c.writeJAAS(l); err != nil {
		return err
	}
	for id, addr := range l.brokers {
		b := &Broker{cluster: c, id: int32(id), addr: addr, listeners: map[string]string{}}
		b.software.Store(&c.software)
		for protocol, addrs := range l.listeners {
			b.listeners[protocol] = addrs[id]
		}
		c.brokers = append(c.brokers, b)
		if err := os.MkdirAll(b.dir(), 0o777); err != nil {
			return err
		}
		properties := l.properties(id, filepath.Join(b.dir(), "data"))
		if cfg.Advertised != nil {
			maps.Copy(properties, l.version.advertise(cfg.Advertised(addr)))
		}
		maps.Copy(properties, cfg.Properties)
		if err := os.WriteFile(b.propertiesFile(), []byte(renderProperties(properties)), 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(c.log4jFile(), []byte(renderProperties(log4jProperties)), 0o666)
}

// advertise are the settings by which a broker tells clients another address
// than the one where it listens.
func (v version) advertise(addr string) map[string]string {
	if v.from(0, 9) {
		return map[string]string{"advertised.listeners": "PLAINTEXT://" + addr}
	}
	host, port, _ := strings.Cut(addr, ":")
	return map[string]string{"advertised.host.name": host, "advertised.port": port}
}

// freePorts picks addresses on 127.0.0.1 that nobody listens on. They lie below
// the ports that systems give to outgoing connections: one of those could sit
// on a broker's port while the broker is down.
func freePorts(n int) ([]string, error) {
	const lowest, highest = 20000, 32000
	var addrs []string
	var err error
	for tries := 0; len(addrs) < n; tries++ {
		if tries == 1000 {
			return nil, fmt.Errorf("looking for free ports of 127.0.0.1 between %d and %d: %w", lowest, highest, err)
		}
		addr := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(highest-lowest))
		var listener net.Listener
		if listener, err = net.Listen("tcp", addr); err != nil {
			continue
		}
		defer listener.Close() // held until all are found, so that they differ
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

// Addrs are the addresses of all brokers, to bootstrap from.
func (c *Cluster) Addrs() []string {
	var addrs []string
	for _, b := range c.brokers {
		addrs = append(addrs, b.addr)
	}
	return addrs
}

// Broker is the i-th broker, from 0.
func (c *Cluster) Broker(i int) *Broker { return c.brokers[i] }

// Brokers are all of them, also those that are down.
func (c *Cluster) Brokers() []*Broker { return append([]*Broker(nil), c.brokers...) }

// Version is the Kafka release that the cluster was started as, such as
// "0.9.0.1". Brokers may run another one since; see Broker.Version.
func (c *Cluster) Version() string { return c.release }

// Mode is "zk" or "kraft".
func (c *Cluster) Mode() string { return c.mode }

// Dir holds the data and the logs.
func (c *Cluster) Dir() string { return c.dir }

// Stop ends all brokers, and ZooKeeper: it asks, waits five seconds and kills.
// Then it removes the directory, if that was a temporary one. It may be called
// twice.
func (c *Cluster) Stop() error {
	err := c.stopAll(stopGrace)
	if err == nil && c.removeDir {
		err = os.RemoveAll(c.dir)
	}
	if err != nil {
		return fmt.Errorf("stopping Kafka %s at %s: %w", c.release, strings.Join(c.Addrs(), ","), err)
	}
	return nil
}

// stopAll ends the brokers side by side (one after the other the last ones of a
// KRaft quorum would each wait for the grace), then what they talk to.
func (c *Cluster) stopAll(grace time.Duration) error {
	errs := make([]error, len(c.brokers))
	var wg sync.WaitGroup
	for i, b := range c.brokers {
		wg.Go(func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			_, errs[i] = b.process.terminate(grace)
		})
	}
	wg.Wait()
	if c.zookeeper != nil {
		errs = append(errs, c.zookeeper.process.kill()) // it has nothing to lose
	}
	return errors.Join(errs...)
}

func (c *Cluster) log4jFile() string { return filepath.Join(c.dir, "log4j.properties") }

// program is a class of the release's jars, with the options that all need.
func (c *Cluster) program(class, heap, log string, args ...string) program {
	return program{
		libDir: c.libDir,
		options: []string{
			heap, "-XX:+UseSerialGC", "-Djava.awt.headless=true",
			"-Dlog4j.configuration=file:" + c.log4jFile(),
			"-Dorg.slf4j.simpleLogger.showDateTime=true",
			"-Dorg.slf4j.simpleLogger.dateTimeFormat=[yyyy-MM-dd HH:mm:ss,SSS]",
			"-Dzookeeper.sasl.client=false",
			"-Dzookeeper.4lw.commands.whitelist=*",
			"-Dzookeeper.admin.enableServer=false",
			"-Dzookeeper.jmx.log4j.disable=true",
			// The snappy of 0.8.0 and 0.8.1 loads its native half by a class loader's
			// private method.
			"--add-opens=java.base/java.lang=ALL-UNNAMED",
		},
		class: class, args: args, log: log, detach: c.detach,
	}
}

func (c *Cluster) say(format string, args ...any) {
	fmt.Fprintf(c.log, format+"\n", args...)
}

// withTimeout gives ctx a deadline, unless it has one.
func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not done within %v", startTimeout))
}
