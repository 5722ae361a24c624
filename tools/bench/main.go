// Command bench compares the speed of barnabas's packages wire/msg and
// wire/record with that of franz-go's kmsg and of sarama: the same data, in one
// process, in turns.
//
//	go run . [-filter regexp] [-rounds n] [-wall] [-check]
//
// The README says how to read what it prints.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"

	"github.com/barnabas-kafka/barnabas/wire/record"
)

func main() {
	filter := flag.String("filter", "", "a `regexp`: only cases whose names it matches")
	rounds := flag.Int("rounds", 20, "how often each library has its turn")
	wall := flag.Bool("wall", false, "count elapsed time, with all processors, instead of processor time with one")
	check := flag.Bool("check", false, "exit with status 1 when a target is missed")
	flag.Parse()
	missed, err := run(os.Stdout, *filter, *rounds, *wall)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if *check && missed > 0 {
		fmt.Fprintf(os.Stderr, "bench: %d targets missed\n", missed)
		os.Exit(1)
	}
}

// run measures the cases and writes a line for each. It returns how many
// targets were missed.
func run(out io.Writer, filter string, rounds int, wall bool) (missed int, err error) {
	match, err := regexp.Compile(filter)
	if err != nil {
		return 0, fmt.Errorf("-filter: %w", err)
	}
	if rounds < 1 {
		return 0, fmt.Errorf("-rounds: %d; at least 1 is needed", rounds)
	}
	now, counted := elapsedTime(), "elapsed time"
	if !wall {
		// With one processor, garbage collection is part of the work that causes it.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		now, counted = processorTime, "processor time"
	}
	fmt.Fprintf(out, "%s, %s/%s, %d of %d processors, %s, best of %d rounds\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.NumCPU(), counted, rounds)
	writeHead(out)
	for _, newCase := range cases() {
		c, err := newCase()
		if err != nil {
			return missed, err
		}
		if !match.MatchString(c.name) {
			continue
		}
		results, err := now.measure(c, rounds)
		if err != nil {
			return missed, err
		}
		missed += writeLine(out, c, results)
	}
	return missed, nil
}

// cases make the cases, each when its turn comes: what one needs is garbage when
// the next begins, and makes no work for its garbage collections.
func cases() (all []func() (benchCase, error)) {
	for _, newMessage := range messages() {
		all = append(all,
			func() (benchCase, error) { return newMessage().decodeCase() },
			func() (benchCase, error) { return newMessage().encodeCase() })
	}
	for _, f := range formats() {
		all = append(all,
			func() (benchCase, error) { return recordEncodeCase(f) },
			func() (benchCase, error) { return recordReadCase(f) })
	}
	return all
}

func messages() []func() *message {
	return []func() *message{metadataResponse, fetchRequest, fetchResponse, produceResponse, offsetCommitRequest, offsetCommitResponse}
}

func formats() []record.Format { return []record.Format{record.V2, record.V1, record.V0} }
