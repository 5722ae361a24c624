// Command bench compares the speed of packages wire/msg and wire/record with
// that of franz-go's kmsg and of sarama: same data, one process, in turns.
//
//	go run . [-filter regexp] [-rounds n] [-check]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"text/tabwriter"
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
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	writeHead(w)
	for _, group := range groups() {
		cases, err := group()
		if err != nil {
			return missed, err
		}
		for _, c := range cases {
			if !match.MatchString(c.name) {
				continue
			}
			results, err := measure(c, rounds)
			if err != nil {
				return missed, err
			}
			missed += writeLine(w, c, results)
		}
	}
	return missed, w.Flush()
}

// groups make the cases, each when its turn comes: the data of one is garbage
// before the next begins.
func groups() []func() ([]benchCase, error) {
	var all []func() ([]benchCase, error)
	for _, m := range messages() {
		all = append(all, m.cases)
	}
	return all
}

func messages() []*message {
	return []*message{metadataResponse()}
}

func writeHead(w io.Writer) {
	fmt.Fprint(w, "µs per run:\t")
	for _, column := range columns {
		fmt.Fprintf(w, "%s\t", column)
	}
	fmt.Fprint(w, "| allocs:\t")
	for _, column := range columns {
		fmt.Fprintf(w, "%s\t", column)
	}
	fmt.Fprint(w, "| ours/kmsg:\ttime\ttarget\t\tallocs\ttarget\t\t\n")
}

func writeLine(w io.Writer, c benchCase, results map[string]result) (missed int) {
	fmt.Fprintf(w, "%s\t", c.name)
	for _, column := range columns {
		if r, ok := results[column]; ok {
			fmt.Fprintf(w, "%.1f\t", float64(r.time.Nanoseconds())/1000)
		} else {
			fmt.Fprint(w, "-\t")
		}
	}
	fmt.Fprint(w, "|\t")
	for _, column := range columns {
		if r, ok := results[column]; ok {
			fmt.Fprintf(w, "%.0f\t", r.allocs)
		} else {
			fmt.Fprint(w, "-\t")
		}
	}
	our, their := results[ours], results[kmsgSafe]
	verdict := func(met bool) string {
		if met {
			return "met"
		}
		missed++
		return "MISSED"
	}
	time := float64(our.time) / float64(their.time)
	allocs := "-"
	if their.allocs > 0 {
		allocs = fmt.Sprintf("%.3f", our.allocs/their.allocs)
	}
	fmt.Fprintf(w, "|\t%.2f\t<= %.2f\t%s\t%s\t%s\t%s\t\n", time, c.target.time, verdict(time <= c.target.time),
		allocs, c.target.allocs.text, verdict(c.target.allocs.met(our.allocs, their.allocs)))
	return missed
}
