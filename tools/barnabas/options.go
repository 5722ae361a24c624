package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/barnabas-kafka/barnabas/netclient"
	"github.com/barnabas-kafka/barnabas/netclient/oauth"
	"github.com/barnabas-kafka/barnabas/netclient/properties"
)

// patience is how long a command waits for a cluster that does not answer or a
// topic that does not come, unless -X max.block.ms says otherwise.
const patience = 25 * time.Second

// sayAfter is how long a command waits before it says what for.
const sayAfter = 3 * time.Second

// common are the options that every command takes.
type common struct {
	flags    *flag.FlagSet
	out      io.Writer // where -h prints
	brokers  string
	verbose  bool
	props    map[string]string
	operands int             // most that may follow the options
	hidden   map[string]bool // flags that -h does not list
}

func newCommon(name string, std streams) *common {
	c := &common{
		flags: flag.NewFlagSet("barnabas "+name, flag.ContinueOnError), out: std.out,
		props: map[string]string{}, hidden: map[string]bool{},
	}
	c.flags.SetOutput(io.Discard) // what it would print, run and -h do
	c.flags.StringVar(&c.brokers, "b", "", "`brokers` to start from: host:port[,host:port...]")
	c.flags.BoolVar(&c.verbose, "v", false, "log all that the client does; without it, warnings")
	c.flags.Func("X", "set a property by Kafka's own `name=value`; may be repeated", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return fmt.Errorf("want name=value")
		}
		c.props[name] = value
		return nil
	})
	return c
}

// parse reads the command line; a mistake in it is a usageError. Where it asks for
// help that is printed, and the error is flag.ErrHelp.
func (c *common) parse(args []string) error {
	if err := c.flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			c.help()
			return err
		}
		return usageError{err}
	}
	if rest := c.flags.Args(); len(rest) > c.operands {
		return usagef("don't know what to do with %q", strings.Join(rest[c.operands:], " "))
	}
	if c.brokers != "" {
		c.props["bootstrap.servers"] = c.brokers
	}
	return nil
}

// help prints how the command is called, and its flags.
func (c *common) help() {
	for _, sub := range subcommands() {
		if c.flags.Name() == "barnabas "+sub.name {
			fmt.Fprintf(c.out, "barnabas %s %s\n\n", sub.name, sub.usage)
		}
	}
	shown := flag.NewFlagSet("", flag.ContinueOnError)
	shown.SetOutput(c.out)
	c.flags.VisitAll(func(f *flag.Flag) {
		if !c.hidden[f.Name] {
			shown.Var(f.Value, f.Name, f.Usage)
		}
	})
	shown.PrintDefaults()
	fmt.Fprint(c.out, notes)
}

// needBrokers fails when neither -b nor -X bootstrap.servers was given: a
// command line that forgets it should not quietly talk to localhost.
func (c *common) needBrokers() error {
	if c.props["bootstrap.servers"] == "" {
		return usagef("-b BROKERS is missing: which cluster?")
	}
	return nil
}

func (c *common) logger(w io.Writer) *slog.Logger {
	level := slog.LevelWarn
	if c.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// dial makes the client for a command that knows only the client's own
// properties. The context that it returns ends when the patience does.
func (c *common) dial(ctx context.Context, std streams) (*netclient.Client, context.Context, error) {
	if err := c.needBrokers(); err != nil {
		return nil, nil, err
	}
	wait, err := patienceOf(c.props)
	if err != nil {
		return nil, nil, err
	}
	delete(c.props, "max.block.ms")
	config, unknown, err := netclient.ParseProperties(c.props, oauth.FromProperties)
	if err != nil {
		return nil, nil, usageError{err}
	}
	if err := properties.CheckRest(unknown, config.Ignored); err != nil {
		return nil, nil, usageError{err}
	}
	config.Logger = c.logger(std.err)
	client, err := connect(ctx, config, wait, std)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	context.AfterFunc(client.Context(), cancel)
	return client, ctx, nil
}

// connect makes the client and waits until a broker has answered, at most for
// patience; after three seconds it says what it waits for.
func connect(ctx context.Context, cfg netclient.Config, wait time.Duration, std streams) (*netclient.Client, error) {
	client, err := netclient.New(cfg)
	if err != nil {
		return nil, usageError{err}
	}
	if err := waitFor(ctx, wait, std.err, "a broker", client.Ping); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// saying prints what is waited for when it has lasted three seconds, unless the
// function that it returns is called before.
func saying(wait time.Duration, w io.Writer, what string) (done func()) {
	until := time.Now().Add(wait)
	t := time.AfterFunc(min(sayAfter, wait/2), func() {
		fmt.Fprintf(w, "barnabas: waiting for %s, until %s\n", what, until.Format(time.TimeOnly))
	})
	return func() { t.Stop() }
}

// waitFor calls f, which ends with its context, and gives it the time wait in
// all: if it is not done after three seconds, what it had to say by then is
// printed, and it gets the rest.
func waitFor(ctx context.Context, wait time.Duration, w io.Writer, what string, f func(context.Context) error) error {
	deadline := time.Now().Add(wait)
	attempt := func(limit time.Time) (err error, expired bool) {
		ctx, cancel := context.WithDeadline(ctx, limit)
		defer cancel()
		err = f(ctx)
		return err, ctx.Err() != nil
	}
	if wait > sayAfter {
		err, expired := attempt(time.Now().Add(sayAfter))
		if err == nil || !expired || ctx.Err() != nil {
			return err
		}
		fmt.Fprintf(w, "barnabas: waiting for %s, until %s: %v\n", what, deadline.Format(time.TimeOnly), reason(err))
	}
	err, expired := attempt(deadline)
	if err != nil && expired && ctx.Err() == nil {
		return fmt.Errorf("waited %v for %s: %w", wait, what, reason(err))
	}
	return err
}

// reason is the part of the error that says what to check, not that a time was
// over: what is wrong with each server that was tried.
func reason(err error) error {
	if tried := connErrors(err); len(tried) > 0 {
		return errors.Join(tried...)
	}
	return err
}

// connErrors are those that an error holds, in order.
func connErrors(err error) []error {
	switch e := err.(type) {
	case *netclient.ConnError:
		return []error{e}
	case interface{ Unwrap() error }:
		return connErrors(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []error
		for _, inner := range e.Unwrap() {
			all = append(all, connErrors(inner)...)
		}
		return all
	}
	return nil
}
