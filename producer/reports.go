package producer

import (
	"errors"
	"log/slog"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// reportEvery is how often a trouble that lasts is logged.
const reportEvery = time.Minute

// maxReports bounds how many troubles are told apart; what more there are count
// as one for each broker.
const maxReports = 50

// reports logs what goes wrong with batches: what is new at the end of the
// sender's round, and what lasts once in reportEvery, always with a count and an
// example. So a broker that is gone makes a line, not one for each partition. It
// belongs to the sender.
type reports struct {
	log  *slog.Logger
	open map[trouble]*report
}

// trouble is what is logged as one.
type trouble struct {
	what   string // the line
	node   int32  // the broker, -1: none
	reason string
}

// report is a trouble since it was logged last.
type report struct {
	records, batches int
	example          *DeliveryError
	logged           time.Time
}

// add notes a trouble with batches.
func (r *reports) add(what string, e *DeliveryError, batches int) {
	key := trouble{what, e.Node, reasonOf(e.Err)}
	one := r.open[key]
	if one == nil && len(r.open) >= maxReports {
		key.reason = "" // it may be there already
		one = r.open[key]
	}
	if one == nil {
		one = &report{}
		r.open[key] = one
	}
	if one.batches == 0 {
		one.example = e
	}
	one.batches += batches
	one.records += e.Records
}

// say logs what is due, and returns when it wants to be called again; zero is
// never.
func (r *reports) say(now time.Time) (next time.Time) {
	for key, one := range r.open {
		due := one.logged.Add(reportEvery)
		switch {
		case now.Before(due):
			next = earliest(next, due)
		case one.batches == 0: // it is over
			delete(r.open, key)
		default:
			r.write(key, one)
			*one = report{logged: now}
			next = earliest(next, now.Add(reportEvery))
		}
	}
	return next
}

// end logs what was not logged yet.
func (r *reports) end() {
	for key, one := range r.open {
		if one.batches > 0 {
			r.write(key, one)
		}
	}
	clear(r.open)
}

func (r *reports) write(key trouble, one *report) {
	r.log.Warn(key.what, "node", key.node, "records", one.records, "batches", one.batches, "error", one.example)
}

// reasonOf is what errors of one cause have in common: the broker's code, or what
// the innermost error says.
func reasonOf(err error) string {
	if code, ok := errors.AsType[wire.ErrorCode](err); ok {
		return code.String()
	}
	for {
		inner := cause(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// cause is what err wraps, the last if there are several, or nil.
func cause(err error) error {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return e.Unwrap()
	case interface{ Unwrap() []error }:
		if all := e.Unwrap(); len(all) > 0 {
			return all[len(all)-1]
		}
	}
	return nil
}
