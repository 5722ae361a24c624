// Command bench compares the speed of barnabas's packages wire/msg and
// wire/record with that of franz-go's kmsg and of sarama: the same data, in one
// process, in turns.
//
//	go run . [-filter regexp] [-rounds n] [-check]
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
	filter := flag.String("filter", "", "a regular expression; only cases whose names it matches")
	rounds := flag.Int("rounds", 20, "how often each library has its turn")
	check := flag.Bool("check", false, "exit with status 1 when a target is missed")
	flag.Parse()
	missed, err := run(os.Stdout, *filter, *rounds)
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
func run(out io.Writer, filter string, rounds int) (missed int, err error) {
	match, err := regexp.Compile(filter)
	if err != nil {
		return 0, fmt.Errorf("-filter: %w", err)
	}
	if rounds < 1 {
		return 0, fmt.Errorf("-rounds: %d; at least 1 is needed", rounds)
	}
	fmt.Fprintf(out, "%s %s/%s, %d CPUs, %d rounds\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), rounds)
	writeHead(out)
	for _, g := range groups() {
		cases, err := g.cases()
		if err != nil {
			return missed, fmt.Errorf("%s: %w", g.name, err)
		}
		for _, c := range cases {
			if !match.MatchString(c.name) {
				continue
			}
			results, err := measure(c, rounds)
			if err != nil {
				return missed, err
			}
			missed += writeLine(out, c, results)
		}
	}
	return missed, nil
}

// A group makes its cases when their turn comes, so that the data of one group
// is garbage when the next begins.
type group struct {
	name  string
	cases func() ([]benchCase, error)
}

func groups() []group {
	var all []group
	for _, m := range messages() {
		all = append(all, group{m.name, m.cases})
	}
	for _, f := range formats() {
		all = append(all, group{"records " + f.String(), func() ([]benchCase, error) { return recordCases(f) }})
	}
	return all
}

func messages() []*message {
	return []*message{metadataResponse(), fetchRequest(), fetchResponse(), produceResponse(), offsetCommitRequest(), offsetCommitResponse()}
}

func formats() []record.Format { return []record.Format{record.V2, record.V1, record.V0} }
