package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `barnabas - a Kafka client on the command line

  barnabas produce -b BROKERS -t TOPIC [-K DELIM] [-p N] [-z CODEC] [-X name=value]...
  barnabas consume -b BROKERS -t TOPIC [-g GROUP] [-o beginning|end|N|s@TIME] [-p N]
                   [-c COUNT] [-e] [-f FORMAT] [-X name=value]...
  barnabas probe   -b BROKERS [-X name=value]...
  barnabas request -b BROKERS [-node ID] NAME[/VERSION] [JSON]
  barnabas demo    [-b BROKERS] [-n RECORDS] [-stats]

BROKERS is host:port[,host:port...]; -X sets a property by Kafka's own name.
'barnabas COMMAND -h' lists what a command takes.
`

// streams are what a command reads and writes, so that a test can stand in.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a mistake on the command line: exit status 2.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

func run(ctx context.Context, args []string, std streams) int {
	commands := map[string]func(context.Context, []string, streams) error{
		"produce": produce,
		"consume": consume,
		"probe":   probe,
		"request": request,
		"demo":    demo,
	}
	if len(args) == 0 {
		fmt.Fprint(std.err, usage)
		return 2
	}
	if args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(std.out, usage)
		return 0
	}
	command, ok := commands[args[0]]
	if !ok {
		fmt.Fprintf(std.err, "barnabas: no command %q; there are produce, consume, probe, request and demo\n", args[0])
		return 2
	}
	err := command(ctx, args[1:], std)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	default:
		fmt.Fprintf(std.err, "barnabas %s: %v\n", args[0], err)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}
