package netclient

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barnabas-kafka/barnabas/metrics"
)

// Client is a program's way to one cluster: what is known of its brokers and
// topics, and connections to them. Producers, consumers and whatever else stand
// on it share it. All methods may be called from any goroutine.
type Client struct {
	cfg    Config
	pinned *versions // nil: found out for each broker
	meter  *meter
	tls    *tlsFiles // nil: plaintext
	lookup func(ctx context.Context, host string) ([]string, error)
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // the refreshing goroutine
	ended  sync.Once      // Close
	shared *Pool          // the connections for short requests

	topics  lookups[topicQuestion, *Topic]
	finding lookups[coordinatorKey, Broker]

	metadata atomic.Pointer[Metadata] // stored by the refreshing goroutine only
	wake     chan struct{}            // tells the refreshing goroutine to look at refresh

	mu           sync.Mutex // guards what follows; never held over I/O or a wait
	refresh      refreshState
	reached      map[string]*reach // by address
	pools        map[*Pool]struct{}
	coordinators map[coordinatorKey]Broker
	bootstrap    *Conn // to a cluster that names no brokers; else nil
}

// New makes a Client. It checks the Config, reads the files of its TLS, and does not
// wait for the network: the first call that needs the cluster connects, and Ping does nothing else.
func New(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("netclient: %w", err)
	}
	c := &Client{
		cfg:          cfg.withDefaults(),
		lookup:       net.DefaultResolver.LookupHost,
		wake:         make(chan struct{}, 1),
		reached:      map[string]*reach{},
		pools:        map[*Pool]struct{}{},
		coordinators: map[coordinatorKey]Broker{},
	}
	c.pinned, _ = parsePin(cfg.APIVersion)
	var err error
	if c.tls, err = newTLSFiles(cfg.TLS, c.cfg.Logger); err != nil {
		return nil, fmt.Errorf("netclient: %w", err)
	}
	c.meter = newMeter(c.cfg.Metrics, c.cfg.ClientID)
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.metadata.Store(emptyMetadata())
	c.refresh = newRefreshState(&c.cfg)
	c.topics = lookups[topicQuestion, *Topic]{client: c, try: c.askForTopic}
	c.finding = lookups[coordinatorKey, Broker]{client: c, try: c.askForCoordinator}
	c.shared = c.NewPool(PoolConfig{Name: "shared"})
	c.wg.Go(c.refreshLoop)
	c.cfg.logIgnored()
	return c, nil
}

// Close closes every connection, also those of the pools made from the client,
// and returns when no goroutine of the client is left. Requests that have no
// answer yet fail with ErrClosed; nothing is flushed. It must not be called from
// a Call's Done. Closing twice is fine.
func (c *Client) Close() error {
	c.ended.Do(c.close)
	return nil
}

func (c *Client) close() {
	c.cancel()
	c.topics.close()
	c.finding.close()
	c.wg.Wait()
	c.mu.Lock()
	var pools []*Pool
	for p := range c.pools {
		pools = append(pools, p)
	}
	bootstrap := c.bootstrap
	c.bootstrap = nil
	c.mu.Unlock()
	for _, p := range pools {
		p.Close()
	}
	if bootstrap != nil {
		bootstrap.Close()
	}
	c.meter.close()
}

// Done is closed when the client is.
func (c *Client) Done() <-chan struct{} { return c.ctx.Done() }

// Context ends when the client is closed.
func (c *Client) Context() context.Context { return c.ctx }

// Config is the client's Config with the defaults filled in.
func (c *Client) Config() Config {
	cfg := c.cfg
	cfg.BootstrapServers = slices.Clone(cfg.BootstrapServers)
	return cfg
}

// Logger is never nil.
func (c *Client) Logger() *slog.Logger { return c.cfg.Logger }

// Metrics is the registry of the Config; nil, which may be used like any other,
// when nothing is measured.
func (c *Client) Metrics() *metrics.Registry { return c.cfg.Metrics }

// Ping waits until the cluster can be used: a broker has told its metadata, and
// one of those that it names can be reached. When ctx ends first, the error
// holds what failed last; an error that no other try will cure it gives at once,
// as RefreshMetadata does.
func (c *Client) Ping(ctx context.Context) error {
	if _, err := c.RefreshMetadata(ctx); err != nil {
		return err
	}
	var last error
	for {
		conn, err := c.anyConn(ctx)
		switch {
		case err == nil && conn != nil:
			return nil
		case ctx.Err() != nil:
			return &waitError{what: "a broker that can be reached", err: context.Cause(ctx), last: cmp.Or(last, err)}
		case err != nil && !IsRetriable(err):
			return err
		}
		last = err
	}
}

// broker finds a broker's address: in the metadata, or in what was said of the
// coordinators.
func (c *Client) broker(node int32) (Broker, bool) {
	if b, ok := c.Metadata().Broker(node); ok {
		return b, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.coordinators {
		if b.ID == node {
			return b, true
		}
	}
	return Broker{}, false
}

// awaitBroker is broker, after one refresh of the metadata if it must be.
func (c *Client) awaitBroker(ctx context.Context, node int32) (Broker, error) {
	if b, ok := c.broker(node); ok {
		return b, nil
	}
	if _, err := c.RefreshMetadata(ctx); err != nil {
		return Broker{}, err
	}
	if b, ok := c.broker(node); ok {
		return b, nil
	}
	return Broker{}, &UnknownBrokerError{Node: node}
}

// Release is what a broker was found to be. Before it was asked, that is what the
// broker that gave the metadata is, the best guess there is; the zero Release
// while nothing is known.
func (c *Client) Release(node int32) Release {
	if c.pinned != nil {
		return c.pinned.release
	}
	md := c.Metadata()
	b, ok := md.Broker(node)
	if !ok {
		return md.release
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.reached[b.Addr()]; r != nil && r.versions != nil {
		return r.versions.release
	}
	return md.release
}

// gaveUp is the error of a caller whose context ended while it waited for an
// attempt to connect. What keeps an attempt waiting says nothing, so the first one
// counts as failed already: an advertised address that no packet comes back from
// is the commonest reason.
func (c *Client) gaveUp(ctx context.Context, a *attempt, node int32) error {
	if c.ctx.Err() != nil {
		return ErrClosed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.reachOf(a.addr)
	last := r.lastErr
	if last == nil {
		last = c.silent(attemptAt{a.addr, node, "connect", noConnection, a.started})
	}
	return &waitError{what: fmt.Sprintf("a connection to broker %d at %s", node, a.addr), err: context.Cause(ctx), last: last}
}

// attemptAt is an attempt at something that has no result yet.
type attemptAt struct {
	addr    string
	node    int32
	op      string // what is tried
	missing string // and did not come yet
	since   time.Time
}

// silent is what can be said of such an attempt. The caller holds c.mu.
func (c *Client) silent(a attemptAt) error {
	if a.missing == noConnection && c.reachOf(a.addr).accepted {
		a.missing = onlyAccepted
	}
	return &ConnError{Addr: a.addr, Node: a.node, Op: a.op, AdvertisedBy: c.advertisedBy(a.addr, a.node), Unsent: true,
		Err: &TimeoutError{What: a.missing, After: time.Since(a.since).Round(time.Millisecond)}}
}

// advertisedBy is the address that named one to which no connection has stood yet,
// or "". The caller holds c.mu.
func (c *Client) advertisedBy(addr string, node int32) string {
	if source := c.Metadata().source; node >= 0 && !c.reachOf(addr).stood() && source != addr {
		return source
	}
	return ""
}

// waitError says what was waited for when a context ended, and what had failed
// last.
type waitError struct {
	what    string
	request string // if it was for an answer, to what: "Metadata v1"
	err     error  // why the wait ended
	last    error  // what failed last, or nil
}

func (e *waitError) Error() string {
	if e.last == nil {
		return fmt.Sprintf("waiting for %s: %v", e.what, e.err)
	}
	return fmt.Sprintf("waiting for %s: %v; last: %v", e.what, e.err, e.last)
}

func (e *waitError) Unwrap() []error {
	if e.last == nil {
		return []error{e.err}
	}
	return []error{e.err, e.last}
}

func shuffled(servers []string) []string {
	servers = slices.Clone(servers)
	rand.Shuffle(len(servers), func(i, j int) { servers[i], servers[j] = servers[j], servers[i] })
	return servers
}
