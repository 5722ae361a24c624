// Command brokers runs real Kafka brokers of any release, to try things on:
//
//	go run ./tools/brokers start 0.9.0.1              # prints the address to bootstrap from
//	go run ./tools/brokers start -brokers 3 4.4.0     # prints three
//	go run ./tools/brokers list
//	go run ./tools/brokers kill 127.0.0.1:23456       # or freeze, thaw, restart
//	go run ./tools/brokers stop all
//
// They listen on 127.0.0.1 only and run until they are stopped. It needs a
// headless Java 17 or 21 and Maven, through which it gets a release's jars once.
// Jars, data and logs are under BARNABAS_KAFKA_CACHE, by default barnabas/kafka
// in the user's cache directory.
//
// Exit status: 0 when all was done, 1 when something failed, 2 when the command
// line was wrong. What is printed on standard error says which and what to check.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `brokers - real Kafka brokers of any release, on 127.0.0.1

  brokers start [-brokers N] [-partitions N] [-mode zk|kraft] [-X name=value]... VERSION
  brokers list                             the clusters and their brokers
  brokers stop [ADDR|all]                  a whole cluster, by one of its addresses
  brokers kill|freeze|thaw|restart ADDR    one broker
  brokers fetch VERSION...                 only get the jars

stop needs no ADDR when one cluster runs. 'brokers start -h' says more.
`

// usageError is a mistake on the command line: exit status 2.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	var err error
	name, args := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return 0
	case "start":
		err = start(ctx, args, stdout, stderr)
	case "list":
		err = list(args, stdout)
	case "stop":
		err = stop(args, stderr)
	case "kill", "freeze", "thaw", "restart":
		err = change(ctx, name, args)
	case "fetch":
		err = fetch(ctx, args, stdout)
	default:
		fmt.Fprintf(stderr, "brokers: no command %q; there are start, list, stop, kill, freeze, thaw, restart and fetch\n", name)
		return 2
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "brokers %s: %v\n", name, err)
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}
