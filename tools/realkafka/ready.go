package realkafka

import (
	"context"
	"fmt"
	"net"
)

// awaitReady waits until the broker answers, knows itself and, all in all, at
// least as many living brokers as are wanted.
func (b *Broker) awaitReady(ctx context.Context, brokers int) error {
	ask := b.answers
	if b.software.Load().version.before(0, 9) {
		ask = b.registered
	}
	err := poll(ctx, b.process, func(ctx context.Context) error { return ask(ctx, brokers) })
	if err != nil {
		return fmt.Errorf("broker %d at %s did not come up: %w; the end of its log %s:\n%s", b.id, b.addr, err, b.LogFile(), tail(b.LogFile()))
	}
	return nil
}

// answers asks the broker itself for the metadata of the cluster.
func (b *Broker) answers(ctx context.Context, brokers int) error {
	m, err := b.metadata(ctx)
	if err != nil {
		return err
	}
	if _, knowsItself := m.brokers[b.id]; !knowsItself || len(m.brokers) < brokers {
		return fmt.Errorf("it knows only the brokers %v", m.brokers)
	}
	return nil
}

// registered asks ZooKeeper, because a broker before 0.9 names no brokers for as
// long as there is no topic.
func (b *Broker) registered(ctx context.Context, brokers int) error {
	nodes, err := b.cluster.zookeeper.dump(ctx)
	if err != nil {
		return err
	}
	known := 0
	for _, other := range b.cluster.brokers {
		if nodes[brokerNode(other.id)] {
			known++
		}
	}
	if known < brokers || !nodes[brokerNode(b.id)] || !nodes["/controller"] {
		return fmt.Errorf("ZooKeeper knows %d brokers (this one: %t; a controller: %t)", known, nodes[brokerNode(b.id)], nodes["/controller"])
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", b.addr)
	if err != nil {
		return err
	}
	return conn.Close()
}
