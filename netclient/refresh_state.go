package netclient

import (
	"maps"
	"slices"

	"time"
)

// refreshState is when to refresh the metadata, for whom, and what to ask. It
// has no clock; the Client calls it under its mutex.
type refreshState struct {
	inUse map[string]topicUse
	// existed are the topics that were ever seen to exist. No request of this client
	// creates one of them: someone has deleted it, and does not want it back.
	existed map[string]struct{}

	next refreshRound // what has been asked for since the last refresh began

	rebootstrap bool // a broker wants the bootstrap servers to be asked (KIP-1102)

	soon    bool      // something was stale
	lastErr error     // why the last refresh failed; nil after a success
	trying  attemptAt // who is being asked by the refresh that runs; else zero

	maxAge   time.Duration
	maxIdle  time.Duration // of a topic
	backoff  Backoff
	pause    time.Time // after a failure: nothing is asked before
	spacing  time.Time // after all topics in use were asked for: they are not asked for again before
	freshTil time.Time // when the snapshot gets too old; zero: there is none
}

// topicUse is what is known of a topic in use.
type topicUse struct {
	seen  time.Time // when it was last found in use
	again time.Time // it is not asked for again before, except by a look-up, which has its own backoff
}

// refreshRound is what one refresh is for, and what it asks.
type refreshRound struct {
	waiting []*refreshWait
	at      time.Time           // no earlier, if someone waits
	urgent  bool                // at once
	whole   bool                // ask for the topics in use
	all     bool                // ask for every topic
	topics  map[string]struct{} // ask for these
	create  map[string]struct{} // ask for these, and let the brokers create them
}

// refreshWait is a refresh that any number of callers wait for.
type refreshWait struct {
	done     chan struct{} // closed when metadata or err is set
	metadata *Metadata
	err      error // one that no other try will cure
}

// wanted is what a caller wants of a refresh.
type wanted struct {
	topics []string // none: the topics in use
	create bool     // the brokers may create topics
	all    bool     // every topic, instead
	urgent bool     // the caller has a backoff of its own
}

func newRefreshState(cfg *Config) refreshState {
	return refreshState{inUse: map[string]topicUse{}, existed: map[string]struct{}{},
		backoff: cfg.retryBackoff(), maxAge: max(cfg.MetadataMaxAge, 0), maxIdle: cfg.MetadataMaxIdle}
}

// due is when the next refresh should begin; zero is never, unless something
// changes.
func (r *refreshState) due() time.Time {
	var at time.Time
	switch {
	case len(r.next.waiting) > 0 && r.next.urgent:
	case len(r.next.waiting) > 0:
		at = r.next.at
	case r.soon:
		at = r.spacing
	case !r.freshTil.IsZero():
		at = later(r.spacing, r.freshTil)
	default:
		return time.Time{}
	}
	return later(later(at, r.pause), time.Unix(0, 1))
}

// join returns the refresh to wait for, which will begin after now. What was asked
// for a moment ago is not asked for again before the backoff is over, however many
// callers want it.
func (r *refreshState) join(now time.Time, w wanted) *refreshWait {
	n := &r.next
	n.urgent = n.urgent || w.urgent
	for _, name := range w.topics {
		use := r.inUse[name]
		use.seen = now
		r.inUse[name] = use
	}
	if at := r.notBefore(w.topics); len(n.waiting) == 0 || at.Before(n.at) {
		n.at = at
	}
	n.all = n.all || w.all
	n.whole = n.whole || len(w.topics) == 0
	if w.create {
		n.create = add(n.create, w.topics)
	} else {
		n.topics = add(n.topics, w.topics)
	}
	if len(n.waiting) == 0 {
		n.waiting = append(n.waiting, &refreshWait{done: make(chan struct{})})
	}
	return n.waiting[len(n.waiting)-1]
}

// notBefore is when these topics may be asked for again, or all in use where none
// is named; of topics asked for at different times, the first.
func (r *refreshState) notBefore(topics []string) (at time.Time) {
	if len(topics) == 0 {
		return r.spacing
	}
	at = r.inUse[topics[0]].again
	for _, name := range topics[1:] {
		if again := r.inUse[name].again; again.Before(at) {
			at = again
		}
	}
	return at
}

func add(set map[string]struct{}, names []string) map[string]struct{} {
	for _, name := range names {
		if set == nil {
			set = map[string]struct{}{}
		}
		set[name] = struct{}{}
	}
	return set
}

// begin returns what the refresh that begins now is for. It drops the topics that
// are in use no longer, as far as the latest snapshot shows.
func (r *refreshState) begin(now time.Time, latest *Metadata) refreshRound {
	round := r.next
	r.next = refreshRound{}
	for name := range round.create {
		if _, ok := r.existed[name]; ok {
			delete(round.create, name)
			round.topics = add(round.topics, []string{name})
		}
	}
	if r.soon && !now.Before(r.spacing) || len(round.waiting) == 0 || !r.freshTil.IsZero() && !now.Before(r.freshTil) {
		round.whole = true
	}
	if round.whole {
		r.soon = false
		r.sweep(now, latest)
		for name := range r.inUse {
			if _, ok := round.create[name]; !ok {
				round.topics = add(round.topics, []string{name})
			}
		}
	}
	return round
}

// sweep drops the topics that nobody has looked up for too long.
func (r *refreshState) sweep(now time.Time, latest *Metadata) {
	for name, use := range r.inUse {
		if t := latest.topics.get(name); t != nil && t.lookedUp() {
			use.seen = now
			r.inUse[name] = use
		} else if now.Sub(use.seen) >= r.maxIdle {
			delete(r.inUse, name)
		}
	}
}

// succeeded notes that a refresh brought a snapshot.
func (r *refreshState) succeeded(now time.Time, round refreshRound, md *Metadata) {
	base := r.backoff
	base.Reset()
	r.backoff.Reset()
	again := now.Add(base.Next())
	r.lastErr, r.pause, r.trying = nil, time.Time{}, attemptAt{}
	r.rebootstrap = false
	if round.whole {
		r.spacing = again
	}
	if round.whole || r.freshTil.IsZero() {
		r.freshTil = now.Add(r.maxAge)
	}
	for _, names := range []map[string]struct{}{round.topics, round.create} {
		for name := range names {
			if use, ok := r.inUse[name]; ok {
				use.again = again
				r.inUse[name] = use
			}
			r.saw(md.topics.get(name))
		}
	}
	if n := &r.next; n.whole {
		n.at = r.spacing
	} else if len(n.topics) > 0 {
		n.at = r.notBefore(slices.Collect(maps.Keys(n.topics)))
	}
	if round.all {
		for t := range md.topics.all() {
			r.saw(t)
		}
	}
}

// saw notes that a topic exists, if it does.
func (r *refreshState) saw(t *Topic) {
	if t == nil || t.Err != 0 {
		return
	}
	if _, ok := r.existed[t.Name]; !ok {
		r.existed[t.Name] = struct{}{}
	}
}

// failed notes that a refresh failed. Those who waited for it wait for the next
// one, if that may do better; it returns those that need not wait any more.
func (r *refreshState) failed(now time.Time, round refreshRound, err error) (over []*refreshWait) {
	r.lastErr = err
	r.pause = now.Add(r.backoff.Next())
	if !IsRetriable(err) {
		return round.waiting
	}
	r.soon = r.soon || round.whole
	n := &r.next
	n.waiting = append(round.waiting, n.waiting...)
	n.all, n.whole = n.all || round.all, n.whole || round.whole
	n.at = time.Time{}
	n.topics = merged(n.topics, round.topics)
	n.create = merged(n.create, round.create)
	return nil
}

func merged(a, b map[string]struct{}) map[string]struct{} {
	if a == nil {
		return b
	}
	maps.Copy(a, b)
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
