package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/barnabas-kafka/barnabas/tools/realkafka"
)

func start(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg := realkafka.Config{Detach: true, Log: stderr, Properties: map[string]string{}}
	flags := flag.NewFlagSet("brokers start", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints the error
	flags.IntVar(&cfg.Brokers, "brokers", 1, "how many brokers, 1 to 3")
	flags.IntVar(&cfg.Partitions, "partitions", 1, "how many partitions an automatically created topic has")
	flags.StringVar(&cfg.Mode, "mode", "", "zk (up to 3.9) or kraft (from 3.3 on); default kraft where there is a choice")
	flags.Func("X", "set a broker property, as `name=value`", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return fmt.Errorf("not name=value")
		}
		cfg.Properties[name] = value
		return nil
	})
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, "brokers start [options] VERSION")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return usageError{err}
	}
	if flags.NArg() != 1 {
		return usagef("want one VERSION after the options, such as 4.4.0; known to run are %s", strings.Join(realkafka.Versions(), " "))
	}
	cfg.Version = flags.Arg(0)
	if err := cfg.Validate(); err != nil {
		return usageError{err}
	}
	var err error
	if cfg.Dir, err = newDir(cfg.Version); err != nil {
		return err
	}
	cluster, err := realkafka.Start(ctx, cfg)
	if err != nil {
		os.Remove(cfg.Dir) // if it is empty: else it has the logs
		return err
	}
	fmt.Fprintln(stdout, strings.Join(cluster.Addrs(), ","))
	fmt.Fprintf(stderr, "Kafka %s (%s) runs; data and logs are in %s\nto stop it: go run ./tools/brokers stop %s\n",
		cluster.Version(), cluster.Mode(), cluster.Dir(), cluster.Addrs()[0])
	return nil
}

func list(args []string, stdout io.Writer) error {
	if len(args) > 0 {
		return usagef("list takes no arguments")
	}
	clusters, err := running()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, c := range clusters {
		for _, b := range c.Brokers() {
			fmt.Fprintf(table, "%s\t%s\tbroker %d\t%s\t%s\t%s\n", c.Version(), c.Mode(), b.ID(), b.Addr(), b.State(), b.LogFile())
		}
	}
	return table.Flush()
}

func stop(args []string, stderr io.Writer) error {
	if len(args) > 1 {
		return usagef("want at most one ADDR, or all")
	}
	clusters, err := running()
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "all":
	case len(args) == 1:
		cluster, _, err := find(clusters, args[0])
		if err != nil {
			return err
		}
		clusters = []*realkafka.Cluster{cluster}
	case len(clusters) > 1:
		return usagef("%d clusters run; say which one: an address that 'list' prints, or all", len(clusters))
	}
	if len(clusters) == 0 {
		fmt.Fprintln(stderr, "no cluster runs")
	}
	for _, c := range clusters {
		if err := c.Stop(); err != nil {
			return err
		}
		if err := os.RemoveAll(c.Dir()); err != nil {
			return err
		}
		fmt.Fprintf(stderr, "stopped Kafka %s at %s\n", c.Version(), strings.Join(c.Addrs(), ","))
	}
	return nil
}

// change does one thing to one broker.
func change(ctx context.Context, name string, args []string) error {
	if len(args) != 1 {
		return usagef("want one ADDR, as 'list' prints it")
	}
	clusters, err := running()
	if err != nil {
		return err
	}
	_, broker, err := find(clusters, args[0])
	if err != nil {
		return err
	}
	switch name {
	case "kill":
		return broker.Kill()
	case "freeze":
		return broker.Freeze()
	case "thaw":
		return broker.Thaw()
	default:
		return broker.Restart(ctx)
	}
}

func fetch(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return usagef("want at least one VERSION; known to run are %s", strings.Join(realkafka.Versions(), " "))
	}
	for _, version := range args {
		if strings.HasPrefix(version, "-") {
			return usagef("no option %s", version)
		}
		dir, err := realkafka.Fetch(ctx, version)
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, dir)
	}
	return nil
}
