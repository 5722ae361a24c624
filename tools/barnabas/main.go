package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// A subcommand is the first word of the command line.
type subcommand struct {
	name  string
	usage string // what follows the name
	run   func(context.Context, []string, streams) error
}

// subcommands is a function because newCommon, which they all call, looks their usage up.
func subcommands() []subcommand {
	return []subcommand{
		{"produce", "-b BROKERS -t TOPIC [-K DELIM] [-p N] [-z CODEC] [-X name=value]...", produce},
		{"consume", "-b BROKERS -t TOPIC [-g GROUP] [-o beginning|end|N|s@TIME] [-p N]\n" +
			"                   [-c COUNT] [-e] [-f FORMAT] [-X name=value]...", consume},
		{"probe", "-b BROKERS [-X name=value]...", probe},
		{"request", "-b BROKERS [-node ID] NAME[/VERSION] [JSON]", request},
		{"demo", "[-b BROKERS] [-n RECORDS] [-stats]", demo},
	}
}

const notes = `
BROKERS is host:port[,host:port...]; -X sets a property by Kafka's own name.

A command that has to wait for the cluster says for what after 3 seconds and
gives up after 25 (-X max.block.ms=...); produce gives a record up 120 seconds
after it was read (-X delivery.timeout.ms=...). Only consume waits without limit:
for records, for the other members of its group, and, without -c and -e, for
brokers that went away after it began.

Exit status: 0 when all was done, 1 when something failed, 2 when the command
line was wrong.
`

func printUsage(w io.Writer) {
	fmt.Fprint(w, "barnabas - a Kafka client on the command line\n\n")
	for _, c := range subcommands() {
		fmt.Fprintf(w, "  barnabas %-7s %s\n", c.name, c.usage)
	}
	fmt.Fprint(w, notes, "'barnabas COMMAND -h' lists what a command takes.\n")
}

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
	signal.Ignore(syscall.SIGPIPE) // so that a write to a closed pipe is an error, which stdout looks for
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as it is under nohup
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	context.AfterFunc(ctx, stop) // a second interrupt ends it at once
	status := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(status)
}

// run is the command in a test's hands: it returns the exit status.
func run(ctx context.Context, args []string, std streams) int {
	if len(args) == 0 {
		printUsage(std.err)
		return 2
	}
	name := args[0]
	if name == "help" || name == "-h" || name == "-help" || name == "--help" {
		printUsage(std.out)
		return 0
	}
	for _, c := range subcommands() {
		if c.name == name {
			return runOne(ctx, c, args[1:], std)
		}
	}
	fmt.Fprintf(std.err, "barnabas: no command %q; there are produce, consume, probe, request and demo\n", name)
	return 2
}

func runOne(ctx context.Context, c subcommand, args []string, std streams) int {
	ctx, end := context.WithCancel(ctx)
	defer end()
	std.out, std.err = &stdout{w: std.out, end: end}, &shared{w: std.err}
	err := c.run(ctx, args, std)
	if err == nil || errors.Is(err, flag.ErrHelp) || isClosedPipe(err) {
		return 0
	}
	fmt.Fprintf(std.err, "barnabas %s: %v\n", c.name, err)
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(std.err, "'barnabas %s -h' lists what it takes\n", c.name)
		return 2
	}
	return 1
}

// shared is an output that several goroutines write to, the log among them.
type shared struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// stdout is standard output. When its reader has gone away, as head does when
// it has seen enough, the command ends as it does on SIGTERM.
type stdout struct {
	w   io.Writer
	end context.CancelFunc
}

func (s *stdout) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if isClosedPipe(err) {
		s.end()
	}
	return n, err
}

func isClosedPipe(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe)
}
