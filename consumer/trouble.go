package consumer

import "time"

// trouble remembers what keeps something from going on, and since when, so that the log speaks of
// it when it lasts and stays silent about what passes.
type trouble struct {
	err   error
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
