package kafkatest

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/barnabas-kafka/barnabas/wire"
)

// A Request is one that a broker has received, as a control function sees it.
type Request struct {
	Node          int32 // the broker's id
	Key           wire.APIKey
	Version       int16
	CorrelationID int32
	ClientID      string
	// Message is the request itself, such as a *msg.FetchRequest. It is good
	// until the control function returns.
	Message wire.Request
}

// An Action is what happens to a request instead of the usual. The zero Action
// is the usual.
type Action struct {
	Delay time.Duration   // wait so long before everything else
	Hold  <-chan struct{} // wait until it is closed before everything else

	Error    wire.ErrorCode // answer that error, wherever the response has room for one, without doing what was asked for
	Response wire.Response  // answer that without doing what was asked for
	Lose     bool           // do nothing of what was asked for, and don't answer

	NoAnswer bool // do what was asked for, but never answer
	Close    bool // close the connection instead of answering; with Lose, without having done anything
}

// faults are the cluster's control functions and its count of requests.
type faults struct {
	turn chan struct{} // full while a control function runs; a lock would keep a synctest bubble's clock from moving

	mu       sync.Mutex // guards the rest; not held while a control function runs
	controls []*control
	counts   map[wire.APIKey]int
}

type control struct {
	key wire.APIKey
	f   func(Request) Action
}

// Control has f decide about every request of that API that a broker receives,
// until remove is called. Where several functions are there, the first added that
// returns an Action other than the zero one decides.
//
// Control functions run one at a time, whichever broker and API the requests are
// for, so they share variables without a lock. (What else a test reads and writes
// beside them needs one, as ever.) They may call the cluster's methods but Close.
// One that waits holds up every request that a control function is to decide
// about: have Action.Hold or Action.Delay wait instead.
func (c *Cluster) Control(key wire.APIKey, f func(Request) Action) (remove func()) {
	added := &control{key, f}
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	c.faults.controls = append(slices.Clip(c.faults.controls), added)
	return func() {
		c.faults.mu.Lock()
		defer c.faults.mu.Unlock()
		c.faults.controls = slices.DeleteFunc(slices.Clone(c.faults.controls), func(other *control) bool { return other == added })
	}
}

// Requests is how many requests of the API the brokers have received.
func (c *Cluster) Requests(key wire.APIKey) int {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	return c.faults.counts[key]
}

// decide counts the request and asks the control functions about it. It returns
// an error when the broker stops while others run.
func (f *faults) decide(ctx context.Context, req Request) (Action, error) {
	for _, c := range f.received(req.Key) {
		if c.key != req.Key {
			continue
		}
		switch action, err := f.ask(ctx, c, req); {
		case err != nil:
			return Action{}, err
		case action != (Action{}):
			return action, nil
		}
	}
	return Action{}, nil
}

// received counts a request and returns the control functions.
func (f *faults) received(key wire.APIKey) []*control {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counts == nil {
		f.counts = make(map[wire.APIKey]int)
	}
	f.counts[key]++
	return f.controls
}

// ask calls a control function when its turn has come.
func (f *faults) ask(ctx context.Context, c *control, req Request) (Action, error) {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return Action{}, net.ErrClosed
	}
	defer func() { <-f.turn }() // also when the function ends the test
	return c.f(req), nil
}
