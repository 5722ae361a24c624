package netclient

import (
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// Trace is a set of functions that the client calls at the steps of its work,
// in the manner of net/http/httptrace. Each may be nil. They are called from
// the client's own goroutines, several at once, and must not block.
type Trace struct {
	// ConnectDone is called after each attempt to connect to a broker.
	ConnectDone func(ConnectInfo)
	// Disconnect is called when a connection that was ready has ended; err is why.
	Disconnect func(addr string, node int32, err error)
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

// ConnectInfo describes an attempt to connect.
type ConnectInfo struct {
	Addr     string
	Node     int32 // -1 for a bootstrap server
	Release  Release
	Duration time.Duration
	Err      error
}

// ThrottleInfo describes a pause that a broker has asked for (KIP-219).
type ThrottleInfo struct {
	Addr     string
	Node     int32         // -1 for a bootstrap server
	Key      wire.APIKey   // of the answer that asked for it
	Duration time.Duration // from that answer on
}

// RequestInfo describes a request that is over.
type RequestInfo struct {
	Addr     string
	Node     int32 // -1 for a bootstrap server
	Key      wire.APIKey
	Version  int16
	Written  int // bytes of the request's frame, 0 if it was never written
	Read     int // bytes of the answer's frame
	Duration time.Duration
	Err      error
}
