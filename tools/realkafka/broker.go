package realkafka

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// A Broker is one of a cluster's brokers, running or not.
type Broker struct {
	cluster *Cluster
	id      int32
	addr    string

	listeners map[string]string // further addresses, by protocol

	software atomic.Pointer[software] // what it runs, or ran when it was up

	mu      sync.Mutex // held during each change of state
	process *process   // the last one; nil before the first
	frozen  bool
}

// terminateGrace leaves time for a controlled shutdown, which old releases try
// three times.
const terminateGrace = 30 * time.Second

// ID is the broker's id (broker.id, node.id): 0 for the first one.
func (b *Broker) ID() int32 { return b.id }

// Addr is where the broker listens, whether it runs or not.
func (b *Broker) Addr() string { return b.addr }

// LogFile has what the broker logged, in all its runs.
func (b *Broker) LogFile() string { return filepath.Join(b.dir(), "broker.log") }

// Version is the Kafka release that the broker runs, or ran when it was up: the
// cluster's, until Upgrade.
func (b *Broker) Version() string { return b.software.Load().release }

// State is "running", "frozen" or "down".
func (b *Broker) State() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.process.alive():
		return "down"
	case b.frozen:
		return "frozen"
	default:
		return "running"
	}
}

// Kill ends the broker at once (SIGKILL) and returns when it is gone.
func (b *Broker) Kill() error {
	return b.change("killing", func() error {
		b.frozen = false
		return b.process.kill()
	})
}

// Terminate asks the broker to end (SIGTERM), which lets it hand its partitions
// over and close its logs, and returns when it is gone. After 30 seconds it is
// killed, and the error says so.
func (b *Broker) Terminate() error { return b.change("stopping", b.terminate) }

func (b *Broker) terminate() error {
	b.frozen = false
	killed, err := b.process.terminate(terminateGrace)
	if err == nil && killed {
		err = fmt.Errorf("it had not ended after %v and was killed; its log is %s", terminateGrace, b.LogFile())
	}
	return err
}

// Freeze stops the broker where it is (SIGSTOP) and returns when it stands: its
// connections stay open and nothing answers.
func (b *Broker) Freeze() error {
	return b.change("freezing", func() error {
		if !b.process.alive() {
			return errors.New("it is not running")
		}
		if err := b.process.signal(sigStop); err != nil {
			return err
		}
		b.frozen = true
		return awaitFrozen(b.process.os.Pid)
	})
}

// Thaw lets a frozen broker go on (SIGCONT).
func (b *Broker) Thaw() error {
	return b.change("thawing", func() error {
		if !b.process.alive() {
			return errors.New("it is not running")
		}
		b.frozen = false
		return b.process.signal(sigCont)
	})
}

// Restart starts the broker again, on its old data and its old port, and waits
// until it answers; a running one is terminated first. After a Kill, and in KRaft
// with three brokers even after Terminate, this takes as long as the cluster
// remembers the old session, 5 to 15 seconds. ctx bounds the wait; without a
// deadline it is given three minutes.
//
// A KRaft broker answers only when more than half of the brokers run. So where
// most are down, restart them at the same time, each in a goroutine of its own.
func (b *Broker) Restart(ctx context.Context) error {
	return b.change("restarting", func() error { return b.restart(ctx, b.software.Load()) })
}

// Upgrade is Restart as another release, a newer or an older one, whose jars it
// gets if need be. The broker keeps its data, its addresses and its settings, and
// ZooKeeper stays as it is. So the cluster's Config must suit both releases:
// inter.broker.protocol.version is the older one's, and before 3.0 so is
// log.message.format.version. The cluster's mode must be one that the release
// has.
func (b *Broker) Upgrade(ctx context.Context, release string) error {
	s, err := newSoftware(release, b.cluster.mode)
	if err == nil {
		s.libDir, err = Fetch(ctx, release)
	}
	if err != nil {
		return fmt.Errorf("upgrading broker %d at %s from Kafka %s to %s: %w", b.id, b.addr, b.Version(), release, err)
	}
	return b.change("upgrading to Kafka "+release, func() error { return b.restart(ctx, s) })
}

// restart ends the broker if it runs, and starts it with that software.
func (b *Broker) restart(ctx context.Context, s *software) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if b.process.alive() {
		if err := b.terminate(); err != nil {
			return err
		}
	}
	if z := b.cluster.zookeeper; z != nil {
		if err := z.awaitForgotten(ctx, b.id); err != nil {
			return err
		}
	}
	b.software.Store(s)
	if err := b.launch(); err != nil {
		return err
	}
	return b.awaitReady(ctx, 1)
}

// change does one change of state and writes it down.
func (b *Broker) change(doing string, do func() error) error {
	b.mu.Lock()
	err := do()
	b.mu.Unlock()
	if err := errors.Join(err, b.cluster.save()); err != nil {
		return fmt.Errorf("%s broker %d (Kafka %s) at %s: %w", doing, b.id, b.Version(), b.addr, err)
	}
	return nil
}

// launch starts the broker's process and doesn't wait.
func (b *Broker) launch() error {
	p := b.cluster.program("kafka.Kafka", "-Xmx256m", b.LogFile(), b.propertiesFile())
	p.libDir = b.software.Load().libDir
	p.options = append(p.options, b.cluster.java...)
	process, err := p.start()
	if err != nil {
		return fmt.Errorf("starting broker %d: %w", b.id, err)
	}
	b.process = process
	return nil
}

func (b *Broker) dir() string            { return filepath.Join(b.cluster.dir, fmt.Sprintf("broker-%d", b.id)) }
func (b *Broker) propertiesFile() string { return filepath.Join(b.dir(), "server.properties") }
