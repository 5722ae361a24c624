package netclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

func TestErrorsToldApart(t *testing.T) {
	unsent := &ConnError{Addr: "a:1", Node: 1, Op: "connect", Unsent: true, Err: syscall.ECONNREFUSED}
	sent := &ConnError{Addr: "a:1", Node: 1, Op: "Produce v3", Err: io.EOF}
	timeout := &ConnError{Addr: "a:1", Node: 1, Op: "Fetch v4", Err: &TimeoutError{What: "no answer", After: time.Second}}
	for _, c := range []struct {
		err             error
		safe, retriable bool
	}{
		{nil, false, false},
		{unsent, true, true},
		{sent, false, true},
		{timeout, false, true},
		{fmt.Errorf("sending: %w", unsent), true, true},
		{errors.Join(unsent, unsent), true, true},
		{errors.Join(unsent, sent), false, true},
		{&ConnError{Err: ErrClosed}, false, false},
		{&ConnError{Err: fmt.Errorf("%w: HTTP", ErrNotKafka)}, false, false},
		{ErrClosed, false, false},
		{ErrNoBrokers, false, true},
		{&UnknownBrokerError{Node: 3}, true, true},
		{&UnsupportedError{Key: wire.KeyFetch, Theirs: wire.VersionRange{Max: -1}}, true, false},
		{wire.ErrNotLeaderOrFollower, false, true},
		{fmt.Errorf("at: %w", wire.ErrTopicAuthorizationFailed), false, false},
		{context.Canceled, false, false},
		{context.DeadlineExceeded, false, false},
		{&waitError{what: "x", err: context.Canceled, last: unsent}, true, false},
		{&waitError{what: "x", err: context.DeadlineExceeded, last: unsent}, true, false},
		{&waitError{what: "an answer", request: "Produce v3", err: context.DeadlineExceeded}, false, false},
		{&ConnError{Err: &AuthError{Err: errImpostor}, Unsent: true}, true, false},
		{&waitError{what: "x", err: context.Canceled, last: &brokersError{[]error{unsent}}}, true, false},
		{errors.New("other"), false, false},
		{&ConnError{Err: wire.ErrSaslAuthenticationFailed, Unsent: true}, true, false},
		{&ConnError{Err: fmt.Errorf("%w (%w)", ErrSASLPort, io.EOF), Unsent: true}, true, false},
		{&ConnError{Err: wire.ErrRebootstrapRequired, Unsent: true}, true, true},
		{&brokersError{[]error{&ConnError{Err: wire.ErrSaslAuthenticationFailed, Unsent: true}, unsent}}, true, true},
		{&brokersError{[]error{&ConnError{Err: wire.ErrSaslAuthenticationFailed, Unsent: true}, ErrNotKafka}}, false, false},
	} {
		if got := SafeToRetry(c.err); got != c.safe {
			t.Errorf("SafeToRetry(%v) is %v", c.err, got)
		}
		if got := IsRetriable(c.err); got != c.retriable {
			t.Errorf("IsRetriable(%v) is %v", c.err, got)
		}
	}
	if !errors.Is(timeout, os.ErrDeadlineExceeded) {
		t.Error("a timeout is no os.ErrDeadlineExceeded")
	}
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"broker 2 at k:9092: connect (attempt 4): connection refused; boot:9092 answers and advertises this address for broker 2: check advertised.listeners": &ConnError{
			Addr: "k:9092", Node: 2, Op: "connect", Attempts: 4, AdvertisedBy: "boot:9092", Err: syscall.ECONNREFUSED},
		"there is no way to that address": &ConnError{Addr: "k:9092", Node: -1, Op: "connect", Err: syscall.EHOSTUNREACH},
		"bootstrap server k:9092: connect: no connection within 10s": &ConnError{
			Addr: "k:9092", Node: -1, Op: "connect", Attempts: 1, Err: &TimeoutError{"no connection", 10 * time.Second}},
		"a broker of release 0.9 has no CreateTopics": &UnsupportedError{
			Key: wire.KeyCreateTopics, Theirs: wire.VersionRange{Max: -1}, Release: namedVersions("0.9").release},
		"Produce needs a version from 0 to 2, a broker of release 4.4 offers 3 to 13": &UnsupportedError{
			Key: wire.KeyProduce, Ours: wire.VersionRange{Max: 2}, Theirs: wire.VersionRange{Min: 3, Max: 13}, Release: namedVersions("4.4").release},
		`topic "t": ` + wire.ErrLeaderNotAvailable.Error() + `; gave up after 3 answers: context deadline exceeded`: &TopicError{
			Topic: "t", Err: wire.ErrLeaderNotAvailable, Wait: fmt.Errorf("after 3 answers: %w", context.DeadlineExceeded)},
		`topic "t": waiting for x: context canceled; last: EOF`: &TopicError{
			Topic: "t", Err: &waitError{what: "x", err: context.Canceled, last: io.EOF}},
	} {
		if got := err.Error(); !strings.Contains(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}
