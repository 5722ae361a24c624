package netclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

var (
	// ErrClosed says that the client, pool or connection was closed by this
	// program.
	ErrClosed = errors.New("closed by this program")

	// ErrNotKafka says that what answers at an address speaks another protocol.
	ErrNotKafka = errors.New("not a Kafka broker's answer")

	// ErrTooLarge says that a broker's answer is larger than Config.MaxResponseSize.
	ErrTooLarge = errors.New("the answer is too large")

	// ErrNoCoordinator says that the cluster has no coordinators: brokers of
	// 0.8.0 and 0.8.1 don't know FindCoordinator. Offsets of 0.8.1 are committed
	// by OffsetCommit v0 to any broker; 0.8.0 keeps none.
	ErrNoCoordinator = errors.New("this cluster has no coordinators; they came with 0.8.2")

	// ErrNoBrokers says that the cluster answers and names no broker. Clusters
	// of 0.8 do so until they have a topic.
	ErrNoBrokers = errors.New("the cluster names no brokers; one of release 0.8 names them once it has a topic")

	errIdle  = errors.New("closed after having been idle")
	errMoved = errors.New("closed because the broker has another address now")
)

// ConnError says that a connection could not be made, or failed.
type ConnError struct {
	Addr string // host:port that was tried
	Node int32  // the broker's id, -1 for a bootstrap server
	Op   string // what was tried: "connect", or the request, "Metadata v9"

	// Attempts is how many attempts to connect have failed in a row.
	Attempts int
	// AdvertisedBy is the address that answered and named Addr, when no
	// connection to Addr has stood yet: the brokers' advertised.listeners may
	// be wrong for this client.
	AdvertisedBy string
	// Unsent is true when nothing of the request was written; see SafeToRetry.
	Unsent bool

	Err error // the cause
}

func (e *ConnError) Error() string {
	var b strings.Builder
	if e.Node >= 0 {
		fmt.Fprintf(&b, "broker %d at %s: %s", e.Node, e.Addr, e.Op)
	} else {
		fmt.Fprintf(&b, "bootstrap server %s: %s", e.Addr, e.Op)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (attempt %d)", e.Attempts)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.AdvertisedBy != "" {
		fmt.Fprintf(&b, "; %s answers and advertises this address for broker %d: check advertised.listeners of that broker (before 0.9 advertised.host.name and advertised.port)", e.AdvertisedBy, e.Node)
	} else if hint := hintFor(e.Err); hint != "" {
		fmt.Fprintf(&b, "; %s", hint)
	}
	return b.String()
}

func (e *ConnError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrClientCertificate) true for what brokers say then.
func (e *ConnError) Is(target error) bool {
	return target == ErrClientCertificate && refusesCertificate(e.Err)
}

// hintFor says what to check.
func hintFor(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "the host name does not resolve: check its spelling and this machine's DNS"
	}
	if hint := tlsHint(err); hint != "" {
		return hint
	}
	if timeout, ok := err.(*TimeoutError); ok {
		switch timeout.What {
		case noConnection:
			return "nothing answers: check the address, and what may drop packets on the way"
		case onlyAccepted:
			return "check that this is a broker's port, and its protocol (security.protocol); brokers of 0.9 with SASL need APIVersion"
		}
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there: check the address, and that the broker runs"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to that address from this machine: check the address and the network"
	}
	return ""
}

// What a TimeoutError waited for where nobody has accepted, or nobody has said
// anything since.
const (
	noConnection = "no connection"
	onlyAccepted = "accepted, but no answer"
)

// TimeoutError says that an answer, or a connection, took too long.
type TimeoutError struct {
	What  string // "no answer", "no connection"
	After time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("%s within %v", e.What, e.After) }

// Timeout is true, as in net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// Is makes errors.Is(err, os.ErrDeadlineExceeded) true.
func (e *TimeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// TopicError says why a topic can't be used.
type TopicError struct {
	Topic string
	Err   error // what the cluster said last, a wire.ErrorCode if it gave one
	Wait  error // why Topic stopped waiting, or nil when waiting would not help

	// Existed is true where this client has seen the topic exist. It never creates
	// such a topic again: someone has deleted it.
	Existed bool

	// Collides is a topic whose name differs from Topic's only in "." and "_". Brokers
	// create none beside it; those of KRaft say no more than that Topic is unknown.
	Collides string
}

func (e *TopicError) Error() string {
	msg := fmt.Sprintf("topic %q: %v", e.Topic, e.Err)
	unknown := errors.Is(e.Err, wire.ErrUnknownTopicOrPartition)
	switch {
	case e.Collides != "":
		msg += fmt.Sprintf(": brokers create no topic beside %q, whose name differs only in \".\" and \"_\"", e.Collides)
	case unknown && e.Existed:
		msg += ": it existed before, so someone has deleted it, and this client does not create it again"
	case unknown:
		msg += ": check the name, or create it (the brokers' auto.create.topics.enable may be off)"
	case errors.Is(e.Err, wire.ErrInvalidTopicException):
		msg += ": a name is 1 to 249 letters, digits, dots, underscores and hyphens"
	}
	if e.Wait != nil && e.Wait != e.Err {
		msg += fmt.Sprintf("; gave up %v", e.Wait)
	}
	return msg
}

// Unwrap gives Err and Wait.
func (e *TopicError) Unwrap() []error {
	if e.Wait == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Wait}
}

// UnknownBrokerError says that the metadata holds no broker of that id.
type UnknownBrokerError struct{ Node int32 }

func (e *UnknownBrokerError) Error() string {
	return fmt.Sprintf("the metadata names no broker %d", e.Node)
}

// SafeToRetry reports whether err says that nothing of the request had been
// sent, so that sending it again can't do its work twice.
func SafeToRetry(err error) bool {
	switch e := err.(type) {
	case nil:
		return false
	case *ConnError:
		return e.Unsent
	case *UnsupportedError, *UnknownBrokerError:
		return true
	case *waitError:
		return e.request == "" // it was waited for something else than its answer
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if !SafeToRetry(inner) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		return SafeToRetry(e.Unwrap())
	}
	return false
}

// brokersError holds what went wrong with brokers that were asked one after the
// other, where the answer of any would have done.
type brokersError struct{ errs []error }

func (e *brokersError) Error() string   { return errors.Join(e.errs...).Error() }
func (e *brokersError) Unwrap() []error { return e.errs }

// IsRetriable reports whether the same request may succeed later, or on
// another connection: connections lost or not made, timeouts, and the error
// codes that Kafka calls retriable; where several brokers were tried, whether that
// is true of one of them. It says nothing of whether the request has
// already done its work; SafeToRetry does. It is false for what this program
// did itself: ErrClosed, and a context that ended.
func IsRetriable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	if wait, ok := errors.AsType[*waitError](err); ok && wait.err == context.DeadlineExceeded {
		return false
	}
	if tried, ok := errors.AsType[*brokersError](err); ok {
		return slices.ContainsFunc(tried.errs, IsRetriable)
	}
	for _, final := range []error{ErrClosed, errImpostor, ErrNotKafka, ErrTooLarge, ErrSASLPort, ErrTokenRefused} {
		if errors.Is(err, final) {
			return false
		}
	}
	if tlsForbids(err) {
		return false
	}
	if code, ok := errors.AsType[wire.ErrorCode](err); ok {
		if code == wire.ErrRebootstrapRequired {
			return true // which the client does by itself
		}
		return code.Retriable() || closedByPeer(err) // how brokers before 1.0 refuse a login, and also what they do when they go down
	}
	if _, ok := errors.AsType[*ConnError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*UnknownBrokerError](err); ok {
		return true
	}
	_, ok := errors.AsType[*TimeoutError](err)
	return ok || errors.Is(err, ErrNoBrokers)
}

// closedByPeer reports whether err says that the other end closed the
// connection, which is how brokers refuse what they don't know.
func closedByPeer(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
