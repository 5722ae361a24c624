//go:build unix

// Command requests measures what a request costs: the processor time of this
// process, user and system, with the broker in another one. It compares netclient
// with franz-go's client and with a bare Write and Read on a socket.
//
//	go run ./requests [-rounds n] [-check]
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

func main() {
	serve := flag.Bool("broker", false, "be the broker (the command starts itself with it)")
	rounds := flag.Int("rounds", 10, "turns of each case; the median counts")
	check := flag.Bool("check", false, "exit with status 1 when a target is missed")
	flag.Parse()
	run := func() error { return measureAll(*rounds, *check) }
	if *serve {
		run = broker
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "requests:", err)
		os.Exit(1)
	}
}

// client is one of those that are compared. Its functions send one small request
// (Heartbeat v4) and wait for its answer, on one connection.
type client struct {
	name  string
	ask   func(context.Context) error
	close func()
}

type connector func(ctx context.Context, addr string) (client, error)

func measureAll(rounds int, check bool) error {
	addr, stop, err := startBroker()
	if err != nil {
		return err
	}
	defer stop()
	ctx, cancel := context.WithCancel(context.Background()) // as callers have
	defer cancel()
	var clients []client
	for _, connect := range []connector{connectBare, connectOurs, connectMeasured, connectFranz} {
		one, err := connect(ctx, addr)
		if err != nil {
			return err
		}
		defer one.close()
		clients = append(clients, one)
	}
	one, err := turns(ctx, clients, rounds, func(c client) (time.Duration, error) { return oneByOne(ctx, c, 4000) })
	if err != nil {
		return err
	}
	sixteen, err := turns(ctx, clients[1:], rounds, func(c client) (time.Duration, error) { return together(ctx, c, 16, 1000) })
	if err != nil {
		return err
	}
	idle, err := idleCost()
	if err != nil {
		return err
	}
	refresh, err := refreshCost(ctx, addr, rounds)
	if err != nil {
		return err
	}
	ok := true
	report := func(what string, got time.Duration, ratio, limit float64, beside string) {
		met := "met"
		if ratio > limit {
			met, ok = "MISSED", false
		}
		fmt.Printf("%-46s %10v  %5.2f %s, target %.2f: %s\n", what, got.Round(10*time.Nanosecond), ratio, beside, limit, met)
	}
	fmt.Printf("%-46s %10v\n", "one at a time, bare", one[0].Round(10*time.Nanosecond))
	fmt.Printf("%-46s %10v\n", "one at a time, franz-go", one[3].Round(10*time.Nanosecond))
	report("one at a time, ours", one[1], ratio(one[1], one[0]), 1.5, "of bare")
	report("one at a time, ours with metrics", one[2], ratio(one[2], one[0]), 1.5, "of bare")
	fmt.Printf("%-46s %10v\n", "sixteen callers, franz-go", sixteen[2].Round(10*time.Nanosecond))
	report("sixteen callers, ours", sixteen[0], ratio(sixteen[0], sixteen[2]), 1, "of franz-go")
	report("sixteen callers, ours with metrics", sixteen[1], ratio(sixteen[1], sixteen[2]), 1, "of franz-go")
	report("idle, for a second", idle, ratio(idle, time.Second), 0.001, "of a processor")
	report("refresh, 1000 brokers, 100,000 partitions", refresh, ratio(refresh, 50*time.Millisecond), 1, "of 50 ms")
	if check && !ok {
		return fmt.Errorf("a target is missed")
	}
	return nil
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// turns measures the clients in turn, and gives the median of each: there are
// turns where the system has work of others on the same processors, and turns
// where a reader happens to find its answer there.
func turns(ctx context.Context, clients []client, rounds int, measure func(client) (time.Duration, error)) ([]time.Duration, error) {
	all := make([][]time.Duration, len(clients))
	for range rounds {
		for i, c := range clients {
			cost, err := measure(c)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			all[i] = append(all[i], cost)
		}
	}
	var medians []time.Duration
	for _, costs := range all {
		slices.SortFunc(costs, cmp.Compare)
		medians = append(medians, costs[len(costs)/2])
	}
	return medians, nil
}
