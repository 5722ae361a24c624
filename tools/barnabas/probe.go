package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
)

// probe prints, for each broker of a cluster, its id, its address and the
// release that it answers like.
func probe(ctx context.Context, args []string, std streams) error {
	opts := newCommon("probe", std)
	if err := opts.parse(args); err != nil {
		return err
	}
	client, ctx, err := opts.dial(ctx, std)
	if err != nil {
		return err
	}
	defer client.Close()
	deadline, _ := ctx.Deadline()
	defer saying(time.Until(deadline), std.err, "the brokers")()
	return printBrokers(ctx, client, std)
}

func printBrokers(ctx context.Context, client *netclient.Client, std streams) error {
	pool := client.NewPool(netclient.PoolConfig{Name: "probe"})
	defer pool.Close()
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	var failed error
	brokers := slices.SortedFunc(slices.Values(client.Metadata().Brokers()), func(a, b netclient.Broker) int { return cmp.Compare(a.ID, b.ID) })
	for _, b := range brokers {
		release := "unreachable"
		if conn, err := pool.Conn(ctx, b.ID); err != nil {
			failed = fmt.Errorf("broker %d: %w", b.ID, err)
		} else {
			release = conn.Release().String()
		}
		fmt.Fprintf(table, "%d\t%s\t%s\n", b.ID, b.Addr(), release)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(brokers) == 0 {
		return fmt.Errorf("the broker that answered is release %s, and names no brokers: those of 0.8 do so until there is a topic; produce to one, and probe again", client.Release(-1))
	}
	return failed
}
