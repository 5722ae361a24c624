package main

import (
	"fmt"
	"io"
)

const (
	nameWidth   = 32
	timeWidth   = 9
	allocsWidth = 7
)

func writeHead(w io.Writer) {
	fmt.Fprintf(w, "%-*s  %*s  | %*s  | ours/kmsg\n", nameWidth, "", len(columns)*timeWidth, "µs per run", len(columns)*allocsWidth, "allocations per run")
	fmt.Fprintf(w, "%-*s  ", nameWidth, "")
	for _, column := range columns {
		fmt.Fprintf(w, "%*s", timeWidth, column)
	}
	fmt.Fprint(w, "  | ")
	for _, column := range columns {
		fmt.Fprintf(w, "%*s", allocsWidth, column)
	}
	fmt.Fprintln(w, "  | time  target          allocs  target")
}

// writeLine writes the line of a case, and returns how many of its targets were
// missed.
func writeLine(w io.Writer, c benchCase, results map[string]result) (missed int) {
	fmt.Fprintf(w, "%-*s  ", nameWidth, c.name)
	for _, column := range columns {
		cell := "-"
		if r, ok := results[column]; ok {
			cell = fmt.Sprintf("%.1f", float64(r.time.Nanoseconds())/1000)
		}
		fmt.Fprintf(w, "%*s", timeWidth, cell)
	}
	fmt.Fprint(w, "  | ")
	for _, column := range columns {
		cell := "-"
		if r, ok := results[column]; ok {
			cell = fmt.Sprint(r.allocs)
		}
		fmt.Fprintf(w, "%*s", allocsWidth, cell)
	}
	our, their := results[ours], results[kmsgSafe]
	verdict := func(met bool) string {
		if met {
			return "met"
		}
		missed++
		return "MISSED"
	}
	time, timeTarget := float64(our.time)/float64(their.time), ""
	if most := c.target.time; most > 0 {
		timeTarget = fmt.Sprintf("<= %.2f %s", most, verdict(time <= most))
	}
	allocs := "-"
	if their.allocs > 0 {
		allocs = fmt.Sprintf("%.3f", float64(our.allocs)/float64(their.allocs))
	}
	fmt.Fprintf(w, "  | %.2f  %-14s  %6s  %-7s %s\n", time, timeTarget, allocs,
		c.target.allocs.text, verdict(c.target.allocs.met(our.allocs, their.allocs)))
	return missed
}
