package e2e

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
)

// keyed makes n lines "key|number", the numbers from first on.
func keyed(first, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("key-%d|%d", (first+i)%97, first+i)
	}
	return lines
}

func text(lines []string) string { return strings.Join(lines, "\n") + "\n" }

// wantSame checks that got holds every line of want once, and the lines of
// each key in their order.
func wantSame(t *testing.T, got, want []string) {
	t.Helper()
	wantOnce(t, got, want)
	last := map[string]int{}
	for _, line := range got {
		key, number := parse(t, line)
		if before, ok := last[key]; ok && number < before {
			t.Errorf("key %s: %d came after %d", key, number, before)
		}
		last[key] = number
	}
}

// wantOnce checks that got holds every line of want once, in any order.
func wantOnce(t *testing.T, got, want []string) {
	t.Helper()
	seen := make(map[string]int, len(got))
	for _, line := range got {
		seen[line]++
	}
	report := newLimited(t)
	for _, line := range want {
		switch n := seen[line]; {
		case n == 0:
			report("line %q is missing", line)
		case n > 1:
			report("line %q came %d times", line, n)
		}
		delete(seen, line)
	}
	for line := range seen {
		report("line %q was never sent", line)
	}
}

// wantAll checks that got holds every line of want at least once.
func wantAll(t *testing.T, got, want []string) {
	t.Helper()
	seen := make(map[string]bool, len(got))
	for _, line := range got {
		seen[line] = true
	}
	report := newLimited(t)
	for _, line := range want {
		if !seen[line] {
			report("line %q is missing", line)
		}
	}
}

// newLimited reports the first few errors, so that a broken run stays readable.
func newLimited(t *testing.T) func(format string, args ...any) {
	t.Helper()
	n := 0
	return func(format string, args ...any) {
		t.Helper()
		if n++; n <= 5 {
			t.Errorf(format, args...)
		}
	}
}

func parse(t *testing.T, line string) (key string, number int) {
	t.Helper()
	key, digits, _ := strings.Cut(line, "|")
	number, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatalf("a line that nobody sent: %q", line)
	}
	return key, number
}

// slowly gives out the lines over the time that it should take.
func slowly(lines []string, over time.Duration) io.Reader {
	r, w := io.Pipe()
	go func() {
		const steps = 100
		for i := range steps {
			from, to := i*len(lines)/steps, (i+1)*len(lines)/steps
			if from < to {
				if _, err := io.WriteString(w, text(lines[from:to])); err != nil {
					return
				}
			}
			time.Sleep(over / steps)
		}
		w.Close()
	}()
	return r
}
