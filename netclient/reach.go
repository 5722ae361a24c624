package netclient

import "time"

// reach is what is known of reaching one address: how long to leave it alone
// after failures, and what it spoke. It has no clock or lock; the Client calls
// it under its mutex.
type reach struct {
	backoff   Backoff
	notBefore time.Time // no attempt to connect before that
	lastTry   time.Time // when the last attempt ended that failed
	since     time.Time // when a connection was last made; zero: never
	lastErr   error     // why the last attempt failed; nil after a success
	accepted  bool      // the attempt that runs has a network connection
	said      failureLog

	// conns are the connections that stand, and versions what the broker there
	// speaks: kept as long as none of them is lost and one is left.
	conns    map[*Conn]struct{}
	versions *versions
}

// failed notes an attempt that began at started and failed. Attempts that ran at
// the same time count as one.
func (r *reach) failed(started, now time.Time, err error) {
	r.lastErr = err
	if !r.lastTry.IsZero() && started.Before(r.lastTry) {
		return
	}
	r.lastTry = now
	r.notBefore = now.Add(r.backoff.Next())
}

// connected notes a connection and what the broker speaks.
func (r *reach) connected(conn *Conn, v *versions, now time.Time) {
	r.backoff.Reset()
	r.notBefore, r.lastTry, r.lastErr = time.Time{}, time.Time{}, nil
	r.since = now
	if r.conns == nil {
		r.conns = map[*Conn]struct{}{}
	}
	r.conns[conn] = struct{}{}
	r.versions = v
}

// learned notes what the broker speaks that a bootstrap connection, which still
// stands, was found to lead to.
func (r *reach) learned(conn *Conn) {
	if _, ok := r.conns[conn]; ok {
		r.versions = conn.known()
	}
}

// disconnected notes the end of a connection, lost if it was not this program
// that ended it, and reports whether the connection was known. Then, or when no
// connection is left, another broker may be there next time, or the same one
// after an upgrade: its versions are asked for again. A connection that was lost
// as soon as it stood is not made again at once.
func (r *reach) disconnected(conn *Conn, lost bool) bool {
	if _, ok := r.conns[conn]; !ok {
		return false
	}
	delete(r.conns, conn)
	if lost || len(r.conns) == 0 {
		r.versions = nil
	}
	if lost {
		first := r.backoff
		first.Reset()
		if at := r.since.Add(first.Next()); at.After(r.notBefore) {
			r.notBefore = at
		}
	}
	return true
}

// known is what the broker speaks, nil when it must be asked: also when a
// connection has ended just now and disconnected is yet to hear of it.
func (r *reach) known() *versions {
	for conn := range r.conns {
		if conn.Err() != nil {
			return nil
		}
	}
	return r.versions
}

// stood reports whether a connection was ever made.
func (r *reach) stood() bool { return !r.since.IsZero() }
