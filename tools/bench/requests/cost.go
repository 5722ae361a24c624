//go:build unix

package main

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
)

// processorTime is what the process has used so far, on all processors.
func processorTime() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, err
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}

// costOf is the processor time that f takes, divided by n.
func costOf(n int, f func() error) (time.Duration, error) {
	before, err := processorTime()
	if err != nil {
		return 0, err
	}
	if err := f(); err != nil {
		return 0, err
	}
	after, err := processorTime()
	return (after - before) / time.Duration(n), err
}

// oneByOne is the cost of a request where the next begins when its answer is
// there.
func oneByOne(ctx context.Context, c client, n int) (time.Duration, error) {
	return costOf(n, func() error {
		for range n {
			if err := c.ask(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// together is the cost of a request where so many callers do that on one
// connection.
func together(ctx context.Context, c client, callers, n int) (time.Duration, error) {
	return costOf(callers*n, func() error {
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() { _, errs[i] = oneByOne(ctx, c, n) })
		}
		wg.Wait()
		return errors.Join(errs...)
	})
}

// idleCost is the cost of a second in which nothing is asked on the connections
// that are open by now.
func idleCost() (time.Duration, error) {
	time.Sleep(time.Second) // what is left to do is done
	const seconds = 5
	return costOf(seconds, func() error {
		time.Sleep(seconds * time.Second)
		return nil
	})
}

// refreshCost is the cost of asking for all of the broker's metadata and having
// it at hand.
func refreshCost(ctx context.Context, addr string, rounds int) (time.Duration, error) {
	client, err := netclient.New(netclient.Config{BootstrapServers: []string{addr}})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	if _, err := client.RefreshAllTopics(ctx); err != nil { // connects
		return 0, err
	}
	return costOf(rounds, func() error {
		for range rounds {
			md, err := client.RefreshAllTopics(ctx)
			if err != nil {
				return err
			}
			partitions := 0
			for t := range md.Topics() {
				partitions += len(t.Partitions)
			}
			if len(md.Brokers()) != manyBrokers || partitions != manyPartitions {
				return errors.New("the metadata are not whole")
			}
		}
		return nil
	})
}
