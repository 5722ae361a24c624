package consumer

import (
	"log/slog"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// trouble remembers what keeps something from going on, and since when, so that the log speaks of
// it when it lasts and stays silent about what passes.
type trouble struct {
	err   error
	node  int32 // of a partition's: the broker, -1 if it is none's in particular
	since time.Time
	said  time.Time
}

const (
	troubleAfter = 3 * time.Second // how long it must last to be worth a line in the log
	troubleAgain = time.Minute     // and to be worth another
)

func (t *trouble) note(now time.Time, err error) {
	if t.err == nil {
		t.since = now
	}
	t.err = err
}

func (t *trouble) noteOf(now time.Time, node int32, err error) {
	t.note(now, err)
	t.node = node
}

func (t *trouble) over() { *t = trouble{} }

// due says whether the log has to hear of it now.
func (t *trouble) due(now time.Time) bool {
	if t.err == nil || now.Before(t.deadline()) {
		return false
	}
	t.said = now
	return true
}

// deadline is when it will be due; zero without trouble.
func (t *trouble) deadline() time.Time {
	switch {
	case t.err == nil:
		return time.Time{}
	case t.said.IsZero():
		return t.since.Add(troubleAfter)
	}
	return t.said.Add(troubleAgain)
}

// A cause is what the troubles of partitions have in common that the log speaks of in one line: the
// broker, and what it said, if it said anything.
type cause struct {
	node     int32
	code     wire.ErrorCode
	answered bool
}

func (t *trouble) cause() cause {
	code, answered := errorCode(t.err)
	return cause{t.node, code, answered}
}

// reports is when the log spoke of each cause last.
type reports map[cause]time.Time

// report is a line of log about partitions that are not being read.
type report struct {
	n       int
	example *partition // that has waited longest
}

// due returns what the log has to hear of now, and when to look again; zero: nothing is amiss.
func (r *reports) due(now time.Time, parts []*partition) (lines []report, next time.Time) {
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	var found map[cause]report
	for _, p := range parts {
		if p.trouble.err == nil || p.paused {
			continue
		}
		if at := p.trouble.since.Add(troubleAfter); now.Before(at) {
			sooner(at)
			continue
		}
		if found == nil {
			found = map[cause]report{}
		}
		l := found[p.trouble.cause()]
		if l.n++; l.n == 1 || p.trouble.since.Before(l.example.trouble.since) {
			l.example = p
		}
		found[p.trouble.cause()] = l
	}
	for c, said := range *r {
		if _, lasts := found[c]; !lasts && !now.Before(said.Add(troubleAgain)) {
			delete(*r, c)
		}
	}
	for c, l := range found {
		said, was := (*r)[c]
		if again := said.Add(troubleAgain); was && now.Before(again) {
			sooner(again)
			continue
		}
		if *r == nil {
			*r = reports{}
		}
		(*r)[c] = now
		sooner(now.Add(troubleAgain))
		lines = append(lines, l)
	}
	return lines, next
}

// attrs is what the line says.
func (l report) attrs(now time.Time) []any {
	t := &l.example.trouble
	attrs := []any{"partitions", l.n, "for", now.Sub(t.since).Round(time.Millisecond), "reason", t.err,
		slog.Group("example", "topic", l.example.tp.Topic, "partition", l.example.tp.Partition)}
	if t.node >= 0 {
		attrs = append(attrs, "broker", t.node)
	}
	return attrs
}
