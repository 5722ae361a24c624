package netclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
	"github.com/barnabas-kafka/barnabas/wire/msg"
)

// CoordinatorType is what a coordinator coordinates.
type CoordinatorType int8

// The values are those of the protocol.
const (
	GroupCoordinator       CoordinatorType = 0 // the key is a group id
	TransactionCoordinator CoordinatorType = 1 // the key is a transactional id
)

// String is "group" or "transaction".
func (t CoordinatorType) String() string {
	switch t {
	case GroupCoordinator:
		return "group"
	case TransactionCoordinator:
		return "transaction"
	}
	return fmt.Sprintf("coordinator type %d", int8(t))
}

type coordinatorKey struct {
	kind CoordinatorType
	key  string
}

// Coordinator returns the broker that coordinates a group or a transactional id.
// The answer is kept until ForgetCoordinator, or until a connection to that broker is
// lost or can't be made. Errors that may pass are tried
// again, with RetryBackoff, until ctx ends; all callers that wait for the same
// coordinator wait for the same questions. The first look-up of a cluster may
// take seconds, because it makes the internal topic.
//
// On clusters of 0.8.0 and 0.8.1 the error is ErrNoCoordinator.
func (c *Client) Coordinator(ctx context.Context, t CoordinatorType, key string) (Broker, error) {
	k := coordinatorKey{t, key}
	c.mu.Lock()
	b, ok := c.coordinators[k]
	c.mu.Unlock()
	if ok {
		return b, nil
	}
	b, what, err := c.finding.get(ctx, k)
	switch {
	case err == nil:
		return b, nil
	case what != nil:
		return Broker{}, &waitError{what: fmt.Sprintf("the coordinator of %s %q", t, key), err: err, last: cmp.Or(what.last, c.refreshTrouble())}
	}
	return Broker{}, fmt.Errorf("finding the coordinator of %s %q: %w", t, key, err)
}

// askForCoordinator asks once.
func (c *Client) askForCoordinator(ctx context.Context, k coordinatorKey, failures int) (b Broker, again bool, err error) {
	b, err = c.findCoordinator(ctx, k.kind, k.key, patienceAfter(failures, c.cfg.RequestTimeout))
	if err != nil {
		return b, IsRetriable(err), err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.coordinators[k] = b
	return b, false, nil
}

// ForgetCoordinator makes the next Coordinator ask again: for when a broker has said
// that it is not the coordinator (NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE), or
// has not answered.
func (c *Client) ForgetCoordinator(t CoordinatorType, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.coordinators, coordinatorKey{t, key})
}

// forgetCoordinatorsOn is for a broker that is lost. The caller holds c.mu.
func (c *Client) forgetCoordinatorsOn(node int32) {
	maps.DeleteFunc(c.coordinators, func(_ coordinatorKey, b Broker) bool { return b.ID == node })
}

func (c *Client) findCoordinator(ctx context.Context, t CoordinatorType, key string, patience time.Duration) (Broker, error) {
	var found Broker
	err := c.withAny(ctx, func(conn *Conn) error {
		version, err := conn.Version(wire.KeyFindCoordinator, maxVersion)
		if unsupported, ok := errors.AsType[*UnsupportedError](err); ok && unsupported.Theirs.Max < 0 {
			return fmt.Errorf("%w (%s is of release %s)", ErrNoCoordinator, conn.name(), conn.Release())
		}
		if err != nil {
			return err
		}
		if version == 0 && t != GroupCoordinator {
			return &UnsupportedError{Key: wire.KeyFindCoordinator, Ours: wire.VersionRange{Min: 1, Max: maxVersion},
				Theirs: conn.known().lookUp(wire.KeyFindCoordinator), Release: conn.Release()}
		}
		ctx, cancel := hurry(ctx, patience)
		defer cancel()
		found, err = askCoordinator(ctx, conn, version, t, key)
		return err
	})
	return found, err
}

// askCoordinator asks one broker. From v4 on several keys can be asked for at
// once, and the answer has another form (KIP-699).
func askCoordinator(ctx context.Context, conn *Conn, version int16, t CoordinatorType, key string) (Broker, error) {
	req := msg.NewFindCoordinatorRequest()
	req.KeyType = int8(t)
	if version < 4 {
		req.Key = key
	} else {
		req.CoordinatorKeys = []string{key}
	}
	var resp msg.FindCoordinatorResponse
	if err := conn.DoVersion(ctx, version, req, &resp); err != nil {
		return Broker{}, err
	}
	b, code, text := Broker{ID: resp.NodeID, Host: resp.Host, Port: resp.Port}, resp.ErrorCode, resp.ErrorMessage
	if version >= 4 {
		if len(resp.Coordinators) != 1 {
			return Broker{}, fmt.Errorf("%s: FindCoordinator v%d: %d answers to one question", conn.name(), version, len(resp.Coordinators))
		}
		one := &resp.Coordinators[0]
		b, code, text = Broker{ID: one.NodeID, Host: one.Host, Port: one.Port}, one.ErrorCode, one.ErrorMessage
	}
	if code == wire.ErrNone {
		return b, nil
	}
	if text != nil && *text != "" {
		return Broker{}, fmt.Errorf("%s: %w: %s", conn.name(), code, *text)
	}
	return Broker{}, fmt.Errorf("%s: %w", conn.name(), code)
}
