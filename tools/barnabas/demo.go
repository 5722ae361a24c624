package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/oauth"
	"github.com/barnabas-kafka/barnabas/wire/kafkatest"
)

// demo produces keyed records from several goroutines, reads them back in a
// group whose second member comes and goes, and checks that every record
// arrived once and in order.
func demo(ctx context.Context, args []string, std streams) error {
	opts := newCommon("demo", std)
	records := opts.flags.Int("n", 100_000, "how many records")
	stats := opts.flags.Bool("stats", false, "print the client's metrics at the end")
	fault := opts.flags.String("fault", "", "")
	opts.hidden["fault"] = true // for those who want to see the demo fail
	if err := opts.parse(args); err != nil {
		return err
	}
	if *records < demoSenders*demoKeys {
		return usagef("-n %d: at least %d records, one for each key", *records, demoSenders*demoKeys)
	}
	switch {
	case *fault == "":
	case *fault != "lose" && *fault != "double" && *fault != "swap":
		return usagef("-fault %s: there are lose, double and swap", *fault)
	case *records < 4*demoSenders*demoKeys:
		return usagef("-fault %s: needs -n %d or more", *fault, 4*demoSenders*demoKeys)
	}
	if opts.props["bootstrap.servers"] == "" {
		cluster, err := kafkatest.New(kafkatest.TCP(), kafkatest.Partitions(demoPartitions))
		if err != nil {
			return fmt.Errorf("starting a broker in this process: %w", err)
		}
		defer cluster.Close()
		opts.props["bootstrap.servers"] = cluster.Addrs()[0]
		fmt.Fprintf(std.out, "a broker runs inside this process, at %s\n", cluster.Addrs()[0])
	}
	registry := metrics.New(metrics.Config{})
	wait, err := patienceOf(opts.props)
	if err != nil {
		return err
	}
	run, err := newDemoRun(ctx, opts, registry, wait, std)
	if err != nil {
		return err
	}
	defer run.client.Close()
	run.stats = func() {
		if *stats {
			printStats(std.out, registry)
		}
	}
	return run.withTopic(ctx, wait, std.err, func() error { return run.run(ctx, *records, *fault) })
}

// newDemoRun connects.
func newDemoRun(ctx context.Context, opts *common, registry *metrics.Registry, wait time.Duration, std streams) (*demoRun, error) {
	delete(opts.props, "max.block.ms")
	config, unknown, err := netclient.ParseProperties(opts.props, oauth.FromProperties)
	if err != nil {
		return nil, usageError{err}
	}
	for name := range unknown {
		return nil, usagef("-X %s: the demo takes only properties of the connection", name)
	}
	config.Logger = opts.logger(std.err)
	config.Metrics = registry
	client, err := connect(ctx, config, wait, std)
	if err != nil {
		return nil, err
	}
	return &demoRun{client: client, topic: fmt.Sprintf("barnabas-demo-%08x", rand.Uint32()), w: std.out, wait: wait}, nil
}

// look finds out which release leads the topic, and whether it has groups.
func (d *demoRun) look(ctx context.Context, topic *netclient.Topic) error {
	pool := d.client.NewPool(netclient.PoolConfig{Name: "demo"})
	defer pool.Close()
	conn, err := pool.Conn(ctx, topic.Partitions[0].Leader)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.w, "topic %s has %d partitions; its broker %s is release %s\n", d.topic, len(topic.Partitions), conn.Addr(), conn.Release())
	if d.groups = conn.Release().AtLeast("0.9"); !d.groups {
		fmt.Fprintln(d.w, "consumer groups came with 0.9: here one consumer reads it all, and no second member joins")
	}
	return nil
}

func printStats(w io.Writer, registry *metrics.Registry) {
	fmt.Fprintln(w, "metrics:")
	for name, value := range registry.All(time.Now()) {
		fmt.Fprintf(w, "  %-70s %.6g\n", name, value)
	}
}
