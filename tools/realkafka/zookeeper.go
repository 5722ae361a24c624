package realkafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A zooKeeper is the single server of a cluster in zk mode.
type zooKeeper struct {
	addr    string
	process *process // set before the cluster is handed out
}

// start runs ZooKeeper from the jar that the release brings, and waits until it
// answers.
func (z *zooKeeper) start(ctx context.Context, c *Cluster) error {
	dir := z.dir(c)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	properties := zooKeeperProperties(z.addr, filepath.Join(dir, "data"))
	if err := os.WriteFile(z.propertiesFile(c), []byte(renderProperties(properties)), 0o666); err != nil {
		return err
	}
	log := filepath.Join(dir, "zookeeper.log")
	c.say("starting ZooKeeper at %s", z.addr)
	var err error
	z.process, err = c.program("org.apache.zookeeper.server.quorum.QuorumPeerMain", "-Xmx128m", log, z.propertiesFile(c)).start()
	if err != nil {
		return fmt.Errorf("starting ZooKeeper: %w", err)
	}
	err = poll(ctx, z.process, func(ctx context.Context) error {
		_, err := z.dump(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("ZooKeeper at %s did not come up: %w; the end of its log %s:\n%s", z.addr, err, log, tail(log))
	}
	return nil
}

func (z *zooKeeper) dir(c *Cluster) string { return filepath.Join(c.dir, "zookeeper") }
func (z *zooKeeper) propertiesFile(c *Cluster) string {
	return filepath.Join(z.dir(c), "zookeeper.properties")
}

// dump lists the ephemeral nodes: what is registered by a living session, or by
// one that died less than the session timeout ago.
func (z *zooKeeper) dump(ctx context.Context) (nodes map[string]bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", z.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline)
	if _, err := io.WriteString(conn, "dump"); err != nil {
		return nil, err
	}
	out, err := io.ReadAll(conn)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errors.New("it closed the connection without an answer")
	}
	nodes = map[string]bool{}
	for line := range strings.Lines(string(out)) {
		nodes[strings.TrimSpace(line)] = true
	}
	return nodes, nil
}

// awaitForgotten waits until the broker's last session is over. Before that, a
// new one finds its id taken, and old releases end at that.
func (z *zooKeeper) awaitForgotten(ctx context.Context, id int32) error {
	return poll(ctx, z.process, func(ctx context.Context) error {
		nodes, err := z.dump(ctx)
		if err == nil && nodes[brokerNode(id)] {
			err = fmt.Errorf("ZooKeeper at %s still has %s", z.addr, brokerNode(id))
		}
		return err
	})
}

func brokerNode(id int32) string { return fmt.Sprintf("/brokers/ids/%d", id) }

// poll asks until the answer is nil, the process has ended, or ctx is over.
func poll(ctx context.Context, p *process, ask func(context.Context) error) error {
	for {
		alive := p.alive() // before asking, so that a last answer counts
		err := ask(ctx)
		switch {
		case err == nil:
			return nil
		case !alive:
			return errors.New("the process has ended")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (the last answer: %w)", context.Cause(ctx), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
