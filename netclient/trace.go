package netclient

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// Trace is a set of functions that the client calls at the steps of its work,
// in the manner of net/http/httptrace. Each may be nil. They are called from
// the client's own goroutines and its callers', several at once, and must not block.
type Trace struct {
	// DialDone is called when a network connection was made, or could not be.
	DialDone func(DialInfo)
	// HandshakeDone is called after each TLS handshake and each SASL login, also
	// those that begin another session on a connection that stands (KIP-368).
	HandshakeDone func(HandshakeInfo)
	// ConnectDone is called after each attempt to connect to a broker: dialed, its
	// handshakes done and its versions known, or failed at one of these.
	ConnectDone func(ConnectInfo)
	// Disconnected is called when a connection that was ready has ended.
	Disconnected func(DisconnectInfo)
	// RequestStart is called when a request is about to be written.
	RequestStart func(RequestInfo)
	// RequestDone is called when a request has its answer, was written if it
	// gets none, or failed.
	RequestDone func(RequestInfo)
	// Throttled is called when a broker has said, by its quotas, that it wants to
	// hear nothing more on a connection for some time. Brokers before 2.0 hold
	// their answers back instead; those are in no call.
	Throttled func(ThrottleInfo)
	// MetadataDone is called after each refresh of the metadata; on an error the
	// snapshot is still the old one.
	MetadataDone func(md *Metadata, err error)
}

// DialInfo describes a network connection that was made, or could not be.
type DialInfo struct {
	Addr     string   // host:port, as the broker advertises it or the Config has it
	Node     int32    // -1 for a bootstrap server
	Remote   net.Addr // where that led; nil after an error
	Duration time.Duration
	Err      error
}

// HandshakeInfo describes a TLS handshake or a SASL login.
type HandshakeInfo struct {
	Addr      string
	Node      int32                // -1 for a bootstrap server
	TLS       *tls.ConnectionState // what was agreed on; nil for SASL and after an error
	Mechanism string               // of SASL; empty for TLS
	Duration  time.Duration
	Err       error
}

// ConnectInfo describes an attempt to connect.
type ConnectInfo struct {
	Addr     string
	Node     int32 // -1 for a bootstrap server
	Release  Release
	Duration time.Duration
	Err      error
}

// DisconnectInfo describes the end of a connection.
type DisconnectInfo struct {
	Addr string
	Node int32 // -1 for a bootstrap server
	Err  error // why it has ended; ErrClosed when this program wanted that
}

// ThrottleInfo describes a pause that a broker has asked for (KIP-219).
type ThrottleInfo struct {
	Addr     string
	Node     int32         // -1 for a bootstrap server
	Key      wire.APIKey   // of the answer that asked for it
	Duration time.Duration // from that answer on
}

// RequestInfo describes a request that is about to be written, or is over.
type RequestInfo struct {
	Addr          string
	Node          int32 // -1 for a bootstrap server
	Key           wire.APIKey
	Version       int16
	CorrelationID int32         // one connection's requests differ in it; 0 if it was never written
	Written       int           // bytes of the request's frame, 0 if it was never written
	Read          int           // bytes of the answer's frame
	Duration      time.Duration // since the call
	Err           error
}
